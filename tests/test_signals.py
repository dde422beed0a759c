"""What rules may ask: changes of measures, and what happened up to this moment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from tests.alert_days import DAY, day, decide, with_shipped_rules
from tests.decision_rows import ACCOUNT, AS_OF, NOW, account, customers, put, role, score, scorecard, user
from warehouse import tables

MAPPINGS = with_shipped_rules()


@pytest.fixture
def conn(warehouse: Engine) -> Iterator[Connection]:
    """One customer with a CSM."""
    with warehouse.begin() as connection:
        customers(connection, account())
        put(connection, tables.users, user("005A", "cara@example.com"))
        put(connection, tables.account_roles, role("001A", "csm", user_ref="005A"))
        put(connection, tables.scorecards, *scorecard())
        yield connection


# --- changes of measures ----------------------------------------------------------------------------------------------


def test_a_sponsor_who_leaves_is_red_and_one_who_left_long_ago_is_not(conn: Connection) -> None:
    """At first sight nobody knows when the sponsor left; one who leaves while we look is told on that day, once."""
    with_sponsor, without = (
        {"sponsors_left": 1.0, "sponsors_active": 1.0},
        {"sponsors_left": 2.0, "sponsors_active": 0.0},
    )
    assert day(conn, MAPPINGS, AS_OF, with_sponsor) == []
    assert day(conn, MAPPINGS, AS_OF + DAY, without) == ["sponsor_left opened"]
    assert day(conn, MAPPINGS, AS_OF + 2 * DAY, without) == []
    named_anew = {"sponsors_left": 2.0, "sponsors_active": 1.0}
    assert day(conn, MAPPINGS, AS_OF + 3 * DAY, named_anew) == ["sponsor_left recovered"]


def test_nobody_in_the_product_is_red_until_somebody_is_back(conn: Connection) -> None:
    """A week at zero after use opens; weeks at zero change nothing; the first use ends it."""
    zero = [{"active_user_days_7": 0.0, "days_since_login": 8.0 + n} for n in range(12)]
    heard = [day(conn, MAPPINGS, AS_OF + n * DAY, values) for n, values in enumerate(zero)]
    assert heard == [["usage_zero opened"]] + [[]] * 5 + [["no_login_14 opened"]] + [[]] * 5
    assert [task["rule"] for task in conn.execute(text("SELECT rule FROM tasks")).mappings()] == ["usage_zero"]
    back = {"active_user_days_7": 3.0, "days_since_login": 1.0}
    assert sorted(day(conn, MAPPINGS, AS_OF + 12 * DAY, back)) == ["no_login_14 recovered", "usage_zero recovered"]


def test_who_never_used_it_lately_is_no_sudden_zero(conn: Connection) -> None:
    """An account that has been silent for months when we first see it gets the warning, not the red alert."""
    assert day(conn, MAPPINGS, AS_OF, {"active_user_days_7": 0.0, "days_since_login": 90.0}) == ["no_login_14 opened"]


# --- what happened up to now ------------------------------------------------------------------------------------------


def came(conn: Connection, on: date, system: str, stream: str, table: str) -> None:
    put(
        conn,
        tables.deliveries,
        {"system": system, "stream": stream, "table_name": table, "day": on - DAY, "seen_at": NOW},
    )


def ticket(conn: Connection, **columns: Any) -> None:
    base = {
        "system": "salesforce",
        "stream": "Case",
        "id": "500A",
        "account_ref": "001A",
        "severity": "critical",
        "seen_at": NOW,
    }
    conn.execute(tables.tickets.delete())
    put(
        conn,
        tables.tickets,
        {**base, "subject": "Down", "opened_at": NOW - timedelta(hours=1), "opened_day": AS_OF, **columns},
    )


def heard(conn: Connection, on: date) -> list[str]:
    put(conn, tables.score_history, score(as_of=on, lifecycle="onboarding"))
    now = NOW + (on - AS_OF)
    return [f"{told.rule} {told.change}" for told in decide(conn, MAPPINGS, on, now)]


def test_a_critical_ticket_of_this_morning_is_red_at_once(conn: Connection) -> None:
    """Submitted an hour ago, told now, in onboarding too, and over when it is solved; one that opens later is not known."""
    ticket(conn, opened_at=NOW + timedelta(hours=1))
    came(conn, AS_OF, "salesforce", "Case", "tickets")
    assert heard(conn, AS_OF) == []
    ticket(conn)
    assert [f"{told.rule} {told.change}" for told in decide(conn, MAPPINGS, AS_OF)] == ["critical_ticket opened"]
    (task,) = conn.execute(text("SELECT subject, priority, capped FROM tasks")).all()
    assert task == ("Globex: a critical ticket is open", "high", False)
    assert "Critical tickets open: Down." in conn.execute(text("SELECT body FROM tasks")).scalar_one()
    ticket(conn, solved_at=NOW + timedelta(hours=5), solved_day=AS_OF)
    came(conn, AS_OF + DAY, "salesforce", "Case", "tickets")
    assert heard(conn, AS_OF + DAY) == ["critical_ticket recovered"]


def test_without_todays_tickets_nothing_opens_or_closes(conn: Connection) -> None:
    """While support cannot be reached for days, what we hold of it is not what is."""
    came(conn, AS_OF, "salesforce", "Case", "tickets")
    ticket(conn)
    assert heard(conn, AS_OF) == ["critical_ticket opened"]
    ticket(conn, solved_at=NOW, solved_day=AS_OF)
    assert [heard(conn, AS_OF + n * DAY) for n in (2, 3, 4)] == [[], [], []]
    came(conn, AS_OF + 5 * DAY, "salesforce", "Case", "tickets")
    assert heard(conn, AS_OF + 5 * DAY) == ["critical_ticket recovered"]


def test_words_of_the_customer_are_heard(conn: Connection) -> None:
    """A low intent to renew is red, a referral is green; both are over a month later, and nobody calls that recovered."""
    put(conn, tables.links, {
        "account_id": ACCOUNT, "system": "product", "object": "account", "external_id": "w1", "rule": "key", "valid_from": NOW,
    })  # fmt: skip
    answers = [("renewal_intent", 2.0), ("referral", None)]
    base = {"system": "product", "stream": "surveys", "account_ref": "w1", "answered_day": AS_OF, "seen_at": NOW}
    put(conn, tables.surveys, *({**base, "id": kind, "kind": kind, "score": value} for kind, value in answers))
    put(conn, tables.score_history, score(as_of=AS_OF - DAY), score())
    came(conn, AS_OF, "product", "surveys", "surveys")
    assert [told.says for told in decide(conn, MAPPINGS, AS_OF)] == [
        "they said that they may leave (intent to renew: 2 of 10)",
        "they made or offered a referral",
    ]
    later = AS_OF + 30 * DAY
    put(conn, tables.score_history, score(as_of=later))
    came(conn, later, "product", "surveys", "surveys")
    assert {told.change for told in decide(conn, MAPPINGS, later, NOW + 30 * DAY)} == {"window_passed"}
