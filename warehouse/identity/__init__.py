"""Whose id is whose account: links are decisions, appended once and ended, never guessed.

In this order: what a person decided, the link that the record had, our own link key in the CRM, explicit keys in either
direction, the domains. What stays open between several accounts is an issue for a person.
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
from warehouse.identity import by_person, products, rules
from warehouse.identity import merges as identity_merges
from warehouse.identity.rules import Known, Unlinked
from warehouse.issues import Issue
from warehouse.tables import account_ids, links

KINDS = (
    "copied_link_key", "foreign_link_key", "ambiguous_key", "ambiguous_domain", "conflicting_key", "unlinked_account",
    "unknown_link",
)  # fmt: skip


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
    decided = by_person.apply(conn, mappings, now, done.found)
    holding = [name for name in mappings.company.systems if _holds_accounts(mappings, name)]
    holding.sort(key=lambda name: not mappings.systems[name].is_crm)  # the accounts first, then who knows them too
    for system in holding:
        _link_records(conn, mappings, system, holding, decided.rejected.get(system, set()), now, done)
    waiting = identity_merges.follow(conn, now)
    for name in mappings.company.systems:
        if name not in holding:
            by_domain, rejected = mappings.systems[name].accounts_by == "domain", decided.rejected.get(name, set())
            done.linked += products.link(conn, name, by_domain, waiting, rejected, now, done.found)
    done.found += _still_copied(conn) + _conflicting(conn, holding)
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
    SELECT r.stream, r.id, r.link_key FROM account_records r
    WHERE r.system = :system AND NOT EXISTS (
        SELECT 1 FROM links l WHERE l.system = r.system AND l.external_id = r.id AND l.valid_to IS NULL)
    ORDER BY r.id
"""


def _link_records(
    conn: Connection,
    mappings: Mappings,
    system: str,
    holding: Sequence[str],
    rejected: set[tuple[str, str]],
    now: datetime,
    done: Linked,
) -> None:
    records = [Unlinked(*row) for row in conn.execute(sa.text(_UNLINKED), {"system": system})]
    if not records:
        return
    known, mints = _known(conn, system, holding, records, rejected), mappings.systems[system].is_crm
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
    WHERE k.system = :system AND k.other_system IN :holding
    UNION
    SELECT k.other_id, l.account_id FROM account_keys k
    JOIN account_links l ON l.system = k.system AND l.external_id = k.id
    WHERE k.other_system = :system AND k.system IN :holding
"""
_BY_DOMAIN = """
    SELECT DISTINCT d.id, l.account_id FROM account_domains d
    JOIN account_domains o ON o.domain = d.domain AND o.system <> d.system
    JOIN account_links l ON l.system = o.system AND l.external_id = o.id
    WHERE d.system = :system AND NOT EXISTS (
        SELECT 1 FROM links own WHERE own.system = d.system AND own.external_id = d.id AND own.valid_to IS NULL)
"""


def _known(
    conn: Connection,
    system: str,
    holding: Sequence[str],
    records: Sequence[Unlinked],
    rejected: set[tuple[str, str]],
) -> Known:
    merged = dict(conn.execute(sa.select(account_ids.c.account_id, account_ids.c.merged_into)).all())
    linked = sa.text("SELECT account_id FROM account_links WHERE system = :system")
    by_key = sa.text(_BY_KEY).bindparams(sa.bindparam("holding", holding, expanding=True), system=system)
    return Known(
        merged=merged,
        taken=set(conn.scalars(linked, {"system": system})),
        former=_former(conn, system, {r.id for r in records}, merged),
        by_key=_grouped(conn, by_key, rejected),
        by_domain=_grouped(conn, sa.text(_BY_DOMAIN).bindparams(system=system), rejected),
        rejected=rejected,
    )


def _former(
    conn: Connection, system: str, ids: set[str], merged: Mapping[str, str | None]
) -> dict[str, tuple[str, str]]:
    c = links.c
    by_rule = (c.valid_to.is_not(None), c.rule != by_person.RULE)
    ended = sa.select(c.external_id, c.account_id, c.rule).where(c.system == system, *by_rule)
    rows = conn.execute(ended.order_by(c.valid_to)).all()
    return {id: (account, rule) for id, account, rule in rows if id in ids and not merged.get(account)}


def _grouped(conn: Connection, pairs: sa.TextClause, rejected: set[tuple[str, str]]) -> dict[str, set[str]]:
    """Accounts by record, without those that a person ruled out."""
    grouped: dict[str, set[str]] = {}
    for id, account_id in conn.execute(pairs):
        if (id, account_id) not in rejected:
            grouped.setdefault(id, set()).add(account_id)
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


_CONFLICTING = """
    SELECT k.system, k.stream, k.id, k.other_system, k.other_id, own.account_id, other.account_id AS named
    FROM account_keys k
    JOIN account_links own ON own.system = k.system AND own.external_id = k.id
    JOIN account_links other ON other.system = k.other_system AND other.external_id = k.other_id
    WHERE k.other_system IN :holding AND own.account_id <> other.account_id AND NOT EXISTS (
        SELECT 1 FROM links l WHERE l.valid_to IS NULL AND l.rule = 'person' AND (
            (l.system = k.system AND l.external_id = k.id)
            OR (l.system = k.other_system AND l.external_id = k.other_id)))
    ORDER BY k.system, k.id
"""


def _conflicting(conn: Connection, holding: Sequence[str]) -> list[Issue]:
    """Records whose key came to name another account than the one that they are linked to."""
    asked = sa.text(_CONFLICTING).bindparams(sa.bindparam("holding", holding, expanding=True))
    return [
        Issue(
            "conflicting_key", row.system, row.stream, row.id, "",
            f"the record names {row.other_system} {row.other_id}, which is account {row.named}, but is linked to "
            f"{row.account_id}; `crmpulse links accept` or `links reject` decides it",
        )
        for row in conn.execute(asked)
    ]  # fmt: skip
