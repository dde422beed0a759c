"""What should come out of a story, and the scorecard's words for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# components of the scorecard, in its order, with their points
ACTIVE = "active_users"  # 10
CORE = "core_features"  # 10
TREND = "usage_trend"  # 10
OUTREACH = "outreach_response"  # 10
ATTENDANCE = "meeting_attendance"  # 10
NO_CRITICAL = "no_critical_ticket"  # 10
SENTIMENT = "ticket_sentiment"  # 5
SPONSOR = "executive_sponsor"  # 10
CHAMPION = "champion"  # 10
GOALS_DEFINED = "goals_defined"  # 5
PROGRESS = "goal_progress"  # 10


@dataclass(frozen=True, slots=True)
class Expect:
    """What business.md says should come out on `as_of`; see world.Expectation for the words."""

    score: int | None = 100
    tier: str | None = "healthy"
    state: str | None = "healthy"
    lifecycle: str | None = "customer"
    failed: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    episode: bool = False
    task: bool = False
    opened: int | None = None
    episode_closed: bool = False
    handoff: bool = False
    note: bool = False
    owner: str | None = None
    segment: str | None = None
    renewal: int | None = None


def healthy(score: int = 100, **more: Any) -> Expect:
    return Expect(score, **more)


def monitor(score: int, **more: Any) -> Expect:
    return Expect(score, "monitor", "monitor", **more)


def at_risk(score: int, opened: int, **more: Any) -> Expect:
    """At risk with an open episode and its task."""
    return Expect(score, "at_risk", "at_risk", opened=opened, **{"episode": True, "task": True, **more})


def critical_state(score: int, opened: int, **more: Any) -> Expect:
    return Expect(score, "critical", "critical", episode=True, task=True, opened=opened, **more)


def insufficient(state: str = "insufficient_data", **more: Any) -> Expect:
    """Too little is known for a score; the state may stand still for a while."""
    return Expect(None, "insufficient_data", state, **more)


def not_scored(lifecycle: str | None, **more: Any) -> Expect:
    return Expect(None, None, None, lifecycle, **more)
