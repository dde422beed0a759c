"""Writing one record a call."""

from __future__ import annotations

from typing import Any

from sandbox.hubspot import saving
from sandbox.hubspot.answers import Answer, Refused, not_found
from sandbox.hubspot.associating import associate, with_new
from sandbox.hubspot.calls import Call, lacking
from sandbox.hubspot.objects import CrmType, crm_type
from sandbox.hubspot.reads import find, view
from sandbox.hubspot.table import Held


def given_properties(given: Any) -> dict[str, Any]:
    """The properties of one input; Refused where there are none."""
    if not isinstance(given, dict) or not isinstance(given.get("properties"), dict):
        raise lacking("properties")
    properties: dict[str, Any] = given["properties"]
    return properties


def shown(call: Call, type: CrmType, record: Held, given: dict[str, Any]) -> dict[str, Any]:
    """A saved record shows what was sent, and the standing properties."""
    return view(call.portal, type, list(given) or [type.created]).show(call.portal, record)


def make(call: Call, type: CrmType, given: dict[str, Any]) -> Held:
    """Create a record with its associations."""
    properties = given_properties(given)
    links = with_new(call.portal, type.name, given.get("associations"))
    record = saving.create(call.portal, type, properties, version=call.version)
    for pair, other, kinds in links:
        associate(call.portal, pair, record.id, other, kinds)
    return call.portal.tables[type.name].records[record.id]


def create_record(call: Call, type: str) -> Answer:
    """POST objects/{type}: 201."""
    of, body = crm_type(type), call.json()
    return Answer(201, shown(call, of, make(call, of, body), body["properties"]))


def update_record(call: Call, type: str, id: str) -> Answer:
    """PATCH objects/{type}/{id}: an id that a merge gave up is taken too."""
    of, given = crm_type(type), given_properties(call.json())
    record = find(call.portal, of, id, call.query.get("idProperty", ""))
    if record is None:
        raise not_found()
    return Answer(200, shown(call, of, saving.update(call.portal, of, record, given), given))


def archive_record(call: Call, type: str, id: str) -> Answer:
    """DELETE objects/{type}/{id}: into the recycle bin; what is not there is 204 too."""
    of = crm_type(type)
    record = find(call.portal, of, id)
    if record is not None:
        saving.archive(call.portal, of, record)
    return Answer(204)


def merge_records(call: Call, type: str) -> Answer:
    """POST objects/{type}/merge: two records become one."""
    of = crm_type(type)
    ids = [str(call.field(name)) for name in ("primaryObjectId", "objectIdToMerge")]
    primary, other = (find(call.portal, of, id) for id in ids)
    if primary is None or other is None:
        raise not_found()
    if primary.id == other.id:
        raise Refused("A record cannot be merged with itself")
    return Answer(200, view(call.portal, of, []).show(call.portal, saving.merge(call.portal, of, primary, other)))
