"""What an account tells of itself: details, usage, object schemas, pipelines."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.hubspot.answers import Answer, Refused, not_found
from sandbox.hubspot.calls import Call
from sandbox.hubspot.links import PRIMARY, default_kind
from sandbox.hubspot.objects import TYPES, CrmType, crm_type
from sandbox.hubspot.pipelines import LONG_AGO
from sandbox.hubspot.portal import PORTAL_ID


def details(call: Call) -> Answer:
    """GET account-info/{version}/details."""
    zone = ZoneInfo(call.portal.settings.time_zone)
    offset = call.portal.store.now.astimezone(zone).utcoffset() or timedelta()
    minutes = int(offset.total_seconds() // 60)
    return Answer(
        200,
        {
            "portalId": PORTAL_ID,
            "accountType": "DEVELOPER_TEST",
            "timeZone": call.portal.settings.time_zone,
            "companyCurrency": call.portal.settings.currency,
            "additionalCurrencies": [],
            "utcOffset": f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}",
            "utcOffsetMilliseconds": minutes * 60_000,
            "uiDomain": "app.hubspot.com",
            "dataHostingLocation": "na1",
        },
    )


def list_schemas(call: Call) -> Answer:
    """GET schemas: custom objects only, and there are none."""
    return Answer(200, {"results": []})


def read_schema(call: Call, type: str) -> Answer:
    """GET schemas/{type}: one object with its properties and associations."""
    of = crm_type(type)
    kept = [each.shown() for each in call.portal.schema(of).values() if not each.archived_at]
    return Answer(
        200,
        {
            "id": of.type_id,
            "objectTypeId": of.type_id,
            "fullyQualifiedName": of.label,
            "name": of.label,
            "labels": {"singular": of.singular.title(), "plural": of.name.title()},
            "primaryDisplayProperty": (of.defaults or ("hs_object_id",))[0],
            "secondaryDisplayProperties": [],
            "searchableProperties": list(of.defaults),
            "requiredProperties": [group[0] for group in of.required],
            "properties": kept,
            "associations": _associations(of),
            "archived": False,
            "createdAt": LONG_AGO,
            "updatedAt": LONG_AGO,
        },
    )


def _associations(of: CrmType) -> list[dict[str, Any]]:
    found = []
    for other in TYPES.values():
        if kind := default_kind((of.name, other.name)):
            type_id = PRIMARY.get((of.name, other.name), kind[1])
            ends = {"fromObjectTypeId": of.type_id, "toObjectTypeId": other.type_id}
            found.append({"id": str(type_id), **ends, "name": f"{of.singular}_to_{other.singular}"})
    return found


def list_pipelines(call: Call, type: str) -> Answer:
    """GET pipelines/{type}: never paged."""
    return Answer(200, {"results": list(_pipelines(call, type).values())})


def read_pipeline(call: Call, type: str, id: str) -> Answer:
    return Answer(200, _pipeline(call, type, id))


def list_stages(call: Call, type: str, id: str) -> Answer:
    return Answer(200, {"results": _pipeline(call, type, id)["stages"]})


def read_stage(call: Call, type: str, id: str, stage: str) -> Answer:
    _pipeline(call, type, id)
    found = call.portal.pipelines.stage(crm_type(type).name, id, stage)
    if found is None:
        raise not_found()
    return Answer(200, found)


def _pipelines(call: Call, type: str) -> dict[str, dict[str, Any]]:
    of = crm_type(type)
    if of.name not in call.portal.pipelines.of:
        raise Refused(f"{of.name} have no pipelines")
    return call.portal.pipelines.of[of.name]


def _pipeline(call: Call, type: str, id: str) -> dict[str, Any]:
    found = _pipelines(call, type).get(id)
    if found is None:
        raise not_found()
    return found
