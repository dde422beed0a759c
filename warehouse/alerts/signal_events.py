"""What happened, read up to this moment and not only up to yesterday (D18): tickets, and what people said.

A signal is unknown for accounts whose source has not delivered through yesterday.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from mappings.models import Mappings
from warehouse import measures, tables
from warehouse.health import lateness

SAID_WITHIN_DAYS = 30
"""How long a word of a customer counts as just said."""

FRESH_LIKE: Mapping[str, str] = {"tickets": "critical_tickets_open", "said": "referrals_365"}
"""Each source of events and the measure that reads the same one: where that is ready, the events are known."""

SAID = ("churn_intents_now", "renewal_intent_now", "referrals_now")
NAMES = ("critical_tickets_now", *SAID)

SQL = """
    SELECT
        k.account_id,
        CASE WHEN k.linked IN :tickets_fresh THEN COALESCE(t.critical, 0) END AS critical_tickets_now,
        CASE WHEN k.linked IN :said_fresh THEN COALESCE(v.churn_intents, 0) END AS churn_intents_now,
        CASE WHEN k.linked IN :said_fresh THEN v.renewal_intent END AS renewal_intent_now,
        CASE WHEN k.linked IN :said_fresh THEN COALESCE(v.referrals, 0) END AS referrals_now
    FROM linked k
    LEFT JOIN (
        SELECT l.account_id, COUNT(*) AS critical
        FROM tickets f
        JOIN account_links l ON l.system = f.system AND l.external_id = f.account_ref
        WHERE f.severity = 'critical'
            AND (f.opened_at <= :now OR (f.opened_at IS NULL AND f.opened_day <= :as_of))
            AND (f.solved_at IS NULL OR f.solved_at > :now)
            AND (f.solved_day IS NULL OR f.solved_at IS NOT NULL OR f.solved_day > :as_of)
        GROUP BY l.account_id
    ) t ON t.account_id = k.account_id
    LEFT JOIN (
        SELECT
            l.account_id,
            SUM(CASE WHEN f.kind = 'churn_intent' THEN 1 ELSE 0 END) AS churn_intents,
            MIN(CASE WHEN f.kind = 'renewal_intent' THEN f.score END) AS renewal_intent,
            SUM(CASE WHEN f.kind = 'referral' THEN 1 ELSE 0 END) AS referrals
        FROM surveys f
        JOIN account_links l ON l.system = f.system AND l.external_id = f.account_ref
        WHERE f.answered_day > :said_since AND f.answered_day <= :today
        GROUP BY l.account_id
    ) v ON v.account_id = k.account_id
"""


def binds(conn: Connection, mappings: Mappings, as_of: date, now: datetime) -> list[sa.BindParameter[Any]]:
    """Everything that the statement names by a colon, but as_of."""
    known = measures.load()
    there = lateness.in_time(conn, mappings, {name: known[reader] for name, reader in FRESH_LIKE.items()}, as_of)
    return [
        *(sa.bindparam(f"{name}_fresh", groups, sa.String, expanding=True) for name, groups in there.items()),
        sa.bindparam("now", now, tables.Instant),
        sa.bindparam("today", max(as_of, now.date()), sa.Date),
        sa.bindparam("said_since", as_of - timedelta(days=SAID_WITHIN_DAYS), sa.Date),
    ]
