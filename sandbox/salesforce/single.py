"""Writing one record a call."""

from __future__ import annotations

from sandbox.salesforce import ids
from sandbox.salesforce.answers import Answer, Refused, not_found
from sandbox.salesforce.calls import Call
from sandbox.salesforce.objects import SObject
from sandbox.salesforce.reads import external_key, several
from sandbox.salesforce.writes import Saved, create, delete, update, upsert

UPSERT_ANSWERS_SINCE = 46
UPDATE_ONLY_SINCE = 61


def create_one(call: Call, object: str) -> Answer:
    """POST sobjects/X."""
    saved = create(call.org, call.org.sobject(object), call.json_object())
    return Answer(201, {"id": saved.id, "success": True, "errors": []})


def update_one(call: Call, object: str, id: str) -> Answer:
    """PATCH sobjects/X/{id}."""
    body = call.json_object()
    if any(name.lower() == "id" for name in body):
        raise Refused("INVALID_FIELD", "The Id field should not be specified in the sobject data.", ["Id"])
    update(call.org, _holding(call, object, id), id, body)
    return Answer(204)


def delete_one(call: Call, object: str, id: str) -> Answer:
    """DELETE sobjects/X/{id}."""
    delete(call.org, _holding(call, object, id), id)
    return Answer(204)


def _holding(call: Call, object: str, id: str) -> SObject:
    """The object, if it ever had a record with this id; otherwise 404."""
    sobject = call.org.sobject(object)
    if ids.well_formed(id) and ids.long(id) not in call.org.table(sobject.name):
        raise not_found()
    return sobject


def upsert_one(call: Call, object: str, field: str, value: str) -> Answer:
    """PATCH sobjects/X/ExtField/{value}: 201 when created, 200 (204 before v46) when updated, 300 for several."""
    sobject, body = call.org.sobject(object), call.json_object()
    key = external_key(sobject, field)
    if any(name.lower() == key.name.lower() for name in body):
        message = f"The {key.name} field should not be specified in the sobject data."
        raise Refused("INVALID_FIELD", message, [key.name])
    found = call.org.matching(sobject.name, key, value)
    if len(found) > 1:
        return several(call, sobject, found)
    update_only = call.flag("updateOnly") and call.major >= UPDATE_ONLY_SINCE
    return _upserted(call, upsert(call.org, sobject, key, value, body, update_only=update_only))


def _upserted(call: Call, saved: Saved) -> Answer:
    if not saved.created and call.major < UPSERT_ANSWERS_SINCE:
        return Answer(204)
    body = {"id": saved.id, "success": True, "errors": [], "created": saved.created}
    return Answer(201 if saved.created else 200, body)
