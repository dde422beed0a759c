"""What to ask a system for: the streams that its mapping describes, with every field that it needs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from connectors.base import Stream
from mappings.models import PullField, PullMapping, PushMapping, SystemMapping


def streams(system: SystemMapping) -> dict[str, Stream]:
    """Every stream of the system by its name; what we push into an object is pulled with it."""
    return {name: _stream(system, name, pull) for name, pull in system.pull.items()}


def object_of(name: str, pull: PullMapping) -> str:
    """The vendor's name for what the stream holds; for files the glob."""
    return pull.files or pull.object or name


def mapped_fields(pull: PullMapping) -> frozenset[str]:
    """Their fields that become rows of ours: a change of one of them is a change of the record."""
    return frozenset(field for _, field in places(pull))


def places(pull: PullMapping) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every place of the mapping that names a field of theirs, with the field."""
    for part in ("fields", "keys", "attributes"):
        fields: dict[str, PullField] = getattr(pull, part)
        yield from (((part, name), field.from_) for name, field in fields.items() if field.from_ is not None)
    yield from ((("domains", n), field) for n, field in enumerate(pull.domains))
    for role, sources in pull.roles.items():
        for n, source in enumerate(sources):
            named = source.user or source.email_from
            if named is not None:
                yield ("roles", role, n), named
    if pull.ours is not None:
        yield ("ours",), pull.ours


def pushed_fields(system: SystemMapping, object: str) -> frozenset[str]:
    """Their fields that push mappings write or find by on this object, without the record id.

    A field may be pushed and mapped (a stage that a sales rep moves on): then it is a fact as well as an echo.
    """
    pushes = _pushes(system, object)
    ids = {pull.key for name, pull in system.pull.items() if object_of(name, pull) == object}
    return frozenset(field for push in pushes for field in (*push.key, *push.fields)) - ids


def key_field(system: SystemMapping, object: str) -> str | None:
    """The unique external key by which upserts find records of ours on this object."""
    return next((field for push in _pushes(system, object) if push.operation == "upsert" for field in push.key), None)


def definition(stream: Stream) -> str:
    """A hash of what is asked for: when it changes, the old bookmark does not fit any more."""
    asked = [stream.object, stream.fields, stream.key, stream.where, stream.day, sorted(stream.optional_fields)]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()


def _stream(system: SystemMapping, name: str, pull: PullMapping) -> Stream:
    object = object_of(name, pull)
    key = "" if pull.day else pull.key
    fields = {*mapped_fields(pull), *pushed_fields(system, object), key, pull.day or ""} - {""}
    return Stream(name, object, tuple(sorted(fields)), key, pull.where, pull.day or "", _optional(pull))


def _optional(pull: PullMapping) -> frozenset[str]:
    """Fields that every place of the mapping can do without."""
    mapped = [*pull.fields.values(), *pull.keys.values(), *pull.attributes.values()]
    needed = {field.from_ for field in mapped if not field.optional} | {pull.key, pull.day, pull.ours}
    return frozenset(field.from_ for field in mapped if field.from_ is not None and field.from_ not in needed)


def _pushes(system: SystemMapping, object: str) -> list[PushMapping]:
    return [push for push in system.push.values() if push.object == object]
