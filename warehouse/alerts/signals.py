"""What rules may ask about an account on a day: one row each, with a column per signal; unknown is NULL.

A measure whose source is later than allowed is unknown, so that a late source neither opens nor closes anything.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from mappings import conditions, vocabulary
from mappings.models import Mappings
from warehouse import bulk, measures
from warehouse.alerts import score_drops, signal_events
from warehouse.health import lateness

TABLE = "signals"
CHANGE = re.compile(vocabulary.CHANGE_OF_A_MEASURE)

_TYPES = {"text": "VARCHAR", "number": "DOUBLE PRECISION", "boolean": "BOOLEAN", "date": "DATE"}


def named(mappings: Mappings) -> set[str]:
    """Every signal that a file of the mappings names."""
    rules, care = mappings.alerts.rules, mappings.segments
    asked = [rule.when for rule in rules] + [rule.until for rule in rules if rule.until is not None]
    asked += [audience.when for audience in care.audiences if audience.when is not None]
    return {name for condition in asked for name in conditions.columns(condition)} | {
        goal.measure for goal in care.success_plans.goals
    }


@contextmanager
def gathered(conn: Connection, mappings: Mappings, as_of: date, now: datetime) -> Iterator[str]:
    """The signals of everybody who has a score row of the day, as a temporary table; yields its name."""
    wanted = sorted(named(mappings) - set(vocabulary.SIGNALS))
    kinds = {name: _kind(mappings, name) for name in wanted}
    score_drops.fill(conn, as_of, mappings.scorecards.least_known_points)
    columns = {**vocabulary.SIGNALS, **kinds}
    described = ", ".join(f"{name} {_TYPES[kind]}" for name, kind in columns.items())
    conn.execute(sa.text(f"CREATE TEMPORARY TABLE {TABLE} (account_id VARCHAR, is_late BOOLEAN, {described})"))
    _fill(conn, mappings, kinds, as_of, now)
    bulk.analyze(conn, TABLE)
    yield TABLE
    conn.execute(sa.text(f"DROP TABLE {TABLE}"))  # after an error the rollback takes it along
    score_drops.drop(conn)


def _kind(mappings: Mappings, name: str) -> str:
    """What an attribute of accounts holds; measures and their changes are numbers."""
    if name in measures.load() or CHANGE.fullmatch(name):
        return "number"
    found = (
        f.as_ for s in mappings.systems.values() for p in s.pull.values() for n, f in p.attributes.items() if n == name
    )
    converter = next(found, "text")
    return {"boolean": "boolean", "date": "date", "number": "number", "integer": "number", "decimal": "number"}.get(
        converter, "text"
    )


# --- gathering --------------------------------------------------------------------------------------------------------

_SELECT = """
    INSERT INTO signals (account_id, is_late, {names})
    WITH linked AS ({linked})
    SELECT s.account_id, c.stale_since < :fresh_since, {values}
    FROM score_history s
    JOIN accounts a ON a.account_id = s.account_id AND NOT a.excluded AND a.customer IS NOT FALSE
    LEFT JOIN linked k ON k.account_id = s.account_id
    LEFT JOIN ({measures}) m ON m.account_id = s.account_id
    LEFT JOIN ({events}) e ON e.account_id = s.account_id
    LEFT JOIN ({attributes}) t ON t.account_id = s.account_id
    LEFT JOIN ({drops}) d ON d.account_id = s.account_id
    LEFT JOIN ({components}) c ON c.account_id = s.account_id
    LEFT JOIN segment_history r ON r.account_id = s.account_id AND r.scheme = 'rank'
        AND r.from_day <= :as_of AND (r.to_day IS NULL OR r.to_day >= :as_of)
    LEFT JOIN segment_history h ON h.account_id = s.account_id AND h.scheme = 'threshold'
        AND h.from_day <= :as_of AND (h.to_day IS NULL OR h.to_day >= :as_of)
    WHERE s.as_of = :as_of
"""

_MEASURES = """
    SELECT m.account_id{values}
    FROM measure_history m
    JOIN linked k ON k.account_id = m.account_id
    JOIN measure_readiness r ON r.measure = m.measure AND r.linked = k.linked AND r.evaluated_as_of >= :fresh_since
    WHERE m.product = '' AND m.measure IN :measures
    GROUP BY m.account_id
"""

_ATTRIBUTES = """
    SELECT l.account_id{values}
    FROM attributes a
    JOIN account_links l ON l.system = a.system AND l.external_id = a.id
    WHERE a.name IN :attributes
    GROUP BY l.account_id
"""

_DROPS = """
    SELECT account_id,
        MAX(CASE WHEN dimension = '' THEN points END) AS score_drop,
        MAX(CASE WHEN dimension = 'usage' THEN points END) AS usage_drop,
        MAX(CASE WHEN dimension = 'engagement' THEN points END) AS engagement_drop,
        MAX(CASE WHEN dimension = 'support' THEN points END) AS support_drop,
        MAX(CASE WHEN dimension = 'relationship' THEN points END) AS relationship_drop,
        MAX(CASE WHEN dimension = 'value' THEN points END) AS value_drop
    FROM score_drops
    GROUP BY account_id
"""

_PCT = """
        100 * SUM(CASE WHEN c.dimension = '{0}' AND h.result = 'passed' THEN c.points ELSE 0 END)
            / NULLIF(SUM(CASE WHEN c.dimension = '{0}' AND h.result <> 'unknown' THEN c.points ELSE 0 END), 0)
            AS {0}_pct"""

DIMENSIONS = ("usage", "engagement", "support", "relationship", "value")

_COMPONENTS = f"""
    SELECT h.account_id, MIN(h.stale_since) AS stale_since,{",".join(_PCT.format(d) for d in DIMENSIONS)}
    FROM component_history h
    JOIN scorecards c ON c.version = h.version AND c.component = h.component
    WHERE h.from_day <= :as_of AND (h.to_day IS NULL OR h.to_day >= :as_of)
    GROUP BY h.account_id
"""  # noqa: S608

_OWN: Mapping[str, str] = {
    "score": "s.score",
    "coverage_pct": "s.coverage_pct",
    "tier": "s.tier",
    "state": "s.state",
    "lifecycle": "s.lifecycle",
    "segment": "s.segment",
    "segment_rank": "r.segment",
    "segment_threshold": "h.segment",
    "industry": "a.industry",
    "status": "a.status",
    "renewal_in_days": "a.renewal_date - :as_of",
    "customer_days": ":as_of - a.first_subscription_start",
    **{f"{name}_drop": f"d.{name}_drop" for name in ("score", *DIMENSIONS)},
    **{f"{name}_pct": f"c.{name}_pct" for name in DIMENSIONS},
    **{name: f"e.{name}" for name in signal_events.NAMES},
}


def _fill(conn: Connection, mappings: Mappings, kinds: Mapping[str, str], as_of: date, now: datetime) -> None:
    known = measures.load()
    changes = {name: found for name in kinds if (found := CHANGE.fullmatch(name))}
    of_measures = {name for name in kinds if name in known} | {found[1] for found in changes.values()}
    attributes = [name for name in kinds if name not in known and name not in changes]
    fresh_since = as_of - timedelta(days=mappings.alerts.late_days)
    pivoted = [_now(name) for name in kinds if name in known] + [_change(n, f) for n, f in changes.items()]
    values = {**_OWN, **{name: f"{'t' if name in attributes else 'm'}.{name}" for name in kinds}}
    statement = _SELECT.format(
        linked=lateness.LINKED,
        names=", ".join(values),
        values=", ".join(values.values()),
        measures=_MEASURES.format(values=_listed(pivoted)),
        events=signal_events.SQL,
        attributes=_ATTRIBUTES.format(values=_listed(_attribute(name, kinds[name]) for name in attributes)),
        drops=_DROPS,
        components=_COMPONENTS,
    )
    days = {int(found[3]) for found in changes.values()}
    bound: list[sa.BindParameter[Any]] = [
        sa.bindparam("measures", sorted(of_measures) or [""], sa.String, expanding=True),
        sa.bindparam("attributes", attributes or [""], sa.String, expanding=True),
        *(sa.bindparam(f"days_ago_{n}", as_of - timedelta(days=n), sa.Date) for n in days),
        *signal_events.binds(conn, mappings, as_of, now),
        sa.bindparam("fresh_since", fresh_since, sa.Date),
        sa.bindparam("as_of", as_of, sa.Date),
    ]
    conn.execute(sa.text(statement).bindparams(*bound))


def _listed(columns: Collection[str] | Iterator[str]) -> str:
    return "".join(f",\n        {column}" for column in columns)


_TODAY = "m.from_day <= :as_of AND (m.to_day IS NULL OR m.to_day >= :as_of)"


def _now(measure: str) -> str:
    return f"MAX(CASE WHEN m.measure = '{measure}' AND {_TODAY} THEN m.value END) AS {measure}"


def _change(name: str, found: re.Match[str]) -> str:
    """Against the lowest (a rise) or highest (a fall) value of the days before; without one nothing changed."""
    measure, direction, days = found[1], found[2], found[3]
    today = f"MAX(CASE WHEN m.measure = '{measure}' AND {_TODAY} THEN m.value END)"
    then = (
        f"CASE WHEN m.measure = '{measure}' AND m.from_day < :as_of "
        f"AND (m.to_day IS NULL OR m.to_day >= :days_ago_{days}) THEN m.value END"
    )
    change = f"{today} - MIN({then})" if direction == "rise" else f"MAX({then}) - {today}"
    return f"CASE WHEN {today} IS NOT NULL THEN COALESCE({change}, 0) END AS {name}"


def _attribute(name: str, kind: str) -> str:
    column = {"number": "a.number", "date": "a.date"}.get(kind, "a.text")
    value = f"MAX(CASE WHEN a.name = '{name}' THEN {column} END)"
    return f"({value} = 'true') AS {name}" if kind == "boolean" else f"{value} AS {name}"
