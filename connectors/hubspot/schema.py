"""What a portal's objects look like to our user: its properties, and the fields that we make of them.

Made fields carry a dot or a name that no property has, and a mapping may use them like any other:
`id`; `full_name` of contacts and owners; `associations.companies`, the id of the one company that counts;
`<moment>.day`, its day in the portal's time zone; `<text of an activity>.key`, our key as its last line;
`pipeline.closed`, `pipeline.closed_at`, `pipeline.stage`, from what the pipelines say about a stage.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.base import ConfigError, FieldSchema, ObjectSchema
from connectors.hubspot import codes
from connectors.hubspot.api import Api, words

OWNERS = "owners"
OWNER_FIELDS = ("id", "email", "firstName", "lastName", "full_name", "userId", "type", "archived")
PAIR_FIELDS = ("id", "from", "to", "label")
PIPELINE_FIELDS = ("pipeline.closed", "pipeline.closed_at", "pipeline.stage")
STAGES: Mapping[str, tuple[str, str]] = {
    "deals": ("pipeline", "dealstage"),
    "tickets": ("hs_pipeline", "hs_pipeline_stage"),
}
"""Objects that go through a pipeline -> their properties with pipeline and stage."""
CLOSED_AT: Mapping[str, str] = {"deals": "closedate", "tickets": "closed_date"}
ASSOCIATED = ("companies", "contacts", "deals", "tickets")
FULL_NAME = ("firstname", "lastname")
TEXT_LENGTH = 65_536
KEY_LENGTH = 200
"""Characters of our key at the end of a text."""


def is_pair(object: str) -> bool:
    """`deals/contacts`: the associations between two objects, each pair a record."""
    return "/" in object


def describe(api: Api, object: str) -> ObjectSchema:
    """ConfigError names the object when our user does not see it."""
    if object == OWNERS or is_pair(object):
        fields = [
            _made(name, writable=name in {"from", "to"}) for name in (PAIR_FIELDS if is_pair(object) else OWNER_FIELDS)
        ]
        return ObjectSchema(object, {field.name: field for field in fields})
    reply = api.send(api.client.properties.core_api.get_all, object)
    if reply.status in (400, 404):
        said = f" ({words(reply)})" if words(reply) else ""
        raise ConfigError(f"{api.system}: there is no object {object}, or our token may not see it{said}")
    properties = [p for p in api.got(reply, f"properties of {object}").body["results"] if not p.get("archived")]
    fields = [_field(object, p) for p in properties]
    return ObjectSchema(object, {field.name: field for field in [*fields, *_derived(object, fields)]})


def missing(schema: ObjectSchema, fields: Sequence[str], place: str) -> None:
    """ConfigError lists every field that the portal does not have: it would leave them out without a word."""
    absent = sorted(set(fields) - schema.fields.keys())
    if absent:
        raise ConfigError(
            f"{place}: {schema.object} has no property {', '.join(absent)} that our key may see; create it (README, "
            f"'Fields to create'), or change the mapping"
        )


def _field(object: str, raw: Mapping[str, Any]) -> FieldSchema:
    name, kind = str(raw["name"]), str(raw.get("type") or "").lower()
    fixed = (raw.get("modificationMetadata") or {}).get("readOnlyValue") is True or raw.get("calculated") is True
    values = tuple(str(option["value"]) for option in raw.get("options") or () if not option.get("hidden"))
    unique = raw.get("hasUniqueValue") is True
    return FieldSchema(
        name=name,
        type="html" if raw.get("fieldType") == "html" else kind,
        createable=not fixed,
        updateable=not fixed,
        length=TEXT_LENGTH if kind == "string" else 0,
        unique=unique,
        external_id=unique or (object in codes.ACTIVITIES and kind == "string"),  # found through what it hangs on
        values=values if kind == "enumeration" else (),
        restricted=kind == "enumeration" and bool(values) and _is_closed_list(raw),
    )


def _is_closed_list(raw: Mapping[str, Any]) -> bool:
    """Not where the options live elsewhere (owners), and not where several of them may stand side by side."""
    return raw.get("externalOptions") is not True and raw.get("fieldType") != "checkbox"


def _derived(object: str, fields: Sequence[FieldSchema]) -> Iterator[FieldSchema]:
    """The fields that we make of the object's properties."""
    names = {field.name for field in fields}
    yield _made("id")
    yield from (_made(f"associations.{other}") for other in ASSOCIATED if other != object)
    for field in fields:
        if field.type == "datetime":
            yield FieldSchema(f"{field.name}.day", "date", field.createable, field.updateable)
    if codes.ACTIVITIES.get(object) in names:
        key = f"{codes.ACTIVITIES[object]}.key"
        yield FieldSchema(key, "string", True, False, length=KEY_LENGTH, unique=True, external_id=True)
    if object in STAGES:
        yield from (_made(name) for name in PIPELINE_FIELDS)
    if names.issuperset(FULL_NAME):
        yield _made("full_name")


def _made(name: str, *, writable: bool = False) -> FieldSchema:
    return FieldSchema(name, "string", writable, False)
