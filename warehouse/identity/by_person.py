"""What people decided in links.yaml: it is carried out before any automatic rule, and taken back with its line.

A record that a person links elsewhere takes its account along when nothing else is left there, so that open tasks,
episodes and scores follow; when the line goes, that account stands alone again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from mappings.models import LinkDecision, Mappings
from warehouse import bulk, touched
from warehouse.identity import merges
from warehouse.issues import Issue
from warehouse.tables import account_ids, links

RULE = "person"
FILE_OBJECT = "account"
"""What `links.object` says of ids in files, which have no stream of account records."""


class Standing(NamedTuple):
    """The link that a record has now."""

    system: str
    object: str
    external_id: str
    account_id: str
    rule: str
    valid_from: datetime


@dataclass
class Decided:
    """What people decided, in terms of the accounts of today."""

    accepted: dict[tuple[str, str], str]
    """(system, record) -> account."""
    rejected: dict[str, set[tuple[str, str]]]
    """System -> (record, account) that are never linked."""


def apply(conn: Connection, mappings: Mappings, now: datetime, found: list[Issue]) -> Decided:
    """Bring the links in line with links.yaml; the automatic rules decide what it leaves open."""
    _take_back(conn, mappings.links.accepted(), now)
    decided = _decided(conn, mappings, found)
    standing = _standing(conn, {*decided.accepted, *_rejected_records(decided)})
    never = [s for s in standing.values() if (s.external_id, s.account_id) in decided.rejected.get(s.system, ())]
    _end(conn, never, now)
    _accept(conn, mappings, decided, standing, now, found)
    return decided


def _rejected_records(decided: Decided) -> Iterable[tuple[str, str]]:
    return ((system, record) for system, pairs in decided.rejected.items() for record, _ in pairs)


# --- what the file says today -----------------------------------------------------------------------------------------

_ACCOUNTS = "SELECT account_id, merged_into FROM account_ids WHERE account_id IN :ids"


def _decided(conn: Connection, mappings: Mappings, found: list[Issue]) -> Decided:
    named = {link.account for link in mappings.links.links}
    today = _today(conn, named)
    decided = Decided({}, {})
    for link in mappings.links.links:
        account = today.get(link.account)
        if account is None:
            found.append(_unknown(link, f"no account has the id {link.account}"))
        elif link.decision == "accept":
            decided.accepted[link.system, link.record] = account
        else:
            decided.rejected.setdefault(link.system, set()).add((link.record, account))
    return decided


def _today(conn: Connection, ids: set[str]) -> dict[str, str]:
    """Each account that exists, and the account that stands for it after merges."""
    if not ids:
        return {}
    asked = sa.text(_ACCOUNTS).bindparams(sa.bindparam("ids", sorted(ids), expanding=True))
    return {account: into or account for account, into in conn.execute(asked).all()}


def _unknown(link: LinkDecision, what: str) -> Issue:
    message = f"links.yaml: {link.decision} {link.system} {link.record}: {what}; correct the line or take it out"
    return Issue("unknown_link", link.system, "", link.record, "", message)


# --- what stands ------------------------------------------------------------------------------------------------------

_STANDING = """
    SELECT l.system, l.object, l.external_id, a.account_id, l.rule, l.valid_from FROM links l
    JOIN account_links a ON a.system = l.system AND a.external_id = l.external_id
    WHERE l.valid_to IS NULL AND l.system IN :systems AND l.external_id IN :ids
"""


def _standing(conn: Connection, records: set[tuple[str, str]]) -> dict[tuple[str, str], Standing]:
    if not records:
        return {}
    asked = sa.text(_STANDING).bindparams(
        sa.bindparam("systems", sorted({system for system, _ in records}), expanding=True),
        sa.bindparam("ids", sorted({id for _, id in records}), expanding=True),
    )
    rows = [Standing(*row) for row in conn.execute(asked.columns(valid_from=links.c.valid_from.type))]
    return {(row.system, row.external_id): row for row in rows if (row.system, row.external_id) in records}


def _end(conn: Connection, ended: Iterable[Standing], now: datetime) -> None:
    """End the links, and let the accounts that lost a record be scored again."""
    gone = list(ended)
    merges.end(conn, [(s.system, s.object, s.external_id) for s in gone], now)
    touched.mark_accounts(conn, (s.account_id for s in gone), now)


# --- accepted ---------------------------------------------------------------------------------------------------------

_STREAMS = "SELECT id, stream FROM account_records WHERE system = :system AND id IN :ids"


def _accept(
    conn: Connection,
    mappings: Mappings,
    decided: Decided,
    standing: Mapping[tuple[str, str], Standing],
    now: datetime,
    found: list[Issue],
) -> None:
    streams = _streams(conn, mappings, decided.accepted)
    rows, moved = [], []
    for (system, record), account_id in decided.accepted.items():
        before = standing.get((system, record))
        if (system, record) not in streams:
            link = next(link for link in mappings.links.accepted() if (link.system, link.record) == (system, record))
            found.append(_unknown(link, f"{system} has no account record of this id"))
        elif before is None or (before.account_id, before.rule) != (account_id, RULE):
            told = {"system": system, "object": streams[system, record], "external_id": record}
            rows.append({**told, "account_id": account_id, "rule": RULE, "valid_from": now, "valid_to": None})
            moved += [(before, account_id)] if before else []
    _end(conn, [before for before, _ in moved], now)
    bulk.append(conn, links, rows)
    for row in rows:
        touched.mark(conn, str(row["system"]), [str(row["external_id"])], now)
    for before, account_id in moved:
        _follow(conn, mappings, before.account_id, account_id)


def _streams(
    conn: Connection, mappings: Mappings, accepted: Mapping[tuple[str, str], str]
) -> dict[tuple[str, str], str]:
    """Which stream each record is in; a record that we do not hold is absent, an id of files is always there."""
    found: dict[tuple[str, str], str] = {}
    for system in {system for system, _ in accepted}:
        ids = sorted(id for name, id in accepted if name == system)
        if mappings.systems[system].kind == "files":
            found |= {(system, id): FILE_OBJECT for id in ids}
        asked = sa.text(_STREAMS).bindparams(sa.bindparam("ids", ids, expanding=True), system=system)
        found |= {(system, id): stream for id, stream in conn.execute(asked).all()}
    return found


_LEFT = "SELECT COUNT(*) FROM account_links WHERE account_id = :account AND system IN :systems"


def _follow(conn: Connection, mappings: Mappings, left: str, account_id: str) -> None:
    """An account without any record goes where its last record went."""
    holding = [name for name, system in mappings.systems.items() if system.kind != "files"]
    asked = sa.text(_LEFT).bindparams(sa.bindparam("systems", holding, expanding=True), account=left)
    if left == account_id or conn.scalar(asked):
        return
    alone = sa.or_(account_ids.c.account_id == left, account_ids.c.merged_into == left)
    conn.execute(sa.update(account_ids).where(alone).values(merged_into=account_id, merged_by=RULE))


# --- taken back -------------------------------------------------------------------------------------------------------

_PERSONS = """
    SELECT system, object, external_id, account_id, rule, valid_from FROM links
    WHERE valid_to IS NULL AND rule = 'person'
"""
_ALONE_AGAIN = """
    UPDATE account_ids SET merged_into = NULL, merged_by = NULL
    WHERE merged_by = 'person' AND account_id IN (
        SELECT account_id FROM links WHERE system = :system AND external_id = :id AND valid_to = :since)
"""


def _take_back(conn: Connection, accepted: Iterable[LinkDecision], now: datetime) -> None:
    """End what a person linked and links.yaml does not say any more; what had gone along comes back."""
    said = {(link.system, link.record) for link in accepted}
    rows = conn.execute(sa.text(_PERSONS).columns(valid_from=links.c.valid_from.type))
    gone = [s for s in (Standing(*row) for row in rows) if (s.system, s.external_id) not in said]
    _end(conn, gone, now)
    for link in gone:
        alone = sa.text(_ALONE_AGAIN).bindparams(sa.bindparam("since", link.valid_from, links.c.valid_to.type))
        conn.execute(alone, {"system": link.system, "id": link.external_id})
