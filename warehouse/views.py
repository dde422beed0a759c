"""The facts as measures see them: with the account that they belong to, limited to the accounts being scored."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Connection, Table

from warehouse import tables

ACCOUNT_LINKS = """
    SELECT l.system, l.external_id, COALESCE(once.merged_into, own.merged_into, l.account_id) AS account_id
    FROM links l
    LEFT JOIN account_ids own ON own.account_id = l.account_id
    LEFT JOIN account_ids once ON once.account_id = own.merged_into
    WHERE l.valid_to IS NULL
"""
"""Whose id is whose account now; an account that was merged into a merged one arrives at the last."""

ACTIVE_ACCOUNTS = "SELECT account_id FROM accounts WHERE COALESCE(customer, FALSE) AND NOT excluded"
"""Onboarding and customer accounts (D21): those that are scored, segmented and pushed."""

OPPORTUNITY_ECHOES = """
    SELECT k.system, k.id FROM opportunity_keys k
    JOIN opportunities o ON o.system = k.other_system AND o.id = k.other_id
    WHERE k.system > k.other_system OR NOT EXISTS (
        SELECT 1 FROM opportunity_keys b WHERE b.system = k.other_system AND b.id = k.other_id
            AND b.other_system = k.system AND b.other_id = k.id)
"""
"""Copies of opportunities that CRMs sync between each other: the one that names the other is the copy (D25)."""

OPPORTUNITY_CONTACTS = """
    SELECT o.account_id, c.system, c.stream, c.id, c.opportunity_ref, c.contact_ref, c.role, c.seen_at
    FROM opportunity_contacts c
    JOIN account_opportunities o ON o.system = c.system AND o.id = c.opportunity_ref
"""
"""Contacts of an opportunity belong to the opportunity's account."""

DAY_GRAINED = {"account_usage": "usage_days", "account_features": "feature_days", "account_limits": "limit_days"}
FACTS = (
    "tickets",
    "touchpoints",
    "contacts",
    "opportunities",
    "subscriptions",
    "goals",
    "plan_features",
    "surveys",
)
BY_PRODUCT = {
    "measured_usage": "usage_days",
    "measured_features": "feature_days",
    "measured_limits": "limit_days",
    "measured_plan_features": "plan_features",
}
"""Facts that name a product: once for the whole account, and once for each product that is scored on its own."""

SCORED_ARR = """
    SELECT a.account_id, a.arr_native, a.currency, a.arr_reporting
    FROM accounts a
    JOIN scored_accounts s ON s.account_id = a.account_id
"""


def definitions() -> dict[str, str]:
    """Every view and its SELECT, in the order in which they build on each other."""
    facts = {f"account_{name}": _with_account(tables.FACTS[name]) for name in FACTS}
    days = {
        view: _with_account(tables.DAY_GRAINED[name]) + " WHERE f.superseded_at IS NULL"
        for view, name in DAY_GRAINED.items()
    }
    facts["account_opportunities"] += (
        " WHERE NOT EXISTS (SELECT 1 FROM opportunity_echoes e WHERE e.system = f.system AND e.id = f.id)"
    )
    return {
        "account_links": ACCOUNT_LINKS,
        "opportunity_echoes": OPPORTUNITY_ECHOES,
        "active_accounts": ACTIVE_ACCOUNTS,
        **days,
        **facts,
        "account_opportunity_contacts": OPPORTUNITY_CONTACTS,
        **{view: _by_product(_fact(name)) for view, name in BY_PRODUCT.items()},
        "scored_arr": SCORED_ARR,
    }


def create(conn: Connection) -> None:
    """Create the views account_<table>, or bring them up to date; they follow links and merges by themselves."""
    drop(conn)
    for name, select in definitions().items():
        conn.execute(sa.text(f"CREATE VIEW {name} AS {select}"))


def drop(conn: Connection) -> None:
    """Remove the views, so that the tables below them can be rebuilt."""
    for name in reversed(definitions()):
        conn.execute(sa.text(f"DROP VIEW IF EXISTS {name}"))


def _with_account(fact: Table) -> str:
    columns = ", ".join(f"f.{c.name}" for c in fact.columns)
    return (
        f"SELECT l.account_id, {columns} FROM {fact.name} f "  # noqa: S608
        "JOIN account_links l ON l.system = f.system AND l.external_id = f.account_ref "
        "JOIN scored_accounts s ON s.account_id = l.account_id"
    )


def _fact(name: str) -> Table:
    return tables.DAY_GRAINED[name] if name in tables.DAY_GRAINED else tables.FACTS[name]


def _by_product(fact: Table) -> str:
    """`product` is '' for the whole account, or the one that is scored; `own_product` is what the row itself names."""
    columns = ", ".join(f"f.{c.name}" for c in fact.columns if c.name != "product")
    valid = " WHERE f.superseded_at IS NULL" if "superseded_at" in fact.columns else ""
    return (
        f"SELECT l.account_id, l.product, f.product AS own_product, {columns} FROM {fact.name} f "  # noqa: S608
        "JOIN scored_links l ON l.system = f.system AND l.external_id = f.account_ref "
        "AND (l.product = '' OR l.product = f.product)" + valid
    )
