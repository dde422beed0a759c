"""The records of one object type: as they stand, in the order of ids, and as the search index knows them."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.hubspot.objects import CrmType
from sandbox.hubspot.properties import Property
from sandbox.hubspot.shapes import whole


@dataclass(frozen=True, slots=True)
class Held:
    """One record, never changed in place. `properties` are texts, the standing ones included; a missing one is null."""

    id: int
    properties: Mapping[str, str]
    created_at: str
    updated_at: str
    archived_at: str | None = None
    versions: tuple[tuple[str, Mapping[str, str | None]], ...] = ()
    """When which values were set, oldest first."""


class Table:
    """Records by id. Every change is put once, and the search index learns of it later."""

    def __init__(self, type: CrmType, schema: Mapping[str, Property]) -> None:
        self.type = type
        self.schema = schema
        self.records: dict[int, Held] = {}
        self.indexed: dict[int, Held] = {}
        self.index_version = 0
        self.aliases: dict[int, int] = {}
        """Ids that a merge gave up -> the id that stayed."""
        self._by_value: dict[tuple[str, str], int] = {}
        self._unseen = deque[tuple[datetime, int, Held | None]]()
        self._order: dict[bool, list[int] | None] = {False: [], True: []}

    def put(self, record_id: int, record: Held | None, now: datetime) -> None:
        """Replace a record (None removes it for good)."""
        before = self.records.pop(record_id, None)
        if record is not None:
            self.records[record_id] = record
        self._reorder(record_id, before, record)
        self._remember(before, record)
        self._unseen.append((now, record_id, None if record is None or record.archived_at else record))

    def _reorder(self, record_id: int, before: Held | None, after: Held | None) -> None:
        for archived in (False, True):
            was = before is not None and bool(before.archived_at) == archived
            is_ = after is not None and bool(after.archived_at) == archived
            order = self._order[archived]
            if was == is_ or order is None:
                continue
            if is_ and (not order or order[-1] < record_id):
                order.append(record_id)
            else:
                self._order[archived] = None

    def _remember(self, before: Held | None, after: Held | None) -> None:
        """Keep the values of unique properties at hand; an archived record gives them up."""
        names = [name for name, prop in self.schema.items() if prop.unique]
        for name in [*names, "email"] if self.type.name == "contacts" else names:
            if before is not None and (old := before.properties.get(name)):
                self._by_value.pop((name, old.lower()), None)
            if after is not None and not after.archived_at and (new := after.properties.get(name)):
                self._by_value[name, new.lower()] = after.id

    def holder(self, name: str, value: str) -> int | None:
        """The id of the live record whose unique property holds the value."""
        return self._by_value.get((name, value.lower()))

    def live(self, record_id: int) -> Held | None:
        record = self.records.get(record_id)
        return None if record is None or record.archived_at else record

    def canonical(self, record_id: int) -> int:
        """The id that a record has after all merges."""
        while record_id in self.aliases:
            record_id = self.aliases[record_id]
        return record_id

    def current(self, record_id: object) -> Held | None:
        """The live record of that id, however it is written, also where a merge gave it up."""
        number = whole(record_id)
        return None if number is None else self.live(self.canonical(number))

    def ids(self, *, archived: bool) -> Sequence[int]:
        """All ids in order, of live or of archived records."""
        order = self._order[archived]
        if order is None:
            order = sorted(each.id for each in self.records.values() if bool(each.archived_at) == archived)
            self._order[archived] = order
        return order

    def page(self, after: int, size: int, *, archived: bool) -> tuple[list[Held], int | None]:
        """So many records from id `after` on, and the id with which the next page starts."""
        order = self.ids(archived=archived)
        start = bisect_left(order, after)
        follower = order[start + size] if start + size < len(order) else None
        return [self.records[each] for each in order[start : start + size]], follower

    def catch_up(self, now: datetime, lag: timedelta) -> None:
        """Let the search index learn what is older than its lag."""
        for record_id, record in self._due(now - lag):
            self.index_version += 1
            self.indexed.pop(record_id, None)
            if record is not None:
                self.indexed[record_id] = record

    def _due(self, limit: datetime) -> Iterator[tuple[int, Held | None]]:
        while self._unseen and self._unseen[0][0] <= limit:
            yield self._unseen.popleft()[1:]
