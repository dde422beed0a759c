"""Who is bothered by an alert, and who is not: news only, and one task where somebody is at the account already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from mappings.models import Mappings
from tests.alert_days import DAY, day, rules, shipped
from tests.decision_rows import ACCOUNT, AS_OF, NOW, account, customers, put, role, scorecard, user
from warehouse import tables

RED = {"id": "left", "colour": "red", "event": True, "when": {"sponsors_left": {"at_least": 1}}, "says": "they left"}
YELLOW = {"id": "fell", "when": {"days_since_login": {"at_least": 14}}, "says": "it fell"}
GREEN = {"id": "near", "colour": "green", "when": {"limit_used_pct": {"at_least": 80}}, "says": "it is near"}
AT_IT = {"no_task_while": shipped().no_task_while}

WELL = {"sponsors_left": 0.0, "days_since_login": 1.0, "limit_used_pct": 50.0}
LEFT = {"sponsors_left": 1.0}
FELL = {"days_since_login": 14.0}
NEAR = {"limit_used_pct": 91.0}


@pytest.fixture
def conn(warehouse: Engine) -> Iterator[Connection]:
    """One customer with a CSM, in a transaction."""
    with warehouse.begin() as connection:
        customers(connection, account())
        put(connection, tables.users, user("005A", "cara@example.com"))
        put(connection, tables.account_roles, role("001A", "csm", user_ref="005A"))
        put(connection, tables.scorecards, *scorecard())
        yield connection


def play(conn: Connection, mappings: Mappings, n: int, *found: Mapping[str, float]) -> list[str]:
    """What people hear on day n, on which this was found and everything else is well."""
    values: dict[str, float | None] = dict(WELL)
    for each in found:
        values |= each
    return day(conn, mappings, AS_OF + n * DAY, values)


def tasks(conn: Connection) -> list[str]:
    """The rules whose alerts have a task."""
    return list(conn.scalars(text("SELECT rule FROM tasks ORDER BY rule")))


# --- the first day of an account --------------------------------------------------------------------------------------


def test_the_first_day_announces_no_opportunities(conn: Connection) -> None:
    """What is well when we first see an account is no news; what is wrong is. The table says why nothing opened."""
    mappings = rules(RED, YELLOW, GREEN)
    assert play(conn, mappings, 0, LEFT, FELL, NEAR) == ["left opened", "fell opened"]
    assert [play(conn, mappings, n, LEFT, FELL, NEAR) for n in (1, 2)] == [[], []]
    noted = "SELECT rule, opened_as_of, closed_as_of, closed_because FROM alerts WHERE colour = 'green'"
    assert [tuple(row) for row in conn.execute(text(noted))] == [("near", AS_OF, AS_OF, "baseline")]


def test_a_second_run_of_the_first_day_announces_none_either(conn: Connection) -> None:
    """Facts that arrive between two runs of the first day belong to it."""
    mappings = rules(GREEN)
    assert play(conn, mappings, 0) == []
    conn.execute(tables.score_history.delete())
    assert play(conn, mappings, 0, NEAR) == []
    assert play(conn, mappings, 1, NEAR) == []


def test_an_opportunity_that_comes_later_is_news(conn: Connection) -> None:
    """It opens when it comes after the first day, and one of the first day after it was away for its cool-down."""
    mappings = rules(GREEN)
    heard = [play(conn, mappings, n, *found) for n, found in enumerate([(), (NEAR,)])]
    assert heard == [[], ["near opened"]]


def test_what_was_so_from_the_beginning_may_come_back(conn: Connection) -> None:
    """Seven quiet days after the first one, it is news when it is so again."""
    mappings = rules(GREEN)
    heard = [play(conn, mappings, n, *found) for n, found in enumerate([(NEAR,), *[()] * 7, (NEAR,)])]
    assert heard == [[]] * 8 + [["near opened"]]


# --- one task for one situation ---------------------------------------------------------------------------------------


def test_a_warning_beside_a_red_one_is_told_and_asks_nobody(conn: Connection) -> None:
    """Red and yellow on one day: both are told, one is a task; the warning asks when it is still so and red is over."""
    mappings = rules({**RED, "until": {"sponsors_left": {"at_most": 0}}}, YELLOW, **AT_IT)
    assert play(conn, mappings, 0, LEFT, FELL) == ["left opened", "fell opened"]
    assert tasks(conn) == ["left"]
    assert (play(conn, mappings, 1, LEFT, FELL), tasks(conn)) == ([], ["left"])
    assert (play(conn, mappings, 2, FELL), tasks(conn)) == (["left recovered"], ["fell", "left"])


def verdict(conn: Connection, verdict: str, **columns: Any) -> None:
    """What the CSM says on the task of the red alert."""
    key = conn.scalar(text("SELECT key FROM tasks WHERE rule = 'left'"))
    base = {"system": "salesforce", "stream": "OurTasks", "id": "00T1", "seen_at": NOW, "closed": False}
    put(conn, tables.task_feedback, {**base, "key": key, "verdict": verdict, **columns})


@pytest.mark.parametrize("said", ["not_a_risk", "snoozed"])
def test_a_verdict_on_the_red_one_answers_for_the_warning_of_the_same_days(conn: Connection, said: str) -> None:
    """Who said that the sponsor's leaving is no risk is not asked about the ten points that it cost."""
    mappings = rules(RED, YELLOW, **AT_IT)
    play(conn, mappings, 0, LEFT)
    play(conn, mappings, 1, LEFT, FELL)
    verdict(conn, said, snoozed_until=AS_OF + 30 * DAY if said == "snoozed" else None)
    assert play(conn, mappings, 2, LEFT, FELL) == [f"left {said}"]
    play(conn, mappings, 3, LEFT, FELL)
    assert tasks(conn) == ["left"]


def test_a_verdict_answers_for_nothing_that_came_much_later(conn: Connection) -> None:
    """A warning eight days after the red one is about something else."""
    mappings = rules(RED, YELLOW, **AT_IT)
    play(conn, mappings, 0, LEFT)
    verdict(conn, "not_a_risk")
    for n in range(1, 8):
        play(conn, mappings, n, LEFT)
    assert play(conn, mappings, 8, LEFT, FELL) == ["fell opened"]
    assert tasks(conn) == ["fell", "left"]


# --- after sales ------------------------------------------------------------------------------------------------------


def handoff(conn: Connection, **columns: Any) -> None:
    base = {
        "handoff": "01H", "key": "demo:01H", "account_id": ACCOUNT, "opened_as_of": AS_OF, "opened_at": NOW,
        "system": "salesforce", "owner_email": "sam@example.com", "name": "Globex: expansion", "reasons": "[]",
        "context": "", "currency": "USD", "close_date": AS_OF + 90 * DAY, "state": "proposed", "missing": "[]",
    }  # fmt: skip
    put(conn, tables.handoffs, {**base, **columns})


def near_limit() -> Mappings:
    """The shipped rule, with a threshold that these days play."""
    shipped_rule = next(rule for rule in shipped().rules if rule.id == "near_limit")
    return rules({**GREEN, "no_task_while": shipped_rule.no_task_while})


@pytest.mark.parametrize(
    ("ended_days_ago", "asked"), [(None, []), (0, []), (89, []), (90, ["near"])]
)  # 90 days of cool-down
def test_a_limit_is_no_task_while_sales_is_at_it_or_has_just_ended(
    conn: Connection, ended_days_ago: int | None, asked: list[str]
) -> None:
    """From the handoff's opening until its cool-down is over the CSM is not sent to talk about the same limit."""
    ended = None if ended_days_ago is None else AS_OF + (1 - ended_days_ago) * DAY
    handoff(conn, closed_as_of=ended, state="proposed" if ended is None else "declined")
    play(conn, near_limit(), 0)
    assert play(conn, near_limit(), 1, NEAR) == ["near opened"]
    assert tasks(conn) == asked
