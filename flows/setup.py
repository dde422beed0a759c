"""What a run works with: the configuration, the warehouse and the connectors, opened once from the environment."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from time import monotonic, sleep

from sqlalchemy import Engine

import connectors
from connectors.base import ConfigError, Source
from mappings import reader
from mappings.models import Mappings, SystemMapping
from mappings.reader import Reading
from warehouse import engine as engines
from warehouse import measures

Clock = Callable[[], datetime]

LOG = logging.getLogger("crmpulse")
TOLD_SECONDS = 5.0
"""Waits from here on are told, so that nobody takes a vendor's limit for a standstill."""
SHIPPED_MAPPINGS = Path(reader.__file__).parent
DEFAULT_WAREHOUSE = "duckdb:///.crmpulse/warehouse.duckdb"


@dataclass(frozen=True)
class Setup:
    """One company's configuration with its open warehouse; connectors are made on first use and kept."""

    mappings: Mappings
    reading: Reading
    env: Mapping[str, str]
    clock: Clock
    warehouse: Engine | None = None
    sources: dict[str, Source] = field(default_factory=dict)

    @property
    def engine(self) -> Engine:
        """The open warehouse."""
        if self.warehouse is None:
            raise ConfigError("this needs the warehouse, which was not opened")
        return self.warehouse

    def system(self, name: str) -> SystemMapping:
        """The system's mapping; a name that the configuration does not list is a ConfigError."""
        if name not in self.mappings.systems:
            known = ", ".join(self.mappings.systems)
            raise ConfigError(f"no system is called {name}; crmpulse.yaml lists {known}")
        return self.mappings.systems[name]

    def source(self, name: str) -> Source:
        if name not in self.sources:
            share = self.mappings.company.api_share_pct
            kind = self.system(name).kind
            wait = partial(_wait, name)
            self.sources[name] = connectors.connect(kind, name, self.env, self.clock, wait, share_pct=share)
        return self.sources[name]

    def destinations(self) -> list[str]:
        """Systems that something is pushed to, in the order of crmpulse.yaml."""
        return [name for name in self.mappings.company.systems if self.mappings.systems[name].push]


def _wait(system: str, seconds: float) -> None:
    if seconds >= TOLD_SECONDS:
        LOG.warning("%s: waiting %.0f seconds for its limits", system, seconds)
    sleep(seconds)


def warehouse_url(env: Mapping[str, str]) -> str:
    return env.get("CRMPULSE_WAREHOUSE_URL") or DEFAULT_WAREHOUSE


def mappings_folder(env: Mapping[str, str]) -> Path:
    return Path(env.get("CRMPULSE_MAPPINGS") or SHIPPED_MAPPINGS)


def ticking(now: datetime | None) -> Clock:
    """A clock that begins at `now`, in UTC unless it says otherwise, and runs on; without `now` the real one."""
    if now is None:
        return lambda: datetime.now(UTC)
    started, at = monotonic(), now if now.tzinfo else now.replace(tzinfo=UTC)
    return lambda: at + (datetime.fromtimestamp(monotonic(), UTC) - datetime.fromtimestamp(started, UTC))


def today(clock: Clock) -> date:
    return clock().date()


@contextmanager
def opened(env: Mapping[str, str], clock: Clock) -> Iterator[Setup]:
    """Read the configuration, open (and migrate) the warehouse, and close it again."""
    reading = reader.read(mappings_folder(env), measures.load())
    mappings = reading.sound()
    engine = engines.open_warehouse(warehouse_url(env))
    try:
        yield Setup(mappings, reading, env, clock, engine)
    finally:
        engine.dispose()
