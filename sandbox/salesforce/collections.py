"""Writing up to 200 records a call: an answer for every record, in the order of the request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any

from sandbox.salesforce import ids
from sandbox.salesforce.answers import Answer, Refused, malformed
from sandbox.salesforce.calls import Call
from sandbox.salesforce.fields import Field
from sandbox.salesforce.objects import SObject
from sandbox.salesforce.org import Org
from sandbox.salesforce.reads import external_key
from sandbox.salesforce.schema import BY_PREFIX
from sandbox.salesforce.writes import Saved, create, delete, update, upsert

MOST_RECORDS = 200
MOST_CHUNKS = 10
Row = Mapping[str, Any]
Save = Callable[[Row], Saved]


def create_many(call: Call) -> Answer:
    """POST composite/sobjects."""
    rows, all_or_none = _records(call)
    return _each(call, rows, lambda row: create(call.org, _object(call.org, row), row), all_or_none)


def update_many(call: Call) -> Answer:
    """PATCH composite/sobjects; every record has its id."""
    rows, all_or_none = _records(call)
    doubles = _doubled(ids.long(str(record_id(row))) for row in rows if record_id(row))

    def save(row: Row) -> Saved:
        id = record_id(row)
        if not id:
            raise Refused("MISSING_ARGUMENT", "Id not specified in an update call", [])
        if ids.long(str(id)) in doubles:
            raise Refused("DUPLICATE_VALUE", f"duplicate id specified: {id}", [])
        return update(call.org, _object(call.org, row), str(id), row)

    return _each(call, rows, save, all_or_none)


def upsert_many(call: Call, object: str, field: str) -> Answer:
    """PATCH composite/sobjects/X/ExtField; also X/Id, where records without an id are created."""
    sobject = call.org.sobject(object)
    key = external_key(sobject, field)
    rows, all_or_none = _records(call)
    doubles = _doubled(str(_value(row, key)).lower() for row in rows if _value(row, key))

    def save(row: Row) -> Saved:
        if _object(call.org, row).name != sobject.name:
            raise Refused("INVALID_TYPE", f"all records of this call must be of type {sobject.name}", [])
        return _upsert(call, sobject, key, row, doubles)

    return _each(call, rows, save, all_or_none, tells_created=True)


def delete_many(call: Call) -> Answer:
    """DELETE composite/sobjects?ids=a,b."""
    wanted = [each for each in call.query.get("ids", "").split(",") if each]
    _check_count(wanted)

    def save(row: Row) -> Saved:
        sobject = BY_PREFIX.get(str(row["id"])[:3])
        if sobject is None or not ids.well_formed(row["id"]):
            raise Refused("MALFORMED_ID", f"malformed id {row['id']}", [])
        delete(call.org, sobject, str(row["id"]))
        return Saved(ids.long(str(row["id"])), created=False)

    return _each(call, [{"id": each} for each in wanted], save, call.flag("allOrNone"))


def _upsert(call: Call, sobject: SObject, key: Field, row: Row, doubles: frozenset[str]) -> Saved:
    value = _value(row, key)
    others = {name: each for name, each in row.items() if name.lower() != key.name.lower()}
    if not value and key.type == "id":
        return create(call.org, sobject, others)
    if not value:
        raise Refused("MISSING_ARGUMENT", f"{key.name} not specified", [])
    if str(value).lower() in doubles:
        raise Refused("DUPLICATE_VALUE", f"Duplicate external id specified: {value}", [key.name])
    return upsert(call.org, sobject, key, value, others)


def _records(call: Call) -> tuple[list[Row], bool]:
    """The records of the body, or Refused for the whole call where it cannot be read as such."""
    body = call.json_object()
    rows = body.get("records")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise malformed("Cannot deserialize instance of list from the value of records")
    _check_count(rows)
    chunks = sum(1 for _ in groupby(rows, key=lambda row: _type(row).lower()))
    if chunks > MOST_CHUNKS:
        raise Refused("LIMIT_EXCEEDED", f"records of a call may change their type at most {MOST_CHUNKS} times")
    return rows, bool(body.get("allOrNone", False))


def _check_count(rows: Sequence[Any]) -> None:
    if not rows:
        raise Refused("REQUIRED_FIELD_MISSING", "At least 1 record is required")
    if len(rows) > MOST_RECORDS:
        message = f"record limit reached. cannot submit more than {MOST_RECORDS} records into this call"
        raise Refused("EXCEEDED_ID_LIMIT", message)


def _type(row: Row) -> str:
    attributes = row.get("attributes")
    kind = attributes.get("type") if isinstance(attributes, dict) else None
    if not isinstance(kind, str):
        raise Refused("REQUIRED_FIELD_MISSING", "Required fields are missing: [attributes.type]", ["attributes"])
    return kind


def _object(org: Org, row: Row) -> SObject:
    found = org.objects().get(_type(row).lower())
    if found is None:
        raise Refused("INVALID_TYPE", f"sObject type '{_type(row)}' is not supported.", [])
    return found


def record_id(row: Row) -> Any:
    """The record's id, however the client spells the word."""
    return next((value for name, value in row.items() if name.lower() == "id"), None)


def _value(row: Row, key: Field) -> Any:
    return next((value for name, value in row.items() if name.lower() == key.name.lower()), None)


def _doubled(values: Any) -> frozenset[str]:
    return frozenset(value for value, count in Counter(values).items() if count > 1)


def _each(call: Call, rows: Sequence[Row], save: Save, all_or_none: bool, *, tells_created: bool = False) -> Answer:
    """Save row by row; with allOrNone one failure takes everything back."""
    with call.org.store.attempt() as take_back:
        results = [_result(call, place, row, save, tells_created) for place, row in enumerate(rows)]
        if all_or_none and not all(each["success"] for each in results):
            take_back()
            results = [each if not each["success"] else _rolled_back() for each in results]
    return Answer(200, results)


def _result(call: Call, place: int, row: Row, save: Save, tells_created: bool) -> dict[str, Any]:
    """One record's answer; what a failed save began is taken back."""
    with call.org.store.attempt() as take_back:
        try:
            if trouble := call.trouble(place, str(record_id(row) or "")):
                raise trouble
            saved = save(row)
        except Refused as refused:
            take_back()
            return {"success": False, "errors": [refused.per_record()]}
    result = {"id": saved.id, "success": True, "errors": []}
    return result | {"created": saved.created} if tells_created else result


def _rolled_back() -> dict[str, Any]:
    message = "Record rolled back because not all records were valid and the request was using AllOrNone header"
    return {"success": False, "errors": [Refused("ALL_OR_NONE_OPERATION_ROLLED_BACK", message, []).per_record()]}
