"""Episodes: one run of a playbook for one account, from its reason to its outcome, and what came before it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, text
from ulid import ULID

from mappings.models import Ending, Mappings, Playbook
from warehouse import bulk, tables
from warehouse.merged import ACCOUNT_NOW
from warehouse.work import predicates, situations, tasks, templates
from warehouse.work.standings import LEAST_TERM_DAYS

# --- ending -----------------------------------------------------------------------------------------------------------

_LEFT = f"""
UPDATE episodes SET closed_as_of = :as_of, closed_because = 'account_left'
WHERE closed_as_of IS NULL AND episode IN (
  SELECT e.episode FROM episodes e
  JOIN ({ACCOUNT_NOW}) n ON n.decided_for = e.account_id
  LEFT JOIN accounts a ON a.account_id = n.account_id
  WHERE a.account_id IS NULL OR a.excluded OR a.customer IS FALSE)
RETURNING episode"""  # noqa: S608
"""An account of which we do not know whether it is a customer has not left."""

_OVER = """
SELECT e.episode, CASE {endings} END AS outcome
FROM standings e JOIN situations s ON s.account_id = e.account_id
WHERE e.playbook = {playbook} AND e.opened_as_of < :as_of AND {score}"""
"""An episode stays on the day that opened it, whatever a later run of that day says."""

_END = """
UPDATE episodes SET closed_as_of = :as_of, closed_because = :outcome
WHERE closed_as_of IS NULL AND episode = :episode"""

_FORGET_CLOSED = "DELETE FROM standings WHERE episode IN (SELECT episode FROM episodes WHERE closed_as_of IS NOT NULL)"


def close(conn: Connection, mappings: Mappings, as_of: date) -> int:
    """Close the episodes that reached an end or whose account left, and their open tasks; returns how many."""
    left = conn.execute(text(_LEFT), {"as_of": as_of}).all()
    over = _over(conn, mappings, as_of)
    if over:
        conn.execute(text(_END), [{"episode": e, "outcome": outcome, "as_of": as_of} for e, outcome in over])
    if left or over:
        conn.execute(text(_FORGET_CLOSED))
    tasks.close_with_episodes(conn, as_of)
    return len(left) + len(over)


def _over(conn: Connection, mappings: Mappings, as_of: date) -> Sequence[tuple[str, str]]:
    """(episode, outcome) of the open episodes for which one of their playbook's endings is true, the first one."""
    binds: predicates.Binds = {"as_of": as_of}
    ended = [
        _OVER.format(
            endings=" ".join(_ending(ending, binds) for ending in playbook.ends),
            playbook=predicates.bind(name, binds),
            score=scored(playbook),
        )
        for name, playbook in running(conn, mappings)
    ]
    if not ended:
        return []
    query = f"SELECT episode, outcome FROM ({' UNION ALL '.join(ended)}) x WHERE outcome IS NOT NULL ORDER BY episode"  # noqa: S608
    return [(row.episode, row.outcome) for row in conn.execute(text(query), binds)]


def _ending(ending: Ending, binds: predicates.Binds) -> str:
    true = predicates.sql(ending.when, situations.columns(binds), binds)
    return f"WHEN {true} THEN {predicates.bind(ending.outcome, binds)}"


def running(conn: Connection, mappings: Mappings) -> list[tuple[str, Playbook]]:
    """The playbooks that have open episodes, by name."""
    names = set(conn.scalars(text("SELECT DISTINCT playbook FROM standings")))
    return [(name, playbook) for name, playbook in mappings.playbooks.playbooks.items() if name in names]


def scored(playbook: Playbook) -> str:
    """The part of a WHERE that leaves out accounts without a score, for a playbook that needs one."""
    return "s.score IS NOT NULL" if playbook.needs_score else "TRUE"


# --- opening ----------------------------------------------------------------------------------------------------------

_EARLIER = f"""
WITH earlier AS (
  SELECT n.account_id, e.playbook, max(e.closed_as_of) AS closed_as_of,
    max(COALESCE(e.anchor, e.opened_as_of)) AS anchor,
    max(CASE WHEN e.closed_as_of IS NULL THEN 1 ELSE 0 END) AS open,
    max(CASE WHEN e.closed_as_of IS NOT NULL THEN e.episode END) AS episode
  FROM episodes e
  JOIN ({ACCOUNT_NOW}) n ON n.decided_for = e.account_id
  GROUP BY n.account_id, e.playbook
)"""  # noqa: S608

_WANTED = """
SELECT {playbook} AS playbook, s.account_id, s.score, s.state, s.reasons, {day} AS day, p.episode AS previous_episode
FROM situations s
LEFT JOIN earlier p ON p.account_id = s.account_id AND p.playbook = {playbook}
WHERE COALESCE(p.open, 0) = 0 AND (p.closed_as_of IS NULL OR p.closed_as_of < {rested}) AND {score} AND {counts}
  AND {wanted}"""
"""Accounts that need an episode and have none.

Needing one without having one, not the moment of entering, is what opens it: so a day that was cut off between score
and decision, the end of onboarding and the cap of a day lose nobody. An episode that ended today is not followed by
another one today.
"""

_DAY = {
    "opening": "0",
    "subscription_start": "s.customer_days",
    "renewal_date": "-s.renewal_in_days",
}


def open(conn: Connection, mappings: Mappings, as_of: date, now: datetime) -> list[str]:
    """Open an episode for everybody who needs one; returns their ids. `take_back` undoes it for those that wait."""
    opened = [_episode(row, as_of, now) for row in _wanted(conn, mappings, as_of)]
    bulk.append(conn, tables.episodes, opened)
    return [episode["episode"] for episode in opened]


def take_back(conn: Connection, waiting: Collection[str]) -> None:
    """Where the first task has to wait the episode is not opened either: day 0 is when somebody has room for it."""
    if not waiting:
        return
    listed = bulk.arrow_columns(tables.episodes, episode=sorted(waiting))
    with bulk.staged(conn, tables.episodes, listed) as stage:
        for table in ("judged_steps", "standings", "episode_steps", "episodes"):
            conn.execute(text(f"DELETE FROM {table} WHERE episode IN (SELECT episode FROM {stage})"))  # noqa: S608


def _wanted(conn: Connection, mappings: Mappings, as_of: date) -> Sequence[RowMapping]:
    """Who needs an episode of which playbook, with the day in its count."""
    binds: predicates.Binds = {"as_of": as_of}
    asked = [_asked(name, playbook, as_of, binds) for name, playbook in mappings.playbooks.playbooks.items()]
    query = f"{_EARLIER} {' UNION ALL '.join(asked)} ORDER BY playbook, account_id"
    return conn.execute(text(query), {n: v for n, v in binds.items() if f":{n}" in query}).mappings().all()


def _asked(name: str, playbook: Playbook, as_of: date, binds: predicates.Binds) -> str:
    day = _day(playbook)
    return _WANTED.format(
        playbook=f"CAST({predicates.bind(name, binds)} AS VARCHAR)",
        rested=predicates.bind(as_of - timedelta(days=playbook.rests_days), binds),
        day=day,
        score=scored(playbook),
        counts=" AND ".join(_counts(playbook, day)),
        wanted=predicates.sql(playbook.opens_when, situations.columns(binds), binds),
    )


def _day(playbook: Playbook) -> str:
    """Today in the playbook's count; in one that repeats, since the latest beginning."""
    day = _DAY[playbook.counts_from]
    return f"({day} % {playbook.every_days})" if playbook.every_days else day


def _counts(playbook: Playbook, day: str) -> Iterator[str]:
    """Whether today lies in the days on which it may open, and no episode began near the same day 0."""
    yield "TRUE"
    if playbook.counts_from == "opening":
        return
    yield f"{day} >= {playbook.from_day}"
    if playbook.to_day is not None:
        yield f"{day} <= {playbook.to_day}"
    if playbook.every_days:
        yield f"s.customer_days >= {playbook.every_days}"
        yield f"(p.anchor IS NULL OR :as_of - p.anchor > {day} + {playbook.every_days // 2})"
    elif playbook.counts_from == "renewal_date":
        yield f"(p.anchor IS NULL OR s.renewal_date - p.anchor >= {LEAST_TERM_DAYS})"
    else:
        yield "p.anchor IS NULL"


def _episode(row: RowMapping, as_of: date, now: datetime) -> dict[str, Any]:
    return {
        "episode": str(ULID.from_datetime(now)),
        "account_id": row["account_id"],
        "playbook": row["playbook"],
        "opened_as_of": as_of,
        "opened_at": now,
        "score_at_opening": row["score"],
        "state_at_opening": row["state"],
        "reasons": row["reasons"],
        "previous_episode": row["previous_episode"],
        "anchor": as_of - timedelta(days=row["day"]),
    }


_RECOVERIES = "SELECT episode, opened_as_of, closed_as_of FROM episodes WHERE closed_because = 'recovered'"


def recoveries(conn: Connection) -> dict[str, dict[str, str]]:
    """Recovered episode -> its days in words, for the text of a relapse."""
    return {
        episode: {"opened_as_of": templates.day(opened), "closed_as_of": templates.day(closed)}
        for episode, opened, closed in conn.execute(text(_RECOVERIES))
    }
