"""Who gets which care: by rank among the company's ARR, cut once a month (D10), and by fixed thresholds (D9)."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_CEILING, Decimal

import sqlalchemy as sa
from sqlalchemy import Connection

from mappings.models import Mappings, RankSegments, ThresholdSegments
from warehouse import tables
from warehouse.health import history

RANKED = """
    SELECT a.account_id, a.arr_reporting, RANK() OVER (ORDER BY a.arr_reporting DESC) AS arr_rank
    FROM accounts a
    JOIN active_accounts v ON v.account_id = a.account_id
    WHERE a.parent_id IS NULL AND a.arr_reporting > 0
"""
"""Active, paying, top-level accounts with known ARR; equal ARR has equal rank."""

PLACE_BY_RANK = """
    INSERT INTO segment_placements (account_id, scheme, segment, arr_rank, population)
    WITH RECURSIVE lineage AS (
        SELECT a.account_id, a.account_id AS top_id, a.parent_id, 0 AS depth
        FROM accounts a
        JOIN active_accounts v ON v.account_id = a.account_id
        UNION ALL
        SELECT l.account_id, p.account_id, p.parent_id, l.depth + 1
        FROM lineage l
        JOIN accounts p ON p.account_id = l.parent_id
        WHERE l.depth < 20
    ),
    ranked AS (@ranked),
    tops AS (
        SELECT
            v.account_id,
            CASE
                WHEN h.segment IS NOT NULL THEN h.segment
                WHEN r.arr_reporting >= :high_touch_arr THEN 'high_touch'
                WHEN r.arr_reporting >= :mid_touch_arr THEN 'mid_touch'
                WHEN r.arr_reporting IS NOT NULL THEN 'low_touch'
            END AS segment,
            CASE WHEN :cut_today THEN r.arr_rank ELSE h.arr_rank END AS arr_rank,
            CASE WHEN :cut_today THEN :population ELSE h.population END AS population
        FROM active_accounts v
        LEFT JOIN ranked r ON r.account_id = v.account_id
        LEFT JOIN segment_history h ON h.account_id = v.account_id
            AND h.scheme = 'rank' AND h.to_day IS NULL AND NOT :cut_today
    )
    SELECT
        l.account_id,
        'rank',
        t.segment,
        CASE WHEN l.depth = 0 THEN t.arr_rank END,
        CASE WHEN l.depth = 0 AND t.arr_rank IS NOT NULL THEN t.population END
    FROM lineage l
    JOIN tops t ON t.account_id = l.top_id
    WHERE l.parent_id IS NULL AND t.segment IS NOT NULL
""".replace("@ranked", RANKED)
"""On the day of a cut everybody by rank; in between only newcomers, by the stored cut-offs; children as their top."""

PLACE_BY_THRESHOLD = """
    INSERT INTO segment_placements (account_id, scheme, segment)
    SELECT
        a.account_id,
        'threshold',
        CASE
            WHEN a.arr_reporting >= :strategic THEN 'strategic'
            WHEN a.arr_reporting >= :enterprise THEN 'enterprise'
            WHEN a.arr_reporting >= :mid_market THEN 'mid_market'
            ELSE 'smb'
        END
    FROM accounts a
    JOIN active_accounts v ON v.account_id = a.account_id
    WHERE a.arr_reporting >= :smb
"""


def place(conn: Connection, mappings: Mappings, as_of: date) -> None:
    """Put every active account into its segment of both schemes and record the changes; as_of is the day decided."""
    history.reopen(conn, history.SEGMENTS, as_of)
    if _cut_due(conn, as_of):
        _cut(conn, mappings.segments.rank, as_of)
    conn.execute(tables.segment_placements.delete())
    _place_by_rank(conn, as_of)
    conn.execute(sa.text(PLACE_BY_THRESHOLD), _bounds(mappings.segments.threshold))
    history.record(conn, history.SEGMENTS, as_of)


def _cut_due(conn: Connection, as_of: date) -> bool:
    """The first run ever, the first run of a month, and that same day when it is run again."""
    cuts = tables.segment_cuts
    last = conn.scalar(sa.select(sa.func.max(cuts.c.as_of)))
    return last is None or last == as_of or last < as_of.replace(day=1)


def _cut(conn: Connection, rank: RankSegments, as_of: date) -> None:
    """Cut among those who are there; with nobody to rank there is no cut, and the next run tries again."""
    population = conn.scalar(sa.text(f"SELECT COUNT(*) FROM ({RANKED}) r"))  # noqa: S608
    cuts = tables.segment_cuts
    conn.execute(cuts.delete().where(cuts.c.as_of == as_of))
    if not population:
        return
    conn.execute(
        cuts.insert().values(
            as_of=as_of,
            population=population,
            high_touch_arr=_smallest_of_top(conn, rank.high_touch_pct, population),
            mid_touch_arr=_smallest_of_top(conn, rank.mid_touch_pct, population),
        )
    )


def _smallest_of_top(conn: Connection, pct: float, population: int) -> Decimal | None:
    """The ARR that still belongs to the top pct percent, rounded up to whole accounts; None where that is nobody."""
    places = int((Decimal(str(pct)) * population / 100).to_integral_value(ROUND_CEILING))
    if not places:
        return None
    ordered = f"SELECT r.arr_reporting FROM ({RANKED}) r ORDER BY r.arr_reporting DESC LIMIT 1 OFFSET :skipped"  # noqa: S608
    smallest: Decimal | None = conn.scalar(sa.text(ordered), {"skipped": places - 1})
    return smallest


def _place_by_rank(conn: Connection, as_of: date) -> None:
    cuts = tables.segment_cuts
    cut = conn.execute(sa.select(cuts).order_by(cuts.c.as_of.desc()).limit(1)).one_or_none()
    if cut is None:
        return
    conn.execute(
        sa.text(PLACE_BY_RANK).bindparams(
            sa.bindparam("high_touch_arr", cut.high_touch_arr, tables.Amount),
            sa.bindparam("mid_touch_arr", cut.mid_touch_arr, tables.Amount),
            sa.bindparam("population", cut.population, sa.Integer),
            sa.bindparam("cut_today", cut.as_of == as_of, sa.Boolean),
        )
    )


def _bounds(threshold: ThresholdSegments) -> dict[str, Decimal]:
    return {name: getattr(threshold, name) for name in ("smb", "mid_market", "enterprise", "strategic")}
