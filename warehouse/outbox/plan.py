"""From candidates to changes: one record at a time, with what stands in its way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, text
from ulid import ULID

from connectors.base import Operation
from warehouse.desired.health import LEFT
from warehouse.desired.row import Columns, DesiredRows
from warehouse.outbox.candidates import Candidate
from warehouse.outbox.changes import NAMES_THE_RECORD, Change, Drift, FieldChange
from warehouse.outbox.field_rules import drifted, moved, person_left, score_barely_moved, wanted, whole_set
from warehouse.outbox.obstacles import Aim, judged
from warehouse.outbox.values import Value, blank, to_json

_PARENTS = ("opportunity_external_id", "account_external_id")  # what vendors lock while a record is written
_COME_AND_GO = frozenset({"reason_1", "reason_2", "reason_3", "reasons", "weekly_change", "previous_score"})
_TOLD = frozenset({"score", "tier", "state", "segment"})  # columns whose change is the reason in a line of the plan


def plan_theirs(aim: Aim, candidates: Sequence[Candidate], rows: DesiredRows) -> None:
    """Records of theirs (accounts): our fields win, as one set after a decision, alone where a person changed one."""
    decided = [c for c in candidates if not c.deleted and _decided(aim, c)]
    columns = rows.columns([c.row.row_key for c in decided]) if decided else {}
    for candidate in candidates:
        if candidate.deleted:
            _add(aim, candidate, [], why=candidate.row.decision)
        elif _decided(aim, candidate):
            _plan_set(aim, candidate, columns[candidate.row.row_key])
        else:
            _plan_restoration(aim, candidate)


def _decided(aim: Aim, candidate: Candidate) -> bool:
    """The set is due: never written, another mapping, or another decision on a later as_of."""
    if candidate.acknowledged is None or candidate.acknowledged_definition != aim.definition:
        return True
    last, this = candidate.acknowledged_as_of, candidate.row.as_of
    later = last is None or this is None or this > last
    return later and candidate.acknowledged_decision != candidate.row.decision


def _plan_set(aim: Aim, candidate: Candidate, columns: Columns) -> None:
    values, misses = wanted(aim.rules, columns, leaving=candidate.row.decision == LEFT)
    drifts = drifted(aim.rules, candidate)
    fields = whole_set(aim.rules, candidate, values)
    quiet = not drifts and candidate.acknowledged_definition == aim.definition
    if quiet and not misses and score_barely_moved(aim.rules, candidate, values):
        _settle(aim, candidate, {}, candidate.acknowledged_as_of)
    elif not misses and not moved(aim.rules, fields):
        _settle(aim, candidate, {f.field: f.after for f in fields}, candidate.row.as_of)
    else:
        _add(aim, candidate, fields, why=_set_why(aim, candidate, fields), drifts=drifts, misses=misses)


def _set_why(aim: Aim, candidate: Candidate, fields: Sequence[FieldChange]) -> str:
    if candidate.acknowledged is None:
        return "first write"
    if candidate.row.decision == LEFT:
        return "the account is no customer any more"
    if candidate.row.decision == candidate.acknowledged_decision:
        return "the mapping changed"
    told = [f.why for f in fields if aim.push.fields[f.field].from_ in _TOLD and "->" in f.why]
    return ", ".join(told) or "other reasons"


def _plan_restoration(aim: Aim, candidate: Candidate) -> None:
    drifts = drifted(aim.rules, candidate)
    if drifts:
        fields = [FieldChange(d.field, d.theirs, d.ours, "changed by a person") for d in drifts]
        why = f"{', '.join(d.field for d in drifts)} changed by a person"
        _add(aim, candidate, fields, why=why, drifts=drifts)
        return
    aim.plan.unchanged[aim.name] += 1
    if candidate.requested_at and candidate.seen_since:
        aim.plan.verified.setdefault(aim.name, {})[candidate.row.row_key] = candidate.requested_at


def plan_ours(aim: Aim, conn: Connection, candidates: Sequence[Candidate], rows: DesiredRows) -> None:
    """Records that we create (tasks, opportunities, contact roles): written once, from then on the person wins."""
    alive = [c.row.row_key for c in candidates if not c.deleted]
    columns = rows.columns(alive) if alive else {}
    there = _roles_there(aim, conn) if alive and aim.push.operation == "create" else {}
    for candidate in candidates:
        if candidate.deleted:
            aim.plan.unchanged[aim.name] += 1
            aim.plan.settled.append(acknowledgement(aim, candidate, gone=True))
        elif candidate.found_id and not candidate.unsettled:
            _settle(aim, candidate, {}, candidate.row.as_of)  # what we wrote is not known: all of it is the person's
        elif candidate.acknowledged is None:
            _plan_creation(aim, candidate, columns[candidate.row.row_key], there)
        else:
            _plan_update(aim, candidate, columns[candidate.row.row_key])


def _plan_creation(aim: Aim, candidate: Candidate, columns: Columns, there: Mapping[tuple[Value, ...], str]) -> None:
    values, misses = wanted(aim.rules, columns)
    values = {name: value for name, value in values.items() if value is not None}
    fields = [FieldChange(name, None, value, "first write") for name, value in values.items()]
    if aim.push.operation == "create":
        keys = {name: columns[key.from_] for name, key in aim.push.key.items()}
        if tuple(keys.values()) in there:
            record_id = there[tuple(keys.values())]
            aim.plan.settled.append(acknowledgement(aim, candidate, record_id=record_id, fields={**keys, **values}))
            aim.plan.unchanged[aim.name] += 1
            return
        fields = [FieldChange(name, None, value, NAMES_THE_RECORD) for name, value in keys.items()] + fields
    waits_for = candidate.row.waits_for
    if waits_for and _only_owner_missing(columns):
        misses, waits_for = [*misses, waits_for], ""
    parent = next((str(columns[p]) for p in _PARENTS if columns.get(p)), "")
    associations = {object: str(columns[column.from_] or "") for object, column in aim.push.associations.items()}
    misses = [*misses, *(f"no {object} to hang it on" for object, id in associations.items() if not id)]
    _add(
        aim, candidate, fields,
        why="first write", misses=misses, waits_for=waits_for, parent=parent,
        associations={object: (id,) for object, id in associations.items()},
    )  # fmt: skip


def _only_owner_missing(columns: Columns) -> bool:
    """Nothing will come that this could wait for: the CRM has no such user."""
    references = [name for name in columns if name.endswith("_external_id") and columns[name] is None]
    return references == ["owner_external_id"]


def _plan_update(aim: Aim, candidate: Candidate, columns: Columns) -> None:
    values, misses = wanted(aim.rules, columns)
    if not candidate.seen_since:  # whether a person changed it is not known yet
        _add(aim, candidate, [], why=candidate.row.decision)
        return
    fields = person_left(aim.rules, candidate, values)
    if not fields and not misses:
        _settle(aim, candidate, {}, candidate.row.as_of)
        return
    why = ", ".join(f.why for f in fields) or candidate.row.decision
    _add(aim, candidate, fields, why=why, misses=misses)


_ROLES = "SELECT opportunity_ref, contact_ref, min(id) FROM opportunity_contacts WHERE system = :system GROUP BY 1, 2"


def _roles_there(aim: Aim, conn: Connection) -> dict[tuple[Value, ...], str]:
    """Contact roles that the CRM has already, by opportunity and contact, whoever made them."""
    found = conn.execute(text(_ROLES), {"system": aim.plan.system})
    return {(opportunity, contact): role_id for opportunity, contact, role_id in found}


def _settle(aim: Aim, candidate: Candidate, fields: Mapping[str, Value], as_of: date | None) -> None:
    """The CRM shows already what we decided: remember the decision, write nothing."""
    aim.plan.unchanged[aim.name] += 1
    if candidate.external_id is not None:
        aim.plan.settled.append({**acknowledgement(aim, candidate, fields=fields), "as_of": as_of})


def acknowledgement(
    aim: Aim,
    candidate: Candidate,
    *,
    record_id: str | None = None,
    fields: Mapping[str, Value] | None = None,
    gone: bool = False,
) -> dict[str, Any]:
    """A row of `acknowledged` for what we found out by looking."""
    confirmed = {**(candidate.acknowledged or {}), **(fields or {})}
    return {
        "system": aim.plan.system,
        "push": aim.name,
        "row_key": candidate.row.row_key,
        "object": aim.push.object,
        "external_id": record_id or candidate.external_id,
        "fields": to_json(confirmed),
        "decision": candidate.row.decision,
        "as_of": candidate.row.as_of,
        "definition": aim.definition,
        "acknowledged_at": candidate.acknowledged_at or candidate.requested_at or aim.now,
        "verified_at": candidate.requested_at,
        "gone": gone,
    }


def _clears(aim: Aim, field: FieldChange) -> bool:
    """The field loses its value, and it is not one that comes and goes in good health."""
    pushed = aim.push.fields.get(field.field)
    passing = pushed is not None and pushed.from_ in _COME_AND_GO
    return not passing and blank(field.after) and not blank(field.before)


def _add(
    aim: Aim,
    candidate: Candidate,
    fields: Sequence[FieldChange],
    *,
    why: str,
    drifts: Sequence[Drift] = (),
    misses: Sequence[str] = (),
    waits_for: str = "",
    parent: str = "",
    associations: Mapping[str, Sequence[str]] | None = None,
) -> None:
    row, known = candidate.row, candidate.acknowledged is not None
    change = Change(
        change_id=str(ULID.from_datetime(aim.now)),
        run=aim.plan.run,
        system=aim.plan.system,
        push=aim.name,
        object=aim.push.object,
        operation=Operation.UPDATE if known else Operation(aim.push.operation),
        row_key=row.row_key,
        account_id=row.account_id,
        external_id=candidate.external_id,
        key_field=next(iter(aim.push.key)) if aim.push.operation == "upsert" else None,
        key=row.key,
        parent=parent or candidate.external_id or "",
        why=why,
        as_of=row.as_of,
        decision=row.decision,
        definition=aim.definition,
        planned_at=aim.now,
        fields=tuple(fields),
        known=known,
        ours=aim.push.operation != "update",
        drifts=tuple(drifts),
        associations=associations or {},
        clears=any(_clears(aim, f) for f in fields),
    )
    change = judged(aim, candidate, change, misses, waits_for)
    if change.code == "stale" and change.external_id:
        aim.plan.stale.setdefault(change.object, []).append(change.external_id)
    aim.plan.changes.append(change)
