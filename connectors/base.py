"""What every connector speaks: streams and pages in, writes and outcomes out, errors sorted by what to do about them.

This module imports nothing of ours and is the only one of `connectors` that the rest of the house may import.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

Bookmark = Mapping[str, Any]
"""The position from which a stream resumes: JSON, opaque to everybody but the connector that wrote it."""


class CrmpulseError(Exception):
    """The root of all errors that we raise on purpose; the message says what happened, where and what to do."""


class ConfigError(CrmpulseError):
    """The company must change configuration or credentials; nothing was lost. Exit status 2."""


class SystemRefused(ConfigError):
    """The vendor turns all our calls away (credentials, permission, version): nothing of the system can be done."""


class Unavailable(CrmpulseError):
    """The vendor did not answer usably for as long as we were willing to wait; the next run resumes. Exit status 3."""


class LimitReached(CrmpulseError):
    """The share of the vendor's allowance that we may use is spent; the next run resumes. Exit status 3."""


@dataclass(frozen=True, slots=True)
class Stream:
    """A kind of thing to pull, as the mapping names it."""

    name: str
    """The mapping's name for it, unique in its system ("Account", "usage")."""
    object: str
    """The vendor's name for it (an sObject), or a glob of file names below a file source's folder."""
    fields: tuple[str, ...]
    """Every field to ask for, in the vendor's spelling: mapped ones, pushed ones, the key; sorted, without repeats."""
    key: str = "Id"
    """The vendor's field (or column) that identifies a record; empty for day-grained files."""
    where: str = ""
    """A filter in the vendor's own language, passed through unchanged; empty for everything."""
    day: str = ""
    """For day-grained files the column that holds the day; empty otherwise."""
    optional_fields: frozenset[str] = frozenset()
    """Those of `fields` that a file may leave out as a whole; a CRM never may."""


class Record(NamedTuple):
    """One of theirs, as received."""

    id: str
    fields: Mapping[str, Any]
    """Only the stream's fields, with the vendor's values untouched; empty for a deletion without its record."""
    deleted: bool = False
    merged_into: str | None = None
    """The id of the record that this one was merged into, on deletions that say so."""
    line: int = 0
    """The line in its file, counted from 1; 0 where the source is no file."""


class Refusal(NamedTuple):
    """Something that arrived and could not be read as a record; it goes to the issues table as it stands."""

    where: str
    """ "usage-2026-11-20.csv:17", "Account 001…": enough to find it."""
    reason: str
    kind: str = "unreadable"
    """One word for grouping: unreadable, missing_column, unmapped_column, empty_file, missing_key, duplicate_key."""


@dataclass(frozen=True, slots=True)
class Page:
    """Records that arrived together, and the bookmark that is right once all of them are stored."""

    records: Sequence[Record]
    bookmark: Bookmark
    requested_at: datetime
    """When the request was sent (aware, UTC): what the records show is at least as new as this."""
    total: int | None = None
    """How many records the whole pull will bring, where the vendor says so; for progress bars only."""
    refusals: Sequence[Refusal] = ()
    file: str = ""
    """Name of the file that the page came from, below the folder of a file source."""
    file_hash: str = ""
    """SHA-256 of that file, hex."""


class FieldSchema(NamedTuple):
    """A field as the vendor describes it to us; what our user may not see is absent from a schema."""

    name: str
    type: str
    """The vendor's type word, lower case: string, textarea, double, currency, date, datetime, picklist, reference…"""
    createable: bool
    updateable: bool
    nillable: bool = True
    length: int = 0
    """Most characters of a text field, 0 where there is no such bound."""
    precision: int = 0
    scale: int = 0
    unique: bool = False
    external_id: bool = False
    values: tuple[str, ...] = ()
    """Active values of a picklist; empty for other types."""
    restricted: bool = False
    """A picklist that refuses other values."""
    defaulted: bool = False
    """The vendor fills it on a new record that leaves it out."""


class ObjectSchema(NamedTuple):
    object: str
    fields: Mapping[str, FieldSchema]


class Operation(StrEnum):
    UPDATE = "update"  # by record id
    UPSERT = "upsert"  # by a unique external key; the first write of what we create
    CREATE = "create"  # without a key of its own; read before insert


@dataclass(frozen=True, slots=True)
class Write:
    """One record to be written, as the vendor names things."""

    change_id: str
    """Our id of the change; outcomes are matched by it, never by luck."""
    object: str
    operation: Operation
    fields: Mapping[str, Any]
    """Vendor field -> value (str, int, float, bool, None, date, aware datetime); None clears. Without key and id."""
    id: str | None = None
    key_field: str | None = None
    key: str | None = None
    parent: str = ""
    """Batches are sorted by it, because vendors lock parents."""
    associations: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Their object -> ids of records that a new record hangs on, for vendors that keep references beside the fields."""


class Status(StrEnum):
    """The closed list of ways in which one planned change can end."""

    UNCHANGED = "unchanged"
    SUCCEEDED = "succeeded"
    REJECTED = "rejected"  # the vendor said no
    INVALID = "invalid"  # never sent: we know that it cannot work
    BLOCKED = "blocked"  # a guard, a pause, a missing approval or a person stands before it
    UNKNOWN = "unknown"  # sent, and no answer that can be matched


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one write ended."""

    change_id: str
    status: Status
    id: str | None = None
    """The vendor's record id, where there is one."""
    created: bool = False
    code: str = ""
    """The vendor's error code, as it spells it."""
    message: str = ""
    """The vendor's words, unshortened; never with credentials in it."""
    fields: tuple[str, ...] = ()
    gone: bool = False
    """The record does not exist any more (deleted or merged): resolve the id again."""


@dataclass(frozen=True, slots=True)
class Budget:
    """The vendor's allowance of API calls in its longest window, in its own numbers; None where it does not tell."""

    allowed: int | None = None
    used: int | None = None
    calls: int = 0
    """Calls that this connector object has made so far."""


class Source(Protocol):
    """A system that can be read."""

    system: str

    def organization(self) -> str:
        """The vendor's id of the org, portal or account behind the credentials ("" for files). ConfigError on a 401."""

    def describe(self, object: str) -> ObjectSchema:
        """The fields that our user sees. ConfigError names the object when there is none."""

    def pull(self, stream: Stream, bookmark: Bookmark | None) -> Iterator[Page]:
        """Everything from the bookmark on (all of it without one), oldest change first; every page can be resumed from.

        The last page's bookmark is where the next pull starts. A pull that changes nothing yields one empty page.
        """

    def ids(self, stream: Stream) -> Iterator[Sequence[str]]:
        """All ids of the stream that exist now, in pages: the nightly proof that nothing vanished unseen."""

    def budget(self) -> Budget:
        """What the vendor last said about the allowance; asks once if it never did."""


class Destination(Source, Protocol):
    """A system that can also be written."""

    batch_size: int
    """Most records of one write request."""
    loopback: bool
    """It is a stand-in on this machine: the first push needs no approval."""

    def write(self, writes: Sequence[Write]) -> list[Outcome]:
        """Send one batch of one object and operation; exactly one outcome a write, in any order.

        Raises ConfigError (credentials), LimitReached or Unavailable only if nothing was sent; when the request went
        out and its answer did not come back readable, every outcome is `unknown`.
        """

    def find(
        self,
        object: str,
        key_field: str,
        keys: Sequence[str],
        fields: Sequence[str],
        parents: Mapping[str, Sequence[str]] | None = None,
    ) -> Mapping[str, Record]:
        """Records by unique key, deleted ones too (`Record.deleted`); a key that finds several is a ConfigError.

        `parents`: key -> ids of the records that it was created on, for objects that a vendor cannot find by a key.
        """

    def read(self, object: str, ids: Sequence[str], fields: Sequence[str]) -> Mapping[str, Record]:
        """Records by id, deleted ones too; what does not exist is absent."""
