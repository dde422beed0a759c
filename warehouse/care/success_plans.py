"""Success plans: the goals of an account, how far they are, what blocks them, which named features nobody uses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, text

from mappings.models import Mappings
from mappings.models_care import GoalTemplate
from warehouse import measures, tables
from warehouse.health import history, lateness
from warehouse.health.lateness import LINKED

FEATURES_SINCE_DAYS = 28
"""A feature that nobody used for so long is a gap."""

_STATED = """
  SELECT l.account_id, COUNT(*) AS goals,
    SUM(CASE WHEN g.reached_day < :as_of THEN 1 ELSE 0 END) AS reached,
    SUM(CASE WHEN g.reached_day IS NULL AND lower(g.status) IN :blocked THEN 1 ELSE 0 END) AS blocked,
    string_agg(CASE WHEN g.reached_day IS NULL AND lower(g.status) IN :blocked THEN COALESCE(g.title, g.id) END, '; '
      ORDER BY g.title, g.id) AS blockers,
    MAX(CASE WHEN g.reached_day < :as_of THEN g.reached_day WHEN g.progress_day < :as_of THEN g.progress_day
      ELSE g.stated_day END) AS moved_day
  FROM goals g JOIN account_links l ON l.system = g.system AND l.external_id = g.account_ref
  WHERE g.stated_day IS NULL OR g.stated_day < :as_of
  GROUP BY l.account_id"""

_GAPS = """
  SELECT n.account_id, string_agg(n.feature, '; ' ORDER BY n.feature) AS features
  FROM (
    SELECT DISTINCT l.account_id, p.feature
    FROM plan_features p JOIN account_links l ON l.system = p.system AND l.external_id = p.account_ref
    WHERE p.plan = 'success'
  ) n
  WHERE NOT EXISTS (
    SELECT 1 FROM feature_days f JOIN account_links l ON l.system = f.system AND l.external_id = f.account_ref
    WHERE l.account_id = n.account_id AND f.feature = n.feature AND f.superseded_at IS NULL
      AND f.uses > 0 AND f.day >= :used_since AND f.day < :as_of)
  GROUP BY n.account_id"""

_FILL = """
INSERT INTO plan_standings (account_id, plan, status, goals, goals_reached, blockers, adoption_gap)
SELECT x.account_id, x.plan,
  CASE
    WHEN x.goals = 0 THEN 'missing'
    WHEN x.reached >= x.goals THEN 'reached'
    WHEN x.blocked > 0 THEN 'blocked'
    WHEN x.moved_day < :stalled_before THEN 'stalled'
    ELSE 'on_track'
  END,
  x.goals, x.reached, x.blockers, x.adoption_gap
FROM (
  SELECT s.account_id,
    CASE WHEN g.goals > 0 OR s.segment IN :custom THEN 'custom' ELSE 'template' END AS plan,
    CAST(CASE WHEN g.goals > 0 OR s.segment IN :custom THEN COALESCE(g.goals, 0) ELSE {templates} END AS INTEGER)
      AS goals,
    CAST(CASE WHEN g.goals > 0 OR s.segment IN :custom THEN COALESCE(g.reached, 0) ELSE {reached} END AS INTEGER)
      AS reached,
    COALESCE(g.blocked, 0) AS blocked, COALESCE(g.blockers, '') AS blockers, g.moved_day,
    CASE WHEN k.linked IN :features_known THEN COALESCE(a.features, '') ELSE COALESCE(h.adoption_gap, '') END
      AS adoption_gap
  FROM signals s
  JOIN ({linked}) k ON k.account_id = s.account_id AND k.linked IN :goals_known
  LEFT JOIN ({stated}) g ON g.account_id = s.account_id
  LEFT JOIN ({gaps}) a ON a.account_id = s.account_id
  LEFT JOIN plan_history h ON h.account_id = s.account_id AND h.to_day IS NULL
  WHERE g.goals > 0 OR s.segment IN :custom OR s.segment IN :template
) x"""
"""Goals that the customer stated win over the template's; the adoption gap stays as it was while features are late."""

_CARRY = """
INSERT INTO plan_standings (account_id, plan, status, goals, goals_reached, blockers, adoption_gap)
SELECT h.account_id, h.plan, h.status, h.goals, h.goals_reached, h.blockers, h.adoption_gap
FROM plan_history h
JOIN signals s ON s.account_id = h.account_id
WHERE h.to_day IS NULL AND h.account_id NOT IN (
  SELECT k.account_id FROM ({linked}) k WHERE k.linked IN :goals_known)"""
"""Where goals are late, a plan stands as it stood."""


def place(conn: Connection, mappings: Mappings, as_of: date) -> dict[str, int]:
    """Record where every success plan stands on as_of, for which the signals are gathered; status -> how many."""
    history.reopen(conn, history.PLANS, as_of)
    conn.execute(tables.plan_standings.delete())
    known = measures.load()
    readers = {"goals_known": known["goals_stated"], "features_known": known["core_features_28"]}
    there = lateness.in_time(conn, mappings, readers, as_of)
    _fill(conn, mappings, there, as_of)
    carry = text(_CARRY.format(linked=LINKED))
    conn.execute(carry.bindparams(sa.bindparam("goals_known", there["goals_known"], sa.String, expanding=True)))
    history.record(conn, history.PLANS, as_of)
    counted = "SELECT status, COUNT(*) FROM plan_standings GROUP BY status ORDER BY status"
    return dict(conn.execute(text(counted)).all())


def _fill(conn: Connection, mappings: Mappings, there: dict[str, list[str]], as_of: date) -> None:
    plans = mappings.segments.success_plans
    lists: dict[str, Sequence[str]] = {
        "custom": plans.custom,
        "template": plans.template,
        "blocked": [status.lower() for status in plans.blocked_statuses],
        **there,
    }
    days = {
        "as_of": as_of,
        "used_since": as_of - timedelta(days=FEATURES_SINCE_DAYS),
        "stalled_before": as_of - timedelta(days=plans.stalled_after_days),
    }
    statement = _FILL.format(
        templates=len(plans.goals), reached=_reached(plans.goals), linked=LINKED, stated=_STATED, gaps=_GAPS
    )
    bound: list[sa.BindParameter[Any]] = [
        *(sa.bindparam(name, list(words) or [""], sa.String, expanding=True) for name, words in lists.items()),
        *(sa.bindparam(name, day, sa.Date) for name, day in days.items()),
    ]
    conn.execute(text(statement).bindparams(*bound))


def _reached(goals: Sequence[GoalTemplate]) -> str:
    """How many of the template's goals the signals show as reached; an unknown signal shows nothing."""
    parts = (f"(CASE WHEN s.{goal.measure} >= {float(goal.at_least)!r} THEN 1 ELSE 0 END)" for goal in goals)
    return " + ".join(parts) or "0"
