"""The one place that opens tasks: who does it, in which words, and who has enough for today.

Playbooks, alerts and cadence say what should be done; `open` is called once a run with everything that they ask for,
so that red goes before yellow before green whoever asks (D17).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

import pyarrow as pa
from sqlalchemy import Connection, text

from mappings.models import Mappings, Role
from warehouse import bulk, issues, tables
from warehouse.work import briefing, roles, tasks, templates
from warehouse.work.roles import Owner, People

Colour = Literal["red", "yellow", "green", ""]
Level = Literal["high", "normal", "low"]
OpenedBy = Literal["episode", "alert", "touch", "handoff"]

NOBODY = "no_task_owner"
"""The kind of issue for accounts whose task finds no owner."""

COLOURS: Sequence[Colour] = ("red", "yellow", "green", "")
"""The most urgent first."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a task says: templates, and where they stand, as in "playbooks.yaml: at_risk, step 1"."""

    subject: str
    body: str
    where: str


@dataclass(frozen=True, slots=True)
class Opening:
    """A task that a rule asks for, before anybody owns it; its account has a score row of the day."""

    account_id: str
    opened_by: OpenedBy
    decision: str
    """ULID of the episode, alert, touch or handoff that asks."""
    step: int
    """With the decision it makes the key (D16): a task that was opened once is never opened again."""
    rule: str
    """Name of the playbook, alert or cadence."""
    role: Role
    colour: Colour
    capped: bool
    """It opens an alert or an episode, so it counts for the cap of its owner's day and waits when that is used up.

    Escalations, red event alerts and later steps are not capped (D17).
    """
    words: Words
    due_date: date
    priority: Level
    names: Mapping[str, Any] = field(default_factory=dict)
    """What its templates may use beside the briefing and `owner`."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What became of everything that was asked for."""

    tasks: Sequence[Opening]
    waiting: Sequence[Opening]
    """Held back by the cap of a day; ask again on the next one."""
    unowned: Sequence[Opening]
    """Without a task, because nobody active is in the role; ask again until somebody is."""


def open(conn: Connection, mappings: Mappings, as_of: date, now: datetime, asked: Sequence[Opening]) -> Opened:
    """Insert the tasks that are asked for and new, as far as somebody is there and has room for them today."""
    conn.execute(tables.waiting_tasks.delete())
    new = _new(conn, mappings.company.installation, asked) if asked else []
    if not new:
        issues.restate(conn, [NOBODY], [], now)
        return Opened([], [], [])
    account_ids = {opening.account_id for opening in new}
    people = roles.people(conn, mappings, account_ids)
    owners = {_id(opening): people.owner(opening.account_id, opening.role) for opening in new}
    urgent_first = _sorted(new, _arr(conn, account_ids))
    opening_now, waiting = _within_cap(
        urgent_first, owners, tasks.opened_today(conn, as_of), mappings.company.max_new_tasks
    )
    _insert(conn, mappings, as_of, [(o, owner) for o in opening_now if (owner := owners[_id(o)])])
    unowned = [opening for opening in opening_now if owners[_id(opening)] is None]
    _note_waiting(conn, [(o, owner) for o in waiting if (owner := owners[_id(o)])], as_of)
    _note_unowned(conn, people, unowned, now)
    return Opened([o for o in opening_now if owners[_id(o)]], waiting, unowned)


def key(installation: str, opening: Opening) -> str:
    """The task's name for ever (D16)."""
    return f"{installation}:{opening.decision}:{opening.step}"


def _id(opening: Opening) -> tuple[str, int]:
    return opening.decision, opening.step


# --- what opens, and in which order -----------------------------------------------------------------------------------


def _new(conn: Connection, installation: str, asked: Sequence[Opening]) -> list[Opening]:
    """Each task once, and none that exists already, whatever became of it."""
    by_key = {key(installation, opening): opening for opening in asked}
    with bulk.staged(conn, tables.tasks, bulk.arrow_columns(tables.tasks, key=list(by_key))) as stage:
        opened = set(conn.scalars(text(f"SELECT t.key FROM tasks t JOIN {stage} s ON s.key = t.key")))  # noqa: S608
    return [opening for key, opening in by_key.items() if key not in opened]


def _arr(conn: Connection, account_ids: Collection[str]) -> dict[str, Any]:
    """account_id -> ARR in the reporting currency, where it is known."""
    asked = pa.table({"account_id": pa.array(sorted(account_ids), pa.string())})
    known = (
        "SELECT a.account_id, a.arr_reporting FROM accounts a JOIN {stage} t ON t.account_id = a.account_id "
        "WHERE a.arr_reporting IS NOT NULL"
    )
    with bulk.staged(conn, tables.account_ids, asked) as stage:
        return {row.account_id: row.arr_reporting for row in conn.execute(text(known.format(stage=stage)))}


def _sorted(openings: Sequence[Opening], arr: Mapping[str, Any]) -> list[Opening]:
    """Red before yellow before green, then the highest ARR; who has none known comes last."""
    return sorted(
        openings,
        key=lambda o: (
            COLOURS.index(o.colour),
            o.account_id not in arr,
            -arr.get(o.account_id, 0),
            o.account_id,
            o.decision,
            o.step,
        ),
    )


def _within_cap(
    urgent_first: Sequence[Opening],
    owners: Mapping[tuple[str, int], Owner | None],
    opened_today: Mapping[str, int],
    most: int,
) -> tuple[list[Opening], list[Opening]]:
    """What opens now, and what waits because its owner has had enough new tasks for the day."""
    counts = Counter(opened_today)
    opening_now, waiting = [], []
    for opening in urgent_first:
        owner = owners[_id(opening)]
        if owner and opening.capped:
            if counts[owner.email] >= most:
                waiting.append(opening)
                continue
            counts[owner.email] += 1
        opening_now.append(opening)
    return opening_now, waiting


# --- what is stored ---------------------------------------------------------------------------------------------------


def _insert(conn: Connection, mappings: Mappings, as_of: date, owned: Sequence[tuple[Opening, Owner]]) -> None:
    if not owned:
        return
    told = briefing.briefings(conn, mappings, as_of, {opening.account_id for opening, _ in owned})
    rows = [_row(mappings, o, owner, told[o.account_id].names(), as_of) for o, owner in owned]
    bulk.append(conn, tables.tasks, rows)


def _row(mappings: Mappings, opening: Opening, owner: Owner, briefed: Mapping[str, Any], as_of: date) -> dict[str, Any]:
    names = {**briefed, **opening.names, "owner": owner.name}
    words = opening.words
    return {
        "key": key(mappings.company.installation, opening),
        "episode": opening.decision,
        "opened_by": opening.opened_by,
        "step": opening.step,
        "rule": opening.rule,
        "colour": opening.colour,
        "capped": opening.capped,
        "account_id": opening.account_id,
        "system": owner.system,
        "role": owner.role,
        "owner_email": owner.email,
        "subject": " ".join(templates.render(words.subject, names, f"{words.where}, subject").split()),
        "body": templates.render(words.body, names, f"{words.where}, body"),
        "priority": opening.priority,
        "due_date": opening.due_date,
        "opened_as_of": as_of,
    }


def _note_waiting(conn: Connection, waiting: Sequence[tuple[Opening, Owner]], as_of: date) -> None:
    rows = [
        {"account_id": o.account_id, "playbook": o.rule, "owner_email": owner.email, "as_of": as_of}
        for o, owner in waiting
    ]
    bulk.append(conn, tables.waiting_tasks, rows)


def _note_unowned(conn: Connection, people: People, unowned: Sequence[Opening], now: datetime) -> None:
    named = "SELECT account_id, name FROM accounts"
    names = {row.account_id: row.name for row in conn.execute(text(named))} if unowned else {}
    found = {
        (o.account_id, o.role): roles.nobody(
            people, {"account_id": o.account_id, "name": names.get(o.account_id)}, o.role, NOBODY
        )
        for o in unowned
    }
    issues.restate(conn, [NOBODY], found.values(), now)
