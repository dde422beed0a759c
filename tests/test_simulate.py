"""Weeks of stories played day by day; what they open, escalate and close, worked out by hand from the rules.

Day 1 is the first played one. A ticket of day 3 is open when day 3 is scored for the event alert, and in the measures
of day 4; the first score below 60 leaves the state, the second opens the episode (D15): day 5, which is day 0 of D18.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from flows import simulate
from warehouse.diary import Entry

DAY_0 = date(2026, 10, 14)
THROUGHOUT = pytest.mark.parametrize("played", [8, pytest.param(37, marks=pytest.mark.heavy)], indirect=True)
"""Days played: what the first week shows must still be so after five."""
TO_THE_END = pytest.mark.parametrize("played", [pytest.param(37, marks=pytest.mark.heavy)], indirect=True)


@pytest.fixture(scope="module")
def played(request: pytest.FixtureRequest) -> Sequence[Entry]:
    return simulate.simulate(request.param, DAY_0 + timedelta(days=request.param))


def of(played: Sequence[Entry], account: str, what: str, happened: str) -> list[tuple[int, str, str]]:
    """The days on which it happened to the account, with which and because."""
    return [
        ((entry.day - DAY_0).days, entry.which, entry.because)
        for entry in played
        if (entry.account, entry.what, entry.happened) == (account, what, happened)
    ]


def days(found: Sequence[tuple[int, str, str]]) -> list[int]:
    return [day for day, _, _ in found]


@THROUGHOUT
def test_two_weak_days_open_an_episode_and_one_task_for_the_csm(played: Sequence[Entry]) -> None:
    """Strained since day 3, at risk on day 5; whoever acts and whoever does not is asked alike."""
    for account in ("Alder Freight", "Birch Clinics"):
        assert days(of(played, account, "episode", "opened"))[0] == 5
        assert 5 in days(of(played, account, "task", "opened"))


@THROUGHOUT
def test_a_task_that_is_done_is_known_the_next_day(played: Sequence[Entry]) -> None:
    """Opened on day 5, completed on the evening of day 7, known on day 8."""
    done = of(played, "Birch Clinics", "task", "closed")
    assert (8, "done_by_person") in [(day, because) for day, _, because in done]


@THROUGHOUT
def test_growth_is_handed_to_sales(played: Sequence[Entry]) -> None:
    """The seats of both ran out on day 4: one handoff each on the day after."""
    for account in ("Elm Robotics", "Fir Analytics"):
        assert days(of(played, account, "handoff", "opened")) == [5]


@TO_THE_END
def test_nobody_acts_and_every_escalation_comes_on_its_day(played: Sequence[Entry]) -> None:
    """Opened on day 5; no response by day 7, no progress by 14, no improvement by 21, still critical on 30."""
    assert days(of(played, "Alder Freight", "episode", "opened")) == [5]
    escalated = of(played, "Alder Freight", "task", "escalated")
    assert days(escalated) == [5 + 7, 5 + 14, 5 + 21, 5 + 30]
    assert [because.split()[0] for _, _, because in escalated] == [
        "csm",
        "sponsor_owner",
        "csm_manager",
        "sponsor_owner",
    ]


@TO_THE_END
def test_a_csm_who_acts_is_not_escalated_over(played: Sequence[Entry]) -> None:
    """The task is done two days after it came, they answer and meet, the score recovers and the episode closes."""
    assert of(played, "Birch Clinics", "task", "escalated") == []
    assert days(of(played, "Birch Clinics", "episode", "opened"))[0] == 5
    closed = [(which, because) for _, which, because in of(played, "Birch Clinics", "episode", "closed")]
    assert ("at_risk", "recovered") in closed


@THROUGHOUT
def test_what_a_csm_knows_better_is_believed(played: Sequence[Entry]) -> None:
    """The sponsor left on day 5 at 15:00: red on day 6; "not a risk" on the evening of day 7 closes it on day 8."""
    left = [found for found in of(played, "Cedar Optics", "alert", "opened") if "sponsor" in found[1]]
    assert [(day, because.split(",")[0]) for day, _, because in left] == [(6, "red")]
    closed = [found for found in of(played, "Cedar Optics", "alert", "closed") if "sponsor" in found[1]]
    assert [(day, because) for day, _, because in closed] == [(8, "not_a_risk")]


@TO_THE_END
def test_a_critical_ticket_is_one_alert_and_its_end_is_said_once(played: Sequence[Entry]) -> None:
    """Opened on day 8 at 9:00, solved on day 10 at 16:00: the first noon that can know it is day 11."""
    opened = [found for found in of(played, "Dogwood Media", "alert", "opened") if "critical" in found[1]]
    closed = [found for found in of(played, "Dogwood Media", "alert", "closed") if "critical" in found[1]]
    assert (days(opened), [(day, because) for day, _, because in closed]) == ([8], [(11, "recovered")])
    assert of(played, "Dogwood Media", "episode", "opened") == []


@TO_THE_END
def test_sales_that_said_no_is_not_asked_again(played: Sequence[Entry]) -> None:
    """One handoff on the day after the seats ran out, lost six days later, and none in its cool-down."""
    opened = of(played, "Elm Robotics", "handoff", "opened")
    closed = of(played, "Elm Robotics", "handoff", "closed")
    assert (days(opened), days(closed)) == ([5], [12])
    assert closed[0][2] in ("declined", "lost")


@TO_THE_END
def test_sales_that_wins_is_followed_by_customer_success(played: Sequence[Entry]) -> None:
    """Created on day 5, won on the evening 21 days later, known on day 27; the CSM helps the larger scope to begin."""
    assert [(day, because) for day, _, because in of(played, "Fir Analytics", "handoff", "closed")] == [(27, "won")]
    assert any(day >= 27 for day in days(of(played, "Fir Analytics", "task", "opened")))


@TO_THE_END
def test_who_leaves_is_left_alone(played: Sequence[Entry]) -> None:
    """Gone on day 10 at 15:00: on day 11 everything that was open closes, and nothing opens afterwards."""
    entries = [entry for entry in played if entry.account == "Maple Post"]
    last = DAY_0 + timedelta(days=11)
    assert {entry.because for entry in entries if entry.happened == "closed" and entry.day == last} == {"account_left"}
    assert all(entry.day <= last for entry in entries)


@THROUGHOUT
def test_nobody_is_bothered_where_nothing_happens(played: Sequence[Entry]) -> None:
    """No task, no episode, no change of state in five weeks."""
    assert {entry.what for entry in played if entry.account == "Oak Ridge Mills"} <= {"alert"}
    assert all("no task" in because for _, _, because in of(played, "Oak Ridge Mills", "alert", "opened"))


@THROUGHOUT
def test_the_first_weeks_of_a_customer_have_their_steps(played: Sequence[Entry]) -> None:
    """One onboarding, its first steps on the first day that we see it, later ones on theirs; no at-risk playbook."""
    assert [(day, which) for day, which, _ in of(played, "Ginkgo Labs", "episode", "opened")] == [(1, "onboarding")]
    opened = of(played, "Ginkgo Labs", "task", "opened")
    assert days(opened)[0] == 1
    assert len(opened) == len({which for _, which, _ in opened})


@THROUGHOUT
def test_a_renewal_is_prepared_at_ninety_days(played: Sequence[Entry]) -> None:
    """95 days before it on day 1; the review is asked for on day 6, once."""
    reviews = [found for found in of(played, "Hazel Foods", "task", "opened") if "90 days" in found[1]]
    assert days(reviews) == [6]


@THROUGHOUT
def test_no_task_comes_twice(played: Sequence[Entry]) -> None:
    """The same words for the same account within five weeks would be the same task."""
    tasks = [(entry.account, entry.which) for entry in played if entry.what == "task" and entry.happened != "closed"]
    assert len(tasks) == len(set(tasks))
