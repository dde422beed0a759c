"""How alerts end: the situation is over, its window passed, a red one says more, a person said so, the account left."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, text

from mappings import conditions, vocabulary
from mappings.models import AlertRule, Mappings
from warehouse.alerts import score_drops, signal_events, silences
from warehouse.merged import ACCOUNT_NOW

_CHANGE = re.compile(vocabulary.CHANGE_OF_A_MEASURE)

_LEFT = f"""
UPDATE alerts SET closed_as_of = :as_of, closed_because = 'account_left'
WHERE closed_as_of IS NULL AND alert IN (
  SELECT e.alert FROM alerts e
  JOIN ({ACCOUNT_NOW}) n ON n.decided_for = e.account_id
  LEFT JOIN accounts a ON a.account_id = n.account_id
  WHERE e.closed_as_of IS NULL AND (a.account_id IS NULL OR a.excluded OR a.customer IS FALSE))
RETURNING alert"""  # noqa: S608

_OVER = f"""
UPDATE alerts SET closed_as_of = :as_of, false_since = :as_of, closed_because =
  CASE WHEN opened_as_of <= :window_began THEN 'window_passed' ELSE 'recovered' END
WHERE closed_as_of IS NULL AND rule = :rule AND opened_as_of < :as_of AND alert IN (
  SELECT e.alert FROM alerts e
  JOIN ({ACCOUNT_NOW}) n ON n.decided_for = e.account_id
  JOIN judged_alerts j ON j.account_id = n.account_id AND j.rule = e.rule
  WHERE e.closed_as_of IS NULL AND j.over)
RETURNING alert"""  # noqa: S608
"""An alert stays on the day that opened it, whatever a later run of that day says."""

_SUPERSEDED = f"""
UPDATE alerts SET closed_as_of = :as_of, closed_because = 'superseded'
WHERE closed_as_of IS NULL AND rule = :rule AND alert IN (
  SELECT e.alert FROM alerts e
  JOIN ({ACCOUNT_NOW}) n ON n.decided_for = e.account_id
  JOIN latest_alerts l ON l.account_id = n.account_id AND l.closed_as_of IS NULL AND l.rule IN :suppressed_by
  WHERE e.closed_as_of IS NULL AND e.rule = :rule)
RETURNING alert"""  # noqa: S608

_UNLISTED = """
UPDATE alerts SET closed_as_of = :as_of, closed_because = 'rule_removed'
WHERE closed_as_of IS NULL AND rule NOT IN :rules
RETURNING alert"""

_TASKS = """
UPDATE tasks SET closed_as_of = :as_of, closed_because = (
  SELECT CASE e.closed_because WHEN 'account_left' THEN 'account_left' ELSE 'condition_met' END
  FROM alerts e WHERE e.alert = tasks.episode)
WHERE closed_as_of IS NULL AND opened_by = 'alert' AND episode IN (
  SELECT alert FROM alerts WHERE closed_as_of IS NOT NULL AND closed_because <> 'window_passed')"""
"""Where only the window passed nobody can say that it is well: the task stays until its person closes it."""


def close(conn: Connection, mappings: Mappings, as_of: date) -> list[str]:
    """Close what people silenced, what is over and who left, with their tasks; returns the alerts."""
    closed = [*silences.close(conn, mappings, as_of), *_closed(conn, _LEFT, as_of)]
    over = set(conn.scalars(text("SELECT DISTINCT rule FROM judged_alerts WHERE over")))
    for rule in (rule for rule in mappings.alerts.rules if rule.id in over):
        window = _window_days(rule)
        began = as_of - timedelta(days=window) if window else None
        closed += _closed(conn, _OVER, as_of, rule=rule.id, window_began=sa.bindparam("window_began", began, sa.Date))
    listed = sa.bindparam("rules", [rule.id for rule in mappings.alerts.rules], sa.String, expanding=True)
    closed += _closed(conn, _UNLISTED, as_of, rules=listed)
    _close_tasks(conn, as_of)
    return closed


def supersede(conn: Connection, mappings: Mappings, as_of: date) -> list[str]:
    """Close the alerts of which a more urgent one says the same."""
    closed: list[str] = []
    for rule in mappings.alerts.rules:
        if rule.suppressed_by:
            listed = sa.bindparam("suppressed_by", rule.suppressed_by, sa.String, expanding=True)
            closed += _closed(conn, _SUPERSEDED, as_of, rule=rule.id, suppressed_by=listed)
    _close_tasks(conn, as_of)
    return closed


def compares_scores(rule: AlertRule) -> bool:
    """Whether the rule looks at a drop: while a source is late nobody can say that it is over."""
    return any(name.endswith("_drop") for name in conditions.columns(rule.when))


def _window_days(rule: AlertRule) -> int | None:
    """After how many days the condition is false because what happened is long ago, not because it is well again."""
    days = [int(found[3]) for name in conditions.columns(rule.when) if (found := _CHANGE.fullmatch(name))]
    days += [score_drops.DAYS] if compares_scores(rule) else []
    days += [signal_events.SAID_WITHIN_DAYS] if conditions.columns(rule.when) & set(signal_events.SAID) else []
    return max(days, default=None)


def _closed(conn: Connection, statement: str, as_of: date, **bound: Any) -> list[str]:
    """Run a closing statement; returns the alerts that it closed."""
    params = [b if isinstance(b, sa.BindParameter) else sa.bindparam(name, b, sa.String) for name, b in bound.items()]
    return list(conn.scalars(text(statement).bindparams(sa.bindparam("as_of", as_of, sa.Date), *params)))


def _close_tasks(conn: Connection, as_of: date) -> None:
    conn.execute(text(_TASKS), {"as_of": as_of})
