"""What people said about alerts: not a risk, or not now; on the task of the alert, or on the account in the CRM."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy import Connection, text

from mappings.models import AlertRule, Mappings
from warehouse import bulk, tables
from warehouse.merged import ACCOUNT_NOW


@dataclass(frozen=True, slots=True)
class Silent:
    """Accounts about which nobody wants to hear warnings; opportunities are no warnings."""

    accounts: frozenset[str]

    def covers(self, account_id: str, rule: AlertRule) -> bool:
        return rule.colour != "green" and account_id in self.accounts


_FIELDS = """
SELECT l.account_id, MAX(CASE WHEN a.name = :snooze_field THEN a.date END) AS snoozed_until,
  MAX(CASE WHEN a.name = :no_risk_field AND a.text = 'true' THEN 1 ELSE 0 END) AS not_a_risk
FROM attributes a
JOIN account_links l ON l.system = a.system AND l.external_id = a.id
WHERE a.name IN (:snooze_field, :no_risk_field)
GROUP BY l.account_id"""


def _said_on_accounts(conn: Connection, mappings: Mappings, as_of: date) -> dict[str, tuple[str, date | None]]:
    """account_id -> (verdict, until) where a mapped field of the account says so today."""
    fields = mappings.alerts.account_fields
    bound = {"snooze_field": fields.snoozed_until or "", "no_risk_field": fields.not_a_risk or ""}
    found: dict[str, tuple[str, date | None]] = {}
    for account_id, until, not_a_risk in conn.execute(text(_FIELDS).columns(snoozed_until=sa.Date), bound):
        if not_a_risk:
            found[account_id] = ("not_a_risk", None)
        elif until is not None and until > as_of:
            found[account_id] = ("snoozed", until)
    return found


def silent(conn: Connection, mappings: Mappings, as_of: date) -> Silent:
    """The accounts whose own fields ask for silence."""
    return Silent(frozenset(_said_on_accounts(conn, mappings, as_of)))


_ON_TASKS = """
SELECT e.alert, f.verdict, f.snoozed_until
FROM alerts e
JOIN tasks t ON t.episode = e.alert AND t.opened_by = 'alert'
JOIN task_feedback f ON f.key = t.key
WHERE e.closed_as_of IS NULL AND f.verdict IN ('not_a_risk', 'snoozed')"""

_OPEN = f"""
SELECT e.alert, n.account_id
FROM alerts e JOIN ({ACCOUNT_NOW}) n ON n.decided_for = e.account_id
WHERE e.closed_as_of IS NULL AND e.colour <> 'green'"""  # noqa: S608

_CLOSE = """
UPDATE alerts SET closed_as_of = :as_of, closed_because = s.closed_because, snoozed_until = s.snoozed_until
FROM {stage} s WHERE s.alert = alerts.alert"""


def close(conn: Connection, mappings: Mappings, as_of: date) -> list[str]:
    """Close the alerts that people silenced; a snooze without a day lasts as long as a cool-down."""
    by_default = as_of + timedelta(days=mappings.alerts.cool_down_days)
    on_tasks = conn.execute(text(_ON_TASKS).columns(snoozed_until=sa.Date)).all()
    said = {alert: (verdict, until or by_default) for alert, verdict, until in on_tasks}
    on_accounts = _said_on_accounts(conn, mappings, as_of)
    for alert, account_id in conn.execute(text(_OPEN)):
        if account_id in on_accounts:
            said.setdefault(alert, on_accounts[account_id])
    if not said:
        return []
    staged = bulk.arrow_columns(
        tables.alerts,
        alert=list(said),
        closed_because=[verdict for verdict, _ in said.values()],
        snoozed_until=[until if verdict == "snoozed" else None for verdict, until in said.values()],
    )
    with bulk.staged(conn, tables.alerts, staged) as stage:
        conn.execute(text(_CLOSE.format(stage=stage)), {"as_of": as_of})
    return list(said)
