"""What a CRM should hold because of us: a row per record, a decision to compare, and columns for those that differ."""

from __future__ import annotations

from functools import partial

from sqlalchemy import Connection

from mappings.models import Mappings, PushMapping
from warehouse.desired import care, handoffs, health, tasks
from warehouse.desired.row import DesiredRow, DesiredRows, Target

__all__ = ["DesiredRow", "DesiredRows", "rows"]

_KINDS = {
    "account_health": (health.decisions, health.columns),
    "account_care": (care.decisions, care.columns),
    "tasks": (tasks.decisions, tasks.columns),
    "handoffs": (handoffs.decisions, handoffs.columns),
    "handoff_contacts": (handoffs.contact_decisions, handoffs.contact_columns),
    "handoff_notes": (handoffs.note_decisions, handoffs.note_columns),
}


def rows(conn: Connection, mappings: Mappings, system: str, push: PushMapping) -> DesiredRows:
    """The desired rows of one push mapping of a system; nothing is read before one of the two functions is called."""
    target = Target(conn, mappings, system)
    decisions, columns = _KINDS[push.rows]
    return DesiredRows(partial(decisions, target), partial(columns, target))


def detail(conn: Connection, mappings: Mappings, account_id: str) -> str:
    """The long text that a CSM reads on the account; empty where no system gets one or the account is not scored."""
    for system, mapping in mappings.systems.items():
        for push in mapping.push.values():
            wanted = rows(conn, mappings, system, push) if push.rows == "account_health" else None
            keys = [row.row_key for row in wanted.decisions() if row.account_id == account_id] if wanted else []
            if wanted and keys:
                return str(wanted.columns(keys)[keys[0]].get("detail") or "")
    return ""
