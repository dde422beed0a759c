"""What is scored of each account: the account itself, and every product that has a scorecard of its own."""

from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy import Connection

from mappings.models import Mappings, Scorecards
from warehouse import bulk, plan_rates, tables
from warehouse.health import scorecards

SEEN_IN_USE = timedelta(days=28)

ACCOUNTS = """
    INSERT INTO scored_products (account_id, product, version)
    SELECT account_id, '', version FROM scored_accounts
"""

LINKS = """
    INSERT INTO scored_links (system, external_id, account_id, product)
    SELECT l.system, l.external_id, p.account_id, p.product
    FROM scored_products p
    JOIN account_links l ON l.account_id = p.account_id
"""

PRODUCTS = """
    INSERT INTO scored_products (account_id, product, version, arr_reporting)
    WITH running AS (
        SELECT
            u.account_id,
            u.product,
            CASE WHEN COUNT(*) = COUNT(u.arr_native * r.rate) THEN SUM(u.arr_native * r.rate) END AS arr_reporting
        FROM account_subscriptions u
        LEFT JOIN {rates} r ON r.currency = u.currency
        WHERE u.product IN :products
            AND (u.start_date IS NULL OR u.start_date <= :as_of)
            AND (u.end_date IS NULL OR u.end_date >= :as_of)
        GROUP BY u.account_id, u.product
    ),
    owned AS (
        SELECT account_id AS owner, product AS owned, arr_reporting AS weight FROM running
        UNION ALL
        SELECT DISTINCT u.account_id, u.product, CAST(NULL AS NUMERIC(20, 4))
        FROM account_usage u
        WHERE u.product IN :products AND u.day >= :in_use_since AND u.day < :as_of
            AND NOT EXISTS (SELECT 1 FROM running r WHERE r.account_id = u.account_id AND r.product = u.product)
    ),
    chosen AS (
        SELECT owner, owned, {version} AS version, weight
        FROM owned
        JOIN ({situations}) s ON s.account_id = owner
    )
    SELECT owner, owned, version, CAST(weight AS NUMERIC(20, 4)) FROM chosen WHERE version IS NOT NULL
"""
"""Products with a subscription that runs, or in use of late; ARR is unknown where an amount or its rate is."""


def fill(conn: Connection, mappings: Mappings, as_of: date) -> None:
    """Put the scored accounts into scored_products, and their products that a card scores on its own."""
    conn.execute(tables.scored_products.delete())
    conn.execute(sa.text(ACCOUNTS))
    _load_core_features(conn, mappings.scorecards)
    products = scorecards.products(mappings.scorecards)
    if products:
        _fill_products(conn, mappings, products, as_of)
    bulk.analyze(conn, tables.scored_products.name)
    conn.execute(tables.scored_links.delete())
    conn.execute(sa.text(LINKS))
    bulk.analyze(conn, tables.scored_links.name)


def _fill_products(conn: Connection, mappings: Mappings, products: list[str], as_of: date) -> None:
    rates = plan_rates.of(mappings.company.currency, as_of)
    version, bound = scorecards.choice_of_product(mappings.scorecards)
    columns = {"currency": pa.array(list(rates.rates)), "rate": pa.array(map(float, rates.rates.values()))}
    with bulk.staged(conn, _RATES, pa.table(columns)) as stage:
        statement = PRODUCTS.format(rates=stage, version=version, situations=scorecards.SITUATIONS)
        conn.execute(
            sa.text(statement).bindparams(
                sa.bindparam("products", products, expanding=True),
                sa.bindparam("as_of", as_of, sa.Date),
                sa.bindparam("in_use_since", as_of - SEEN_IN_USE, sa.Date),
            ),
            bound,
        )


_RATES = sa.Table("rates", sa.MetaData(), sa.Column("currency", sa.String), sa.Column("rate", sa.Double))


def _load_core_features(conn: Connection, settings: Scorecards) -> None:
    """The company's list for accounts, and for each product its own where a card has one."""
    lists = {"": settings.core_features}
    for card in settings.scorecards:
        if card.product:
            lists.setdefault(card.product, card.core_features or settings.core_features)
    rows = [{"product": product, "feature": feature} for product, names in lists.items() for feature in set(names)]
    conn.execute(tables.core_features.delete())
    bulk.append(conn, tables.core_features, rows)
