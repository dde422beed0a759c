"""A warehouse played day by day for the tests of alerts: who is scored, what the measures say, which sources came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import Connection, text

from mappings.models import Alerts, Mappings
from tests.decision_rows import ACCOUNT, NOW, put, read, score
from warehouse import tables
from warehouse.alerts import alert_tasks, alerts, signals
from warehouse.alerts.alerts import Told
from warehouse.health import history
from warehouse.work import openings

DAY = timedelta(days=1)
FOLDER = Path(__file__).parent.parent / "mappings"


def shipped() -> Alerts:
    """alerts.yaml of the house."""
    return Alerts.model_validate(yaml.safe_load((FOLDER / "alerts.yaml").read_text()))


def rules(*changed: Mapping[str, Any], **settings: Any) -> Mappings:
    """The mappings of the house with these rules instead of the shipped ones."""
    defaults = {"colour": "yellow", "label": "A rule", "says": "it is so", "action": "act", "task": True}
    task = shipped().task
    assert task is not None
    told = {"task": task.model_dump(), "rules": [{**defaults, **rule} for rule in changed], **settings}
    return read().model_copy(update={"alerts": Alerts.model_validate(told)})


def with_shipped_rules(**settings: Any) -> Mappings:
    return read().model_copy(update={"alerts": shipped().model_copy(update=settings)})


def measured(conn: Connection, day: date, values: Mapping[str, float | None], account_id: str = ACCOUNT) -> None:
    """What the measures of an account say on a day; None is unknown, and what is not named stays as it was."""
    conn.execute(tables.measure_values.delete())
    before = {
        row.measure: row.value
        for row in conn.execute(
            text("SELECT measure, value FROM measure_history WHERE account_id = :a AND to_day IS NULL"),
            {"a": account_id},
        )
    }
    now_so = {name: value for name, value in {**before, **values}.items() if value is not None}
    rows = [{"measure": m, "account_id": account_id, "product": "", "value": v} for m, v in now_so.items()]
    put(conn, tables.measure_values, *rows)
    conn.execute(tables.scored_accounts.delete())
    put(
        conn, tables.scored_accounts, {"account_id": account_id, "lifecycle": "customer", "version": "v1", "linked": ""}
    )
    history.record(conn, history.MEASURES, day)


def fresh(conn: Connection, measures: Sequence[str], evaluated_as_of: date | None) -> None:
    """From which day these measures are judged; None: their source expired."""
    conn.execute(tables.measure_readiness.delete())
    put(
        conn,
        tables.measure_readiness,
        *(
            {
                "measure": m,
                "linked": "salesforce",
                "by_product": False,
                "evaluated_as_of": evaluated_as_of,
                "reason": "",
            }
            for m in measures
        ),
    )


def decide(conn: Connection, mappings: Mappings, day: date, now: datetime = NOW) -> list[Told]:
    """One run of a day: its alerts, and the tasks that they ask for."""
    with signals.gathered(conn, mappings, day, now):
        told = alerts.decide(conn, mappings, day, now)
    openings.open(conn, mappings, day, now, alert_tasks.asked(conn, mappings, day))
    return told


def day(
    conn: Connection,
    mappings: Mappings,
    on: date,
    values: Mapping[str, float | None],
    *,
    late: int = 0,
    **columns: Any,
) -> list[str]:
    """Score, measure and decide one day; returns what people hear, as "rule opened" or "rule recovered"."""
    put(conn, tables.score_history, score(as_of=on, **columns))
    measured(conn, on, values)
    fresh(conn, sorted(values), on - late * DAY)
    return [f"{told.rule} {told.change}" for told in decide(conn, mappings, on)]
