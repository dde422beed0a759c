"""Alerts on which somebody must act, as the tasks that they ask for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy import Connection, RowMapping, text

from mappings import conditions
from mappings.models import AlertRule, AlertTask, Mappings
from mappings.vocabulary import HANDOFF
from warehouse.merged import ACCOUNT_NOW
from warehouse.work import briefing
from warehouse.work.openings import Opening, Words

STEP = 0
"""The step of an alert's task in its key (D16)."""

_WAITING = """
SELECT DISTINCT e.rule FROM alerts e
WHERE e.closed_as_of IS NULL
  AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.episode = e.alert AND t.opened_by = 'alert')"""
"""The rules that may ask for a task; on most days few."""

_ASKED = f"""
SELECT e.alert, n.account_id, e.says, e.signals, e.opened_as_of
FROM alerts e
JOIN ({ACCOUNT_NOW}) n ON n.decided_for = e.account_id
JOIN score_history s ON s.account_id = n.account_id AND s.as_of = :as_of
WHERE e.closed_as_of IS NULL AND e.rule = :rule
  AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.episode = e.alert AND t.opened_by = 'alert')
  AND NOT EXISTS (
    SELECT 1 FROM alerts o JOIN ({ACCOUNT_NOW}) w ON w.decided_for = o.account_id
    WHERE w.account_id = n.account_id AND o.alert <> e.alert AND (o.rule IN :others OR o.colour IN :others)
      AND (o.closed_as_of IS NULL OR o.closed_because IN ('not_a_risk', 'snoozed')
        AND o.opened_as_of - e.opened_as_of <= :verdict_days AND e.opened_as_of - o.opened_as_of <= :verdict_days))
  AND NOT EXISTS (
    SELECT 1 FROM episodes p JOIN ({ACCOUNT_NOW}) w ON w.decided_for = p.account_id
    WHERE w.account_id = n.account_id AND p.closed_as_of IS NULL AND p.playbook IN :others)
  AND NOT EXISTS (
    SELECT 1 FROM handoffs h JOIN ({ACCOUNT_NOW}) w ON w.decided_for = h.account_id
    WHERE w.account_id = n.account_id AND '{HANDOFF}' IN :others
      AND (h.closed_as_of IS NULL OR h.closed_as_of > :handoffs_rest_since))
ORDER BY e.alert"""  # noqa: S608
"""Open alerts without a task, unless somebody is at the account already, or has just given a verdict on the like."""


def asked(conn: Connection, mappings: Mappings, as_of: date) -> list[Opening]:
    """The tasks of all open alerts that have none yet; what the cap holds back is asked for again the next day."""
    found: list[Opening] = []
    task = mappings.alerts.task
    waiting = set(conn.scalars(text(_WAITING)))
    for rule in mappings.alerts.rules:
        if rule.task and task is not None and rule.id in waiting:
            rows = _without_task(conn, mappings, rule, as_of)
            tickets = (
                _critical_tickets(conn) if rows and "critical_tickets_now" in conditions.columns(rule.when) else {}
            )
            found += [_opening(task, rule, row, tickets, as_of) for row in rows]
    return found


def _without_task(conn: Connection, mappings: Mappings, rule: AlertRule, as_of: date) -> Sequence[RowMapping]:
    rests_since = as_of - timedelta(days=mappings.playbooks.expansion.cool_down_days)
    query = text(_ASKED).bindparams(
        sa.bindparam("as_of", as_of, sa.Date),
        sa.bindparam("rule", rule.id, sa.String),
        sa.bindparam("others", mappings.alerts.somebody_is_at_it(rule) or [""], sa.String, expanding=True),
        sa.bindparam("verdict_days", mappings.alerts.verdict_days, sa.Integer),
        sa.bindparam("handoffs_rest_since", rests_since, sa.Date),
    )
    return conn.execute(query).mappings().all()


_TICKETS = """
SELECT l.account_id, COALESCE(f.subject, f.id) AS subject
FROM tickets f JOIN account_links l ON l.system = f.system AND l.external_id = f.account_ref
WHERE f.severity = 'critical' AND f.solved_at IS NULL AND f.solved_day IS NULL
ORDER BY l.account_id, f.opened_at, f.id"""


def _critical_tickets(conn: Connection) -> dict[str, list[str]]:
    """account_id -> its open critical tickets, those of today too, which a briefing leaves for tomorrow."""
    found: dict[str, list[str]] = {}
    for account_id, subject in conn.execute(text(_TICKETS)):
        found.setdefault(account_id, []).append(subject)
    return found


def _opening(
    task: AlertTask, rule: AlertRule, row: RowMapping, tickets: Mapping[str, Sequence[str]], as_of: date
) -> Opening:
    named = tickets.get(row["account_id"])
    return Opening(
        account_id=row["account_id"],
        opened_by="alert",
        decision=row["alert"],
        step=STEP,
        rule=rule.id,
        role=rule.role,
        colour=rule.colour,
        capped=not (rule.event and rule.colour == "red"),
        words=Words(task.subject, task.body, "alerts.yaml: task"),
        due_date=as_of + timedelta(days=task.due_in_days[rule.colour]),
        priority=task.priority[rule.colour],
        names={
            "colour": rule.colour,
            "label": rule.label,
            "says": row["says"],
            "action": rule.action,
            "playbook": rule.playbook,
            "signals": json.loads(row["signals"]),
            "since": row["opened_as_of"],
            **({"critical_tickets": briefing.first(named)} if named else {}),
        },
    )
