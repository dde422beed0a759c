"""What was asked of the stand-ins, counted by method and path shape; the control endpoint shows it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Recorded:
    """One vendor call."""

    method: str
    shape: str
    writes: bool
    status: int = 0
    """0 where no answer was sent."""


class Calls:
    """The vendor calls since the start or the last reset."""

    def __init__(self) -> None:
        self._all: list[Recorded] = []

    def add(self, recorded: Recorded) -> None:
        self._all.append(recorded)

    def reset(self) -> None:
        self._all.clear()

    def summary(self) -> dict[str, Any]:
        """Totals, and counts by shape; writes apart."""
        return {
            "total": len(self._all),
            "reads": sum(not each.writes for each in self._all),
            "writes": sum(each.writes for each in self._all),
            "by_shape": Counter(f"{each.method} {each.shape}" for each in self._all),
            "by_status": Counter(str(each.status) for each in self._all),
        }
