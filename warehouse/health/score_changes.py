"""Why a score is another one than on an earlier day: a ledger of changes that adds up to the difference exactly.

The changes are replayed in a fixed order (the scorecard, late data, expired data, then components as the scorecard
lists them); each entry is the difference of the rounded score before and after its step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from mappings.models import Mappings
from warehouse.health import scorecards

LATE = "late"
EXPIRED = "expired"
FLIP = "flip"
SCORECARD = "scorecard"
STEPS = (LATE, EXPIRED, FLIP)

GONE = ("expired", "not_delivered", "not_connected", "not_linked")
"""Why a component that was known is not any more, when it is not for want of facts in its window."""
AWAITED = ("expired", "not_delivered")
"""Why a component was unknown, when its data only came later."""


@dataclass(frozen=True, slots=True)
class Component:
    """One line of a stored scorecard."""

    component: str
    points: int
    measure: str
    at_least: float | None
    at_most: float | None


@dataclass(frozen=True, slots=True)
class Judged:
    """How a component stood on a day, and since which day it stood so."""

    result: str
    value: float | None = None
    stale_since: date | None = None
    reason: str = ""
    since: date | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """An account's health on a day: the score as it was stored, and what it was made of."""

    as_of: date
    version: str
    score: int | None
    card: Sequence[Component]
    judged: Mapping[str, Judged]
    assumed_known: int = 0
    """Points that count as known at least: 100 where what is missing scores nothing."""
    measured: Mapping[str, float] = field(default_factory=dict)
    """Every stored value of the day by measure, those included that no component asked for."""


@dataclass(frozen=True, slots=True)
class Change:
    """One step of the replay."""

    kind: str
    """scorecard, late, expired, flip"""
    component: str
    """Empty for the scorecard as a whole."""
    points: int | None
    """By how much the score changed in this step; None where one of the two days has no score."""


def changes(before: Picture, after: Picture) -> list[Change]:
    """The steps from one day to the other; their points add up to the difference of the two stored scores."""
    results = {c.component: _judged(before, c).result for c in before.card}
    running = before.score or 0
    numbered = before.score is not None and after.score is not None
    found = []
    for kind, component, changed in _steps(before, after, results):
        reached = _rounded(after, changed)
        found.append(Change(kind, component, (running if reached is None else reached) - running if numbered else None))
        running = running if reached is None else reached
    return found


def _steps(before: Picture, after: Picture, results: dict[str, str]) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Each step with the results that hold behind it, under the later scorecard."""
    if before.version != after.version:
        results = {c.component: _under_new_card(before, after, c) for c in after.card}
        yield SCORECARD, "", results
    differing = [c.component for c in after.card if results[c.component] != _judged(after, c).result]
    kinds = {name: _kind(before.judged.get(name, Judged("unknown")), after.judged[name]) for name in differing}
    for kind in STEPS:
        for name in (name for name in differing if kinds[name] == kind):
            results = {**results, name: after.judged[name].result}
            yield kind, name, results


def _under_new_card(before: Picture, after: Picture, component: Component) -> str:
    """What the later card makes of the earlier day; what was not measured then comes with the card."""
    same = next((c for c in before.card if c.component == component.component), None)
    if same is not None and same.measure == component.measure:
        return _against(component, _judged(before, component).value)
    if component.measure in before.measured:
        return _against(component, before.measured[component.measure])
    return _judged(after, component).result


def _against(component: Component, value: float | None) -> str:
    if value is None:
        return "unknown"
    too_low = component.at_least is not None and value < component.at_least
    too_high = component.at_most is not None and value > component.at_most
    return "failed" if too_low or too_high else "passed"


def _judged(picture: Picture, component: Component) -> Judged:
    return picture.judged.get(component.component, Judged("unknown"))


def _kind(before: Judged, after: Judged) -> str:
    if after.result == "unknown" and after.reason in GONE:
        return EXPIRED
    awaited = before.result == "unknown" and before.reason in AWAITED
    return LATE if awaited or before.stale_since or after.stale_since else FLIP


def _rounded(picture: Picture, results: Mapping[str, str]) -> int | None:
    """D1's score of these results, however little is known; None where nothing is."""
    earned = sum(c.points for c in picture.card if results[c.component] == "passed")
    known = sum(c.points for c in picture.card if results[c.component] != "unknown")
    basis = max(known, picture.assumed_known)
    return (200 * earned + basis) // (2 * basis) if basis else None


# --- reading the two days ---------------------------------------------------------------------------------------------

_DAYS = "SELECT as_of, version, score FROM score_history WHERE account_id = :account ORDER BY as_of"
_CARD = """
    SELECT component, points, measure, at_least, at_most, assumed_known FROM scorecards
    WHERE version = :version ORDER BY ordinal
"""
_JUDGED = """
    SELECT component, result, value, stale_since, reason, from_day, to_day FROM component_history
    WHERE account_id = :account AND from_day <= :day ORDER BY component, from_day
"""
_MEASURED = """
    SELECT measure, value FROM measure_history
    WHERE account_id = :account AND product = '' AND from_day <= :day AND (to_day IS NULL OR to_day >= :day)
"""


def pictures(conn: Connection, mappings: Mappings, account_id: str, since: date) -> tuple[Picture, Picture] | None:
    """The last scored day up to `since` (else the first one ever) and the newest; None without two different days."""
    days = conn.execute(text(_DAYS), {"account": account_id}).all()
    if len(days) < 2:
        return None
    first = max((row for row in days if row.as_of <= since), default=days[0])
    if first.as_of == days[-1].as_of:
        return None
    assumed = scorecards.assumed_known(mappings.scorecards)
    return _picture(conn, account_id, first, assumed), _picture(conn, account_id, days[-1], assumed)


def _picture(conn: Connection, account_id: str, day: Any, assumed_known: int) -> Picture:
    bound = {"account": account_id, "day": day.as_of}
    card = conn.execute(text(_CARD), {"version": day.version}).all()
    stored = card[0].assumed_known if card else None
    return Picture(
        as_of=day.as_of,
        version=day.version,
        score=day.score,
        card=[Component(*row[:-1]) for row in card],
        judged=_judged_on(conn.execute(text(_JUDGED), bound).all(), day.as_of),
        assumed_known=assumed_known if stored is None else stored,
        measured=dict(conn.execute(text(_MEASURED), bound).all()),
    )


def _judged_on(intervals: Sequence[Any], day: date) -> dict[str, Judged]:
    """Every component of the day, from its intervals up to then; `since` is where its result, not its value, began."""
    found: dict[str, Judged] = {}
    for row in intervals:
        earlier = found.get(row.component)
        since = earlier.since if earlier and earlier.result == row.result else row.from_day
        found[row.component] = Judged(row.result, row.value, row.stale_since, row.reason, since)
    gone = {row.component for row in intervals} - {
        r.component for r in intervals if r.to_day is None or r.to_day >= day
    }
    return {component: judged for component, judged in found.items() if component not in gone}
