"""One account lives through days: its scores, what people do, and what the playbooks made of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, text

from mappings.models import Mappings
from tests.decision_rows import ACCOUNT, AS_OF, NOW, account, customers, put, read, role, score, scorecard, user
from warehouse import tables
from warehouse.work import playbooks

DAY = timedelta(days=1)
PEOPLE = {"csm": "cara", "csm_manager": "mona", "sales_owner": "sven", "sponsor_owner": "vera"}


@cache
def only(*names: str, **company: Any) -> Mappings:
    """The house's mappings with these playbooks; all of them where none is named."""
    mappings = read(**company)
    kept = {name: playbook for name, playbook in mappings.playbooks.playbooks.items() if name in names or not names}
    playbooks_kept = mappings.playbooks.model_copy(update={"playbooks": kept})
    return mappings.model_copy(update={"playbooks": playbooks_kept})


def furnish(conn: Connection, **columns: Any) -> None:
    """A customer with somebody in every role, and a CRM that has told everything for a long time to come."""
    customers(conn, account(**columns))
    put(conn, tables.users, *(user(f"005{name}", f"{name}@example.com") for name in PEOPLE.values()))
    put(conn, tables.account_roles, *(role("001A", r, user_ref=f"005{name}") for r, name in PEOPLE.items()))
    put(conn, tables.scorecards, *scorecard())
    deliver(conn, AS_OF + 1000 * DAY)


def deliver(conn: Connection, through: date) -> None:
    """The CRM's touches and tasks are known through this day and not later."""
    conn.execute(text("DELETE FROM deliveries"))
    streams = {"Task": "touchpoints", "Event": "touchpoints", "OurTasks": "task_feedback"}
    put(
        conn,
        tables.deliveries,
        *(
            {"system": "salesforce", "stream": stream, "table_name": table, "day": through, "seen_at": NOW}
            for stream, table in streams.items()
        ),
    )


def live(conn: Connection, mappings: Mappings, day: int, state: str = "critical", **columns: Any) -> playbooks.Decided:
    """The run of one day, counted from AS_OF."""
    as_of = AS_OF + day * DAY
    put(conn, tables.score_history, score(as_of=as_of, **{"score": 30, "state": state, "tier": state, **columns}))
    return playbooks.decide(conn, mappings, as_of, at(day))


def at(day: int) -> datetime:
    return datetime.combine(AS_OF + day * DAY, time(6), NOW.tzinfo)


def touch(conn: Connection, day: int, direction: str = "inbound", outcome: str | None = None) -> None:
    """Somebody got in touch on this day."""
    put(
        conn,
        tables.touchpoints,
        {
            "system": "salesforce", "stream": "Task", "id": f"00T{day}{direction}", "account_ref": "001A", "kind": "email",
            "direction": direction, "outcome": outcome, "day": AS_OF + day * DAY, "seen_at": NOW,
        },
    )  # fmt: skip


def tasks(conn: Connection) -> list[Mapping[str, Any]]:
    return [dict(row) for row in conn.execute(text("SELECT * FROM tasks ORDER BY opened_as_of, key")).mappings()]


def opened(conn: Connection) -> dict[int, int]:
    """Step -> the day on which it opened, counted from AS_OF."""
    return {task["step"]: (task["opened_as_of"] - AS_OF).days for task in tasks(conn)}


def closed(conn: Connection) -> dict[int, tuple[int, str]]:
    """Step -> the day on which it closed, and why."""
    return {
        task["step"]: ((task["closed_as_of"] - AS_OF).days, task["closed_because"])
        for task in tasks(conn)
        if task["closed_as_of"]
    }


def episodes(conn: Connection) -> list[tuple[str, int, int | None, str | None]]:
    """Playbook, first day, last day, outcome of every episode."""
    found = conn.execute(text("SELECT * FROM episodes ORDER BY opened_as_of, episode")).mappings()
    return [
        (
            e["playbook"],
            (e["opened_as_of"] - AS_OF).days,
            (e["closed_as_of"] - AS_OF).days if e["closed_as_of"] else None,
            e["closed_because"],
        )
        for e in found
    ]


def complete(conn: Connection, step: int, by: str = "005cara") -> None:
    """A person completed the task of a step, as the CRM tells it from now on."""
    key = next(task["key"] for task in tasks(conn) if task["step"] == step)
    put(
        conn,
        tables.task_feedback,
        {
            "system": "salesforce", "stream": "OurTasks", "id": f"00T{key[-8:]}", "account_ref": "001A", "key": key,
            "closed": True, "done_by_ref": by, "seen_at": NOW,
        },
    )  # fmt: skip


def delete(conn: Connection, key: str) -> None:
    """A person deleted the task in the CRM."""
    seen = {"system": "salesforce", "object": "Task", "external_id": f"00T{key[-8:]}", "key": key}
    put(conn, tables.seen_values, {**seen, "fields": json.dumps({}), "deleted": True, "requested_at": NOW})


__all__ = ["ACCOUNT", "AS_OF", "DAY"]
