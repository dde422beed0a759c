"""What a CRM should hold because of us: rows in, desired rows out."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from mappings.models import Mappings
from tests.decision_rows import ACCOUNT, AS_OF, NOW, account, customers, link, put, read, score, scorecard, user
from warehouse import desired, tables
from warehouse.desired import DesiredRow, DesiredRows, beside


def wanted(conn: Connection, push: str, mappings: Mappings | None = None) -> DesiredRows:
    mappings = mappings or read()
    return desired.rows(conn, mappings, "salesforce", mappings.systems["salesforce"].push[push])


def test_every_linked_record_of_a_customer_gets_the_score(warehouse: Engine) -> None:
    """An account with two records in the CRM has two rows; one without a record has none."""
    with warehouse.begin() as conn:
        customers(conn, account(), account("02", record="", name="Nowhere"))
        put(conn, tables.links, link(ACCOUNT, "001B"))
        put(conn, tables.score_history, score(), score("02"))
        rows = wanted(conn, "account_health").decisions()
    assert sorted((r.row_key, r.account_id, r.external_id) for r in rows) == [
        (f"{ACCOUNT}:001A", ACCOUNT, "001A"),
        (f"{ACCOUNT}:001B", ACCOUNT, "001B"),
    ]


@pytest.mark.parametrize(
    ("later", "same"),
    [
        ({"coverage_pct": 90}, True),
        ({"previous_score": 60}, True),
        ({"reasons": '["usage_trend", "champion"]'}, True),
        ({"score": 75}, False),
        ({"tier": "healthy"}, False),
        ({"state": "healthy"}, False),
        ({"reasons": '["champion"]'}, False),
    ],
)
def test_only_a_new_decision_is_written(warehouse: Engine, later: dict[str, Any], same: bool) -> None:
    """Coverage, wording, order of reasons and the passing of a day alone change nothing; score, tier, state and reasons do."""
    first = score(as_of=AS_OF - timedelta(days=1), reasons='["champion", "usage_trend"]')
    with warehouse.begin() as conn:
        customers(conn, account())
        put(conn, tables.score_history, first)
        before = wanted(conn, "account_health").decisions()[0]
        put(conn, tables.score_history, {**first, "as_of": AS_OF, **later})
        after = wanted(conn, "account_health").decisions()[0]
    assert (before.decision == after.decision) is same
    assert (before.as_of, after.as_of) == (AS_OF - timedelta(days=1), AS_OF)


def test_the_columns_of_an_account(warehouse: Engine) -> None:
    """Score, change against the nearest stored day a week ago, segment, reasons in words."""
    with warehouse.begin() as conn:
        customers(conn, account())
        put(
            conn,
            tables.score_history,
            score(
                score=55,
                previous_score=65,
                tier="at_risk",
                segment="high_touch",
                reasons='["no_critical_ticket", "usage_trend"]',
            ),
            score(as_of=AS_OF - timedelta(days=6), score=90),
            score(as_of=AS_OF - timedelta(days=9), score=80),
            score(as_of=AS_OF - timedelta(days=30), score=20),
        )
        put(conn, tables.scorecards, *scorecard())
        put(
            conn,
            tables.component_history,
            {
                "account_id": ACCOUNT,
                "component": "no_critical_ticket",
                "from_day": AS_OF,
                "version": "v1",
                "result": "failed",
                "value": 2.0,
                "reason": "",
            },
            {
                "account_id": ACCOUNT,
                "component": "usage_trend",
                "from_day": date(2026, 11, 3),
                "version": "v1",
                "result": "failed",
                "value": 0.66,
                "reason": "",
            },
            {
                "account_id": ACCOUNT,
                "component": "champion",
                "from_day": date(2026, 11, 3),
                "to_day": date(2026, 11, 19),
                "version": "v1",
                "result": "failed",
                "value": 0.0,
                "reason": "",
            },
        )
        rows = wanted(conn, "account_health")
        columns = rows.columns([f"{ACCOUNT}:001A"])[f"{ACCOUNT}:001A"]
    detail = columns.pop("detail") if isinstance(columns, dict) else ""
    assert columns == {
        "account_id": ACCOUNT, "external_id": "001A", "score": 55, "previous_score": 65, "tier": "at_risk",
        "state": "monitor", "coverage_pct": 100, "segment": "high_touch", "reason_1": "2 critical tickets open",
        "reason_2": "active users down 34% in 28 days", "reason_3": None, "weekly_change": -25, "as_of": AS_OF,
            "reasons": "2 critical tickets open; active users down 34% in 28 days",
        **dict.fromkeys(beside.COLUMNS),
    }  # fmt: skip
    assert "No critical ticket (0 of 10): 2 critical tickets open" in detail
    assert "hampion" not in detail


def acknowledged(push: str, row_key: str, external_id: str, **columns: Any) -> dict[str, Any]:
    return {
        "system": "salesforce", "push": push, "row_key": row_key, "object": "X", "external_id": external_id, "fields": "{}",
        "decision": "open", "definition": "", "acknowledged_at": NOW, "gone": False, **columns,
    }  # fmt: skip


def task(key: str = "demo:01EPISODE:1", **columns: Any) -> dict[str, Any]:
    return {
        "key": key, "episode": "01EPISODE", "step": 1, "account_id": ACCOUNT, "system": "salesforce", "role": "csm", "owner_email": "cara@example.com",
        "subject": "Globex is at risk", "body": "Call them.", "priority": "high", "due_date": AS_OF + timedelta(days=3),
        "opened_as_of": AS_OF, **columns,
    }  # fmt: skip


def handoff(**columns: Any) -> dict[str, Any]:
    return {
        "handoff": "01HANDOFF", "key": "demo:01HANDOFF", "account_id": ACCOUNT, "opened_as_of": AS_OF, "opened_at": NOW,
        "system": "salesforce", "owner_email": "cara@example.com", "name": "Globex: expansion", "reasons": "[]",
        "context": "Why now", "currency": "EUR", "close_date": AS_OF + timedelta(days=90), "state": "proposed", **columns,
    }  # fmt: skip


@pytest.mark.parametrize("change", ["customer = FALSE", "excluded = TRUE"])
@pytest.mark.parametrize(("on_exit", "emptied"), [("clear", True), ("keep", False)])
def test_who_leaves_is_emptied_or_kept(warehouse: Engine, change: str, on_exit: str, emptied: bool) -> None:
    """What we wrote about an account that left follows `on_exit`; where we never wrote there is nothing to empty."""
    customers_rule = read().company.customers.model_dump(by_alias=True) | {"on_exit": on_exit}
    with warehouse.begin() as conn:
        customers(conn, account(), account("02", record="001B"))
        put(conn, tables.score_history, score(), score("02"))
        put(conn, tables.acknowledged, acknowledged("account_health", f"{ACCOUNT}:001A", "001A"))
        conn.execute(text(f"UPDATE accounts SET {change}"))
        rows = wanted(conn, "account_health", read(customers=customers_rule))
        decisions = rows.decisions()
        columns = rows.columns([f"{ACCOUNT}:001A"])
    assert [(r.row_key, r.external_id, r.decision) for r in decisions] == (
        [(f"{ACCOUNT}:001A", "001A", "left")] if emptied else []
    )
    if emptied:
        emptied_columns = dict(columns[f"{ACCOUNT}:001A"])
        assert (emptied_columns.pop("account_id"), emptied_columns.pop("external_id")) == (ACCOUNT, "001A")
        assert set(emptied_columns) >= {"score", "tier", "state", "reason_3", "detail", "as_of", "weekly_change"}
        assert set(emptied_columns.values()) == {None}


def test_an_account_whose_day_has_not_begun_shows_its_last_score(warehouse: Engine) -> None:
    """West of the line the newest score is yesterday's; an account that is no longer scored falls out after a week."""
    with warehouse.begin() as conn:
        customers(conn, account(), account("02", record="001B"), account("03", record="001C"))
        put(
            conn,
            tables.score_history,
            score(),
            score("02", AS_OF - timedelta(days=1)),
            score("03", AS_OF - timedelta(days=8)),
        )
        rows = wanted(conn, "account_health")
        decisions = {r.account_id: r.as_of for r in rows.decisions()}
        columns = rows.columns([f"{ACCOUNT}:001A", "02:001B"])
    assert decisions == {ACCOUNT: AS_OF, "02": AS_OF - timedelta(days=1)}
    assert {key: c["as_of"] for key, c in columns.items()} == {
        f"{ACCOUNT}:001A": AS_OF,
        "02:001B": AS_OF - timedelta(days=1),
    }


def test_a_blank_score_is_no_change(warehouse: Engine) -> None:
    """Without a score now or a week ago there is no weekly change."""
    with warehouse.begin() as conn:
        customers(conn, account(), account("02", record="001B"))
        put(conn, tables.score_history, score(score=None), score(as_of=AS_OF - timedelta(days=7)), score("02"))
        columns = wanted(conn, "account_health").columns([f"{ACCOUNT}:001A", "02:001B"])
    assert {c["weekly_change"] for c in columns.values()} == {None}


def test_an_open_task_and_its_columns(warehouse: Engine) -> None:
    """The task goes to the account's record and to the owner's user in the CRM of record, an active one before an old one."""
    with warehouse.begin() as conn:
        customers(conn, account())
        put(conn, tables.links, link(ACCOUNT, "001B"))
        put(conn, tables.users, user("005A", "Cara@example.com", active=False), user("005B", "Cara@example.com"))
        put(conn, tables.tasks, task())
        rows = wanted(conn, "tasks")
        (row,) = rows.decisions()
        columns = rows.columns(["demo:01EPISODE:1", "unasked"])
    assert row == DesiredRow("demo:01EPISODE:1", ACCOUNT, None, "demo:01EPISODE:1", "open", AS_OF)
    assert columns == {
        "demo:01EPISODE:1": {
            "key": "demo:01EPISODE:1", "account_id": ACCOUNT, "subject": "Globex is at risk", "body": "Call them.",
            "account_external_id": "001A", "owner_external_id": "005B", "due_date": AS_OF + timedelta(days=3),
            "priority": "high", "state": "open",
        }
    }  # fmt: skip


@pytest.mark.parametrize(
    ("because", "in_crm", "desired_state"),
    [
        ("condition_met", True, "closed"),
        ("account_left", True, "closed"),
        ("condition_met", False, None),
        ("done_by_person", True, None),
        ("deleted_by_person", True, None),
    ],
)
def test_only_what_we_closed_and_the_crm_shows_is_closed_there(
    warehouse: Engine, because: str, in_crm: bool, desired_state: str | None
) -> None:
    """A task that never arrived is not created to be closed, and what a person ended is left to the person."""
    with warehouse.begin() as conn:
        customers(conn, account())
        put(conn, tables.users, user("005A", "cara@example.com"))
        put(conn, tables.tasks, task(closed_as_of=AS_OF + timedelta(days=2), closed_because=because))
        put(conn, tables.acknowledged, *([acknowledged("tasks", "demo:01EPISODE:1", "00TA")] if in_crm else []))
        rows = wanted(conn, "tasks")
        states = [rows.columns([r.row_key])[r.row_key]["state"] for r in rows.decisions()]
        as_ofs = [r.as_of for r in rows.decisions()]
    assert states == ([desired_state] if desired_state else [])
    assert as_ofs == ([AS_OF + timedelta(days=2)] if desired_state else [])


@pytest.mark.parametrize(
    ("record", "email", "waits_for"),
    [
        ("001A", "cara@example.com", ""),
        ("", "cara@example.com", "the account is not linked to a record in salesforce"),
        ("001A", "nobody@example.com", "no user in salesforce has the e-mail nobody@example.com"),
    ],
)
def test_what_a_task_and_a_handoff_wait_for(warehouse: Engine, record: str, email: str, waits_for: str) -> None:
    """They say what is missing in the CRM before they can be written."""
    with warehouse.begin() as conn:
        customers(conn, account(record=record))
        put(conn, tables.users, user("005A", "cara@example.com"))
        put(conn, tables.tasks, task(owner_email=email))
        put(conn, tables.handoffs, handoff(owner_email=email))
        assert [r.waits_for for push in ("tasks", "handoffs") for r in wanted(conn, push).decisions()] == [
            waits_for
        ] * 2


def test_work_stays_in_the_crm_for_which_it_was_opened(warehouse: Engine) -> None:
    """Another CRM of record later on does not get a second copy, and another CRM's work is not this one's."""
    with warehouse.begin() as conn:
        customers(conn, account(crm="hubspot"))
        put(conn, tables.users, user("005A", "cara@example.com"))
        put(conn, tables.tasks, task(), task("demo:02:1", system="hubspot"))
        put(conn, tables.handoffs, handoff(), handoff(handoff="02", key="demo:02", system="hubspot"))
        found = [r.row_key for push in ("tasks", "handoffs") for r in wanted(conn, push).decisions()]
    assert found == ["demo:01EPISODE:1", "demo:01HANDOFF"]


def test_a_task_of_a_merged_account_goes_to_the_survivor(warehouse: Engine) -> None:
    """After a merge the task is still ours to close, on the record that is left."""
    with warehouse.begin() as conn:
        customers(conn, account(), account("02", record="001Z"))
        conn.execute(text("DELETE FROM accounts WHERE account_id = :old"), {"old": ACCOUNT})
        conn.execute(text("DELETE FROM links WHERE account_id = :old"), {"old": ACCOUNT})
        conn.execute(text("UPDATE account_ids SET merged_into = '02' WHERE account_id = :old"), {"old": ACCOUNT})
        put(conn, tables.users, user("005A", "cara@example.com"))
        put(conn, tables.tasks, task())
        rows = wanted(conn, "tasks")
        (row,) = rows.decisions()
        columns = rows.columns([row.row_key])[row.row_key]
    assert (row.account_id, columns["account_external_id"]) == ("02", "001Z")


def test_a_handoff_is_an_opportunity_with_contact_roles_that_wait_for_it(warehouse: Engine) -> None:
    """The roles name the opportunity's id as soon as the CRM has acknowledged it, and not before."""
    with warehouse.begin() as conn:
        customers(conn, account())
        put(conn, tables.users, user("005A", "cara@example.com"))
        put(conn, tables.handoffs, handoff(amount_native=Decimal(5000)))
        put(
            conn,
            tables.handoff_contacts,
            {"handoff": "01HANDOFF", "system": "salesforce", "contact_ref": "003A", "role": "champion"},
        )
        opportunities = wanted(conn, "handoffs")
        assert [(r.row_key, r.key, r.decision) for r in opportunities.decisions()] == [
            ("demo:01HANDOFF", "demo:01HANDOFF", "proposed")
        ]
        columns = opportunities.columns(["demo:01HANDOFF"])["demo:01HANDOFF"]
        contact_roles = wanted(conn, "handoff_contacts")
        (early,) = contact_roles.decisions()
        put(conn, tables.acknowledged, acknowledged("handoffs", "demo:01HANDOFF", "006A"))
        (late,) = contact_roles.decisions()
        role = contact_roles.columns(["01HANDOFF:003A"])["01HANDOFF:003A"]
        assert wanted(conn, "handoff_notes").decisions() == []
    assert columns == {
        "key": "demo:01HANDOFF", "account_id": ACCOUNT, "name": "Globex: expansion", "account_external_id": "001A",
        "owner_external_id": "005A", "close_date": AS_OF + timedelta(days=90), "amount_native": Decimal(5000),
        "currency": "EUR", "context": "Why now",
    }  # fmt: skip
    assert early.waits_for == "opportunity demo:01HANDOFF is not in salesforce yet"
    assert (late.row_key, late.key, late.decision, late.waits_for) == ("01HANDOFF:003A", None, "role champion", "")
    assert role == {"opportunity_external_id": "006A", "contact_ref": "003A", "role": "champion", "account_id": ACCOUNT}


def test_a_handoff_on_an_open_expansion_is_a_note(warehouse: Engine) -> None:
    """One note under its own key on the opportunity of theirs, and no opportunity of ours."""
    with warehouse.begin() as conn:
        customers(conn, account())
        put(conn, tables.users, user("005A", "cara@example.com"))
        put(conn, tables.handoffs, handoff(note_on="006Z"))
        notes = wanted(conn, "handoff_notes")
        (row,) = notes.decisions()
        columns = notes.columns([row.row_key])[row.row_key]
        assert wanted(conn, "handoffs").decisions() == []
    assert row.row_key == row.key == columns["key"] == "demo:01HANDOFF:note"
    assert (columns["opportunity_external_id"], columns["owner_external_id"]) == ("006Z", "005A")


def test_a_closed_handoff_belongs_to_sales(warehouse: Engine) -> None:
    """Won, lost or declined: nothing of it is desired any more."""
    with warehouse.begin() as conn:
        customers(conn, account())
        put(conn, tables.handoffs, handoff(state="won", closed_as_of=AS_OF))
        put(
            conn,
            tables.handoff_contacts,
            {"handoff": "01HANDOFF", "system": "salesforce", "contact_ref": "003A", "role": "champion"},
        )
        assert [wanted(conn, push).decisions() for push in ("handoffs", "handoff_contacts")] == [[], []]


@pytest.mark.parametrize("push", ["account_health", "tasks", "handoffs", "handoff_contacts", "handoff_notes"])
def test_an_empty_warehouse_wants_nothing(warehouse: Engine, push: str) -> None:
    """Before the first score there is nothing to write."""
    with warehouse.begin() as conn:
        assert wanted(conn, push).decisions() == []
        assert wanted(conn, push).columns([]) == {}
