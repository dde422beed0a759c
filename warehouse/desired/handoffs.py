"""Expansion handoffs on their way to sales: opportunities with contact roles, or notes on one that is open already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import RowMapping, text

from warehouse.desired.row import Columns, DesiredRow, Directory, Target
from warehouse.merged import ACCOUNT_NOW

_HANDOFFS = """
SELECT h.handoff, h.key, n.account_id, h.opened_as_of, h.note_on, h.owner_email, h.name, h.context, h.amount_native,
  h.currency, h.close_date, k.external_id AS opportunity_id
FROM handoffs h
JOIN ({now}) n ON n.decided_for = h.account_id
LEFT JOIN acknowledged k ON k.system = h.system AND k.push = :push AND k.row_key = h.key AND NOT k.gone
WHERE h.system = :system AND h.closed_as_of IS NULL
ORDER BY h.handoff
"""


def note_key(handoff_key: str) -> str:
    """The key of the note that a handoff becomes on an opportunity that is open already."""
    return f"{handoff_key}:note"


def _open(target: Target, as_note: bool) -> list[RowMapping]:
    """Open handoffs; a closed one belongs to sales and is not desired any more."""
    bound = {**target.bound(), "push": target.push_name("handoffs")}
    found = target.conn.execute(text(_HANDOFFS.format(now=ACCOUNT_NOW)), bound).mappings()
    return [row for row in found if (row["note_on"] is not None) == as_note]


def decisions(target: Target) -> list[DesiredRow]:
    """A row per open handoff that is an opportunity of its own."""
    rows = _open(target, as_note=False)
    directory = _directory(target, rows)
    return [_decision(directory, row, row["key"]) for row in rows]


def note_decisions(target: Target) -> list[DesiredRow]:
    """A row per open handoff that is a note on an expansion opportunity of theirs."""
    rows = _open(target, as_note=True)
    directory = _directory(target, rows)
    return [_decision(directory, row, note_key(row["key"])) for row in rows]


def _directory(target: Target, rows: Iterable[RowMapping]) -> Directory:
    return target.directory({row["account_id"] for row in rows})


def _decision(directory: Directory, row: RowMapping, key: str) -> DesiredRow:
    waits_for = directory.lacks(row["account_id"], row["owner_email"])
    return DesiredRow(key, row["account_id"], None, key, "proposed", row["opened_as_of"], waits_for)


def columns(target: Target, row_keys: Sequence[str]) -> dict[str, Columns]:
    """The pushed columns of these handoffs."""
    wanted = set(row_keys)
    rows = [row for row in _open(target, as_note=False) if row["key"] in wanted]
    directory = _directory(target, rows)
    return {row["key"]: _columns(directory, row) for row in rows}


def note_columns(target: Target, row_keys: Sequence[str]) -> dict[str, Columns]:
    """The pushed columns of these notes."""
    wanted = set(row_keys)
    rows = {key: row for row in _open(target, as_note=True) if (key := note_key(row["key"])) in wanted}
    directory = _directory(target, rows.values())
    return {
        key: {**_columns(directory, row), "key": key, "opportunity_external_id": row["note_on"]}
        for key, row in rows.items()
    }


def _columns(directory: Directory, row: RowMapping) -> dict[str, Any]:
    return {
        "key": row["key"],
        "account_id": row["account_id"],
        "name": row["name"],
        "account_external_id": directory.account(row["account_id"]),
        "owner_external_id": directory.user(row["owner_email"]),
        "close_date": row["close_date"],
        "amount_native": row["amount_native"],
        "currency": row["currency"],
        "context": row["context"],
    }


_CONTACTS = (
    "SELECT handoff, contact_ref, role FROM handoff_contacts WHERE system = :system ORDER BY handoff, contact_ref"
)


def _contacts(target: Target) -> list[tuple[str, RowMapping, RowMapping]]:
    """(row key, contact, handoff) of the contact roles of our open opportunities."""
    handoffs = {row["handoff"]: row for row in _open(target, as_note=False)}
    found = target.conn.execute(text(_CONTACTS), target.bound()).mappings()
    return [
        (f"{contact['handoff']}:{contact['contact_ref']}", contact, handoffs[contact["handoff"]])
        for contact in found
        if contact["handoff"] in handoffs
    ]


def contact_decisions(target: Target) -> list[DesiredRow]:
    """A row per contact role of an open handoff; it waits until the CRM has acknowledged the opportunity."""
    return [
        DesiredRow(
            row_key=key,
            account_id=handoff["account_id"],
            external_id=None,
            key=None,
            decision=f"role {contact['role']}",
            as_of=handoff["opened_as_of"],
            waits_for=""
            if handoff["opportunity_id"]
            else f"opportunity {handoff['key']} is not in {target.system} yet",
        )
        for key, contact, handoff in _contacts(target)
    ]


def contact_columns(target: Target, row_keys: Sequence[str]) -> dict[str, Columns]:
    """The pushed columns of these contact roles; without an acknowledged opportunity its id is None."""
    wanted = set(row_keys)
    return {
        key: {
            "opportunity_external_id": handoff["opportunity_id"],
            "contact_ref": contact["contact_ref"],
            "role": contact["role"],
            "account_id": handoff["account_id"],
        }
        for key, contact, handoff in _contacts(target)
        if key in wanted
    }
