"""Cadence, audiences and success plans: when the next touch is due, who gets automated ones, where a plan stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, RowMapping, text

from tests.alert_days import DAY, measured, with_shipped_rules
from tests.decision_rows import ACCOUNT, AS_OF, NOW, account, customers, put, role, score, scorecard, user
from tests.health import noon
from warehouse import tables
from warehouse.alerts import signals
from warehouse.care import audiences, cadence, success_plans
from warehouse.work import openings
from warehouse.work.openings import Opening

MAPPINGS = with_shipped_rules()


@pytest.fixture
def conn(warehouse: Engine) -> Iterator[Connection]:
    """One mid-touch customer with a CSM, whose touchpoints, goals and features are delivered."""
    with warehouse.begin() as connection:
        customers(connection, account())
        put(connection, tables.users, user("005A", "cara@example.com"))
        put(connection, tables.account_roles, role("001A", "csm", user_ref="005A"))
        put(connection, tables.scorecards, *scorecard())
        placed(connection, "mid_touch")
        yield connection


def placed(conn: Connection, segment: str, since: date = AS_OF - 10 * DAY) -> None:
    conn.execute(tables.segment_history.delete())
    put(conn, tables.segment_history, {"account_id": ACCOUNT, "scheme": "rank", "from_day": since, "segment": segment})


def delivered(conn: Connection, on: date, *streams: tuple[str, str, str]) -> None:
    for system, stream, table in streams:
        row = {"system": system, "stream": stream, "table_name": table, "day": on - DAY, "seen_at": NOW}
        put(conn, tables.deliveries, row)


TOUCHES = (("salesforce", "Task", "touchpoints"), ("salesforce", "Event", "touchpoints"))


def touched(conn: Connection, on: date, kind: str = "call", subject: str = "Catch up", **columns: Any) -> None:
    n = conn.execute(text("SELECT count(*) FROM touchpoints")).scalar()
    touch = {"system": "salesforce", "stream": "Event", "id": f"00U{n}", "account_ref": "001A", "kind": kind}
    put(
        conn,
        tables.touchpoints,
        {**touch, "subject": subject, "day": on, "occurred_at": noon(on), "seen_at": NOW, **columns},
    )


def run(conn: Connection, on: date, segment: str = "mid_touch", came: bool = True) -> list[Opening]:
    """One day of cadence; returns the tasks that were asked for."""
    put(conn, tables.score_history, score(as_of=on, segment=segment))
    if came:
        delivered(conn, on, *TOUCHES)
    asked = cadence.decide(conn, MAPPINGS, on, NOW)
    openings.open(conn, MAPPINGS, on, NOW, asked)
    return asked


def rows(conn: Connection, table: str, order: str = "1") -> Sequence[RowMapping]:
    return conn.execute(text(f"SELECT * FROM {table} ORDER BY {order}")).mappings().all()


def due(conn: Connection) -> dict[str, date]:
    return {row["kind"]: row["due_day"] for row in rows(conn, "touch_history") if row["to_day"] is None}


# --- cadence ----------------------------------------------------------------------------------------------------------


def test_the_next_touch_is_counted_from_the_last_one(conn: Connection) -> None:
    """A monthly check-in is due 31 days after the last call, a health check after 91; a cancelled meeting is no touch."""
    touched(conn, AS_OF - 20 * DAY)
    touched(conn, AS_OF - 3 * DAY, "meeting", outcome="cancelled_by_customer")
    assert run(conn, AS_OF) == []
    found = due(conn)
    assert found["check_in"] == AS_OF + 11 * DAY
    assert found["health_check"] == AS_OF + 71 * DAY


def test_without_any_touch_it_is_counted_from_the_segment(conn: Connection) -> None:
    """Who was never called is due an interval after coming into the segment, not at once."""
    assert run(conn, AS_OF) == []
    assert due(conn)["check_in"] == AS_OF + 21 * DAY


def test_an_overdue_touch_is_one_task_that_a_call_closes(conn: Connection) -> None:
    """It opens on the day after the due one, once, and closes by itself when the call is logged."""
    touched(conn, AS_OF - 31 * DAY)
    touched(conn, AS_OF - 31 * DAY, "meeting", subject="Renewal planning, business review")
    assert [len(run(conn, AS_OF + n * DAY)) for n in range(3)] == [0, 1, 0]
    (task,) = rows(conn, "tasks")
    assert (task["rule"], task["owner_email"], task["capped"]) == ("check_in", "cara@example.com", True)
    assert task["subject"] == "Globex: monthly check-in is due"
    assert "due since 20 Nov 2026, the last one was on 20 Oct 2026" in task["body"]
    touched(conn, AS_OF + 2 * DAY)
    run(conn, AS_OF + 3 * DAY)
    (task,) = rows(conn, "tasks")
    assert (task["closed_because"], due(conn)["check_in"]) == ("condition_met", AS_OF + 33 * DAY)


def test_a_task_that_was_ticked_off_counts_as_the_touch(conn: Connection) -> None:
    """The person says that it is done: the next one is due an interval later, and nothing opens on the next day."""
    touched(conn, AS_OF - 40 * DAY)
    assert len(run(conn, AS_OF)) == 1
    conn.execute(tables.tasks.update().values(closed_as_of=AS_OF, closed_because="done_by_person"))
    assert run(conn, AS_OF + DAY) == []
    assert due(conn)["check_in"] == AS_OF + 32 * DAY


def test_late_touchpoints_make_nobody_overdue(conn: Connection) -> None:
    """Without today's calls and meetings nobody knows whether the touch took place."""
    touched(conn, AS_OF - 31 * DAY)
    delivered(conn, AS_OF - 5 * DAY, *TOUCHES)
    assert [run(conn, AS_OF + n * DAY, came=False) for n in range(4)] == [[]] * 4
    assert len(run(conn, AS_OF + 4 * DAY)) == 1


def test_another_segment_has_another_rhythm(conn: Connection) -> None:
    """Who moves to low-touch has no regular touches; the open one ends with its task."""
    touched(conn, AS_OF - 40 * DAY)
    run(conn, AS_OF)
    placed(conn, "low_touch")
    run(conn, AS_OF + DAY, "low_touch")
    assert due(conn) == {}
    assert [touch["closed_because"] for touch in rows(conn, "touches")] == ["not_due"]
    assert [task["closed_because"] for task in rows(conn, "tasks")] == ["condition_met"]


def test_time_alone_changes_nothing_that_the_crm_shows(conn: Connection) -> None:
    """Twenty days without a touch leave one row per touch: the due day does not move by itself (D24)."""
    touched(conn, AS_OF - 2 * DAY)
    for n in range(20):
        run(conn, AS_OF + n * DAY)
    assert [row["from_day"] for row in rows(conn, "touch_history", "kind")] == [AS_OF] * 4


# --- audiences --------------------------------------------------------------------------------------------------------


def place(conn: Connection, on: date, values: dict[str, float | None], late: int = 0, **columns: Any) -> set[str]:
    """One day of audiences; returns those that the account is in."""
    put(conn, tables.score_history, score(as_of=on, segment="low_touch", **columns))
    measured(conn, on, values)
    conn.execute(tables.measure_readiness.delete())
    ready = {"linked": "salesforce", "evaluated_as_of": on - late * DAY, "reason": "", "by_product": False}
    put(conn, tables.measure_readiness, *({"measure": name, **ready} for name in values))
    with signals.gathered(conn, MAPPINGS, on, NOW):
        audiences.place(conn, MAPPINGS, on)
    return {row["audience"] for row in rows(conn, "audience_history") if row["to_day"] is None}


def test_an_audience_has_an_entry_and_an_exit(conn: Connection) -> None:
    """Near the limit the account is in the audience of the upgrade prompt; below it not any more, with both days kept."""
    placed(conn, "low_touch")
    heard = [place(conn, AS_OF + n * DAY, {"limit_used_pct": pct}) for n, pct in enumerate((70.0, 85.0, 90.0, 60.0))]
    assert ["upgrade_prompt" in found for found in heard] == [False, True, True, False]
    (stay,) = [row for row in rows(conn, "audience_history") if row["audience"] == "upgrade_prompt"]
    assert (stay["from_day"], stay["to_day"]) == (AS_OF + DAY, AS_OF + 2 * DAY)
    assert {"check_in_mail", "webinars"} <= heard[-1]


def test_nobody_leaves_an_audience_because_a_source_is_late(conn: Connection) -> None:
    """While nobody can tell, who is in stays in, and who is out stays out."""
    placed(conn, "low_touch")
    assert "upgrade_prompt" in place(conn, AS_OF, {"limit_used_pct": 85.0})
    assert "upgrade_prompt" in place(conn, AS_OF + DAY, {"limit_used_pct": 50.0}, late=3)
    assert "upgrade_prompt" in place(conn, AS_OF + 2 * DAY, {"limit_used_pct": None})
    assert "upgrade_prompt" not in place(conn, AS_OF + 3 * DAY, {"limit_used_pct": 50.0})
    assert "upgrade_prompt" not in place(conn, AS_OF + 4 * DAY, {"limit_used_pct": 95.0}, late=3)


def test_onboarding_has_its_own_sequence(conn: Connection) -> None:
    """A newcomer gets the onboarding sequence and none of the mails for customers."""
    placed(conn, "low_touch")
    assert place(conn, AS_OF, {}, lifecycle="onboarding") == {"onboarding_sequence"}


# --- success plans ----------------------------------------------------------------------------------------------------

GOALS = (("product", "goals", "goals"),)
FEATURES = (("product", "features", "feature_days"),)


def plan(conn: Connection, on: date, segment: str, *, came: bool = True, **values: float | None) -> RowMapping | None:
    """One day of success plans; returns where the account's stands."""
    put(conn, tables.score_history, score(as_of=on, segment=segment))
    if came:
        delivered(conn, on, *GOALS, *FEATURES)
    measured(conn, on, values)
    conn.execute(tables.measure_readiness.delete())
    ready = {"linked": "product,salesforce", "evaluated_as_of": on, "reason": "", "by_product": False}
    put(conn, tables.measure_readiness, *({"measure": name, **ready} for name in values))
    with signals.gathered(conn, MAPPINGS, on, NOW):
        success_plans.place(conn, MAPPINGS, on)
    return next((row for row in rows(conn, "plan_history") if row["to_day"] is None), None)


@pytest.fixture
def linked(conn: Connection) -> Connection:
    """The customer is known in the product too."""
    put(conn, tables.links, {
        "account_id": ACCOUNT, "system": "product", "object": "account", "external_id": "w1", "rule": "key",
        "valid_from": NOW,
    })  # fmt: skip
    return conn


def goal(conn: Connection, id_: str, **columns: Any) -> None:
    base = {"system": "product", "stream": "goals", "id": id_, "account_ref": "w1", "title": id_, "seen_at": NOW}
    conn.execute(tables.goals.delete().where(tables.goals.c.id == id_))
    put(conn, tables.goals, {**base, "stated_day": AS_OF - 60 * DAY, **columns})


def test_a_plan_goes_from_missing_over_blocked_to_reached(linked: Connection) -> None:
    """High-touch without a goal lacks a plan; a blocked goal blocks it by name; when all are reached it is reached."""
    found = plan(linked, AS_OF, "high_touch")
    assert found is not None
    assert (found["plan"], found["status"], found["goals"]) == ("custom", "missing", 0)
    goal(linked, "Cut reporting time", status="Blocked", progress_day=AS_OF - 9 * DAY)
    goal(linked, "Roll out to sales", reached_day=AS_OF - 4 * DAY)
    found = plan(linked, AS_OF + DAY, "high_touch")
    assert found is not None
    assert (found["status"], found["goals"], found["goals_reached"]) == ("blocked", 2, 1)
    assert found["blockers"] == "Cut reporting time"
    goal(linked, "Cut reporting time", status="Done", reached_day=AS_OF + DAY)
    found = plan(linked, AS_OF + 2 * DAY, "high_touch")
    assert found is not None
    assert (found["status"], found["goals_reached"], found["blockers"]) == ("reached", 2, "")


def test_without_progress_a_plan_is_stalled(linked: Connection) -> None:
    """Ninety days without a step forward are a stall, one day less is not."""
    goal(linked, "Cut reporting time", progress_day=AS_OF - 90 * DAY, stated_day=AS_OF - 200 * DAY)
    found = plan(linked, AS_OF, "high_touch")
    assert found is not None
    assert found["status"] == "on_track"
    found = plan(linked, AS_OF + DAY, "high_touch")
    assert found is not None
    assert found["status"] == "stalled"


def test_mid_touch_follows_the_template_until_it_has_goals_of_its_own(linked: Connection) -> None:
    """The template's goals are judged by measures; a stated goal takes their place; low-touch has no plan."""
    found = plan(linked, AS_OF, "mid_touch", active_days_14=12.0, core_features_28=2.0, champions_engaged_30=1.0)
    assert found is not None
    assert (found["plan"], found["goals"], found["goals_reached"], found["status"]) == ("template", 3, 2, "on_track")
    assert plan(linked, AS_OF + DAY, "low_touch") is None
    goal(linked, "Cut reporting time")
    found = plan(linked, AS_OF + 2 * DAY, "mid_touch")
    assert found is not None
    assert (found["plan"], found["goals"]) == ("custom", 1)


def test_the_features_that_the_plan_names_and_nobody_uses_are_named(linked: Connection) -> None:
    """Of three features of the plan one is used: the other two are the adoption gap."""
    for n, feature in enumerate(("api", "reports", "alerts")):
        base = {"system": "product", "stream": "plans", "account_ref": "w1", "seen_at": NOW, "product": ""}
        put(linked, tables.plan_features, {**base, "id": str(n), "feature": feature, "plan": "success"})
    used = {"system": "product", "stream": "features", "account_ref": "w1", "product": "", "feature": "api"}
    put(
        linked,
        tables.feature_days,
        {**used, "day": AS_OF - 28 * DAY, "uses": 3, "file_hash": "", "line": 1, "seen_at": NOW},
    )
    found = plan(linked, AS_OF, "high_touch")
    assert found is not None
    assert found["adoption_gap"] == "alerts; reports"
    found = plan(linked, AS_OF + DAY, "high_touch")
    assert found is not None
    assert found["adoption_gap"] == "alerts; api; reports"


def test_late_goals_leave_a_plan_as_it_was(linked: Connection) -> None:
    """Without new deliveries a plan neither stalls nor ends."""
    goal(linked, "Cut reporting time", progress_day=AS_OF - 90 * DAY)
    plan(linked, AS_OF, "high_touch")
    for n in range(1, 6):
        found = plan(linked, AS_OF + n * DAY, "high_touch", came=n == 1)
    assert found is not None
    assert len(rows(linked, "plan_history")) == 2
