"""What a CSM reads: why a component failed, what is unknown and why, and the long text with the whole picture."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from functools import lru_cache

from sqlalchemy import Connection, text

from connectors.base import ConfigError
from mappings.models import Mappings
from warehouse import measures
from warehouse.work.templates import day, render

MOST_CHARACTERS = 150
"""Of one phrase. At most 100 components (points are whole and add up to 100) with labels of 60: below 32,000 in all."""

STATE_WORDS = {
    "healthy": "healthy",
    "monitor": "monitor",
    "at_risk": "at risk",
    "critical": "critical",
    "insufficient_data": "insufficient data",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a stored scorecard version, with the words that the mapping has for it now."""

    scorecard: str
    component: str
    label: str
    points: int
    at_least: float | None
    failed: str
    passed: str
    advice: str
    facts: str
    nothing: str
    window_days: int
    """How long the facts behind it stay valid."""


@dataclass(frozen=True, slots=True)
class Judged:
    """How one component of one account came out."""

    component: str
    result: str
    value: float | None
    stale_since: date | None
    reason: str


@dataclass(frozen=True, slots=True)
class Health:
    """The parts of a stored score that the long text tells."""

    as_of: date
    version: str
    score: int | None
    earned_points: int
    known_points: int
    coverage_pct: int
    tier: str
    state: str
    state_since: date


_COMPONENTS = """
SELECT c.account_id, c.component, c.result, c.value, c.stale_since, c.reason
FROM component_history c
JOIN {stage} t ON t.account_id = c.account_id
WHERE c.from_day <= :as_of AND (c.to_day IS NULL OR c.to_day >= :as_of)"""


# --- one component ----------------------------------------------------------------------------------------------------


def lines(conn: Connection, mappings: Mappings) -> dict[str, list[Line]]:
    """Every stored scorecard version in its order; a component that the mapping no longer has speaks by its label."""
    known = measures.load()
    words = {(card.name, c.id): c for card in mappings.scorecards.scorecards for c in card.components}
    found: dict[str, list[Line]] = {}
    stored = conn.execute(text("SELECT * FROM scorecards ORDER BY version, ordinal")).mappings()
    for row in stored:
        component = words.get((row["scorecard"], row["component"]))
        found.setdefault(row["version"], []).append(
            Line(
                scorecard=row["scorecard"],
                component=row["component"],
                label=row["label"],
                points=row["points"],
                at_least=row["at_least"],
                failed=component.failed if component else f"{row['label']}: not reached",
                passed=component.passed if component else f"{row['label']}: reached",
                advice=component.advice if component else "",
                facts=component.facts if component else row["measure"],
                nothing=component.nothing if component else "nothing to judge by",
                window_days=known[row["measure"]].window_days if row["measure"] in known else 0,
            )
        )
    return found


def judged_components(conn: Connection, stage: str, as_of: date) -> defaultdict[str, list[Judged]]:
    """How the components stood on a day, for the accounts of a staged table."""
    judged: defaultdict[str, list[Judged]] = defaultdict(list)
    for account_id, *component in conn.execute(text(_COMPONENTS.format(stage=stage)), {"as_of": as_of}).all():
        judged[account_id].append(Judged(*component))
    return judged


def phrase(line: Line, judged: Judged) -> str:
    """The component in words, with the day up to which its facts go when they are late."""
    if judged.result == "unknown":
        return _unknown(line, judged)
    said = _said(
        line.failed if judged.result == "failed" else line.passed,
        judged.value or 0.0,
        line.at_least if judged.result == "failed" else None,
        f"scorecards.yaml: {line.scorecard}: {line.component}: {judged.result}",
    )
    return said if judged.stale_since is None else f"{said} (as of {day(judged.stale_since)})"


def _unknown(line: Line, judged: Judged) -> str:
    return {
        "not_connected": f"not connected: no system delivers {line.facts}",
        "not_linked": f"not linked: nothing in the system that delivers {line.facts} belongs to this account",
        "not_delivered": f"not delivered yet: no {line.facts} for this account so far",
        "expired": f"older than {line.window_days} days: {line.facts} stopped arriving",
        "nothing_in_window": line.nothing,
    }.get(judged.reason, judged.reason or "unknown")


@lru_cache(maxsize=50_000)
def _said(source: str, value: float, below: float | None, where: str) -> str:
    names = {"value": _whole(value), "value_pct": _percent(value, below), "drop_pct": 100 - _percent(value, below)}
    said = render(source, names, where)
    if len(said) > MOST_CHARACTERS:
        raise ConfigError(f"{where}: {len(said)} characters for value {value}; at most {MOST_CHARACTERS} fit the CRM")
    return said


def _whole(value: float) -> int:
    return int(Decimal(repr(value)).to_integral_value(ROUND_HALF_UP))


def _percent(value: float, below: float | None) -> int:
    """Whole percent, half up; what failed is never rounded up to the bound that it missed."""
    exact = Decimal(repr(value)) * 100
    rounded = int(exact.to_integral_value(ROUND_HALF_UP))
    missed = below is not None and exact < Decimal(repr(below)) * 100 <= rounded
    return int(exact.to_integral_value(ROUND_FLOOR)) if missed else rounded


# --- one account ------------------------------------------------------------------------------------------------------


def reasons(card: Sequence[Line], judged: Iterable[Judged], shown: Sequence[str]) -> list[str]:
    """The shown components in words, in the order in which they are shown."""
    by_component = {j.component: j for j in judged}
    by_line = {line.component: line for line in card}
    return [phrase(by_line[c], by_component[c]) for c in shown if c in by_line and c in by_component]


def advice(card: Sequence[Line], shown: Sequence[str]) -> list[str]:
    """Where to begin with each of these components; empty where the mapping has nothing to say."""
    by_line = {line.component: line.advice for line in card}
    return [by_line.get(component, "") for component in shown]


def failed(card: Sequence[Line], judged: Iterable[Judged]) -> list[str]:
    """Ids of all failed components, most points first, ties in scorecard order."""
    lost = {j.component for j in judged if j.result == "failed"}
    return [line.component for line in sorted(card, key=lambda line: -line.points) if line.component in lost]


def unknown(card: Sequence[Line], judged: Iterable[Judged]) -> list[str]:
    """Every unknown component with its reason, in scorecard order."""
    by_component = {j.component: j for j in judged if j.result == "unknown"}
    return [f"{li.label}: {phrase(li, by_component[li.component])}" for li in card if li.component in by_component]


def detail(health: Health, card: Sequence[Line], judged: Iterable[Judged], missing: str, least_points: int) -> str:
    """The long text: every component with its points, what is unknown and why, and how the score adds up."""
    by_component = {j.component: j for j in judged}
    counted = "counted as zero" if missing == "zero" else "left out of the score"
    parts = [
        _headline(health, least_points),
        _section("Needs attention", "failed", card, by_component),
        _section("In order", "passed", card, by_component),
        _section(f"Unknown, {counted}", "unknown", card, by_component),
        _sum(health, card[0].scorecard if card else ""),
    ]
    return "\n\n".join(part for part in parts if part)


def _headline(health: Health, least_points: int) -> str:
    state = f"state {STATE_WORDS[health.state]} since {day(health.state_since)}"
    if health.score is None:
        known = f"{health.known_points} of 100 points are known, and it takes {least_points}"
        return f"No score on {day(health.as_of)}: only {known}; {state}."
    return (
        f"Health {health.score} of 100 on {day(health.as_of)}, {state}. {health.coverage_pct}% of the picture is known."
    )


def _section(title: str, result: str, card: Sequence[Line], judged: Mapping[str, Judged]) -> str:
    rows = [line for line in card if line.component in judged and judged[line.component].result == result]
    if not rows:
        return ""
    return "\n".join([f"{title}:", *(f"- {_points(r, result)}: {phrase(r, judged[r.component])}" for r in rows)])


def _points(line: Line, result: str) -> str:
    if result == "unknown":
        return f"{line.label} ({line.points} points)"
    return f"{line.label} ({line.points if result == 'passed' else 0} of {line.points})"


def _sum(health: Health, scorecard: str) -> str:
    sum_up = f"{health.earned_points} of {health.known_points} known points"
    return f"{sum_up}. Scorecard {scorecard}, version {health.version[:12]}."
