"""A folder of files: what a broken line, a missing column, an empty or a changed file means."""

from __future__ import annotations

import gzip
import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.base import Bookmark, ConfigError, Page, Stream, Unavailable
from connectors.files import Files

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
USAGE = Stream(
    "usage",
    "usage/*",
    ("active_users", "date", "department", "workspace_id"),
    key="",
    day="date",
    optional_fields=frozenset({"department"}),
)
GOALS = Stream("goals", "goals/*", ("id", "title"), key="id")
HEADER = "workspace_id,date,active_users\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "usage").mkdir()
    (tmp_path / "goals").mkdir()
    return tmp_path


def drop(folder: Path, name: str, content: str | bytes) -> str:
    """Put a file into the folder; returns its hash."""
    raw = content.encode() if isinstance(content, str) else content
    (folder / name).write_bytes(raw)
    return hashlib.sha256(raw).hexdigest()


def pull(folder: Path, stream: Stream = USAGE, bookmark: Bookmark | None = None) -> list[Page]:
    return list(Files("product", {"PRODUCT_FOLDER": str(folder)}, lambda: NOW).pull(stream, bookmark))


def rows(pages: list[Page]) -> list[tuple[object, ...]]:
    return [tuple(record.fields.values()) for page in pages for record in page.records]


def refusals(pages: list[Page]) -> list[tuple[str, str, str]]:
    return [tuple(refusal) for page in pages for refusal in page.refusals]  # type: ignore[misc]


def test_rows_come_with_file_hash_and_line(folder: Path) -> None:
    """Each record says where it stood; the page says in which file, of which content."""
    digest = drop(folder, "usage/2026-11-19.csv", HEADER + "w1,2026-11-19,12\nw2,2026-11-19,0\n")
    (page,) = pull(folder)
    assert (page.file, page.file_hash) == ("usage/2026-11-19.csv", digest)
    assert [(r.line, dict(r.fields)) for r in page.records] == [
        (2, {"active_users": "12", "date": "2026-11-19", "workspace_id": "w1"}),
        (3, {"active_users": "0", "date": "2026-11-19", "workspace_id": "w2"}),
    ]


def test_four_kinds_of_files_hold_the_same(folder: Path) -> None:
    """CSV and JSON lines, plain and gzipped, with a byte order mark, Windows line ends and blank lines."""
    text = "\ufeff" + HEADER.replace("\n", "\r\n") + "w1,2026-11-19,12\r\n\r\n"
    lines = '\ufeff{"workspace_id": "w1", "date": "2026-11-19", "active_users": "12"}\n\n'
    for n, (ending, content) in enumerate([("csv", text), ("jsonl", lines)]):
        drop(folder, f"usage/{n}.{ending}", content)
        drop(folder, f"usage/{n}.{ending}.gz", gzip.compress(content.encode()))
    pages = pull(folder)
    assert len(pages) == 4
    assert set(rows(pages)) == {("12", "2026-11-19", "w1")}
    assert refusals(pages) == []


def test_quoted_cells_may_hold_anything(folder: Path) -> None:
    """Commas, quotes and line breaks inside quotes are part of the value, and lines are still counted right."""
    drop(folder, "goals/a.csv", 'id,title\n1,"Ship ""it"", then\nrest"\n2,15" screens\n3,plain\n')
    pages = pull(folder, GOALS)
    assert rows(pages) == [("1", 'Ship "it", then\nrest'), ("2", '15" screens'), ("3", "plain")]
    assert [record.line for record in pages[0].records] == [2, 4, 5]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (b"w2,2026-11-19", "has 2 cells where the header has 3"),
        (b"w2,2026-11-19,1,2", "has 4 cells"),
        (b"w\xff2,2026-11-19,1", "is not UTF-8"),
        (b'"w2"x,2026-11-19,1', "is no CSV"),
        (b'"w2,2026-11-19,1', "opens a quote and does not close it"),
    ],
)
def test_a_broken_line_is_refused_and_the_rest_loads(folder: Path, broken: bytes, reason: str) -> None:
    """One line costs one line, even where an open quote would swallow what follows."""
    lines = [b"w1,2026-11-19,1", broken, b"w3,2026-11-19,3", b'"w4",2026-11-19,4', b"w5,2026-11-19,5"]
    drop(folder, "usage/a.csv", HEADER.encode() + b"\n".join(lines))
    pages = pull(folder)
    assert [row[-1] for row in rows(pages)] == ["w1", "w3", "w4", "w5"]
    ((where, said, kind),) = refusals(pages)
    assert (where, kind) == ("usage/a.csv:3", "unreadable")
    assert reason in said


@pytest.mark.parametrize(
    ("broken", "reason"),
    [("{oops", "is no JSON"), ("[1]", "no object"), ('{"id": "2"}', "lacks title"), ("", "")],
)
def test_a_broken_json_line_is_refused_and_the_rest_loads(folder: Path, broken: str, reason: str) -> None:
    """The same for JSON lines; blank ones are no lines."""
    drop(folder, "goals/a.jsonl", f'{{"id": 1, "title": "a"}}\n{broken}\n{{"id": 3, "title": null}}\n')
    pages = pull(folder, GOALS)
    assert rows(pages) == [(1, "a"), (3, None)]
    assert [record.id for record in pages[0].records] == ["1", "3"]
    assert [where for where, _, _ in refusals(pages)] == (["goals/a.jsonl:2"] if broken else [])
    assert all(reason in said for _, said, _ in refusals(pages))


def test_a_missing_mapped_column_refuses_the_whole_file(folder: Path) -> None:
    """Half a file is worse than none: the issue names the column, and other files load."""
    drop(folder, "usage/a.csv", "workspace_id,date\nw1,2026-11-19\n")
    drop(folder, "usage/b.csv", HEADER + "w2,2026-11-19,2\n")
    pages = pull(folder)
    assert [row[-1] for row in rows(pages)] == ["w2"]
    ((where, said, kind),) = refusals(pages)
    assert (where, kind) == ("usage/a.csv", "missing_column")
    assert "active_users" in said


def test_an_optional_column_may_be_absent(folder: Path) -> None:
    """A column that the mapping calls optional is read where it is, and left out where it is not."""
    drop(folder, "usage/a.csv", HEADER + "w1,2026-11-19,1\n")
    drop(folder, "usage/b.csv", "department," + HEADER + "Sales,w2,2026-11-19,2\n")
    without, with_it = (page.records[0].fields for page in pull(folder))
    assert "department" not in without
    assert with_it["department"] == "Sales"


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_an_unmapped_column_warns_once_a_file(folder: Path, ending: str) -> None:
    """However many lines carry it; the values are not taken along."""
    many = "".join(f'{{"id": {n}, "title": "t", "mood": 1, "zeal": 2}}\n' for n in range(9))
    csv = "id,title,mood,zeal\n" + "".join(f"{n},t,1,2\n" for n in range(9))
    drop(folder, f"goals/a.{ending}", many if ending == "jsonl" else csv)
    pages = pull(folder, GOALS)
    assert len(rows(pages)) == 9
    assert [(where, kind) for where, _, kind in refusals(pages)] == [(f"goals/a.{ending}", "unmapped_column")]
    assert refusals(pages)[0][1].endswith("mood, zeal")
    assert all(set(record.fields) == {"id", "title"} for record in pages[0].records)


@pytest.mark.parametrize("content", [b"", b"\n\n", HEADER.encode(), b"\xef\xbb\xbf" + HEADER.encode() + b"\n"])
def test_an_empty_file_is_an_issue_and_no_delivery(folder: Path, content: bytes) -> None:
    """No bytes, or a header and nothing else: no record, no file hash that could count as delivered, and said once."""
    drop(folder, "usage/a.csv", content)
    drop(folder, "usage/b.csv.gz", gzip.compress(content))
    pages = pull(folder)
    assert rows(pages) == []
    assert {kind for _, _, kind in refusals(pages)} == {"empty_file"}
    assert {page.file_hash for page in pages} == {""}
    assert refusals(pull(folder, bookmark=pages[-1].bookmark)) == []


def test_a_cut_off_archive_loads_nothing(folder: Path) -> None:
    """A gzip file that ends early is refused before its first row, because half a day is no day."""
    whole = gzip.compress((HEADER + "w1,2026-11-19,1\n" * 500).encode())
    drop(folder, "usage/a.csv.gz", whole[:-12])
    pages = pull(folder)
    assert rows(pages) == []
    assert "cut off" in refusals(pages)[0][1]
    drop(folder, "usage/a.csv.gz", whole)
    assert len(rows(pull(folder, bookmark=pages[-1].bookmark))) == 500


def test_files_are_read_once_and_again_when_they_change(folder: Path) -> None:
    """Known by content: a second pull brings only new and changed files, also one that changed back."""
    drop(folder, "usage/a.csv", HEADER + "w1,2026-11-18,1\n")
    bookmark = pull(folder)[-1].bookmark
    drop(folder, "usage/b.csv", HEADER + "w2,2026-11-19,2\n")
    second = pull(folder, bookmark=bookmark)
    assert [row[-1] for row in rows(second)] == ["w2"]
    drop(folder, "usage/a.csv", HEADER + "w1,2026-11-18,7\n")
    third = pull(folder, bookmark=second[-1].bookmark)
    assert rows(third) == [("7", "2026-11-18", "w1")]
    drop(folder, "usage/a.csv", HEADER + "w1,2026-11-18,1\n")
    fourth = pull(folder, bookmark=third[-1].bookmark)
    assert rows(fourth) == [("1", "2026-11-18", "w1")]
    assert rows(pull(folder, bookmark=fourth[-1].bookmark)) == []


def test_a_copy_of_a_known_file_is_not_read_again(folder: Path) -> None:
    """The same content under another name is no second delivery."""
    drop(folder, "usage/a.csv", HEADER + "w1,2026-11-18,1\n")
    drop(folder, "usage/copy of a.csv", HEADER + "w1,2026-11-18,1\n")
    assert len(rows(pull(folder))) == 1


def test_a_crash_resumes_inside_a_file(folder: Path) -> None:
    """Behind the last stored line; a file that changed meanwhile is read from its beginning."""
    lines = [f"w{n},2026-11-19,{n}\n" for n in range(12_000)]
    drop(folder, "usage/a.csv", HEADER + "".join(lines))
    first, *others = pull(folder)
    rest = pull(folder, bookmark=first.bookmark)
    assert rows([first, *rest]) == rows([first, *others])
    assert rest[0].records[0].line == first.records[-1].line + 1
    drop(folder, "usage/a.csv", HEADER + "".join(lines[:10]))
    assert len(rows(pull(folder, bookmark=first.bookmark))) == 10


def test_keys_are_there_and_there_once(folder: Path) -> None:
    """A keyed row without its key, or with that of an earlier row, is refused: nobody picks between them."""
    drop(folder, "goals/a.csv", "id,title\n1,a\n,b\n1,c\n2,d\n")
    pages = pull(folder, GOALS)
    assert rows(pages) == [("1", "a"), ("2", "d")]
    assert [(where, kind) for where, _, kind in refusals(pages)] == [
        ("goals/a.csv:3", "missing_key"),
        ("goals/a.csv:4", "duplicate_key"),
    ]


def test_a_duplicate_key_is_noticed_across_a_crash(folder: Path) -> None:
    """What stands before the line of the bookmark is still known."""
    drop(folder, "goals/a.csv", "id,title\n" + "".join(f"{n},t\n" for n in range(5_000)) + "17,again\n")
    first, second = pull(folder, GOALS)
    assert [r.kind for r in second.refusals] == ["duplicate_key"]
    assert [r.kind for page in pull(folder, GOALS, first.bookmark) for r in page.refusals] == ["duplicate_key"]


def test_files_that_are_not_ours_to_read(folder: Path) -> None:
    """Hidden files are still being dropped; unknown endings are named once."""
    drop(folder, "usage/.a.csv.part", HEADER)
    drop(folder, "usage/notes.txt", "hello")
    pages = pull(folder)
    assert [where for where, _, _ in refusals(pages)] == ["usage/notes.txt"]
    assert refusals(pull(folder, bookmark=pages[-1].bookmark)) == []


def test_the_same_header_twice_refuses_the_file(folder: Path) -> None:
    """Two columns of one name: nobody can tell which is meant."""
    drop(folder, "goals/a.csv", "id,title,title\n1,a,b\n")
    assert "more than once" in refusals(pull(folder, GOALS))[0][1]


def test_a_missing_folder_is_a_configuration_error(tmp_path: Path) -> None:
    """The variable and the folder are named."""
    with pytest.raises(ConfigError, match="PRODUCT_FOLDER"):
        pull(tmp_path / "nowhere")
    with pytest.raises(ConfigError, match="PRODUCT_FOLDER"):
        Files("product", {}, lambda: NOW)


def test_a_broken_file_proves_nothing_about_what_vanished(folder: Path) -> None:
    """An emptied file must not read as "all goals are gone"."""
    source = Files("product", {"PRODUCT_FOLDER": str(folder)}, lambda: NOW)
    with pytest.raises(Unavailable):
        list(source.ids(GOALS))
    drop(folder, "goals/a.csv", "id,title\n1,a\n2,b\n")
    assert [list(some) for some in source.ids(GOALS)] == [["1", "2"]]
    drop(folder, "goals/b.csv", "")
    with pytest.raises(Unavailable, match=r"b\.csv"):
        list(source.ids(GOALS))


def test_the_columns_of_a_file_can_be_looked_at(folder: Path) -> None:
    """describe() shows the last file's columns, as `check` needs them."""
    drop(folder, "goals/a.csv", "id,title,mood\n1,a,b\n")
    source = Files("product", {"PRODUCT_FOLDER": str(folder)}, lambda: NOW)
    assert list(source.describe("goals/*").fields) == ["id", "title", "mood"]
    with pytest.raises(ConfigError, match="no file matches"):
        source.describe("usage/*")
