"""Components passed, failed or unknown, added up to a score: in two statements, for all accounts and products."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa
from sqlalchemy import Connection, RowMapping

from mappings.models import Scorecards
from warehouse import bulk, tables
from warehouse.health import scorecards

JUDGE = """
    INSERT INTO component_results
        (account_id, product, component, ordinal, points, version, result, value, stale_since, reason)
    SELECT
        s.account_id,
        p.product,
        c.component,
        c.ordinal,
        c.points,
        c.version,
        CASE
            WHEN v.value IS NULL THEN 'unknown'
            WHEN v.value < c.at_least OR v.value > c.at_most THEN 'failed'
            ELSE 'passed'
        END,
        v.value,
        CASE WHEN r.evaluated_as_of < :as_of THEN r.evaluated_as_of END,
        CASE WHEN v.value IS NOT NULL THEN '' WHEN r.reason = '' THEN 'nothing_in_window' ELSE r.reason END
    FROM scored_products p
    JOIN scored_accounts s ON s.account_id = p.account_id
    JOIN scorecards c ON c.version = p.version
    JOIN measure_readiness r ON r.measure = c.measure AND r.linked = s.linked
    LEFT JOIN measure_values v ON v.measure = c.measure AND v.account_id = p.account_id
        AND v.product = CASE WHEN r.by_product THEN p.product ELSE '' END
"""
"""A product has the account's value of what nobody measures by product, such as its sponsor."""

ADD_UP = """
    WITH totals AS (
        SELECT
            account_id,
            product,
            CAST(SUM(CASE WHEN result = 'passed' THEN points ELSE 0 END) AS INTEGER) AS earned,
            CAST(SUM(CASE WHEN result <> 'unknown' THEN points ELSE 0 END) AS INTEGER) AS known
        FROM component_results
        GROUP BY account_id, product
    ),
    judged AS (SELECT account_id, product, earned, known, GREATEST(known, :assumed_known) AS basis FROM totals),
    failed AS (
        SELECT
            account_id,
            product,
            component,
            ROW_NUMBER() OVER (PARTITION BY account_id, product ORDER BY points DESC, ordinal) AS place
        FROM component_results
        WHERE result = 'failed'
    ),
    reasons AS (
        SELECT
            account_id,
            product,
            MAX(CASE WHEN place = 1 THEN component END) AS reason_1,
            MAX(CASE WHEN place = 2 THEN component END) AS reason_2,
            MAX(CASE WHEN place = 3 THEN component END) AS reason_3
        FROM failed
        WHERE place <= 3
        GROUP BY account_id, product
    )
    SELECT
        s.account_id,
        p.product,
        p.version,
        p.arr_reporting,
        s.lifecycle,
        s.segment,
        j.earned,
        j.known,
        CASE
            WHEN j.basis > 0 AND j.basis >= :least_known
            THEN CAST(
                ((200 * j.earned + j.basis) - (200 * j.earned + j.basis) % (2 * j.basis)) / (2 * j.basis) AS INTEGER
            )
        END AS score,
        r.reason_1,
        r.reason_2,
        r.reason_3
    FROM scored_products p
    JOIN scored_accounts s ON s.account_id = p.account_id
    JOIN judged j ON j.account_id = p.account_id AND j.product = p.product
    LEFT JOIN reasons r ON r.account_id = p.account_id AND r.product = p.product
    ORDER BY s.account_id, p.product
"""
"""D1's score: percent of the known points, rounded half up, in integers; NULL where too little is known."""


def judge(conn: Connection, as_of: date) -> None:
    """Fill component_results: every component of the account's scorecard against the measure that it asks for."""
    conn.execute(tables.component_results.delete())
    conn.execute(sa.text(JUDGE).bindparams(sa.bindparam("as_of", as_of, sa.Date)))
    bulk.analyze(conn, tables.component_results.name)


def add_up(conn: Connection, settings: Scorecards) -> Sequence[RowMapping]:
    """Earned and known points, score and reasons of every scored account and product."""
    binds = {
        "assumed_known": scorecards.assumed_known(settings),
        "least_known": settings.least_known_points,
    }
    return conn.execute(sa.text(ADD_UP), binds).mappings().all()
