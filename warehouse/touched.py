"""Accounts whose facts changed: the next scoring takes them, and nobody else."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from warehouse import bulk
from warehouse.tables import changed_accounts


def mark(conn: Connection, system: str, account_refs: Iterable[str | None], seen_at: datetime) -> None:
    """Note that facts of these accounts of the system changed; an account waits once, however often it is marked."""
    rows = [{"system": system, "account_ref": ref, "seen_at": seen_at} for ref in set(account_refs) if ref]
    bulk.replace(conn, changed_accounts, rows, on=["system", "account_ref"])


def mark_accounts(conn: Connection, account_ids: Iterable[str], seen_at: datetime) -> None:
    """Note that these accounts of ours changed, by whatever link they have."""
    ids = sorted(set(account_ids))
    if ids:
        of = sa.text("SELECT system, external_id FROM account_links WHERE account_id IN :ids")
        rows = conn.execute(of.bindparams(sa.bindparam("ids", ids, expanding=True))).all()
        for system in {row.system for row in rows}:
            mark(conn, system, (row.external_id for row in rows if row.system == system), seen_at)
