"""`make bench`: every figure in one run, side by side, within about three minutes; --json for machines.

A part that does not end within its time, or for which the time of the whole is over, is named and left out.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from functools import partial

from tests.bench import memory, pulling, scale, writing
from tests.bench.figures import Figure, Stopwatch, show

SECONDS = 180.0
"""No part begins when its own time (below) would end later than this."""
Part = tuple[str, float, Callable[[], Iterator[Figure]]]
PARTS: list[Part] = [
    ("pull, land and conform", 45, pulling.figures),
    ("calls per change", 10, writing.figures),
    ("scoring on duckdb", 25, partial(scale.scoring, "duckdb")),
    ("plan and explain", 20, scale.planning),
    ("scoring on postgresql", 60, partial(scale.scoring, "postgresql")),
    ("memory", 40, memory.figures),
]
"""Name, seconds that it usually takes at most, and the part itself."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="time for the whole (default: %(default)s)")
    parser.add_argument("--only", default="", help="only parts whose name holds this word")
    chosen = parser.parse_args(arguments)
    watch = Stopwatch()
    found: list[Figure] = []
    left_out: list[str] = []
    for name, usual, part in PARTS:
        if chosen.only not in name:
            continue
        if watch.seconds + usual > chosen.seconds:
            left_out.append(f"{name}: {watch.seconds:.0f} of {chosen.seconds:.0f} seconds are over")
            continue
        print(f"{watch.seconds:5.0f} s  {name}", file=sys.stderr, flush=True)
        try:
            found += part()
        except TimeoutError as error:
            left_out.append(f"{name}: {error}")
    show(found, left_out, watch.seconds, chosen.json)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
