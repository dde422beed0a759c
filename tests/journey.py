"""A company on a sandbox: its days played through the steps, as the schedule would."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import sqlalchemy as sa

from flows import demo, steps
from flows.reports import RunReport
from flows.running import running
from flows.setup import Setup, opened, ticking
from sandbox.server import Sandbox
from sandbox.world import World, morning


@dataclass
class Company:
    """Everything that a run needs to know of one company."""

    world: World
    sandbox: Sandbox
    folder: Path
    warehouse_url: str
    env: dict[str, str] = field(default_factory=dict)

    def environment(self) -> Mapping[str, str]:
        led = demo.connection(self.sandbox, self.folder)
        return {**led, "CRMPULSE_WAREHOUSE_URL": self.warehouse_url, **self.env}

    def process_environment(self) -> dict[str, str]:
        """The same for a process of its own."""
        return {**os.environ, **self.environment()}

    @contextmanager
    def at(self, now: datetime) -> Iterator[Setup]:
        """The sandbox and we agree that it is now."""
        demo.move_clock(self.sandbox, now)
        with opened(self.environment(), ticking(now)) as setup:
            yield setup

    def sync(self, now: datetime, *, full: bool = False, approve: bool = False) -> RunReport:
        with self.at(now) as setup, running(setup, "sync") as report:
            steps.sync(setup, report, full=full, approve=approve)
        return report

    def play(self, days: list[date], *, push_on: date | None = None) -> None:
        """Pull and score each day at noon; push at the end of one."""
        for day in days:
            demo.deliver(self.world, day, self.folder)
            with self.at(morning(day)) as setup, running(setup, "pull") as report:
                steps.pull(setup, report)
                steps.score(setup, report, day)
                if day == push_on:
                    steps.push(setup, report)
                assert report.exit_status == 0, report.as_json()

    def arrive_at_the_end(self) -> None:
        """All files of all days at once, and the sandbox on its last day."""
        for day in self.world.days:
            demo.deliver(self.world, day, self.folder)
        demo.move_clock(self.sandbox, self.later(0))

    def writes(self) -> int:
        """Write requests that the sandbox has received so far."""
        calls = requests.get(f"{self.sandbox.control}/calls", timeout=10).json()
        return int(calls["writes"])

    def later(self, minutes: int = 15) -> datetime:
        return morning(self.world.as_of) + timedelta(minutes=minutes)


def rows(company: Company, query: str, **binds: Any) -> list[Any]:
    with opened(company.environment(), ticking(None)) as setup, setup.engine.connect() as conn:
        return list(conn.execute(sa.text(query), binds))


def warehouse_url(engine: str, folder: Path, request: pytest.FixtureRequest) -> str:
    """An empty warehouse of its own."""
    if engine == "duckdb":
        return f"duckdb:///{folder / 'warehouse.duckdb'}"
    server = sa.make_url(request.getfixturevalue("postgresql_url"))
    name = f"journey_{random.Random(str(folder)).getrandbits(40):x}"
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as conn:
        conn.execute(sa.text(f"CREATE DATABASE {name}"))
    admin.dispose()
    return server.set(database=name).render_as_string(hide_password=False)
