"""Playbooks that follow a calendar: onboarding, renewal, reviews, milestones, and the expansion beside sales."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from tests.decision_rows import NOW, put
from tests.playbook_days import (
    ACCOUNT,
    AS_OF,
    DAY,
    closed,
    complete,
    delete,
    episodes,
    furnish,
    live,
    only,
    opened,
    tasks,
    touch,
)
from warehouse import tables


@pytest.fixture
def conn(warehouse: Engine) -> Iterator[Connection]:
    with warehouse.begin() as connection:
        yield connection


def measured(conn: Connection, measure: str, value: float, from_day: int = -400) -> None:
    row = {"account_id": ACCOUNT, "product": "", "measure": measure, "value": value, "from_day": AS_OF + from_day * DAY}
    put(conn, tables.measure_history, row)


HEALTHY: dict[str, Any] = {"state": "healthy", "score": 82}


# --- onboarding -------------------------------------------------------------------------------------------------------


def test_ninety_days_of_onboarding(conn: Connection) -> None:
    """Each step opens on its day; what is reached before its time is not asked for; it ends a week after day 90."""
    furnish(conn, first_subscription_start=AS_OF)
    measured(conn, "goals_stated", 2.0, from_day=1)
    measured(conn, "days_since_touch", 8.0, from_day=16)
    for day in [*range(12), 17, 18, 22, 24, 36, 61, 90, 97, 98, 99]:
        if day == 4:
            touch(conn, 4, "outbound", "held")
        lifecycle = "onboarding" if day <= 90 else "customer"
        live(conn, only("onboarding"), day, **HEALTHY, lifecycle=lifecycle)
    assert opened(conn) == {1: 0, 3: 8, 8: 10, 9: 17, 4: 22, 10: 24, 5: 36, 6: 61}
    assert closed(conn)[1] == (5, "condition_met")
    assert episodes(conn) == [("onboarding", 0, 98, "completed")]


def test_who_connects_in_the_middle_gets_what_is_due_then(conn: Connection) -> None:
    """A customer of 45 days meets us for the first time: one step of now, none of the weeks before, without a score too."""
    furnish(conn, first_subscription_start=AS_OF - 45 * DAY)
    for day in range(3):
        live(conn, only("onboarding"), day, "insufficient_data", score=None, lifecycle="onboarding")
    assert opened(conn) == {5: 0}


def test_trouble_while_onboarding_is_a_step_of_it(conn: Connection) -> None:
    """D7: the at-risk playbook keeps still; the onboarding one speaks, and its task closes when the trouble is over."""
    furnish(conn, first_subscription_start=AS_OF - 40 * DAY)
    for day in range(5):
        state = "at_risk" if day < 3 else "monitor"
        live(conn, only("onboarding", "at_risk"), day, state, lifecycle="onboarding")
    assert opened(conn) == {5: 0, 20: 0}
    assert closed(conn) == {20: (3, "condition_met")}
    assert [e[0] for e in episodes(conn)] == ["onboarding"]


# --- renewal ----------------------------------------------------------------------------------------------------------


def renewal_on(conn: Connection, day: date | None) -> None:
    conn.execute(text("UPDATE accounts SET renewal_date = :day"), {"day": day})


def test_a_renewal_that_is_signed_on_the_last_day(conn: Connection) -> None:
    """120, 90, 60, 30 days before; the new term closes what is open and begins the new one; then it is over."""
    furnish(conn, renewal_date=AS_OF + 130 * DAY)
    days = [*range(8, 12), *range(38, 42), *range(68, 72), *range(98, 102), *range(128, 134), *range(158, 163)]
    for day in days:
        if day == 131:
            renewal_on(conn, AS_OF + 495 * DAY)
        live(conn, only("renewal"), day, **HEALTHY)
    assert opened(conn) == {1: 10, 2: 40, 3: 70, 4: 100, 5: 130, 7: 131}
    assert {why for step, (_, why) in closed(conn).items() if step != 7} == {"condition_met"}
    assert episodes(conn) == [("renewal", 10, 160, "renewed")]


def test_a_renewal_that_does_not_come(conn: Connection) -> None:
    """Nothing is signed: the day itself, a week later the manager, after a month the outcome."""
    furnish(conn, renewal_date=AS_OF + 2 * DAY)
    for day in range(40):
        live(conn, only("renewal"), day, **HEALTHY)
    assert opened(conn) == {4: 0, 5: 2, 6: 9}
    assert next(t["owner_email"] for t in tasks(conn) if t["step"] == 6) == "mona@example.com"
    assert episodes(conn) == [("renewal", 0, 32, "not_renewed")]


def test_a_corrected_date_moves_the_steps_and_repeats_none(conn: Connection) -> None:
    """Ten days later than first typed is the same renewal: day 60 comes ten days later."""
    furnish(conn, renewal_date=AS_OF + 65 * DAY)
    for day in range(18):
        if day == 3:
            renewal_on(conn, AS_OF + 75 * DAY)
        live(conn, only("renewal"), day, **HEALTHY)
    assert opened(conn) == {2: 0, 3: 15}
    assert len(episodes(conn)) == 1


# --- reviews and milestones -------------------------------------------------------------------------------------------


def test_reviews_come_round_and_are_not_piled_up(conn: Connection) -> None:
    """Every 91 days since the start; done or lapsed, the next one comes; while the account is at risk none does."""
    furnish(conn, first_subscription_start=AS_OF - 180 * DAY)
    quarterly = only("quarterly_review")
    for day in [*range(30), 71, 72, *range(92, 96), *range(180, 215), *range(272, 280)]:
        if day == 5:
            complete(conn, 1)
        state = "at_risk" if 180 <= day < 190 else "healthy"
        live(conn, quarterly, day, state, score=82, segment="high_touch")
    assert episodes(conn) == [
        ("quarterly_review", 2, 5, "held"),
        ("quarterly_review", 93, 180, "lapsed"),
        ("quarterly_review", 190, 272, "lapsed"),
        ("quarterly_review", 275, None, None),
    ]


@pytest.mark.parametrize(("segment", "names"), [
    ("high_touch", {"quarterly_review"}), ("mid_touch", set()), ("low_touch", set()), (None, set()),
    ("strategic", {"quarterly_review", "monthly_review"}),
])  # fmt: skip
def test_who_is_reviewed(conn: Connection, segment: str | None, names: set[str]) -> None:
    """Care follows the segment of either scheme."""
    furnish(conn, first_subscription_start=AS_OF - 91 * DAY)
    reviews = only("monthly_review", "quarterly_review", "half_year_review", "executive_review")
    live(conn, reviews, 0, **HEALTHY, segment=segment)
    assert {e[0] for e in episodes(conn)} == names


def test_the_check_in_after_onboarding(conn: Connection) -> None:
    """Thirty days after day 90, once; a held meeting is enough."""
    furnish(conn, first_subscription_start=AS_OF - 118 * DAY)
    for day in range(20):
        if day == 6:
            touch(conn, 6, "outbound", "held")
        live(conn, only("first_check_in"), day, **HEALTHY)
    assert episodes(conn) == [("first_check_in", 2, 7, "completed")]


# --- growth -----------------------------------------------------------------------------------------------------------


def handed_off(conn: Connection, state: str, **columns: Any) -> None:
    conn.execute(text("DELETE FROM handoffs"))
    row = {
        "handoff": "01HANDOFF", "key": "demo:01HANDOFF", "account_id": ACCOUNT, "opened_as_of": AS_OF,
        "opened_at": NOW, "system": "salesforce", "owner_email": "sven@example.com", "name": "Globex: expansion",
        "reasons": '["seats: 92 of 100 used (92%)"]', "context": "", "close_date": AS_OF + 90 * DAY, "state": state, **columns,
    }  # fmt: skip
    put(conn, tables.handoffs, row)


def answered(conn: Connection, *questions: str) -> None:
    base = {"system": "salesforce", "stream": "Account", "id": "001A", "account_ref": "001A", "text": "yes"}
    put(conn, tables.attributes, *({**base, "name": f"expansion_{question}"} for question in questions))


def test_customer_success_qualifies_introduces_and_stays(conn: Connection) -> None:
    """The task says what is missing and closes with the answers; accepted: introduce; won: begin the larger scope."""
    furnish(conn)
    expansion = only("expansion")
    answered(conn, "need")
    for day in range(60):
        if day == 4:
            answered(conn, "budget", "authority", "timeline")
        handed_off(conn, "proposed" if day < 10 else "accepted" if day < 25 else "won")
        if day == 12:
            complete(conn, 2)
        live(conn, expansion, day, **HEALTHY)
    assert opened(conn) == {1: 0, 2: 10, 4: 25}
    assert closed(conn)[1] == (4, "condition_met")
    (first, *_) = tasks(conn)
    assert first["subject"] == "Globex is ready to grow: find out budget, authority, timeline"
    assert 'Sven in sales has the lead "Globex: expansion".\n- seats: 92 of 100 used (92%)' in first["body"]
    assert "- Budget: is there money for it, how much, and in which year?\n- Authority" in first["body"]
    assert episodes(conn) == [("expansion", 0, 30, "completed")]


@pytest.mark.parametrize("state", ["declined", "lost"])
def test_the_work_ends_with_the_lead(conn: Connection, state: str) -> None:
    """Sales does not take it up in 14 days: one question; it declines: everything closes."""
    furnish(conn)
    answered(conn, "need", "budget", "authority", "timeline")
    for day in range(20):
        handed_off(conn, "proposed" if day < 17 else state)
        live(conn, only("expansion"), day, **HEALTHY)
    assert opened(conn) == {3: 14}
    assert closed(conn) == {3: (17, "condition_met")}
    assert episodes(conn) == [("expansion", 0, 17, state)]


def test_near_a_limit_but_not_healthy_enough_for_sales(conn: Connection) -> None:
    """80% of a limit at 82 points is a talk about usage, and once in 90 days."""
    furnish(conn)
    measured(conn, "limit_used_pct", 85.0)
    for day in range(100):
        if day == 1:
            complete(conn, 1)
        live(conn, only("growth_talk"), day, **HEALTHY)
    assert [e[1:3] for e in episodes(conn)] == [(0, 1), (92, None)]


# --- people and chance ------------------------------------------------------------------------------------------------


def test_a_season_of_any_days_with_people_in_between(conn: Connection) -> None:
    """Every playbook, random states, people completing and deleting, some days twice, some not at all: no task twice."""
    dice = random.Random(7)
    furnish(conn, first_subscription_start=AS_OF - 60 * DAY, renewal_date=AS_OF + 70 * DAY)
    everything = only()
    states = [("healthy", 90), ("monitor", 70), ("at_risk", 50), ("critical", 30), ("insufficient_data", None)]
    state, score = states[0]
    for day in range(45):
        if dice.random() < 0.15:
            state, score = dice.choice(states)
        if dice.random() < 0.1:
            touch(conn, day, dice.choice(["inbound", "outbound"]), dice.choice([None, "held", "no_show"]))
        still_open = [task for task in tasks(conn) if task["closed_as_of"] is None]
        if still_open and dice.random() < 0.2:
            delete(conn, dice.choice(still_open)["key"])
        if dice.random() < 0.2:
            continue
        lifecycle = "onboarding" if day <= 30 else "customer"
        live(conn, everything, day, state, score=score, lifecycle=lifecycle, segment="high_touch")
        if dice.random() < 0.5:
            continue
        conn.execute(text("DELETE FROM score_history WHERE as_of = :day"), {"day": AS_OF + day * DAY})
        again = live(conn, everything, day, state, score=score, lifecycle=lifecycle, segment="high_touch")
        assert (again.opened, again.tasks) == (0, 0)
    found = tasks(conn)
    assert len(found) == len({task["key"] for task in found}) > 5
    for (_, playbook), count in Counter((t["opened_as_of"], t["rule"]) for t in found if t["capped"]).items():
        assert count == 1, playbook
    ended = {row.episode: row.closed_as_of for row in conn.execute(text("SELECT * FROM episodes"))}
    for task in found:
        last = ended[task["episode"]]
        assert last is None or (task["closed_as_of"] is not None and task["opened_as_of"] <= last)
