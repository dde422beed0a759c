"""The ledger: what was sent, how it ended, and what each CRM confirmed. The caller commits."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson
import pyarrow as pa
from sqlalchemy import Connection, delete, select, text

from connectors.base import Outcome, Record, Status
from warehouse import bulk, tables
from warehouse.outbox.changes import Change, Drift, Plan
from warehouse.outbox.values import to_json

_ROW = ("system", "push", "row_key")
_SIGHTING = ("system", "object", "external_id")


def record(conn: Connection, plan: Plan, push: str | None = None) -> None:
    """Keep what the plan found out without writing: decisions that the CRM shows already, invalid and blocked changes.

    A change that was never sent lives until the next plan of its mapping; the counts of its run stay in `runs`.
    """
    settled = [row for row in plan.settled if push in (None, row["push"])]
    bulk.replace(conn, tables.acknowledged, settled, on=_ROW)
    for name, rows in plan.verified.items():
        if push in (None, name):
            _verify(conn, plan.system, name, rows)
    planned = {c.push for c in plan.changes} | set(plan.unchanged)
    _forget_never_sent(conn, plan.system, sorted(name for name in planned if push in (None, name)))
    keep_unsent(conn, [c for c in plan.changes if c.status is not None and push in (None, c.push)])


_VERIFY = """
UPDATE acknowledged SET verified_at = s.verified_at FROM {stage} s
WHERE acknowledged.system = :system AND acknowledged.push = :push AND acknowledged.row_key = s.row_key
"""


def _verify(conn: Connection, system: str, push: str, rows: Mapping[str, datetime]) -> None:
    like = tables.acknowledged
    compared = bulk.arrow_table(like, [{"row_key": key, "verified_at": at} for key, at in rows.items()])
    with bulk.staged(conn, like, compared.select(["row_key", "verified_at"])) as stage:
        conn.execute(text(_VERIFY.format(stage=stage)), {"system": system, "push": push})


def keep_unsent(conn: Connection, changes: Iterable[Change]) -> None:
    """Changes that were not sent, with the reason as their outcome."""
    _append(conn, changes)


def _forget_never_sent(conn: Connection, system: str, pushes: Sequence[str]) -> None:
    c = tables.changes.c
    never_sent = select(c.change_id).where(c.system == system, c.push.in_(pushes), c.sent_at.is_(None))
    for table in (tables.change_fields, tables.changes):
        conn.execute(delete(table).where(table.c.change_id.in_(never_sent)))


def sending(conn: Connection, batch: Sequence[Change], now: datetime) -> None:
    """Write the batch into the ledger as sent; commit before the request leaves, so that a crash can be looked up."""
    _append(conn, [replace(change, sent_at=now) for change in batch])
    drifts = [_drift_row(change, drift) for change in batch for drift in change.drifts]
    bulk.replace(conn, tables.drifts, drifts, on=(*_SIGHTING, "field", "seen_at"))


def _append(conn: Connection, changes: Iterable[Change]) -> None:
    rows, fields = [], []
    for change in changes:
        told = {name: getattr(change, name) for name in Change.__dataclass_fields__}
        associations = orjson.dumps(change.associations).decode() if change.associations else None
        rows.append({**told, "outcome": change.status, "associations": associations})
        fields += [
            {**f._asdict(), "change_id": change.change_id, "before": to_json(f.before), "after": to_json(f.after)}
            for f in change.fields
        ]
    bulk.append(conn, tables.changes, rows)
    bulk.append(conn, tables.change_fields, fields)


def _drift_row(change: Change, drift: Drift) -> dict[str, Any]:
    values = {"ours": to_json(drift.ours), "theirs": to_json(drift.theirs)}
    return {**drift._asdict(), **values, "run": change.run, "system": change.system}


def settle(
    conn: Connection, batch: Sequence[Change], outcomes: Iterable[Outcome], answered_at: datetime
) -> Counter[Status]:
    """Give every change of the batch its one outcome, and keep as acknowledged what the CRM confirmed."""
    ended = {c.change_id: _matched(c, found) for c, found in _paired(batch, outcomes)}
    finish(conn, ended.values(), answered_at)
    acknowledge(conn, [(c, ended[c.change_id]) for c in batch], answered_at)
    mark_gone(conn, [(c, ended[c.change_id]) for c in batch if ended[c.change_id].gone], answered_at)
    return Counter(outcome.status for outcome in ended.values())


def _paired(batch: Sequence[Change], outcomes: Iterable[Outcome]) -> list[tuple[Change, list[Outcome]]]:
    found: defaultdict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        found[outcome.change_id].append(outcome)
    return [(change, found[change.change_id]) for change in batch]


def _matched(change: Change, outcomes: Sequence[Outcome]) -> Outcome:
    """The one outcome of the change; none, several, or one about another record is no answer."""
    if len(outcomes) != 1:
        return Outcome(change.change_id, Status.UNKNOWN, message=f"{len(outcomes)} answers came back for it")
    outcome = outcomes[0]
    if outcome.status != Status.SUCCEEDED:
        return outcome
    record_id = outcome.id or change.external_id
    if record_id is None:
        return Outcome(change.change_id, Status.UNKNOWN, message="the answer does not say which record it made")
    if change.external_id is not None and not _same_record(record_id, change.external_id):
        told = f"sent to {change.external_id}, answered for {record_id}"
        return Outcome(change.change_id, Status.UNKNOWN, message=told)
    return outcome


_FINISH = """
UPDATE changes SET outcome = s.outcome, code = s.code, message = s.message, answered_at = s.answered_at,
  external_id = COALESCE(s.external_id, changes.external_id), resolved_at = s.resolved_at
FROM {stage} s WHERE changes.change_id = s.change_id
"""
_ENDING = ["change_id", "outcome", "code", "message", "answered_at", "external_id", "resolved_at"]


def _same_record(one: str, other: str) -> bool:
    """Some vendors spell an id shorter or longer; the shorter one begins the longer."""
    return one.startswith(other) or other.startswith(one)


def finish(
    conn: Connection, outcomes: Iterable[Outcome], answered_at: datetime, resolved_at: datetime | None = None
) -> None:
    """Write outcomes into the ledger; `resolved_at` where they were found by looking, not by an answer."""
    when = {"answered_at": answered_at, "resolved_at": resolved_at}
    rows = [
        {
            "change_id": o.change_id,
            "outcome": o.status,
            "code": o.code,
            "message": o.message,
            "external_id": o.id,
            **when,
        }
        for o in outcomes
    ]
    if rows:
        with bulk.staged(conn, tables.changes, bulk.arrow_table(tables.changes, rows).select(_ENDING)) as stage:
            conn.execute(text(_FINISH.format(stage=stage)))


def acknowledge(conn: Connection, ended: Iterable[tuple[Change, Outcome]], acknowledged_at: datetime) -> None:
    """Keep what the CRM confirmed, as we sent it, over what it confirmed earlier for the same record."""
    confirmed = [(c, c.external_id or o.id) for c, o in ended if o.status == Status.SUCCEEDED]
    earlier = _acknowledged_fields(conn, [c for c, _ in confirmed])
    rows = []
    for change, external_id in confirmed:
        before = earlier.get((change.system, change.push, change.row_key, external_id), {})
        rows.append(
            {
                **{name: getattr(change, name) for name in ("system", "push", "row_key", "object", "definition")},
                "external_id": external_id,
                "fields": to_json({**before, **{f.field: f.after for f in change.fields}}),
                "decision": change.decision,
                "as_of": change.as_of,
                "acknowledged_at": acknowledged_at,
                "verified_at": None,
                "gone": False,
            }
        )
    bulk.replace(conn, tables.acknowledged, rows, on=_ROW)


_EARLIER = """
SELECT a.system, a.push, a.row_key, a.external_id, a.fields FROM acknowledged a
JOIN {stage} s ON a.system = s.system AND a.push = s.push AND a.row_key = s.row_key
"""


def _acknowledged_fields(
    conn: Connection, changes: Sequence[Change]
) -> dict[tuple[str, str, str, str | None], dict[str, Any]]:
    if not changes:
        return {}
    keys = pa.table({name: pa.array([getattr(c, name) for c in changes], pa.string()) for name in _ROW})
    with bulk.staged(conn, tables.acknowledged, keys) as stage:
        found = conn.execute(text(_EARLIER.format(stage=stage))).all()
    return {(system, push, row, record_id): orjson.loads(fields) for system, push, row, record_id, fields in found}


_GONE = """
UPDATE acknowledged SET gone = TRUE
WHERE system = :system AND push = :push AND row_key = :row_key AND external_id = :external_id
"""


def mark_gone(conn: Connection, ended: Iterable[tuple[Change, Outcome]], at: datetime) -> None:
    """The record exists no more: what we create never comes again, and an account's id is resolved anew."""
    for change, outcome in ended:
        external_id = outcome.id or change.external_id
        if external_id is None:
            continue
        bound = {"system": change.system, "push": change.push, "row_key": change.row_key, "external_id": external_id}
        conn.execute(text(_GONE), bound)
        sight(conn, change.system, change.object, {external_id: Record(external_id, {}, deleted=True)}, at)


def sight(
    conn: Connection,
    system: str,
    object: str,
    records: Mapping[str, Record],
    requested_at: datetime,
    *,
    asked: Collection[str] = (),
    key_field: str | None = None,
) -> None:
    """Keep what a re-read brought, newest only; an id of `asked` that did not come back does not exist any more."""
    found = {**{id: Record(id, {}, deleted=True) for id in asked}, **records}
    rows = [
        {
            "system": system,
            "object": object,
            "external_id": record.id,
            "key": record.fields.get(key_field) if key_field else None,
            "fields": to_json(record.fields),
            "deleted": record.deleted,
            "requested_at": requested_at,
        }
        for record in found.values()
    ]
    bulk.replace(conn, tables.seen_values, rows, on=_SIGHTING)
