"""The measures of a run: from which day each is judged, and what it returned."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import date

import sqlalchemy as sa
from sqlalchemy import Connection

from mappings.models import Mappings
from warehouse import bulk, measures, tables
from warehouse.health import freshness
from warehouse.measures import Measure

Progress = Callable[[str, int, int], None]
"""What is being done, how many of how many are done."""

KEEP = """
    INSERT INTO measure_values (measure, account_id, product, value, observed_at)
    SELECT r.measure, m.account_id, m.product, m.value, m.observed_at
    FROM (@measure) m
    JOIN scored_accounts s ON s.account_id = m.account_id
    JOIN measure_readiness r ON r.linked = s.linked
    WHERE r.measure = :measure_name AND r.evaluated_as_of = :measure_day
"""
"""A measure's rows for a day, of those accounts for which it is judged from that day."""


def ready(conn: Connection, mappings: Mappings, known: Mapping[str, Measure], as_of: date) -> list[str]:
    """Fill measure_readiness for the scored accounts; returns the fingerprint of the deliveries that it rests on."""
    feeding = freshness.feeds(mappings)
    delivered = freshness.deliveries(conn, feeding)
    groups = conn.scalars(sa.select(tables.scored_accounts.c.linked).distinct()).all()
    rows = [
        {"measure": measure.name, "linked": linked, **asdict(readiness), "by_product": measure.by_product}
        for measure in known.values()
        for linked in groups
        for readiness in [freshness.readiness(measure, linked.split(","), feeding, delivered, as_of)]
    ]
    conn.execute(tables.measure_readiness.delete())
    bulk.append(conn, tables.measure_readiness, rows)
    bulk.analyze(conn, tables.measure_readiness.name)
    return freshness.fingerprint(feeding, delivered, as_of)


def run(conn: Connection, known: Mapping[str, Measure], progress: Progress) -> None:
    """Fill measure_values: each measure once for every day from which it is judged, usually one."""
    conn.execute(tables.measure_values.delete())
    days = _days(conn)
    for done, measure in enumerate(known.values()):
        progress("measures", done, len(known))
        for day in days[measure.name]:
            _run_for(conn, measure, day)
    progress("measures", len(known), len(known))
    bulk.analyze(conn, tables.measure_values.name)


def _days(conn: Connection) -> Mapping[str, Sequence[date]]:
    """Measure -> the days from which it is judged; none where no account's sources deliver it."""
    readiness = tables.measure_readiness.c
    judged = sa.select(readiness.measure, readiness.evaluated_as_of).where(readiness.evaluated_as_of.is_not(None))
    days: defaultdict[str, list[date]] = defaultdict(list)
    for measure, day in conn.execute(judged.distinct()):
        days[measure].append(day)
    return days


def _run_for(conn: Connection, measure: Measure, day: date) -> None:
    keep = sa.text(KEEP.replace("@measure", measure.sql)).bindparams(
        *measures.binds(measure, day),
        sa.bindparam("measure_name", measure.name, sa.String),
        sa.bindparam("measure_day", day, sa.Date),
    )
    conn.execute(keep)
