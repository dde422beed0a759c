"""The words of the outbox: a plan, its changes, their fields, and what people changed."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from connectors.base import Operation, Status, Write
from mappings.models import PushMapping
from warehouse.outbox.values import Value, plain

Fields = Mapping[str, Any]
"""Vendor field -> value as JSON knows it."""


NAMES_THE_RECORD = "names the record"
"""Why a key field is among the fields of a record that has no key of its own (a contact role)."""


class FieldChange(NamedTuple):
    field: str
    before: Value
    after: Value
    why: str


class Drift(NamedTuple):
    """A foreign edit of a field that we own."""

    object: str
    external_id: str
    field: str
    ours: Value
    theirs: Value
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """One record of theirs that should change, and why; `status` is empty while it may be sent."""

    change_id: str
    run: str
    system: str
    push: str
    object: str
    operation: Operation
    row_key: str
    account_id: str
    external_id: str | None
    key_field: str | None
    key: str | None
    parent: str
    why: str
    as_of: date | None
    decision: str
    definition: str
    planned_at: datetime
    fields: Sequence[FieldChange]
    known: bool
    """The CRM acknowledged this row before."""
    clears: bool = False
    """A field that always has a value in good health would lose it."""
    ours: bool = False
    """We create such records; once one exists, the person wins."""
    drifts: Sequence[Drift] = ()
    associations: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Their object -> ids of the records that a new one hangs on."""
    status: Status | None = None
    code: str = ""
    message: str = ""
    sent_at: datetime | None = None

    def write(self) -> Write:
        values = {f.field: plain(f.after) for f in self.fields}
        return Write(
            change_id=self.change_id,
            object=self.object,
            operation=self.operation,
            fields=values,
            id=self.external_id if self.operation == Operation.UPDATE else None,
            key_field=self.key_field if self.operation == Operation.UPSERT else None,
            key=self.key if self.operation == Operation.UPSERT else None,
            parent=self.parent,
            associations=self.associations if self.operation != Operation.UPDATE else {},
        )

    def hangs_on(self) -> list[str]:
        """Ids of the records on which it was created: where it is found when the vendor knows no unique key."""
        return [id for ids in self.associations.values() for id in ids]


@dataclass(slots=True)
class Plan:
    """What a push would do, what it must not do yet, and what it learned without writing."""

    run: str
    system: str
    as_of: date | None
    changes: list[Change] = field(default_factory=list)
    unchanged: Counter[str] = field(default_factory=Counter)
    """Rows without a change, by push mapping."""
    acknowledged: Counter[str] = field(default_factory=Counter)
    """Records that the CRM acknowledged before and that still exist, by push mapping; what the guard counts over."""
    stale: dict[str, list[str]] = field(default_factory=dict)
    """Object -> ids whose sighting is older than this run: read them, `sight` them, plan again."""
    verified: dict[str, dict[str, datetime]] = field(default_factory=dict)
    """Push -> row -> request time of a sighting that agrees with what was acknowledged."""
    settled: list[dict[str, Any]] = field(default_factory=list)
    """Rows of `acknowledged` as they should be: decided without a write, found in the CRM, or deleted by a person."""

    def to_send(self, push: str | None = None) -> list[Change]:
        return [c for c in self.changes if c.status is None and push in (None, c.push)]

    def waits(self, push: str) -> bool:
        """Something of the mapping waits for another mapping's records: plan it once more when those are written."""
        return any(c.push == push and c.code == "waits" for c in self.changes)

    def drifts(self) -> list[Drift]:
        return [drift for change in self.changes for drift in change.drifts]

    def calls(self, batch_size: int) -> int:
        """Write requests that the vendor will count: one a batch of the same object and operation."""
        kinds = Counter((c.push, c.operation) for c in self.to_send())
        return sum(-(-n // batch_size) for n in kinds.values())

    def counts(self) -> dict[str, int]:
        """Changes by what is known of them now; `planned` are those that may be sent."""
        found = Counter(c.status.value if c.status else "planned" for c in self.changes)
        return {**found, Status.UNCHANGED.value: self.unchanged.total()}


def definition(push: PushMapping) -> str:
    """Hash of the mapping: another one writes the set again, so that new fields fill themselves."""
    return hashlib.sha256(push.model_dump_json(by_alias=True).encode()).hexdigest()[:16]
