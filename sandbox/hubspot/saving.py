"""Saving records through the API: what is checked, what HubSpot keeps by itself, and what is unique."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from sandbox.hubspot import properties
from sandbox.hubspot.answers import Refused
from sandbox.hubspot.associating import make_parent, make_primary, show_company
from sandbox.hubspot.derive import derived, lifecycle
from sandbox.hubspot.objects import PIPELINE, PRESETS, CrmType
from sandbox.hubspot.portal import PORTAL_ID, Portal, changed
from sandbox.hubspot.properties import Wrong
from sandbox.hubspot.shapes import whole
from sandbox.hubspot.table import Held

Given = Mapping[str, Any]


def create(portal: Portal, type: CrmType, given: Given, *, version: str = "v3") -> Held:
    """A new record, or Refused with everything that is wrong with it."""
    given_values = {name: value for name, value in checked(portal, type, given, None).items() if value is not None}
    values = {**PRESETS.get(type.name, {}), **given_values}
    _require(type, values, version)
    _check_unique(portal, type, values, None)
    if type.name in PIPELINE:
        values.setdefault(PIPELINE[type.name][0], portal.pipelines.default(type.name))
        _check_stage(portal, type, values)
    return appear(portal, type, portal.new_id(), values, portal.now)


def appear(portal: Portal, type: CrmType, record_id: int, values: Mapping[str, str], created_at: str) -> Held:
    """A record comes into being with these values, unchecked."""
    standing = {"createdate": created_at} if not type.activity else {}
    standing |= {"hs_createdate": created_at} if "hs_createdate" in portal.properties[type.name] else {}
    full = {**standing, **values, type.modified: created_at, "hs_object_id": str(record_id)}
    full |= {name: value for name, value in derived(portal, type, full).items() if value is not None}
    record = Held(record_id, full, created_at, created_at, versions=((created_at, full),))
    portal.put(type, record)
    follow_company(portal, type, record_id, values)
    return record


def update(portal: Portal, type: CrmType, record: Held, given: Given) -> Held:
    """Change a record, or Refused with everything that is wrong."""
    values = checked(portal, type, given, record)
    _check_unique(portal, type, {name: value for name, value in values.items() if value}, record)
    merged = {**record.properties, **{name: value or "" for name, value in values.items()}}
    if type.name in PIPELINE and set(PIPELINE[type.name]) & set(values):
        _check_stage(portal, type, merged)
    return move(portal, type, record, values)


def move(portal: Portal, type: CrmType, record: Held, values: Mapping[str, str | None]) -> Held:
    """A record takes other values, unchecked (None clears)."""
    after = {name: value for name, value in {**record.properties, **values}.items() if value is not None}
    moved = changed(type, record, {**values, **derived(portal, type, after)}, portal.now)
    portal.put(type, moved)
    follow_company(portal, type, record.id, values)
    return moved


def follow_company(portal: Portal, type: CrmType, record_id: int, values: Mapping[str, str | None]) -> None:
    """A contact's associatedcompanyid is its primary company; a company's hs_parent_company_id its parent."""
    if type.name == "contacts" and "associatedcompanyid" in values:
        make_primary(portal, record_id, whole(values["associatedcompanyid"]))
    if type.name == "companies" and (parent := values.get("hs_parent_company_id")):
        make_parent(portal, record_id, whole(parent))


def checked(portal: Portal, type: CrmType, given: Given, record: Held | None) -> dict[str, str | None]:
    """The values as they will be kept; activities ignore names that they do not know or may not take."""
    schema, wrongs, values = portal.schema(type), list[Wrong](), dict[str, str | None]()
    lenient = type.activity and record is not None
    for name, value in given.items():
        prop = schema.get(name)
        if prop is None or prop.archived_at:
            wrongs += [] if lenient else [properties.doesnt_exist(name)]
            continue
        if prop.read_only and lenient:
            continue
        accepted = properties.accept(prop, _appended(prop, value, record))
        if isinstance(accepted, Wrong):
            wrongs.append(accepted)
        else:
            values[name] = accepted
            wrongs += _strange_owner(portal, prop, accepted)
    if wrongs:
        raise invalid(wrongs)
    return lifecycle(record, values)


def _appended(prop: properties.Property, value: Any, record: Held | None) -> Any:
    """A leading semicolon adds to the choices of a checkbox."""
    if prop.field_type != "checkbox" or not isinstance(value, str) or not value.startswith(";"):
        return value
    before = record.properties.get(prop.name, "") if record else ""
    return ";".join(dict.fromkeys(each for each in (*before.split(";"), *value.split(";")) if each))


def _strange_owner(portal: Portal, prop: properties.Property, value: str | None) -> list[Wrong]:
    """Owners are named by their id; a user id is none."""
    if not prop.external_options or value is None or whole(value) in portal.owners:
        return []
    allowed = ", ".join(str(each) for each in list(portal.owners)[:20])
    return [Wrong(prop.name, "INVALID_OPTION", f"{value} was not one of the allowed options: [{allowed}]")]


def _check_stage(portal: Portal, type: CrmType, values: dict[str, str]) -> None:
    pipeline, stage = PIPELINE[type.name]
    known = portal.pipelines.of[type.name].get(values.get(pipeline, ""))
    if known is None:
        named = ", ".join(portal.pipelines.of[type.name])
        raise invalid([_not_allowed(pipeline, values.get(pipeline, ""), named)])
    if portal.stage(type, values) is None:
        named = ", ".join(each["id"] for each in known["stages"])
        raise invalid([_not_allowed(stage, values.get(stage, ""), named)])


def _not_allowed(name: str, value: str, allowed: str) -> Wrong:
    return Wrong(name, "INVALID_OPTION", f"{value} was not one of the allowed options: [{allowed}]")


def _require(type: CrmType, values: Mapping[str, str], version: str) -> None:
    lacking = [group[0] for group in type.required if not any(values.get(name) for name in group)]
    if not lacking:
        return
    code = "MISSING_REQUIRED_PROPERTY" if version >= "2026-09" and version[0] == "2" else "REQUIRED_PROPERTY"
    words = f"Error creating {type.label}. Some required properties were not set."
    errors = [{"message": words, "code": code, "context": {"properties": lacking}}]
    raise Refused(words, context={"properties": lacking}, errors=errors)


def _check_unique(portal: Portal, type: CrmType, values: Mapping[str, str], record: Held | None) -> None:
    table = portal.tables[type.name]
    for name, value in values.items():
        prop = table.schema.get(name)
        is_email = type.name == "contacts" and name == "email"
        holder = table.holder(name, value) if is_email or (prop and prop.unique) else None
        if holder is None or (record is not None and holder == record.id):
            continue
        if is_email and record is None:
            raise Refused(f"Contact already exists. Existing ID: {holder}", "CONFLICT", 409)
        place = f"portalId={PORTAL_ID}, objectTypeId=ObjectTypeId{{legacyObjectType={type.label}}}"
        held = f"PropertyValueCoordinates{{{place}, propertyName={name}, value={value}}}"
        mine = record.id if record else portal.new_id()
        raise Refused(f"Cannot set {held} on {mine}. {holder} already has that value.")


def invalid(wrongs: Sequence[Wrong]) -> Refused:
    """One refusal that names all bad properties, once as JSON inside the message and once readably."""
    told = [
        {
            "isValid": False,
            "message": wrong.message,
            "error": wrong.code,
            "name": wrong.name,
            "localizedErrorMessage": wrong.message,
            "portalId": PORTAL_ID,
        }
        for wrong in wrongs
    ]
    errors = [{"message": w.message, "code": w.code, "context": {"propertyName": [w.name]}} for w in wrongs]
    return Refused(f"Property values were not valid: {orjson.dumps(told).decode()}", errors=errors)


def archive(portal: Portal, type: CrmType, record: Held) -> None:
    """Move a record to the recycle bin; it keeps its values and can be read for 90 days as an archived one."""
    portal.put(type, replace(record, archived_at=portal.now))
    _tell_contacts(portal, type, record.id)


def _tell_contacts(portal: Portal, type: CrmType, company: int) -> None:
    """Contacts show which company is theirs, now that one was merged or archived."""
    if type.name == "companies":
        for contact in portal.links.of(("companies", "contacts"), company):
            show_company(portal, contact)


def merge(portal: Portal, type: CrmType, primary: Held, other: Held) -> Held:
    """Two records become one: the primary's values win, the other fills gaps, old ids lead to the new one."""
    table = portal.tables[type.name]
    old = [primary.id, other.id] if portal.settings.merge_makes_new_id else [other.id]
    new_id = portal.new_id() if portal.settings.merge_makes_new_id else primary.id
    gone = [str(each) for each in old]
    known = ";".join(filter(None, (r.properties.get("hs_merged_object_ids") for r in (primary, other))))
    merged = ";".join(filter(None, (known, *gone)))
    for each in old:
        table.put(each, None, portal.store.now)
        table.aliases[each] = new_id
        portal.links.move(type.name, each, new_id)
    values = {**other.properties, **primary.properties, "hs_merged_object_ids": merged, "hs_object_id": str(new_id)}
    record = Held(new_id, values, primary.created_at, primary.updated_at, versions=primary.versions)
    record = changed(type, record, {"hs_merged_object_ids": merged}, portal.now)
    portal.put(type, record)
    _tell_contacts(portal, type, new_id)
    return record
