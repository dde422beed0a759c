"""What only a person can decide: records without an account, with the accounts that they may belong to and why."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from mappings.models import Mappings
from warehouse import tables


@dataclass(frozen=True, slots=True)
class Candidate:
    """An account that a record may belong to."""

    account_id: str
    name: str | None
    because: list[str]


@dataclass(frozen=True, slots=True)
class Question:
    """A record that the rules left open."""

    system: str
    record: str
    name: str | None
    kind: str
    """unlinked, ambiguous or conflicting."""
    why: str
    candidates: list[Candidate]


class Asked(NamedTuple):
    """A record without a link, or with one that its key contradicts."""

    system: str
    record: str
    name: str | None


KINDS = {
    "ambiguous_key": "ambiguous",
    "ambiguous_domain": "ambiguous",
    "conflicting_key": "conflicting",
    "unlinked_account": "unlinked",
}
"""The issues of linking that a line in links.yaml answers."""

UNNAMED = "no account names it"


def open_questions(conn: Connection, mappings: Mappings) -> list[Question]:
    """Every open question by system, with candidates by key, domain and name; what a person ruled out is none."""
    records = {(row.system, row.record): row for row in _asked(conn, mappings)}
    told = _told(conn)
    reasons = _reasons(conn, mappings, set(records))
    names = dict(conn.execute(sa.select(tables.accounts.c.account_id, tables.accounts.c.name)).all()) if reasons else {}
    order = {system: n for n, system in enumerate(mappings.company.systems)}
    found = []
    for (system, record), row in records.items():
        kind, why = told.get((system, record), ("unlinked", UNNAMED))
        candidates = [Candidate(id, names.get(id), because) for id, because in reasons[system, record].items()]
        found.append(Question(system, record, row.name, kind, why, sorted(candidates, key=lambda c: c.account_id)))
    return sorted(found, key=lambda q: (order[q.system], q.kind, q.record))


_TOLD = "SELECT system, subject, kind, message FROM issues WHERE resolved_at IS NULL AND kind IN :kinds"


def _told(conn: Connection) -> dict[tuple[str, str], tuple[str, str]]:
    """What linking said about each record."""
    asked = sa.text(_TOLD).bindparams(sa.bindparam("kinds", sorted(KINDS), expanding=True))
    return {(row.system, row.subject): (KINDS[row.kind], row.message) for row in conn.execute(asked)}


# --- the records ------------------------------------------------------------------------------------------------------

_OPEN_RECORDS = """
    SELECT r.system, r.id, r.name FROM account_records r
    WHERE NOT EXISTS (SELECT 1 FROM account_links l WHERE l.system = r.system AND l.external_id = r.id)
    UNION
    SELECT r.system, r.id, r.name FROM account_records r
    JOIN issues i ON i.system = r.system AND i.subject = r.id
    WHERE i.kind = 'conflicting_key' AND i.resolved_at IS NULL
"""
_OPEN_REFS = """
    SELECT DISTINCT f.system, f.account_ref FROM {table} f
    WHERE f.system IN :systems AND f.account_ref IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM account_links l WHERE l.system = f.system AND l.external_id = f.account_ref)
"""


def _asked(conn: Connection, mappings: Mappings) -> list[Asked]:
    """Account records of every system, and the ids under which files deliver facts."""
    records = [Asked(*row) for row in conn.execute(sa.text(_OPEN_RECORDS)) if row.system in mappings.systems]
    files = [name for name, system in mappings.systems.items() if system.kind == "files"]
    filled = {pull.table for name in files for pull in mappings.systems[name].pull.values()} - {"accounts"}
    refs: set[tuple[str, str]] = set()
    for table in sorted(filled):
        query = sa.text(_OPEN_REFS.format(table=table)).bindparams(sa.bindparam("systems", files, expanding=True))
        refs |= {(row.system, row.account_ref) for row in conn.execute(query)}
    return records + [Asked(system, ref, None) for system, ref in sorted(refs)]


# --- the candidates ---------------------------------------------------------------------------------------------------

_BY_KEY = """
    SELECT k.system, k.id AS record, l.account_id, 'it names ' || k.other_system || ' ' || k.other_id AS because
    FROM account_keys k JOIN account_links l ON l.system = k.other_system AND l.external_id = k.other_id
    UNION
    SELECT k.other_system, k.other_id, l.account_id, k.system || ' ' || k.id || ' names it'
    FROM account_keys k JOIN account_links l ON l.system = k.system AND l.external_id = k.id
"""
_BY_DOMAIN = """
    SELECT d.system, d.id AS record, l.account_id, 'the same domain ' || d.domain AS because
    FROM account_domains d
    JOIN account_domains o ON o.domain = d.domain
    JOIN account_links l ON l.system = o.system AND l.external_id = o.id
    UNION
    SELECT f.system, d.domain, l.account_id, 'the same domain ' || d.domain
    FROM account_domains d
    JOIN account_links l ON l.system = d.system AND l.external_id = d.id
    JOIN systems f ON f.kind = 'files'
"""
_BY_NAME = """
    SELECT r.system, r.id AS record, a.account_id, 'the same name' AS because
    FROM account_records r JOIN accounts a ON lower(a.name) = lower(r.name)
"""


def _reasons(
    conn: Connection, mappings: Mappings, records: set[tuple[str, str]]
) -> defaultdict[tuple[str, str], dict[str, list[str]]]:
    """Record -> account -> why it may be that one."""
    never = {(link.system, link.record, link.account) for link in mappings.links.rejected()}
    found: defaultdict[tuple[str, str], dict[str, list[str]]] = defaultdict(dict)
    if not records:
        return found
    for query in (_BY_KEY, _BY_DOMAIN, _BY_NAME):
        for system, record, account_id, because in conn.execute(sa.text(query)):
            if (system, record) in records and (system, record, account_id) not in never:
                found[system, record].setdefault(account_id, []).append(because)
    return found
