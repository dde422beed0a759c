"""Expansion opportunities in the CRM: those that are open already, and what became of the ones we handed off."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any, NamedTuple

import pyarrow as pa
from sqlalchemy import Connection, RowMapping, text

from mappings.models import Expansion
from warehouse import bulk, tables
from warehouse.work import predicates


class OpenExpansion(NamedTuple):
    """An open expansion opportunity of an account."""

    system: str
    id: str
    owner_ref: str | None


_OPEN = """
SELECT l.account_id, o.system, o.id, o.owner_ref
FROM opportunities o
JOIN account_links l ON l.system = o.system AND l.external_id = o.account_ref
JOIN {stage} t ON t.account_id = l.account_id
JOIN accounts a ON a.account_id = l.account_id
WHERE o.closed IS NOT TRUE AND (o.expansion OR substr(o.key, 1, :length) = :ours)
ORDER BY CASE WHEN o.system = a.crm THEN 1 ELSE 0 END, o.close_date DESC NULLS FIRST, o.id DESC"""


def open_expansions(conn: Connection, installation: str, account_ids: Collection[str]) -> dict[str, OpenExpansion]:
    """account_id -> its open expansion opportunity, by the mapped rule or created by us (D26).

    Where several are open it is one in the CRM of record before one elsewhere, which is the only copy of a deal that is
    not synced, and of those the one that closes first: the one that sales works on now.
    """
    ours = f"{installation}:"
    asked = pa.table({"account_id": pa.array(sorted(account_ids), pa.string())})
    with bulk.staged(conn, tables.account_ids, asked) as stage:
        found = conn.execute(text(_OPEN.format(stage=stage)), {"ours": ours, "length": len(ours)}).all()
    return {account_id: OpenExpansion(*opportunity) for account_id, *opportunity in found}


_FOLLOWED = """
SELECT h.handoff, h.note_on, h.state AS was, o.id, o.closed, o.won, o.declined_reason,
  {accepted} AS accepted, {declined} AS declined, COALESCE(s.deleted, FALSE) AS deleted
FROM handoffs h
LEFT JOIN opportunities o ON o.system = h.system AND (o.id = h.note_on OR (h.note_on IS NULL AND o.key = h.key))
LEFT JOIN seen_values s ON s.system = h.system AND s.key = h.key AND h.note_on IS NULL
WHERE h.closed_as_of IS NULL
ORDER BY h.handoff"""


def read_back(conn: Connection, rules: Expansion, as_of: date) -> int:
    """Follow our handoffs in the CRM: accepted, declined with the reason, won, lost; returns how many ended."""
    binds: predicates.Binds = {}
    query = _FOLLOWED.format(
        accepted=predicates.sql(rules.accepted_when, "o.{}".format, binds),
        declined=predicates.sql(rules.declined_when, "o.{}".format, binds),
    )
    moved = [moved for row in conn.execute(text(query), binds).mappings() if (moved := _moved(row, as_of))]
    if moved:
        conn.execute(text(_MOVE), moved)
    return sum(one["closed_as_of"] is not None for one in moved)


_MOVE = """
UPDATE handoffs SET state = :state, closed_as_of = :closed_as_of, declined_reason = :reason,
  accepted_as_of = COALESCE(accepted_as_of, :accepted_as_of)
WHERE handoff = :handoff"""


def _moved(row: RowMapping, as_of: date) -> dict[str, Any] | None:
    """What became of a handoff that moved on; None for one that stands where it stood."""
    state, reason = _state(row)
    if state == row["was"]:
        return None
    return {
        "handoff": row["handoff"],
        "state": state,
        "reason": reason,
        "closed_as_of": None if state in ("proposed", "accepted") else as_of,
        "accepted_as_of": as_of if state == "accepted" else None,
    }


def _state(row: RowMapping) -> tuple[str, str | None]:
    """The state that the CRM shows and, where sales declined, why; one that was accepted stays so until it ends."""
    if row["id"] is None:
        gone = row["deleted"] or row["note_on"] is not None
        return ("declined", "the opportunity was deleted") if gone else (row["was"], None)
    if row["closed"]:
        if row["declined"] and not row["won"]:
            return "declined", row["declined_reason"]
        return ("won" if row["won"] else "lost"), None
    return ("accepted" if row["accepted"] else row["was"]), None
