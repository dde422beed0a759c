"""Usage, features and limits by day: lines of files become typed rows at once.

A day that comes again in another file supersedes the rows of the earlier file; it never adds. A broken line is
refused with its file, line and column, and the rest loads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Table

from connectors.base import Page, Record
from mappings.convert import Converted
from mappings.models import PullMapping
from warehouse import bulk, issues, touched
from warehouse.intake import fits, raw
from warehouse.intake.raw import Landed
from warehouse.issues import Issue
from warehouse.tables import DAY_GRAINED, files

OURS = frozenset({"system", "stream", "file_hash", "line", "seen_at", "superseded_at"})
"""Columns that no mapping fills."""

MAY_BE_EMPTY = frozenset({"product", "department", "user_email"})

VALUES = frozenset({"active_users", "uses", "used", "allowed"})
"""What a line measures; the other mapped columns say of whom, when and of what: they are its key."""

Row = dict[str, Any]
Readers = Mapping[str, tuple[str | None, Callable[[Any], Converted]]]


def land(
    conn: Connection, system: str, stream: str, pull: PullMapping, page: Page, seen_at: datetime, run: str
) -> Landed:
    """Store a page of lines in the connection's transaction; its bookmark is for the caller (raw.remember).

    The same page once more adds nothing. A line that repeats the key of an earlier line of its file is refused.
    """
    table = DAY_GRAINED[pull.table]
    found = raw.refusals(system, stream, [page])
    rows = _typed(table, system, stream, pull, page, seen_at, found)
    rows = _without_repeats(table, rows, page.file, found)
    known = _known(conn, table, rows)
    found += [_repeats(r, known[r["line"]], page.file) for r in rows if known.get(r["line"], r["line"]) != r["line"]]
    fresh = [row for row in rows if row["line"] not in known] if known else rows
    days = sorted({row["day"] for row in fresh})
    replaced = _supersede(conn, table, (system, stream), page.file_hash, days, seen_at)
    bulk.append(conn, table, fresh)
    raw.delivered_days(conn, system, stream, table.name, days, seen_at)
    touched.mark(conn, system, [*replaced, *(row["account_ref"] for row in fresh)], seen_at)
    raw.remember_files(conn, system, stream, [(page, len(fresh))], seen_at, run)
    issues.record(conn, found, seen_at)
    unchanged = sum(1 for line, earlier in known.items() if line == earlier)
    return Landed(new=len(fresh), unchanged=unchanged, refused=raw.refused(found))


# --- lines ------------------------------------------------------------------------------------------------------------


def _typed(
    table: Table, system: str, stream: str, pull: PullMapping, page: Page, seen_at: datetime, found: list[Issue]
) -> list[Row]:
    readers = {name: (field.from_, fits.reader(table.c[name], field)) for name, field in pull.fields.items()}
    empty = {c.name: "" if c.name in MAY_BE_EMPTY else None for c in table.columns if c.name not in OURS}
    arrival = {"system": system, "stream": stream, "file_hash": page.file_hash, "seen_at": seen_at}
    rows = []
    for record in page.records:
        row = {**empty, **arrival, "line": record.line}
        broken = _fill(row, readers, record)
        if broken is None:
            rows.append(row)
        else:
            found.append(Issue("refused_line", system, stream, f"{page.file}:{record.line}", *broken))
    return rows


def _fill(row: Row, readers: Readers, record: Record) -> tuple[str, str] | None:
    """Fill the row from the line; or the column of theirs at which it broke, and why."""
    for name, (from_, read) in readers.items():
        value, reason = read(record.fields.get(from_) if from_ is not None else None)
        if reason is None and value is not None:
            row[name] = value
            if name in VALUES and value < 0:
                reason = f"{value} is negative"
        if reason is None and row[name] is None:
            reason = f"{name} needs a value"
        if reason is not None:
            return from_ or name, f"{reason}; the line was refused, the rest of the file loaded"
    return None


def _without_repeats(table: Table, rows: Iterable[Row], file: str, found: list[Issue]) -> list[Row]:
    """The first line of each key; a later one would count the same thing twice."""
    key = itemgetter(*_key(table))
    first: dict[Any, Row] = {}
    for row in rows:
        earlier = first.setdefault(key(row), row)
        if earlier is not row:
            found.append(_repeats(row, earlier["line"], file))
    return list(first.values())


def _key(table: Table) -> list[str]:
    return [c.name for c in table.columns if c.name not in OURS | VALUES]


def _repeats(row: Row, line: int, file: str) -> Issue:
    message = f"the line says again what line {line} says of the same account and day; it was refused"
    return Issue("duplicate_key", row["system"], row["stream"], f"{file}:{row['line']}", "", message)


def _known(conn: Connection, table: Table, rows: list[Row]) -> dict[int, int]:
    """Lines that say what a stored line of the same file says, by that line: itself when the page landed before."""
    if not rows or (since := _first_seen(conn, rows[0])) is None:
        return {}
    key = (*_key(table), "system", "stream", "file_hash")
    staged = bulk.arrow_columns(table, **{name: [row[name] for row in rows] for name in (*key, "line")})
    same = " AND ".join(f"s.{name} = t.{name}" for name in key)
    with bulk.staged(conn, table, staged) as stage:
        select = sa.text(
            f"SELECT s.line, t.line FROM {stage} s JOIN {table.name} t ON {same} "  # noqa: S608
            "WHERE t.superseded_at IS NULL AND t.seen_at >= :since"
        ).bindparams(sa.bindparam("since", since, files.c.seen_at.type))
        known: dict[int, int] = dict(conn.execute(select).all())
    return known


def _first_seen(conn: Connection, row: Row) -> datetime | None:
    """When the first page of the row's file was stored; its rows are not older, which spares a long scan."""
    same = (files.c[name] == row[name] for name in ("system", "stream", "file_hash"))
    return conn.scalar(sa.select(files.c.seen_at).where(*same))


# --- days -------------------------------------------------------------------------------------------------------------


def _supersede(
    conn: Connection, table: Table, source: tuple[str, str], file_hash: str, days: Sequence[date], seen_at: datetime
) -> list[str]:
    """Close what other files brought for these days; returns whose rows they were."""
    if not days:
        return []
    c = table.c
    earlier = (
        (c.system == source[0]),
        (c.stream == source[1]),
        c.day.between(days[0], days[-1]),
        c.day.in_(days),
        c.file_hash != file_hash,
        c.superseded_at.is_(None),
    )
    whose = list(conn.scalars(sa.select(c.account_ref).distinct().where(*earlier)))
    if whose:
        conn.execute(sa.update(table).where(*earlier).values(superseded_at=seen_at))
    return whose
