"""Episodes: one run of a playbook for one account, from trouble to recovery, and what came before it."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, text

from warehouse import tasks, templates
from warehouse.merged import ACCOUNT_NOW

_RECOVERED = f"""
UPDATE episodes SET closed_as_of = :as_of, closed_because = 'recovered'
WHERE closed_as_of IS NULL AND playbook = 'at_risk' AND opened_as_of < :as_of AND episode IN (
  SELECT e.episode FROM episodes e
  JOIN ({ACCOUNT_NOW}) n ON n.decided_for = e.account_id
  JOIN score_history s ON s.account_id = n.account_id AND s.as_of = :as_of
  WHERE s.score IS NOT NULL AND s.state IN ('monitor', 'healthy'))
RETURNING episode"""  # noqa: S608
"""An episode stays on the day that opened it, whatever a later run of that day says."""

_LEFT = f"""
UPDATE episodes SET closed_as_of = :as_of, closed_because = 'account_left'
WHERE closed_as_of IS NULL AND episode IN (
  SELECT e.episode FROM episodes e
  JOIN ({ACCOUNT_NOW}) n ON n.decided_for = e.account_id
  LEFT JOIN accounts a ON a.account_id = n.account_id
  WHERE a.account_id IS NULL OR a.excluded OR a.customer IS FALSE)
RETURNING episode"""  # noqa: S608
"""An account of which we do not know whether it is a customer has not left."""


def close(conn: Connection, as_of: date) -> int:
    """Close the episodes of accounts that recovered or left, and their open tasks; returns how many."""
    closed = sum(len(conn.execute(text(ended), {"as_of": as_of}).all()) for ended in (_LEFT, _RECOVERED))
    tasks.close_with_episodes(conn, as_of)
    return closed


_RECOVERIES = "SELECT episode, opened_as_of, closed_as_of FROM episodes WHERE closed_because = 'recovered'"


def recoveries(conn: Connection) -> dict[str, dict[str, str]]:
    """Recovered episode -> its days in words, for the text of a relapse."""
    return {
        episode: {"opened_as_of": templates.day(opened), "closed_as_of": templates.day(closed)}
        for episode, opened, closed in conn.execute(text(_RECOVERIES))
    }
