"""Figures and the table of them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One line: what crmpulse needs, and what it is compared with."""

    what: str
    ours: float
    unit: str
    beside: dict[str, float]
    """What else was measured in the same run, by name."""
    aim: str = ""

    def line(self) -> tuple[str, str, str, str]:
        others = "; ".join(f"{name} {_shown(value)}" for name, value in self.beside.items())
        return self.what, f"{_shown(self.ours)} {self.unit}", others, self.aim


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._began = perf_counter()

    @property
    def seconds(self) -> float:
        return max(perf_counter() - self._began, 1e-9)

    def rate(self, count: int) -> float:
        return count / self.seconds


def show(figures: list[Figure], left_out: list[str], took: float, as_json: bool) -> None:
    """The table for people, or JSON for machines."""
    if as_json:
        told: dict[str, Any] = {
            "seconds": took,
            "figures": [asdict(figure) for figure in figures],
            "left_out": left_out,
        }
        print(json.dumps(told, indent=1))
        return
    table = Table("what", "crmpulse", "beside", "aim", title=f"make bench, {took:.0f} seconds")
    for figure in figures:
        table.add_row(*figure.line())
    console = Console(width=140)
    console.print(table)
    for words in left_out:
        console.print(f"left out: {words}")


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.2f}"
