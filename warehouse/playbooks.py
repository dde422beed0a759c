"""The at-risk playbook: an episode opens when a customer gets into trouble, with a first task for the right person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, RowMapping, text
from ulid import ULID

from mappings.models import Mappings
from warehouse import bulk, episodes, openings, tables, tasks
from warehouse.merged import ACCOUNT_NOW
from warehouse.openings import Opening, Words

PLAYBOOK = "at_risk"


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


def decide(conn: Connection, mappings: Mappings, as_of: date, now: datetime) -> Decided:
    """Decide as_of, in the connection's transaction; again on the same day it opens only what came since."""
    tasks.read_back(conn, mappings, as_of)
    closed = episodes.close(conn, as_of)
    rows = conn.execute(text(_TROUBLED), {"as_of": as_of}).mappings().all()
    minted = {row["account_id"]: row["episode"] or str(ULID.from_datetime(now)) for row in rows}
    recovered = episodes.recoveries(conn)
    asked = [_opening(mappings, row, minted[row["account_id"]], recovered, as_of) for row in rows]
    opened = openings.open(conn, mappings, as_of, now, asked)
    waiting = {opening.decision for opening in opened.waiting}
    new = [row for row in rows if row["episode"] is None and minted[row["account_id"]] not in waiting]
    bulk.append(conn, tables.episodes, [_episode(row, minted[row["account_id"]], as_of, now) for row in new])
    return Decided(opened=len(new), closed=closed, waiting=len(waiting), unowned=len(opened.unowned))


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


def _opening(
    mappings: Mappings, row: RowMapping, episode: str, recovered: dict[str, dict[str, str]], as_of: date
) -> Opening:
    task = mappings.playbooks.at_risk.first_task
    return Opening(
        account_id=row["account_id"],
        opened_by="episode",
        decision=episode,
        step=1,
        rule=PLAYBOOK,
        role=task.role,
        colour="red" if row["state"] == "critical" else "yellow",
        capped=True,
        words=Words(task.subject, task.body, "playbooks.yaml: at_risk.first_task"),
        due_date=as_of + timedelta(days=task.due_in_days),
        priority=task.priority[row["state"]],
        names={"relapse": recovered.get(row["previous_episode"])},
    )


def _episode(row: RowMapping, episode: str, as_of: date, now: datetime) -> dict[str, object]:
    return {
        "episode": episode,
        "account_id": row["account_id"],
        "playbook": PLAYBOOK,
        "opened_as_of": as_of,
        "opened_at": now,
        "score_at_opening": row["score"],
        "state_at_opening": row["state"],
        "reasons": row["reasons"],
        "previous_episode": row["previous_episode"],
    }
