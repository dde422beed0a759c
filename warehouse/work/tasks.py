"""Tasks of people: opened by a decision, closed by the person or by what happened to the account."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from mappings.models import Mappings, PushMapping

_SEEN = """
SELECT t.key, s.fields, s.deleted
FROM tasks t JOIN seen_values s ON s.key = t.key AND s.system = t.system AND s.object = :object
WHERE t.system = :system AND t.closed_as_of IS NULL"""

_CLOSE = "UPDATE tasks SET closed_as_of = :as_of, closed_because = :because WHERE key = :key AND closed_as_of IS NULL"

_COMPLETED = """
UPDATE tasks SET closed_as_of = :as_of, closed_because = 'done_by_person'
WHERE closed_as_of IS NULL AND EXISTS (
  SELECT 1 FROM task_feedback f WHERE f.system = tasks.system AND f.key = tasks.key AND f.closed)
RETURNING key"""
"""A task is over in whatever words the CRM closes it, not only in the one that we would write."""

_DONE_BY = """
UPDATE tasks SET done_by = (
  SELECT max(f.done_by_ref) FROM task_feedback f WHERE f.system = tasks.system AND f.key = tasks.key)
WHERE closed_because = 'done_by_person' AND done_by IS NULL AND EXISTS (
  SELECT 1 FROM task_feedback f WHERE f.system = tasks.system AND f.key = tasks.key AND f.done_by_ref IS NOT NULL)"""

_CLOSE_WITH_EPISODES = """
UPDATE tasks SET closed_as_of = :as_of, closed_because = (
  SELECT CASE e.closed_because WHEN 'account_left' THEN 'account_left' ELSE 'condition_met' END
  FROM episodes e WHERE e.episode = tasks.episode)
WHERE closed_as_of IS NULL AND episode IN (SELECT episode FROM episodes WHERE closed_as_of IS NOT NULL)"""


def read_back(conn: Connection, mappings: Mappings, as_of: date) -> int:
    """Close the tasks that people completed or deleted in a CRM; returns how many."""
    ended: dict[str, str] = {}
    for system in mappings.systems.values():
        for push in system.push.values():
            if push.rows == "tasks":
                ended |= _ended(conn, system.system, push)
    if ended:
        conn.execute(text(_CLOSE), [{"key": k, "because": why, "as_of": as_of} for k, why in sorted(ended.items())])
    completed = conn.execute(text(_COMPLETED), {"as_of": as_of}).all()
    conn.execute(text(_DONE_BY))
    return len(ended) + len(completed)


def _ended(conn: Connection, system: str, push: PushMapping) -> dict[str, str]:
    """Task key -> why it is over; we never wrote `closed` to an open task, so what shows it comes from a person."""
    closed = _closed_fields(push)
    ended = {}
    for key, fields, deleted in conn.execute(text(_SEEN), {"system": system, "object": push.object}):
        if deleted:
            ended[key] = "deleted_by_person"
        elif _shows(json.loads(fields), closed):
            ended[key] = "done_by_person"
    return ended


def _closed_fields(push: PushMapping) -> dict[str, Any]:
    """Their field -> the value by which it says that the task is closed."""
    fields = {name: f for name, f in push.fields.items() if f.from_ == "state"}
    return {name: (f.values or {}).get("closed", "closed") for name, f in fields.items()}


def _shows(seen: Mapping[str, Any], closed: Mapping[str, Any]) -> bool:
    return any(seen.get(name) == value for name, value in closed.items())


def close_with_episodes(conn: Connection, as_of: date) -> None:
    """Close the open tasks of closed episodes."""
    conn.execute(text(_CLOSE_WITH_EPISODES), {"as_of": as_of})


def opened_today(conn: Connection, as_of: date) -> dict[str, int]:
    """Owner's e-mail -> tasks that opened an alert or an episode on as_of: what counts for the cap of a day."""
    counted = """
        SELECT owner_email, count(*) AS n FROM tasks
        WHERE opened_as_of = :as_of AND COALESCE(capped, step <= 1) GROUP BY owner_email"""
    return {row.owner_email: row.n for row in conn.execute(text(counted), {"as_of": as_of})}
