"""Whether alerts and the care of segments ask about signals that exist, and their texts can be filled in."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from mappings import conditions, vocabulary
from mappings.check_company import columns, fits
from mappings.check_rules import template
from mappings.mistakes import Finding, below, meant, one_of
from mappings.models import AlertRule, Alerts, Audience, Playbooks, Segments, SystemMapping
from mappings.vocabulary import Kind

COLOURS = ("red", "yellow", "green")
CHANGE = re.compile(vocabulary.CHANGE_OF_A_MEASURE)

Systems = Mapping[str, SystemMapping]


def alerts(
    alerts: Alerts, systems: Systems, measures: Collection[str] | None, playbooks: Playbooks | None
) -> Iterator[Finding]:
    """Everything wrong in alerts.yaml; without `measures` nobody knows which signals there are."""
    known = _known(systems, measures)
    ids = [rule.id for rule in alerts.rules]
    books = list(playbooks.playbooks) if playbooks is not None else None
    for n, rule in enumerate(alerts.rules):
        if rule.id in ids[:n]:
            yield Finding(("rules", n, "id"), f"there is a rule `{rule.id}` above already")
        yield from below(("rules", n), _rule(rule, ids, books, known))
    for colour, named in alerts.no_task_while.items():
        yield from below(("no_task_while", colour), _at_it(named, (colour,), ids, books))
    yield from below(("account_fields",), _account_fields(alerts, systems))
    if alerts.task is not None:
        for key in ("subject", "body"):
            yield from below(("task", key), template(getattr(alerts.task, key), vocabulary.ALERT_NAMES))


def _rule(
    rule: AlertRule, ids: list[str], books: list[str] | None, known: Mapping[str, Kind] | None
) -> Iterator[Finding]:
    named = {"score", "state"}
    for key in ("when", "until"):
        condition = getattr(rule, key)
        if condition is not None:
            named |= conditions.columns(condition)
            yield from below((key,), _asks(condition, known))
    yield from below(("says",), template(rule.says, named))
    for n, other in enumerate(rule.suppressed_by):
        if other not in ids or other == rule.id:
            yield Finding(("suppressed_by", n), f"`{other}` is no other rule{meant(other, ids) or f'; {one_of(ids)}'}")
    yield from below(("no_task_while",), _at_it(rule.no_task_while, (rule.id, rule.colour), ids, books))
    if rule.playbook and books is not None and rule.playbook not in books:
        yield Finding(
            ("playbook",),
            f"there is no playbook `{rule.playbook}`{meant(rule.playbook, books) or f'; {one_of(books)}'}",
        )


def _at_it(named: Sequence[str], own: Sequence[str], ids: list[str], books: list[str] | None) -> Iterator[Finding]:
    """What is named as somebody who is at the account already; an alert that waits for its like would wait for ever."""
    known = [name for name in (*COLOURS, *ids, *(books or ()), vocabulary.HANDOFF) if name not in own]
    for n, other in enumerate(named):
        if books is not None and other not in known:
            listed = meant(other, known) or f"; {one_of(known)}"
            yield Finding((n,), f"`{other}` is no other colour, rule or playbook{listed}")


def _account_fields(alerts: Alerts, systems: Systems) -> Iterator[Finding]:
    for key in ("snoozed_until", "not_a_risk"):
        name = getattr(alerts.account_fields, key)
        kinds = {f.as_ for s in systems.values() for p in s.pull.values() for n, f in p.attributes.items() if n == name}
        needed = "date" if key == "snoozed_until" else "boolean"
        if name and kinds != {needed}:
            yield Finding(
                (key,), f"no system maps an attribute `{name}` of accounts as {needed}; add it under `attributes`"
            )


def _known(systems: Systems, measures: Collection[str] | None) -> dict[str, Kind] | None:
    """Every signal but the changes of measures; None while nobody knows the measures."""
    if measures is None:
        return None
    attributes = {n: k for n, k in columns(systems, "accounts").items() if n not in vocabulary.TABLES["accounts"]}
    return {**attributes, **dict.fromkeys(measures, "number"), **vocabulary.SIGNALS}


def _asks(condition: Mapping[str, object], known: Mapping[str, Kind] | None) -> Iterator[Finding]:
    if known is None:
        return
    changes = [name for name in conditions.columns(condition) if (m := CHANGE.fullmatch(name)) and m[1] in known]
    for finding in fits(dict(condition), {**known, **dict.fromkeys(changes, "number")}, "signals"):
        yield finding._replace(
            message=finding.message.replace("signals has no column or attribute", "there is no signal")
        )


# --- the care of segments ---------------------------------------------------------------------------------------------


def care(
    segments: Segments, systems: Systems, measures: Collection[str] | None, playbooks: Playbooks | None
) -> Iterator[Finding]:
    """What is wrong in segments.yaml below `cadence`, `audiences` and `success_plans`."""
    known = _known(systems, measures)
    yield from below(("cadence",), _cadence(segments, playbooks))
    for n, audience in enumerate(segments.audiences):
        yield from below(("audiences", n), _audience(audience, segments.audiences[:n], known))
    listed = ";".join(sorted(audience.id for audience in segments.audiences))
    if len(listed) > vocabulary.LONGEST["audiences"]:
        yield Finding(
            ("audiences",),
            f"an account in all of them needs {len(listed)} characters; {vocabulary.LONGEST['audiences']} fit",
        )
    for n, goal in enumerate(segments.success_plans.goals):
        if known is not None and known.get(goal.measure) != "number":
            place = ("success_plans", "goals", n, "measure")
            yield Finding(place, f"there is no measure `{goal.measure}`{meant(goal.measure, known)}")


def _cadence(segments: Segments, playbooks: Playbooks | None) -> Iterator[Finding]:
    cadence = segments.cadence
    for segment, touches in cadence.by_segment.items():
        for n, touch in enumerate(touches):
            if touch.id in [other.id for other in touches[:n]]:
                yield Finding(("by_segment", segment, n, "id"), f"`{segment}` has a touch `{touch.id}` above already")
    for n, name in enumerate(cadence.no_task_while):
        if playbooks is not None and name not in playbooks.playbooks:
            yield Finding(
                ("no_task_while", n), f"there is no playbook `{name}`{meant(name, list(playbooks.playbooks))}"
            )
    if cadence.task is not None:
        for key in ("subject", "body"):
            yield from below(("task", key), template(getattr(cadence.task, key), vocabulary.TOUCH_NAMES))


def _audience(audience: Audience, earlier: Sequence[Audience], known: Mapping[str, Kind] | None) -> Iterator[Finding]:
    if audience.id in [other.id for other in earlier]:
        yield Finding(("id",), f"there is an audience `{audience.id}` above already")
    if audience.when is not None:
        yield from below(("when",), _asks(audience.when, known))
