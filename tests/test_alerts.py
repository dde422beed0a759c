"""Alerts: once when a situation begins, once when it is over, and never because a source is late."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, RowMapping, text

from tests.alert_days import DAY, day, rules, with_shipped_rules
from tests.decision_rows import ACCOUNT, AS_OF, NOW, account, customers, put, role, score, scorecard, user
from warehouse import decisions, tables

QUIET = {
    "id": "no_login_14",
    "when": {"days_since_login": {"at_least": 14}},
    "says": "no login for {{ days_since_login }} days",
}


@pytest.fixture
def conn(warehouse: Engine) -> Iterator[Connection]:
    """One customer with a CSM, in a transaction."""
    with warehouse.begin() as connection:
        customers(connection, account())
        put(connection, tables.users, user("005A", "cara@example.com"))
        put(connection, tables.account_roles, role("001A", "csm", user_ref="005A"))
        put(connection, tables.scorecards, *scorecard())
        yield connection


def rows(conn: Connection, table: str) -> list[RowMapping]:
    return list(conn.execute(text(f"SELECT * FROM {table} ORDER BY 1")).mappings())


def test_an_alert_opens_once_and_says_its_recovery_once(conn: Connection) -> None:
    """However many runs see the condition, people hear of it once; a task opens with it and closes with it."""
    mappings = rules(QUIET)
    heard = [day(conn, mappings, AS_OF + n * DAY, {"days_since_login": 13.0 + n}) for n in range(5)]
    assert heard == [[], ["no_login_14 opened"], [], [], []]
    (task,) = rows(conn, "tasks")
    (alert,) = rows(conn, "alerts")
    assert task["key"] == f"demo:{alert['alert']}:0"
    assert (task["owner_email"], task["colour"], task["capped"]) == ("cara@example.com", "yellow", True)
    assert task["subject"] == "Globex: no login for 14 days"
    assert day(conn, mappings, AS_OF + 5 * DAY, {"days_since_login": 1.0}) == ["no_login_14 recovered"]
    assert day(conn, mappings, AS_OF + 6 * DAY, {"days_since_login": 1.0}) == []
    (task,) = rows(conn, "tasks")
    assert task["closed_because"] == "condition_met"


def test_a_day_is_decided_with_everything_that_the_house_ships(conn: Connection) -> None:
    """Playbooks, alerts, audiences, plans and touches of the shipped files run on both engines, twice a day."""
    put(conn, tables.score_history, score(segment="mid_touch"))
    put(conn, tables.segment_history, {"account_id": ACCOUNT, "scheme": "rank", "from_day": AS_OF, "segment": "mid_touch"})
    mappings = with_shipped_rules()
    first = decisions.take(conn, mappings, AS_OF, NOW)
    assert (first.told, first.counts["alert tasks"]) == ([], 0)
    assert {row["audience"] for row in rows(conn, "audience_history")} == {"webinars"}
    assert decisions.take(conn, mappings, AS_OF, NOW).counts == first.counts
