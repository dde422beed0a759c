"""How far health fell within a week (D2): compared by the components known on both days, under one scorecard."""

from __future__ import annotations

from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy import Connection

DAYS = 7
"""The earlier days that today is compared with."""

FILL = """
    INSERT INTO score_drops (account_id, dimension, points)
    WITH changed AS (
        SELECT DISTINCT account_id FROM component_history WHERE from_day > :since AND from_day <= :as_of
    ),
    today AS (
        SELECT h.account_id, h.component, h.version, h.result, c.points, c.dimension
        FROM component_history h
        JOIN changed x ON x.account_id = h.account_id
        JOIN scorecards c ON c.version = h.version AND c.component = h.component
        WHERE h.from_day <= :as_of AND (h.to_day IS NULL OR h.to_day >= :as_of) AND h.result <> 'unknown'
    ),
    both_known AS (
        SELECT
            t.account_id,
            s.as_of AS day,
            t.dimension,
            t.points,
            CASE WHEN e.result = 'passed' THEN t.points ELSE 0 END AS earned_then,
            CASE WHEN t.result = 'passed' THEN t.points ELSE 0 END AS earned_now
        FROM today t
        JOIN score_history s ON s.account_id = t.account_id AND s.version = t.version
            AND s.as_of >= :since AND s.as_of < :as_of
        JOIN component_history e ON e.account_id = t.account_id AND e.component = t.component
            AND e.version = t.version AND e.result <> 'unknown'
            AND e.from_day <= s.as_of AND (e.to_day IS NULL OR e.to_day >= s.as_of)
    ),
    added_up AS (
        SELECT
            account_id,
            day,
            '' AS dimension,
            CAST(SUM(points) AS INTEGER) AS known,
            CAST(SUM(earned_then) AS INTEGER) AS earned_then,
            CAST(SUM(earned_now) AS INTEGER) AS earned_now
        FROM both_known
        GROUP BY account_id, day
        HAVING SUM(points) >= :least_known
        UNION ALL
        SELECT
            account_id,
            day,
            dimension,
            CAST(SUM(points) AS INTEGER) AS known,
            CAST(SUM(earned_then) AS INTEGER) AS earned_then,
            CAST(SUM(earned_now) AS INTEGER) AS earned_now
        FROM both_known
        GROUP BY account_id, day, dimension
    ),
    drops AS (
        SELECT
            account_id,
            dimension,
            ((200 * earned_then + known) - (200 * earned_then + known) % (2 * known)) / (2 * known)
            - ((200 * earned_now + known) - (200 * earned_now + known) % (2 * known)) / (2 * known) AS points
        FROM added_up
    )
    SELECT account_id, dimension, GREATEST(MAX(points), 0) FROM drops GROUP BY account_id, dimension
    UNION ALL
    SELECT s.account_id, d.dimension, 0
    FROM score_history s
    CROSS JOIN (SELECT '' AS dimension UNION ALL SELECT DISTINCT dimension FROM scorecards) d
    WHERE s.as_of = :as_of AND s.score IS NOT NULL
        AND s.account_id NOT IN (SELECT account_id FROM changed)
        AND s.account_id IN (
            SELECT e.account_id FROM score_history e WHERE e.as_of >= :since AND e.as_of < :as_of
        )
"""
"""Where no component changed within the week nothing fell; without a day to compare with there is no row."""


def fill(conn: Connection, as_of: date, least_known_points: int) -> None:
    """Make the temporary table score_drops: points of the whole score (dimension '') and percent of each dimension."""
    conn.execute(sa.text("CREATE TEMPORARY TABLE score_drops (account_id VARCHAR, dimension VARCHAR, points INTEGER)"))
    conn.execute(
        sa.text(FILL).bindparams(
            sa.bindparam("as_of", as_of, sa.Date),
            sa.bindparam("since", as_of - timedelta(days=DAYS), sa.Date),
            sa.bindparam("least_known", least_known_points, sa.Integer),
        )
    )


def drop(conn: Connection) -> None:
    """Remove the temporary table."""
    conn.execute(sa.text("DROP TABLE score_drops"))
