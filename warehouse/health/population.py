"""Who is scored for a day (D21, D18), and which of them have to be scored again."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import Connection

from mappings.models import Guard
from warehouse import tables

ONBOARDING_DAYS = 90

EVERYBODY = """
    INSERT INTO scored_accounts (account_id, lifecycle, segment, version, linked)
    SELECT
        a.account_id,
        CASE WHEN a.first_subscription_start >= :onboarding_since THEN 'onboarding' ELSE 'customer' END,
        h.segment,
        '',
        COALESCE(l.linked, '')
    FROM accounts a
    JOIN active_accounts v ON v.account_id = a.account_id
    LEFT JOIN segment_history h ON h.account_id = a.account_id AND h.scheme = :scheme AND h.to_day IS NULL
    LEFT JOIN (
        SELECT account_id, string_agg(DISTINCT system, ',' ORDER BY system) AS linked
        FROM account_links
        GROUP BY account_id
    ) l ON l.account_id = a.account_id
    WHERE a.time_zone NOT IN :zones_before
"""

UNCHANGED = """
    DELETE FROM scored_accounts AS s
    WHERE EXISTS (
        SELECT 1 FROM score_history h
        WHERE h.account_id = s.account_id AND h.as_of = :as_of AND h.version = s.version
            AND h.lifecycle = s.lifecycle AND h.segment IS NOT DISTINCT FROM s.segment
    )
    AND NOT EXISTS (
        SELECT 1
        FROM changed_accounts c
        JOIN account_links l ON l.system = c.system AND l.external_id = c.account_ref
        WHERE l.account_id = s.account_id
    )
    AND NOT EXISTS (
        SELECT 1
        FROM links l
        JOIN decided_days d ON d.as_of = :as_of
        WHERE l.account_id = s.account_id AND (l.valid_from >= d.decided_at OR l.valid_to >= d.decided_at)
    )
"""


LEFT_AT_ONCE = """
    SELECT count(*) AS scored, count(*) - count(v.account_id) AS gone
    FROM score_history h
    JOIN account_ids i ON i.account_id = h.account_id AND i.merged_into IS NULL
    LEFT JOIN active_accounts v ON v.account_id = h.account_id
    WHERE h.as_of = (SELECT max(as_of) FROM decided_days)
"""


def exodus(conn: Connection, guard: Guard) -> str:
    """Why nobody should be scored: too many customers of the last scored day would leave at once; else empty.

    Decisions never move, so a slip in customer_when must not close the work on half the customers.
    """
    scored, gone = conn.execute(sa.text(LEFT_AT_ONCE)).one()
    if scored < guard.least_records or gone * 100 <= guard.cleared_pct * scored:
        return ""
    return (
        f"{gone} of {scored} customers would leave at once, so nothing was scored or decided; look at customer_when "
        f"and exclude in crmpulse.yaml, or raise guard.cleared_pct ({guard.cleared_pct:g}%) there for one run"
    )


def fill(conn: Connection, as_of: date, now: datetime, scheme: str) -> None:
    """Put every onboarding and customer account into scored_accounts for whom as_of has begun by now."""
    conn.execute(tables.scored_accounts.delete())
    conn.execute(
        sa.text(EVERYBODY).bindparams(
            sa.bindparam("zones_before", _zones_before(conn, as_of, now), sa.String, expanding=True),
            sa.bindparam("onboarding_since", as_of - timedelta(days=ONBOARDING_DAYS), sa.Date),
            sa.bindparam("scheme", scheme, sa.String),
        )
    )


def keep_changed(conn: Connection, as_of: date) -> None:
    """Leave only those in scored_accounts for whom anything is different since the day was last scored."""
    conn.execute(sa.text(UNCHANGED).bindparams(sa.bindparam("as_of", as_of, sa.Date)))


def _zones_before(conn: Connection, as_of: date, now: datetime) -> list[str]:
    """Time zones of accounts in which as_of has not begun."""
    zones = conn.scalars(sa.select(tables.accounts.c.time_zone).distinct())
    return [zone for zone in zones if now.astimezone(ZoneInfo(zone)).date() < as_of]
