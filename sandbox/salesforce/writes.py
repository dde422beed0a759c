"""Saving and deleting single records: every check that Salesforce makes first, and every trace that it leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.salesforce import ids
from sandbox.salesforce.answers import Refused
from sandbox.salesforce.derive import Draft, after_save, derive
from sandbox.salesforce.fields import Field
from sandbox.salesforce.objects import SObject
from sandbox.salesforce.org import INTEGRATION_USER, Org
from sandbox.salesforce.schema import BY_PREFIX, OBJECTS, Child, children_of
from sandbox.salesforce.values import accept
from sandbox.store import Record, Value

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Saved:
    id: str
    created: bool


def create(org: Org, sobject: SObject, body: Body) -> Saved:
    """A new record, or Refused."""
    if not sobject.writable:
        raise Refused("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"entity type {sobject.name} does not support create")
    written = _accepted(sobject, body, creating=True)
    draft: Draft = dict(OBJECTS[sobject.name].defaults)
    draft |= org.own_fields(OBJECTS[sobject.name])
    draft |= {name: value for name, value in written.items() if value is not None}
    _require(sobject, draft)
    _check_links(org, sobject, None, written)
    draft |= {"Id": org.new_id(sobject), "CreatedDate": org.now, "CreatedById": INTEGRATION_USER}
    _save(org, sobject, None, draft)
    if sobject.name == "Opportunity" and draft.get("ContactId"):
        primary = {"OpportunityId": draft["Id"], "ContactId": draft["ContactId"], "IsPrimary": True}
        create(org, org.sobject("OpportunityContactRole"), primary)
    return Saved(str(draft["Id"]), created=True)


def update(org: Org, sobject: SObject, record_id: str, body: Body) -> Saved:
    """Change some fields of a record, or Refused; a null clears."""
    before = existing(org, sobject, record_id)
    written = _accepted(sobject, body, creating=False)
    draft = {**before, **written}
    _require(sobject, draft, only=frozenset(written))
    _check_links(org, sobject, before, written)
    _save(org, sobject, before, draft)
    return Saved(str(before["Id"]), created=False)


def existing(org: Org, sobject: SObject, record_id: str) -> Record:
    """The live record of this object; Refused tells malformed, unknown and deleted ids apart."""
    if not ids.well_formed(record_id):
        raise Refused("MALFORMED_ID", f"malformed id {record_id}", ["Id"])
    record = org.table(sobject.name).get(ids.long(record_id))
    if record is None:
        raise Refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [])
    if record.get("IsDeleted"):
        raise Refused("ENTITY_IS_DELETED", "entity is deleted", [], status=404)
    return record


def upsert(org: Org, sobject: SObject, key: Field, value: Any, body: Body, *, update_only: bool = False) -> Saved:
    """Update the one record with this key, create it where there is none, refuse where there are several."""
    found = org.matching(sobject.name, key, value)
    if len(found) > 1:
        message = f"{key.name}: more than one record found for external id field: [{', '.join(found)}]"
        raise Refused("DUPLICATE_EXTERNAL_ID", message, [key.name], status=300)
    if found:
        return update(org, sobject, found[0], body)
    if key.type == "id":
        raise Refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [])
    if update_only:
        raise Refused("NOT_FOUND", "The requested resource does not exist", status=404)
    return create(org, sobject, {**body, key.name: value})


def delete(org: Org, sobject: SObject, record_id: str, *, thorough: bool = False) -> None:
    """Move a record to the recycle bin with everything that cannot live without it.

    Children that forbid it are a refusal; a `thorough` person deletes them first.
    """
    before = existing(org, sobject, record_id)
    links = [
        (child, _children(org, child.object, child.field, str(before["Id"]))) for child in children_of(sobject.name)
    ]
    if any(found and child.field.on_parent_delete == "restrict" for child, found in links) and not thorough:
        message = (
            f"Your attempt to delete {before.get('Name')} could not be completed because it is associated with others"
        )
        raise Refused("DELETE_FAILED", message, [])
    gone: Draft = {"IsDeleted": True, "LastModifiedDate": org.now, "SystemModstamp": org.now}
    org.put(sobject.name, {**before, **gone})
    for child, found in links:
        for record in found:
            _orphan(org, child, record, thorough=thorough)


def _orphan(org: Org, child: Child, record: Record, *, thorough: bool) -> None:
    """What happens to a child of a deleted record; cascades may have taken it already."""
    if org.live(str(record["Id"])) is None:
        return
    if child.field.on_parent_delete == "clear":
        org.put(child.object, {**record, child.field.name: None, "SystemModstamp": org.now})
    else:
        delete(org, OBJECTS[child.object], str(record["Id"]), thorough=thorough)


def merge(org: Org, sobject: SObject, loser_id: str, winner_id: str) -> None:
    """The loser goes to the recycle bin with its winner's id, and its children move over."""
    if not sobject.mergeable:
        raise Refused("INVALID_TYPE", f"{sobject.name} records cannot be merged")
    loser, winner = existing(org, sobject, loser_id), existing(org, sobject, winner_id)
    if loser["Id"] == winner["Id"]:
        raise Refused("INVALID_ID_FIELD", "a record cannot be merged into itself")
    stamps: Draft = {"LastModifiedDate": org.now, "SystemModstamp": org.now}
    for child in children_of(sobject.name):
        for record in _children(org, child.object, child.field, str(loser["Id"])):
            org.put(child.object, {**record, child.field.name: winner["Id"], **stamps})
    org.put(sobject.name, {**winner, **stamps})
    org.put(sobject.name, {**loser, "IsDeleted": True, "MasterRecordId": winner["Id"], **stamps})


def _children(org: Org, object: str, field: Field, parent_id: str) -> list[Record]:
    rows = org.table(object).values()
    return [record for record in rows if record.get(field.name) == parent_id and not record.get("IsDeleted")]


def _save(org: Org, sobject: SObject, before: Record | None, draft: Draft) -> None:
    draft |= {"LastModifiedDate": org.now, "LastModifiedById": INTEGRATION_USER, "SystemModstamp": org.now}
    derive(org, OBJECTS[sobject.name], before, draft)
    if sobject.name == "Event" and not (draft.get("StartDateTime") and draft.get("EndDateTime")):
        raise Refused("REQUIRED_FIELD_MISSING", "Required fields are missing: [ActivityDateTime, DurationInMinutes]",
                      ["ActivityDateTime", "DurationInMinutes"])  # fmt: skip
    org.put(sobject.name, draft)
    after_save(org, OBJECTS[sobject.name], draft)


def _accepted(sobject: SObject, body: Body, *, creating: bool) -> Draft:
    """The body in our spelling and with stored values; unknown, read-only and ill-typed fields are refused."""
    written: Draft = {}
    for name, value in body.items():
        if name.lower() in {"attributes", "id"}:
            continue
        field = sobject.field(name)
        if field is None:
            raise Refused("INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject.name}", [])
        if not (field.createable if creating else field.updateable):
            raise Refused("INVALID_FIELD_FOR_INSERT_UPDATE", _not_writable(field.name), [field.name])
        written[field.name] = accept(field, value)
    return written


def _not_writable(name: str) -> str:
    return (
        f"Unable to create/update fields: {name}. Please check the security settings of this field and verify that it"
        " is read/write for your profile or permission set."
    )


def _require(sobject: SObject, draft: Mapping[str, Value], only: frozenset[str] | None = None) -> None:
    missing = [
        each.name
        for each in sobject.fields.values()
        if not each.nillable
        and (each.required or only is not None)
        and draft.get(each.name) is None
        and (only is None or each.name in only)
    ]
    if missing:
        message = f"Required fields are missing: [{', '.join(missing)}]"
        raise Refused("REQUIRED_FIELD_MISSING", message, missing)


def _check_links(org: Org, sobject: SObject, before: Record | None, written: Draft) -> None:
    for name, value in written.items():
        field = sobject.fields[name.lower()]
        if field.type == "reference" and value is not None:
            written[name] = _linked(org, sobject, field, str(value))
        if field.unique and value is not None:
            _check_unique(org, sobject, field, value, before)


def _linked(org: Org, sobject: SObject, field: Field, value: str) -> str:
    """The full id that a lookup may hold, or Refused."""
    if not ids.well_formed(value):
        raise Refused("MALFORMED_ID", f"{field.label}: malformed id {value}", [field.name])
    target = BY_PREFIX.get(value[:3])
    if target is not None and target.name not in field.to:
        raise Refused("MALFORMED_ID", f"{field.label}: id value of incorrect type: {value}", [field.name])
    record = org.live(value)
    if record is None:
        raise Refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [field.name])
    if field.name == "OwnerId" and not record.get("IsActive"):
        message = f"operation performed with inactive user [{value}] as owner of {sobject.name.lower()}"
        raise Refused("INACTIVE_OWNER_OR_USER", message, [field.name])
    return str(record["Id"])


def _check_unique(org: Org, sobject: SObject, field: Field, value: Value, before: Record | None) -> None:
    """A unique field of Activity is unique over tasks and events together."""
    objects = [each.name for each in OBJECTS.values() if each.activity] if sobject.activity else [sobject.name]
    for object in objects:
        for other in org.matching(object, field, value):
            if before is None or other != before["Id"]:
                message = f"duplicate value found: {field.name} duplicates value on record with id: {other[:15]}"
                raise Refused("DUPLICATE_VALUE", message, [field.name])
