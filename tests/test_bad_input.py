"""Bad input: what comes in is kept exactly, or refused with a reason that people see; what stands beside it is not lost."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, cast

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from connectors import connect
from connectors.base import Destination, Operation, Record, Status, Stream, Write
from sandbox.server import Sandbox
from tests.intake import conformed, land, land_lines
from warehouse import issues, status, tables
from warehouse.outbox.values import same

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)

NAUGHTY = [
    "Robert'); DROP TABLE accounts;--",
    '"quoted", with, commas; and\ttabs',
    "two\nlines\r\nand three",
    "{{ 7 * 7 }} {% raw %} ${7*7} #{7*7} %s %(x)s {0}",
    "<script>alert('x')</script> & <b>bold</b> &amp; &lt;",
    "\\N",
    "NULL",
    "None",
    "undefined",
    "true",
    "0",
    "1e1000",
    "=cmd|' /C calc'!A0",
    "../../etc/passwd%00",
    "Ｆｕｌｌ ｗｉｄｔｈ ﬁ ﬀ",
    "ﷺ 中文 한국어 日本語 ไทย עברית العربية",
    "\u202eright to left\u202c",
    "zero\u200bwidth\u200djoin\ufeff",
    "👩‍👩‍👧‍👦 🏳️‍🌈 𝕳𝖊𝖑𝖑𝖔",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢",
    "\u0001\u0008\u001b[31mred\u001b[0m\u007f\u0085",
    "\u00a0\u2003spaces\u3000",
    "ß İ ı ſ K",
    "[bold]markup[/bold] [/]",
    "a" * 255,
]
"""Text that has broken somebody's program."""

REFUSED = {"a\x00b": "NUL", "half \ud83d": "lone surrogate"}
"""Text that no database keeps, and what the reason says."""


def customer(number: int, **fields: Any) -> dict[str, Any]:
    return {"Id": f"001{number:03}", "Name": f"Good {number}", "Type": "Customer", **fields}


def told(engine: Engine) -> dict[tuple[str, str], str]:
    """(record, field) -> reason of every open issue about a value or a row."""
    with engine.connect() as conn:
        return {(row["subject"], row["field"]): row["message"] for row in issues.open(conn)}


def column(engine: Engine, table: sa.Table, name: str, key: str = "id") -> dict[str, Any]:
    with engine.connect() as conn:
        return dict(conn.execute(sa.select(table.c[key], table.c[name])).all())


def in_status(engine: Engine) -> set[tuple[str, str, str]]:
    """(kind, system, stream) of what `crmpulse status` lists as open issues."""
    with engine.connect() as conn:
        (part,) = [part for part in status.sections(conn) if part.title == "open issues"]
    shown = [dict(zip(part.columns, row, strict=True)) for row in part.rows]
    return {(row["kind"], row["system"], row["stream"]) for row in shown}


# --- text -------------------------------------------------------------------------------------------------------------


def test_naughty_text_is_kept_exactly(warehouse: Engine) -> None:
    """In names of accounts, people, tickets and goals, character by character."""
    land(warehouse, "Account", [customer(n, Name=text) for n, text in enumerate(NAUGHTY)])
    land(warehouse, "Contact", [{"Id": f"003{n}", "AccountId": "001000", "Name": t} for n, t in enumerate(NAUGHTY)])
    opened = "2026-11-01T00:00:00Z"
    cases = [
        {"Id": f"500{n}", "AccountId": "001000", "Subject": t, "CreatedDate": opened} for n, t in enumerate(NAUGHTY)
    ]
    land(warehouse, "Case", cases)
    conformed(warehouse)
    names = column(warehouse, tables.account_records, "name")
    assert [names[f"001{n:03}"] for n in range(len(NAUGHTY))] == NAUGHTY
    for table, column_name, prefix in ((tables.contacts, "name", "003"), (tables.tickets, "subject", "500")):
        found = column(warehouse, table, column_name)
        assert [found[f"{prefix}{n}"] for n in range(len(NAUGHTY))] == NAUGHTY
    assert sorted(column(warehouse, tables.accounts, "name", "account_id").values()) == sorted(NAUGHTY)
    assert told(warehouse) == {}


@pytest.mark.parametrize("text", REFUSED)
def test_text_that_no_database_keeps_is_refused(warehouse: Engine, text: str) -> None:
    """The record or its value is left out with the reason; the records beside it come in."""
    land(warehouse, "Account", [customer(1, Name=text, Industry="Software"), customer(2)])
    conformed(warehouse)
    names = column(warehouse, tables.account_records, "name")
    assert names["001002"] == "Good 2"
    assert names.get("001001") is None
    (reason,) = told(warehouse).values()
    assert "001001" in {subject for subject, _ in told(warehouse)}
    assert REFUSED[text] in reason or "JSON" in reason
    assert {system for _, system, _ in in_status(warehouse)} == {"salesforce"}


# --- days, numbers, types ---------------------------------------------------------------------------------------------

DAYS = {
    "2026-11-20": date(2026, 11, 20),
    "20.11.2026": None,
    "11/20/2026": None,
    "2026-02-30": None,
    "0001-01-01": None,
    "9999-12-31": None,
    "1900-01-01": date(1900, 1, 1),
    "tomorrow": None,
    20261120: None,
}


def test_days_are_read_in_one_spelling_only(warehouse: Engine) -> None:
    """Three spellings in one column: the one that cannot be misread counts, the others are told one by one."""
    land(warehouse, "Account", [customer(1)])
    contracts = [
        {"Id": f"800{n}", "AccountId": "001001", "Status": "Activated", "EndDate": d} for n, d in enumerate(DAYS)
    ]
    land(warehouse, "Contract", contracts)
    conformed(warehouse)
    ends = column(warehouse, tables.subscriptions, "end_date")
    assert [ends[f"800{n}"] for n in range(len(DAYS))] == list(DAYS.values())
    refused = {f"800{n}" for n, day in enumerate(DAYS.values()) if day is None}
    assert {subject for subject, field in told(warehouse) if field == "EndDate"} == refused
    assert in_status(warehouse) == {("refused_value", "salesforce", "Contract")}


AMOUNTS = {
    0: Decimal(0),
    -5: Decimal(-5),
    "-0.01": Decimal("-0.01"),
    "1e3": Decimal(1000),
    9999999999999999: Decimal(9999999999999999),
    10**17: None,
    "1e300": None,
    "0.00001": None,
    "12,5": None,
    "1.234,56": None,
    "NaN": None,
    "Infinity": None,
    "$12": None,
    True: None,
}


def test_amounts_are_exact_or_refused(warehouse: Engine) -> None:
    """Negative and enormous ones too; what our columns cannot hold exactly is not rounded into them."""
    land(warehouse, "Account", [customer(n, ARR__c=a, CurrencyIsoCode="USD") for n, a in enumerate(AMOUNTS)])
    conformed(warehouse)
    amounts = column(warehouse, tables.account_records, "arr_native")
    assert [amounts[f"001{n:03}"] for n in range(len(AMOUNTS))] == list(AMOUNTS.values())
    refused = {f"001{n:03}" for n, amount in enumerate(AMOUNTS.values()) if amount is None}
    assert {subject for subject, field in told(warehouse) if field == "ARR__c"} == refused


def test_a_currency_without_a_rate_or_minor_digits_keeps_its_amount(warehouse: Engine) -> None:
    """Yen stay yen; without a plan rate the amount is unknown in the reporting currency, and told."""
    land(warehouse, "Account", [customer(1, ARR__c=1_200_000, CurrencyIsoCode="JPY"), customer(2, ARR__c=5)])
    conformed(warehouse)
    c = tables.accounts.c
    with warehouse.connect() as conn:
        rows = conn.execute(sa.select(c.name, c.arr_native, c.currency, c.arr_reporting).order_by(c.name)).all()
    assert rows == [("Good 1", 1_200_000, "JPY", None), ("Good 2", 5, None, None)]
    assert {kind for kind, _, _ in in_status(warehouse)} == {"missing_rate", "missing_currency"}


def test_wrong_types_cost_their_value_only(warehouse: Engine) -> None:
    """A list, an object, a number or a flag where text belongs: the row stays, without that value."""
    names: list[Any] = [["a", "b"], {"first": "A"}, 12.5, "fine"]
    land(warehouse, "Account", [customer(n, Name=name, Industry="Software") for n, name in enumerate(names)])
    conformed(warehouse)
    assert column(warehouse, tables.account_records, "industry") == {f"001{n:03}": "Software" for n in range(4)}
    assert column(warehouse, tables.account_records, "name")["001003"] == "fine"
    assert {subject for subject, field in told(warehouse) if field == "Name"} == {"001000", "001001", "001002"}


# --- keys -------------------------------------------------------------------------------------------------------------


def test_records_without_a_key_and_with_the_same_one(warehouse: Engine) -> None:
    """Without a key a record is refused; of a record that comes twice the last one counts; none of it stops the rest."""
    landed = land(
        warehouse,
        "Account",
        [Record("", {"Name": "Nobody"}), customer(1), customer(2), customer(1, Name="Good 1, renamed")],
    )
    conformed(warehouse)
    assert landed.refused == 1
    assert column(warehouse, tables.account_records, "name") == {"001001": "Good 1, renamed", "001002": "Good 2"}
    assert in_status(warehouse) == {("missing_key", "salesforce", "Account")}


def test_two_lines_of_a_file_with_one_key(warehouse: Engine) -> None:
    """Two lines are not one goal: the second is refused with both line numbers."""
    goals = [
        Record("g1", {"id": "g1", "workspace_id": "w1", "title": "First"}, line=2),
        Record("g1", {"id": "g1", "workspace_id": "w1", "title": "Second"}, line=3),
        Record("g2", {"id": "g2", "workspace_id": "w1", "title": "Third"}, line=4),
    ]
    land(warehouse, "goals", goals, system="product", file="goals/a.csv", file_hash="h")
    conformed(warehouse)
    assert column(warehouse, tables.goals, "title") == {"g1": "First", "g2": "Third"}
    ((_, reason),) = told(warehouse).items()
    assert "line 2" in reason
    assert in_status(warehouse) == {("duplicate_key", "product", "goals")}


# --- what contradicts itself ------------------------------------------------------------------------------------------


def test_facts_that_contradict_each_other_are_kept(warehouse: Engine) -> None:
    """A ticket solved before it was opened, usage before the subscription, a contract that ends before it starts."""
    land(warehouse, "Account", [customer(1, Workspace_Id__c="w1")])
    backwards = {"CreatedDate": "2026-11-10T00:00:00Z", "ClosedDate": "2026-11-01T00:00:00Z"}
    land(warehouse, "Case", [{"Id": "5001", "AccountId": "001001", **backwards}])
    term = {"Status": "Activated", "StartDate": "2026-12-01", "EndDate": "2026-06-01"}
    land(warehouse, "Contract", [{"Id": "8001", "AccountId": "001001", **term}])
    land_lines(warehouse, "usage", [{"workspace_id": "w1", "date": "2020-01-01", "active_users": "3"}])
    conformed(warehouse)
    with warehouse.connect() as conn:
        c = tables.tickets.c
        assert conn.execute(sa.select(c.opened_day, c.solved_day)).one() == (date(2026, 11, 10), date(2026, 11, 1))
        assert conn.execute(sa.select(tables.usage_days.c.day)).scalars().all() == [date(2020, 1, 1)]
        s = tables.subscriptions.c
        assert conn.execute(sa.select(s.start_date, s.end_date)).one() == (date(2026, 12, 1), date(2026, 6, 1))


def test_bad_lines_of_usage_cost_themselves_only(warehouse: Engine) -> None:
    """Negative, broken and enormous counts, days in another spelling: each is told with its line; good ones count."""
    lines = [
        {"workspace_id": "w1", "date": "2026-11-19", "active_users": "3"},
        {"workspace_id": "w1", "date": "19.11.2026", "active_users": "4"},
        {"workspace_id": "w1", "date": "2026-11-18", "active_users": "many"},
        {"workspace_id": "w1", "date": "2026-11-18", "active_users": "99999999999"},
        {"workspace_id": "", "date": "2026-11-18", "active_users": "5"},
        {"workspace_id": "w2", "date": "2026-11-18", "active_users": "7"},
    ]
    landed = land_lines(warehouse, "usage", lines)
    with warehouse.connect() as conn:
        c = tables.usage_days.c
        kept = conn.execute(sa.select(c.account_ref, c.active_users).order_by(c.account_ref)).all()
    assert kept == [("w1", 3), ("w2", 7)]
    assert landed.refused == 4
    subjects = {subject for subject, _ in told(warehouse)}
    assert subjects == {f"usage/a.csv:{line}" for line in (3, 4, 5, 6)}


# --- out and back -----------------------------------------------------------------------------------------------------

OBJECTS = [
    ("salesforce", "Account", "Crmpulse_Detail__c", "Id"),
    ("hubspot", "companies", "crmpulse_detail", "id"),
]
SEEDS: dict[str, Any] = {
    "salesforce": {"Account": [{"Id": "00100000000000AAAA", "Name": "Acme", "CreatedDate": "2026-01-01T00:00:00Z"}]},
    "hubspot": {"companies": [{"id": "101", "createdAt": "2026-01-01T00:00:00Z", "properties": {"name": "Acme"}}]},
}
IDS = {"salesforce": "00100000000000AAAA", "hubspot": "101"}


@pytest.mark.parametrize(("kind", "object", "field", "key"), OBJECTS)
def test_naughty_text_comes_back_out_of_the_crm(kind: str, object: str, field: str, key: str) -> None:
    """What we write is what we read again; only what the vendor is known to change may differ (ends, line breaks)."""
    with Sandbox(SEEDS, NOW) as sandbox:
        into = cast(Destination, connect(kind, kind, sandbox.environment(), lambda: NOW, lambda _: None))
        for text in NAUGHTY:
            (outcome,) = into.write([Write("c1", object, Operation.UPDATE, {field: text}, id=IDS[kind])])
            assert outcome.status is Status.SUCCEEDED, (text, outcome)
            record = _read(into, object, IDS[kind], field)
            assert same(text, record.fields[field]), text
        stream = Stream("accounts", object, (field, key), key)
        pulled = [r for page in into.pull(stream, None) for r in page.records if r.id[:15] == IDS[kind][:15]]
        assert same(NAUGHTY[-1], pulled[-1].fields[field])


def _read(into: Destination, object: str, id: str, field: str) -> Record:
    return into.read(object, [id], [field])[id]
