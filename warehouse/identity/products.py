"""Ids of the product's files: an account of a CRM names them by key, or by its domain; they follow when it changes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from mappings.shared_domains import SHARED
from warehouse import bulk, touched
from warehouse.identity import merges
from warehouse.issues import Issue
from warehouse.tables import links

_NAMED_BY_KEY = """
    SELECT k.other_id AS id, l.account_id FROM account_keys k
    JOIN account_links l ON l.system = k.system AND l.external_id = k.id
    WHERE k.other_system = :system
"""
_NAMED_BY_DOMAIN = """
    SELECT d.domain AS id, l.account_id FROM account_domains d
    JOIN account_links l ON l.system = d.system AND l.external_id = d.id
    WHERE :system <> ''
"""
_CHANGED = """
    WITH named AS ({named}),
    wanted AS (
        SELECT id, COUNT(DISTINCT account_id) AS accounts, MIN(account_id) AS account_id FROM named GROUP BY id
    ),
    standing AS (
        SELECT l.external_id, l.rule, l.account_id AS minted_for, a.account_id
        FROM links l JOIN account_links a ON a.system = l.system AND a.external_id = l.external_id
        WHERE l.system = :system AND l.valid_to IS NULL
    )
    SELECT COALESCE(w.id, s.external_id) AS id, COALESCE(w.accounts, 0) AS accounts, w.account_id,
        s.account_id AS linked, s.minted_for
    FROM wanted w FULL OUTER JOIN standing s ON s.external_id = w.id
    WHERE COALESCE(s.rule, '') <> 'person'
        AND (w.id IS NULL OR s.external_id IS NULL OR w.accounts > 1 OR w.account_id <> s.account_id)
    ORDER BY id
"""
_NAMING = "SELECT DISTINCT account_id FROM ({named}) named WHERE id = :id"


def link(
    conn: Connection,
    system: str,
    by_domain: bool,
    waiting: set[str],
    rejected: set[tuple[str, str]],
    now: datetime,
    found: list[Issue],
) -> int:
    """Bring the links of a product's ids in line with what the CRM accounts name; returns how many are new.

    `waiting`: accounts whose merge has not arrived whole; they keep what they have. `rejected`: (id, account) that a
    person ruled out.
    """
    named = _NAMED_BY_DOMAIN if by_domain else _NAMED_BY_KEY
    rule = "domain" if by_domain else "key"
    ended: list[tuple[str, str, str]] = []
    rows: list[dict[str, Any]] = []
    left: set[str] = set()
    for row in conn.execute(sa.text(_CHANGED.format(named=named)), {"system": system}).all():
        if by_domain and row.id in SHARED:
            continue
        naming = {row.account_id} if row.accounts == 1 else _naming(conn, system, row.id, named)
        naming = {account for account in naming if (row.id, account) not in rejected}
        if len(naming) > 1:
            found.append(_ambiguous(system, row.id, rule, naming))
        if row.linked is not None and _ends(row, naming, waiting):
            ended.append((system, "account", row.id))
            left.add(row.linked)
        if len(naming) == 1 and naming != {row.linked}:
            rows.append(_link(system, row.id, next(iter(naming)), rule, now))
    merges.end(conn, ended, now)
    bulk.append(conn, links, rows)
    touched.mark(conn, system, (row["external_id"] for row in rows), now)
    touched.mark_accounts(conn, left, now)
    return len(rows)


def _naming(conn: Connection, system: str, id: str, named: str) -> set[str]:
    return set(conn.scalars(sa.text(_NAMING.format(named=named)), {"system": system, "id": id}))


def _ends(row: Any, naming: set[str], waiting: set[str]) -> bool:
    """A link stands while its account names the id; and while nobody does, if its account was merged away."""
    if not naming:
        return row.minted_for == row.linked and row.linked not in waiting
    return row.linked not in naming


def _link(system: str, id: str, account_id: str, rule: str, now: datetime) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "system": system,
        "object": "account",
        "external_id": id,
        "rule": rule,
        "valid_from": now,
        "valid_to": None,
    }


def _ambiguous(system: str, id: str, rule: str, naming: set[str]) -> Issue:
    accounts = ", ".join(sorted(naming))
    message = f"{accounts} all name {id!r} as their {rule} in {system}; it stays as it was until one of them does"
    return Issue(f"ambiguous_{rule}", system, "account", id, "", message)
