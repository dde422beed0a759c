"""What a CRM shows of an account's care: alerts, audiences, plan and next touch, written when any of it changed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine

from tests.alert_days import DAY, with_shipped_rules
from tests.decision_rows import ACCOUNT, AS_OF, NOW, account, customers, put, score
from warehouse import desired, tables
from warehouse.desired.row import Columns, DesiredRow

MAPPINGS = with_shipped_rules()
KEY = f"{ACCOUNT}:001A"


@pytest.fixture
def conn(warehouse: Engine) -> Iterator[Connection]:
    """One scored customer with a record in Salesforce."""
    with warehouse.begin() as connection:
        customers(connection, account())
        put(connection, tables.score_history, score())
        yield connection


def row(conn: Connection) -> tuple[DesiredRow, Columns]:
    wanted = desired.rows(conn, MAPPINGS, "salesforce", MAPPINGS.systems["salesforce"].push["account_care"])
    (only,) = wanted.decisions()
    return only, wanted.columns([only.row_key])[only.row_key]


def alert(conn: Connection, rule: str, colour: str, alert_id: str, **columns: object) -> None:
    base = {"account_id": ACCOUNT, "opened_as_of": AS_OF, "opened_at": NOW, "says": "it is so", "signals": "{}"}
    put(conn, tables.alerts, {**base, "alert": alert_id, "rule": rule, "colour": colour, **columns})


def test_an_account_without_anything_shows_nothing(conn: Connection) -> None:
    """No alert, no audience, no plan: zeros and empty fields, so that what was there before is cleared."""
    decided, columns = row(conn)
    assert (decided.row_key, decided.external_id) == (KEY, "001A")
    assert {name for name, value in columns.items() if value} == {"account_id", "external_id"}
    assert columns["open_red"] == 0


def test_everything_that_is_open_is_shown_the_most_urgent_first(conn: Connection) -> None:
    """Counts by colour, the labels of three alerts, the audiences, where the plan stands, and the touch that is due first."""
    for n, (rule, colour) in enumerate(
        [("near_limit", "green"), ("no_login_14", "yellow"), ("sponsor_left", "red"), ("ticket_unresolved_7", "yellow")]
    ):
        alert(conn, rule, colour, f"0{n}")
    alert(conn, "critical_ticket", "red", "09", closed_as_of=AS_OF)
    stays = [{"account_id": ACCOUNT, "audience": name, "from_day": AS_OF} for name in ("webinars", "tips")]
    put(conn, tables.audience_history, *stays, {**stays[0], "audience": "gone", "to_day": AS_OF})
    put(conn, tables.plan_history, {
        "account_id": ACCOUNT, "from_day": AS_OF, "plan": "custom", "status": "blocked", "goals": 2, "goals_reached": 1,
        "blockers": "Cut reporting time", "adoption_gap": "api; reports",
    })  # fmt: skip
    touches = {"check_in": 20, "health_check": 9}
    due = [
        {"account_id": ACCOUNT, "kind": kind, "from_day": AS_OF, "due_day": AS_OF + n * DAY}
        for kind, n in touches.items()
    ]
    put(conn, tables.touch_history, *due)
    _, columns = row(conn)
    assert (columns["open_red"], columns["open_yellow"], columns["open_green"]) == (1, 2, 1)
    assert columns["alerts"] == "Executive sponsor left; No login in 14 days; Ticket unresolved for 7 days"
    assert columns["audiences"] == "tips;webinars"
    assert (columns["plan_status"], columns["goals"], columns["goals_reached"]) == ("blocked", 2, 1)
    assert (columns["plan_blockers"], columns["adoption_gap"]) == ("Cut reporting time", "api; reports")
    assert (columns["next_touch"], columns["next_touch_due"]) == ("quarterly health check", AS_OF + 9 * DAY)


def test_it_is_written_again_only_when_something_changed(conn: Connection) -> None:
    """Another day and another score leave the decision as it was; an alert that opens changes it (D24)."""
    before, _ = row(conn)
    put(conn, tables.score_history, score(as_of=AS_OF + 3 * DAY, score=55, tier="at_risk", state="at_risk"))
    later, _ = row(conn)
    assert later.decision == before.decision
    alert(conn, "sponsor_left", "red", "01")
    assert row(conn)[0].decision != before.decision


def test_who_leaves_is_emptied_once(conn: Connection) -> None:
    """An account that is no customer any more loses what was pushed, and nothing of it is shown."""
    alert(conn, "sponsor_left", "red", "01")
    put(conn, tables.acknowledged, {
        "system": "salesforce", "push": "account_care", "row_key": KEY, "object": "Account", "external_id": "001A",
        "fields": "{}", "decision": "x", "definition": "x", "acknowledged_at": NOW, "gone": False,
    })  # fmt: skip
    conn.execute(tables.accounts.update().values(customer=False))
    decided, columns = row(conn)
    assert decided.decision == "left"
    assert (columns["open_red"], columns["alerts"]) == (0, None)
