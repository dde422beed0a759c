"""Playbooks: episodes of steps over days, each step a task for the right person on its day.

A run of a day asks first (`ask`), lets `openings.open` decide what fits into people's days, and settles the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping

from mappings.models import Mappings, Playbook, Step
from warehouse.work import episodes, openings, playbook_names, playbook_steps, situations, standings, tasks
from warehouse.work.openings import Colour, Level, Opened, Opening, Words


@dataclass(frozen=True, slots=True)
class Asked:
    """What the playbooks want of a day, before it is known who has time for it."""

    openings: Sequence[Opening]
    new_episodes: Sequence[str]
    closed: int
    """Episodes."""
    tasks_closed: int
    """Tasks whose aim was reached, and those that people completed or deleted."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What one day's decisions did."""

    opened: int
    """Episodes."""
    closed: int
    tasks: int
    """Opened."""
    waiting: int
    """Tasks that the cap of a day holds back (D17)."""
    unowned: int
    """Steps without a task, because nobody active is in the role."""

    def counts(self) -> dict[str, int]:
        """What happened, by the words in which a report shows it."""
        return {
            "episodes opened": self.opened,
            "episodes closed": self.closed,
            "tasks opened": self.tasks,
            "tasks waiting": self.waiting,
            "tasks without owner": self.unowned,
        }


def decide(conn: Connection, mappings: Mappings, as_of: date, now: datetime) -> Decided:
    """Decide as_of for the playbooks alone, in the connection's transaction."""
    asked = ask(conn, mappings, as_of, now)
    return settle(conn, asked, openings.open(conn, mappings, as_of, now, asked.openings))


def ask(conn: Connection, mappings: Mappings, as_of: date, now: datetime) -> Asked:
    """Read back what people did, end what is over, open what is needed, and say which tasks that takes.

    Again on the same day it asks only for what came since.
    """
    tasks_closed = tasks.read_back(conn, mappings, as_of)
    situations.fill(conn, mappings, as_of)
    standings.clear(conn)
    standings.fill(conn, mappings, as_of)
    closed = episodes.close(conn, mappings, as_of)
    new = episodes.open(conn, mappings, as_of, now)
    if new:
        standings.fill(conn, mappings, as_of)
    playbook_steps.judge(conn, mappings, as_of)
    tasks_closed += playbook_steps.close_done(conn, as_of)
    due = playbook_steps.due(conn)
    names = playbook_names.names(conn, mappings, due)
    wanted = [_opening(mappings, row, names[row["episode"]], as_of) for row in due]
    return Asked(wanted, new, closed, tasks_closed)


def settle(conn: Connection, asked: Asked, opened: Opened) -> Decided:
    """Take back the new episodes whose first task has to wait."""
    ours = {opening.decision for opening in asked.openings}
    begun = {opening.decision for opening in (*opened.tasks, *opened.unowned)}
    held_back = {opening.decision for opening in opened.waiting} & set(asked.new_episodes) - begun
    episodes.take_back(conn, held_back)
    return Decided(
        opened=len(asked.new_episodes) - len(held_back),
        closed=asked.closed,
        tasks=_count(opened.tasks, ours),
        waiting=_count(opened.waiting, ours),
        unowned=_count(opened.unowned, ours),
    )


def _count(of: Sequence[Opening], ours: set[str]) -> int:
    return sum(opening.decision in ours for opening in of)


def _opening(mappings: Mappings, row: RowMapping, names: Mapping[str, Any], as_of: date) -> Opening:
    playbook, step = _step(mappings, row)
    return Opening(
        account_id=row["account_id"],
        opened_by="episode",
        decision=row["episode"],
        step=step.step,
        rule=row["playbook"],
        role=step.role,
        colour=_colour(playbook, row["state"]),
        capped=not step.escalation and not row["begun"],
        words=Words(step.subject, step.body, f"playbooks.yaml: {row['playbook']}, step {step.step}"),
        due_date=as_of + timedelta(days=step.due_in_days),
        priority=_priority(step, row["state"]),
        names=names,
    )


def _step(mappings: Mappings, row: RowMapping) -> tuple[Playbook, Step]:
    playbook = mappings.playbooks.playbooks[row["playbook"]]
    return playbook, next(step for step in playbook.steps if step.step == row["step"])


def _colour(playbook: Playbook, state: Any) -> Colour:
    return playbook.colour if isinstance(playbook.colour, str) else playbook.colour.get(state, "green")


def _priority(step: Step, state: Any) -> Level:
    return step.priority if isinstance(step.priority, str) else step.priority.get(state, "normal")
