"""What `explain` and `status` print of alerts and care, from the tables, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from tests.alert_days import DAY
from tests.decision_rows import ACCOUNT, AS_OF, NOW, account, customers, put
from warehouse import explanation, status, tables


@pytest.fixture
def conn(warehouse: Engine) -> Iterator[Connection]:
    """One customer, in a transaction."""
    with warehouse.begin() as connection:
        customers(connection, account())
        yield connection


def alert(conn: Connection, alert_id: str, rule: str, colour: str, **columns: Any) -> None:
    base = {
        "account_id": ACCOUNT,
        "opened_as_of": AS_OF,
        "opened_at": NOW,
        "says": "it is so",
        "signals": '{"score": 50}',
    }
    put(conn, tables.alerts, {**base, "alert": alert_id, "rule": rule, "colour": colour, **columns})


def explained(conn: Connection, title: str) -> list[dict[str, Any]]:
    """The rows of the section whose title begins so."""
    (found,) = [part for part in explanation.sections(conn, ACCOUNT) if part.title.startswith(title)]
    return [dict(zip(found.columns, row, strict=True)) for row in found.rows]


def stands(conn: Connection, title: str) -> list[tuple[Any, ...]]:
    (found,) = [part for part in status.sections(conn) if part.title == title]
    return [tuple(row) for row in found.rows]


def test_an_account_explains_its_alerts(conn: Connection) -> None:
    """The open one first, each with its signals, whose task it is, and why it ended; those of a merged account too."""
    put(conn, tables.account_ids, {"account_id": "01ONCE", "minted_at": NOW, "merged_into": ACCOUNT})
    alert(conn, "02", "no_login_14", "yellow", closed_as_of=AS_OF + DAY, closed_because="recovered")
    alert(conn, "03", "sponsor_left", "red", account_id="01ONCE")
    put(conn, tables.tasks, {
        "key": "demo:03:0", "account_id": ACCOUNT, "opened_by": "alert", "episode": "03", "step": 0, "rule": "sponsor_left",
        "colour": "red", "capped": False, "role": "csm", "owner_email": "cara@example.com", "subject": "s", "body": "b",
        "due_date": AS_OF, "priority": "high", "opened_as_of": AS_OF, "opened_at": NOW, "system": "salesforce",
    })  # fmt: skip
    red, yellow = explained(conn, "7 decisions: alerts")
    assert (red["rule"], red["signals"], red["closed_as_of"]) == ("sponsor_left", {"score": 50}, None)
    assert (red["task_of"], yellow["task_of"]) == ("cara@example.com", "nobody")
    assert (yellow["closed_as_of"], yellow["closed_because"]) == (AS_OF + DAY, "recovered")


def test_an_account_explains_its_care(conn: Connection) -> None:
    """When the next touch is due, in which audiences it is, and where its success plan stands; not what is over."""
    base = {"account_id": ACCOUNT, "from_day": AS_OF}
    put(conn, tables.touch_history, {**base, "kind": "check_in", "last_day": AS_OF, "due_day": AS_OF + 30 * DAY})
    put(conn, tables.audience_history, {**base, "audience": "tips"}, {**base, "audience": "gone", "to_day": AS_OF})
    plan = {
        "plan": "template",
        "status": "blocked",
        "goals": 2,
        "goals_reached": 1,
        "blockers": "no data",
        "adoption_gap": "",
    }
    put(conn, tables.plan_history, {**base, **plan})
    (touch,) = explained(conn, "7 decisions: regular touches")
    assert (touch["touch"], touch["due_day"]) == ("check_in", AS_OF + 30 * DAY)
    assert [row["audience"] for row in explained(conn, "7 decisions: audiences")] == ["tips"]
    (standing,) = explained(conn, "7 decisions: success plan")
    assert (standing["plan"], standing["status"], standing["blockers"]) == ("template", "blocked", "no data")


def test_status_counts_what_is_open_and_overdue(conn: Connection) -> None:
    """Open alerts by colour and rule, the urgent ones first, and touches whose day has passed."""
    alert(conn, "01", "near_limit", "green")
    alert(conn, "02", "sponsor_left", "red")
    alert(conn, "03", "sponsor_left", "red", account_id="01OTHER", opened_as_of=AS_OF - DAY)
    alert(conn, "04", "no_login_14", "yellow", closed_as_of=AS_OF, closed_because="recovered")
    touch = {"account_id": ACCOUNT, "kind": "check_in", "due_day": AS_OF - 9 * DAY, "opened_as_of": AS_OF}
    put(conn, tables.touches, {**touch, "touch": "01"}, {**touch, "touch": "02", "closed_as_of": AS_OF})
    assert stands(conn, "open alerts") == [("red", "sponsor_left", 2, AS_OF - DAY), ("green", "near_limit", 1, AS_OF)]
    assert stands(conn, "overdue touches") == [("check_in", 1, AS_OF - 9 * DAY)]
