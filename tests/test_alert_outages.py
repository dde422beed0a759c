"""A healthy customer whose sources come late, stop and come back: nobody is alarmed without a cause."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from mappings.models import Mappings
from tests import health
from tests.alert_days import with_shipped_rules
from tests.decision_rows import put, role, user
from warehouse import tables
from warehouse.health import scores
from warehouse.work import decisions

FIRST = date(2026, 9, 1)


@dataclass(frozen=True)
class Season:
    """Days from 0 on, and the ones on which a source does not come."""

    days: int
    last_use: int
    """From this day on nobody uses the product any more: the one true alarm."""
    outages: Mapping[str, set[int]]


SEASON = Season(
    days=70,
    last_use=60,
    outages={
        "usage": set(range(20, 27)),  # a week of files comes at once on day 27
        "features": {20, 21, 33},
        "Contact": set(range(35, 45)),  # ten days without the CRM
        "Event": set(range(35, 45)),
        "Case": {3, 50, 51, 52, 53},
        "limits": set(range(10, 13)),
        "goals": set(range(40, 70)),
    },
)
WEEKS = Season(
    days=20,
    last_use=11,
    outages={
        "usage": set(range(1, 8)),  # a week here too: the age at which silence would be an alarm
        "features": {1, 2, 9},
        "Contact": set(range(3, 9)),
        "Event": set(range(3, 9)),
        "Case": {5, 12, 13},
        "limits": {2, 3},
        "goals": set(range(6, 20)),
    },
)
TABLES = {
    "usage": "usage_days", "features": "feature_days", "limits": "limit_days", "goals": "goals",
    "Contact": "contacts", "Event": "touchpoints", "Case": "tickets",
}  # fmt: skip
BY_DAY = ("usage", "features", "limits")


def customer(conn: Connection) -> None:
    """A sponsor, an active champion, answered outreach, held meetings, a solved ticket, a goal on its way."""
    health.add_accounts(conn, {"account_id": "a", "crm": "salesforce"})
    put(conn, tables.users, user("005A", "cara@example.com"))
    put(conn, tables.account_roles, role("a", "csm", user_ref="005A"))
    people = [
        {"account": "a", "role": name, "active": True, "email": f"{name}@example.com"}
        for name in ("sponsor", "champion")
    ]
    health.add(conn, "contacts", people, FIRST)
    touches = [
        {"account": "a", "day": n + back, "kind": kind, "direction": direction, "outcome": outcome, "contact_email": "champion@example.com"}
        for n in range(-60, 75, 7)
        for back, kind, direction, outcome in ((0, "email", "outbound", None), (1, "email", "inbound", None), (2, "meeting", "outbound", "held"))
    ]  # fmt: skip
    health.add(conn, "touchpoints", touches, FIRST)
    health.add(conn, "tickets", [{"account": "a", "severity": "high", "opened_day": -9, "solved_day": -7}], FIRST)
    goals = [{"account": "a", "title": "Faster", "stated_day": -50, "progress_day": -5}]
    health.add(conn, "goals", goals, FIRST)
    for stream in BY_DAY:
        bring(conn, stream, range(-70, 0), last_use=1)
    for stream in set(TABLES) - set(BY_DAY):
        health.deliver(conn, TABLES[stream], [-1], FIRST)


def bring(conn: Connection, stream: str, days: Iterable[int], last_use: int) -> None:
    """Files of these days: their rows and that they came."""
    listed = list(days)
    used = [n for n in listed if n < last_use]
    what: dict[str, list[dict[str, Any]]] = {
        "usage": [{"account": "a", "day": n, "active_users": 5, "user_email": "champion@example.com"} for n in used]
        + [{"account": "b", "day": n} for n in listed],
        "features": [{"account": "a", "day": n, "feature": f} for n in used for f in ("dashboards", "reports", "api")],
        "limits": [{"account": "a", "day": n, "limit_name": "seats", "used": 5, "allowed": 10} for n in listed],
    }
    health.add(conn, TABLES[stream], what[stream], FIRST)
    health.deliver(conn, TABLES[stream], listed, FIRST)


def play(conn: Connection, mappings: Mappings, season: Season, n: int) -> list[tuple[int, str]]:
    """Day n: what came in time, and what came late; then the scores and decisions of the morning."""
    for stream, table in TABLES.items():
        if n in season.outages[stream]:
            continue
        if stream in BY_DAY:
            bring(conn, stream, range(_first_missing(season.outages[stream], n), n), season.last_use)
        else:
            health.deliver(conn, table, [n - 1], FIRST)
    as_of = FIRST + timedelta(days=n)
    now = datetime(as_of.year, as_of.month, as_of.day, 6, tzinfo=UTC)
    scores.score(conn, mappings, as_of, now)
    told = decisions.take(conn, mappings, as_of, now).told
    return [(n, f"{one.rule} {one.change}") for one in told if one.colour != "green"]


def _first_missing(outage: set[int], n: int) -> int:
    """The first day that is still missing: all files of an outage come together when it ends."""
    while n - 1 in outage:
        n -= 1
    return n - 1


@pytest.mark.parametrize("season", [WEEKS, pytest.param(SEASON, marks=pytest.mark.heavy)], ids=["weeks", "season"])
def test_late_and_missing_sources_alarm_nobody(warehouse: Engine, season: Season) -> None:
    """With seven outages one thing happens, on its day: usage stops, and a week later that is red."""
    mappings = with_shipped_rules()
    with warehouse.begin() as conn:
        customer(conn)
        heard = [one for n in range(season.days) for one in play(conn, mappings, season, n)]
        expected = (season.last_use + 7, "usage_zero opened")
        assert expected in heard
        assert [one for one in heard if one[0] < season.last_use] == []
        assert [one for one in heard if one[0] >= season.last_use and "drop" not in one[1]] == [expected]
        assert conn.execute(text("SELECT count(*) FROM tasks WHERE rule = 'usage_zero'")).scalar() == 1
