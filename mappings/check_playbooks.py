"""Whether playbooks can be followed: numbers that stay, days in order, conditions and texts that somebody fills."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from mappings import conditions, vocabulary
from mappings.check_company import fits
from mappings.check_rules import template
from mappings.document import KeyPath
from mappings.mistakes import Finding, below
from mappings.models import Condition, Expansion, Playbook, Playbooks, Step
from mappings.vocabulary import Columns

NEEDED = "at_risk"
"""Relapses, recoveries and the escalation path are known by this name."""


def playbooks(playbooks: Playbooks, measures: Collection[str] | None) -> Iterator[Finding]:
    """Everything wrong in playbooks.yaml; without `measures` names that may be theirs are not judged."""
    if NEEDED not in playbooks.playbooks:
        yield Finding(("playbooks",), f"there is no playbook `{NEEDED}`; recoveries and relapses are known by it")
    for name, playbook in playbooks.playbooks.items():
        yield from below(("playbooks", name), _playbook(playbook, measures))
    yield from below(("expansion",), _expansion(playbooks.expansion))


def _playbook(playbook: Playbook, measures: Collection[str] | None) -> Iterator[Finding]:
    yield from _asks(("opens_when",), playbook.opens_when, vocabulary.SITUATION, measures)
    for n, ending in enumerate(playbook.ends):
        yield from _asks(("ends", n, "when"), ending.when, _EPISODE, measures)
    for n, step in enumerate(playbook.steps):
        earlier = {other.step for other in playbook.steps[:n]}
        yield from below(("steps", n), _step(step, earlier, measures))
    if playbook.counts_from == "subscription_start" and playbook.every_days and playbook.to_day is None:
        yield Finding(("every_days",), "say with `to_day` on which days of a round it may open; else it opens at once")
    for state in _TROUBLE if isinstance(playbook.colour, dict) else ():
        if state not in playbook.colour and _speaks_of(playbook.opens_when, state):
            yield Finding(("colour",), f"`{state}` is missing: one of red, yellow, green")


_EPISODE = {**vocabulary.SITUATION, **vocabulary.STANDING}
_TROUBLE = ("at_risk", "critical")


def _speaks_of(condition: Condition, state: str) -> bool:
    return any(c == "state" and t == "in" and state in o for _, c, t, o in conditions.tests(condition))


def _step(step: Step, earlier: Collection[int], measures: Collection[str] | None) -> Iterator[Finding]:
    if step.step in earlier:
        yield Finding(("step",), f"there is a step {step.step} above already; tasks are known by their step's number")
    if step.until_day is not None and step.until_day < step.on_day:
        yield Finding(("until_day",), f"it ends on day {step.until_day} before it begins on day {step.on_day}")
    if step.escalation and step.when is None:
        yield Finding(("escalation",), "an escalation needs `when`: what has not happened by its day")
    for key in ("when", "done_when"):
        condition = getattr(step, key)
        if condition is not None:
            yield from _asks((key,), condition, _EPISODE, measures)
    for state in _TROUBLE if isinstance(step.priority, dict) else ():
        if state not in step.priority:
            yield Finding(("priority",), f"`{state}` is missing: one of high, normal, low")
    for key in ("subject", "body"):
        yield from below((key,), template(getattr(step, key), vocabulary.TASK_NAMES))


def _asks(place: KeyPath, condition: Condition, known: Columns, measures: Collection[str] | None) -> Iterator[Finding]:
    """A condition over these columns and every measure."""
    if measures is None:
        measures = {column for column in conditions.columns(condition) if column not in known}
    numbers: Mapping[str, vocabulary.Kind] = dict.fromkeys(measures, "number")
    yield from below(place, fits(condition, {**numbers, **known}, "what a playbook may ask"))


def _expansion(expansion: Expansion) -> Iterator[Finding]:
    for key in ("accepted_when", "declined_when"):
        yield from below((key,), fits(getattr(expansion, key), vocabulary.TABLES["opportunities"], "opportunities"))
    for key in ("name", "context"):
        yield from below((key,), template(getattr(expansion, key), vocabulary.HANDOFF_NAMES))
