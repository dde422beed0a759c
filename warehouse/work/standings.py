"""How every open episode stands on a day: its count of days, and what people on both sides did since its opening."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

from sqlalchemy import Connection, String, bindparam, text

from mappings.models import Mappings
from warehouse import tables
from warehouse.health import freshness
from warehouse.merged import ACCOUNT_NOW

LEAST_TERM_DAYS = 90
"""A renewal date that moves on by this much is a new term; by less it was corrected."""

_ANCHOR = "COALESCE(e.anchor, e.opened_as_of)"
_DAY = f"""CASE WHEN e.playbook IN :by_renewal AND abs(s.renewal_date - {_ANCHOR}) < {LEAST_TERM_DAYS}
    THEN :as_of - s.renewal_date ELSE :as_of - {_ANCHOR} END"""
"""A renewal date that was corrected moves the count along."""

_FILL = f"""
INSERT INTO standings
SELECT e.episode, e.playbook, n.account_id, e.opened_as_of, {_DAY}, e.score_at_opening, s.score - e.score_at_opening,
  CASE WHEN t.responses > 0 THEN TRUE WHEN k.touches = 1 THEN FALSE END,
  CASE WHEN t.meetings > 0 THEN TRUE WHEN k.touches = 1 THEN FALSE END,
  CASE WHEN d.steps > 0 THEN TRUE WHEN s.crm IN :tasks_known THEN FALSE END,
  COALESCE(d.steps, 0),
  COALESCE(s.renewal_date - {_ANCHOR} >= {LEAST_TERM_DAYS}, FALSE),
  s.renewal_date IS NULL
FROM episodes e
JOIN ({ACCOUNT_NOW}) n ON n.decided_for = e.account_id
JOIN situations s ON s.account_id = n.account_id
LEFT JOIN standings already ON already.episode = e.episode
LEFT JOIN (
  SELECT e.episode, sum(CASE WHEN p.outcome = 'held' THEN 1 ELSE 0 END) AS meetings,
    sum(CASE WHEN p.outcome = 'held' OR p.direction = 'inbound' THEN 1 ELSE 0 END) AS responses
  FROM episodes e
  JOIN ({ACCOUNT_NOW}) n ON n.decided_for = e.account_id
  JOIN account_links l ON l.account_id = n.account_id
  JOIN touchpoints p ON p.system = l.system AND p.account_ref = l.external_id
  WHERE e.closed_as_of IS NULL AND p.day >= e.opened_as_of AND p.day < :as_of
  GROUP BY e.episode
) t ON t.episode = e.episode
LEFT JOIN (
  SELECT account_id, CASE WHEN max(CASE WHEN system IN :touches_late THEN 1 ELSE 0 END) = 0
    AND max(CASE WHEN system IN :touches_known THEN 1 ELSE 0 END) = 1 THEN 1 ELSE 0 END AS touches
  FROM account_links GROUP BY account_id
) k ON k.account_id = n.account_id
LEFT JOIN (
  SELECT episode, count(*) AS steps FROM tasks WHERE closed_because = 'done_by_person' GROUP BY episode
) d ON d.episode = e.episode
WHERE e.playbook IN :known AND e.closed_as_of IS NULL AND already.episode IS NULL"""  # noqa: S608
"""That nobody answered is known only while every system that tells of touches is delivered through yesterday (D19)."""


def fill(conn: Connection, mappings: Mappings, as_of: date) -> None:
    """Add the open episodes that are not in the table yet; `clear` begins a day."""
    touches_known, touches_late = _delivered(conn, mappings, as_of, ("touchpoints",))
    tasks_known, _ = _delivered(conn, mappings, as_of, ("touchpoints", "task_feedback"))
    playbooks = mappings.playbooks.playbooks
    listed = {
        "known": list(playbooks),
        "by_renewal": [name for name, playbook in playbooks.items() if playbook.counts_from == "renewal_date"],
        "tasks_known": sorted(tasks_known),
        "touches_known": sorted(touches_known),
        "touches_late": sorted(touches_late),
    }
    query = text(_FILL).bindparams(*(bindparam(name, type_=String, expanding=True) for name in listed))
    conn.execute(query, {**listed, "as_of": as_of})


def clear(conn: Connection) -> None:
    """Forget the standings of an earlier run."""
    conn.execute(tables.standings.delete())


def _delivered(conn: Connection, mappings: Mappings, as_of: date, into: Collection[str]) -> tuple[set[str], set[str]]:
    """The systems whose streams into these tables are all complete through yesterday, and those of which one is not.

    Files of a kind that never came are not late: most products drop fewer kinds than the mapping reads.
    """
    feeds = [feed for feed in freshness.feeds(mappings) if feed.table in into]
    delivered = freshness.deliveries(conn, feeds)
    feeds = [f for f in feeds if f in delivered or mappings.systems[f.system].kind != "files"]
    yesterday = as_of - timedelta(days=1)
    late = {f.system for f in feeds if f not in delivered or not delivered[f].covers(yesterday, yesterday)}
    return {feed.system for feed in feeds} - late, late
