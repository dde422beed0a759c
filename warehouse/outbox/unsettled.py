"""Writes that went out and whose answer we do not have: looked up in the CRM, then decided, never just sent again."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Connection, and_, or_, select, text

from connectors.base import Operation, Outcome, Record, Status
from mappings.models import SystemMapping
from mappings.streams import pushed_fields
from warehouse.outbox import ledger
from warehouse.outbox.changes import NAMES_THE_RECORD, Change, FieldChange
from warehouse.outbox.values import same
from warehouse.tables import change_fields, changes

_JUST_BEFORE = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Lookup:
    """One question to the CRM: `find` by `key_field`, or `read` by id where there is none."""

    object: str
    key_field: str | None
    values: Sequence[str]
    fields: Sequence[str]
    changes: Sequence[Change]
    parents: Mapping[str, Sequence[str]]
    """Key -> ids of the records that it was created on."""


def unsettled(conn: Connection, system: str) -> list[Change]:
    """Changes that were sent and have no outcome (we stopped), or an unknown one (the answer was lost)."""
    open_ones = and_(
        changes.c.system == system,
        changes.c.sent_at.is_not(None),
        or_(changes.c.outcome.is_(None), and_(changes.c.outcome == "unknown", changes.c.resolved_at.is_(None))),
    )
    sent = conn.execute(select(changes).where(open_ones).order_by(changes.c.change_id)).mappings().all()
    asked = select(change_fields).join(changes, changes.c.change_id == change_fields.c.change_id).where(open_ones)
    fields: defaultdict[str, list[FieldChange]] = defaultdict(list)
    for change_id, field, before, after, why in conn.execute(asked):
        fields[change_id].append(FieldChange(field, orjson.loads(before), orjson.loads(after), why))
    return [_change(dict(row), fields[row["change_id"]]) for row in sent]


def _change(row: Mapping[str, Any], fields: Sequence[FieldChange]) -> Change:
    told = {name: row[name] for name in Change.__dataclass_fields__ if name in row}
    told["operation"] = Operation(row["operation"])
    told["associations"] = orjson.loads(row["associations"] or "{}")
    return Change(**told, key_field=None, parent="", fields=fields, known=False)


def lookups(conn: Connection, mapping: SystemMapping) -> Iterator[Lookup]:
    """What to ask the CRM before anything else is sent: updates by id, what we create by its key."""
    waiting = [c for c in unsettled(conn, mapping.system) if c.operation != Operation.CREATE and c.push in mapping.push]
    grouped: defaultdict[tuple[str, str | None], list[Change]] = defaultdict(list)
    for change in waiting:
        key_field = None if change.operation == Operation.UPDATE else next(iter(mapping.push[change.push].key))
        grouped[change.object, key_field].append(change)
    for (object, key_field), asked in grouped.items():
        values = {c.key if key_field else c.external_id for c in asked}
        fields, parents = sorted(pushed_fields(mapping, object)), {c.key: c.hangs_on() for c in asked if c.key}
        yield Lookup(object, key_field, sorted(filter(None, values)), fields, asked, parents)


def resolve(
    conn: Connection, lookup: Lookup, records: Mapping[str, Record], asked_at: datetime, wait: timedelta
) -> Counter[Status]:
    """Decide the changes of a lookup by what the CRM answered to a question sent at `asked_at`.

    What holds our values succeeded; what does not is free to be planned again; what was deleted stays so. A record that
    is found by what it hangs on may still be on its way: that it is not there counts only `wait` after it was sent.
    """
    shown = {record.id: record for record in records.values()}
    asked = lookup.values if lookup.key_field is None else ()
    system, key_field = lookup.changes[0].system, lookup.key_field
    ledger.sight(conn, system, lookup.object, shown, asked_at, asked=asked, key_field=key_field)
    answers = [(c, records.get((c.key if lookup.key_field else c.external_id) or "")) for c in lookup.changes]
    ended = [(c, _decided(c, record)) for c, record in answers if record or not _on_its_way(c, asked_at, wait)]
    ledger.finish(conn, [outcome for _, outcome in ended], asked_at, resolved_at=asked_at)
    ledger.acknowledge(conn, ended, asked_at - _JUST_BEFORE)  # so that the sighting counts as newer
    ledger.mark_gone(conn, [(c, outcome) for c, outcome in ended if outcome.gone], asked_at)
    return Counter(outcome.status for _, outcome in ended)


def _on_its_way(change: Change, asked_at: datetime, wait: timedelta) -> bool:
    return bool(change.associations and change.sent_at and asked_at < change.sent_at + wait)


def _decided(change: Change, record: Record | None) -> Outcome:
    if change.operation == Operation.UPDATE:
        return _decided_update(change, record)
    if record is None:
        return _not_there(change, "no record carries its key")
    return Outcome(change.change_id, Status.SUCCEEDED, id=record.id, created=True, code="found", gone=record.deleted)


def _decided_update(change: Change, record: Record | None) -> Outcome:
    if record is None or record.deleted:
        message = f"{change.object} {change.external_id} does not exist any more"
        return Outcome(change.change_id, Status.UNKNOWN, change.external_id, code="gone", message=message, gone=True)
    if not _holds(change, record):
        return _not_there(change, "the record does not show it")
    return Outcome(change.change_id, Status.SUCCEEDED, id=record.id, code="found")


def _holds(change: Change, record: Record) -> bool:
    """A record is written whole: one changed field that shows our value proves the write; a person may edit later."""
    telling = [f for f in change.fields if not same(f.before, f.after)]
    held = [same(f.after, record.fields.get(f.field)) for f in telling]
    return any(held) if telling else True


def _not_there(change: Change, what: str) -> Outcome:
    message = f"looked up: {what}; it may be planned again"
    return Outcome(change.change_id, Status.UNKNOWN, code="not_applied", message=message)


_ROLES = "SELECT opportunity_ref, contact_ref, id FROM opportunity_contacts WHERE system = :system"


def resolve_creates(
    conn: Connection, system: str, pulled: Mapping[str, datetime], wait: timedelta, now: datetime
) -> Counter[Status]:
    """Decide creates without a key of their own (contact roles) from our pulled copy.

    `pulled` says when this run's complete pull of an object began; one that began less than `wait` after the write
    proves nothing yet.
    """
    found = conn.execute(text(_ROLES), {"system": system})
    there = {frozenset((opportunity, contact)): record_id for opportunity, contact, record_id in found}
    ended: list[tuple[Change, Outcome]] = []
    for change in (c for c in unsettled(conn, system) if c.operation == Operation.CREATE and c.sent_at):
        record_id = there.get(frozenset(str(f.after) for f in change.fields if f.why == NAMES_THE_RECORD))
        if record_id is not None:
            ended.append((change, Outcome(change.change_id, Status.SUCCEEDED, id=record_id, code="found")))
        elif change.sent_at and change.object in pulled and pulled[change.object] > change.sent_at + wait:
            ended.append((change, _not_there(change, "a pull that began after it did not bring it")))
    ledger.finish(conn, [outcome for _, outcome in ended], now, resolved_at=now)
    ledger.acknowledge(conn, ended, now)
    return Counter(outcome.status for _, outcome in ended)
