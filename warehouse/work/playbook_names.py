"""What the texts of a playbook's steps may say beside the briefing: the episode, the relapse, the handoff."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, RowMapping, text

from mappings.models import Mappings
from warehouse import bulk, tables
from warehouse.merged import ACCOUNT_NOW
from warehouse.work import episodes, qualification, templates


def names(conn: Connection, mappings: Mappings, due: Sequence[RowMapping]) -> dict[str, dict[str, Any]]:
    """Episode -> the names that its steps may use; vocabulary.TASK_NAMES lists them."""
    if not due:
        return {}
    account_ids = {row["account_id"] for row in due}
    rules = mappings.playbooks.expansion
    recovered = episodes.recoveries(conn)
    answered = qualification.answers(conn, rules, account_ids)
    handed = handoffs(conn, account_ids)
    return {
        row["episode"]: {
            "day": row["day"],
            "opened": templates.day(row["opened_as_of"]),
            "score_at_opening": row["score_at_opening"],
            "relapse": recovered.get(row["previous_episode"]),
            "handoff": handed.get(row["account_id"]),
            "missing": qualification.missing(rules, answered.get(row["account_id"], {})),
        }
        for row in due
    }


_HANDOFFS = f"""
SELECT n.account_id, h.name, h.state, h.reasons, COALESCE(u.name, h.owner_email) AS owner
FROM handoffs h
JOIN ({ACCOUNT_NOW}) n ON n.decided_for = h.account_id
JOIN {{stage}} t ON t.account_id = n.account_id
LEFT JOIN users u ON u.system = h.system AND lower(u.email) = h.owner_email AND u.active
ORDER BY h.opened_as_of, h.handoff"""  # noqa: S608


def handoffs(conn: Connection, account_ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """account_id -> its latest handoff: name, state, reasons in words, and who in sales has it."""
    asked = pa.table({"account_id": pa.array(sorted(account_ids), pa.string())})
    with bulk.staged(conn, tables.account_ids, asked) as stage:
        found = conn.execute(text(_HANDOFFS.format(stage=stage))).mappings().all()
    return {
        row["account_id"]: {
            "name": row["name"],
            "state": row["state"],
            "reasons": json.loads(row["reasons"]),
            "owner": row["owner"],
        }
        for row in found
    }
