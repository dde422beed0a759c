"""One version a change: what is new or different is appended, and the version before is closed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection

from connectors.base import Page, Record, Stream
from mappings import streams
from mappings.models import PullMapping
from warehouse import bulk
from warehouse.issues import Issue
from warehouse.tables import raw_records

STAMPS = frozenset({"SystemModstamp", "LastModifiedDate"})
"""Fields that a vendor moves on every write, ours included."""


class Stored(NamedTuple):
    """How many records of a batch came to what."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    deleted: int = 0


class Version(NamedTuple):
    """One version of a record, as raw_records keeps it."""

    id: str
    hash: str
    payload: str
    deleted: bool
    merged_into: str | None
    line: int
    file_hash: str


class Known(NamedTuple):
    """What we hold of a record: enough to tell whether it changed."""

    hash: str
    deleted: bool
    merged_into: str | None


# --- from records -----------------------------------------------------------------------------------------------------


def distinct(system: str, stream: Stream, pages: Sequence[Page], found: list[Issue]) -> list[tuple[Record, Page]]:
    """The records of the batch, one an id: the last; but two lines of one file that share a key are not one record."""
    last: dict[str, tuple[Record, Page]] = {}
    for page in pages:
        for record in page.records:
            if not record.id:
                found.append(issue("missing_key", system, stream, page, record, f"has no {stream.key}"))
            elif record.line and record.id in last and _same_file(last[record.id], page, record):
                earlier = last[record.id][0].line
                found.append(issue("duplicate_key", system, stream, page, record, f"repeats the key of line {earlier}"))
            else:
                last[record.id] = (record, page)
    return list(last.values())


def _same_file(earlier: tuple[Record, Page], page: Page, record: Record) -> bool:
    return earlier[1].file_hash == page.file_hash and earlier[0].line != record.line


def issue(kind: str, system: str, stream: Stream, page: Page, record: Record, what: str) -> Issue:
    subject = f"{page.file}:{record.line}" if record.line else record.id or stream.object
    return Issue(kind, system, stream.name, subject, stream.key, f"the record {what}; it was not stored")


def of_records(
    system: str,
    stream: Stream,
    pull: PullMapping,
    pushed: frozenset[str],
    records: Iterable[tuple[Record, Page]],
    found: list[Issue],
) -> dict[str, Version]:
    """Versions of one record an id; what cannot be stored is found instead."""
    mapped = sorted(streams.mapped_fields(pull))
    hashed = [field for field in mapped if field not in _unhashed(pull, pushed)]
    hashed_apart = len(hashed) < len(mapped)
    versions = {}
    for record, page in records:
        fields = record.fields
        try:
            storable_id(record.id)
            payload = _json({f: fields[f] for f in mapped if f in fields})
            core = _json({f: fields[f] for f in hashed if f in fields}) if hashed_apart else payload
        except (TypeError, ValueError) as error:
            found.append(issue("unreadable", system, stream, page, record, f"cannot be written as JSON: {error}"))
            continue
        hash = blake2b(core, digest_size=16).hexdigest()
        rest = (record.deleted, record.merged_into, record.line, page.file_hash)
        versions[record.id] = Version(record.id, hash, payload.decode(), *rest)
    return versions


def storable_id(id: str) -> None:
    """ValueError for what is no text to a database: half a character, NUL."""
    if not id.isascii():
        id.encode()
    if "\0" in id:
        raise ValueError("the id holds a NUL character")


def _json(fields: Mapping[str, Any]) -> bytes:
    return orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)


def _unhashed(pull: PullMapping, pushed: frozenset[str]) -> frozenset[str]:
    """Stamps, and our link key: when we write it into an account, the account did not change."""
    link_key = pull.fields.get("link_key")
    ours = frozenset() if link_key is None or link_key.from_ is None else frozenset({link_key.from_})
    return STAMPS | (ours & pushed)


# --- into the warehouse -----------------------------------------------------------------------------------------------


def store(
    conn: Connection, system: str, stream: str, versions: Mapping[str, Version], seen_at: datetime, run: str
) -> Stored:
    """Append what is new or changed and close the versions before."""
    if not versions:
        return Stored()
    landing = 1 + (conn.scalar(sa.select(sa.func.max(raw_records.c.landing)).where(*_stream(system, stream))) or 0)
    known = _known(conn, system, stream, list(versions)) if landing > 1 else {}
    fresh = [v for v in versions.values() if _differs(known.get(v.id), v)]
    _supersede(conn, system, stream, [v.id for v in fresh if v.id in known], seen_at)
    arrival = {"system": system, "stream": stream, "run": run, "landing": landing, "seen_at": seen_at}
    _append(conn, fresh, arrival)
    deleted = sum(1 for v in fresh if v.deleted)
    new = sum(1 for v in fresh if not v.deleted and v.id not in known)
    return Stored(new, len(fresh) - new - deleted, len(versions) - len(fresh), deleted)


def _append(conn: Connection, versions: Sequence[Version], arrival: Mapping[str, Any]) -> None:
    if versions:
        columns = dict(zip(Version._fields, zip(*versions, strict=True), strict=True))
        same = {name: [value] * len(versions) for name, value in arrival.items()}
        none = {"superseded_at": [None] * len(versions)}
        bulk.append(conn, raw_records, bulk.arrow_columns(raw_records, **columns, **same, **none))


def _differs(known: Known | None, version: Version) -> bool:
    if known is None or known.deleted != version.deleted or known.merged_into != version.merged_into:
        return True
    return not known.deleted and known.hash != version.hash


def _stream(system: str, stream: str) -> tuple[sa.ColumnElement[bool], ...]:
    return raw_records.c.system == system, raw_records.c.stream == stream


def current(system: str, stream: str) -> tuple[sa.ColumnElement[bool], ...]:
    return *_stream(system, stream), raw_records.c.superseded_at.is_(None)


def _known(conn: Connection, system: str, stream: str, ids: Sequence[str]) -> dict[str, Known]:
    c = raw_records.c
    with bulk.staged(conn, raw_records, bulk.arrow_columns(raw_records, id=ids)) as stage:
        staged = sa.table(stage, sa.column("id", sa.String))
        select = sa.select(c.id, c.hash, c.deleted, c.merged_into).join(staged, staged.c.id == c.id)
        return {row[0]: Known(*row[1:]) for row in conn.execute(select.where(*current(system, stream)))}


def _supersede(conn: Connection, system: str, stream: str, ids: Sequence[str], seen_at: datetime) -> None:
    if not ids:
        return
    with bulk.staged(conn, raw_records, bulk.arrow_columns(raw_records, id=ids)) as stage:
        among = raw_records.c.id.in_(sa.select(sa.table(stage, sa.column("id", sa.String)).c.id))
        conn.execute(sa.update(raw_records).where(*current(system, stream), among).values(superseded_at=seen_at))
