"""How alerts begin: a situation that was not there before, on which nothing more urgent says the same."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, RowMapping, text
from ulid import ULID

from mappings import conditions
from mappings.models import AlertRule, Mappings
from warehouse import bulk, tables
from warehouse.alerts import silences
from warehouse.work import templates

BASELINE = "baseline"
"""Why an alert is closed of which nobody was told: it was so already when we first saw the account."""

SEEN_WITHIN_DAYS = 30
"""An account without a score for so long is seen for the first time again; so a day need not look through the years."""

URGENT_FIRST = {"red": 0, "yellow": 1, "green": 2}

_DUE = """
SELECT DISTINCT j.rule
FROM judged_alerts j LEFT JOIN latest_alerts l ON l.account_id = j.account_id AND l.rule = j.rule
WHERE j.holds AND (l.alert IS NULL OR l.closed_as_of IS NOT NULL)"""
"""The rules that may open something; mostly none."""


def open(conn: Connection, mappings: Mappings, silent: silences.Silent, as_of: date, now: datetime) -> list[str]:
    """Open what the judged and the latest alerts ask for, the most urgent first; returns the alerts."""
    opened: list[str] = []
    due = set(conn.scalars(text(_DUE)))
    for rule in sorted(mappings.alerts.rules, key=lambda rule: URGENT_FIRST[rule.colour]):
        if rule.id in due:
            if rule.colour == "green":
                _note_baseline(conn, mappings, rule, as_of, now)
            opened += _open(conn, mappings, rule, silent, as_of, now)
    return opened


_OPENS = """
SELECT s.account_id, {shown}
FROM judged_alerts j
JOIN signals s ON s.account_id = j.account_id
LEFT JOIN latest_alerts l ON l.account_id = j.account_id AND l.rule = j.rule
WHERE j.rule = :rule AND j.holds AND (
    l.alert IS NULL
    OR (l.closed_as_of IS NOT NULL AND l.false_since <= :cooled)
    OR (l.closed_because = 'snoozed' AND l.snoozed_until <= :as_of)
  )
  AND NOT EXISTS (
    SELECT 1 FROM latest_alerts m
    WHERE m.account_id = j.account_id AND m.rule IN :suppressed_by
      AND (m.closed_as_of IS NULL OR m.false_since IS NULL OR m.false_since > :cooled))
ORDER BY s.account_id"""


_ALREADY_SO = """
SELECT s.account_id, {shown}
FROM judged_alerts j
JOIN signals s ON s.account_id = j.account_id
LEFT JOIN latest_alerts l ON l.account_id = j.account_id AND l.rule = j.rule
WHERE j.rule = :rule AND j.holds AND l.alert IS NULL
  AND NOT EXISTS (SELECT 1 FROM score_history b WHERE b.account_id = j.account_id
    AND b.as_of < :as_of AND b.as_of >= :seen_since)
ORDER BY s.account_id"""


def _note_baseline(conn: Connection, mappings: Mappings, rule: AlertRule, as_of: date, now: datetime) -> None:
    """What is well on the first day on which we see an account is no news: noted as closed, and told to nobody.

    It opens once it was not so for its cool-down and became so again.
    """
    query = text(_ALREADY_SO.format(shown=_shown(rule))).bindparams(
        sa.bindparam("rule", rule.id, sa.String),
        sa.bindparam("as_of", as_of, sa.Date),
        sa.bindparam("seen_since", as_of - timedelta(days=SEEN_WITHIN_DAYS), sa.Date),
    )
    found = conn.execute(query).mappings()
    closed = {"closed_as_of": as_of, "closed_because": BASELINE}
    _store(conn, rule, [{**_alert(mappings, rule, row, as_of, now), **closed} for row in found])


def _open(
    conn: Connection, mappings: Mappings, rule: AlertRule, silent: silences.Silent, as_of: date, now: datetime
) -> list[str]:
    """Open the rule's alerts; returns their ids. What opens is the latest of its account for the rules that follow."""
    query = text(_OPENS.format(shown=_shown(rule))).bindparams(
        sa.bindparam("rule", rule.id, sa.String),
        sa.bindparam("as_of", as_of, sa.Date),
        sa.bindparam("cooled", as_of - timedelta(days=mappings.alerts.cool_down(rule)), sa.Date),
        sa.bindparam("suppressed_by", rule.suppressed_by or [""], sa.String, expanding=True),
    )
    found = [row for row in conn.execute(query).mappings() if not silent.covers(row["account_id"], rule)]
    rows = [_alert(mappings, rule, row, as_of, now) for row in found]
    _store(conn, rule, rows)
    return [row["alert"] for row in rows]


_REPLACED = "DELETE FROM latest_alerts WHERE rule = :rule AND account_id IN (SELECT account_id FROM {stage})"
_ADDED = """
INSERT INTO latest_alerts (account_id, rule, alert, closed_as_of, closed_because)
SELECT account_id, CAST(:rule AS VARCHAR), alert, closed_as_of, closed_because FROM {stage}"""


def _store(conn: Connection, rule: AlertRule, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep new alerts of a rule, and let them be the latest of their accounts."""
    if not rows:
        return
    bulk.append(conn, tables.alerts, rows)
    latest = ("account_id", "alert", "closed_as_of", "closed_because")
    columns = bulk.arrow_columns(tables.alerts, **{name: [row.get(name) for row in rows] for name in latest})
    with bulk.staged(conn, tables.alerts, columns) as stage:
        for statement in (_REPLACED, _ADDED):
            conn.execute(text(statement.format(stage=stage)), {"rule": rule.id})


def _alert(mappings: Mappings, rule: AlertRule, row: RowMapping, as_of: date, now: datetime) -> dict[str, Any]:
    shown = {name: _plain(row[name]) for name in sorted(_signals_of(rule))}
    return {
        "alert": str(ULID.from_datetime(now)),
        "account_id": row["account_id"],
        "rule": rule.id,
        "colour": rule.colour,
        "opened_as_of": as_of,
        "opened_at": now,
        "says": " ".join(templates.render(rule.says, shown, f"alerts.yaml: {rule.id}.says").split()),
        "signals": json.dumps(shown, default=str),
    }


def _shown(rule: AlertRule) -> str:
    return ", ".join(f"s.{name}" for name in sorted(_signals_of(rule)))


def _signals_of(rule: AlertRule) -> set[str]:
    until = conditions.columns(rule.until) if rule.until is not None else set()
    return conditions.columns(rule.when) | until | {"score", "state"}


def _plain(value: Any) -> Any:
    """Whole numbers without their fraction, as people write them."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
