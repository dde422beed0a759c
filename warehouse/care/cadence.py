"""Regular touches by people: when the next one is due for an account of its segment, and which are overdue."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, RowMapping, text
from ulid import ULID

from mappings.models import Mappings, Touch, TouchTask
from warehouse import bulk, measures, tables
from warehouse.health import history, lateness
from warehouse.health.lateness import LINKED
from warehouse.measures import SourceColumn
from warehouse.merged import ACCOUNT_NOW
from warehouse.work.openings import Opening, Words

STEP = 0
"""A touch has one task."""

# --- when the next one is due -----------------------------------------------------------------------------------------

_DUE = """
INSERT INTO due_touches (account_id, kind, last_day, due_day)
SELECT s.account_id, CAST(:kind AS VARCHAR), t.day,
  CASE WHEN COALESCE(d.day, t.day) >= COALESCE(t.day, d.day) THEN COALESCE(d.day, t.day)
    ELSE COALESCE(t.day, b.day) END + {every_days}
FROM score_history s
JOIN (
  SELECT account_id, MIN(from_day) AS day FROM segment_history
  WHERE scheme = :scheme AND segment = :segment AND from_day <= :as_of GROUP BY account_id
) b ON b.account_id = s.account_id
LEFT JOIN (
  SELECT l.account_id, MAX(f.day) AS day
  FROM touchpoints f JOIN account_links l ON l.system = f.system AND l.external_id = f.account_ref
  WHERE f.day < :as_of AND f.kind IN :kinds AND COALESCE(f.outcome, 'held') = 'held' AND {subject}
  GROUP BY l.account_id
) t ON t.account_id = s.account_id
LEFT JOIN (
  SELECT n.account_id, MAX(p.closed_as_of) AS day
  FROM touches p JOIN ({now}) n ON n.decided_for = p.account_id
  WHERE p.kind = :kind AND p.closed_because IN ('done_by_person', 'deleted_by_person') GROUP BY n.account_id
) d ON d.account_id = s.account_id
WHERE s.as_of = :as_of AND s.segment = :segment"""
"""After the last one that took place or was ticked off; without any, after the account came into its segment."""


def place(conn: Connection, mappings: Mappings, as_of: date) -> None:
    """Record when every regular touch is due; it changes when one takes place, not because time passes (D24)."""
    history.reopen(conn, history.TOUCHES, as_of)
    conn.execute(tables.due_touches.delete())
    served = set(
        conn.scalars(text("SELECT DISTINCT segment FROM score_history WHERE as_of = :as_of"), {"as_of": as_of})
    )
    for segment, touches in mappings.segments.cadence.by_segment.items():
        for touch in touches if segment in served else ():
            _fill(conn, mappings.segments.pushed, segment, touch, as_of)
    history.record(conn, history.TOUCHES, as_of)


def _fill(conn: Connection, scheme: str, segment: str, touch: Touch, as_of: date) -> None:
    words = {f"word_{n}": word.lower() for n, word in enumerate(touch.subject_has)}
    subject = " OR ".join(f"position(:{name} IN lower(f.subject)) > 0" for name in words) or "TRUE"
    statement = _DUE.format(every_days=touch.every_days, subject=f"({subject})", now=ACCOUNT_NOW)
    bound: list[sa.BindParameter[Any]] = [
        sa.bindparam("kind", touch.id, sa.String),
        sa.bindparam("scheme", scheme, sa.String),
        sa.bindparam("segment", segment, sa.String),
        sa.bindparam("as_of", as_of, sa.Date),
        sa.bindparam("kinds", touch.kinds, sa.String, expanding=True),
        *(sa.bindparam(name, word, sa.String) for name, word in words.items()),
    ]
    conn.execute(text(statement).bindparams(*bound))


# --- which are overdue ------------------------------------------------------------------------------------------------

_DONE = """
UPDATE touches SET closed_as_of = :as_of, closed_because = (
  SELECT MIN(t.closed_because) FROM tasks t WHERE t.episode = touches.touch AND t.opened_by = 'touch')
WHERE closed_as_of IS NULL AND touch IN (
  SELECT t.episode FROM tasks t
  WHERE t.opened_by = 'touch' AND t.closed_because IN ('done_by_person', 'deleted_by_person'))"""

_NOT_DUE = f"""
UPDATE touches SET closed_as_of = :as_of, closed_because = '{{because}}'
WHERE closed_as_of IS NULL AND {{since}} AND touch IN (
  SELECT p.touch FROM touches p
  JOIN ({ACCOUNT_NOW}) n ON n.decided_for = p.account_id
  LEFT JOIN accounts a ON a.account_id = n.account_id
  LEFT JOIN score_history s ON s.account_id = n.account_id AND s.as_of = :as_of
  LEFT JOIN due_touches d ON d.account_id = n.account_id AND d.kind = p.kind
  WHERE p.closed_as_of IS NULL AND {{over}})"""  # noqa: S608

_ENDS = (
    ("account_left", "TRUE", "(a.account_id IS NULL OR a.excluded OR a.customer IS FALSE)"),
    ("held", "opened_as_of < :as_of", "s.account_id IS NOT NULL AND d.due_day >= :as_of"),
    ("not_due", "opened_as_of < :as_of", "s.account_id IS NOT NULL AND d.account_id IS NULL"),
)
"""Why a touch is over, which ones that may happen to, and how it shows."""

_CLOSE_TASKS = """
UPDATE tasks SET closed_as_of = :as_of, closed_because = (
  SELECT CASE p.closed_because WHEN 'account_left' THEN 'account_left' ELSE 'condition_met' END
  FROM touches p WHERE p.touch = tasks.episode)
WHERE closed_as_of IS NULL AND opened_by = 'touch'
  AND episode IN (SELECT touch FROM touches WHERE closed_as_of IS NOT NULL)"""


def decide(conn: Connection, mappings: Mappings, as_of: date, now: datetime) -> list[Opening]:
    """Close the touches that took place and open those that are overdue; returns the tasks to ask for."""
    conn.execute(text(_DONE), {"as_of": as_of})
    place(conn, mappings, as_of)
    for because, since, over in _ENDS:
        conn.execute(text(_NOT_DUE.format(because=because, since=since, over=over)), {"as_of": as_of})
    conn.execute(text(_CLOSE_TASKS), {"as_of": as_of})
    _open(conn, mappings, as_of, now)
    return list(_asked(conn, mappings, as_of))


_OVERDUE = f"""
SELECT d.account_id, d.kind, d.due_day
FROM due_touches d
JOIN score_history s ON s.account_id = d.account_id AND s.as_of = :as_of
JOIN ({LINKED}) k ON k.account_id = d.account_id AND k.linked IN :touches_known
WHERE d.kind = :kind AND s.segment = :segment AND d.due_day < :overdue_before
  AND NOT EXISTS (
    SELECT 1 FROM touches p JOIN ({ACCOUNT_NOW}) n ON n.decided_for = p.account_id
    WHERE n.account_id = d.account_id AND p.kind = d.kind AND p.closed_as_of IS NULL)
ORDER BY d.account_id"""  # noqa: S608


def _open(conn: Connection, mappings: Mappings, as_of: date, now: datetime) -> None:
    """One row per overdue touch; where touchpoints are late nobody knows, and nothing opens."""
    reader = replace(measures.load()["days_since_touch"], sources=(SourceColumn("touchpoints"),))
    known = lateness.in_time(conn, mappings, {"touches": reader}, as_of)["touches"]
    rows = []
    for segment, touch in _with_tasks(mappings):
        query = text(_OVERDUE).bindparams(
            sa.bindparam("as_of", as_of, sa.Date),
            sa.bindparam("kind", touch.id, sa.String),
            sa.bindparam("segment", segment, sa.String),
            sa.bindparam("overdue_before", as_of - timedelta(days=touch.grace_days), sa.Date),
            sa.bindparam("touches_known", known, sa.String, expanding=True),
        )
        rows += [
            {"touch": str(ULID.from_datetime(now)), "opened_as_of": as_of, **row}
            for row in conn.execute(query).mappings()
        ]
    bulk.append(conn, tables.touches, rows)


def _with_tasks(mappings: Mappings) -> Iterator[tuple[str, Touch]]:
    for segment, touches in mappings.segments.cadence.by_segment.items():
        yield from ((segment, touch) for touch in touches if touch.task)


_ASKED = f"""
SELECT p.touch, p.kind, n.account_id, d.due_day, d.last_day, s.segment
FROM touches p
JOIN ({ACCOUNT_NOW}) n ON n.decided_for = p.account_id
JOIN due_touches d ON d.account_id = n.account_id AND d.kind = p.kind
JOIN score_history s ON s.account_id = n.account_id AND s.as_of = :as_of
WHERE p.closed_as_of IS NULL
  AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.episode = p.touch AND t.opened_by = 'touch')
  AND NOT EXISTS (
    SELECT 1 FROM episodes e JOIN ({ACCOUNT_NOW}) w ON w.decided_for = e.account_id
    WHERE w.account_id = n.account_id AND e.closed_as_of IS NULL AND e.playbook IN :others)
ORDER BY p.touch"""  # noqa: S608
"""Overdue touches without a task, unless a playbook brings touches of its own."""


def _asked(conn: Connection, mappings: Mappings, as_of: date) -> Iterator[Opening]:
    cadence = mappings.segments.cadence
    query = text(_ASKED).bindparams(
        sa.bindparam("as_of", as_of, sa.Date),
        sa.bindparam("others", cadence.no_task_while or [""], sa.String, expanding=True),
    )
    touches = {(segment, touch.id): touch for segment, touch in _with_tasks(mappings)}
    for row in conn.execute(query).mappings():
        touch = touches.get((row["segment"], row["kind"]))
        if touch is not None and cadence.task is not None:
            yield _opening(cadence.task, touch, row, as_of)


def _opening(task: TouchTask, touch: Touch, row: RowMapping, as_of: date) -> Opening:
    return Opening(
        account_id=row["account_id"],
        opened_by="touch",
        decision=row["touch"],
        step=STEP,
        rule=touch.id,
        role=touch.role,
        colour="",
        capped=True,
        words=Words(task.subject, task.body, "segments.yaml: cadence.task"),
        due_date=as_of + timedelta(days=task.due_in_days),
        priority="normal",
        names={"label": touch.label, "due_day": row["due_day"], "last_day": row["last_day"]},
    )
