"""A run from its first row to its last: the lease, the row in `runs`, and what it leaves when it is stopped."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from os import getpid

import orjson
from sqlalchemy import insert, update
from ulid import ULID

from connectors.base import ConfigError, CrmpulseError
from flows.reports import RunReport, StepReport
from flows.setup import Setup
from warehouse import engine as engines
from warehouse.tables import runs


@contextmanager
def running(setup: Setup, verb: str, as_of: date | None = None) -> Iterator[RunReport]:
    """One execution of a verb; a second one on the same warehouse is refused with the holder's name."""
    started_at = setup.clock()
    report = RunReport(str(ULID.from_datetime(started_at)), verb, as_of)
    holder = f"{verb} {report.run} on {socket.gethostname()}, process {getpid()}"
    with engines.lease(setup.engine, "sync", holder, started_at):
        with setup.engine.begin() as conn:
            conn.execute(insert(runs).values(run=report.run, verb=verb, as_of=as_of, started_at=started_at))
        try:
            yield report
        except CrmpulseError as error:
            report.add(StepReport(verb)).stop(str(error), configuration=isinstance(error, ConfigError))
            _finish(setup, report)
            raise
        _finish(setup, report)


def _finish(setup: Setup, report: RunReport) -> None:
    done = {
        "finished_at": setup.clock(),
        "as_of": report.as_of,
        "exit_status": int(report.exit_status),
        "summary": orjson.dumps(report.as_json()).decode(),
    }
    with setup.engine.begin() as conn:
        conn.execute(update(runs).where(runs.c.run == report.run).values(done))
