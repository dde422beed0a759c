"""The trial: story companies in a stand-in, ten days played through the Prefect flows, and what came of them."""

from __future__ import annotations

import atexit
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from rich.console import Console

from connectors.base import ConfigError
from flows import progress, show
from flows.setup import SHIPPED_MAPPINGS, opened, ticking
from sandbox import generator, stories
from sandbox.server import Sandbox
from sandbox.world import World, morning
from warehouse import showcase

LATER = timedelta(minutes=15)
MARK = "made-by-crmpulse-demo"
FOREIGN = ("PREFECT_", "CRMPULSE_", "SALESFORCE_", "HUBSPOT_", "ZENDESK_", "PRODUCT_")
"""What the surroundings may have set for real systems, and the demo must not follow."""


def play(folder: Path, console: Console) -> dict[str, Any]:
    """Play the stories into an empty folder, print what a person wants to see, and return it for machines."""
    atexit.register(_end_quietly)
    _empty(folder)
    world = stories.build(datetime.now(UTC).date())
    with Sandbox(world.records(), morning(world.first_day)) as sandbox, _environment(sandbox, folder):
        document = _days(world, sandbox, folder, console)
    _look_further(console, folder)
    return document


def _empty(folder: Path) -> None:
    """Make the folder, or empty one that an earlier demo made; anything else is somebody's and stays."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise ConfigError(f"{folder} holds files that no demo made; give --folder an empty or a new folder")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / MARK).write_text("Made by `crmpulse demo`, which empties this folder when it starts.\n")


@contextmanager
def _environment(sandbox: Sandbox, folder: Path) -> Iterator[None]:
    """What somebody would write into .env, for the length of the demo."""
    settings = {**connection(sandbox, folder), "PREFECT_HOME": str(folder.resolve() / "prefect")}
    settings |= {"PREFECT_SERVER_ANALYTICS_ENABLED": "false", "PREFECT_LOGGING_LEVEL": "WARNING"}
    settings |= {"PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120"}  # a busy machine takes longer than 20
    before = dict(os.environ)
    for name in [name for name in before if name.startswith(FOREIGN)]:
        del os.environ[name]
    os.environ.update(settings)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def connection(sandbox: Sandbox, folder: Path) -> dict[str, str]:
    """The environment that leads crmpulse to a sandbox."""
    (folder / "product").mkdir(parents=True, exist_ok=True)
    return {
        **sandbox.environment(),
        "PRODUCT_FOLDER": str((folder / "product").resolve()),
        "CRMPULSE_WAREHOUSE_URL": f"duckdb:///{(folder / 'warehouse.duckdb').resolve()}",
        "CRMPULSE_MAPPINGS": str(SHIPPED_MAPPINGS),
    }


def deliver(world: World, day: date, folder: Path) -> None:
    """Drop the product's files of a morning."""
    for name, content in world.files(day).items():
        path = folder / "product" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _days(world: World, sandbox: Sandbox, folder: Path, console: Console) -> dict[str, Any]:
    from flows.push import push
    from flows.sync import sync

    document: dict[str, Any] = {"days": []}
    with _one_server(), progress.bars(console) as tell:
        for number, day in enumerate(world.days):
            tell("playing ten days (a temporary Prefect server starts first)", number, len(world.days))
            now = morning(day)
            move_clock(sandbox, now)
            deliver(world, day, folder)
            document["days"].append(sync(push=False, now=now))
        tell("playing ten days (a temporary Prefect server starts first)", len(world.days), len(world.days))
        document["push"] = push(now=morning(world.as_of))
        _show(console)
        move_clock(sandbox, morning(world.as_of) + LATER)
        document["again"] = sync(now=morning(world.as_of) + LATER)
    _show_again(console, document["again"])
    return document


@contextmanager
def _one_server() -> Iterator[None]:
    """All runs on one temporary Prefect server, without the heartbeats that each run waits for at its end."""
    from prefect.context import SyncClientContext
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}), SyncClientContext.get_or_create():
        yield


def _end_quietly() -> None:
    """Close standard error last of all: Prefect's threads outlive the interpreter, and DuckDB reports them as leaks."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def move_clock(sandbox: Sandbox, now: datetime) -> None:
    requests.post(f"{sandbox.control}/clock", json={"now": now.isoformat()}, timeout=10).raise_for_status()


def _show(console: Console) -> None:
    with opened(os.environ, ticking(None)) as setup, setup.engine.connect() as conn:
        for part in showcase.sections(conn):
            show.section(console, part)


def _show_again(console: Console, again: dict[str, Any]) -> None:
    written = again["outcomes"].get("succeeded", 0)
    unchanged = again["outcomes"].get("unchanged", 0)
    console.print(f"[bold]synced again[/]: {unchanged} records compared, {written} written\n")


def _look_further(console: Console, folder: Path) -> None:
    console.print(
        f"The warehouse stays in {folder}. Look further:\n"
        f"  export CRMPULSE_WAREHOUSE_URL=duckdb:///{folder}/warehouse.duckdb\n"
        "  .venv/bin/crmpulse status\n"
        "  .venv/bin/crmpulse explain NAME\n"
        "  .venv/bin/crmpulse sandbox      # the stand-in, to point your own client at",
        highlight=False,
    )


def serve(console: Console, accounts: int, seed: int, port: int, folder: Path, as_of: date | None) -> None:
    """Serve a stand-in until it is interrupted; its clock stands at noon of as_of and moves by the control endpoint."""
    day = as_of or datetime.now(UTC).date()
    world = generator.build(accounts, seed, day) if accounts else stories.build(day)
    sandbox = Sandbox(world.records(), morning(day), port=port)
    for delivered in world.days:
        deliver(world, delivered, folder)
    console.print("Set these and go, in another terminal:", highlight=False)
    for name, value in connection(sandbox, folder).items():
        console.print(f"  export {name}={value}", highlight=False, soft_wrap=True)
    console.print("Then `crmpulse sync`. Ctrl-C ends the sandbox.", highlight=False)
    sandbox.run_forever()
