"""Records land once a change, together with the bookmark that is right once they are stored."""

from __future__ import annotations

from datetime import date
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from connectors.base import Page, Record, Refusal
from mappings import streams
from tests.intake import MAPPINGS, at, land, page
from warehouse import issues
from warehouse.intake import raw
from warehouse.intake.raw import Landed
from warehouse.tables import deliveries, files, raw_records, seen_values

STREAM = streams.streams(MAPPINGS.systems["salesforce"])["Account"]
PULL = MAPPINGS.systems["salesforce"].pull["Account"]
ACME = {"Id": "001A", "Name": "Acme", "Website": "acme.com", "Crmpulse_Key__c": None, "Crmpulse_Score__c": None}


def versions(engine: Engine) -> list[Any]:
    c = raw_records.c
    with engine.connect() as conn:
        return list(conn.execute(sa.select(c.id, c.payload, c.deleted, c.superseded_at).order_by(c.landing, c.id)))


def sighted(engine: Engine) -> dict[str, Any]:
    with engine.connect() as conn:
        return {row.external_id: row for row in conn.execute(sa.select(seen_values))}


def open_issues(engine: Engine) -> list[tuple[str, str]]:
    with engine.connect() as conn:
        return [(row["kind"], row["subject"]) for row in issues.open(conn)]


def test_a_change_is_a_new_version(warehouse: Engine) -> None:
    """A changed field supersedes the version before; the same record again adds nothing."""
    assert land(warehouse, "Account", [ACME]) == Landed(new=1)
    assert land(warehouse, "Account", [ACME], minutes=1) == Landed(unchanged=1)
    assert land(warehouse, "Account", [ACME | {"Name": "Acme Inc"}], minutes=2) == Landed(changed=1)
    assert [v.superseded_at for v in versions(warehouse)] == [at(2), None]
    assert '"Name":"Acme Inc"' in versions(warehouse)[1].payload


def test_our_own_writes_are_no_change(warehouse: Engine) -> None:
    """What we push into an account comes back with a new stamp and is seen, but is no new version."""
    land(warehouse, "Account", [ACME])
    echo = ACME | {"Crmpulse_Score__c": 85, "Crmpulse_Key__c": "01K", "SystemModstamp": "2026-11-20T06:01:00Z"}
    assert land(warehouse, "Account", [echo], minutes=1) == Landed(unchanged=1)
    assert '"Crmpulse_Score__c":85' in sighted(warehouse)["001A"].fields


def test_a_pushed_field_that_is_also_mapped_is_a_fact(warehouse: Engine) -> None:
    """We set the stage of an opportunity once; where a sales rep moves it afterwards is a change."""
    deal = {"Id": "006A", "AccountId": "001A", "StageName": "Prospecting", "Crmpulse_Key__c": "demo:1"}
    land(warehouse, "Opportunity", [deal])
    assert land(warehouse, "Opportunity", [deal | {"StageName": "Closed Won"}], minutes=1) == Landed(changed=1)


def test_deletions_and_returns_are_versions(warehouse: Engine) -> None:
    """A deletion says where its record went; a record that is undeleted lives again."""
    land(warehouse, "Account", [ACME])
    gone = Record("001A", {}, deleted=True, merged_into="001B")
    assert land(warehouse, "Account", [gone], minutes=1) == Landed(deleted=1)
    assert land(warehouse, "Account", [gone], minutes=2) == Landed(unchanged=1)
    assert land(warehouse, "Account", [ACME], minutes=3) == Landed(changed=1)
    assert [v.deleted for v in versions(warehouse)] == [False, True, False]
    assert [v.superseded_at for v in versions(warehouse)] == [at(1), at(3), None]


def test_the_last_of_an_id_counts(warehouse: Engine) -> None:
    """An overlap brings a record twice in one batch; the later one is stored."""
    assert land(warehouse, "Account", [ACME, ACME | {"Name": "Later"}]) == Landed(new=1)
    assert '"Name":"Later"' in versions(warehouse)[0].payload


def test_a_crash_leaves_nothing_half(warehouse: Engine) -> None:
    """Records, sightings and bookmark are one transaction: all of it or none, and the next run lands the rest."""
    definition = streams.definition(STREAM)

    def land_page(n: int) -> Landed:
        records = [Record(f"001{n}", {"Id": f"001{n}", "Name": f"Account {n}"})]
        pushed = streams.pushed_fields(MAPPINGS.systems["salesforce"], "Account")
        return raw.land(conn, "salesforce", STREAM, PULL, pushed, None, [page(records, n)], at(n), "run")

    with warehouse.begin() as conn:
        land_page(1)
    with pytest.raises(RuntimeError, match="killed"), warehouse.begin() as conn:
        land_page(2)
        raise RuntimeError("killed")
    with warehouse.connect() as conn:
        assert raw.bookmark(conn, "salesforce", "Account", definition) == {"minutes": 1}
    assert [v.id for v in versions(warehouse)] == ["0011"] == list(sighted(warehouse))
    with warehouse.begin() as conn:
        assert land_page(2) == Landed(new=1)
        assert raw.bookmark(conn, "salesforce", "Account", definition) == {"minutes": 2}
    assert [v.id for v in versions(warehouse)] == ["0011", "0012"]


def test_another_question_starts_anew(warehouse: Engine) -> None:
    """A bookmark of other fields or another filter is not resumed from."""
    land(warehouse, "Account", [ACME])
    with warehouse.connect() as conn:
        assert raw.bookmark(conn, "salesforce", "Account", "another definition") is None
        assert raw.bookmark(conn, "salesforce", "Contact", streams.definition(STREAM)) is None


def test_an_older_sighting_never_overwrites_a_newer_one(warehouse: Engine) -> None:
    """Pages arrive late; what the CRM showed last stays."""
    land(warehouse, "Account", [ACME | {"Crmpulse_Score__c": 90}], minutes=5)
    land(warehouse, "Account", [ACME | {"Crmpulse_Score__c": 10}], minutes=3)
    assert '"Crmpulse_Score__c":90' in sighted(warehouse)["001A"].fields
    land(warehouse, "Account", [ACME | {"Crmpulse_Score__c": 20}], minutes=6)
    assert '"Crmpulse_Score__c":20' in sighted(warehouse)["001A"].fields


def test_only_records_with_our_key_are_ours(warehouse: Engine) -> None:
    """Of tasks those with our key are kept as seen; a person who clears the key or deletes the task is noticed."""
    task = {"Id": "00TA", "Crmpulse_Key__c": "demo:1:1", "Status": "Not Started"}
    land(warehouse, "Task", [task, {"Id": "00TB", "Crmpulse_Key__c": None, "Status": "Completed"}])
    assert {id: row.key for id, row in sighted(warehouse).items()} == {"00TA": "demo:1:1"}
    land(warehouse, "Task", [task | {"Crmpulse_Key__c": None}], minutes=1)
    assert sighted(warehouse)["00TA"].key is None
    land(warehouse, "Task", [Record("00TA", {}, deleted=True)], minutes=2)
    assert sighted(warehouse)["00TA"].deleted
    assert '"Status":"Not Started"' in sighted(warehouse)["00TA"].fields


NAUGHTY = [
    'it\'s "quoted", and \\escaped\\',
    "two\nlines\r\nand\ta tab",
    "NA",
    "NULL",
    "null",
    "  leading and trailing  ",
    "\u202eright to left\u202c and \u200bzero width",
    "👩‍👩‍👧 ﷽ Ω≈ç√ Ṱ̺̺̕o͞ zalgo",
    "'; DROP TABLE raw_records; --",
    "%s %(name)s {braces} :colon ?",
    "1E+05",
    "0012",
    "﻿with a mark in front",
    "x" * 200_000,
    "",
    "\\N",
    "a\x01b\x7f",
]


def test_naughty_strings_come_through_unchanged(warehouse: Engine) -> None:
    """What a person typed is what is stored, to the character, in the payload as in the id."""
    records = [Record(f"{n}{text[:50]}", {"Id": str(n), "Name": text}) for n, text in enumerate(NAUGHTY)]
    assert land(warehouse, "Account", records) == Landed(new=len(NAUGHTY))
    assert land(warehouse, "Account", records, minutes=1) == Landed(unchanged=len(NAUGHTY))
    import orjson

    assert {v.id: orjson.loads(v.payload)["Name"] for v in versions(warehouse)} == {
        r.id: r.fields["Name"] for r in records
    }


def test_what_no_database_takes_is_an_issue_and_the_rest_lands(warehouse: Engine) -> None:
    """Half a character, an integer beyond 64 bits, a NUL in an id, no id at all: each is named, nothing else is lost."""
    records = [
        Record("001A", {"Id": "001A", "Name": "half \ud83d"}),
        Record("001B", {"Id": "001B", "NumberOfEmployees": 2**70}),
        Record("001\0C", {"Id": "001C"}),
        Record("", {"Name": "nobody"}),
        Record("001\udc00", {"Id": "x"}),
        Record("001D", {"Id": "001D", "Crmpulse_Detail__c": "half \ud83d"}),
        Record("001E", {"Id": "001E", "Name": "fine"}),
    ]
    assert land(warehouse, "Account", records) == Landed(new=2, refused=6)
    assert {v.id for v in versions(warehouse)} == {"001D", "001E"}
    assert {kind for kind, _ in open_issues(warehouse)} == {"unreadable", "missing_key"}
    assert {"001A", "001B", "001\\0C", "001\\udc00", "001D"} <= {subject for _, subject in open_issues(warehouse)}


def test_a_repaired_record_has_no_issue_any_more(warehouse: Engine) -> None:
    """The finding is resolved by the record that comes without it."""
    land(warehouse, "Account", [{"Id": "001A", "Name": "half \ud83d"}])
    assert open_issues(warehouse) == [("unreadable", "001A")]
    land(warehouse, "Account", [{"Id": "001A", "Name": "whole"}], minutes=1)
    assert open_issues(warehouse) == []


def test_refusals_of_the_connector_are_issues(warehouse: Engine) -> None:
    """What could not be read at all is kept with its place, and counts up when it comes again."""
    refused = page([], refusals=[Refusal("usage.csv:17", "cut off")])
    for _ in range(2):
        with warehouse.begin() as conn:
            raw.land(conn, "salesforce", STREAM, PULL, frozenset(), None, [refused], at(0), "run")
    with warehouse.connect() as conn:
        (issue,) = issues.open(conn)
    assert (issue["kind"], issue["subject"], issue["message"], issue["times"]) == (
        "unreadable",
        "usage.csv:17",
        "cut off",
        2,
    )


def test_two_lines_of_one_file_with_one_key_are_not_one_record(warehouse: Engine) -> None:
    """The first line is stored, the second is an issue: picking one silently would lose the other."""
    lines = [
        Record("s1", {"id": "s1", "arr": "100"}, line=2),
        Record("s1", {"id": "s1", "arr": "900"}, line=3),
        Record("s2", {"id": "s2", "arr": "5"}, line=4),
    ]
    delivered = {"system": "product", "file": "subscriptions/a.csv", "file_hash": "h"}
    assert land(warehouse, "subscriptions", lines, **delivered) == Landed(new=2, refused=1)
    assert open_issues(warehouse) == [("duplicate_key", "subscriptions/a.csv:3")]
    assert '"arr":"100"' in versions(warehouse)[0].payload
    with warehouse.connect() as conn:
        assert raw.has_files(conn, "product", "subscriptions")
        assert not raw.has_files(conn, "product", "goals")
        assert conn.execute(sa.select(files.c.file, files.c.rows)).all() == [("subscriptions/a.csv", 3)]


def test_reconcile_finds_what_vanished_unseen(warehouse: Engine) -> None:
    """Ids that the system does not list any more become deletions, once; an empty listing is not believed."""
    land(warehouse, "Account", [{"Id": f"001{n}", "Name": "x"} for n in range(4)])
    with warehouse.begin() as conn:
        assert raw.reconcile(conn, "salesforce", "Account", [["0010", "0011"], ["0013", "001new"]], at(1), "run") == 1
        assert raw.reconcile(conn, "salesforce", "Account", [["0010", "0011"], ["0013"]], at(2), "run") == 0
        assert raw.reconcile(conn, "salesforce", "Account", [], at(3), "run") == 0
    assert [(v.id, v.superseded_at) for v in versions(warehouse) if v.deleted] == [("0012", None)]
    assert open_issues(warehouse) == [("empty_listing", "Account")]


def test_a_delivery_is_told_once(warehouse: Engine) -> None:
    """That a day is complete was known from the first time on."""
    with warehouse.begin() as conn:
        for minute in (1, 2):
            raw.delivered(conn, "salesforce", "Case", "tickets", date(2026, 11, 19), at(minute))
        raw.delivered(conn, "salesforce", "Case", "tickets", date(2026, 11, 20), at(3))
        told = conn.execute(sa.select(deliveries.c.day, deliveries.c.seen_at).order_by(deliveries.c.day)).all()
    assert told == [(date(2026, 11, 19), at(1)), (date(2026, 11, 20), at(3))]


def pages(*sizes: int, text: str = "") -> list[Page]:
    ids = count()
    return [page([Record(str(next(ids)), {"Name": text}) for _ in range(size)]) for size in sizes]


def test_pages_are_gathered_into_batches_worth_a_commit() -> None:
    """Ten thousand records, 64 MB of text, or five seconds: whatever comes first; nothing is left out."""
    sizes = [[len(p.records) for p in batch] for batch in raw.gather(pages(6000, 6000, 10, 0), lambda: 0.0)]
    assert sizes == [[6000, 6000], [10, 0]]
    large = pages(40, 40, 40, text="x" * 2**20)
    assert [len(batch) for batch in raw.gather(large, lambda: 0.0)] == [2, 1]
    seconds = iter([0.0, 1.0, 6.0, 6.0, 7.0])
    assert [len(batch) for batch in raw.gather(pages(1, 1, 1), lambda: next(seconds))] == [2, 1]
    assert list(raw.gather([], lambda: 0.0)) == []
