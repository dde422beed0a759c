"""A scoring run: who is scored, their measures, components, scores and states; the same facts give the same result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Connection

from connectors.base import ConfigError
from mappings.models import Mappings
from warehouse import bulk, measures, tables
from warehouse.health import (
    history,
    judging,
    measuring,
    overrides,
    population,
    rollups,
    score_rows,
    scorecards,
    scored_products,
    segments,
)
from warehouse.health.measuring import Progress
from warehouse.measures import Measure


@dataclass(frozen=True, slots=True)
class Scored:
    """What a scoring run did."""

    as_of: date
    accounts: int
    """How many were scored in this run."""
    tiers: Mapping[str, int]
    """How many accounts have each tier as of the day, those that this run did not have to score included."""
    rescored_all: bool
    decides: bool
    """Whether decisions follow: as_of is a new day, or the last one and not over; otherwise it was a reconstruction."""


def score(conn: Connection, mappings: Mappings, as_of: date, now: datetime, progress: Progress | None = None) -> Scored:
    """Score as_of in the connection's transaction: everybody, or who changed since the day's last run.

    A day earlier than the last decided one, or that one after its end, is recomputed into reconstructed_scores only.
    """
    known = measures.load()
    scorecards.require_measures(mappings.scorecards, known)
    known = measures.used(known, mappings)
    _require_begun(as_of, now)
    decides = may_decide(conn, as_of, now)
    if decides:
        segments.place(conn, mappings, as_of)
    basis = _prepare(conn, mappings, known, as_of, now)
    everybody = not decides or not _same_basis(conn, as_of, basis)
    if not everybody:
        population.keep_changed(conn, as_of)
    bulk.analyze(conn, tables.scored_accounts.name)
    scored_products.fill(conn, mappings, as_of)
    measuring.run(conn, known, progress or _unwatched)
    judging.judge(conn, as_of)
    accounts = _keep(conn, mappings, as_of, now, decides)
    if decides:
        _decided(conn, as_of, now, basis)
    return Scored(as_of, accounts, _tiers(conn, as_of, decides), everybody, decides)


def last_decided(conn: Connection) -> date | None:
    """The newest day for which decisions were taken."""
    last: date | None = conn.scalar(sa.select(sa.func.max(tables.decided_days.c.as_of)))
    return last


def may_decide(conn: Connection, as_of: date, now: datetime) -> bool:
    """Whether as_of is later than the last decided day, or that day and not over (D16)."""
    last = last_decided(conn)
    return last is None or as_of > last or (as_of == last and now.astimezone(UTC).date() <= as_of)


def _require_begun(as_of: date, now: datetime) -> None:
    first_to_begin = now.astimezone(UTC) + timedelta(hours=14)
    if first_to_begin.date() < as_of:
        raise ConfigError(f"{as_of} has not begun anywhere yet (it is {now:%Y-%m-%d %H:%M} UTC); score an earlier day")


def _prepare(conn: Connection, mappings: Mappings, known: Mapping[str, Measure], as_of: date, now: datetime) -> str:
    """Everybody with scorecard and readiness; returns a hash of what they share: configuration and deliveries."""
    population.fill(conn, as_of, now, mappings.segments.pushed)
    scorecards.load(conn, mappings.scorecards)
    scorecards.assign(conn, mappings.scorecards)
    deliveries = measuring.ready(conn, mappings, known, as_of)
    cards = mappings.scorecards.model_dump(mode="json", exclude={"overrides"})
    shared = [deliveries, cards, [measure.sql for measure in known.values()]]
    return hashlib.sha256(json.dumps(shared).encode()).hexdigest()


def _same_basis(conn: Connection, as_of: date, basis: str) -> bool:
    """Whether the day was scored before under the same configuration and deliveries."""
    days = tables.decided_days
    return conn.scalar(sa.select(days.c.basis).where(days.c.as_of == as_of)) == basis


def _keep(conn: Connection, mappings: Mappings, as_of: date, now: datetime, decides: bool) -> int:
    added_up = judging.add_up(conn, mappings.scorecards)
    of_accounts = [row for row in added_up if not row["product"]]
    tiers = mappings.scorecards.tiers
    if not decides:
        score_rows.keep_reconstructed(conn, of_accounts, tiers, as_of, now)
        return len(of_accounts)
    score_rows.keep(conn, of_accounts, tiers, as_of, now)
    score_rows.keep_products(conn, [row for row in added_up if row["product"]], tiers, as_of, now)
    rollups.add_up(conn, as_of)
    overrides.gather(conn, mappings, as_of, now)
    for intervals in history.OF_A_RUN:
        history.reopen(conn, intervals, as_of)
        history.record(conn, intervals, as_of)
    conn.execute(tables.changed_accounts.delete())
    return len(of_accounts)


def _decided(conn: Connection, as_of: date, now: datetime, basis: str) -> None:
    days = tables.decided_days
    conn.execute(days.delete().where(days.c.as_of == as_of))
    conn.execute(days.insert().values(as_of=as_of, decided_at=now, basis=basis))


def _tiers(conn: Connection, as_of: date, decides: bool) -> Mapping[str, int]:
    table = tables.score_history if decides else tables.reconstructed_scores
    count = sa.select(table.c.tier, sa.func.count()).where(table.c.as_of == as_of).group_by(table.c.tier)
    rows: Sequence[tuple[str, int]] = [(tier, number) for tier, number in conn.execute(count)]
    return dict(rows)


def _unwatched(_what: str, _done: int, _of: int) -> None:
    """Nobody looks at the progress."""
