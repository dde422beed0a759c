"""How far health fell within a week, by what was known on both days (D2), and what it makes of alerts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

import pytest
from sqlalchemy import Connection, Engine, text

from tests.alert_days import DAY, decide, with_shipped_rules
from tests.decision_rows import AS_OF, account, component, customers, put, role, score, scorecard, user
from warehouse import tables
from warehouse.alerts import score_drops

POINTS = {row["component"]: row["points"] for row in scorecard()}


@pytest.fixture
def conn(warehouse: Engine) -> Iterator[Connection]:
    with warehouse.begin() as connection:
        customers(connection, account())
        put(connection, tables.users, user("005A", "cara@example.com"))
        put(connection, tables.account_roles, role("001A", "csm", user_ref="005A"))
        put(connection, tables.scorecards, *scorecard())
        yield connection


def play(conn: Connection, history: Mapping[str, str], days: int, version: str = "v1") -> None:
    """Results by component, a letter a day up to AS_OF (p passed, f failed, u unknown); the last letter stays."""
    words = {"p": "passed", "f": "failed", "u": "unknown"}
    first = AS_OF - (days - 1) * DAY
    for id_ in POINTS:
        letters = history.get(id_, "p").ljust(days, history.get(id_, "p")[-1])
        starts = [n for n in range(days) if n == 0 or letters[n] != letters[n - 1]]
        for n, end in zip(starts, [*starts[1:], None], strict=True):
            to_day = None if end is None else first + (end - 1) * DAY
            put(
                conn,
                tables.component_history,
                component(id_, words[letters[n]], from_day=first + n * DAY, to_day=to_day),
            )
    put(conn, tables.score_history, *(score(as_of=first + n * DAY, version=version) for n in range(days)))


def dropped(conn: Connection, on: date = AS_OF) -> dict[str, int]:
    score_drops.fill(conn, on, 60)
    found = {row.dimension: row.points for row in conn.execute(text("SELECT * FROM score_drops"))}
    score_drops.drop(conn)
    return found


def test_a_drop_is_measured_against_the_best_day_of_the_week(conn: Connection) -> None:
    """Of 100 points 30 are lost in three steps within the week: 30, and half of the usage that two of them are."""
    play(conn, {"active_users": "pppppppf", "core_features": "pppppfff", "champion": "pppfffff"}, days=8)
    found = dropped(conn)
    assert found[""] == 30
    assert (found["usage"], found["relationship"], found["support"]) == (67, 50, 0)


def test_what_was_lost_longer_ago_is_no_drop(conn: Connection) -> None:
    """A week after the fall the new height is the usual one."""
    play(conn, {"active_users": "pf", "core_features": "pf"}, days=8)
    assert dropped(conn)[""] == 20
    conn.execute(tables.component_history.delete())
    conn.execute(tables.score_history.delete())
    play(conn, {"active_users": "pf", "core_features": "pf"}, days=9)
    assert dropped(conn)[""] == 0


def test_a_component_that_becomes_unknown_is_no_drop(conn: Connection) -> None:
    """Only what is known on both days is compared: 20 of 100 unknown now leaves 80 of 80, which is what they were."""
    play(conn, {"active_users": "pppu", "core_features": "pppu"}, days=4)
    assert dropped(conn)[""] == 0


def test_points_are_percent_of_what_both_days_know(conn: Connection) -> None:
    """With 65 points known on both days a lost component of 10 is 15 points: 100 before, round(55 / 65) = 85 now."""
    unknown = {"outreach_response", "meeting_attendance", "ticket_sentiment", "goal_progress"}
    play(conn, {**dict.fromkeys(unknown, "uuup"), "champion": "pppf"}, days=4)
    assert sum(points for id_, points in POINTS.items() if id_ not in unknown) == 65
    assert dropped(conn)[""] == 15


def test_too_little_known_on_both_days_says_nothing(conn: Connection) -> None:
    """Under 60 points known on both days there is neither a drop nor the absence of one."""
    unknown = {"outreach_response", "meeting_attendance", "goal_progress", "active_users", "core_features"}
    play(conn, {**dict.fromkeys(unknown, "uuup"), "champion": "pppf"}, days=4)
    assert "" not in dropped(conn)


def test_another_scorecard_is_another_height(conn: Connection) -> None:
    """Days scored under another version are not compared with."""
    play(conn, {"active_users": "pppf", "core_features": "pppf"}, days=4)
    conn.execute(tables.score_history.update().where(tables.score_history.c.as_of < AS_OF).values(version="v0"))
    assert "" not in dropped(conn)


def test_red_says_it_alone_and_its_end_is_no_second_warning(conn: Connection) -> None:
    """A fall of 20 is red and not yellow too; when half of it is made up the red one ends, and yellow stays silent."""
    play(conn, {"active_users": "ppf", "core_features": "ppf"}, days=3)
    mappings = with_shipped_rules()
    assert [f"{t.rule} {t.change}" for t in decide(conn, mappings, AS_OF)] == ["score_drop_red opened"]
    (task,) = conn.execute(text("SELECT subject, priority, due_date FROM tasks")).all()
    assert task == ("Globex: health fell 20 points within 7 days, to 70", "high", AS_OF + DAY)
    h = tables.component_history
    conn.execute(h.update().where(h.c.component == "core_features", h.c.to_day.is_(None)).values(to_day=AS_OF))
    put(conn, h, component("core_features", "passed", from_day=AS_OF + DAY))
    put(conn, tables.score_history, score(as_of=AS_OF + DAY, score=80))
    assert [f"{t.rule} {t.change}" for t in decide(conn, mappings, AS_OF + DAY)] == ["score_drop_red recovered"]


def test_a_fall_that_is_only_long_ago_is_not_called_a_recovery(conn: Connection) -> None:
    """After the week the red alert ends because its window passed, and its task stays for the person who has it."""
    play(conn, {"active_users": "ppf", "core_features": "ppf"}, days=3)
    mappings = with_shipped_rules()
    decide(conn, mappings, AS_OF)
    heard = []
    for n in range(1, 9):
        put(conn, tables.score_history, score(as_of=AS_OF + n * DAY))
        heard += [(n, told.change) for told in decide(conn, mappings, AS_OF + n * DAY)]
    assert heard == [(7, "window_passed")]
    assert conn.execute(text("SELECT closed_as_of FROM tasks")).scalar() is None


def test_a_warning_that_gets_worse_is_replaced(conn: Connection) -> None:
    """Yellow on the first lost component, red on the second: the yellow alert and its task end as superseded."""
    play(conn, {"active_users": "pppf"}, days=4)
    mappings = with_shipped_rules()
    assert [f"{t.rule} {t.change}" for t in decide(conn, mappings, AS_OF)] == ["score_drop_yellow opened"]
    h = tables.component_history
    conn.execute(h.update().where(h.c.component == "core_features", h.c.to_day.is_(None)).values(to_day=AS_OF))
    put(conn, h, component("core_features", "failed", from_day=AS_OF + DAY))
    put(conn, tables.score_history, score(as_of=AS_OF + DAY, score=60))
    told = {f"{t.rule} {t.change}" for t in decide(conn, mappings, AS_OF + DAY)}
    assert told == {"score_drop_red opened", "score_drop_yellow superseded"}
