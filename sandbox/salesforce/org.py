"""One Salesforce org: its records, what our user may see of its schema, and its settings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from sandbox.salesforce import ids
from sandbox.salesforce.answers import Refused, not_found
from sandbox.salesforce.cursors import Cursors
from sandbox.salesforce.fields import Field
from sandbox.salesforce.objects import SObject
from sandbox.salesforce.schema import BY_PREFIX, OBJECTS
from sandbox.salesforce.values import moment
from sandbox.store import Record, Store, Value

VENDOR = "salesforce"
ORGANIZATION_ID = ids.long("00D000000000SB1")
INTEGRATION_USER = ids.long("005000000000SB1")


@dataclass(slots=True)
class Settings:
    """What an admin of the org, or a test, may turn."""

    clients: dict[str, str] = field(default_factory=lambda: {"crmpulse-sandbox": "sandbox-secret"}, repr=False)
    """Client id -> client secret of the apps that may log in."""
    username: str = "integration@crmpulse.example"
    """The user that every app runs as."""
    public_key: str = field(default="", repr=False)
    """PEM that JWT assertions are verified with; empty lets any signature pass."""
    token_seconds: int = 7200
    """How long an access token lives, by the sandbox clock."""
    daily_limit: int = 100_000
    """API calls in 24 hours, by the sandbox clock."""
    page_seed: int | None = 1
    """Result pages are shorter than asked for, differently for every seed; None fills them."""
    hidden: frozenset[str] = frozenset()
    """ "Account.ARR__c": fields that our user cannot see (field-level security)."""
    read_only: frozenset[str] = frozenset()
    """Fields that our user sees and cannot edit."""


class Org:
    """Records and schema of one org, as the integration user meets them."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self.settings = settings
        self.cursors = Cursors()
        self.calls_used = 0
        self._counted_from = store.now
        self._stamp = (store.now, moment(store.now))
        self._made = 0
        self._unique: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        self._seen: tuple[tuple[frozenset[str], frozenset[str]], dict[str, SObject]] | None = None
        for sobject in OBJECTS.values():
            self._index(sobject)

    def count_call(self) -> None:
        """One more API call of the allowance, or Refused when it is spent; it starts anew after 24 hours."""
        if self.store.now - self._counted_from >= timedelta(hours=24):
            self.calls_used, self._counted_from = 0, self.store.now
        if self.calls_used >= self.settings.daily_limit:
            raise Refused("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", status=403)
        self.calls_used += 1

    @property
    def now(self) -> str:
        """The sandbox clock as a stamp."""
        if self._stamp[0] is not self.store.now:
            self._stamp = (self.store.now, moment(self.store.now))
        return self._stamp[1]

    def objects(self) -> Mapping[str, SObject]:
        """The schema by lower-case object name, without what field-level security hides."""
        rights = (self.settings.hidden, self.settings.read_only)
        if self._seen is None or self._seen[0] != rights:
            self._seen = (rights, {each.name.lower(): self._as_seen(each) for each in OBJECTS.values()})
        return self._seen[1]

    def sobject(self, name: str) -> SObject:
        """The object of that name in any case; 404 where there is none."""
        found = self.objects().get(name.lower())
        if found is None:
            raise not_found()
        return found

    def _as_seen(self, sobject: SObject) -> SObject:
        fields: dict[str, Field] = {}
        for lower, each in sobject.fields.items():
            full_name = f"{sobject.name}.{each.name}"
            if full_name in self.settings.hidden:
                continue
            bound = full_name in self.settings.read_only
            fields[lower] = replace(each, createable=False, updateable=False) if bound else each
        return replace(sobject, fields=fields)

    def table(self, object: str) -> Mapping[str, Record]:
        return self.store.table(VENDOR, object)

    def find(self, record_id: str) -> tuple[SObject, Record] | None:
        """The record of any object that has this id (15 or 18 characters), deleted ones included."""
        sobject = BY_PREFIX.get(record_id[:3])
        record = sobject and self.table(sobject.name).get(ids.long(record_id))
        return (sobject, record) if sobject and record else None

    def live(self, record_id: str) -> Record | None:
        """The record with this id, unless it is deleted."""
        found = self.find(record_id)
        return found[1] if found and not found[1].get("IsDeleted") else None

    def put(self, object: str, record: Record) -> None:
        self.store.put(VENDOR, object, str(record["Id"]), record)

    def new_id(self, sobject: SObject) -> str:
        self._made += 1
        return ids.new(sobject.prefix, self._made)

    def own_fields(self, sobject: SObject) -> dict[str, Value]:
        """What the org itself gives a new record: an owner, and its number where it has one."""
        own: dict[str, Value] = {"OwnerId": INTEGRATION_USER} if "OwnerId" in sobject.spelled else {}
        if sobject.numbered:
            own[sobject.numbered] = f"{len(self.table(sobject.name)) + 1:08d}"
        return own

    def matching(self, object: str, field: Field, value: object) -> list[str]:
        """Ids of live records whose indexed field holds the value, in any case."""
        if field.type == "id":
            return [ids.long(str(value))] if self.live(str(value)) else []
        return sorted(self._unique[object, field.name].get(str(value).lower(), ()))

    def _index(self, sobject: SObject) -> None:
        """Keep unique and lookup values at hand, whoever changes the records."""
        names = [each.name for each in sobject.fields.values() if (each.unique or each.id_lookup) and each.name != "Id"]

        def watch(before: Record | None, after: Record | None) -> None:
            for name in names:
                found = self._unique[sobject.name, name]
                if before is not None and not before.get("IsDeleted") and before.get(name) is not None:
                    found[str(before[name]).lower()].discard(str(before["Id"]))
                if after is not None and not after.get("IsDeleted") and after.get(name) is not None:
                    found[str(after[name]).lower()].add(str(after["Id"]))

        self.store.watch(VENDOR, sobject.name, watch)
