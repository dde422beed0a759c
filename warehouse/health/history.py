"""What holds from day to day: intervals with a new row only on change; a day that is run again replaces its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy import Connection

from warehouse import bulk

SCORED_OR_GONE = """NOT EXISTS (
    SELECT 1 FROM active_accounts v
    WHERE v.account_id = h.account_id
        AND NOT EXISTS (SELECT 1 FROM scored_accounts s WHERE s.account_id = v.account_id)
)"""
"""The accounts that a scoring run decides about: those that it scores, and those that left."""


DECIDED_OR_GONE = """(
    EXISTS (SELECT 1 FROM score_history s WHERE s.account_id = h.account_id AND s.as_of = :as_of)
    OR NOT EXISTS (SELECT 1 FROM active_accounts v WHERE v.account_id = h.account_id)
)"""
"""The accounts that the decisions of a day are about, and those that left."""


@dataclass(frozen=True, slots=True)
class Intervals:
    """A history table and where the rows of today stand."""

    table: str
    today: str
    identity: tuple[str, ...]
    compared: tuple[str, ...]
    carried: tuple[str, ...] = ()
    """Columns that come along with a new row but make none."""
    scope: str = "TRUE"
    """Which rows of the table, as `h`, today says anything about."""


COMPONENTS = Intervals(
    table="component_history",
    today="(SELECT * FROM component_results WHERE product = '')",
    identity=("account_id", "component"),
    compared=("version", "result", "value", "stale_since", "reason"),
    scope=SCORED_OR_GONE,
)
MEASURES = Intervals(
    table="measure_history",
    today="measure_values",
    identity=("account_id", "product", "measure"),
    compared=("value",),
    carried=("observed_at",),
    scope=SCORED_OR_GONE,
)
ARR = Intervals(
    table="arr_history",
    today="scored_arr",
    identity=("account_id",),
    compared=("arr_native", "currency", "arr_reporting"),
    scope=SCORED_OR_GONE,
)
ROLLUPS = Intervals(
    table="rollup_history",
    today="rollups",
    identity=("account_id", "kind"),
    compared=("score", "members", "worst", "worst_score"),
)
OVERRIDES = Intervals(
    table="override_history",
    today="overrides",
    identity=("account_id",),
    compared=("tier", "owner", "reason", "until", "source"),
)
SEGMENTS = Intervals(
    table="segment_history",
    today="segment_placements",
    identity=("account_id", "scheme"),
    compared=("segment", "arr_rank", "population"),
)

TOUCHES = Intervals(
    table="touch_history",
    today="due_touches",
    identity=("account_id", "kind"),
    compared=("last_day", "due_day"),
    scope=DECIDED_OR_GONE,
)
AUDIENCES = Intervals(
    table="audience_history",
    today="audience_members",
    identity=("account_id", "audience"),
    compared=(),
    scope=DECIDED_OR_GONE,
)
PLANS = Intervals(
    table="plan_history",
    today="plan_standings",
    identity=("account_id",),
    compared=("plan", "status", "goals", "goals_reached", "blockers", "adoption_gap"),
    scope=DECIDED_OR_GONE,
)

OF_A_RUN = (COMPONENTS, MEASURES, ARR, ROLLUPS, OVERRIDES)
"""What every deciding run records beside its scores; segments are recorded when they are placed."""


def reopen(conn: Connection, intervals: Intervals, as_of: date) -> None:
    """Take back what an earlier run of the same day recorded, so that the day can be recorded again."""
    days = {"as_of": as_of, "yesterday": as_of - timedelta(days=1)}
    table, scope = intervals.table, intervals.scope
    conn.execute(sa.text(f"DELETE FROM {table} AS h WHERE h.from_day = :as_of AND {scope}"), days)  # noqa: S608
    conn.execute(
        sa.text(f"UPDATE {table} AS h SET to_day = NULL WHERE h.to_day = :yesterday AND {scope}"),  # noqa: S608
        days,
    )


def record(conn: Connection, intervals: Intervals, as_of: date) -> None:
    """End the intervals that no longer hold on as_of (their last day is the one before), and begin the new ones."""
    days = {"as_of": as_of, "yesterday": as_of - timedelta(days=1)}
    table, today = intervals.table, intervals.today
    known = " AND ".join(f"h.{c} = t.{c}" for c in intervals.identity)
    same = " AND ".join(f"h.{c} IS NOT DISTINCT FROM t.{c}" for c in intervals.compared) or "TRUE"
    conn.execute(
        sa.text(
            f"UPDATE {table} AS h SET to_day = :yesterday WHERE h.to_day IS NULL AND {intervals.scope} "  # noqa: S608
            f"AND NOT EXISTS (SELECT 1 FROM {today} t WHERE {known} AND {same})"
        ),
        days,
    )
    _begin(conn, intervals, known, days)
    bulk.analyze(conn, table)


def _begin(conn: Connection, intervals: Intervals, known: str, days: dict[str, date]) -> None:
    """Insert what has no open interval; gathered first, because PostgreSQL would look through what it just inserted."""
    columns = (*intervals.identity, *intervals.compared, *intervals.carried)
    conn.execute(
        sa.text(
            f"CREATE TEMPORARY TABLE begun AS SELECT {', '.join(f't.{c}' for c in columns)} "  # noqa: S608
            f"FROM {intervals.today} t "
            f"WHERE NOT EXISTS (SELECT 1 FROM {intervals.table} h WHERE h.to_day IS NULL AND {known})"
        )
    )
    names = ", ".join(columns)
    conn.execute(
        sa.text(f"INSERT INTO {intervals.table} ({names}, from_day) SELECT {names}, :as_of FROM begun"),  # noqa: S608
        {"as_of": days["as_of"]},
    )
    conn.execute(sa.text("DROP TABLE begun"))


def replace_scores(conn: Connection, table: str, as_of: date) -> None:
    """Clear the way for the scores of as_of: those of the accounts that are scored now, and of those that left."""
    conn.execute(
        sa.text(f"DELETE FROM {table} AS h WHERE h.as_of = :as_of AND {SCORED_OR_GONE}"),  # noqa: S608
        {"as_of": as_of},
    )
