"""One Zendesk account: its records in the two orders in which they are asked for, and its settings."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.store import Record, Store, Watcher
from sandbox.zendesk.moments import seconds, stamp
from sandbox.zendesk.shapes import ORGANIZATION_FIELDS, SHAPES, Body, Shape

VENDOR = "zendesk"
ADMIN = 900_000_000_001
"""The user that apps and API tokens act as."""
Key = tuple[int, Any]
"""generated_timestamp and id: the order of the exports."""


@dataclass(slots=True)
class Settings:
    """What an admin of the account, or a test, may turn."""

    clients: dict[str, str] = field(default_factory=lambda: {"crmpulse-sandbox": "sandbox-secret"}, repr=False)
    """Unique identifier -> secret of the OAuth clients."""
    email: str = "integration@crmpulse.example"
    api_token: str = field(default="sandbox-api-token", repr=False)
    token_seconds: int = 1800
    """How long an access token lives unless its request says otherwise, by the sandbox clock."""
    allowed_scopes: frozenset[str] = frozenset()
    """What the client may ask for; empty allows everything."""
    role: str = "admin"
    """The role of our user: admin or agent."""
    requests_per_minute: int = 700
    """The account's allowance; 0 is none at all, here and below."""
    exports_per_minute: int = 10
    user_exports_per_minute: int = 20
    edge_per_second: int = 0
    """The protection in front of everything, which answers in a shape of its own."""
    writes_per_organization: int = 5
    """PUTs of the same organization in a minute."""
    most_jobs: int = 30
    job_polls: int = 2
    """How often a job is seen unfinished before it is done."""
    job_seconds: float = 5.0
    """After which a job is done although nobody asked."""
    slow_above: int = 0
    """Export pages that are asked to be larger than this time out; 0: none does."""
    repeats_boundary: bool = True
    """Whether a time-based page ends with the second that the next begins with, or one later."""
    tells_end: bool = True
    """Whether exports say end_of_stream; otherwise they end where no next page is given."""
    bulk_sets_fields: bool = True
    """Whether update_many takes organization_fields, or drops them without a word."""
    ratings: bool = True
    """Whether the account reads its old satisfaction ratings."""
    surveys: bool = True
    """Whether its plan has the survey API."""
    most_by_offset: int = 10_000
    """Records that offset pages reach."""


class Desk:
    """The account's records, as the sandbox clock has them."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store, self.settings = store, settings
        self._made = 0
        self._orders: dict[str, tuple[list[Key], list[Body]]] = {}
        self._by_id: dict[str, tuple[list[Any], list[Body]]] = {}
        for name in SHAPES:
            store.watch(VENDOR, name, self._forgetting(name))

    def _forgetting(self, name: str) -> Watcher:
        def forget(before: Record | None, after: Record | None) -> None:
            self._orders.pop(name, None)
            self._by_id.pop(name, None)

        return forget

    @property
    def now(self) -> str:
        return stamp(self.store.now)

    @property
    def seconds(self) -> int:
        return seconds(self.store.now)

    def new_id(self) -> int:
        self._made += 1
        return 910_000_000_000 + self._made

    def table(self, shape: Shape) -> Mapping[str, Body]:
        return self.store.table(VENDOR, shape.plural)

    def find(self, shape: Shape, record_id: Any) -> Body | None:
        """The record, deleted or not."""
        return self.table(shape).get(str(record_id))

    def live(self, shape: Shape, record_id: Any) -> Body | None:
        """The record, unless it is deleted."""
        record = self.find(shape, record_id)
        return record if record is not None and not is_deleted(record) else None

    def empty_fields(self) -> dict[str, None]:
        """The fields that the account added to organizations, without values."""
        return {row["key"]: None for row in self.sorted(ORGANIZATION_FIELDS)}

    def put(self, shape: Shape, record: Body) -> None:
        self.store.put(VENDOR, shape.plural, str(record["id"]), record)

    def sorted(self, shape: Shape) -> list[Body]:
        """Live records by id."""
        return self._sorted(shape)[1]

    def position(self, shape: Shape, record_id: Any) -> int:
        """How many live records have an id up to this one."""
        return bisect_right(self._sorted(shape)[0], record_id)

    def _sorted(self, shape: Shape) -> tuple[list[Any], list[Body]]:
        if shape.plural not in self._by_id:
            live = sorted((row for row in self.table(shape).values() if not is_deleted(row)), key=lambda row: row["id"])
            self._by_id[shape.plural] = [row["id"] for row in live], live
        return self._by_id[shape.plural]

    def changed(self, shape: Shape, after: Key, until: int) -> Sequence[Body]:
        """Records whose key lies beyond `after`, up to the second `until`, in the order of their last change."""
        keys, rows = self._in_order(shape)
        return rows[bisect_right(keys, after) : bisect_left(keys, (until + 1, -1))]

    def _in_order(self, shape: Shape) -> tuple[list[Key], list[Body]]:
        if shape.plural not in self._orders:
            rows = sorted(self.table(shape).values(), key=_key)
            self._orders[shape.plural] = [_key(row) for row in rows], rows
        return self._orders[shape.plural]


def _key(record: Body) -> Key:
    return record["generated_timestamp"], record["id"]


def is_deleted(record: Body) -> bool:
    """Tickets say it in their status, organizations by a date, users by being inactive."""
    return record.get("status") == "deleted" or bool(record.get("deleted_at")) or record.get("active") is False
