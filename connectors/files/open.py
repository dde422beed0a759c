"""Opening one file: is it whole, does it hold anything, does it have the columns that are mapped."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from hashlib import file_digest
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from connectors.base import Stream
from connectors.files.lines import Line, Numbered, csv_header, csv_lines, json_lines, json_object

CSV = (".csv", ".csv.gz")
JSON = (".jsonl", ".jsonl.gz")


class Refused(Exception):
    """A file of which nothing can be loaded; never raised beyond this connector."""

    def __init__(self, reason: str, kind: str = "unreadable") -> None:
        super().__init__(reason)
        self.reason = reason
        self.kind = kind


class Opened(NamedTuple):
    """A file that is whole and has its mapped columns."""

    columns: list[str]
    """All that it offers: the header, or the keys of the first object."""
    lines: Iterator[Line]
    unmapped: set[str]
    """Columns that the stream does not ask for; complete once the lines are read."""


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def opened(path: Path, stream: Stream) -> Opened:
    """The file's lines from the first one on. Refused when it is cut off, empty or lacks a mapped column."""
    if not path.name.endswith(CSV + JSON):
        raise Refused(f"has none of the endings {', '.join(CSV + JSON)}")
    _check_whole(path)
    return _open_csv(path, stream) if path.name.endswith(CSV) else _open_json(path, stream)


def _open_csv(path: Path, stream: Stream) -> Opened:
    lines = _filled_lines(path)
    try:
        _, raw = next(lines, (0, b""))
        header = csv_header(raw) if raw else []
    except ValueError as error:
        raise Refused(f"line 1 {error}") from error
    first = next(lines, None)
    if first is None:
        raise Refused("holds a header and no rows" if header else "is empty", "empty_file")
    _check_columns(stream, header)
    wanted = [name for name in stream.fields if name in header]
    return Opened(header, csv_lines(header, wanted, chain([first], lines)), set(header) - set(stream.fields))


def _open_json(path: Path, stream: Stream) -> Opened:
    """The first object that can be read stands for the header."""
    if next(_filled_lines(path), None) is None:
        raise Refused("is empty", "empty_file")
    keys = next(_objects(path), [])
    if keys:
        _check_columns(stream, keys)
    unmapped: set[str] = set()
    return Opened(keys, json_lines(stream.fields, stream.optional_fields, _filled_lines(path), unmapped), unmapped)


def _objects(path: Path) -> Iterator[list[str]]:
    for _, raw in _filled_lines(path):
        try:
            yield list(json_object(raw))
        except ValueError:  # the line is refused with its reason when its turn comes
            continue


def _check_columns(stream: Stream, offered: list[str]) -> None:
    missing = [name for name in stream.fields if name not in offered and name not in stream.optional_fields]
    if missing:
        raise Refused(
            f"lacks the mapped column {', '.join(missing)}; it has {', '.join(offered)}. Nothing of it is loaded; "
            f"deliver it complete, or correct the mapping (`optional: true` for a column that may be absent)",
            "missing_column",
        )


def _check_whole(path: Path) -> None:
    """Compressed files carry a checksum: one that was cut off loads nothing, instead of half a day."""
    if path.suffix != ".gz":
        return
    try:
        with gzip.open(path) as file:
            while file.read(1 << 20):
                pass
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Refused(f"is cut off or damaged ({error}); nothing of it is loaded, deliver it again") from error


def _filled_lines(path: Path) -> Numbered:
    """Lines that hold anything, as bytes, with their number from 1; the file is open only while they are read."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        yield from ((number, raw) for number, raw in enumerate(file, 1) if not raw.isspace())
