"""The last look before an update leaves: what a person changed since the plan is theirs, or is drift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from connectors.base import Operation, Record, Status
from warehouse.outbox import ledger
from warehouse.outbox.changes import Change, Drift, FieldChange
from warehouse.outbox.values import Value, same


def to_recheck(batch: Sequence[Change]) -> list[str]:
    """Ids of records that we created and that people may have taken over since they were seen; mostly none."""
    return sorted({c.external_id for c in batch if c.ours and c.operation == Operation.UPDATE and c.external_id})


def recheck(
    conn: Connection, batch: Sequence[Change], records: Mapping[str, Record], asked_at: datetime
) -> list[Change]:
    """The batch as it may be sent, given what the CRM shows of these records now; the caller commits.

    On records that we created a field that moved is left to the person; a change without a field left is blocked. On
    records of theirs the move becomes drift, and the before-image is true again. Changes of other records pass.
    """
    looked = [_looked_at(change, records.get(change.external_id or ""), asked_at) for change in batch]
    if records:
        ledger.sight(conn, batch[0].system, batch[0].object, records, asked_at, key_field=batch[0].key_field)
    ledger.keep_unsent(conn, [c for c in looked if c.status is not None])
    return [c for c in looked if c.status is None]


def _looked_at(change: Change, record: Record | None, asked_at: datetime) -> Change:
    if record is None:
        return change
    if record.deleted:
        return replace(change, status=Status.BLOCKED, code="deleted", message="it was deleted since the plan was made")
    moved = {f.field for f in change.fields if f.field in record.fields and not same(f.before, record.fields[f.field])}
    if change.ours:
        return _left_to_person(change, moved)
    return _with_drift(change, {name: record.fields[name] for name in moved}, asked_at)


def _left_to_person(change: Change, moved: set[str]) -> Change:
    fields = tuple(f for f in change.fields if f.field not in moved)
    if fields:
        return replace(change, fields=fields)
    message = f"a person changed {', '.join(sorted(moved))} since the plan was made"
    return replace(change, status=Status.BLOCKED, code="person", message=message)


def _with_drift(change: Change, moved: Mapping[str, Value], asked_at: datetime) -> Change:
    drifts = [
        Drift(change.object, change.external_id or "", f.field, f.before, moved[f.field], asked_at)
        for f in change.fields
        if f.field in moved and change.known
    ]
    fields = tuple(_as_found(f, moved) for f in change.fields)
    return replace(change, fields=fields, drifts=(*change.drifts, *drifts))


def _as_found(field: FieldChange, moved: Mapping[str, Value]) -> FieldChange:
    return field._replace(before=moved[field.field], why="changed by a person") if field.field in moved else field
