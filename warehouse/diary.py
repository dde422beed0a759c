"""What happened with accounts, day by day: everything that was opened, closed or changed its state."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, text

from mappings.models import Mappings


class Entry(NamedTuple):
    """One thing that happened."""

    day: date
    account: str
    what: str
    """state, episode, task, alert, handoff."""
    happened: str
    """opened, escalated, closed, or the state that was entered."""
    which: str
    """The playbook, the alert, the subject of the task, the name of the handoff."""
    because: str
    """Who does it, or why it ended."""


_HAPPENED = """
WITH states AS (
  SELECT account_id, as_of, state, lag(state) OVER (PARTITION BY account_id ORDER BY as_of) AS before, score
  FROM score_history
), happened AS (
  SELECT 1 AS ordinal, s.as_of AS day, s.account_id, 'state' AS what, s.state AS happened,
    'was ' || s.before AS which, 'score ' || COALESCE(CAST(s.score AS VARCHAR), 'unknown') AS because
  FROM states s WHERE s.before <> s.state
  UNION ALL
  SELECT 2, opened_as_of, account_id, 'episode', 'opened', playbook,
    CASE WHEN previous_episode IS NULL THEN '' ELSE 'again' END
  FROM episodes
  UNION ALL
  SELECT 5, closed_as_of, account_id, 'episode', 'closed', playbook, COALESCE(closed_because, '')
  FROM episodes WHERE closed_as_of IS NOT NULL
  UNION ALL
  SELECT 2, a.opened_as_of, a.account_id, 'alert', 'opened', a.says,
    a.colour || COALESCE(', ' || t.role || ' ' || t.owner_email, ', no task')
  FROM alerts a LEFT JOIN tasks t ON t.episode = a.alert
  WHERE COALESCE(a.closed_because, '') <> 'baseline'
  UNION ALL
  SELECT 4, closed_as_of, account_id, 'alert', 'closed', says, COALESCE(closed_because, '')
  FROM alerts WHERE closed_as_of IS NOT NULL AND closed_because <> 'baseline'
  UNION ALL
  SELECT 3, opened_as_of, account_id, 'task',
    CASE WHEN opened_by = 'episode' AND rule || ' ' || CAST(step AS VARCHAR) IN :escalations THEN 'escalated'
      ELSE 'opened' END,
    subject, role || ' ' || owner_email
  FROM tasks WHERE opened_by <> 'alert'
  UNION ALL
  SELECT 4, closed_as_of, account_id, 'task', 'closed', subject, COALESCE(closed_because, '')
  FROM tasks WHERE closed_as_of IS NOT NULL AND opened_by <> 'alert'
  UNION ALL
  SELECT 6, opened_as_of, account_id, 'handoff', 'opened', name, owner_email FROM handoffs
  UNION ALL
  SELECT 7, closed_as_of, account_id, 'handoff', 'closed', name, state FROM handoffs WHERE closed_as_of IS NOT NULL
)
SELECT h.day, COALESCE(a.name, h.account_id) AS account, h.what, h.happened, h.which, h.because
FROM happened h LEFT JOIN accounts a ON a.account_id = h.account_id
WHERE h.day BETWEEN :first AND :last
ORDER BY h.day, 2, h.ordinal, h.which
"""


def entries(conn: Connection, mappings: Mappings, first: date, last: date) -> Sequence[Entry]:
    """Everything from the first day through the last, in the order in which it happened."""
    happened = text(_HAPPENED).bindparams(bindparam("escalations", expanding=True))
    found = conn.execute(happened, {"first": first, "last": last, "escalations": _escalations(mappings)})
    return [Entry(*row) for row in found]


def _escalations(mappings: Mappings) -> list[str]:
    """The steps that escalate, as "playbook step"."""
    playbooks = mappings.playbooks.playbooks.items()
    return [f"{name} {step.step}" for name, playbook in playbooks for step in playbook.steps if step.escalation]
