"""`make bench`: every figure in one run, side by side, within about three minutes; --json for machines.

When the time of the whole is over, what is being measured is broken off; it and what would follow are named as left out.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Iterator
from functools import partial

from tests.bench import memory, pulling, scale, writing
from tests.bench.figures import Figure, Stopwatch, show

SECONDS = 200.0
LEAST = 5.0
"""No part begins with less time than this."""
PARTS: list[tuple[str, Callable[[], Iterator[Figure]]]] = [
    ("calls per change", writing.figures),
    ("pull, land and conform", pulling.figures),
    ("scoring on duckdb", partial(scale.scoring, "duckdb")),
    ("plan and explain", scale.planning),
    ("memory", memory.figures),
    ("scoring on postgresql", partial(scale.scoring, "postgresql")),
]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="time for the whole (default: %(default)s)")
    parser.add_argument("--only", default="", help="only parts whose name holds this word")
    chosen = parser.parse_args(arguments)
    signal.signal(signal.SIGALRM, _over)
    watch = Stopwatch()
    found: list[Figure] = []
    left_out: list[str] = []
    for name, part in PARTS:
        if chosen.only in name:
            print(f"{watch.seconds:5.0f} s  {name}", file=sys.stderr, flush=True)
            left_out += _measure(name, part, found, chosen.seconds - watch.seconds)
    show(found, left_out, watch.seconds, chosen.json)
    return 0


def _measure(name: str, part: Callable[[], Iterator[Figure]], found: list[Figure], seconds: float) -> list[str]:
    """Add the part's figures as they come; returns why the rest of them is missing."""
    if seconds < LEAST:
        return [f"{name}: the time is over (--seconds gives more)"]
    signal.setitimer(signal.ITIMER_REAL, seconds)
    watch = Stopwatch()
    try:
        for figure in part():
            found.append(figure)  # noqa: PERF402  # one by one, so that those before a break stay
    except (TimeoutError, RuntimeError) as error:  # DuckDB turns what interrupts it into the latter
        if isinstance(error, RuntimeError) and watch.seconds < seconds:
            raise
        return [f"{name}: broken off, the time is over (--seconds gives more)"]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return []


def _over(*_: object) -> None:
    raise TimeoutError


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
