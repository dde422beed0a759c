"""Field by field: what we want, what we may write, what a person changed (owner, on_null, min_delta, values)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.base import ConfigError, FieldSchema, ObjectSchema, Operation
from mappings.models import PushField, PushMapping
from warehouse.desired.row import Columns
from warehouse.outbox.candidates import Candidate
from warehouse.outbox.changes import Drift, FieldChange
from warehouse.outbox.values import HTML, NO_FIELD, Value, as_html, as_number, blank, misfit, same

Values = dict[str, Value]
"""Vendor field -> what it should hold; a field that we leave as it is, is absent."""

_SHOWN = 40  # characters of a value that still read well in a sentence


@dataclass(frozen=True, slots=True)
class Rules:
    """A push mapping beside the vendor's description of the object."""

    push: PushMapping
    schema: ObjectSchema

    def field(self, name: str) -> FieldSchema:
        return self.schema.fields.get(name, NO_FIELD)

    def same(self, name: str, one: Value, other: Value) -> bool:
        return same(one, other, self.field(name))


def wanted(rules: Rules, columns: Columns, leaving: bool = False) -> tuple[Values, list[str]]:
    """What each field should hold, and what the value maps do not know; `leaving` empties what `on_null` would skip."""
    values: Values = {}
    misses: list[str] = []
    for name, field in rules.push.fields.items():
        if field.owner == "crm":
            continue
        value = _origin(name, field, columns)
        if field.values is not None and value is not None:
            if _spelled(value) not in field.values:
                misses.append(f"{name}: the value map has no {value!r}; it knows {', '.join(field.values)}")
                continue
            value = field.values[_spelled(value)]
        if not blank(value) or (field.owner == "ours" and (leaving or field.on_null == "clear")):
            values[name] = as_html(value) if rules.field(name).type == HTML and isinstance(value, str) else value
    return values, misses


def _origin(name: str, field: PushField, columns: Columns) -> Value:
    if field.from_ is None:
        return field.constant
    if field.from_ not in columns:
        raise ConfigError(
            f"push field {name}: there is no column {field.from_}; it can be {', '.join(sorted(columns))}"
        )
    value: Value = columns[field.from_]
    return value


def _spelled(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def held(candidate: Candidate) -> Mapping[str, Value]:
    """What the CRM holds as far as we know: the newest sighting, over it what it confirmed later."""
    seen, acknowledged = candidate.seen or {}, candidate.acknowledged or {}
    return {**acknowledged, **seen} if candidate.seen_since else {**seen, **acknowledged}


def whole_set(rules: Rules, candidate: Candidate, values: Values) -> list[FieldChange]:
    """All fields of the mapping, so that what a reader sees together was computed together."""
    now_there = held(candidate)
    return [
        FieldChange(name, now_there.get(name), value, _why(rules, candidate, name, value))
        for name, value in values.items()
        if rules.push.fields[name].owner == "ours" or blank(now_there.get(name))
    ]


def moved(rules: Rules, fields: Sequence[FieldChange]) -> bool:
    """Whether writing the fields would change anything that the CRM holds."""
    return any(not rules.same(f.field, f.after, f.before) for f in fields)


def drifted(rules: Rules, candidate: Candidate) -> list[Drift]:
    """Fields that we own and a person changed after our last acknowledged write."""
    seen, external_id, seen_at = candidate.seen, candidate.external_id, candidate.requested_at
    if seen is None or external_id is None or seen_at is None or not candidate.seen_since:
        return []
    return [
        Drift(rules.push.object, external_id, name, ours, seen[name], seen_at)
        for name, ours in (candidate.acknowledged or {}).items()
        if name in seen
        and ours != seen[name]  # spelled alike is the common case, and cheap
        and name in rules.push.fields
        and rules.push.fields[name].owner == "ours"
        and not rules.same(name, ours, seen[name])
    ]


def person_left(rules: Rules, candidate: Candidate, values: Values) -> list[FieldChange]:
    """Fields to update on a record that we created: only those that still show what we wrote last."""
    acknowledged, seen = candidate.acknowledged or {}, candidate.seen or {}
    return [
        FieldChange(name, seen.get(name), value, _why(rules, candidate, name, value))
        for name, value in values.items()
        if not rules.same(name, value, acknowledged.get(name))
        and not rules.same(name, value, seen.get(name))
        and (rules.push.fields[name].owner == "ours" or blank(seen.get(name)))
        and rules.same(name, acknowledged.get(name), seen.get(name))
        and not within(rules.push.fields[name], acknowledged.get(name), value)
    ]


def within(field: PushField, before: Value, after: Value) -> bool:
    """Both are numbers and differ by less than the field's `min_delta`."""
    one, other = as_number(before), as_number(after)
    return one is not None and other is not None and abs(one - other) < field.min_delta


def score_barely_moved(rules: Rules, candidate: Candidate, values: Values) -> bool:
    """Nothing was decided but another score, and every field that shows it asks for a larger step than this one."""
    known = candidate.acknowledged_decision or ""
    if candidate.acknowledged is None or _besides_score(known) != _besides_score(candidate.row.decision):
        return False
    shown = {n: f for n, f in rules.push.fields.items() if f.from_ == "score" and f.owner == "ours"}
    return bool(shown) and all(within(f, candidate.acknowledged.get(n), values.get(n)) for n, f in shown.items())


def _besides_score(decision: str) -> str:
    return decision.partition(" tier ")[2] or decision


def misfits(rules: Rules, operation: Operation, fields: Sequence[FieldChange]) -> list[str]:
    """Why the CRM cannot take the fields, as far as its own description tells: found before anything is sent."""
    reasons = [_unwritable(rules, operation, f.field) or misfit(rules.field(f.field), f.after) for f in fields]
    given = {f.field for f in fields if not blank(f.after)}
    if operation != Operation.UPDATE:
        reasons += [
            f"{name} is empty and {rules.push.object} requires it"
            for name in rules.push.fields
            if name not in given and not rules.field(name).nillable and not rules.field(name).defaulted
        ]
    return [reason for reason in reasons if reason]


def key_misfits(rules: Rules, key: str | None) -> list[str]:
    """Why a record cannot be written under our key: no such field, no key, or one that is too long for it."""
    name = next(iter(rules.push.key))
    if key is None:
        return [f"the row has no key for {rules.push.object}.{name}"]
    reason = _unwritable(rules, Operation.UPSERT, name) or misfit(rules.field(name), key)
    return [reason] if reason else []


def _unwritable(rules: Rules, operation: Operation, name: str) -> str:
    field = rules.schema.fields.get(name)
    if field is None:
        return f"{rules.push.object} has no field {name} that our user may see"
    allowed = field.updateable if operation == Operation.UPDATE else field.createable
    return "" if allowed else f"our user may not write {rules.push.object}.{name}"


def _why(rules: Rules, candidate: Candidate, name: str, value: Value) -> str:
    before = held(candidate).get(name)
    if candidate.acknowledged is None:
        return "first write"
    if rules.push.fields[name].owner == "fill_blank":
        return "it was empty"
    if candidate.seen_since and not rules.same(name, before, candidate.acknowledged.get(name)):
        return "changed by a person"
    if rules.same(name, before, value):
        return "the same, written with its set"
    return f"{rules.push.fields[name].from_ or name} {_short(before)} -> {_short(value)}"


def _short(value: Value) -> str:
    if blank(value):
        return "empty"
    shown = f"{value:g}" if isinstance(value, float) else str(value)
    return shown if len(shown) <= _SHOWN else "a longer text"
