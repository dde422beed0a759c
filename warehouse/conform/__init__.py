"""Raw versions -> mapping -> our tables: incremental by what landed since, and from scratch at will, to the same rows.

Accounts go first, then identity says whose they are, then everything else follows, because a local day needs the
time zone of its account.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection, Table

from mappings.models import Mappings
from warehouse import accounts, bulk, identity, issues, local_zones, plan_rates, tables, touched
from warehouse.conform import rows as conform_rows
from warehouse.conform import versions as conform_versions
from warehouse.conform.rows import Reading, Rows, Zones
from warehouse.conform.versions import CHUNK, Version
from warehouse.tables import account_domains, account_keys, account_roles, attributes, conformed, opportunity_keys

KINDS = ("refused_value", "refused_row")
BESIDE = (account_keys, opportunity_keys, account_domains, account_roles, attributes)
"""What a record may fill beside its row."""

ALL_ACCOUNTS = ("", "accounts")
"""Under this name `conformed` keeps by which rules the accounts were joined."""

AS_OF_A_MOMENT = ""
"""Under this definition `conformed` keeps a stream whose rows are those of an earlier moment; no mapping has it."""

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


@dataclass(frozen=True, slots=True)
class Behind:
    """A stream of which our tables do not hold all that landed, or not by its mapping of now."""

    system: str
    stream: str
    definition: str
    after: int
    """The last landing that is in our tables; 0 where they are filled from scratch."""
    last: int
    redefined: bool
    """What it filled by another mapping goes first."""


def conform(conn: Connection, mappings: Mappings, now: datetime, progress: Tell | None = None) -> Conformed:
    """Bring our tables up to what landed, in the connection's transaction."""
    done = Conformed()
    tell = progress or _silent
    changed = _drop_unmapped(conn, mappings)
    behind = _behind(conn, mappings)
    for system, stream in _streams(mappings, of_accounts=True):
        if (system, stream) in behind:
            _conform_stream(conn, mappings, behind[system, stream], {}, now, tell, done)
    linked = identity.link(conn, mappings, now)
    done.minted, done.linked = linked.minted, linked.linked
    zones, moved = local_zones.refresh(conn, mappings)
    for system, stream in _streams(mappings, of_accounts=False):
        _conform_moved(conn, mappings, system, stream, zones.get(system, {}), moved.get(system, set()), now, done)
        if (system, stream) in behind:
            _conform_stream(conn, mappings, behind[system, stream], zones.get(system, {}), now, tell, done)
    _build_accounts(conn, mappings, now, changed or bool(behind) or linked.changed, done)
    return done


def _build_accounts(conn: Connection, mappings: Mappings, now: datetime, changed: bool, done: Conformed) -> None:
    """Join the systems' records anew when they changed, the company's rules did, or a new plan year began."""
    rates = plan_rates.of(mappings.company.currency, now.date())
    rules = _hash([mappings.company.model_dump(mode="json"), rates.year])
    if changed or _conformed_through(conn, *ALL_ACCOUNTS, rules) is None:
        accounts.build(conn, mappings, now.date(), now)
        _remember(conn, *ALL_ACCOUNTS, rules, 0)
    done.accounts = conn.scalar(sa.select(sa.func.count()).select_from(tables.accounts)) or 0


def rebuild(conn: Connection, mappings: Mappings, known_at: datetime, now: datetime) -> Conformed:
    """Our tables from scratch, from the versions that were known at a moment; links stay as they are now.

    The next `conform` starts from scratch again.
    """
    done = Conformed()
    zones, _ = local_zones.refresh(conn, mappings)
    for of_accounts in (True, False):
        for system, stream in _streams(mappings, of_accounts=of_accounts):
            _forget(conn, system, stream)
            _remember(conn, system, stream, AS_OF_A_MOMENT, 0)
            reading = _compile(mappings, system, stream)
            for chunk in conform_versions.since(conn, system, stream, 0, known_at):
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
    conn: Connection, mappings: Mappings, behind: Behind, zones: Zones, now: datetime, tell: Tell, done: Conformed
) -> None:
    system, stream = behind.system, behind.stream
    if behind.redefined:
        _forget(conn, system, stream)
    reading = _compile(mappings, system, stream)
    total, so_far = conform_versions.waiting(conn, system, stream, behind.after), 0
    for chunk in conform_versions.since(conn, system, stream, behind.after):
        _apply(conn, reading, chunk, zones, now, done)
        so_far += len(chunk)
        tell(f"conform {system} {stream}", so_far, total)
    _remember(conn, system, stream, behind.definition, behind.last)


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
        _apply(conn, reading, conform_versions.of(conn, system, stream, ids[n : n + CHUNK]), zones, now, done)


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
    bulk.append(conn, opportunity_keys if reading.table is tables.opportunities else account_keys, made.keys)
    bulk.append(conn, account_domains, made.domains)
    bulk.append(conn, account_roles, made.roles)
    bulk.append(conn, attributes, made.attributes)


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


# --- how far we are ---------------------------------------------------------------------------------------------------


def _definition(mappings: Mappings, system: str, stream: str) -> str:
    """A hash of everything that shapes the stream's rows."""
    pull = mappings.systems[system].pull[stream]
    expansion = mappings.company.expansion_when if pull.table == "opportunities" else None
    return _hash([pull.model_dump(mode="json"), expansion])


def _hash(rules: list[object]) -> str:
    return sha256(orjson.dumps(rules, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)).hexdigest()


def _behind(conn: Connection, mappings: Mappings) -> dict[tuple[str, str], Behind]:
    """The streams that have something to do, by system and name."""
    landed = conform_versions.last_landings(conn)
    through = {(row.system, row.stream): row for row in conn.execute(sa.select(conformed))}
    behind = {}
    for name in [*_streams(mappings, of_accounts=True), *_streams(mappings, of_accounts=False)]:
        system, stream = name
        definition, known, last = _definition(mappings, system, stream), through.get(name), landed.get(name, 0)
        if known is None or known.definition != definition:
            behind[name] = Behind(system, stream, definition, 0, last, redefined=known is not None)
        elif known.landing != last:
            behind[name] = Behind(system, stream, definition, known.landing, last, redefined=False)
    return behind


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


def _drop_unmapped(conn: Connection, mappings: Mappings) -> bool:
    """A stream that left the configuration leaves our tables too; raw keeps it. Returns whether one did."""
    mapped = {*_streams(mappings, of_accounts=True), *_streams(mappings, of_accounts=False), ALL_ACCOUNTS}
    stored = conn.execute(sa.select(conformed.c.system, conformed.c.stream)).all()
    unmapped = [row for row in stored if tuple(row) not in mapped]
    for system, stream in unmapped:
        _forget(conn, system, stream)
    return bool(unmapped)
