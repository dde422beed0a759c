"""Whether the fields that a mapping names exist in the CRM and take what we would write, before anything is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from connectors.base import FieldSchema, ObjectSchema
from mappings import streams, vocabulary
from mappings.document import Mistake
from mappings.mistakes import Finding, below, meant
from mappings.models import PushField, PushMapping, SystemMapping
from mappings.vocabulary import Kind

Where = Callable[..., str]
"""reader.Reading.where: (file, *path) -> "salesforce.yaml:41"."""

TYPES: Mapping[Kind, tuple[str, ...]] = {
    "text": (
        "string", "textarea", "picklist", "combobox", "reference", "id", "email", "phone", "url", "multipicklist",
        "encryptedstring", "enumeration", "phone_number",
    ),
    "integer": ("int", "long", "double", "currency", "percent", "number"),
    "decimal": ("double", "currency", "percent", "number"),
    "number": ("double", "currency", "percent", "number"),
    "date": ("date",),
    "datetime": ("datetime",),
    "boolean": ("boolean", "bool"),
}  # fmt: skip
"""The vendors' types that take a column of ours."""

KNOWN_TYPES = {word for words in TYPES.values() for word in words}


def live(system: SystemMapping, schemas: Mapping[str, ObjectSchema], where: Where) -> list[Mistake]:
    """What the vendor's own description of its objects says against the mapping; warnings are marked as such.

    `schemas` holds every object that our user may see; files have none and are judged when they arrive.
    """
    if system.kind == "files":
        return []
    found = [*_pulls(system, schemas), *_pushes(system, schemas)]
    return [_mistake(finding, where(system.system, *finding.place)) for finding in found]


def _mistake(finding: Finding, where: str) -> Mistake:
    file, _, line = where.partition(":")
    return Mistake(file, int(line or 1), finding.message, finding.warning)


def _pulls(system: SystemMapping, schemas: Mapping[str, ObjectSchema]) -> Iterator[Finding]:
    for name, pull in system.pull.items():
        object = streams.object_of(name, pull)
        if object not in schemas:
            yield Finding(("pull", name), f"there is no object {object}, or our user may not see it")
            continue
        for place, field in streams.places(pull):
            yield from below(("pull", name, *place), _exists(schemas[object], field))


def _exists(schema: ObjectSchema, field: str) -> Iterator[Finding]:
    """A missing field and one that field-level security hides look the same.

    A dotted one belongs to another object, which is not looked at, unless what stands before the dot is a field here.
    """
    head, dot, _ = field.partition(".")
    if field.lower() not in {name.lower() for name in schema.fields} and (not dot or head in schema.fields):
        message = (
            f"{schema.object} shows us no field {field}: it does not exist, or field-level security hides it from our "
            "user; create it or grant it (README, 'Fields to create'), or change the mapping"
        )
        yield Finding((), f"{message}{meant(field, schema.fields)}")


def _spelled(schema: ObjectSchema, field: str) -> Iterator[Finding]:
    """What is written is matched with what is read by name, so the spelling must be theirs."""
    yield from _exists(schema, field)
    for name in schema.fields:
        if name != field and name.lower() == field.lower():
            yield Finding((), f"write {name} as {schema.object} spells it, not {field}")


def _pushes(system: SystemMapping, schemas: Mapping[str, ObjectSchema]) -> Iterator[Finding]:
    stages = {
        pull.fields["stage"].from_
        for pull in system.pull.values()
        if pull.table == "opportunities" and "stage" in pull.fields
    }
    for name, push in system.push.items():
        if push.object in schemas:
            yield from below(("push", name), _push(push, schemas[push.object], stages))


def _push(push: PushMapping, schema: ObjectSchema, stages: set[str | None]) -> Iterator[Finding]:
    yield from _key(push, schema)
    for name, field in push.fields.items():
        here = ("fields", name)
        if name not in schema.fields:
            yield from below(here, _spelled(schema, name))
        elif field.owner != "crm":
            theirs = schema.fields[name]
            yield from below(here, _writable(push, schema.object, theirs))
            yield from below(here, _takes(push, field, theirs, must=theirs.restricted or name in stages))
    if push.operation != "update":
        yield from _unfilled(push, schema)


def _key(push: PushMapping, schema: ObjectSchema) -> Iterator[Finding]:
    for name in push.key:
        here, theirs = ("key", name), schema.fields.get(name)
        if theirs is None:
            yield from below(here, _spelled(schema, name))
        elif push.operation != "update" and not theirs.createable:
            yield from below(here, _writable(push, schema.object, theirs))
        elif push.operation == "upsert":
            yield from below(here, _unique(push, schema.object, theirs))


def _unique(push: PushMapping, object: str, theirs: FieldSchema) -> Iterator[Finding]:
    """Without uniqueness two runs at once, or a person's copy, make a second record that no key can tell apart.

    Where no field of the vendor's can be unique, records are found through what they hang on.
    """
    if not theirs.external_id:
        yield Finding(
            (), f"{object}.{theirs.name} is no external id, so no upsert can find a record by it; mark it as one"
        )
    elif not theirs.unique and not push.associations:
        message = (
            f"{object}.{theirs.name} is not unique: copies of a record would share the key; mark the field as unique"
        )
        yield Finding((), message, True)
    if 0 < theirs.length < vocabulary.LONGEST["key"]:
        message = (
            f"{object}.{theirs.name} holds {theirs.length} characters; our keys have up to {vocabulary.LONGEST['key']}"
        )
        yield Finding((), message)


def _writable(push: PushMapping, object: str, theirs: FieldSchema) -> Iterator[Finding]:
    field = f"{object}.{theirs.name}"
    if push.operation == "update" and not theirs.updateable:
        yield Finding((), f"our user may not change {field}: it is read-only, or field-level security says so")
    if push.operation != "update" and not theirs.createable:
        yield Finding(
            (), f"our user may not set {field} on a new record: it is read-only, or field-level security says so"
        )
    elif push.operation == "upsert" and not theirs.updateable:
        yield Finding((), f"{field} can be set on a new record and never changed afterwards", True)


# --- values -----------------------------------------------------------------------------------------------------------


def _takes(push: PushMapping, field: PushField, theirs: FieldSchema, must: bool) -> Iterator[Finding]:
    """What we would write against the field's type, picklist and length; `must`: other words are refused or useless."""
    words = _words(push, field)
    if field.from_ is not None and field.values is None:
        yield from _type(theirs, vocabulary.PUSH[push.rows][field.from_], field.from_)
    strange = [word for word in words if theirs.values and word not in theirs.values]
    if strange:
        message = f"{theirs.name} does not know {', '.join(strange)}; its values are {', '.join(theirs.values)}"
        yield Finding((), message, not must)
    elif 0 < theirs.length < max([len(word) for word in words], default=0):
        yield Finding((), f"{theirs.name} holds {theirs.length} characters; {max(words, key=len)} is longer")
    longest = vocabulary.LONGEST.get(field.from_ or "", 0)
    if 0 < theirs.length < longest and theirs.type in TYPES["text"]:
        message = (
            f"{theirs.name} holds {theirs.length} characters, {field.from_} up to {longest}: longer ones are not sent"
        )
        yield Finding((), message, field.from_ not in vocabulary.KEYS)


def _type(theirs: FieldSchema, kind: Kind, column: str) -> Iterator[Finding]:
    if theirs.type in KNOWN_TYPES and theirs.type not in TYPES[kind]:
        yield Finding((), f"{theirs.name} is a field of type {theirs.type}, and {column} does not fit into it")


def _words(push: PushMapping, field: PushField) -> list[str]:
    """Every text that the field can get, where that is a closed list."""
    if field.from_ is None:
        return [field.constant] if isinstance(field.constant, str) else []
    if field.values is not None:
        return [word for word in field.values.values() if isinstance(word, str)]
    return list(vocabulary.PUSHED_WORDS.get((push.rows, field.from_), ()))


def _unfilled(push: PushMapping, schema: ObjectSchema) -> Iterator[Finding]:
    """Fields that a new record must have, that the CRM does not fill itself, and that nobody mapped."""
    for name, theirs in schema.fields.items():
        required = theirs.createable and not theirs.nillable and not theirs.defaulted and theirs.type != "boolean"
        if required and name not in push.fields and name not in push.key:
            yield Finding(("fields",), f"{schema.object} requires {name} on a new record, and nothing fills it; add it")
