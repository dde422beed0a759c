"""One HubSpot account: its records, what it knows about its objects, and its settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from sandbox.hubspot.links import Links
from sandbox.hubspot.moments import millis, stamp
from sandbox.hubspot.objects import PIPELINE, TYPES, CrmType, crm_type
from sandbox.hubspot.pipelines import Pipelines
from sandbox.hubspot.properties import Property
from sandbox.hubspot.schema import SCHEMA
from sandbox.hubspot.table import Held, Table
from sandbox.store import Store

PORTAL_ID = 48_000_001
FIRST_NEW_ID = 910_000_000_001


@dataclass(slots=True)
class Settings:
    """What an admin of the account, or a test, may turn."""

    service_key: str = "pat-na1-crmpulse-sandbox"
    """The service key that may call; another one takes the place of one that expired."""
    clients: dict[str, str] = field(default_factory=lambda: {"crmpulse-sandbox": "sandbox-secret"}, repr=False)
    """Client id -> client secret of OAuth apps."""
    token_seconds: int = 1800
    """How long an OAuth access token lives, by the sandbox clock."""
    scopes: frozenset[str] | None = None
    """What the key may do; None is everything."""
    enforce_rates: bool = False
    """Whether the limits for seconds refuse calls; they are counted by real time, so that tests need not wait."""
    ten_secondly_limit: int = 190
    search_per_second: int = 5
    daily_limit: int = 1_000_000
    """Calls between two midnights of the account's time zone, by the sandbox clock."""
    time_zone: str = "US/Eastern"
    currency: str = "USD"
    search_lag: float = 5.0
    """Seconds of the sandbox clock until a search finds what was written."""
    stale_hits: int = 0
    """Hits in the middle of every search whose records are gone: pages get short or empty, and the cursor goes on."""
    uncounted_hits: int = 0
    """By how many the total of a search counts too few."""
    ids_sort_as_text: bool = False
    """Whether a search compares and sorts hs_object_id as text: 7198, 71986, 7199."""
    page_seed: int | None = 1
    """Pages are shorter than asked for, differently for every seed; None fills them."""
    shuffled: bool = True
    """Whether results of batches come in another order than their inputs."""
    merge_makes_new_id: bool = False
    """Whether a merged record gets an id of its own, and both old ones lead to it."""
    associations_touch: bool = True
    """Whether a record counts as modified when something is associated with it."""
    hidden: frozenset[str] = frozenset()
    """ "companies.arr": properties that this account does not have."""


class Portal:
    """Records and definitions of one account."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self.settings = settings
        self.properties = {name: _defined(name) for name in TYPES}
        self.groups: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in TYPES}
        for name in TYPES:
            self.add_group(name, _group(name), f"{TYPES[name].singular.title()} information")
        self.tables = {name: Table(type, self.properties[name]) for name, type in TYPES.items()}
        self.pipelines = Pipelines()
        self.owners: dict[int, dict[str, Any]] = {}
        self.links = Links()
        self.last_search: tuple[object, Sequence[Held]] | None = None
        """What the last search asked for and found."""
        self._undo: list[Callable[[], None]] | None = None
        self._made = FIRST_NEW_ID - 1

    @property
    def now(self) -> str:
        """The sandbox clock as a stamp."""
        return stamp(self.store.now)

    @property
    def millis(self) -> int:
        return millis(self.store.now)

    def table(self, type_name: str) -> Table:
        """The records of that object type, by any of its names."""
        return self.tables[crm_type(type_name).name]

    def schema(self, type: CrmType) -> dict[str, Property]:
        """The properties that the account has, archived ones included."""
        hidden = {name.partition(".")[2] for name in self.settings.hidden if name.startswith(f"{type.name}.")}
        known = self.properties[type.name]
        return {name: prop for name, prop in known.items() if name not in hidden} if hidden else known

    def add_group(self, type_name: str, name: str, label: str, display_order: int = -1) -> dict[str, Any]:
        group = {"name": name, "label": label, "displayOrder": display_order, "archived": False}
        self.groups[type_name][name] = group
        return group

    def new_id(self) -> int:
        self._made += 1
        return self._made

    def put(self, type: CrmType, record: Held) -> None:
        table = self.tables[type.name]
        before = table.records.get(record.id)
        table.put(record.id, record, self.store.now)
        if self._undo is not None:
            self._undo.append(lambda: table.put(record.id, before, self.store.now))

    @contextmanager
    def attempt(self) -> Iterator[Callable[[], None]]:
        """A stretch of writes that can be taken back as a whole by calling what this yields."""
        self._undo = self.links.undo = steps = list[Callable[[], None]]()

        def take_back() -> None:
            self._undo = self.links.undo = None
            while steps:
                steps.pop()()

        try:
            yield take_back
        finally:
            self._undo = self.links.undo = None

    def searchable(self, type: CrmType) -> Table:
        """The table, its search index as far as it may be by now."""
        table = self.tables[type.name]
        table.catch_up(self.store.now, timedelta(seconds=self.settings.search_lag))
        return table

    def touch(self, type: CrmType, record_id: int, **changes: str | None) -> None:
        """Something about a record moved without its being saved: it counts as modified."""
        record = self.tables[type.name].live(record_id)
        if record is not None and (changes or self.settings.associations_touch):
            self.put(type, changed(type, record, changes, self.now))

    def stage(self, type: CrmType, properties: dict[str, str]) -> dict[str, Any] | None:
        """The stage that a deal or ticket stands in."""
        pipeline, stage = PIPELINE[type.name]
        return self.pipelines.stage(type.name, properties.get(pipeline, ""), properties.get(stage, ""))


def changed(type: CrmType, record: Held, changes: dict[str, str | None], now: str) -> Held:
    """The record with other values (None clears), modified now; what stays the same leaves no version."""
    moved = {name: value for name, value in changes.items() if record.properties.get(name) != value}
    kept = {name: value for name, value in {**record.properties, **moved}.items() if value is not None}
    kept[type.modified] = now
    versions = (*record.versions, (now, moved)) if moved else record.versions
    return replace(record, properties=kept, updated_at=now, versions=versions)


def _group(type_name: str) -> str:
    return f"{TYPES[type_name].singular}{'_information' if TYPES[type_name].activity else 'information'}"


def _defined(type_name: str) -> dict[str, Property]:
    return {prop.name: replace(prop, group=_group(type_name)) for prop in SCHEMA[type_name]}
