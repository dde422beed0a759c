"""The outbox: what a push would write, in batches, and what came of it. Planning reads; only the ledger writes.

A push is: `lookups` + `resolve` and `resolve_creates`; `plan`; read what is `stale`, `sight` it, `plan` again; `guard`,
`stop`; `record`; for each of `batches`: `to_recheck` + `recheck`, `sending`, the request, `settle`; and what waits for
records of this push is planned once more with `only`. Every step commits before the next one begins.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby

from sqlalchemy import Connection, select

from connectors.base import ConfigError, ObjectSchema
from mappings.models import Mappings, PushMapping, SystemMapping
from mappings.streams import pushed_fields
from warehouse import desired
from warehouse.outbox.candidates import acknowledged_counts, candidates
from warehouse.outbox.changes import Change, Plan, definition
from warehouse.outbox.field_rules import Rules
from warehouse.outbox.guard import approve, approved, guard, stop
from warehouse.outbox.ledger import record, sending, settle, sight
from warehouse.outbox.obstacles import Aim
from warehouse.outbox.plan import plan_ours, plan_theirs
from warehouse.outbox.recheck import recheck, to_recheck
from warehouse.outbox.unsettled import Lookup, lookups, resolve, resolve_creates
from warehouse.tables import runs

__all__ = [
    "Lookup", "approve", "approved", "batches", "fields_to_read", "guard", "lookups", "plan", "recheck",
    "record", "resolve", "resolve_creates", "sending", "settle", "sight", "stop", "to_recheck",
]  # fmt: skip


def plan(
    conn: Connection,
    mappings: Mappings,
    system: str,
    schemas: Mapping[str, ObjectSchema],
    *,
    as_of: date | None,
    now: datetime,
    run: str,
    trusted: bool = False,
    pulled: Collection[str] | None = (),
    only: str | None = None,
) -> Plan:
    """What a push to the system would do now, without writing anything anywhere.

    `trusted` systems (on loopback) need no approval. `pulled` names the objects that this run pulled to the end; None
    takes all that we know as fresh, to show a plan and not to carry it out. `only` plans a single push mapping, as the
    second look does at what waited for others.
    """
    planned = Plan(run, system, as_of, acknowledged=acknowledged_counts(conn, system))
    started_at = _started_at(conn, run) or now
    stopped = {} if trusted else _unapproved(conn, mappings, system)
    if mappings.systems[system].mode == "paused":
        stopped = dict.fromkeys(mappings.systems[system].push, f"push is paused in {system}.yaml")
    for name, push in mappings.systems[system].push.items():
        if only in (None, name):
            fresh_since = None if pulled is None or push.object in pulled else started_at
            rules = Rules(push, _schema(schemas, system, name, push))
            aim = Aim(planned, name, rules, definition(push), now, fresh_since, stopped.get(name, ""))
            _plan_one(conn, mappings, aim)
    return planned


def _plan_one(conn: Connection, mappings: Mappings, aim: Aim) -> None:
    system = aim.plan.system
    rows = desired.rows(conn, mappings, system, aim.push)
    decisions = rows.decisions()
    found = candidates(conn, system, aim.name, aim.push, decisions)
    aim.plan.unchanged[aim.name] += len(decisions) - len(found)
    if aim.push.operation == "update":
        plan_theirs(aim, found, rows)
    else:
        plan_ours(aim, conn, found, rows)


def _schema(schemas: Mapping[str, ObjectSchema], system: str, name: str, push: PushMapping) -> ObjectSchema:
    if push.object not in schemas:
        raise ConfigError(f"{system}.yaml: push {name}: {system} did not describe the object {push.object}")
    return schemas[push.object]


def _started_at(conn: Connection, run: str) -> datetime | None:
    started_at: datetime | None = conn.execute(select(runs.c.started_at).where(runs.c.run == run)).scalar()
    return started_at


def _unapproved(conn: Connection, mappings: Mappings, system: str) -> dict[str, str]:
    missing = mappings.systems[system].push.keys() - approved(conn, system)
    return {name: f"nobody approved the first push of {name} to {system} yet: push with --approve" for name in missing}


def batches(plan: Plan, size: int, push: str | None = None) -> Iterator[list[Change]]:
    """What may be sent, one object and operation at a time, records with the same parent side by side."""
    for name in dict.fromkeys(c.push for c in plan.changes):
        if push not in (None, name):
            continue
        ready = sorted(plan.to_send(name), key=lambda c: (c.operation, c.parent, c.row_key))
        for _, group in groupby(ready, key=lambda c: c.operation):
            yield from _chunks(list(group), size)


def _chunks(changes: Sequence[Change], size: int) -> Iterator[list[Change]]:
    for start in range(0, len(changes), size):
        yield list(changes[start : start + size])


def fields_to_read(mapping: SystemMapping, object: str) -> list[str]:
    """What a re-read must ask for, so that the sighting is whole: every field that any mapping pushes there."""
    return sorted(pushed_fields(mapping, object))
