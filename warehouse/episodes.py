"""Episodes: one run of a playbook for one account, from its reason to its outcome, and what came before it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, String, bindparam, text
from ulid import ULID

from mappings.models import Mappings, Playbook
from warehouse import bulk, predicates, situations, tables, tasks, templates
from warehouse.merged import ACCOUNT_NOW
from warehouse.standings import LEAST_TERM_DAYS

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

_ENDED = """
UPDATE episodes SET closed_as_of = :as_of, closed_because = :outcome
WHERE closed_as_of IS NULL AND episode IN (
  SELECT e.episode FROM standings e JOIN situations s ON s.account_id = e.account_id
  WHERE e.playbook = :playbook AND e.opened_as_of < :as_of AND {score} AND {ended})
RETURNING episode"""
"""An episode stays on the day that opened it, whatever a later run of that day says."""


_FORGET_CLOSED = (
    "DELETE FROM standings WHERE episode IN (SELECT episode FROM episodes WHERE closed_as_of IS NOT NULL)"
)


def close(conn: Connection, mappings: Mappings, as_of: date) -> int:
    """Close the episodes that reached an end or whose account left, and their open tasks; returns how many."""
    closed = len(conn.execute(text(_LEFT), {"as_of": as_of}).all())
    for name, playbook in mappings.playbooks.playbooks.items():
        for ending in playbook.ends:
            binds: predicates.Binds = {"as_of": as_of, "playbook": name, "outcome": ending.outcome}
            ended = predicates.sql(ending.when, situations.columns(binds), binds)
            query = _ENDED.format(score=scored(playbook), ended=ended)
            closed += len(conn.execute(text(query), binds).all())
    conn.execute(
        text("DELETE FROM standings WHERE episode IN (SELECT episode FROM episodes WHERE closed_as_of IS NOT NULL)")
    )
    tasks.close_with_episodes(conn, as_of)
    return closed


def scored(playbook: Playbook) -> str:
    """The part of a WHERE that leaves out accounts without a score, for a playbook that needs one."""
    return "s.score IS NOT NULL" if playbook.needs_score else "TRUE"


# --- opening ----------------------------------------------------------------------------------------------------------

_WANTED = f"""
WITH of_account AS (
  SELECT n.account_id, e.episode, e.closed_as_of, COALESCE(e.anchor, e.opened_as_of) AS anchor
  FROM episodes e
  JOIN ({ACCOUNT_NOW}) n ON n.decided_for = e.account_id
  WHERE e.playbook = :playbook
), earlier AS (
  SELECT account_id, max(closed_as_of) AS closed_as_of, max(anchor) AS anchor,
    max(CASE WHEN closed_as_of IS NULL THEN 1 ELSE 0 END) AS open,
    max(CASE WHEN closed_as_of IS NOT NULL THEN episode END) AS episode
  FROM of_account GROUP BY account_id
)
SELECT s.account_id, s.score, s.state, s.reasons, {{day}} AS day, p.episode AS previous_episode
FROM situations s
LEFT JOIN earlier p ON p.account_id = s.account_id
WHERE COALESCE(p.open, 0) = 0 AND (p.closed_as_of IS NULL OR p.closed_as_of < :rested) AND {{score}} AND {{counts}}
  AND {{wanted}}
ORDER BY s.account_id"""  # noqa: S608
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
    """Open an episode for everybody who needs one; returns their ids. `take_back` closes those that have to wait."""
    opened = [
        _episode(name, playbook, row, as_of, now)
        for name, playbook in mappings.playbooks.playbooks.items()
        for row in _wanted(conn, name, playbook, as_of)
    ]
    bulk.append(conn, tables.episodes, opened)
    return [episode["episode"] for episode in opened]


def take_back(conn: Connection, waiting: Collection[str]) -> None:
    """Episodes whose first task has to wait are not opened either: day 0 is the day on which somebody has room for it."""
    for table in ("judged_steps", "standings", "episode_steps", "episodes"):
        query = text(f"DELETE FROM {table} WHERE episode IN :waiting")  # noqa: S608
        conn.execute(query.bindparams(bindparam("waiting", type_=String, expanding=True)), {"waiting": sorted(waiting)})


def _wanted(conn: Connection, name: str, playbook: Playbook, as_of: date) -> Sequence[RowMapping]:
    binds: predicates.Binds = {
        "as_of": as_of,
        "playbook": name,
        "rested": as_of - timedelta(days=playbook.rests_days),
    }
    day = _day(playbook)
    query = _WANTED.format(
        day=day,
        score=scored(playbook),
        counts=" AND ".join(_counts(playbook, day)),
        wanted=predicates.sql(playbook.opens_when, situations.columns(binds), binds),
    )
    return conn.execute(text(query), {n: v for n, v in binds.items() if f":{n}" in query}).mappings().all()


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


def _episode(name: str, playbook: Playbook, row: RowMapping, as_of: date, now: datetime) -> dict[str, Any]:
    return {
        "episode": str(ULID.from_datetime(now)),
        "account_id": row["account_id"],
        "playbook": name,
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
