"""Received records, one version a change, and the bookmark that is right once they are stored.

A version is new when what the mapping uses differs: our own writes and the vendor's modification stamps are no
change. Nothing is ever overwritten; the version before gets a `superseded_at`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection

from connectors.base import Bookmark, Page, Stream
from mappings import streams
from mappings.models import PullMapping
from warehouse import bulk, issues
from warehouse.intake import raw_versions, seen
from warehouse.intake.raw_versions import Version
from warehouse.issues import Issue
from warehouse.tables import DAY_GRAINED, bookmarks, deliveries, files, raw_records

BATCH_RECORDS = 10_000
BATCH_BYTES = 64 * 2**20
BATCH_SECONDS = 5.0
SAMPLE = 20


@dataclass(frozen=True)
class Landed:
    """How many records or lines of a batch came to what."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    deleted: int = 0
    refused: int = 0

    def __add__(self, other: Landed) -> Landed:
        return Landed(
            self.new + other.new,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
            self.deleted + other.deleted,
            self.refused + other.refused,
        )


def gather(pages: Iterable[Page], clock: Callable[[], float]) -> Iterator[list[Page]]:
    """Pages in batches worth a commit: 10,000 records, about 64 MB, or 5 seconds of waiting."""
    batch: list[Page] = []
    records, size, began = 0, 0, clock()
    for page in pages:
        batch.append(page)
        records += len(page.records)
        size += _size(page)
        if records >= BATCH_RECORDS or size >= BATCH_BYTES or clock() - began >= BATCH_SECONDS:
            yield batch
            batch = []
            records, size, began = 0, 0, clock()
    if batch:
        yield batch


def _size(page: Page) -> int:
    """Characters of text in the page, from every twentieth record."""
    sample = page.records[::SAMPLE]
    return SAMPLE * sum(len(v) for record in sample for v in record.fields.values() if isinstance(v, str))


def land(
    conn: Connection,
    system: str,
    stream: Stream,
    pull: PullMapping,
    pushed: frozenset[str],
    key_field: str | None,
    pages: Sequence[Page],
    seen_at: datetime,
    run: str,
) -> Landed:
    """Store a batch in the connection's transaction: versions, what the CRM holds, issues, the last bookmark.

    The same pages once more add nothing. Of an id that occurs several times the last record counts.
    """
    found = refusals(system, stream.name, pages)
    records = raw_versions.distinct(system, stream, pages, found)
    versions = raw_versions.of_records(system, stream, pull, pushed, records, found)
    stored = raw_versions.store(conn, system, stream.name, versions, seen_at, run)
    if pushed:
        found += seen.store(conn, system, stream, pushed, key_field, [r for r in records if r[0].id in versions])
    remember_files(conn, system, stream.name, [(page, len(page.records)) for page in pages], seen_at, run)
    issues.settle(conn, ["unreadable"], system, stream.name, list(versions), found, seen_at)
    if pages:
        remember(conn, system, stream, pages[-1].bookmark, seen_at)
    return Landed(*stored, refused=refused(found))


def refusals(system: str, stream: str, pages: Iterable[Page]) -> list[Issue]:
    """What the connector could not read, as issues."""
    return [Issue(r.kind, system, stream, r.where, "", r.reason) for page in pages for r in page.refusals]


def refused(found: Iterable[Issue]) -> int:
    """How many of the findings kept something out; an unmapped column did not."""
    return sum(1 for issue in found if issue.kind != "unmapped_column")


# --- bookmarks and deliveries -----------------------------------------------------------------------------------------


def bookmark(conn: Connection, system: str, stream: str, definition: str) -> Bookmark | None:
    """Where the stream resumes; None on the first pull, and after its fields or its filter changed."""
    where = (bookmarks.c.system == system, bookmarks.c.stream == stream, bookmarks.c.definition == definition)
    stored = conn.scalar(sa.select(bookmarks.c.bookmark).where(*where))
    return None if stored is None else orjson.loads(stored)


def remember(conn: Connection, system: str, stream: Stream, position: Bookmark, seen_at: datetime) -> None:
    """Resume from here; belongs into the transaction of the records that the position stands behind."""
    resume = {
        "bookmark": orjson.dumps(position).decode(),
        "definition": streams.definition(stream),
        "committed_at": seen_at,
    }
    same = (bookmarks.c.system == system, bookmarks.c.stream == stream.name)
    if not conn.scalar(sa.update(bookmarks).where(*same).values(resume).returning(bookmarks.c.stream)):
        conn.execute(sa.insert(bookmarks).values(system=system, stream=stream.name, **resume))


def delivered(conn: Connection, system: str, stream: str, table_name: str, day: date, seen_at: datetime) -> None:
    """The stream is complete for this day; once told, it stays told."""
    told = {"system": system, "stream": stream, "table_name": table_name, "day": day}
    again = sa.exists().where(*(deliveries.c[name] == value for name, value in told.items()))
    values = {**told, "seen_at": seen_at}
    row = sa.select(*(sa.literal(value, deliveries.c[name].type) for name, value in values.items()))
    conn.execute(sa.insert(deliveries).from_select(list(values), row.where(~again)))


def delivered_days(
    conn: Connection, system: str, stream: str, table_name: str, days: Sequence[date], seen_at: datetime
) -> None:
    """The stream is complete for each of these days; those that were told before keep their moment."""
    told = {"system": system, "stream": stream, "table_name": table_name}
    same = (deliveries.c[name] == value for name, value in told.items())
    known = set(conn.scalars(sa.select(deliveries.c.day).where(*same, deliveries.c.day.in_(days)))) if days else set()
    bulk.append(conn, deliveries, [told | {"day": d, "seen_at": seen_at} for d in days if d not in known])


def remember_files(
    conn: Connection, system: str, stream: str, pages: Iterable[tuple[Page, int]], seen_at: datetime, run: str
) -> None:
    """Count the rows that each file brought; several pages of a file add up."""
    for page, rows in pages:
        if not page.file_hash:
            continue
        same = (files.c.system == system, files.c.stream == stream, files.c.file_hash == page.file_hash)
        known = conn.scalar(sa.select(files.c.rows).where(*same))
        if known is not None:
            conn.execute(sa.update(files).where(*same).values(rows=known + rows))
            continue
        file = {"file_hash": page.file_hash, "file": page.file, "rows": rows, "run": run, "seen_at": seen_at}
        conn.execute(sa.insert(files).values(system=system, stream=stream, **file))
        issues.resolve_file(conn, system, stream, page.file, seen_at)


def forget(conn: Connection, before: datetime) -> int:
    """Delete versions that were superseded before the moment, and lines of days likewise; returns how many."""
    kept = (raw_records, *DAY_GRAINED.values())
    return sum(conn.execute(sa.delete(table).where(table.c.superseded_at < before)).rowcount for table in kept)


def has_files(conn: Connection, system: str, stream: str) -> bool:
    """Whether any file of the stream was ever read: without one nothing was delivered."""
    return (
        conn.scalars(sa.select(files.c.file).where(files.c.system == system, files.c.stream == stream)).first()
        is not None
    )


def reconcile(
    conn: Connection, system: str, stream: str, id_pages: Iterable[Sequence[str]], seen_at: datetime, run: str
) -> int:
    """What we hold and the system does not list any more becomes a deletion; returns how many.

    An empty listing is not believed: it is more often a lost permission than an emptied system.
    """
    listed = [id for page in id_pages for id in page]
    if not listed:
        return _disbelieve(conn, system, stream, seen_at)
    current = raw_versions.current(system, stream)
    with bulk.staged(conn, raw_records, bulk.arrow_columns(raw_records, id=listed)) as stage:
        gone = sa.select(raw_records.c.id, raw_records.c.payload).where(
            *current,
            raw_records.c.deleted.is_(False),
            sa.text(f"NOT EXISTS (SELECT 1 FROM {stage} s WHERE s.id = raw_records.id)"),  # noqa: S608
        )
        vanished = conn.execute(gone).all()
    versions = {id: Version(id, "", payload, True, None, 0, "") for id, payload in vanished}
    return raw_versions.store(conn, system, stream, versions, seen_at, run).deleted


def _disbelieve(conn: Connection, system: str, stream: str, seen_at: datetime) -> int:
    held = sa.select(sa.func.count()).select_from(raw_records)
    if conn.scalar(held.where(*raw_versions.current(system, stream), raw_records.c.deleted.is_(False))):
        message = "the system listed no record at all although we hold some; nothing was deleted; check permissions"
        issues.record(conn, [Issue("empty_listing", system, stream, stream, "", message)], seen_at)
    return 0
