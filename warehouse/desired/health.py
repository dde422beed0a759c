"""Scores on their way to every linked CRM record of an account, as one set and at most once per as_of."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import pyarrow as pa
from sqlalchemy import RowMapping, text

from warehouse import bulk, tables
from warehouse.desired import beside
from warehouse.desired.row import Columns, DesiredRow, Target
from warehouse.health import words

LEFT = "left"
"""The decision for an account that is no customer any more."""

_SCORE_FIELDS = (
    "score",
    "previous_score",
    "tier",
    "state",
    "coverage_pct",
    "segment",
    "weekly_change",
    "as_of",
    "detail",
)
_EMPTY: dict[str, Any] = dict.fromkeys((*_SCORE_FIELDS, "reason_1", "reason_2", "reason_3", "reasons", *beside.COLUMNS))

_NEWEST = """
SELECT s.account_id, s.as_of, s.score, s.tier, s.state, s.reasons, s.segment, l.external_id
FROM score_history s
JOIN (SELECT account_id, max(as_of) AS as_of FROM score_history WHERE as_of >= :since GROUP BY account_id) n
  ON n.account_id = s.account_id AND n.as_of = s.as_of
JOIN accounts a ON a.account_id = s.account_id AND NOT a.excluded AND a.customer IS NOT FALSE
JOIN account_links l ON l.account_id = s.account_id AND l.system = :system"""

_LEFT = """
SELECT k.row_key, k.external_id, a.account_id
FROM acknowledged k
JOIN account_links l ON l.system = k.system AND l.external_id = k.external_id
JOIN accounts a ON a.account_id = l.account_id
WHERE k.system = :system AND k.push = :push AND NOT k.gone AND (a.excluded OR a.customer IS FALSE)
"""


def row_key(account_id: str, external_id: str) -> str:
    """One row per linked record: an account with two records in a CRM has two."""
    return f"{account_id}:{external_id}"


def decisions(target: Target) -> list[DesiredRow]:
    """A row per linked record of every scored account, and an emptying one for each that left (`on_exit: clear`)."""
    newest = target.conn.execute(text("SELECT max(as_of) FROM score_history")).scalar()
    if newest is None:
        return []
    bound = {**target.bound(), "since": newest - timedelta(days=7)}
    found = target.conn.execute(text(_NEWEST), bound).all()
    scored = [
        DesiredRow(
            row_key(account_id, external_id), account_id, external_id, None,
            _decision(score, tier, state, segment, reasons), as_of,
        )
        for account_id, as_of, score, tier, state, reasons, segment, external_id in found
    ]  # fmt: skip
    return _with_what_stands_beside(target, scored, newest) + _left(target, newest)


def _with_what_stands_beside(target: Target, rows: list[DesiredRow], newest: date) -> list[DesiredRow]:
    """Where the CRM shows roll-ups or overrides, a change of them writes the account too."""
    if not beside.mapped(target.mappings.systems[target.system].push.get(target.push_name("account_health"))):
        return rows
    shown = beside.columns(target.conn, newest)
    return [
        row._replace(decision=f"{row.decision} beside {json.dumps(shown[row.account_id], default=str)}")
        if row.account_id in shown
        else row
        for row in rows
    ]


def _decision(score: int | None, tier: str, state: str, segment: str | None, reasons: str) -> str:
    """What must change before an account is written again: neither the words of a reason nor the passing of time."""
    return f"score {score} tier {tier} state {state} segment {segment} reasons {_as_set(reasons)}"


@lru_cache(maxsize=10_000)
def _as_set(reasons: str) -> str:
    return ",".join(sorted(json.loads(reasons)))


def _left(target: Target, as_of: date) -> list[DesiredRow]:
    if target.mappings.company.customers.on_exit == "keep":
        return []
    bound = {**target.bound(), "push": target.push_name("account_health")}
    found = target.conn.execute(text(_LEFT), bound)
    return [DesiredRow(key, account_id, external_id, None, LEFT, as_of) for key, external_id, account_id in found]


def columns(target: Target, row_keys: Sequence[str]) -> dict[str, Columns]:
    """The pushed columns of these rows, texts included."""
    wanted = set(row_keys)
    by_day: defaultdict[date, list[DesiredRow]] = defaultdict(list)
    found: dict[str, Columns] = {}
    for row in decisions(target):
        if row.row_key not in wanted:
            continue
        if row.decision == LEFT:
            found[row.row_key] = {**_EMPTY, "account_id": row.account_id, "external_id": row.external_id}
        elif row.as_of:
            by_day[row.as_of].append(row)
    for as_of, rows in by_day.items():
        health = _health(target, as_of, {row.account_id for row in rows})
        found |= {row.row_key: {**health[row.account_id], "external_id": row.external_id} for row in rows}
    return found


_SCORES = """
SELECT s.*, w.score AS week_ago_score
FROM score_history s
JOIN {stage} t ON t.account_id = s.account_id
LEFT JOIN (
  SELECT h.account_id, max(h.as_of) AS as_of FROM score_history h JOIN {stage} t ON t.account_id = h.account_id
  WHERE h.as_of <= :week_ago GROUP BY h.account_id
) n ON n.account_id = s.account_id
LEFT JOIN score_history w ON w.account_id = n.account_id AND w.as_of = n.as_of
WHERE s.as_of = :as_of
"""


def _health(target: Target, as_of: date, account_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    cards = words.lines(target.conn, target.mappings)
    bound = {"as_of": as_of, "week_ago": as_of - timedelta(days=7)}
    with bulk.staged(target.conn, tables.account_ids, pa.table({"account_id": sorted(account_ids)})) as stage:
        scores = target.conn.execute(text(_SCORES.format(stage=stage)), bound).mappings().all()
        judged = words.judged_components(target.conn, stage, as_of)
    shown = beside.columns(target.conn, as_of)
    found = {}
    for row in scores:
        own = _account_columns(target, row, cards.get(row["version"], []), judged[row["account_id"]])
        around = shown.get(row["account_id"], beside.NOTHING)
        found[row["account_id"]] = {**own, **around, "detail": own["detail"] + beside.section(around)}
    return found


def _account_columns(
    target: Target, row: RowMapping, card: Sequence[words.Line], judged: Sequence[words.Judged]
) -> dict[str, Any]:
    reasons = words.reasons(card, judged, json.loads(row["reasons"]))
    shown = [*reasons, None, None, None]
    health = words.Health(**{name: row[name] for name in words.Health.__dataclass_fields__})
    settings = target.mappings.scorecards
    known_both = row["score"] is not None and row["week_ago_score"] is not None
    return {
        "account_id": row["account_id"],
        "score": row["score"],
        "previous_score": row["previous_score"],
        "tier": row["tier"],
        "state": row["state"],
        "coverage_pct": row["coverage_pct"],
        "segment": row["segment"],
        "reason_1": shown[0],
        "reason_2": shown[1],
        "reason_3": shown[2],
        "reasons": "; ".join(reasons) or None,
        "weekly_change": row["score"] - row["week_ago_score"] if known_both else None,
        "as_of": row["as_of"],
        "detail": words.detail(health, card, judged, settings.missing, settings.least_known_points),
    }
