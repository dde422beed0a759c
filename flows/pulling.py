"""One stream from its bookmark to its end, committed batch by batch, each with the bookmark that stands behind it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from time import monotonic

from sqlalchemy import Connection

from connectors.base import Page, Stream
from flows.progress import Tell, silent
from flows.setup import Setup
from mappings import streams
from warehouse.intake import days, raw, systems
from warehouse.intake.raw import Landed
from warehouse.tables import DAY_GRAINED


def meet(setup: Setup, system: str) -> None:
    """Make sure that the credentials lead to the organization that they led to before."""
    organization = setup.source(system).organization()
    with setup.engine.begin() as conn:
        systems.meet(conn, system, setup.system(system).kind, organization, setup.clock())


def pull_stream(
    setup: Setup, run: str, system: str, stream: Stream, *, full: bool = False, tell: Tell = silent
) -> Landed:
    """Everything that is new in a stream; `full` starts at the beginning and compares all ids at the end."""
    began = setup.clock()
    with setup.engine.connect() as conn:
        bookmark = None if full else raw.bookmark(conn, system, stream.name, streams.definition(stream))
    landed = Landed()
    for batch in raw.gather(setup.source(system).pull(stream, bookmark), monotonic):
        with setup.engine.begin() as conn:
            landed += _land(conn, setup, system, stream, batch, run)
        tell(f"pull {system} {stream.name}", sum(asdict(landed).values()), batch[-1].total)
    if full and not _by_day(setup, system, stream):
        landed += _reconcile(setup, run, system, stream, began)
    _deliver(setup, system, stream, began)
    return landed


def _by_day(setup: Setup, system: str, stream: Stream) -> bool:
    return setup.system(system).pull[stream.name].table in DAY_GRAINED


def _land(conn: Connection, setup: Setup, system: str, stream: Stream, batch: list[Page], run: str) -> Landed:
    seen_at, mapping = setup.clock(), setup.system(system)
    pull = mapping.pull[stream.name]
    if not _by_day(setup, system, stream):
        pushed = streams.pushed_fields(mapping, stream.object)
        key_field = streams.key_field(mapping, stream.object)
        return raw.land(conn, system, stream, pull, pushed, key_field, batch, seen_at, run)
    landed = Landed()
    for page in batch:
        landed += days.land(conn, system, stream.name, pull, page, seen_at, run)
    raw.remember(conn, system, stream, batch[-1].bookmark, seen_at)
    return landed


def _reconcile(setup: Setup, run: str, system: str, stream: Stream, began: datetime) -> Landed:
    """The proof that nothing vanished unseen: what the vendor does not list any more was deleted."""
    with setup.engine.connect() as conn:
        if not _ever_came(conn, setup, system, stream):
            return Landed()
    listed = setup.source(system).ids(stream)
    with setup.engine.begin() as conn:
        return Landed(deleted=raw.reconcile(conn, system, stream.name, listed, began, run))


def _deliver(setup: Setup, system: str, stream: Stream, began: datetime) -> None:
    """A complete pull delivers everything through the day before it began; files by day say it line by line."""
    if _by_day(setup, system, stream):
        return
    table = setup.system(system).pull[stream.name].table
    with setup.engine.begin() as conn:
        if _ever_came(conn, setup, system, stream):
            raw.delivered(conn, system, stream.name, table, began.date() - timedelta(days=1), began)


def _ever_came(conn: Connection, setup: Setup, system: str, stream: Stream) -> bool:
    """A CRM answers for all that it has; files of a kind that the product never dropped say nothing."""
    return not setup.system(system).pull[stream.name].files or raw.has_files(conn, system, stream.name)
