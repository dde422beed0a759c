"""The at-risk playbook: an episode opens when a customer gets into trouble, with a first task for the right person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, text
from ulid import ULID

from mappings.models import FirstTask, Mappings
from warehouse import briefing, bulk, episodes, issues, roles, tables, tasks, templates
from warehouse.merged import ACCOUNT_NOW
from warehouse.roles import Owner

PLAYBOOK = "at_risk"
NOBODY = "no_task_owner"
"""The kind of issue for accounts whose task finds no owner."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What one day's decisions did."""

    opened: int
    """Episodes."""
    closed: int
    waiting: int
    """Accounts whose task the cap of a day holds back (D17)."""
    unowned: int
    """Accounts in an episode without a task, because nobody active is in the role."""

    def counts(self) -> dict[str, int]:
        """What happened, by the words in which a report shows it."""
        return {
            "episodes opened": self.opened,
            "episodes closed": self.closed,
            "tasks waiting": self.waiting,
            "tasks without owner": self.unowned,
        }


@dataclass(frozen=True, slots=True)
class Opening:
    """An account in trouble that has no first task yet, and its open episode if there is one."""

    row: RowMapping
    owner: Owner | None

    @property
    def account_id(self) -> str:
        return str(self.row["account_id"])


def decide(conn: Connection, mappings: Mappings, as_of: date, now: datetime) -> Decided:
    """Decide as_of, in the connection's transaction; again on the same day it opens only what came since."""
    tasks.read_back(conn, mappings, as_of)
    closed = episodes.close(conn, as_of)
    openings = _openings(conn, mappings, as_of, now)
    now_open, waiting = _within_cap(openings, tasks.opened_today(conn, as_of), mappings.company.max_new_tasks)
    minted = _open_episodes(conn, now_open, as_of, now)
    _open_tasks(conn, mappings, [o for o in now_open if o.owner], minted, as_of)
    _note_waiting(conn, waiting, as_of)
    return Decided(
        opened=sum(opening.row["episode"] is None for opening in now_open),
        closed=closed,
        waiting=len(waiting),
        unowned=sum(opening.owner is None for opening in now_open),
    )


# --- opening ----------------------------------------------------------------------------------------------------------

_TROUBLED = f"""
WITH of_account AS (
  SELECT n.account_id, e.episode, e.closed_as_of, t.key
  FROM episodes e
  JOIN ({ACCOUNT_NOW}) n ON n.decided_for = e.account_id
  LEFT JOIN tasks t ON t.episode = e.episode AND t.step = 1
  WHERE e.playbook = '{PLAYBOOK}'
), current_ones AS (
  SELECT account_id, min(episode) AS episode, count(key) AS tasks
  FROM of_account WHERE closed_as_of IS NULL GROUP BY account_id
), earlier AS (
  SELECT account_id, max(episode) AS episode, max(closed_as_of) AS closed_as_of
  FROM of_account WHERE closed_as_of IS NOT NULL GROUP BY account_id
)
SELECT s.account_id, s.state, s.score, s.reasons, a.name, c.episode, p.episode AS previous_episode
FROM score_history s
JOIN accounts a ON a.account_id = s.account_id AND NOT a.excluded AND a.customer IS NOT FALSE
LEFT JOIN current_ones c ON c.account_id = s.account_id
LEFT JOIN earlier p ON p.account_id = s.account_id
WHERE s.as_of = :as_of AND s.score IS NOT NULL AND s.state IN ('at_risk', 'critical') AND s.lifecycle = 'customer'
  AND COALESCE(c.tasks, 0) = 0 AND (p.closed_as_of IS NULL OR p.closed_as_of < :as_of)
ORDER BY CASE s.state WHEN 'critical' THEN 0 ELSE 1 END, a.arr_reporting DESC NULLS LAST, s.account_id"""  # noqa: S608
"""Customers in trouble without a first task, the most urgent first (D17).

Being in trouble without an episode, not the moment of entering, is what opens one: so a day that was cut off between
score and decision, the end of onboarding and the cap of a day lose nobody. An episode that ended today is not
followed by another one today.
"""


def _openings(conn: Connection, mappings: Mappings, as_of: date, now: datetime) -> list[Opening]:
    """Everybody who needs a first task, with its owner; who finds none becomes an issue."""
    rows = conn.execute(text(_TROUBLED), {"as_of": as_of}).mappings().all()
    role = mappings.playbooks.at_risk.first_task.role
    people = roles.people(conn, mappings, {row["account_id"] for row in rows})
    openings = [Opening(row, people.owner(row["account_id"], role)) for row in rows]
    unowned = [o.row for o in openings if o.owner is None]
    found = [roles.nobody(people, row, role, NOBODY) for row in unowned]
    issues.restate(conn, [NOBODY], found, now)
    return openings


def _within_cap(
    openings: Sequence[Opening], opened_today: Mapping[str, int], most: int
) -> tuple[list[Opening], list[Opening]]:
    """What opens now, and what waits because its owner has had enough new tasks for the day."""
    counts = Counter(opened_today)
    opening_now, waiting = [], []
    for opening in openings:
        if opening.owner and counts[opening.owner.email] >= most:
            waiting.append(opening)
            continue
        opening_now.append(opening)
        if opening.owner:
            counts[opening.owner.email] += 1
    return opening_now, waiting


def _open_episodes(conn: Connection, openings: Sequence[Opening], as_of: date, now: datetime) -> dict[str, str]:
    """account_id -> its episode, minted where there is none yet."""
    minted = {o.account_id: o.row["episode"] or str(ULID.from_datetime(now)) for o in openings}
    new = [
        {
            "episode": minted[o.account_id],
            "account_id": o.account_id,
            "playbook": PLAYBOOK,
            "opened_as_of": as_of,
            "opened_at": now,
            "score_at_opening": o.row["score"],
            "state_at_opening": o.row["state"],
            "reasons": o.row["reasons"],
            "previous_episode": o.row["previous_episode"],
        }
        for o in openings
        if o.row["episode"] is None
    ]
    bulk.append(conn, tables.episodes, new)
    return minted


@dataclass(frozen=True, slots=True)
class FirstStep:
    """What the first task of an episode is made of."""

    account_id: str
    episode: str
    owner: Owner
    names: Mapping[str, Any]


def _open_tasks(
    conn: Connection, mappings: Mappings, openings: Sequence[Opening], minted: Mapping[str, str], as_of: date
) -> None:
    account_ids = {o.account_id for o in openings}
    told = briefing.briefings(conn, mappings, as_of, account_ids)
    relapses = episodes.relapses(conn)
    steps = []
    for opening in openings:
        account_id, owner = opening.account_id, opening.owner
        if owner:
            relapse = relapses.get(minted[account_id])
            names = {**told[account_id].names(), "owner": owner.name, "relapse": relapse}
            steps.append(FirstStep(account_id, minted[account_id], owner, names))
    bulk.append(conn, tables.tasks, [_task(mappings, step, as_of) for step in steps])


def _task(mappings: Mappings, step: FirstStep, as_of: date) -> dict[str, Any]:
    template: FirstTask = mappings.playbooks.at_risk.first_task
    where = "playbooks.yaml: at_risk.first_task"
    return {
        "key": f"{mappings.company.installation}:{step.episode}:1",
        "episode": step.episode,
        "step": 1,
        "account_id": step.account_id,
        "system": step.owner.system,
        "role": step.owner.role,
        "owner_email": step.owner.email,
        "subject": " ".join(templates.render(template.subject, step.names, f"{where}.subject").split()),
        "body": templates.render(template.body, step.names, f"{where}.body"),
        "priority": template.priority[step.names["state"]],
        "due_date": as_of + timedelta(days=template.due_in_days),
        "opened_as_of": as_of,
    }


def _note_waiting(conn: Connection, waiting: Sequence[Opening], as_of: date) -> None:
    conn.execute(text("DELETE FROM waiting_tasks WHERE playbook = :playbook"), {"playbook": PLAYBOOK})
    rows = [
        {"account_id": o.account_id, "playbook": PLAYBOOK, "owner_email": o.owner.email, "as_of": as_of}
        for o in waiting
        if o.owner
    ]
    bulk.append(conn, tables.waiting_tasks, rows)
