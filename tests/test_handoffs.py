"""The handoff to sales: when it opens, what the rep reads, and how it ends."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from mappings.models import Mappings
from tests.decision_rows import ACCOUNT, AS_OF, NOW, account, contact, customers, put, read, role, score, user
from warehouse import measures, tables
from warehouse.work import handoffs
from warehouse.work.handoffs import HandedOff

DAY = timedelta(days=1)


@pytest.fixture
def conn(warehouse: Engine) -> Iterator[Connection]:
    """A customer with a CSM and a sales owner, in a transaction."""
    with warehouse.begin() as connection:
        customers(connection, account(arr_native=Decimal(48000), currency="EUR", renewal_date=AS_OF + 61 * DAY))
        put(connection, tables.users, user("005A", "cara@example.com"), user("005B", "sven@example.com"))
        put(
            connection,
            tables.account_roles,
            role("001A", "csm", user_ref="005A"),
            role("001A", "sales_owner", user_ref="005B"),
        )
        yield connection


def measure(name: str, value: float, account_id: str = ACCOUNT) -> dict[str, Any]:
    return {"account_id": account_id, "product": "", "measure": name, "from_day": AS_OF - 9 * DAY, "value": value}


def usage(department: str, days_ago: int = 3, users: int = 2) -> dict[str, Any]:
    return {
        "system": "salesforce", "stream": "usage", "account_ref": "001A", "day": AS_OF - days_ago * DAY, "product": "",
        "department": department, "user_email": "", "active_users": users, "file_hash": "f", "line": 1, "seen_at": NOW,
    }  # fmt: skip


def limit(name: str, used: float, allowed: float, days_ago: int = 1, **columns: Any) -> dict[str, Any]:
    return {
        "system": "salesforce", "stream": "limits", "account_ref": "001A", "day": AS_OF - days_ago * DAY, "product": "",
        "limit_name": name, "used": used, "allowed": allowed, "file_hash": "f", "line": 1, "seen_at": NOW, **columns,
    }  # fmt: skip


def opportunity(id_: str = "006A", **columns: Any) -> dict[str, Any]:
    return {
        "system": "salesforce", "stream": "Opportunity", "id": id_, "account_ref": "001A", "closed": False, "won": False,
        "expansion": True, "seen_at": NOW, **columns,
    }  # fmt: skip


def answer(attribute: str, text: str) -> dict[str, Any]:
    """What customer success typed into a field of the account."""
    return {
        "system": "salesforce", "stream": "Account", "id": "001A", "account_ref": "001A", "name": attribute,
        "text": text,
    }  # fmt: skip


def gated() -> Mappings:
    """The house's mappings with the gate closed."""
    mappings = read()
    expansion = mappings.playbooks.expansion.model_copy(update={"gate": "closed"})
    return mappings.model_copy(update={"playbooks": mappings.playbooks.model_copy(update={"expansion": expansion})})


def decide(conn: Connection, days: int = 0, **columns: Any) -> HandedOff:
    """Score the account on a day and decide."""
    put(
        conn,
        tables.score_history,
        score(as_of=AS_OF + days * DAY, **{"score": 90, "tier": "healthy", "state": "healthy", **columns}),
    )
    return handoffs.decide(conn, read(), AS_OF + days * DAY, NOW)


def stored(conn: Connection) -> list[Mapping[str, Any]]:
    return list(conn.execute(text("SELECT * FROM handoffs ORDER BY opened_as_of, handoff")).mappings())


@pytest.mark.parametrize(
    ("points", "used_pct", "departments", "opens"),
    [
        (85, 80.0, 0.0, True),
        (85, 79.9, 1.0, False),
        (85, None, 2.0, True),
        (85, 80.0, None, True),
        (85, None, None, False),
        (84, 99.0, 5.0, False),
        (None, 99.0, 5.0, False),
    ],
)
def test_the_trigger(
    conn: Connection, points: int | None, used_pct: float | None, departments: float | None, opens: bool
) -> None:
    """85 or more, and one true side of: a limit at 80%, two departments; an unknown side is not a false one."""
    known = {"limit_used_pct": used_pct, "departments_active_28": departments}
    put(conn, tables.measure_history, *(measure(n, v) for n, v in known.items() if v is not None))
    assert decide(conn, score=points).opened == opens
    assert len(stored(conn)) == opens


def test_what_the_rep_reads(conn: Connection) -> None:
    """Reasons, health, limits, goals, tickets and people are in the opportunity itself, in words."""
    put(conn, tables.measure_history, measure("limit_used_pct", 92.0), measure("departments_active_28", 3.0))
    put(
        conn,
        tables.limit_days,
        limit("seats", 46, 50),
        limit("seats", 50, 50, days_ago=2),
        limit("storage GB", 1200.5, 2000),
        limit("api calls", 9, 10, days_ago=11),
        limit("seats", 1, 50, superseded_at=NOW),
    )
    put(
        conn,
        tables.usage_days,
        usage("Sales"),
        usage("Ops"),
        usage("Finance", days_ago=28),
        usage("Legal", days_ago=29),
        usage("HR", users=0),
    )
    put(
        conn,
        tables.contacts,
        contact("003A", "Ana Ruiz", "champion"),
        contact("003B", "Tom Berg", "sponsor"),
        contact("003C", "Gone", "champion", active=False),
        contact("003D", "Kim", "user", title="Head of Ops", email="kim@globex.example"),
    )
    put(
        conn,
        tables.goals,
        {
            "system": "product",
            "stream": "goals",
            "id": "g1",
            "account_ref": "ws-1",
            "title": "Reports in a day",
            "reached_day": AS_OF - DAY,
            "seen_at": NOW,
        },
    )
    put(
        conn,
        tables.links,
        {
            "account_id": ACCOUNT,
            "system": "product",
            "object": "account",
            "external_id": "ws-1",
            "rule": "key",
            "valid_from": NOW,
        },
    )
    put(conn, tables.attributes, answer("expansion_budget", "20,000 EUR from January"))
    assert decide(conn) == HandedOff(opened=1, as_notes=0, closed=0, unowned=0)
    (row,) = stored(conn)
    assert row["key"] == f"demo:{row['handoff']}"
    assert (row["system"], row["note_on"], row["owner_email"], row["state"]) == (
        "salesforce",
        None,
        "sven@example.com",
        "proposed",
    )
    assert (row["name"], row["amount_native"], row["currency"]) == ("Globex: expansion", None, "EUR")
    assert row["close_date"] == AS_OF + 90 * DAY
    assert json.loads(row["reasons"]) == [
        "seats: 46 of 50 used (92%)",
        "3 departments active in 28 days: Finance, Ops, Sales",
    ]
    assert (
        row["context"]
        == """\
Why now
- seats: 46 of 50 used (92%)
- 3 departments active in 28 days: Finance, Ops, Sales

Not qualified yet; customer success is asked to find out
- Authority: who decides about the larger scope?
- Need: what do they want to achieve with more?
- Timeline: when do they want to start, and when is money decided?
- Budget: 20,000 EUR from January

Health 90 of 100 (healthy). ARR 48,000 EUR, renewal 20 Jan 2027.

Use of the plan
- seats: 46 of 50 used (92%)
- storage GB: 1,200.5 of 2,000 used (60%)

Goals reached: Reports in a day.
Open critical tickets: none. Other weak points: none.

Who is who
- Champion: Ana Ruiz
- Executive sponsor: Tom Berg
- Others: Kim (Head of Ops, kim@globex.example)

Suggested introduction: Cara (cara@example.com) stays with the account and introduces you to Ana Ruiz in a joint call."""
    )
    assert json.loads(row["missing"]) == ["authority", "need", "timeline"]
    contacts = conn.execute(
        text("SELECT handoff, system, contact_ref, role FROM handoff_contacts ORDER BY contact_ref")
    )
    assert [tuple(c) for c in contacts] == [
        (row["handoff"], "salesforce", "003A", "champion"),
        (row["handoff"], "salesforce", "003B", "sponsor"),
    ]


def test_the_trigger_looks_at_measures_that_exist() -> None:
    """What the trigger reads from the history is something that a measure writes there."""
    assert {"limit_used_pct", "departments_active_28"} <= set(measures.load())


def test_long_lists_are_cut_with_a_count(conn: Connection) -> None:
    """Fifteen departments are ten names and a number."""
    put(conn, tables.measure_history, measure("departments_active_28", 15.0))
    put(conn, tables.usage_days, *(usage(f"D{n:02}") for n in range(15)))
    decide(conn)
    named = ", ".join(f"D{n:02}" for n in range(10))
    assert json.loads(stored(conn)[0]["reasons"]) == [f"15 departments active in 28 days: {named}, and 5 more"]


def test_one_open_handoff_at_a_time(conn: Connection) -> None:
    """While one is open nothing opens, on the same day or later."""
    put(conn, tables.measure_history, measure("limit_used_pct", 92.0))
    decide(conn)
    assert handoffs.decide(conn, read(), AS_OF, NOW).opened == 0
    assert decide(conn, days=100).opened == 0


@pytest.mark.parametrize(
    ("sales", "state"),
    [({"closed": True, "won": True}, "won"), ({"closed": True, "won": False}, "lost"), ({"closed": False}, "proposed")],
)
def test_what_sales_did_is_read_back(conn: Connection, sales: dict[str, Any], state: str) -> None:
    """A closed opportunity of ours ends its handoff, and the account rests for 90 days."""
    put(conn, tables.measure_history, measure("limit_used_pct", 92.0))
    decide(conn)
    put(conn, tables.opportunities, opportunity(key=stored(conn)[0]["key"], **sales))
    decided = decide(conn, days=1)
    ended = state != "proposed"
    assert decided == HandedOff(opened=0, as_notes=0, closed=int(ended), unowned=0)
    assert (stored(conn)[0]["state"], stored(conn)[0]["closed_as_of"]) == (state, AS_OF + DAY if ended else None)
    assert decide(conn, days=90).opened == 0
    assert decide(conn, days=91).opened == int(ended)


def test_a_closed_gate_holds_what_is_not_qualified(conn: Connection) -> None:
    """With the gate closed sales gets nothing before budget, authority, need and timeline have an answer."""
    put(conn, tables.measure_history, measure("limit_used_pct", 92.0))
    put(conn, tables.score_history, score(score=90))
    put(conn, tables.attributes, *(answer(f"expansion_{q}", "yes") for q in ("budget", "authority", "need")))
    held = handoffs.decide(conn, gated(), AS_OF, NOW)
    assert (held.opened, held.unqualified, stored(conn)) == (0, 1, [])
    put(conn, tables.attributes, answer("expansion_timeline", "in March"))
    assert handoffs.decide(conn, gated(), AS_OF, NOW) == HandedOff(1, 0, 0, 0, 0)
    assert json.loads(stored(conn)[0]["missing"]) == []
    assert "Qualified\n- Budget: yes\n- Authority: yes\n- Need: yes\n- Timeline: in March" in stored(conn)[0]["context"]


@pytest.mark.parametrize(
    ("stage", "state"),
    [("Prospecting", "proposed"), ("Appointment Scheduled", "proposed"), ("Qualification", "accepted")],
)
def test_sales_accepts_by_moving_the_opportunity_on(conn: Connection, stage: str, state: str) -> None:
    """Out of the stage in which we opened it: accepted, on the day on which it is read back; that ends nothing."""
    put(conn, tables.measure_history, measure("limit_used_pct", 92.0))
    decide(conn)
    put(conn, tables.opportunities, opportunity(key=stored(conn)[0]["key"], stage=stage))
    assert decide(conn, days=1).closed == 0
    accepted_as_of = AS_OF + DAY if state == "accepted" else None
    row = stored(conn)[0]
    assert (row["state"], row["accepted_as_of"], row["closed_as_of"]) == (state, accepted_as_of, None)
    conn.execute(text("UPDATE opportunities SET closed = TRUE, won = TRUE, stage = 'Closed Won'"))
    assert decide(conn, days=9).closed == 1
    assert (stored(conn)[0]["state"], stored(conn)[0]["accepted_as_of"]) == ("won", accepted_as_of)


def test_declined_keeps_the_reason_and_rests(conn: Connection) -> None:
    """Closed with a reason is declined, not lost; the account is left alone for 90 days."""
    put(conn, tables.measure_history, measure("limit_used_pct", 92.0))
    decide(conn)
    key = stored(conn)[0]["key"]
    put(conn, tables.opportunities, opportunity(key=key, closed=True, declined_reason="No budget before July"))
    assert decide(conn, days=1).closed == 1
    assert (stored(conn)[0]["state"], stored(conn)[0]["declined_reason"]) == ("declined", "No budget before July")
    assert decide(conn, days=90).opened == 0
    assert decide(conn, days=91).opened == 1


def test_a_deleted_opportunity_was_declined(conn: Connection) -> None:
    """Sales threw it away: it ends, and does not return before the cool-down is over."""
    put(conn, tables.measure_history, measure("limit_used_pct", 92.0))
    decide(conn)
    put(
        conn,
        tables.seen_values,
        {
            "system": "salesforce",
            "object": "Opportunity",
            "external_id": "006A",
            "key": stored(conn)[0]["key"],
            "fields": "{}",
            "deleted": True,
            "requested_at": NOW,
        },
    )
    assert decide(conn, days=1) == HandedOff(opened=0, as_notes=0, closed=1, unowned=0)
    assert stored(conn)[0]["state"] == "declined"


@pytest.mark.parametrize(
    ("existing", "becomes_note"),
    [
        ({}, True),
        ({"expansion": False, "key": "demo:01OLD"}, True),
        ({"expansion": False, "key": "other:01OLD"}, False),
        ({"expansion": False}, False),
        ({"closed": True}, False),
    ],
)
def test_an_open_expansion_gets_a_note_instead(conn: Connection, existing: dict[str, Any], becomes_note: bool) -> None:
    """While sales works on an expansion, by the mapped rule or created by us, no second opportunity appears."""
    put(conn, tables.measure_history, measure("limit_used_pct", 92.0))
    put(conn, tables.contacts, contact("003A", "Ana Ruiz", "champion"))
    put(conn, tables.opportunities, opportunity(**existing))
    assert decide(conn) == HandedOff(opened=1, as_notes=int(becomes_note), closed=0, unowned=0)
    assert stored(conn)[0]["note_on"] == ("006A" if becomes_note else None)
    assert conn.execute(text("SELECT count(*) FROM handoff_contacts")).scalar() == (0 if becomes_note else 1)


def test_a_note_goes_to_the_owner_of_the_opportunity(conn: Connection) -> None:
    """Who works on the opportunity reads the note; with several open it is the one that closes first."""
    put(conn, tables.users, user("005C", "rita@example.com"))
    put(conn, tables.measure_history, measure("limit_used_pct", 92.0))
    put(
        conn,
        tables.opportunities,
        opportunity("006B", close_date=AS_OF + 30 * DAY),
        opportunity("006C", close_date=AS_OF + 9 * DAY, owner_ref="005C"),
        opportunity("006D"),
    )
    decide(conn)
    assert (stored(conn)[0]["note_on"], stored(conn)[0]["owner_email"]) == ("006C", "rita@example.com")


@pytest.mark.parametrize(("stage", "state"), [("Negotiation", "accepted"), ("Prospecting", "proposed")])
def test_a_note_on_work_that_goes_on_is_accepted_at_once(conn: Connection, stage: str, state: str) -> None:
    """Sales is at it already, so the next step need not wait for another run of the same day."""
    put(conn, tables.measure_history, measure("limit_used_pct", 92.0))
    put(conn, tables.opportunities, opportunity(stage=stage))
    decide(conn)
    assert stored(conn)[0]["state"] == state


@pytest.mark.parametrize(("sales", "state"), [({"closed": True, "won": True}, "won"), (None, "declined")])
def test_a_note_ends_with_its_opportunity(conn: Connection, sales: dict[str, Any] | None, state: str) -> None:
    """Won, lost or deleted: the handoff that became a note ends as the opportunity does."""
    put(conn, tables.measure_history, measure("limit_used_pct", 92.0))
    put(conn, tables.opportunities, opportunity())
    decide(conn)
    conn.execute(text("DELETE FROM opportunities"))
    put(conn, tables.opportunities, *([opportunity(**sales)] if sales else []))
    assert decide(conn, days=1).closed == 1
    assert stored(conn)[0]["state"] == state


def test_without_a_sales_owner_there_is_a_question_and_no_handoff(conn: Connection) -> None:
    """Nobody active in sales: an issue, until somebody is named."""
    put(conn, tables.measure_history, measure("limit_used_pct", 92.0))
    conn.execute(text("UPDATE users SET active = FALSE WHERE id = '005B'"))
    assert decide(conn) == HandedOff(opened=0, as_notes=0, closed=0, unowned=1)
    open_issues = "SELECT kind, subject, field FROM issues WHERE resolved_at IS NULL"
    assert [tuple(i) for i in conn.execute(text(open_issues))] == [("no_handoff_owner", ACCOUNT, "sales_owner")]
    conn.execute(text("UPDATE users SET active = TRUE"))
    assert handoffs.decide(conn, read(), AS_OF, NOW).opened == 1
    assert conn.execute(text(open_issues)).all() == []


def test_a_fixed_amount_is_in_the_currency_of_the_account(conn: Connection) -> None:
    """`amount: 5000` writes 5000 of the account's own currency."""
    mappings = read()
    expansion = mappings.playbooks.expansion.model_copy(update={"amount": Decimal(5000)})
    mappings = mappings.model_copy(update={"playbooks": mappings.playbooks.model_copy(update={"expansion": expansion})})
    put(conn, tables.measure_history, measure("limit_used_pct", 92.0))
    put(conn, tables.score_history, score(score=90))
    handoffs.decide(conn, mappings, AS_OF, NOW)
    assert (stored(conn)[0]["amount_native"], stored(conn)[0]["currency"]) == (Decimal(5000), "EUR")
