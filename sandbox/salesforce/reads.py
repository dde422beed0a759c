"""Reading without SOQL: single records, records by ids, what was deleted or changed lately, and limits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sandbox.salesforce import ids
from sandbox.salesforce.answers import Answer, Refused, malformed, not_found
from sandbox.salesforce.calls import Call
from sandbox.salesforce.fields import Field
from sandbox.salesforce.objects import SObject
from sandbox.salesforce.soql_fields import reader
from sandbox.salesforce.values import moment, read_moment
from sandbox.store import Record

MOST_IDS = 2000
LOG_DAYS = 15


def read_one(call: Call, object: str, id: str) -> Answer:
    """GET sobjects/X/{id}?fields=..."""
    sobject = call.org.sobject(object)
    if not ids.well_formed(id):
        raise Refused("NOT_FOUND", f"Provided external ID field does not exist or is not accessible: {id}", status=404)
    record = call.org.table(sobject.name).get(ids.long(id))
    if record is None:
        raise not_found()
    if record.get("IsDeleted"):
        raise Refused("ENTITY_IS_DELETED", "entity is deleted", [], status=404)
    return Answer(200, _shown(call, sobject, record, _fields(sobject, call.query.get("fields", ""))))


def read_by_key(call: Call, object: str, field: str, value: str) -> Answer:
    """GET sobjects/X/ExtField/{value}: 300 with urls where several records have it."""
    sobject = call.org.sobject(object)
    found = call.org.matching(sobject.name, external_key(sobject, field), value)
    if not found:
        raise not_found()
    if len(found) > 1:
        return several(call, sobject, found)
    return read_one(call, object, found[0])


def external_key(sobject: SObject, name: str) -> Field:
    """A field that records can be found by, or 404."""
    field = sobject.field(name)
    if field is None or not (field.external_id or field.id_lookup):
        raise Refused(
            "NOT_FOUND", f"Provided external ID field does not exist or is not accessible: {name}", status=404
        )
    return field


def several(call: Call, sobject: SObject, found: list[str]) -> Answer:
    return Answer(300, [f"{call.base}/sobjects/{sobject.name}/{each}" for each in found])


def read_many(call: Call, object: str) -> Answer:
    """Records by ids in the order asked for, null where there is none; by GET, or by POST with a body."""
    sobject = call.org.sobject(object)
    if call.method == "POST":
        body = call.json_object()
        wanted, names = _texts(body, "ids"), ",".join(_texts(body, "fields"))
    else:
        wanted, names = call.query.get("ids", "").split(","), call.query.get("fields", "")
    if len(wanted) > MOST_IDS:
        raise Refused(
            "EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {MOST_IDS} records into this call"
        )
    if not names:
        raise Refused("REQUIRED_FIELD_MISSING", "Fields must be specified")
    fields = _fields(sobject, names)
    records = (call.org.table(sobject.name).get(ids.long(each)) for each in wanted)
    shown = [_shown(call, sobject, r, fields) if r is not None and not r.get("IsDeleted") else None for r in records]
    return Answer(200, shown)


def _texts(body: Mapping[str, Any], key: str) -> list[str]:
    found = body.get(key, [])
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise malformed(f"Cannot deserialize instance of list from the value of {key}")
    return found


def _fields(sobject: SObject, names: str) -> list[Field]:
    if not names:
        return list(sobject.fields.values())
    fields = []
    for name in names.split(","):
        field = sobject.field(name.strip())
        if field is None:
            raise Refused("INVALID_FIELD", f"No such column '{name.strip()}' on sobject of type {sobject.name}")
        fields.append(field)
    return fields


def _shown(call: Call, sobject: SObject, record: Record, fields: list[Field]) -> dict[str, Any]:
    attributes = {"type": sobject.name, "url": f"{call.base}/sobjects/{sobject.name}/{record['Id']}"}
    shown = {field.name: reader(field)(record) for field in fields}
    return {"attributes": attributes} | shown | {"Id": record["Id"]}


def deleted(call: Call, object: str) -> Answer:
    """GET sobjects/X/deleted?start&end: ids and moments from the last 15 days."""
    sobject = call.org.sobject(object)
    start, end = _window(call)
    found = [
        {"id": record["Id"], "deletedDate": record["SystemModstamp"]}
        for record in call.org.table(sobject.name).values()
        if record.get("IsDeleted") and start <= str(record["SystemModstamp"]) < end
    ]
    earliest = moment(call.org.store.now - timedelta(days=LOG_DAYS))
    covered = min(end, call.org.now)
    return Answer(200, {"deletedRecords": found, "earliestDateAvailable": earliest, "latestDateCovered": covered})


def updated(call: Call, object: str) -> Answer:
    """GET sobjects/X/updated?start&end."""
    sobject = call.org.sobject(object)
    start, end = _window(call)
    found = [
        record["Id"]
        for record in call.org.table(sobject.name).values()
        if not record.get("IsDeleted") and start <= str(record["SystemModstamp"]) < end
    ]
    return Answer(200, {"ids": found, "latestDateCovered": min(end, call.org.now)})


def _window(call: Call) -> tuple[str, str]:
    try:
        start, end = (read_moment(call.query[name].replace(" ", "+")) for name in ("start", "end"))
    except (KeyError, ValueError) as error:
        raise Refused("INVALID_FIELD", f"start and end must be ISO 8601 datetimes: {error}") from None
    if start < call.org.store.now - timedelta(days=30):
        raise Refused("INVALID_REPLICATION_DATE", "startDate before org replication enablement date")
    if start >= end:
        raise Refused(
            "INVALID_REPLICATION_DATE", "endDate must be chronologically greater than startDate by more than 1 minute"
        )
    return moment(start), moment(end)


def limits(call: Call) -> Answer:
    """GET limits."""
    used, allowed = call.org.calls_used, call.org.settings.daily_limit
    return Answer(
        200,
        {
            "DailyApiRequests": {"Max": allowed, "Remaining": max(0, allowed - used)},
            "DailyBulkApiBatches": {"Max": 15000, "Remaining": 15000},
            "DailyBulkV2QueryJobs": {"Max": 10000, "Remaining": 10000},
            "DailyBulkV2QueryFileStorageMB": {"Max": 976562, "Remaining": 976562},
            "DataStorageMB": {"Max": 1024, "Remaining": 1000},
        },
    )
