"""The escalation path of an account in trouble: every step on its day, on what was read back, and never twice (D18, D20)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, text

from mappings.models import Mappings
from tests.playbook_days import (
    AS_OF,
    DAY,
    closed,
    complete,
    deliver,
    episodes,
    furnish,
    live,
    only,
    opened,
    tasks,
    touch,
)


@pytest.fixture
def conn(warehouse: Engine) -> Iterator[Connection]:
    """A customer with somebody in every role, in a transaction."""
    with warehouse.begin() as connection:
        furnish(connection)
        yield connection


@pytest.fixture
def at_risk() -> Mappings:
    return only("at_risk")


def test_nobody_answers_and_nothing_moves(conn: Connection, at_risk: Mappings) -> None:
    """Assess on day 0, reach out on day 3, then another contact, the sponsor, the manager, an executive."""
    for day in range(40):
        live(conn, at_risk, day)
    assert opened(conn) == {1: 0, 2: 3, 7: 7, 14: 14, 21: 21, 30: 30}
    assert {t["step"]: (t["role"], t["owner_email"].split("@")[0]) for t in tasks(conn) if t["step"] >= 7} == {
        7: ("csm", "cara"),
        14: ("sponsor_owner", "vera"),
        21: ("csm_manager", "mona"),
        30: ("sponsor_owner", "vera"),
    }
    assert closed(conn) == {}


@pytest.mark.parametrize(("day", "how"), [(0, ("inbound", None)), (6, ("outbound", "held"))])
def test_an_answer_within_seven_days_needs_no_other_contact(
    conn: Connection, at_risk: Mappings, day: int, how: tuple[str, str | None]
) -> None:
    """An inbound touch or a held meeting since the opening; an unanswered call of ours is none."""
    touch(conn, -1)
    touch(conn, 2, "outbound", "no_show")
    for today in range(10):
        if today == day:
            touch(conn, day, *how)
        live(conn, at_risk, today)
    assert 7 not in opened(conn)
    assert opened(conn)[3] == 8


def test_an_answer_on_day_seven_comes_too_late_and_closes_the_task(conn: Connection, at_risk: Mappings) -> None:
    """What is decided stays decided; the task closes as soon as its reason is gone."""
    for day in range(12):
        if day == 7:
            touch(conn, 7)
        live(conn, at_risk, day)
    assert opened(conn)[7] == 7
    assert closed(conn)[7] == (8, "condition_met")


@pytest.mark.parametrize(("day", "escalates"), [(13, False), (14, False), (15, True)])
def test_progress_is_a_step_that_a_person_completed(
    conn: Connection, at_risk: Mappings, day: int, escalates: bool
) -> None:
    """Completed before the run of day 14: the sponsor is left alone. The step knows who did it."""
    for today in (0, 13, 14, 15, 16):
        if today == day:
            complete(conn, 1)
        live(conn, at_risk, today)
    assert (14 in opened(conn)) is escalates
    assert closed(conn)[1] == (day, "done_by_person")
    assert next(t["done_by"] for t in tasks(conn) if t["step"] == 1) == "005cara"


@pytest.mark.parametrize(("score", "escalates"), [(34, True), (35, False), (60, False)])
def test_improvement_is_five_points(conn: Connection, at_risk: Mappings, score: int, escalates: bool) -> None:
    """30 at the opening: 34 on day 21 is no improvement, 35 is."""
    for day in (0, 1, 20, 21, 22):
        live(conn, at_risk, day, score=score if day >= 20 else 30)
    assert (21 in opened(conn)) is escalates


def test_still_critical_is_asked_on_day_thirty_and_not_again(conn: Connection, at_risk: Mappings) -> None:
    """At risk on day 30 and critical again on day 31: the question was answered."""
    for day in (0, 29, 30, 31, 40):
        live(conn, at_risk, day, "at_risk" if day == 30 else "critical")
    assert 30 not in opened(conn)


def test_days_without_a_run_are_caught_up_without_a_flood(conn: Connection, at_risk: Mappings) -> None:
    """Nobody ran from day 2 to day 16: the escalations of days 7 and 14 open then, the outreach of week one does not."""
    for day in (0, 1, 16, 17):
        live(conn, at_risk, day)
    assert opened(conn) == {1: 0, 7: 16, 14: 16}


def test_a_late_source_is_no_silence(conn: Connection, at_risk: Mappings) -> None:
    """While the CRM's touches are not delivered nobody knows whether they answered; the first run that knows decides."""
    for day in range(12):
        deliver(conn, AS_OF + (min(day, 5) - 1 if day < 9 else 8) * DAY)
        if day == 9:
            touch(conn, 6)
        live(conn, at_risk, day)
    assert 7 not in opened(conn)


def test_a_day_without_a_score_moves_nothing(conn: Connection, at_risk: Mappings) -> None:
    """Insufficient data from day 6 to 9: what was due on day 7 is judged on day 10."""
    for day in range(12):
        live(conn, at_risk, day, score=None if 6 <= day <= 9 else 30)
    assert opened(conn) == {1: 0, 2: 3, 7: 10}


def test_the_cap_never_holds_an_escalation(conn: Connection) -> None:
    """With room for no new task a day the first task waits; once open, its escalations do not."""
    none, one = only("at_risk", max_new_tasks=0), only("at_risk", max_new_tasks=1)
    assert live(conn, none, 0).waiting == 1
    assert episodes(conn) == []
    live(conn, one, 1)
    for day in range(2, 10):
        live(conn, none, day)
    assert opened(conn) == {1: 1, 2: 4, 7: 8}


def test_a_recovery_ends_the_path(conn: Connection, at_risk: Mappings) -> None:
    """Out of danger on day 12: open steps close with the episode, and nothing of it opens later."""
    for day in (0, 3, 7, 11, 12, 14, 21, 30):
        live(conn, at_risk, day, "critical" if day < 12 else "monitor", score=30 if day < 12 else 70)
    assert episodes(conn) == [("at_risk", 0, 12, "recovered")]
    assert opened(conn) == {1: 0, 2: 3, 7: 7}
    assert set(closed(conn).values()) == {(12, "condition_met")}


def test_who_leaves_takes_every_step_along(conn: Connection, at_risk: Mappings) -> None:
    """A churned customer has no task of any playbook, and gets none on a later day."""
    for day in (0, 3, 7, 14, 15, 21, 30):
        if day == 15:
            conn.execute(text("UPDATE accounts SET customer = FALSE"))
        live(conn, at_risk, day)
    assert episodes(conn) == [("at_risk", 0, 15, "account_left")]
    assert set(closed(conn).values()) == {(15, "account_left")}
    assert max(opened(conn).values()) == 14


def test_a_step_without_an_owner_comes_when_there_is_one(conn: Connection, at_risk: Mappings) -> None:
    """Nobody is the sponsor's owner on day 14: a question; on day 18 somebody is, and the task opens once."""
    conn.execute(text("UPDATE users SET active = FALSE WHERE id = '005vera'"))
    for day in (0, 13, 14, 17, 18, 19):
        if day == 18:
            conn.execute(text("UPDATE users SET active = TRUE"))
        decided = live(conn, at_risk, day)
        assert decided.unowned == (1 if 14 <= day < 18 else 0)
    assert opened(conn)[14] == 18
    assert len(tasks(conn)) == len({task["key"] for task in tasks(conn)})
