"""Raw versions -> mapping -> our tables: incremental by what landed since, and from scratch at will, to the same rows.

Accounts go first, then identity says whose they are, then everything else follows, because a local day needs the
time zone of its account.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection, Table

from mappings.models import Mappings, PullMapping
from warehouse import accounts, bulk, conform_rows, identity, issues, local_zones, tables, touched
from warehouse.conform_rows import Reading, Rows, Version, Zones
from warehouse.tables import account_keys, account_roles, attributes, conformed, raw_records

CHUNK = 10_000
KINDS = ("refused_value", "refused_row")
BESIDE = (account_keys, account_roles, attributes)
"""What a record may fill beside its row."""

Tell = Callable[[str, int, int | None], None]


@dataclass
class Conformed:
    """What a run did to our tables."""

    rows: int = 0
    removed: int = 0
    issues: int = 0
    minted: int = 0
    linked: int = 0
    accounts: int = 0

    def counts(self) -> dict[str, int]:
        return asdict(self)


def conform(conn: Connection, mappings: Mappings, now: datetime, progress: Tell | None = None) -> Conformed:
    """Bring our tables up to what landed, in the connection's transaction."""
    done = Conformed()
    tell = progress or _silent
    _drop_unmapped(conn, mappings)
    for system, stream in _streams(mappings, of_accounts=True):
        _conform_stream(conn, mappings, system, stream, {}, now, tell, done)
    linked = identity.link(conn, mappings, now)
    done.minted, done.linked = linked.minted, linked.linked
    zones, moved = local_zones.refresh(conn, mappings)
    for system, stream in _streams(mappings, of_accounts=False):
        _conform_moved(conn, mappings, system, stream, zones.get(system, {}), moved.get(system, set()), now, done)
        _conform_stream(conn, mappings, system, stream, zones.get(system, {}), now, tell, done)
    done.accounts = accounts.build(conn, mappings, now.date(), now)
    return done


def rebuild(conn: Connection, mappings: Mappings, known_at: datetime, now: datetime) -> Conformed:
    """Our tables from scratch, from the versions that were known at a moment; links stay as they are now.

    The next `conform` starts from scratch again.
    """
    done = Conformed()
    zones, _ = local_zones.refresh(conn, mappings)
    for of_accounts in (True, False):
        for system, stream in _streams(mappings, of_accounts=of_accounts):
            _forget(conn, system, stream)
            reading = _compile(mappings, system, stream)
            for chunk in _versions(conn, system, stream, 0, known_at):
                _append(conn, reading, conform_rows.rows(reading, chunk, zones.get(system, {})), done)
    done.accounts = accounts.build(conn, mappings, known_at.date(), now)
    return done


def _silent(what: str, done: int, total: int | None) -> None:
    """Nobody wants to know."""


def _streams(mappings: Mappings, *, of_accounts: bool) -> list[tuple[str, str]]:
    return [
        (name, stream)
        for name in mappings.company.systems
        for stream, pull in mappings.systems[name].pull.items()
        if pull.table not in tables.DAY_GRAINED and (pull.table == "accounts") is of_accounts
    ]


def _compile(mappings: Mappings, system: str, stream: str) -> Reading:
    return conform_rows.compile(system, stream, mappings.systems[system].pull[stream], mappings.company)


# --- one stream -------------------------------------------------------------------------------------------------------


def _conform_stream(
    conn: Connection,
    mappings: Mappings,
    system: str,
    stream: str,
    zones: Zones,
    now: datetime,
    tell: Tell,
    done: Conformed,
) -> None:
    definition = _definition(mappings, mappings.systems[system].pull[stream])
    after = _conformed_through(conn, system, stream, definition)
    last = _last_landing(conn, system, stream)
    if after is None:
        _forget(conn, system, stream)
    if after == last:
        return
    reading = _compile(mappings, system, stream)
    total, so_far = _waiting(conn, system, stream, after or 0), 0
    for chunk in _versions(conn, system, stream, after or 0):
        _apply(conn, reading, chunk, zones, now, done)
        so_far += len(chunk)
        tell(f"conform {system} {stream}", so_far, total)
    _remember(conn, system, stream, definition, last)


def _conform_moved(
    conn: Connection,
    mappings: Mappings,
    system: str,
    stream: str,
    zones: Zones,
    moved: Collection[str],
    now: datetime,
    done: Conformed,
) -> None:
    """Records of accounts whose time zone changed fall on other days."""
    reading = _compile(mappings, system, stream)
    if not moved or not reading.days:
        return
    with bulk.staged(conn, reading.table, bulk.arrow_columns(reading.table, account_ref=sorted(moved))) as stage:
        among = reading.table.c.account_ref.in_(sa.text(f"SELECT account_ref FROM {stage}"))  # noqa: S608
        ids = list(conn.scalars(sa.select(reading.table.c.id).where(*_of(reading.table, system, stream), among)))
    for n in range(0, len(ids), CHUNK):
        _apply(conn, reading, _versions_of(conn, system, stream, ids[n : n + CHUNK]), zones, now, done)


def _apply(
    conn: Connection, reading: Reading, chunk: list[Version], zones: Zones, now: datetime, done: Conformed
) -> None:
    """Replace the rows of these records by what the records are now."""
    made = conform_rows.rows(reading, chunk, zones)
    ids = [version.id for version in chunk]
    before = _remove(conn, reading, ids)
    _append(conn, reading, made, done)
    done.removed += max(0, len(before) - len(made.facts))
    touched.mark(conn, reading.system, [*before, *(row.get("account_ref") for row in made.facts)], now)
    done.issues += issues.settle(conn, KINDS, reading.system, reading.stream, ids, made.found, now)


def _append(conn: Connection, reading: Reading, made: Rows, done: Conformed) -> None:
    done.rows += bulk.append(conn, reading.table, made.facts)
    for table, rows in zip(BESIDE, (made.keys, made.roles, made.attributes), strict=True):
        bulk.append(conn, table, rows)


def _remove(conn: Connection, reading: Reading, ids: Sequence[str]) -> list[str | None]:
    """Delete what these records filled; returns whose rows they were, one entry a row."""
    table = reading.table
    with bulk.staged(conn, table, bulk.arrow_columns(table, id=ids)) as stage:
        among = sa.text(f"id IN (SELECT id FROM {stage})")  # noqa: S608
        whose = list(
            conn.scalars(sa.select(table.c.account_ref).where(*_of(table, reading.system, reading.stream), among))
        )
        if whose:
            for filled in (table, *BESIDE):
                conn.execute(sa.delete(filled).where(*_of(filled, reading.system, reading.stream), among))
    return whose


def _of(table: Table, system: str, stream: str) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.system == system, table.c.stream == stream


# --- what landed ------------------------------------------------------------------------------------------------------


def _current(system: str, stream: str, known_at: datetime | None = None) -> tuple[sa.ColumnElement[bool], ...]:
    """The newest version of each record: now, or as it was known at a moment."""
    c = raw_records.c
    of_stream = _of(raw_records, system, stream)
    if known_at is None:
        return *of_stream, c.superseded_at.is_(None)
    return *of_stream, c.seen_at <= known_at, sa.or_(c.superseded_at.is_(None), c.superseded_at > known_at)


def _last_landing(conn: Connection, system: str, stream: str) -> int:
    return conn.scalar(sa.select(sa.func.max(raw_records.c.landing)).where(*_of(raw_records, system, stream))) or 0


def _waiting(conn: Connection, system: str, stream: str, after: int) -> int:
    waiting = sa.select(sa.func.count()).select_from(raw_records).where(*_current(system, stream))
    return conn.scalar(waiting.where(raw_records.c.landing > after)) or 0


def _versions(
    conn: Connection, system: str, stream: str, after: int, known_at: datetime | None = None
) -> Iterator[list[Version]]:
    """What landed after a landing, in chunks of whole landings, so that memory stays that of a batch."""
    landing = raw_records.c.landing
    for first, last in _ranges(conn, system, stream, after, known_at):
        chunk = _select().where(*_current(system, stream, known_at), landing.between(first, last))
        yield [Version._make(row) for row in conn.execute(chunk)]


def _versions_of(conn: Connection, system: str, stream: str, ids: Sequence[str]) -> list[Version]:
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


# --- how far we are ---------------------------------------------------------------------------------------------------


def _definition(mappings: Mappings, pull: PullMapping) -> str:
    """A hash of everything that shapes the stream's rows."""
    expansion = mappings.company.expansion_when if pull.table == "opportunities" else None
    return sha256(orjson.dumps([pull.model_dump(mode="json"), expansion], option=orjson.OPT_SORT_KEYS)).hexdigest()


def _conformed_through(conn: Connection, system: str, stream: str, definition: str) -> int | None:
    """The last landing that is in our tables; None where they are to be filled from scratch."""
    where = (*_of(conformed, system, stream), conformed.c.definition == definition)
    return conn.scalar(sa.select(conformed.c.landing).where(*where))


def _remember(conn: Connection, system: str, stream: str, definition: str, landing: int) -> None:
    conn.execute(sa.delete(conformed).where(*_of(conformed, system, stream)))
    row = {"system": system, "stream": stream, "definition": definition, "landing": landing}
    conn.execute(sa.insert(conformed).values(row))


def _forget(conn: Connection, system: str, stream: str) -> None:
    """Empty whatever the stream filled, under this mapping or an earlier one."""
    for table in (*tables.FACTS.values(), *BESIDE, conformed):
        conn.execute(sa.delete(table).where(*_of(table, system, stream)))


def _drop_unmapped(conn: Connection, mappings: Mappings) -> None:
    """A stream that left the configuration leaves our tables too; raw keeps it."""
    mapped = {*_streams(mappings, of_accounts=True), *_streams(mappings, of_accounts=False)}
    for system, stream in conn.execute(sa.select(conformed.c.system, conformed.c.stream)).all():
        if (system, stream) not in mapped:
            _forget(conn, system, stream)
