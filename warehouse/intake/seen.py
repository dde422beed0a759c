"""What the CRM holds in the fields that we push: the newest sighting of each record, and no older one over it."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection

from connectors.base import Page, Record, Stream
from warehouse import bulk
from warehouse.issues import Issue
from warehouse.tables import seen_values

_STORE = """
    MERGE INTO seen_values t USING {stage} s
        ON t.system = s.system AND t.object = s.object AND t.external_id = s.external_id
    WHEN MATCHED AND t.requested_at <= s.requested_at THEN UPDATE SET
        key = CASE WHEN s.deleted THEN COALESCE(s.key, t.key) ELSE s.key END,
        fields = CASE WHEN s.deleted AND s.fields = '{{}}' THEN t.fields ELSE s.fields END,
        deleted = s.deleted,
        requested_at = s.requested_at
    WHEN NOT MATCHED AND (s.key IS NOT NULL OR s.deleted OR :keyless) THEN
        INSERT (system, object, external_id, key, fields, deleted, requested_at)
        VALUES (s.system, s.object, s.external_id, s.key, s.fields, s.deleted, s.requested_at)
"""


def store(
    conn: Connection,
    system: str,
    stream: Stream,
    pushed: frozenset[str],
    key_field: str | None,
    records: Sequence[tuple[Record, Page]],
) -> list[Issue]:
    """Keep what the records show, in the connection's transaction; returns what could not be kept. One record an id.

    Where the object has a key field, records that never had our key are not ours and are not kept. A deletion that
    comes without its record keeps the values that we saw last.
    """
    names = sorted(pushed)
    found: list[Issue] = []
    rows = []
    for record, page in records:
        try:
            fields = orjson.dumps({f: record.fields[f] for f in names if f in record.fields}).decode()
        except TypeError as error:
            message = f"a field that we push cannot be written as JSON: {error}; it cannot be compared"
            found.append(Issue("unreadable", system, stream.name, record.id, "", message))
            continue
        key = record.fields.get(key_field) if key_field else None
        rows.append(
            {
                "system": system,
                "object": stream.object,
                "external_id": record.id,
                "key": None if key is None else str(key),
                "fields": fields,
                "deleted": record.deleted,
                "requested_at": page.requested_at,
            }
        )
    if rows:
        with bulk.staged(conn, seen_values, rows) as stage:
            conn.execute(sa.text(_STORE.format(stage=stage)), {"keyless": key_field is None})
    return found
