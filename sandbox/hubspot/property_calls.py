"""The properties API: definitions and groups, made, changed, archived and restored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import orjson

from sandbox.hubspot.answers import Answer, Refused, not_found
from sandbox.hubspot.batches import complete, inputs_of
from sandbox.hubspot.calls import Call, lacking
from sandbox.hubspot.objects import CrmType, crm_type
from sandbox.hubspot.properties import Option, Property
from sandbox.hubspot.shapes import number, objects

FIELD_TYPES = {
    "bool": ("booleancheckbox", "calculation_equation"),
    "enumeration": ("select", "radio", "checkbox", "booleancheckbox", "calculation_equation"),
    "number": ("number", "calculation_equation"),
    "string": ("text", "textarea", "file", "html", "phonenumber", "calculation_equation"),
    "date": ("date",),
    "datetime": ("date",),
    "phone_number": ("phonenumber",),
}
MOST_UNIQUE = 10
REQUIRED = ("name", "label", "type", "fieldType", "groupName")


def list_properties(call: Call, type: str) -> Answer:
    """GET properties/{type}: all that live, or all archived ones; never paged."""
    found = call.portal.schema(crm_type(type)).values()
    return Answer(200, {"results": [each.shown() for each in found if bool(each.archived_at) == call.flag("archived")]})


def read_property(call: Call, type: str, name: str) -> Answer:
    return Answer(200, _held(call, crm_type(type), name, archived=call.flag("archived")).shown())


def _held(call: Call, type: CrmType, name: str, *, archived: bool = False) -> Property:
    prop = call.portal.schema(type).get(name)
    if prop is None or bool(prop.archived_at) != archived:
        raise not_found(f"Property {name} does not exist")
    return prop


def create_property(call: Call, type: str) -> Answer:
    """POST properties/{type}: 201; an archived property of that name comes back."""
    return Answer(201, _made(call, crm_type(type), call.json()).shown())


def _made(call: Call, type: CrmType, given: Mapping[str, Any]) -> Property:
    if absent := [name for name in REQUIRED if not given.get(name)]:
        raise lacking(*absent)
    name, schema = str(given["name"]), call.portal.properties[type.name]
    if name in schema and not schema[name].archived_at:
        words = f"A property named '{name}' already exists."
        raise Refused(words, "OBJECT_ALREADY_EXISTS", 409, subCategory="Properties.PROPERTY_WITH_NAME_EXISTS")
    _check_name(name)
    _check_unique_allowed(type, schema, given)
    group = str(given["groupName"])
    fresh = Property(name, "", "", "", group, created_at=call.portal.now, unique=bool(given.get("hasUniqueValue")))
    base = replace(schema[name], archived_at=None) if name in schema else fresh
    schema[name] = _defined(call, type, base, given)
    return schema[name]


def _check_name(name: str) -> None:
    if not name.replace("_", "").isalnum() or name != name.lower() or not name[0].isalpha():
        raise Refused(f"Property name {name} must be lower case letters, digits and underscores, a letter first")


def _check_unique_allowed(type: CrmType, schema: Mapping[str, Property], given: Mapping[str, Any]) -> None:
    """Ten unique texts an object; for activities nobody has seen one accepted, so it is refused."""
    if not given.get("hasUniqueValue"):
        return
    if type.activity or given["type"] != "string" or sum(prop.unique for prop in schema.values()) >= MOST_UNIQUE:
        raise Refused(f"{given['name']} cannot have unique values: text only, and {MOST_UNIQUE} properties at most")


def _defined(call: Call, type: CrmType, prop: Property, given: Mapping[str, Any]) -> Property:
    """The definition with what was sent; `options` replaces the whole list."""
    kind, field_type = str(given.get("type", prop.type)), str(given.get("fieldType", prop.field_type))
    if field_type not in FIELD_TYPES.get(kind, ()):
        raise Refused(
            f"fieldType {field_type} does not fit type {kind}; it takes {', '.join(FIELD_TYPES.get(kind, ()))}"
        )
    group = str(given.get("groupName", prop.group))
    if group not in call.portal.groups[type.name]:
        raise Refused(f"A group named {group} does not exist")
    options = _options(given["options"]) if "options" in given else prop.options
    return replace(
        prop,
        label=str(given.get("label", prop.label)),
        type=kind,
        field_type=field_type,
        group=group,
        options=options,
        description=str(given.get("description", prop.description)),
        display_order=number(given.get("displayOrder", prop.display_order), "displayOrder"),
        hidden=bool(given.get("hidden", prop.hidden)),
        form_field=bool(given.get("formField", prop.form_field)),
        updated_at=call.portal.now,
    )


def _options(given: Any) -> tuple[Option, ...]:
    options = tuple(
        Option(
            str(each.get("label")),
            str(each.get("value")),
            number(each.get("displayOrder", place), "displayOrder"),
            bool(each.get("hidden")),
        )
        for place, each in enumerate(objects(given, "options"))
    )
    if len({option.value for option in options}) != len(options):
        raise Refused("Property option values must be unique")
    return options


def update_property(call: Call, type: str, name: str) -> Answer:
    """PATCH properties/{type}/{name}: neither the name nor hasUniqueValue ever changes."""
    of = crm_type(type)
    prop = _held(call, of, name)
    if prop.hubspot_defined:
        raise Refused(f"{name} is defined by HubSpot and cannot be changed")
    call.portal.properties[of.name][name] = _defined(call, of, prop, call.json())
    return read_property(call, type, name)


def archive_property(call: Call, type: str, name: str) -> Answer:
    """DELETE properties/{type}/{name}: 204; values stay with the records, unseen."""
    of = crm_type(type)
    prop = _held(call, of, name)
    if prop.hubspot_defined:
        raise Refused(f"{name} is in use", subCategory="PropertyValidationError.CANNOT_DELETE_PROPERTY_IN_USE")
    call.portal.properties[of.name][name] = replace(prop, archived_at=call.portal.now)
    return Answer(204)


def read_many(call: Call, type: str) -> Answer:
    """POST properties/{type}/batch/read."""
    of = crm_type(type)
    return _each(call, 200, lambda each: _held(call, of, str(each.get("name"))))


def create_many(call: Call, type: str) -> Answer:
    """POST properties/{type}/batch/create: 201."""
    of = crm_type(type)
    return _each(call, 201, lambda each: _made(call, of, each))


def archive_many(call: Call, type: str) -> Answer:
    """POST properties/{type}/batch/archive: 204."""
    for each in inputs_of(call):
        archive_property(call, type, str(each.get("name")))
    return Answer(204)


def _each(call: Call, status: int, step: Callable[[dict[str, Any]], Property]) -> Answer:
    results, errors = list[dict[str, Any]](), list[dict[str, Any]]()
    for each in inputs_of(call):
        try:
            results.append(step(each).shown())
        except Refused as refused:
            errors.append(refused.in_batch({"name": [str(each.get("name"))]}))
    return complete(call, status, results, errors)


def list_groups(call: Call, type: str) -> Answer:
    return Answer(200, {"results": list(call.portal.groups[crm_type(type).name].values())})


def read_group(call: Call, type: str, name: str) -> Answer:
    return Answer(200, _group(call, type, name))


def _group(call: Call, type: str, name: str) -> dict[str, Any]:
    group = call.portal.groups[crm_type(type).name].get(name)
    if group is None:
        raise not_found(f"A group named {name} does not exist")
    return group


def create_group(call: Call, type: str) -> Answer:
    """POST properties/{type}/groups: 201."""
    of, name, label = crm_type(type), str(call.field("name")), str(call.field("label"))
    if name in call.portal.groups[of.name]:
        raise Refused(f"A property group named '{name}' already exists.", "OBJECT_ALREADY_EXISTS", 409)
    order = number(call.json().get("displayOrder", len(call.portal.groups[of.name])), "displayOrder")
    return Answer(201, call.portal.add_group(of.name, name, label, order))


def update_group(call: Call, type: str, name: str) -> Answer:
    """PATCH properties/{type}/groups/{name}: its label and its place."""
    group, given = _group(call, type, name), call.json()
    group.update({key: given[key] for key in ("label", "displayOrder") if key in given})
    return Answer(200, group)


def archive_group(call: Call, type: str, name: str) -> Answer:
    """DELETE properties/{type}/groups/{name}: not while it has properties; that refusal is JSON inside the message."""
    _group(call, type, name)
    of = crm_type(type).name
    if any(prop.group == name and not prop.archived_at for prop in call.portal.properties[of].values()):
        told = {"message": f"Group {name} has properties", "error": "PropertyGroupError.GROUP_WITH_ACTIVE_PROPERTIES"}
        raise Refused(orjson.dumps(told).decode())
    del call.portal.groups[of][name]
    return Answer(204)
