"""The account's situation, with hysteresis: one bad day moves nothing, and nothing improves in a hurry (D15)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from mappings.models import Tiers

INSUFFICIENT = "insufficient_data"
TROUBLED = ("at_risk", "critical")

LEAST_STAY = timedelta(days=7)
PATIENCE = timedelta(days=7)
"""How long a state outlives its data."""
SCORES_TO_WORSEN = 2
SCORES_TO_IMPROVE = 3
MARGIN = 5
"""How many points above the band's edge an improvement has to hold."""


class Standing(NamedTuple):
    """The state at the end of a day, and the counts of consecutive scores that decide about the next one."""

    state: str
    since: date
    below_60: int = 0
    below_40: int = 0
    at_least_45: int = 0
    at_least_65: int = 0
    insufficient_since: date | None = None


def tier_of(score: int | None, tiers: Tiers) -> str:
    """The band of a score; without a score there is no band."""
    if score is None:
        return INSUFFICIENT
    if score >= tiers.healthy:
        return "healthy"
    if score >= tiers.monitor:
        return "monitor"
    return "at_risk" if score >= tiers.at_risk else "critical"


def next_state(previous: Standing | None, score: int | None, as_of: date, tiers: Tiers) -> Standing:
    """The standing after the score of as_of; `previous` is that of the last earlier scored day.

    The bands 60 and 40 in the names are the configured ones; 45 and 65 lie five points above them.
    """
    if score is None:
        return _without_score(previous, as_of)
    if previous is None or previous.state == INSUFFICIENT:
        counted = _count(Standing("", as_of), score, tiers)
        tier = tier_of(score, tiers)
        return counted._replace(state="monitor" if tier in TROUBLED else tier, since=as_of)
    counted = _count(previous, score, tiers)
    state = _decide(counted, tier_of(score, tiers), as_of)
    return counted._replace(state=state, since=previous.since if state == previous.state else as_of)


def _without_score(previous: Standing | None, as_of: date) -> Standing:
    if previous is None:
        return Standing(INSUFFICIENT, as_of, insufficient_since=as_of)
    since = previous.insufficient_since or as_of
    if previous.state != INSUFFICIENT and as_of - since >= PATIENCE:
        return Standing(INSUFFICIENT, as_of, insufficient_since=since)
    return previous._replace(insufficient_since=since)


def _count(previous: Standing, score: int, tiers: Tiers) -> Standing:
    return previous._replace(
        below_60=previous.below_60 + 1 if score < tiers.monitor else 0,
        below_40=previous.below_40 + 1 if score < tiers.at_risk else 0,
        at_least_45=previous.at_least_45 + 1 if score >= tiers.at_risk + MARGIN else 0,
        at_least_65=previous.at_least_65 + 1 if score >= tiers.monitor + MARGIN else 0,
        insufficient_since=None,
    )


def _decide(counted: Standing, tier: str, as_of: date) -> str:
    if counted.state in TROUBLED:
        return _from_trouble(counted, tier, as_of)
    if counted.below_40 >= SCORES_TO_WORSEN:
        return "critical"
    if counted.below_60 >= SCORES_TO_WORSEN:
        return "at_risk"
    return counted.state if counted.below_60 else tier


def _from_trouble(counted: Standing, tier: str, as_of: date) -> str:
    if counted.below_40 >= SCORES_TO_WORSEN:
        return "critical"
    if as_of - counted.since < LEAST_STAY:
        return counted.state
    if counted.at_least_65 >= SCORES_TO_IMPROVE:
        return tier
    if counted.state == "critical" and counted.at_least_45 >= SCORES_TO_IMPROVE:
        return "at_risk"
    return counted.state
