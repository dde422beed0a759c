"""From which day a measure is judged: its sources may be late, and a late source never turns into zeros (D19)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy import Connection

from mappings.models import Mappings
from warehouse import tables
from warehouse.measures import Measure, SourceColumn

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Feed:
    """A stream of a system that fills a table of ours."""

    system: str
    stream: str
    table: str
    columns: frozenset[str]


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a stream has brought so far."""

    days: frozenset[date]
    day_by_day: bool
    """Each day is a delivery of its own; otherwise the latest one stands for all before it."""

    def covers(self, first: date, last: date) -> bool:
        """Whether nothing between the two days is missing; what came before the first delivery is nobody's gap."""
        if not self.day_by_day:
            return last <= max(self.days)
        if last not in self.days:
            return False
        start = max(first, min(self.days))
        return all(start + n * DAY in self.days for n in range((last - start).days + 1))


@dataclass(frozen=True, slots=True)
class Readiness:
    """The as_of at which a measure is evaluated, or the reason why it is unknown."""

    evaluated_as_of: date | None
    reason: str = ""
    """not_connected, not_linked, not_delivered, expired; empty while it can be evaluated."""


Deliveries = Mapping[Feed, Delivered]


def feeds(mappings: Mappings) -> list[Feed]:
    """Which streams fill which of our tables, as the mappings say."""
    return [
        Feed(system.system, name, pull.table, frozenset(pull.fields) | _local_days(pull.fields))
        for system in mappings.systems.values()
        for name, pull in system.pull.items()
    ]


def _local_days(columns: Iterable[str]) -> set[str]:
    """The day columns that follow from mapped moments: rated_day from rated_at, day from occurred_at."""
    moments = (column.removesuffix("_at") for column in columns if column.endswith("_at"))
    return {"day" if moment == "occurred" else f"{moment}_day" for moment in moments}


def deliveries(conn: Connection, feeding: Iterable[Feed]) -> Deliveries:
    """What every feed has delivered; feeds without a delivery are absent."""
    t = tables.deliveries
    found: dict[tuple[str, str], set[date]] = {}
    for system, stream, day in conn.execute(sa.select(t.c.system, t.c.stream, t.c.day).distinct()):
        found.setdefault((system, stream), set()).add(day)
    return {
        feed: Delivered(frozenset(days), feed.table in tables.DAY_GRAINED)
        for feed in feeding
        if (days := found.get((feed.system, feed.stream)))
    }


def fingerprint(feeding: Iterable[Feed], delivered: Deliveries, as_of: date) -> list[str]:
    """All that readiness depends on at as_of beside the measures, as text: where it is equal, readiness is."""
    return sorted(
        f"{feed.system} {feed.stream} {feed.table} {sorted(feed.columns)} {_before(delivered.get(feed), as_of)}"
        for feed in feeding
    )


def _before(delivered: Delivered | None, as_of: date) -> list[str]:
    if delivered is None:
        return []
    if not delivered.day_by_day:
        return [str(min(max(delivered.days), as_of - DAY))]
    return sorted(str(day) for day in delivered.days if day < as_of)


def readiness(
    measure: Measure, linked: Collection[str], feeding: Collection[Feed], delivered: Deliveries, as_of: date
) -> Readiness:
    """When a measure is evaluated for the accounts that are linked to exactly these systems; the least fresh counts."""
    read: list[Feed] = []
    for source in measure.sources:
        connected = list(_feeding(source, feeding))
        relevant = [feed for feed in connected if feed.system in linked]
        if measure.connected_is_enough:
            relevant = relevant or connected
        if not relevant:
            return Readiness(None, "not_linked" if connected else "not_connected")
        read += relevant
    required = {feed.system for feed in read}
    for source in measure.also:
        companions = [feed for feed in _feeding(source, feeding) if feed.system in linked]
        read += [feed for feed in companions if feed in delivered or feed.system in required]
    if any(feed not in delivered for feed in read):
        return Readiness(None, "not_delivered")
    fresh = _last_fresh(measure, [delivered[feed] for feed in read], as_of)
    return Readiness(fresh) if fresh else Readiness(None, "expired")


def _feeding(source: SourceColumn, feeding: Iterable[Feed]) -> Iterator[Feed]:
    """All streams into the table of those systems in which one of them fills the column."""
    into = [feed for feed in feeding if feed.table == source.table]
    systems = {feed.system for feed in into if not source.column or source.column in feed.columns}
    return (feed for feed in into if feed.system in systems)


def _last_fresh(measure: Measure, read: Collection[Delivered], as_of: date) -> date | None:
    """The latest day, at most a window back, at whose end everything that the measure reads was there."""
    counted = measure.window_days if measure.every_day else 1
    candidates = (as_of - n * DAY for n in range(measure.window_days + 1))
    return next((e for e in candidates if all(d.covers(e - counted * DAY, e - DAY) for d in read)), None)
