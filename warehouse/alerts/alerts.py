"""Alerts: what somebody should know of, opened when an account's situation changes and closed when it is over.

An alert opens once and stays open, however many runs see it (D17). Unknown signals neither open nor close one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, RowMapping, text

from mappings.models import AlertRule, Mappings
from warehouse import bulk, tables
from warehouse.alerts import alert_closings, alert_openings, silences
from warehouse.merged import ACCOUNT_NOW
from warehouse.work import predicates, roles
from warehouse.work.roles import People


@dataclass(frozen=True, slots=True)
class Told:
    """A change of state that people hear of: an alert that opened or closed."""

    alert: str
    change: str
    """opened, or why it closed: recovered, window_passed, superseded, not_a_risk, snoozed, account_left."""
    account_id: str
    account: str
    rule: str
    colour: str
    label: str
    says: str
    action: str
    playbook: str
    role: str
    owner_email: str
    """Of the person in the role; empty where nobody active is."""
    as_of: date


def decide(conn: Connection, mappings: Mappings, as_of: date, now: datetime) -> list[Told]:
    """Open and close the alerts of as_of, in the connection's transaction; the signals of the day are gathered.

    A later run of the day opens what came since, and closes nothing that the day has opened.
    """
    _judge(conn, mappings)
    closed = alert_closings.close(conn, mappings, as_of)
    _latest(conn)
    silent = silences.silent(conn, mappings, as_of)
    opened = alert_openings.open(conn, mappings, silent, as_of, now)
    closed += alert_closings.supersede(conn, mappings, as_of) if opened else []
    _cool(conn, as_of)
    for table in ("latest_alerts", "judged_alerts"):
        conn.execute(text(f"DROP TABLE {table}"))
    return told(conn, mappings, opened, closed) if opened or closed else []


# --- who is in which situation ----------------------------------------------------------------------------------------

_JUDGED = """
CREATE TEMPORARY TABLE judged_alerts (account_id VARCHAR, rule VARCHAR, holds BOOLEAN, over BOOLEAN)"""

_JUDGE = """
INSERT INTO judged_alerts (account_id, rule, holds, over)
SELECT j.account_id, j.rule, j.holds, j.over
FROM ({rules}) j
WHERE j.holds OR (j.account_id, j.rule) IN (
  SELECT n.account_id, e.rule FROM alerts e JOIN ({now}) n ON n.decided_for = e.account_id)"""

_BY_RULE = """
SELECT account_id, CAST({rule} AS VARCHAR) AS rule, {holds} AS holds, {over} AS over
FROM signals WHERE lifecycle IN ({lifecycles})"""
"""Three values: true, false, and NULL where the signals that would decide it are unknown."""


def _judge(conn: Connection, mappings: Mappings) -> None:
    conn.execute(text(_JUDGED))
    binds: predicates.Binds = {}
    rules = " UNION ALL ".join(_by_rule(rule, binds) for rule in mappings.alerts.rules)
    if rules:
        conn.execute(text(_JUDGE.format(rules=rules, now=ACCOUNT_NOW)), binds)
    bulk.analyze(conn, "judged_alerts")


def _by_rule(rule: AlertRule, binds: predicates.Binds) -> str:
    holds = predicates.sql(rule.when, str, binds)
    over = predicates.sql(rule.until, str, binds) if rule.until is not None else f"NOT {holds}"
    if alert_closings.compares_scores(rule):
        over = f"{over} AND is_late IS NOT TRUE"
    lifecycles = ", ".join(f"'{name}'" for name in rule.lifecycle)
    return _BY_RULE.format(rule=predicates.bind(rule.id, binds), holds=holds, over=over, lifecycles=lifecycles)


_LATEST = f"""
INSERT INTO latest_alerts
SELECT account_id, rule, alert, closed_as_of, closed_because, false_since, snoozed_until
FROM (
  SELECT n.account_id, e.rule, e.alert, e.closed_as_of, e.closed_because, e.false_since, e.snoozed_until,
    ROW_NUMBER() OVER (
      PARTITION BY n.account_id, e.rule ORDER BY CASE WHEN e.closed_as_of IS NULL THEN 0 ELSE 1 END, e.alert DESC
    ) AS place
  FROM alerts e JOIN ({ACCOUNT_NOW}) n ON n.decided_for = e.account_id
) x WHERE x.place = 1"""  # noqa: S608


def _latest(conn: Connection) -> None:
    """Each account's open alert of a rule, or else its last one."""
    conn.execute(
        text(
            "CREATE TEMPORARY TABLE latest_alerts (account_id VARCHAR, rule VARCHAR, alert VARCHAR, "
            "closed_as_of DATE, closed_because VARCHAR, false_since DATE, snoozed_until DATE)"
        )
    )
    conn.execute(text(_LATEST))
    bulk.analyze(conn, "latest_alerts")


# --- cooling down -----------------------------------------------------------------------------------------------------

_TRUE_AGAIN = """
UPDATE alerts SET false_since = NULL
WHERE closed_as_of IS NOT NULL AND false_since IS NOT NULL AND alert IN (
  SELECT l.alert FROM latest_alerts l JOIN judged_alerts j ON j.account_id = l.account_id AND j.rule = l.rule
  WHERE j.holds)"""

_FALSE_NOW = """
UPDATE alerts SET false_since = :as_of
WHERE closed_as_of IS NOT NULL AND false_since IS NULL AND alert IN (
  SELECT l.alert FROM latest_alerts l JOIN judged_alerts j ON j.account_id = l.account_id AND j.rule = l.rule
  WHERE NOT j.holds)"""


def _cool(conn: Connection, as_of: date) -> None:
    """A cool-down runs while the condition is false; once it is true again the cool-down begins anew."""
    conn.execute(text(_TRUE_AGAIN))
    conn.execute(text(_FALSE_NOW), {"as_of": as_of})


# --- what people hear -------------------------------------------------------------------------------------------------

_TOLD = """
SELECT e.alert, e.rule, e.colour, e.says, e.opened_as_of, e.closed_as_of, e.closed_because, n.account_id, a.name
FROM alerts e
JOIN {stage} t ON t.alert = e.alert
JOIN ({now}) n ON n.decided_for = e.account_id
LEFT JOIN accounts a ON a.account_id = n.account_id
ORDER BY CASE e.colour WHEN 'red' THEN 0 WHEN 'yellow' THEN 1 ELSE 2 END, e.alert"""


def told(conn: Connection, mappings: Mappings, opened: Sequence[str], closed: Sequence[str]) -> list[Told]:
    """The changes of a run, the most urgent first."""
    rules = {rule.id: rule for rule in mappings.alerts.rules}
    asked = bulk.arrow_columns(tables.alerts, alert=[*opened, *closed])
    with bulk.staged(conn, tables.alerts, asked) as stage:
        rows = conn.execute(text(_TOLD.format(stage=stage, now=ACCOUNT_NOW))).mappings().all()
    people = roles.people(conn, mappings, {row["account_id"] for row in rows})
    return list(_changes(rows, rules, people))


def _changes(rows: Sequence[RowMapping], rules: Mapping[str, AlertRule], people: People) -> Iterator[Told]:
    for row in rows:
        rule = rules.get(row["rule"])
        role = rule.role if rule else "csm"
        owner = people.owner(row["account_id"], role)
        yield Told(
            alert=row["alert"],
            change=row["closed_because"] or "opened",
            account_id=row["account_id"],
            account=row["name"] or row["account_id"],
            rule=row["rule"],
            colour=row["colour"],
            label=rule.label if rule else row["rule"],
            says=row["says"],
            action=rule.action if rule else "",
            playbook=rule.playbook if rule else "",
            role=role,
            owner_email=owner.email if owner else "",
            as_of=row["closed_as_of"] or row["opened_as_of"],
        )
