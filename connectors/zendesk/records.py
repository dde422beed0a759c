"""From the fields that somebody asks for to values of Zendesk's records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

from connectors.base import ConfigError, Record, Stream
from connectors.zendesk.api import Raw
from connectors.zendesk.schema import Described, known

MIDNIGHT = "T00:00:00"


class Selection(NamedTuple):
    """What is asked of one object, and how a raw record becomes a record."""

    object: str
    readers: Mapping[str, Callable[[Raw], Any]]

    def record(self, raw: Raw) -> Record:
        fields = {name: read(raw) for name, read in self.readers.items()}
        return Record(str(raw["id"]), fields, deleted(self.object, raw))

    def wants(self, prefix: str) -> bool:
        return any(name.startswith(prefix) for name in self.readers)


def of_stream(described: Described, stream: Stream, system: str) -> Selection:
    """The stream against the account's fields; ConfigError names what is not there, before any export."""
    place = f"{system}.yaml, pull {stream.name}"
    if stream.key != "id":
        raise ConfigError(f"{place}: Zendesk's records are known by id; write `key: id` instead of {stream.key}")
    if stream.where:
        raise ConfigError(f"{place}: Zendesk's exports know no filter; remove `where`")
    return of_fields(described, stream.fields, place)


def of_fields(described: Described, fields: Iterable[str], place: str) -> Selection:
    fields = list(fields)
    known(described, fields, place)
    return Selection(described.schema.object, {field: _reader(described, field) for field in fields})


def deleted(object: str, raw: Raw) -> bool:
    """Each kind says it in its own way; a deleted user is one that is not active any more."""
    if object == "tickets":
        return raw.get("status") == "deleted"
    return raw.get("active") is False if object == "users" else bool(raw.get("deleted_at"))


def _reader(described: Described, field: str) -> Callable[[Raw], Any]:
    if field == "id":
        return lambda raw: str(raw["id"])
    if field.startswith("custom_fields."):
        return partial(_custom, described.ids[field])
    if "." not in field:
        return lambda raw: raw.get(field)
    if described.schema.fields[field].type == "date":
        return lambda raw: _day(value(raw, field))
    return lambda raw: value(raw, field)


def value(raw: Raw, path: str) -> Any:
    """What stands at a path; None as soon as one of its parts is missing."""
    found: Any = raw
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _custom(id: str, raw: Raw) -> Any:
    """Tickets hold added fields as a list of ids with values."""
    held = raw.get("custom_fields") or ()
    return next((field.get("value") for field in held if str(field.get("id")) == id), None)


def _day(found: Any) -> Any:
    """Zendesk shows the day of an added field as its midnight."""
    return found.partition("T")[0] if isinstance(found, str) and MIDNIGHT in found else found
