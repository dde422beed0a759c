"""From measures to a score, a tier and a state a day (D1, D15, D16, D18); the same facts give the same result."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, RowMapping

from connectors.base import ConfigError
from mappings.models import Mappings, Tiers
from warehouse import bulk, freshness, history, measures, population, scorecards, segments, tables
from warehouse.measures import Measure
from warehouse.states import Standing, next_state, tier_of

Progress = Callable[[str, int, int], None]
"""What is being done, how many of how many are done."""

JUDGE = """
    INSERT INTO component_results
        (account_id, component, ordinal, points, version, result, value, stale_since, reason)
    SELECT
        s.account_id,
        c.component,
        c.ordinal,
        c.points,
        c.version,
        CASE
            WHEN v.value IS NULL THEN 'unknown'
            WHEN v.value < c.at_least OR v.value > c.at_most THEN 'failed'
            ELSE 'passed'
        END,
        v.value,
        CASE WHEN r.evaluated_as_of < :as_of THEN r.evaluated_as_of END,
        CASE WHEN v.value IS NOT NULL THEN '' WHEN r.reason = '' THEN 'nothing_in_window' ELSE r.reason END
    FROM scored_accounts s
    JOIN scorecards c ON c.version = s.version
    JOIN measure_readiness r ON r.measure = c.measure AND r.linked = s.linked
    LEFT JOIN measure_values v ON v.measure = c.measure AND v.account_id = s.account_id AND v.product = ''
"""

ADD_UP = """
    WITH totals AS (
        SELECT
            account_id,
            CAST(SUM(CASE WHEN result = 'passed' THEN points ELSE 0 END) AS INTEGER) AS earned,
            CAST(SUM(CASE WHEN result <> 'unknown' THEN points ELSE 0 END) AS INTEGER) AS known
        FROM component_results
        GROUP BY account_id
    ),
    judged AS (SELECT account_id, earned, known, GREATEST(known, :assumed_known) AS basis FROM totals),
    failed AS (
        SELECT
            account_id,
            component,
            ROW_NUMBER() OVER (PARTITION BY account_id ORDER BY points DESC, ordinal) AS place
        FROM component_results
        WHERE result = 'failed'
    ),
    reasons AS (
        SELECT
            account_id,
            MAX(CASE WHEN place = 1 THEN component END) AS reason_1,
            MAX(CASE WHEN place = 2 THEN component END) AS reason_2,
            MAX(CASE WHEN place = 3 THEN component END) AS reason_3
        FROM failed
        GROUP BY account_id
    )
    SELECT
        s.account_id,
        s.version,
        s.lifecycle,
        s.segment,
        j.earned,
        j.known,
        CASE
            WHEN j.basis > 0 AND j.basis >= :least_known
            THEN CAST(
                ((200 * j.earned + j.basis) - (200 * j.earned + j.basis) % (2 * j.basis)) / (2 * j.basis) AS INTEGER
            )
        END AS score,
        r.reason_1,
        r.reason_2,
        r.reason_3
    FROM scored_accounts s
    JOIN judged j ON j.account_id = s.account_id
    LEFT JOIN reasons r ON r.account_id = s.account_id
    ORDER BY s.account_id
"""
"""D1's score: percent of the known points, rounded half up, in integers; NULL where too little is known."""

EARLIER = """
    SELECT h.*
    FROM score_history h
    JOIN scored_accounts s ON s.account_id = h.account_id
    WHERE h.as_of = :last_day
    UNION ALL
    SELECT h.*
    FROM score_history h
    JOIN (
        SELECT o.account_id, MAX(o.as_of) AS as_of
        FROM score_history o
        JOIN scored_accounts s ON s.account_id = o.account_id
        WHERE o.as_of < :last_day
            AND s.account_id NOT IN (SELECT account_id FROM score_history WHERE as_of = :last_day)
        GROUP BY o.account_id
    ) last ON last.account_id = h.account_id AND last.as_of = h.as_of
"""
"""Each account's last score before the day: nearly always that of the last decided day, else an older one."""


@dataclass(frozen=True, slots=True)
class Scored:
    """What a scoring run did."""

    as_of: date
    accounts: int
    tiers: Mapping[str, int]
    rescored_all: bool
    decides: bool
    """Whether decisions follow: as_of is a new day, or the last one and not over; otherwise it was a reconstruction."""


def score(conn: Connection, mappings: Mappings, as_of: date, now: datetime, progress: Progress | None = None) -> Scored:
    """Score as_of in the connection's transaction: everybody, or who changed since the day's last run.

    A day earlier than the last decided one, or that one after its end, is recomputed into reconstructed_scores only.
    """
    if not _begun_somewhere(as_of, now):
        raise ConfigError(f"{as_of} has not begun anywhere yet (it is {now:%Y-%m-%d %H:%M} UTC); score an earlier day")
    known = measures.load()
    scorecards.require_measures(mappings.scorecards, known.values())
    decides = may_decide(conn, as_of, now)
    if decides:
        segments.place(conn, mappings, as_of)
    population.fill(conn, as_of, now, mappings.segments.pushed)
    scorecards.load(conn, mappings.scorecards)
    scorecards.assign(conn, mappings.scorecards)
    basis = _prepare(conn, mappings, known, as_of)
    everybody = not decides or _narrow(conn, as_of, basis)
    bulk.analyze(conn, tables.scored_accounts.name)
    _measure(conn, mappings, known, progress or _silent)
    tiers = _score(conn, mappings, as_of, now, decides)
    if decides:
        _decided(conn, as_of, now, basis)
    return Scored(as_of, tiers.total(), dict(tiers), everybody, decides)


def may_decide(conn: Connection, as_of: date, now: datetime) -> bool:
    """Whether as_of is later than the last decided day, or that day and not over (D16)."""
    last = conn.scalar(sa.select(sa.func.max(tables.decided_days.c.as_of)))
    return last is None or as_of > last or (as_of == last and now.astimezone(UTC).date() <= as_of)


def _begun_somewhere(as_of: date, now: datetime) -> bool:
    return (now.astimezone(UTC) + timedelta(hours=14)).date() >= as_of


def _prepare(conn: Connection, mappings: Mappings, known: Mapping[str, Measure], as_of: date) -> str:
    """Fill measure_readiness; returns a hash of it and the configuration: what all accounts share."""
    feeding = freshness.feeds(mappings)
    delivered = freshness.deliveries(conn, feeding)
    groups = conn.scalars(sa.select(tables.scored_accounts.c.linked).distinct()).all()
    rows = [
        {"measure": measure.name, "linked": linked, **asdict(ready)}
        for measure in known.values()
        for linked in sorted(groups)
        for ready in [freshness.readiness(measure, linked.split(","), feeding, delivered, as_of)]
    ]
    conn.execute(tables.measure_readiness.delete())
    bulk.append(conn, tables.measure_readiness, rows)
    bulk.analyze(conn, tables.measure_readiness.name)
    shared = [rows, mappings.scorecards.model_dump(mode="json"), [measure.sql for measure in known.values()]]
    return hashlib.sha256(json.dumps(shared, default=str).encode()).hexdigest()


def _narrow(conn: Connection, as_of: date, basis: str) -> bool:
    """Leave only changed accounts to be scored where that is enough; True when everybody has to be."""
    days = tables.decided_days
    earlier = conn.execute(sa.select(days).where(days.c.as_of == as_of)).one_or_none()
    if earlier is None or earlier.basis != basis:
        return True
    population.keep_changed(conn, as_of, earlier.decided_at)
    return False


def _measure(conn: Connection, mappings: Mappings, known: Mapping[str, Measure], progress: Progress) -> None:
    conn.execute(tables.measure_values.delete())
    ready = tables.measure_readiness
    for done, measure in enumerate(known.values()):
        progress(measure.name, done, len(known))
        days = sa.select(ready.c.evaluated_as_of).distinct().where(ready.c.measure == measure.name)
        for day in conn.scalars(days.where(ready.c.evaluated_as_of.is_not(None))).all():
            _run(conn, measure, day, mappings.scorecards.core_features)
    bulk.analyze(conn, tables.measure_values.name)
    progress("measures", len(known), len(known))


def _run(conn: Connection, measure: Measure, day: date, core_features: list[str]) -> None:
    """Run one measure for a day, and keep its rows of the accounts that are judged from that day."""
    statement = measures.statement(measure, day, core_features)
    keep = (
        "INSERT INTO measure_values (measure, account_id, product, value, observed_at) "  # noqa: S608
        "SELECT r.measure, m.account_id, m.product, m.value, m.observed_at "
        f"FROM ({measure.sql}) m "
        "JOIN scored_accounts s ON s.account_id = m.account_id "
        "JOIN measure_readiness r ON r.linked = s.linked "
        "WHERE r.measure = :measure_name AND r.evaluated_as_of = :measure_day"
    )
    conn.execute(
        sa.text(keep).bindparams(
            *statement._bindparams.values(),
            sa.bindparam("measure_name", measure.name, sa.String),
            sa.bindparam("measure_day", day, sa.Date),
        )
    )


def _score(conn: Connection, mappings: Mappings, as_of: date, now: datetime, decides: bool) -> Counter[str]:
    conn.execute(tables.component_results.delete())
    conn.execute(sa.text(JUDGE).bindparams(sa.bindparam("as_of", as_of, sa.Date)))
    bulk.analyze(conn, tables.component_results.name)
    settings = mappings.scorecards
    binds = {
        "assumed_known": 100 if settings.missing == "zero" else 0,
        "least_known": settings.least_known_points,
    }
    added_up = conn.execute(sa.text(ADD_UP), binds).mappings().all()
    if not decides:
        rows = [_reconstructed(row, settings.tiers, as_of, now) for row in added_up]
        _replace_reconstructed(conn, as_of, rows)
    else:
        earlier = {row["account_id"]: row for row in _earlier(conn, as_of)}
        rows = [_row(row, earlier.get(row["account_id"]), settings.tiers, as_of, now) for row in added_up]
        _keep(conn, as_of, rows)
    return Counter(row["tier"] for row in rows)


def _earlier(conn: Connection, as_of: date) -> Iterator[RowMapping]:
    days = tables.decided_days
    last = conn.scalar(sa.select(sa.func.max(days.c.as_of)).where(days.c.as_of < as_of))
    if last is None:
        return iter(())
    h = tables.score_history
    query = sa.text(EARLIER).bindparams(sa.bindparam("last_day", last, sa.Date)).columns(*h.columns)
    return iter(conn.execute(query).mappings())


def _row(now_: RowMapping, earlier: RowMapping | None, tiers: Tiers, as_of: date, now: datetime) -> dict[str, Any]:
    standing = next_state(_standing(earlier), now_["score"], as_of, tiers)
    reasons = [reason for n in (1, 2, 3) if (reason := now_[f"reason_{n}"])]
    return {
        "account_id": now_["account_id"],
        "as_of": as_of,
        "version": now_["version"],
        "score": now_["score"],
        "earned_points": now_["earned"],
        "known_points": now_["known"],
        "coverage_pct": now_["known"],
        "tier": tier_of(now_["score"], tiers),
        "state": standing.state,
        "state_since": standing.since,
        "below_60": standing.below_60,
        "below_40": standing.below_40,
        "at_least_45": standing.at_least_45,
        "at_least_65": standing.at_least_65,
        "insufficient_since": standing.insufficient_since,
        "previous_score": _previous_score(now_["score"], earlier),
        "lifecycle": now_["lifecycle"],
        "segment": now_["segment"],
        "reasons": json.dumps(reasons),
        "computed_at": now,
    }


def _standing(earlier: RowMapping | None) -> Standing | None:
    if earlier is None:
        return None
    return Standing(
        state=earlier["state"],
        since=earlier["state_since"],
        below_60=earlier["below_60"],
        below_40=earlier["below_40"],
        at_least_45=earlier["at_least_45"],
        at_least_65=earlier["at_least_65"],
        insufficient_since=earlier["insufficient_since"],
    )


def _previous_score(score: int | None, earlier: RowMapping | None) -> int | None:
    """The value before the score last changed; a day without a score is skipped over."""
    if earlier is None:
        return None
    changed = earlier["score"] is not None and earlier["score"] != score
    previous: int | None = earlier["score"] if changed else earlier["previous_score"]
    return previous


def _keep(conn: Connection, as_of: date, rows: list[dict[str, Any]]) -> None:
    history.replace_scores(conn, as_of)
    bulk.append(conn, tables.score_history, rows)
    for intervals in (history.COMPONENTS, history.MEASURES):
        history.reopen(conn, intervals, as_of)
        history.record(conn, intervals, as_of)
    conn.execute(tables.changed_accounts.delete())


def _reconstructed(row: RowMapping, tiers: Tiers, as_of: date, now: datetime) -> dict[str, Any]:
    return {
        "account_id": row["account_id"],
        "as_of": as_of,
        "version": row["version"],
        "score": row["score"],
        "known_points": row["known"],
        "tier": tier_of(row["score"], tiers),
        "computed_at": now,
    }


def _replace_reconstructed(conn: Connection, as_of: date, rows: list[dict[str, Any]]) -> None:
    table = tables.reconstructed_scores
    conn.execute(table.delete().where(table.c.as_of == as_of))
    bulk.append(conn, table, rows)


def _decided(conn: Connection, as_of: date, now: datetime, basis: str) -> None:
    days = tables.decided_days
    again = conn.execute(days.update().where(days.c.as_of == as_of).values(decided_at=now, basis=basis))
    if not again.rowcount:
        conn.execute(days.insert().values(as_of=as_of, decided_at=now, basis=basis))


def _silent(_what: str, _done: int, _of: int) -> None:
    """Nobody watches."""
