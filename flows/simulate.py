"""Playing time: stories that take weeks run through the steps, day by day, and the diary of what came of them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from connectors.base import CrmpulseError
from flows import demo, steps
from flows.progress import Tell, silent
from flows.running import running
from flows.setup import Setup, opened
from sandbox.server import Sandbox
from sandbox.stories import months
from sandbox.stories.reactions import Deed, Reaction, due
from sandbox.world import World, morning
from warehouse import diary
from warehouse.diary import Entry

EVENING = timedelta(hours=6)
"""From the morning's sync to what people do about it."""


@dataclass
class Stage:
    """A world, the stand-in that shows it, and the one moment that everybody believes in."""

    world: World
    sandbox: Sandbox
    folder: Path
    reactions: Mapping[str, Sequence[Reaction]]
    now: datetime

    def move(self, now: datetime) -> None:
        demo.move_clock(self.sandbox, now)
        self.now = now


def simulate(days: int, as_of: date, folder: Path | None = None, tell: Tell = silent) -> list[Entry]:
    """Play the stories for so many days up to `as_of`; without a folder everything goes when it is over."""
    world = months.build(as_of, days)
    with (
        tempfile.TemporaryDirectory(prefix="crmpulse-") as elsewhere,
        Sandbox(world.records(), morning(world.first_day)) as sandbox,
    ):
        stage = Stage(world, sandbox, folder or Path(elsewhere), months.REACTIONS, morning(world.first_day))
        env = {**os.environ, **demo.connection(sandbox, stage.folder)}
        with opened(env, lambda: stage.now) as setup:
            for number, day in enumerate(world.days):
                tell(f"playing {days} days", number, days)
                _day(stage, setup, day)
            tell(f"playing {days} days", days, days)
            with setup.engine.connect() as conn:
                return list(diary.entries(conn, setup.mappings, world.first_day, as_of))


def _day(stage: Stage, setup: Setup, day: date) -> None:
    """The files arrive, we sync, and in the evening people do what their story says about what they found."""
    demo.deliver(stage.world, day, stage.folder)
    stage.move(morning(day))
    with running(setup, "sync") as report:
        steps.sync(setup, report, as_of=day)
    if report.exit_status:
        raise CrmpulseError(f"the play stopped on {day}: {report.as_json()}")
    stage.move(morning(day) + EVENING)
    _react(stage)


def _react(stage: Stage) -> None:
    store = stage.sandbox.store
    records = {object: list(store.table("salesforce", object).values()) for object in ("Task", "Opportunity")}
    for deed in list(due(stage.reactions, records, stage.now)):
        _do(stage.sandbox, deed)


def _do(sandbox: Sandbox, deed: Deed) -> None:
    place = f"{sandbox.control}/records/salesforce/{deed.object}"
    if deed.deleted:
        answer = requests.post(f"{place}/{deed.id}/delete", timeout=10)
    else:
        answer = requests.post(place, json={"Id": deed.id, **deed.fields}, timeout=10)
    answer.raise_for_status()


def document(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """The diary for machines."""
    return [entry._asdict() for entry in entries]
