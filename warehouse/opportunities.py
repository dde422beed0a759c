"""Expansion opportunities in the CRM: those that are open already, and what became of the ones we handed off."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

import pyarrow as pa
from sqlalchemy import Connection, text

from warehouse import bulk, tables


class OpenExpansion(NamedTuple):
    """An open expansion opportunity of an account in its CRM of record."""

    id: str
    owner_ref: str | None


_OPEN = """
SELECT l.account_id, o.id, o.owner_ref
FROM opportunities o
JOIN account_links l ON l.system = o.system AND l.external_id = o.account_ref
JOIN {stage} t ON t.account_id = l.account_id
JOIN accounts a ON a.account_id = l.account_id AND a.crm = o.system
WHERE o.closed IS NOT TRUE AND (o.expansion OR substr(o.key, 1, :length) = :ours)
ORDER BY o.close_date DESC NULLS FIRST, o.id DESC"""


def open_expansions(conn: Connection, installation: str, account_ids: Collection[str]) -> dict[str, OpenExpansion]:
    """account_id -> its open expansion opportunity, by the mapped rule or created by us (D26).

    Where several are open it is the one that closes first: the one that sales works on now.
    """
    ours = f"{installation}:"
    asked = pa.table({"account_id": pa.array(sorted(account_ids), pa.string())})
    with bulk.staged(conn, tables.account_ids, asked) as stage:
        found = conn.execute(text(_OPEN.format(stage=stage)), {"ours": ours, "length": len(ours)}).all()
    return {account_id: OpenExpansion(*opportunity) for account_id, *opportunity in found}


_ENDED = """
SELECT h.handoff, CASE WHEN o.won THEN 'won' ELSE 'lost' END AS state
FROM handoffs h
JOIN opportunities o ON o.system = h.system AND (o.id = h.note_on OR (h.note_on IS NULL AND o.key = h.key))
WHERE h.closed_as_of IS NULL AND o.closed
UNION
SELECT h.handoff, 'declined' AS state
FROM handoffs h
JOIN seen_values s ON s.system = h.system AND s.key = h.key AND s.deleted
WHERE h.closed_as_of IS NULL AND h.note_on IS NULL
UNION
SELECT h.handoff, 'declined' AS state
FROM handoffs h
LEFT JOIN opportunities o ON o.system = h.system AND o.id = h.note_on
WHERE h.closed_as_of IS NULL AND h.note_on IS NOT NULL AND o.id IS NULL"""
"""Closed opportunities were won or lost; an opportunity that sales deleted was declined."""


def read_back(conn: Connection, as_of: date) -> int:
    """Close the handoffs whose opportunity ended in the CRM; returns how many."""
    ended = {row.handoff: row.state for row in conn.execute(text(f"{_ENDED} ORDER BY handoff, state"))}
    if ended:
        close = "UPDATE handoffs SET state = :state, closed_as_of = :as_of WHERE handoff = :handoff"
        conn.execute(text(close), [{"handoff": h, "state": state, "as_of": as_of} for h, state in ended.items()])
    return len(ended)
