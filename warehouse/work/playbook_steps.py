"""The steps of open episodes: which are due, which are not needed any more, and which are done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection, RowMapping, text

from mappings.models import Mappings, Playbook, Step
from warehouse import tables
from warehouse.work import predicates, situations
from warehouse.work.episodes import running, scored

_JUDGED = """
SELECT e.episode, CAST({step} AS INTEGER) AS step, e.playbook, {escalation} AS escalation, e.day >= {on_day} AS begun,
  {late} AS late, {wanted} AS wanted, {done} AS done
FROM standings e JOIN situations s ON s.account_id = e.account_id
WHERE e.playbook = {playbook} AND {score}"""

_DECIDE = """
INSERT INTO episode_steps (episode, step, decided_as_of, result)
SELECT x.episode, x.step, :as_of, x.result FROM (
  SELECT j.episode, j.step, CASE
      WHEN j.late THEN 'missed'
      WHEN j.escalation AND NOT j.wanted THEN 'not_needed'
      WHEN NOT j.escalation AND j.done THEN 'not_needed'
      WHEN j.wanted THEN 'due' END AS result
  FROM judged_steps j
  LEFT JOIN episode_steps d ON d.episode = j.episode AND d.step = j.step
  WHERE j.begun AND d.episode IS NULL
) x WHERE x.result IS NOT NULL"""
"""Once and for all (D18): an escalation in the first run that can tell, another step as soon as it is wanted."""

_OVERTAKEN = """
UPDATE episode_steps SET result = '{result}'
WHERE result = 'due' AND EXISTS (
    SELECT 1 FROM judged_steps j
    WHERE j.episode = episode_steps.episode AND j.step = episode_steps.step AND j.{became})
  AND NOT EXISTS (
    SELECT 1 FROM tasks t WHERE t.episode = episode_steps.episode AND t.step = episode_steps.step)"""
"""A due step that found no owner or no room in a day is dropped when its time is over or its aim is reached."""

_DONE = """
UPDATE tasks SET closed_as_of = :as_of, closed_because = 'condition_met'
WHERE closed_as_of IS NULL AND opened_as_of < :as_of AND EXISTS (
  SELECT 1 FROM judged_steps j WHERE j.episode = tasks.episode AND j.step = tasks.step AND j.done)
RETURNING key"""

_DUE = """
SELECT e.episode, d.step, e.playbook, e.account_id, e.day, e.opened_as_of, e.score_at_opening, s.state, s.score,
  b.previous_episode,
  CASE WHEN EXISTS (SELECT 1 FROM tasks o WHERE o.episode = e.episode) THEN 1 ELSE 0 END AS begun
FROM episode_steps d
JOIN judged_steps j ON j.episode = d.episode AND j.step = d.step
JOIN standings e ON e.episode = d.episode
JOIN situations s ON s.account_id = e.account_id
JOIN episodes b ON b.episode = e.episode
LEFT JOIN tasks t ON t.episode = d.episode AND t.step = d.step
WHERE d.result = 'due' AND t.key IS NULL
ORDER BY e.episode, d.step"""


def judge(conn: Connection, mappings: Mappings, as_of: date) -> None:
    """Look at every step of every open episode, and decide those whose time has come."""
    conn.execute(tables.judged_steps.delete())
    binds: predicates.Binds = {}
    judged = [_judged(name, p, step, binds) for name, p in running(conn, mappings) for step in p.steps]
    if not judged:
        return
    query = f"INSERT INTO judged_steps {' UNION ALL '.join(judged)}"
    conn.execute(text(query), binds | ({"as_of": as_of} if ":as_of" in query else {}))
    conn.execute(text(_DECIDE), {"as_of": as_of})
    for result, became in (("missed", "late"), ("not_needed", "done")):
        conn.execute(text(_OVERTAKEN.format(result=result, became=became)))


def close_done(conn: Connection, as_of: date) -> int:
    """Close the tasks whose aim is reached, from the day after their opening on; returns how many."""
    return len(conn.execute(text(_DONE), {"as_of": as_of}).all())


def due(conn: Connection) -> Sequence[RowMapping]:
    """Steps that should be tasks and are none yet."""
    return conn.execute(text(_DUE)).mappings().all()


def _judged(name: str, playbook: Playbook, step: Step, binds: predicates.Binds) -> str:
    column = situations.columns(binds)
    return _JUDGED.format(
        playbook=predicates.bind(name, binds),
        step=step.step,
        escalation="TRUE" if step.escalation else "FALSE",
        on_day=step.on_day,
        late="FALSE" if step.until_day is None else f"e.day > {step.until_day}",
        wanted="TRUE" if step.when is None else predicates.sql(step.when, column, binds),
        done="FALSE" if step.done_when is None else predicates.sql(step.done_when, column, binds),
        score=scored(playbook),
    )
