"""What landed, as conform reads it: the current versions of records, in chunks of whole landings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from warehouse import bulk
from warehouse.tables import raw_records

CHUNK = 10_000


class Version(NamedTuple):
    """The current version of a record."""

    id: str
    payload: str
    deleted: bool
    seen_at: datetime


def _of(system: str, stream: str) -> tuple[sa.ColumnElement[bool], ...]:
    return raw_records.c.system == system, raw_records.c.stream == stream


def _current(system: str, stream: str, known_at: datetime | None = None) -> tuple[sa.ColumnElement[bool], ...]:
    """The newest version of each record: now, or as it was known at a moment."""
    c = raw_records.c
    of_stream = _of(system, stream)
    if known_at is None:
        return *of_stream, c.superseded_at.is_(None)
    return *of_stream, c.seen_at <= known_at, sa.or_(c.superseded_at.is_(None), c.superseded_at > known_at)


def last_landings(conn: Connection) -> dict[tuple[str, str], int]:
    """(system, stream) -> the last landing of those of which anything ever came."""
    c = raw_records.c
    newest = sa.select(c.system, c.stream, sa.func.max(c.landing)).group_by(c.system, c.stream)
    return {(system, stream): landing for system, stream, landing in conn.execute(newest)}


def waiting(conn: Connection, system: str, stream: str, after: int) -> int:
    count = sa.select(sa.func.count()).select_from(raw_records).where(*_current(system, stream))
    return conn.scalar(count.where(raw_records.c.landing > after)) or 0


def since(
    conn: Connection, system: str, stream: str, after: int, known_at: datetime | None = None
) -> Iterator[list[Version]]:
    """What landed after a landing, in chunks of whole landings, so that memory stays that of a batch."""
    landing = raw_records.c.landing
    for first, last in _ranges(conn, system, stream, after, known_at):
        chunk = _select().where(*_current(system, stream, known_at), landing.between(first, last))
        yield [Version._make(row) for row in conn.execute(chunk)]


def of(conn: Connection, system: str, stream: str, ids: Sequence[str]) -> list[Version]:
    with bulk.staged(conn, raw_records, bulk.arrow_columns(raw_records, id=ids)) as stage:
        among = sa.text(f"id IN (SELECT id FROM {stage})")  # noqa: S608
        return [Version._make(row) for row in conn.execute(_select().where(*_current(system, stream), among))]


def _select() -> sa.Select[tuple[str, str, bool, datetime]]:
    c = raw_records.c
    return sa.select(c.id, c.payload, c.deleted, c.seen_at)


def _ranges(
    conn: Connection, system: str, stream: str, after: int, known_at: datetime | None
) -> Iterator[tuple[int, int]]:
    """First and last landing of each chunk."""
    landing = raw_records.c.landing
    counts = sa.select(landing, sa.func.count()).where(*_current(system, stream, known_at), landing > after)
    first, size, last = after + 1, 0, after
    for number, records in conn.execute(counts.group_by(landing).order_by(landing)).all():
        if size and size + records > CHUNK:
            yield first, last
            first, size = number, 0
        size, last = size + records, number
    if size:
        yield first, last
