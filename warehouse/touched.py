"""Accounts whose facts changed: the next scoring takes them, and nobody else."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from warehouse import bulk
from warehouse.tables import changed_accounts


def mark(conn: Connection, system: str, account_refs: Iterable[str | None], seen_at: datetime) -> None:
    """Note that facts of these accounts of the system changed; an account waits once, however often it is marked."""
    rows = [{"system": system, "account_ref": ref, "seen_at": seen_at} for ref in set(account_refs) if ref]
    bulk.replace(conn, changed_accounts, rows, on=["system", "account_ref"])
