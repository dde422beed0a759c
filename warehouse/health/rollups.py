"""Children and products in one number beside the account's own score: a view, from which nothing opens (C7, C8)."""

from __future__ import annotations

from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy import Connection

from warehouse import tables

ADD_UP = """
    INSERT INTO rollups (account_id, kind, score, members, worst, worst_score)
    WITH newest AS (
        SELECT h.account_id, MAX(h.as_of) AS as_of
        FROM score_history h
        JOIN active_accounts v ON v.account_id = h.account_id
        WHERE h.as_of >= :yesterday AND h.as_of <= :as_of
        GROUP BY h.account_id
    ),
    members AS (
        SELECT a.parent_id AS account_id, 'children' AS kind, h.account_id AS member, h.score, a.arr_reporting AS arr
        FROM newest n
        JOIN score_history h ON h.account_id = n.account_id AND h.as_of = n.as_of
        JOIN accounts a ON a.account_id = h.account_id
        WHERE h.score IS NOT NULL AND a.parent_id IS NOT NULL
        UNION ALL
        SELECT p.account_id, 'products' AS kind, p.product AS member, p.score, p.arr_reporting AS arr
        FROM newest n
        JOIN product_scores p ON p.account_id = n.account_id AND p.as_of = n.as_of
        WHERE p.score IS NOT NULL
    ),
    ranked AS (
        SELECT
            account_id,
            kind,
            member,
            score,
            arr,
            ROW_NUMBER() OVER (
                PARTITION BY account_id, kind ORDER BY score NULLS LAST, arr DESC NULLS LAST, member NULLS LAST
            ) AS place
        FROM members
    ),
    sums AS (
        SELECT
            account_id,
            kind,
            SUM(score * arr) AS weighted,
            SUM(arr) AS weight,
            COUNT(*) AS members,
            MAX(CASE WHEN place = 1 THEN member END) AS worst,
            MAX(CASE WHEN place = 1 THEN score END) AS worst_score
        FROM ranked
        GROUP BY account_id, kind
    )
    SELECT
        account_id,
        kind,
        CASE WHEN weight > 0 THEN CAST(
            (weighted + weighted + weight - (weighted + weighted + weight) % (weight + weight)) / (weight + weight)
            AS INTEGER
        ) END,
        members,
        worst,
        worst_score
    FROM sums
"""
"""Weighted by ARR over the members with a score, rounded half up; a member of unknown ARR weighs nothing, and may still
be the worst: the lowest score, of several the one with the highest ARR."""


def add_up(conn: Connection, as_of: date) -> None:
    """Fill rollups from the newest scores; where as_of has not begun for a child yet, that is yesterday's."""
    conn.execute(tables.rollups.delete())
    days = {"as_of": as_of, "yesterday": as_of - timedelta(days=1)}
    conn.execute(sa.text(ADD_UP).bindparams(*(sa.bindparam(name, day, sa.Date) for name, day in days.items())))
