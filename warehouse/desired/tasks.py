"""Tasks on their way to the CRM that was the account's CRM of record when they were opened."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import RowMapping, text

from warehouse.desired.row import Columns, DesiredRow, Target
from warehouse.merged import ACCOUNT_NOW

_TASKS = """
SELECT t.key, n.account_id, t.owner_email, t.subject, t.body, t.priority, t.due_date, t.opened_as_of,
  t.closed_as_of, t.closed_because
FROM tasks t
JOIN ({now}) n ON n.decided_for = t.account_id
LEFT JOIN acknowledged k ON k.system = t.system AND k.push = :push AND k.row_key = t.key AND NOT k.gone
WHERE t.system = :system AND (
  t.closed_as_of IS NULL OR (t.closed_because IN ('condition_met', 'account_left') AND k.row_key IS NOT NULL))
ORDER BY t.key
"""
"""Open tasks, and those that we closed after the CRM had them; what a person did or deleted is the person's."""


def _tasks(target: Target) -> Sequence[RowMapping]:
    bound = {**target.bound(), "push": target.push_name("tasks")}
    return target.conn.execute(text(_TASKS.format(now=ACCOUNT_NOW)), bound).mappings().all()


def decisions(target: Target) -> list[DesiredRow]:
    """A row per open task, and per task that we closed and the CRM still shows."""
    tasks = _tasks(target)
    directory = target.directory({task["account_id"] for task in tasks})
    return [
        DesiredRow(
            row_key=task["key"],
            account_id=task["account_id"],
            external_id=None,
            key=task["key"],
            decision="open" if task["closed_as_of"] is None else f"closed: {task['closed_because']}",
            as_of=task["closed_as_of"] or task["opened_as_of"],
            waits_for=directory.lacks(task["account_id"], task["owner_email"]),
        )
        for task in tasks
    ]


def columns(target: Target, row_keys: Sequence[str]) -> dict[str, Columns]:
    """The pushed columns of these tasks."""
    wanted = set(row_keys)
    tasks = [task for task in _tasks(target) if task["key"] in wanted]
    directory = target.directory({task["account_id"] for task in tasks})
    return {
        task["key"]: {
            "key": task["key"],
            "account_id": task["account_id"],
            "subject": task["subject"],
            "body": task["body"],
            "account_external_id": directory.account(task["account_id"]),
            "owner_external_id": directory.user(task["owner_email"]),
            "due_date": task["due_date"],
            "priority": task["priority"],
            "state": "open" if task["closed_as_of"] is None else "closed",
        }
        for task in tasks
    }
