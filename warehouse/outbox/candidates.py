"""Which rows may need a write: desired against seen against acknowledged, compared in SQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

import orjson
import pyarrow as pa
from sqlalchemy import Connection, text

from mappings.models import PushMapping
from warehouse import bulk, tables
from warehouse.desired.row import DesiredRow
from warehouse.outbox.changes import definition


class Candidate(NamedTuple):
    """A desired row with what the ledger and our pulled copy know of its record."""

    row: DesiredRow
    acknowledged: Mapping[str, Any] | None
    """Vendor field -> value as the CRM last confirmed it; None: never."""
    acknowledged_id: str | None
    acknowledged_decision: str | None
    acknowledged_as_of: date | None
    acknowledged_definition: str | None
    acknowledged_at: datetime | None
    seen: Mapping[str, Any] | None
    """Vendor field -> value as the newest sighting has it; None: never seen."""
    deleted: bool
    requested_at: datetime | None
    found_id: str | None
    """A record that carries our key although nothing was ever acknowledged: the ledger is older than the CRM."""
    unsettled: bool
    """An earlier write of this row has no answer yet."""

    @property
    def external_id(self) -> str | None:
        return self.acknowledged_id or self.row.external_id or self.found_id

    @property
    def seen_since(self) -> bool:
        """The sighting was requested after the CRM acknowledged our last write; an older one proves nothing."""
        if self.requested_at is None:
            return False
        return self.acknowledged_at is None or self.requested_at > self.acknowledged_at


_COMPARED = """
SELECT d.row_key, a.fields, a.external_id, a.decision, a.as_of, a.definition, a.acknowledged_at,
  COALESCE(s.fields, k.fields) AS seen, COALESCE(s.deleted, k.deleted) AS deleted,
  COALESCE(s.requested_at, k.requested_at) AS requested_at, k.external_id AS found_id, u.row_key AS unsettled
FROM {stage} d
LEFT JOIN acknowledged a ON a.system = :system AND a.push = :push AND a.row_key = d.row_key
LEFT JOIN seen_values s ON s.system = :system AND s.object = :object
  AND s.external_id = COALESCE(a.external_id, d.external_id)
LEFT JOIN seen_values k ON k.system = :system AND k.object = :object AND k.key = d.key AND a.row_key IS NULL
LEFT JOIN (
  SELECT DISTINCT c.row_key FROM changes c WHERE c.system = :system AND c.push = :push AND c.sent_at IS NOT NULL
    AND (c.outcome IS NULL OR (c.outcome = 'unknown' AND c.resolved_at IS NULL))
) u ON u.row_key = d.row_key
WHERE a.row_key IS NULL OR ({differs})
"""

_THEIRS_DIFFERS = """
  (a.decision <> d.decision AND (a.as_of IS NULL OR d.as_of IS NULL OR d.as_of > a.as_of))
  OR a.definition <> :definition
  OR (s.requested_at > a.acknowledged_at AND (a.verified_at IS NULL OR s.requested_at > a.verified_at))"""
"""A record of theirs: another decision (once per as_of), another mapping, or a sighting not compared yet."""

_OURS_DIFFERS = "NOT a.gone AND (a.decision <> d.decision OR s.deleted)"
"""A record that we created: another decision, or a person deleted it; what is gone stays gone."""

_TEXTS = ("row_key", "external_id", "key", "decision")
_TYPES = {**dict.fromkeys(_TEXTS, pa.string()), "as_of": pa.date32()}


def candidates(
    conn: Connection, system: str, name: str, push: PushMapping, rows: Sequence[DesiredRow]
) -> list[Candidate]:
    """Rows never acknowledged, decided differently, or seen changed, in the order of their keys."""
    if not rows:
        return []
    by_key = {row.row_key: row for row in rows}
    bound = {"system": system, "push": name, "object": push.object}
    if push.operation == "update":
        bound["definition"] = definition(push)
    columns = {c: pa.array([getattr(row, c) for row in by_key.values()], t) for c, t in _TYPES.items()}
    with bulk.staged(conn, tables.changes, pa.table(columns)) as stage:
        differs = _THEIRS_DIFFERS if push.operation == "update" else _OURS_DIFFERS
        query = text(_COMPARED.format(stage=stage, differs=differs)).columns(*_RESULT)
        found = conn.execute(query, bound).all()
    made = [_candidate(by_key[row_key], *rest) for row_key, *rest in found]
    made.sort(key=lambda c: (c.row.row_key, not c.deleted))  # of two records with our key the existing one counts
    return list({c.row.row_key: c for c in made}.values())


_RESULT = (
    tables.changes.c.row_key,
    tables.acknowledged.c.fields,
    tables.acknowledged.c.external_id,
    tables.acknowledged.c.decision,
    tables.acknowledged.c.as_of,
    tables.acknowledged.c.definition,
    tables.acknowledged.c.acknowledged_at,
    tables.seen_values.c.fields.label("seen"),
    tables.seen_values.c.deleted,
    tables.seen_values.c.requested_at,
    tables.seen_values.c.external_id.label("found_id"),
    tables.changes.c.row_key.label("unsettled"),
)


def _candidate(row: DesiredRow, acknowledged: str | None, *known: Any) -> Candidate:
    external_id, decision, as_of, definition, acknowledged_at, seen, deleted, requested_at, found_id, unsettled = known
    return Candidate(
        row,
        None if acknowledged is None else orjson.loads(acknowledged),
        external_id,
        decision,
        as_of,
        definition,
        acknowledged_at,
        None if seen is None else orjson.loads(seen),
        bool(deleted),
        requested_at,
        found_id,
        unsettled is not None,
    )


_COUNTS = "SELECT push, count(*) FROM acknowledged WHERE system = :system AND NOT gone GROUP BY push"


def acknowledged_counts(conn: Connection, system: str) -> Counter[str]:
    """Records that the CRM acknowledged and that still exist, by push mapping."""
    counts: Counter[str] = Counter()
    for push, count in conn.execute(text(_COUNTS), {"system": system}):
        counts[push] = count
    return counts
