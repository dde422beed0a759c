"""What the stand-ins remember: records as they stand at the sandbox clock, and what time will bring.

Records are never changed in place: a write puts a new one, so that an open cursor keeps showing what it found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

Value = str | int | float | bool | None
"""A field's value as the vendor writes it in JSON; dates and datetimes are strings in the vendor's own spelling."""
Record = Mapping[str, Value]
Happening = Callable[[], None]
Watcher = Callable[[Record | None, Record | None], None]
"""Is told every record's before and after, so that it can keep an index."""

BEGINNING = datetime(1, 1, 1, tzinfo=UTC)


class Store:
    """Tables of records and the clock that decides what exists."""

    def __init__(self) -> None:
        self.now = BEGINNING
        self._tables: dict[tuple[str, str], dict[str, Record]] = defaultdict(dict)
        self._ahead: list[tuple[datetime, int, Happening]] = []
        self._sorted = True
        self._scheduled = 0
        self._on_move: list[Happening] = []
        self._undo: list[Happening] | None = None
        self._watchers: dict[tuple[str, str], Watcher] = {}

    def table(self, vendor: str, object: str) -> Mapping[str, Record]:
        """All records of an object by id, deleted ones that can still be seen included."""
        return self._tables[vendor, object]

    def put(self, vendor: str, object: str, record_id: str, record: Record | None) -> None:
        """Replace a record (None removes it for good)."""
        table = self._tables[vendor, object]
        before = table.get(record_id)
        if record is None:
            table.pop(record_id, None)
        else:
            table[record_id] = record
        if watcher := self._watchers.get((vendor, object)):
            watcher(before, record)
        if self._undo is not None:
            self._undo.append(lambda: self.put(vendor, object, record_id, before))

    def watch(self, vendor: str, object: str, watcher: Watcher) -> None:
        """Have somebody told of every record that is put."""
        self._watchers[vendor, object] = watcher

    @contextmanager
    def attempt(self) -> Iterator[Callable[[], None]]:
        """A stretch of writes that can be taken back as a whole by calling what this yields."""
        outer, steps = self._undo, list[Happening]()
        self._undo = steps

        def take_back() -> None:
            self._undo = None
            while steps:
                steps.pop()()
            self._undo = steps

        try:
            yield take_back
        finally:
            self._undo = outer
            if outer is not None:
                outer.extend(steps)

    def later(self, at: datetime, happening: Happening) -> None:
        """Let something happen when the clock reaches `at`; what shares a moment happens in the order of asking."""
        self._scheduled += 1
        self._ahead.append((at, self._scheduled, happening))
        self._sorted = False

    def on_move(self, happening: Happening) -> None:
        """Let something happen after every move of the clock."""
        self._on_move.append(happening)

    def move(self, now: datetime) -> None:
        """Set the clock forward; everything scheduled up to then happens at its own moment, in order."""
        if now < self.now:
            raise ValueError(f"the sandbox clock stands at {self.now.isoformat()} and only moves forward")
        if not self._sorted:
            self._ahead.sort(key=lambda ahead: ahead[:2], reverse=True)
            self._sorted = True
        while self._ahead and self._ahead[-1][0] <= now:
            at, _, happening = self._ahead.pop()
            self.now = max(self.now, at)
            happening()
        self.now = now
        for happening in self._on_move:
            happening()
