"""The highest memory of a first pull: ten thousand records and two hundred thousand, each in a fresh process."""

from __future__ import annotations

import multiprocessing
import resource
import sys
import tempfile
from collections.abc import Iterator
from multiprocessing.connection import Connection

from tests.bench.figures import Figure
from tests.bench.serving import served

FEW, MANY = 10_000, 200_000


def figures() -> Iterator[Figure]:
    peaks = {count: _peak(count) for count in (FEW, MANY)}
    beside = {f"{FEW:,} records": peaks[FEW]}
    yield Figure(f"peak memory, pull and land of {MANY:,} records", peaks[MANY], "MB", beside, "flat")


def _peak(count: int) -> float:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    with served("salesforce", count, repeating=False) as env:
        process = context.Process(target=_measure, args=(there, env), daemon=True)
        process.start()
        process.join(150)
        if not here.poll():
            process.terminate()
            raise TimeoutError(f"{count} records were not read in time")
        return float(here.recv())


def _measure(pipe: Connection, env: dict[str, str]) -> None:
    from tests.bench.pulling import pull_and_land
    from warehouse import engine as engines

    with tempfile.TemporaryDirectory() as folder:
        pull_and_land("salesforce", env, engines.open_warehouse(f"duckdb:///{folder}/bench.duckdb"))
        unit = 2**20 if sys.platform == "darwin" else 2**10
        pipe.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit)
