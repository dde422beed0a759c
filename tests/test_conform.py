"""Landed records become rows of ours: incrementally or from scratch, to the same end."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from connectors.base import Record
from mappings.models import Mappings
from tests.intake import MAPPINGS, at, conformed, land
from tests.test_raw import NAUGHTY
from warehouse import conform, issues, tables

ACME = {"Id": "001A", "Name": "Acme", "Type": "Customer", "Workspace_Id__c": "w1"}


def rows(engine: Engine, table: str, *columns: str) -> list[tuple[Any, ...]]:
    of = {**tables.derived.tables, **tables.kept.tables}[table]
    with engine.connect() as conn:
        return sorted(tuple(r) for r in conn.execute(sa.select(*(of.c[c] for c in columns))))


def found(engine: Engine) -> list[tuple[str, str, str]]:
    with engine.connect() as conn:
        return sorted((row["kind"], row["subject"], row["field"]) for row in issues.open(conn))


def with_company(**changes: Any) -> Mappings:
    return MAPPINGS.model_copy(update={"company": MAPPINGS.company.model_copy(update=changes)})


def with_pull(stream: str, **changes: Any) -> Mappings:
    """The mappings with one stream of Salesforce changed."""
    system = MAPPINGS.systems["salesforce"]
    pull = {**system.pull, stream: system.pull[stream].model_copy(update=changes)}
    return MAPPINGS.model_copy(
        update={"systems": {**MAPPINGS.systems, "salesforce": system.model_copy(update={"pull": pull})}}
    )


def test_what_did_not_change_is_not_conformed_again(warehouse: Engine) -> None:
    """A run takes the records that landed since, and no account is marked for the others."""
    land(warehouse, "Account", [ACME])
    land(warehouse, "Contact", [{"Id": "003A", "AccountId": "001A", "Name": "Ann", "CS_Role__c": "Champion"}])
    assert conformed(warehouse).rows == 2
    with warehouse.begin() as conn:
        conn.execute(tables.changed_accounts.delete())
    assert conformed(warehouse).rows == 0
    assert rows(warehouse, "changed_accounts", "account_ref") == []
    land(warehouse, "Contact", [{"Id": "003B", "AccountId": "001A", "Name": "Bob"}], minutes=0)
    assert conformed(warehouse).rows == 1
    assert rows(warehouse, "contacts", "id", "role", "account_ref") == [
        ("003A", "champion", "001A"),
        ("003B", None, "001A"),
    ]


def test_a_record_that_moves_marks_both_accounts(warehouse: Engine) -> None:
    """The account that lost a ticket is scored again as well as the one that got it; a deletion marks its account."""
    case = {"Id": "500A", "AccountId": "001A", "CreatedDate": "2026-11-19T10:00:00Z"}
    land(warehouse, "Case", [case])
    conformed(warehouse)
    for minutes, record, marked in (
        (1, Record("500A", case | {"AccountId": "001B"}), ["001A", "001B"]),
        (2, Record("500A", {}, deleted=True), ["001B"]),
    ):
        with warehouse.begin() as conn:
            conn.execute(tables.changed_accounts.delete())
        land(warehouse, "Case", [record], minutes=minutes)
        conformed(warehouse)
        assert [ref for (ref,) in rows(warehouse, "changed_accounts", "account_ref")] == marked
    assert rows(warehouse, "tickets", "id") == []


def test_what_cannot_be_mapped_stays_empty_with_an_issue(warehouse: Engine) -> None:
    """The row keeps its other columns; the issue names record, field and reason, and goes when the record is repaired."""
    case = {"Id": "500A", "AccountId": "001A", "Priority": "Urgent", "CreatedDate": "2026-11-19T10:00:00Z"}
    land(warehouse, "Case", [case])
    conformed(warehouse)
    assert rows(warehouse, "tickets", "id", "severity", "opened_day") == [("500A", None, date(2026, 11, 19))]
    assert found(warehouse) == [("refused_value", "500A", "Priority")]
    land(warehouse, "Case", [case | {"Priority": "Critical"}], minutes=1)
    conformed(warehouse)
    assert rows(warehouse, "tickets", "severity") == [("critical",)]
    assert found(warehouse) == []


def test_a_required_value_is_required(warehouse: Engine) -> None:
    """Without it there is no row, and an issue says so; a value that the column cannot hold is refused alike."""
    fields = MAPPINGS.systems["salesforce"].pull["Contact"].fields
    strict = with_pull("Contact", fields={**fields, "email": fields["email"].model_copy(update={"required": True})})
    people = [
        {"Id": "003A", "Email": None},
        {"Id": "003B", "Email": "no address"},
        {"Id": "003C", "Email": "c@acme.com"},
    ]
    land(warehouse, "Contact", people)
    conformed(warehouse, mappings=strict)
    assert rows(warehouse, "contacts", "id") == [("003C",)]
    assert found(warehouse) == [("refused_row", "003A", "Email"), ("refused_row", "003B", "Email")]


@pytest.mark.parametrize(
    "amount", [1e30, "12345678901234567", "-99999999999999999.5", "NaN", "1e400", True, [1], "12,5"]
)
def test_an_absurd_amount_spoils_nothing_else(warehouse: Engine, amount: object) -> None:
    """An amount that no column holds is an issue; the records of its batch are rows."""
    deals = [{"Id": "006A", "Name": "odd", "Amount": amount}, {"Id": "006B", "Name": "fine", "Amount": 12.5}]
    land(warehouse, "Opportunity", deals)
    conformed(warehouse)
    assert [(name, n and float(n)) for name, n in rows(warehouse, "opportunities", "name", "amount_native")] == [
        ("fine", 12.5),
        ("odd", None),
    ]
    assert found(warehouse) == [("refused_value", "006A", "Amount")]


def test_naughty_strings_are_rows_unchanged(warehouse: Engine) -> None:
    """What a person typed into a name is the name, to the character; an empty text is no name."""
    land(warehouse, "Contact", [{"Id": str(n), "Name": text} for n, text in enumerate(NAUGHTY)])
    conformed(warehouse)
    assert dict(rows(warehouse, "contacts", "id", "name")) == {str(n): text or None for n, text in enumerate(NAUGHTY)}


def test_our_own_tasks_are_no_touchpoints(warehouse: Engine) -> None:
    """A task with our key is our own work; the customer did not touch anything."""
    task = {"AccountId": "001A", "CompletedDateTime": "2026-11-19T10:00:00Z", "TaskSubtype": "Call"}
    land(warehouse, "Task", [task | {"Id": "00TA", "Crmpulse_Key__c": "demo:1:1"}, task | {"Id": "00TB"}])
    conformed(warehouse)
    assert rows(warehouse, "touchpoints", "id", "kind") == [("00TB", "call")]


def test_expansion_opportunities_are_told_apart(warehouse: Engine) -> None:
    """The rule of the company decides; where its columns are unknown the opportunity is none."""
    deal = {"Type": "Expansion", "IsClosed": False}
    land(warehouse, "Opportunity", [deal | {"Id": "006A"}, deal | {"Id": "006B", "IsClosed": True}, {"Id": "006C"}])
    conformed(warehouse)
    assert rows(warehouse, "opportunities", "id", "expansion") == [("006A", True), ("006B", False), ("006C", False)]


def test_days_are_days_of_the_account(warehouse: Engine) -> None:
    """One moment is Friday in Berlin and Thursday in New York; when the account moves, its days move with it."""
    touch = {"Id": "00UA", "AccountId": "001A", "StartDateTime": "2026-11-20T03:00:00Z"}
    land(warehouse, "Event", [touch, touch | {"Id": "00UB", "AccountId": "001B"}])
    land(warehouse, "Case", [{"Id": "500A", "AccountId": "001A", "CreatedDate": "2026-11-20T03:00:00.000+0000"}])
    land(warehouse, "Account", [ACME | {"Time_Zone__c": "America/New_York"}, {"Id": "001B", "Name": "Berlin"}])
    conformed(warehouse)
    thursday, friday = date(2026, 11, 19), date(2026, 11, 20)
    assert rows(warehouse, "touchpoints", "account_ref", "day") == [("001A", thursday), ("001B", friday)]
    land(warehouse, "Account", [ACME | {"Time_Zone__c": "Europe/Berlin"}], minutes=1)
    conformed(warehouse)
    assert rows(warehouse, "touchpoints", "account_ref", "day") == [("001A", friday), ("001B", friday)]
    assert rows(warehouse, "tickets", "opened_day") == [(friday,)]
    land(warehouse, "Account", [Record("001A", {}, deleted=True)], minutes=2)
    conformed(warehouse)
    assert rows(warehouse, "local_zones", "account_ref") == []


def test_a_changed_mapping_conforms_its_stream_from_scratch(warehouse: Engine) -> None:
    """Raw holds what the new mapping needs; a stream that leaves the mappings takes its rows along."""
    land(warehouse, "Contact", [{"Id": "003A", "Name": "Ann", "Title": "CEO"}])
    conformed(warehouse)
    fields = MAPPINGS.systems["salesforce"].pull["Contact"].fields
    conformed(warehouse, mappings=with_pull("Contact", fields={**fields, "name": fields["title"]}))
    assert rows(warehouse, "contacts", "name") == [("CEO",)]
    system = MAPPINGS.systems["salesforce"]
    without = system.model_copy(update={"pull": {n: p for n, p in system.pull.items() if n != "Contact"}})
    conformed(warehouse, mappings=MAPPINGS.model_copy(update={"systems": {**MAPPINGS.systems, "salesforce": without}}))
    assert rows(warehouse, "contacts", "name") == []


def test_tables_can_be_rebuilt_as_they_were_known(warehouse: Engine) -> None:
    """From the versions of an earlier moment; the next run brings back the present."""
    land(warehouse, "Contact", [{"Id": "003A", "Name": "Ann"}, {"Id": "003B", "Name": "Bob"}])
    conformed(warehouse)
    land(warehouse, "Contact", [{"Id": "003A", "Name": "Anna"}, Record("003B", {}, deleted=True)], minutes=10)
    conformed(warehouse)
    with warehouse.begin() as conn:
        conform.rebuild(conn, MAPPINGS, known_at=at(5), now=at(60))
    assert rows(warehouse, "contacts", "name") == [("Ann",), ("Bob",)]
    conformed(warehouse)
    assert rows(warehouse, "contacts", "name") == [("Anna",)]


IDS = st.sampled_from(["1", "2", "3"])
ACCOUNT_CHANGES = st.fixed_dictionaries(
    {
        "Id": IDS.map("001{}".format),
        "Name": st.sampled_from(["Acme", "Globex", None]),
        "Type": st.sampled_from(["Customer", "Partner", "odd"]),
        "ARR__c": st.sampled_from([None, 5, "oops"]),
        "Time_Zone__c": st.sampled_from([None, "America/New_York", "Mars/Base"]),
        "Workspace_Id__c": st.sampled_from([None, "w1", "w2"]),
    }
)
CASE_CHANGES = st.fixed_dictionaries(
    {
        "Id": IDS.map("500{}".format),
        "AccountId": IDS.map("001{}".format),
        "Priority": st.sampled_from(["Critical", "Odd", None]),
        "CreatedDate": st.sampled_from(["2026-11-19T02:00:00Z", "2026-11-20T23:00:00Z", "never"]),
    }
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("Account"), ACCOUNT_CHANGES),
        st.tuples(st.just("Case"), CASE_CHANGES),
        st.tuples(st.just("gone"), st.sampled_from(["0011", "0012", "5001", "5002"])),
        st.just(("conform", {})),
    ),
    max_size=12,
)
COMPARED = ("account_records", "account_keys", "account_roles", "attributes", "tickets", "accounts", "local_zones")


def picture(engine: Engine) -> dict[str, list[str]]:
    """The derived tables as text, without the order of their rows."""
    made = {}
    with engine.connect() as conn:
        for name in COMPARED:
            made[name] = sorted(str(tuple(row)) for row in conn.execute(sa.select(tables.derived.tables[name])))
    return made


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_incremental_equals_from_scratch(warehouse: Engine, steps: list[tuple[str, Any]]) -> None:
    """Whatever happens in whatever order: the tables say the same as when they are made anew from raw."""
    with warehouse.begin() as conn:
        for table in (*tables.kept.tables.values(), *tables.derived.tables.values()):
            conn.execute(table.delete())
    for minutes, (what, change) in enumerate(steps):
        if what == "conform":
            conformed(warehouse, minutes)
        elif what == "gone":
            stream = "Account" if change.startswith("001") else "Case"
            land(warehouse, stream, [Record(change, {}, deleted=True)], minutes)
        else:
            land(warehouse, what, [change], minutes)
    conformed(warehouse)
    incremental = picture(warehouse)
    with warehouse.begin() as conn:
        for table in tables.derived.tables.values():
            conn.execute(table.delete())
    conformed(warehouse)
    assert picture(warehouse) == incremental
