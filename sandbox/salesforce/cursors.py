"""Open query cursors: a locator keeps its result for two days of the sandbox clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.salesforce import ids
from sandbox.salesforce.answers import Refused

LIFE = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A result that is being paged through: its rows as they were found, and how one is shown."""

    total: int
    rows: Sequence[Any]
    show: Callable[[Any], Any]
    page_size: int
    expires_at: datetime


class Cursors:
    """The open cursors of one org by locator (18 characters, 0r8...)."""

    def __init__(self) -> None:
        self._open: dict[str, Cursor] = {}
        self._made = 0

    def keep(self, cursor: Cursor) -> str:
        self._made += 1
        locator = ids.new("0r8", self._made)
        self._open[locator] = cursor
        return locator

    def find(self, locator: str, now: datetime) -> Cursor:
        """The cursor, or Refused where it never was or has expired."""
        for old in [each for each, cursor in self._open.items() if cursor.expires_at <= now]:
            del self._open[old]
        if locator not in self._open:
            raise Refused("INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._open[locator]
