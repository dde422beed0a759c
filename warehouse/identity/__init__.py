"""Whose id is whose account: links are decisions, appended once and ended, never guessed.

In this order: the link that the record had, our own link key in the CRM, explicit keys, the domain. What stays open
between several accounts is an issue for a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from mappings.models import Mappings
from warehouse import bulk, issues, touched
from warehouse.identity import merges as identity_merges
from warehouse.identity import products, rules
from warehouse.identity.rules import Known, Unlinked
from warehouse.issues import Issue
from warehouse.tables import account_ids, links

KINDS = ("copied_link_key", "foreign_link_key", "ambiguous_key", "ambiguous_domain", "unlinked_account")


@dataclass
class Linked:
    """What a pass decided."""

    minted: int = 0
    linked: int = 0
    changed: bool = False
    """Whether any link or merge is another than before."""
    found: list[Issue] = field(default_factory=list)


def link(conn: Connection, mappings: Mappings, now: datetime) -> Linked:
    """Give every account record its account, follow deletions and merges, link product files by their keys."""
    done = Linked()
    before = _standing(conn)
    identity_merges.end_deleted(conn, now)
    crms = [name for name in mappings.company.systems if _holds_accounts(mappings, name)]
    for system in crms:
        _link_records(conn, system, crms, mappings.systems[system].kind != "files", now, done)
    waiting = identity_merges.follow(conn, now)
    for name in mappings.company.systems:
        if name not in crms:
            by_domain = mappings.systems[name].accounts_by == "domain"
            done.linked += products.link(conn, name, by_domain, waiting, now, done.found)
    done.found += _still_copied(conn)
    issues.restate(conn, KINDS, done.found, now)
    done.changed = _standing(conn) != before
    return done


def _standing(conn: Connection) -> tuple[int, ...]:
    """Links, ended links and merged accounts: every decision adds to one of them."""
    counts = "SELECT COUNT(*), COUNT(valid_to), (SELECT COUNT(merged_into) FROM account_ids) FROM links"
    return tuple(conn.execute(sa.text(counts)).one())


def _holds_accounts(mappings: Mappings, system: str) -> bool:
    return any(pull.table == "accounts" for pull in mappings.systems[system].pull.values())


# --- records of one CRM -----------------------------------------------------------------------------------------------

_UNLINKED = """
    SELECT r.stream, r.id, r.link_key, r.domain FROM account_records r
    WHERE r.system = :system AND NOT EXISTS (
        SELECT 1 FROM links l WHERE l.system = r.system AND l.external_id = r.id AND l.valid_to IS NULL)
    ORDER BY r.id
"""


def _link_records(conn: Connection, system: str, crms: Sequence[str], mints: bool, now: datetime, done: Linked) -> None:
    records = [Unlinked(*row) for row in conn.execute(sa.text(_UNLINKED), {"system": system})]
    if not records:
        return
    known = _known(conn, system, crms, records)
    minted: list[dict[str, Any]] = []
    rows = []
    for record, account_id, rule in rules.decide(system, records, known, mints, now, done.found):
        if account_id not in known.merged:
            minted.append({"account_id": account_id, "minted_at": now, "merged_into": None})
            known.merged[account_id] = None
        rows.append(_link(system, record.stream, record.id, account_id, rule, now))
    bulk.append(conn, account_ids, minted)
    bulk.append(conn, links, rows)
    touched.mark(conn, system, (row["external_id"] for row in rows), now)
    done.minted += sum(1 for row in rows if row["rule"] == "minted")
    done.linked += sum(1 for row in rows if row["rule"] != "minted")


def _link(system: str, object: str, external_id: str, account_id: str, rule: str, now: datetime) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "system": system,
        "object": object,
        "external_id": external_id,
        "rule": rule,
        "valid_from": now,
        "valid_to": None,
    }


# --- what is known ----------------------------------------------------------------------------------------------------

_BY_KEY = """
    SELECT k.id, l.account_id FROM account_keys k
    JOIN account_links l ON l.system = k.other_system AND l.external_id = k.other_id
    WHERE k.system = :system AND k.other_system IN :crms
    UNION
    SELECT k.other_id, l.account_id FROM account_keys k
    JOIN account_links l ON l.system = k.system AND l.external_id = k.id
    WHERE k.other_system = :system AND k.system IN :crms
"""
_BY_DOMAIN = """
    SELECT DISTINCT r.domain, l.account_id FROM account_records r
    JOIN account_links l ON l.system = r.system AND l.external_id = r.id
    WHERE r.system <> :system AND r.domain IS NOT NULL
"""


def _known(conn: Connection, system: str, crms: Sequence[str], records: Sequence[Unlinked]) -> Known:
    merged = dict(conn.execute(sa.select(account_ids.c.account_id, account_ids.c.merged_into)).all())
    linked = sa.text("SELECT account_id FROM account_links WHERE system = :system")
    by_key = sa.text(_BY_KEY).bindparams(sa.bindparam("crms", crms, expanding=True), system=system)
    return Known(
        merged=merged,
        taken=set(conn.scalars(linked, {"system": system})),
        former=_former(conn, system, {r.id for r in records}, merged),
        by_key=_grouped(conn, by_key),
        by_domain=_grouped(conn, sa.text(_BY_DOMAIN).bindparams(system=system)),
    )


def _former(
    conn: Connection, system: str, ids: set[str], merged: Mapping[str, str | None]
) -> dict[str, tuple[str, str]]:
    c = links.c
    ended = sa.select(c.external_id, c.account_id, c.rule).where(c.system == system, c.valid_to.is_not(None))
    rows = conn.execute(ended.order_by(c.valid_to)).all()
    return {id: (account, rule) for id, account, rule in rows if id in ids and not merged.get(account)}


def _grouped(conn: Connection, pairs: sa.TextClause) -> dict[str, set[str]]:
    grouped: dict[str, set[str]] = {}
    for key, account_id in conn.execute(pairs):
        grouped.setdefault(key, set()).add(account_id)
    return grouped


# --- questions for a person -------------------------------------------------------------------------------------------

_COPIED = """
    SELECT r.system, r.stream, r.id, r.link_key, l.account_id FROM account_records r
    JOIN account_links l ON l.system = r.system AND l.external_id = r.id
    LEFT JOIN account_ids a ON a.account_id = r.link_key
    WHERE r.link_key IN (SELECT link_key FROM account_records GROUP BY system, link_key HAVING COUNT(*) > 1)
        AND COALESCE(a.merged_into, r.link_key) <> l.account_id
    ORDER BY r.system, r.id
"""
_SHOWN = "SELECT fields FROM seen_values WHERE system = :system AND external_id = :id"


def _still_copied(conn: Connection) -> list[Issue]:
    """Records that show the link key of another record, until ours has replaced it."""
    found = []
    for system, stream, id, link_key, account_id in conn.execute(sa.text(_COPIED)).all():
        shown = conn.scalars(sa.text(_SHOWN), {"system": system, "id": id}).all()
        if not shown or any(link_key in fields for fields in shown):
            message = (
                f"the record shows our link key {link_key} of another record: it was copied from it; "
                f"it has its own account {account_id}, whose key the next push writes"
            )
            found.append(Issue("copied_link_key", system, stream, id, "", message))
    return found
