"""What an account's people see of its care: open alerts, audiences, the success plan, the next touch.

Written as one set, when any of it changed; none of it changes merely because time passes (D24).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import text

from warehouse.desired.row import Columns, DesiredRow, Target
from warehouse.merged import ACCOUNT_NOW
from warehouse.work import briefing

LEFT = "left"
"""The decision for an account that is no customer any more."""

MOST_ALERTS = 3
"""So many open ones are named, the most urgent first; the counts tell of all."""

_EMPTY: dict[str, Any] = {
    **dict.fromkeys(("open_red", "open_yellow", "open_green"), 0),
    **dict.fromkeys(("alerts", "audiences", "plan", "plan_status", "goals", "goals_reached")),
    **dict.fromkeys(("plan_blockers", "adoption_gap", "next_touch", "next_touch_due")),
}

_SCORED = """
SELECT s.account_id, l.external_id, s.as_of
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
WHERE k.system = :system AND k.push = :push AND NOT k.gone AND (a.excluded OR a.customer IS FALSE)"""

_ALERTS = f"""
SELECT n.account_id, e.rule, e.colour
FROM alerts e JOIN ({ACCOUNT_NOW}) n ON n.decided_for = e.account_id
WHERE e.closed_as_of IS NULL
ORDER BY n.account_id, CASE e.colour WHEN 'red' THEN 0 WHEN 'yellow' THEN 1 ELSE 2 END, e.alert"""  # noqa: S608

_AUDIENCES = "SELECT account_id, audience FROM audience_history WHERE to_day IS NULL ORDER BY account_id, audience"

_PLANS = """
SELECT account_id, plan, status, goals, goals_reached, blockers, adoption_gap FROM plan_history WHERE to_day IS NULL"""

_TOUCHES = """
SELECT account_id, kind, due_day FROM touch_history WHERE to_day IS NULL ORDER BY account_id, due_day DESC, kind DESC"""


def decisions(target: Target) -> list[DesiredRow]:
    """A row per linked record of every scored account, and an emptying one for each that left (`on_exit: clear`)."""
    newest = target.conn.execute(text("SELECT max(as_of) FROM score_history")).scalar()
    if newest is None:
        return []
    shown = _shown(target)
    scored = target.conn.execute(text(_SCORED), {**target.bound(), "since": newest - timedelta(days=7)}).all()
    return [
        DesiredRow(f"{account_id}:{external_id}", account_id, external_id, None, _decision(shown[account_id]), as_of)
        for account_id, external_id, as_of in scored
    ] + _left(target, newest)


def _decision(columns: Mapping[str, Any]) -> str:
    return json.dumps([columns[name] for name in _EMPTY], default=str)


def _left(target: Target, as_of: date) -> list[DesiredRow]:
    if target.mappings.company.customers.on_exit == "keep":
        return []
    found = target.conn.execute(text(_LEFT), {**target.bound(), "push": target.push_name("account_care")})
    return [DesiredRow(key, account_id, external_id, None, LEFT, as_of) for key, external_id, account_id in found]


def columns(target: Target, row_keys: Sequence[str]) -> dict[str, Columns]:
    """The pushed columns of these rows."""
    wanted, shown = set(row_keys), _shown(target)
    return {
        row.row_key: {
            **(_EMPTY if row.decision == LEFT else shown[row.account_id]),
            "account_id": row.account_id,
            "external_id": row.external_id,
        }
        for row in decisions(target)
        if row.row_key in wanted
    }


def _shown(target: Target) -> defaultdict[str, dict[str, Any]]:
    """Account -> its columns; those of an account about which nothing is decided are empty."""
    shown: defaultdict[str, dict[str, Any]] = defaultdict(lambda: dict(_EMPTY))
    labels = {rule.id: rule.label for rule in target.mappings.alerts.rules}
    named: defaultdict[str, list[str]] = defaultdict(list)
    for account_id, rule, colour in target.conn.execute(text(_ALERTS)):
        shown[account_id][f"open_{colour}"] += 1
        named[account_id].append(labels.get(rule, rule))
    audiences: defaultdict[str, list[str]] = defaultdict(list)
    for account_id, audience in target.conn.execute(text(_AUDIENCES)):
        audiences[account_id].append(audience)
    for account_id, labelled in named.items():
        shown[account_id]["alerts"] = "; ".join(labelled[:MOST_ALERTS])
    for account_id, listed in audiences.items():
        shown[account_id]["audiences"] = ";".join(listed)
    _add_plans(target, shown)
    _add_touches(target, shown)
    return shown


def _add_plans(target: Target, shown: defaultdict[str, dict[str, Any]]) -> None:
    for account_id, plan, status, goals, reached, blockers, gap in target.conn.execute(text(_PLANS)):
        shown[account_id] |= {
            "plan": plan,
            "plan_status": status,
            "goals": goals,
            "goals_reached": reached,
            "plan_blockers": _listed(blockers.split("; ")),
            "adoption_gap": _listed(gap.split("; ")),
        }


def _listed(parts: Iterable[str]) -> str | None:
    return "; ".join(briefing.first([part for part in parts if part])) or None


def _add_touches(target: Target, shown: defaultdict[str, dict[str, Any]]) -> None:
    """The one that is due first; its day may have passed."""
    by_segment = target.mappings.segments.cadence.by_segment
    labels = {touch.id: touch.label for touches in by_segment.values() for touch in touches}
    for account_id, kind, due_day in target.conn.execute(text(_TOUCHES)):
        shown[account_id] |= {"next_touch": labels.get(kind, kind), "next_touch_due": due_day}
