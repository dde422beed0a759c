"""Accounts that a CRM deleted or merged: their links end, and a merged account points at the one that stayed."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from warehouse import bulk, touched
from warehouse.tables import account_ids, links

_DELETED = """
    SELECT l.system, l.object, l.external_id FROM links l
    JOIN raw_records r ON r.system = l.system AND r.stream = l.object AND r.id = l.external_id
    WHERE l.valid_to IS NULL AND r.superseded_at IS NULL AND r.deleted
"""
_MERGED = """
    SELECT r.system, r.id, r.merged_into, l.account_id FROM raw_records r
    JOIN links l ON l.system = r.system AND l.object = r.stream AND l.external_id = r.id
    JOIN account_ids a ON a.account_id = l.account_id AND a.merged_into IS NULL
    WHERE r.superseded_at IS NULL AND r.deleted AND r.merged_into IS NOT NULL AND l.valid_to IS NOT NULL
    ORDER BY l.valid_to
"""
_LINKED = "SELECT account_id FROM account_links WHERE system = :system AND external_id = :id"


def end_deleted(conn: Connection, now: datetime) -> int:
    """End the links of records that their CRM deleted; returns how many."""
    gone = [tuple(row) for row in conn.execute(sa.text(_DELETED)).all()]
    end(conn, gone, now)
    return len(gone)


def end(conn: Connection, gone: list[tuple[str, str, str]], now: datetime) -> None:
    """End the links of these (system, object, external id)."""
    if not gone:
        return
    columns = dict(zip(("system", "object", "external_id"), zip(*gone, strict=True), strict=True))
    with bulk.staged(conn, links, bulk.arrow_columns(links, **columns)) as stage:
        same = " AND ".join(f"s.{name} = links.{name}" for name in columns)
        which = sa.text(f"EXISTS (SELECT 1 FROM {stage} s WHERE {same})")  # noqa: S608
        conn.execute(sa.update(links).where(links.c.valid_to.is_(None), which).values(valid_to=now))


def follow(conn: Connection, now: datetime) -> set[str]:
    """Point each merged account at the account of the record that won; a chain ends at its last.

    Returns the accounts whose winner we do not know yet: they are followed when it arrives.
    """
    merges = conn.execute(sa.text(_MERGED)).all()
    into = {(row.system, row.id): row.merged_into for row in merges}
    waiting = set()
    for system, id, _, account_id in merges:
        winner_id = _last(into, system, id)
        winner = conn.scalars(sa.text(_LINKED), {"system": system, "id": winner_id}).first()
        if winner is None:
            waiting.add(account_id)
        if winner is None or winner == account_id:
            continue
        loser = sa.or_(account_ids.c.account_id == account_id, account_ids.c.merged_into == account_id)
        conn.execute(sa.update(account_ids).where(loser).values(merged_into=winner))
        touched.mark(conn, system, [winner_id], now)
    return waiting


def _last(into: dict[tuple[str, str], str], system: str, id: str) -> str:
    passed = {id}
    while (system, id) in into and into[system, id] not in passed:
        id = into[system, id]
        passed.add(id)
    return id
