"""Whose id is whose account: links are decisions, appended once and ended, never guessed.

In this order: the link that the record had, our own link key in the CRM, explicit keys, the domain. What stays open
between several accounts is an issue for a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection
from ulid import ULID

from mappings.models import Mappings
from warehouse import bulk, identity_merges, identity_products, issues, touched
from warehouse.issues import Issue
from warehouse.tables import account_ids, links

KINDS = ("copied_link_key", "foreign_link_key", "ambiguous_key", "ambiguous_domain", "unlinked_account")


class Unlinked(NamedTuple):
    """An account record that belongs to no account of ours yet."""

    stream: str
    id: str
    link_key: str | None
    domain: str | None


@dataclass
class Linked:
    """What a pass decided."""

    minted: int = 0
    linked: int = 0
    changed: bool = False
    """Whether any link or merge is another than before."""
    found: list[Issue] = field(default_factory=list)


@dataclass
class Known:
    """What is known about accounts when the records of a system are linked."""

    merged: dict[str, str | None]
    """Every account id of ours and what it was merged into."""
    taken: set[str]
    """Accounts that have a record in the system already."""
    former: dict[str, tuple[str, str]]
    """Account and rule of the last link that a record had."""
    by_key: dict[str, set[str]]
    """Accounts that name the record by an explicit key, or that it names."""
    by_domain: dict[str, set[str]]
    """Accounts of other CRMs by domain."""


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
            done.linked += identity_products.link(conn, name, by_domain, waiting, now, done.found)
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
    for record, account_id, rule in _decide(system, records, known, mints, now, done):
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


def _decide(
    system: str, records: Sequence[Unlinked], known: Known, mints: bool, now: datetime, done: Linked
) -> list[tuple[Unlinked, str, str]]:
    """Record, account and rule, for every record that can be decided."""
    decided = []
    rest: Iterable[Unlinked] = records
    for rule in (_by_former, _by_link_key, _by_key, _by_domain):
        left = []
        claims = rule(system, list(rest), known, done.found)
        for record in rest:
            account_id, name = claims.get(record.id, (None, ""))
            if account_id is not None:
                known.taken.add(account_id)
                decided.append((record, account_id, name))
            elif not name:
                left.append(record)
        rest = left
    if mints:
        return decided + [(record, str(ULID.from_datetime(now)), "minted") for record in rest]
    done.found += [_unlinked(system, record) for record in rest]
    return decided


Claims = dict[str, tuple[str | None, str]]
"""By record id the account and the rule; no account: open between several, so no later rule may decide."""


def _by_former(system: str, records: Sequence[Unlinked], known: Known, found: list[Issue]) -> Claims:
    """A record that came back gets its account back."""
    back = {r.id: known.former[r.id] for r in records if r.id in known.former}
    return {id: (account, rule) for id, (account, rule) in back.items() if account not in known.taken}


def _by_link_key(system: str, records: Sequence[Unlinked], known: Known, found: list[Issue]) -> Claims:
    """Our own key in the CRM, also when this warehouse never minted it; a key on two records recovers nothing."""
    shown = Counter(r.link_key for r in records)
    claims: Claims = {}
    for record in records:
        if record.link_key is None:
            continue
        if not _ours(record.link_key):
            found.append(_foreign(system, record))
            continue
        account = known.merged.get(record.link_key) or record.link_key
        if shown[record.link_key] == 1 and account not in known.taken:
            claims[record.id] = (account, "link_key")
    return claims


def _by_key(system: str, records: Sequence[Unlinked], known: Known, found: list[Issue]) -> Claims:
    candidates = {r.id: known.by_key[r.id] for r in records if r.id in known.by_key}
    return _unambiguous(system, records, candidates, "key", known, found)


def _by_domain(system: str, records: Sequence[Unlinked], known: Known, found: list[Issue]) -> Claims:
    candidates = {r.id: known.by_domain[r.domain] for r in records if r.domain in known.by_domain}
    return _unambiguous(system, records, candidates, "domain", known, found)


def _unambiguous(
    system: str,
    records: Sequence[Unlinked],
    candidates: Mapping[str, set[str]],
    rule: str,
    known: Known,
    found: list[Issue],
) -> Claims:
    """One account that no other record claims; everything else is a question."""
    claimed = Counter(account for accounts in candidates.values() for account in accounts)
    claims: Claims = {}
    for record in records:
        accounts = candidates.get(record.id, set())
        if not accounts:
            continue
        only = next(iter(accounts))
        if len(accounts) == 1 and claimed[only] == 1 and only not in known.taken:
            claims[record.id] = (only, rule)
        else:
            claims[record.id] = (None, rule)
            found.append(_ambiguous(system, record, rule, accounts))
    return claims


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


def _ours(link_key: str) -> bool:
    """Whether we may have minted it."""
    try:
        return str(ULID.from_str(link_key)) == link_key
    except ValueError:
        return False


def _foreign(system: str, record: Unlinked) -> Issue:
    message = f"the field of our link key holds {record.link_key!r}, which is no key of ours; it was not followed"
    return Issue("foreign_link_key", system, record.stream, record.id, "", message)


def _ambiguous(system: str, record: Unlinked, rule: str, accounts: Iterable[str]) -> Issue:
    what = f"its domain {record.domain}" if rule == "domain" else "an explicit key"
    message = f"by {what} the record may belong to {', '.join(sorted(accounts))}, or not alone; it was not linked"
    return Issue(f"ambiguous_{rule}", system, record.stream, record.id, "", message)


def _unlinked(system: str, record: Unlinked) -> Issue:
    message = "no account of a CRM has its link key, its explicit key or its domain; it was not linked"
    return Issue("unlinked_account", system, record.stream, record.id, "", message)
