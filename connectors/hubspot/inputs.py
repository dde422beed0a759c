"""From writes to the inputs of a batch request: what goes by which way, with which properties and associations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from connectors.base import Operation, Outcome, Status, Write
from connectors.hubspot import codes
from connectors.hubspot.api import Api, Raw
from connectors.hubspot.records import taken_out
from connectors.hubspot.values import encoded, moment, with_key

Way = Literal["update", "upsert", "create"]


class Ready(NamedTuple):
    """A write as an input of a batch request."""

    write: Write
    way: Way
    input: Raw

    @property
    def kind(self) -> tuple[str, Way, str | None]:
        """What goes together in one request."""
        return self.write.object, self.way, self.write.key_field if self.way == "upsert" else None

    @property
    def has_unique_key(self) -> bool:
        return self.write.key_field is not None and self.write.object not in codes.ACTIVITIES

    def as_upsert(self) -> Ready:
        properties = {n: v for n, v in self.input["properties"].items() if n != self.write.key_field}
        return Ready(self.write, "upsert", _keyed(self.write, properties))


def prepared(api: Api, writes: Sequence[Write]) -> tuple[list[Ready], list[Outcome]]:
    """A value that cannot be sent makes its own write invalid, not its batch."""
    ready: list[Ready] = []
    invalid: list[Outcome] = []
    for one in writes:
        try:
            ready.append(_ready(api, one))
        except ValueError as error:
            invalid.append(Outcome(one.change_id, Status.INVALID, one.id, code="UNSENDABLE_VALUE", message=str(error)))
    return ready, invalid


def key_of(one: Ready, result: Mapping[str, Any]) -> str | None:
    """The key that a record in an answer carries."""
    properties, field = dict(result.get("properties") or {}), one.write.key_field or ""
    if field.endswith(".key"):
        return taken_out(properties, field.removesuffix(".key"))
    return properties.get(field)


def _ready(api: Api, one: Write) -> Ready:
    properties = encoded(one.fields, api.zone)
    if one.operation is Operation.UPDATE:
        return Ready(one, "update", {"id": one.id, "properties": properties, **_trace(one)})
    if one.operation is Operation.UPSERT and not one.associations and one.object not in codes.ACTIVITIES:
        return Ready(one, "upsert", _keyed(one, properties))
    properties = {**_moment_of_writing(api, one), **properties, **_key(one, properties)}
    return Ready(one, "create", {"properties": properties, "associations": _associations(one), **_trace(one)})


def _trace(one: Write) -> Raw:
    return {"objectWriteTraceId": one.change_id}


def _keyed(one: Write, properties: Mapping[str, str]) -> Raw:
    return {"idProperty": one.key_field, "id": one.key, "properties": properties, **_trace(one)}


def _key(one: Write, properties: Mapping[str, str]) -> dict[str, str]:
    """In its own property, or as the last line of a text."""
    if one.key_field is None or one.key is None:
        return {}
    text, dot, _ = one.key_field.rpartition(".")
    return {text: with_key(properties.get(text), one.key)} if dot else {one.key_field: one.key}


def _moment_of_writing(api: Api, one: Write) -> dict[str, str]:
    """A note must say when it was written."""
    return {"hs_timestamp": moment(api.http.clock())} if one.object == "notes" else {}


def _associations(one: Write) -> list[Raw]:
    return [
        {
            "to": {"id": id},
            "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": _type(one.object, other)}],
        }
        for other, ids in one.associations.items()
        for id in ids
    ]


def _type(object: str, other: str) -> int:
    if (object, other) not in codes.HANGS_ON:
        raise ValueError(f"a new record of {object} cannot be hung on {other}; crmpulse knows no association for it")
    return codes.HANGS_ON[object, other]
