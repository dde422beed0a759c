"""Components passed, failed or unknown, added up to a score and a standing: one row an account and day."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, RowMapping

from mappings.models import Scorecards, Tiers
from warehouse import bulk, history, scorecards, tables
from warehouse.states import Standing, next_state, tier_of

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

EARLIER = """
    SELECT h.*
    FROM score_history h
    JOIN scored_accounts s ON s.account_id = h.account_id
    WHERE h.as_of = :last_day
    UNION ALL
    SELECT h.*
    FROM score_history h
    JOIN (
        SELECT o.account_id, MAX(o.as_of) AS as_of
        FROM score_history o
        JOIN scored_accounts s ON s.account_id = o.account_id
        WHERE o.as_of < :last_day
            AND s.account_id NOT IN (SELECT account_id FROM score_history WHERE as_of = :last_day)
        GROUP BY o.account_id
    ) last ON last.account_id = h.account_id AND last.as_of = h.as_of
"""
"""Each account's last score before the day: nearly always that of the last decided day, else an older one."""


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


def keep(conn: Connection, added_up: Sequence[RowMapping], tiers: Tiers, as_of: date, now: datetime) -> None:
    """Store the scores of as_of with their states, replacing those of an earlier run of the day."""
    earlier = {row["account_id"]: row for row in _earlier(conn, as_of)}
    rows = [_row(row, earlier.get(row["account_id"]), tiers, as_of, now) for row in added_up]
    history.replace_scores(conn, tables.score_history.name, as_of)
    bulk.append(conn, tables.score_history, rows)
    bulk.analyze(conn, tables.score_history.name)


def keep_products(conn: Connection, added_up: Sequence[RowMapping], tiers: Tiers, as_of: date, now: datetime) -> None:
    """Store the scores of products on as_of, replacing those of an earlier run of the day."""
    history.replace_scores(conn, tables.product_scores.name, as_of)
    bulk.append(conn, tables.product_scores, [_product_row(row, tiers, as_of, now) for row in added_up])


def keep_reconstructed(
    conn: Connection, added_up: Sequence[RowMapping], tiers: Tiers, as_of: date, now: datetime
) -> None:
    """Store the scores of a day that is over beside those that were decided on."""
    table = tables.reconstructed_scores
    conn.execute(table.delete().where(table.c.as_of == as_of))
    bulk.append(conn, table, [_reconstructed(row, tiers, as_of, now) for row in added_up])


def _earlier(conn: Connection, as_of: date) -> Sequence[RowMapping]:
    days = tables.decided_days
    last = conn.scalar(sa.select(sa.func.max(days.c.as_of)).where(days.c.as_of < as_of))
    if last is None:
        return []
    query = sa.text(EARLIER).bindparams(sa.bindparam("last_day", last, sa.Date))
    return conn.execute(query.columns(*tables.score_history.columns)).mappings().all()


def _row(added_up: RowMapping, earlier: RowMapping | None, tiers: Tiers, as_of: date, now: datetime) -> dict[str, Any]:
    score = added_up["score"]
    standing = next_state(_standing(earlier), score, as_of, tiers)
    return {
        "account_id": added_up["account_id"],
        "as_of": as_of,
        "version": added_up["version"],
        "score": score,
        "earned_points": added_up["earned"],
        "known_points": added_up["known"],
        "coverage_pct": added_up["known"],
        "tier": tier_of(score, tiers),
        **_standing_columns(standing),
        "previous_score": _previous_score(score, earlier),
        "lifecycle": added_up["lifecycle"],
        "segment": added_up["segment"],
        "reasons": _reasons(added_up["reason_1"], added_up["reason_2"], added_up["reason_3"]),
        "computed_at": now,
    }


def _standing(earlier: RowMapping | None) -> Standing | None:
    if earlier is None:
        return None
    return Standing(
        state=earlier["state"],
        since=earlier["state_since"],
        below_60=earlier["below_60"],
        below_40=earlier["below_40"],
        at_least_45=earlier["at_least_45"],
        at_least_65=earlier["at_least_65"],
        insufficient_since=earlier["insufficient_since"],
    )


def _standing_columns(standing: Standing) -> dict[str, Any]:
    return {
        "state": standing.state,
        "state_since": standing.since,
        "below_60": standing.below_60,
        "below_40": standing.below_40,
        "at_least_45": standing.at_least_45,
        "at_least_65": standing.at_least_65,
        "insufficient_since": standing.insufficient_since,
    }


@cache
def _reasons(*components: str | None) -> str:
    return json.dumps([component for component in components if component])


def _previous_score(score: int | None, earlier: RowMapping | None) -> int | None:
    """The value before the score last changed; a day without a score is skipped over."""
    if earlier is None:
        return None
    changed = earlier["score"] is not None and earlier["score"] != score
    previous: int | None = earlier["score"] if changed else earlier["previous_score"]
    return previous


def _product_row(added_up: RowMapping, tiers: Tiers, as_of: date, now: datetime) -> dict[str, Any]:
    return {
        **_reconstructed(added_up, tiers, as_of, now),
        "product": added_up["product"],
        "earned_points": added_up["earned"],
        "reasons": _reasons(added_up["reason_1"], added_up["reason_2"], added_up["reason_3"]),
        "arr_reporting": added_up["arr_reporting"],
    }


def _reconstructed(added_up: RowMapping, tiers: Tiers, as_of: date, now: datetime) -> dict[str, Any]:
    return {
        "account_id": added_up["account_id"],
        "as_of": as_of,
        "version": added_up["version"],
        "score": added_up["score"],
        "known_points": added_up["known"],
        "tier": tier_of(added_up["score"], tiers),
        "computed_at": now,
    }
