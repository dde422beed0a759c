"""The associations API: one pair of records or many, default or labelled, and the labels themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.hubspot.answers import Answer, Refused, not_found
from sandbox.hubspot.associating import associate, dissociate, live_others, wanted_kinds
from sandbox.hubspot.batches import complete, inputs_of, scattered
from sandbox.hubspot.calls import Call
from sandbox.hubspot.links import Kind, Pair, default_kind
from sandbox.hubspot.objects import TYPES, crm_type
from sandbox.hubspot.portal import Portal
from sandbox.hubspot.reads import kind_name
from sandbox.hubspot.shapes import an_object, objects

MOST_READ, MOST_WRITTEN, LARGEST_PAGE = 1_000, 2_000, 500


def _pair(from_type: str, to_type: str) -> Pair:
    """Two types that can be associated."""
    pair = (crm_type(from_type).name, crm_type(to_type).name)
    if default_kind(pair) is None:
        raise Refused(f"No association type exists between {pair[0]} and {pair[1]}")
    return pair


def _record(portal: Portal, type_name: str, id: object) -> int:
    """The id of a live record, also by an id that a merge gave up."""
    record = portal.tables[type_name].current(id)
    if record is None:
        raise not_found(f"No {TYPES[type_name].singular} with ID {id} exists")
    return record.id


def _kinds(portal: Portal, pair: Pair, kinds: frozenset[Kind]) -> list[dict[str, Any]]:
    labels = portal.links.known(pair)
    return [{"category": kind[0], "typeId": kind[1], "label": labels.get(kind)} for kind in sorted(kinds)]


def _shown(portal: Portal, pair: Pair, record_id: int) -> list[dict[str, Any]]:
    found = live_others(portal, pair, record_id)
    return [{"toObjectId": to, "associationTypes": _kinds(portal, pair, kinds)} for to, kinds in found.items()]


def list_associations(call: Call, type: str, id: str, to_type: str) -> Answer:
    """GET objects/{type}/{id}/associations/{to_type}: in the order of ids, from id `after` on."""
    pair = _pair(type, to_type)
    record_id, size = _record(call.portal, pair[0], id), call.limit(LARGEST_PAGE, LARGEST_PAGE)
    after = call.number("after")
    found = [each for each in _shown(call.portal, pair, record_id) if each["toObjectId"] >= after]
    shown = found[:size] if call.version != "v3" else _in_v3(call.portal, pair, found[:size])
    body: dict[str, Any] = {"results": shown}
    if len(found) > size:
        body["paging"] = call.paging(found[size]["toObjectId"])
    return Answer(200, body)


def _in_v3(portal: Portal, pair: Pair, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Version 3 names every kind of an association on its own."""
    return [
        {"id": str(each["toObjectId"]), "type": kind_name(portal, pair, (kind["category"], kind["typeId"]))}
        for each in found
        for kind in each["associationTypes"]
    ]


def put_default(call: Call, type: str, id: str, to_type: str, to_id: str) -> Answer:
    """PUT .../associations/default/...: the plain association; doing it again changes nothing."""
    pair = _pair(type, to_type)
    one, other = _record(call.portal, pair[0], id), _record(call.portal, pair[1], to_id)
    return complete(call, 200, _associated_plainly(call.portal, pair, one, other), [])


def _associated_plainly(portal: Portal, pair: Pair, one: int, other: int) -> list[dict[str, Any]]:
    if other not in portal.links.of(pair, one):
        associate(portal, pair, one, other, [])
    ways = ((pair, one, other), (pair[::-1], other, one))
    return [
        {"from": {"id": str(begin)}, "to": {"id": str(end)}, "associationSpec": _spec(default_kind(way))}
        for way, begin, end in ways
    ]


def _spec(kind: Kind | None) -> dict[str, Any]:
    category, type_id = kind or ("", 0)
    return {"associationCategory": category, "associationTypeId": type_id}


def put_labelled(call: Call, type: str, id: str, to_type: str, to_id: str) -> Answer:
    """PUT .../associations/...: these labels take the place of those before; 201."""
    pair = _pair(type, to_type)
    one, other = _record(call.portal, pair[0], id), _record(call.portal, pair[1], to_id)
    return Answer(201, _labelled(call.portal, pair, one, other, call.anything()))


def _labelled(portal: Portal, pair: Pair, one: int, other: int, specs: Any) -> dict[str, Any]:
    kinds = wanted_kinds(portal, pair, specs)
    associate(portal, pair, one, other, kinds, replace=True)
    known = portal.links.known(pair)
    return {
        "fromObjectTypeId": TYPES[pair[0]].type_id,
        "fromObjectId": one,
        "toObjectTypeId": TYPES[pair[1]].type_id,
        "toObjectId": other,
        "labels": [label for kind in sorted(kinds) if (label := known.get(kind))],
    }


def delete_association(call: Call, type: str, id: str, to_type: str, to_id: str) -> Answer:
    """DELETE .../associations/...: all kinds at once; what is not there is 204 too."""
    pair = _pair(type, to_type)
    dissociate(call.portal, pair, _record(call.portal, pair[0], id), _record(call.portal, pair[1], to_id))
    return Answer(204)


def read_many(call: Call, type: str, to_type: str) -> Answer:
    """POST associations/{type}/{to_type}/batch/read: records without associations are an error each, in a 207."""
    pair, portal = _pair(type, to_type), call.portal
    found = {str(each.get("id")): _shown_of(portal, pair, each.get("id")) for each in inputs_of(call, MOST_READ)}
    old = call.version == "v3"
    results = [
        {"from": {"id": id}, "to": _in_v3(portal, pair, others) if old else others}
        for id, others in found.items()
        if others
    ]
    errors = [_none_of(pair, id) for id, others in found.items() if not others]
    return complete(call, 200, scattered(call, results), errors)


def _shown_of(portal: Portal, pair: Pair, id: object) -> list[dict[str, Any]]:
    record = portal.tables[pair[0]].current(id)
    return _shown(portal, pair, record.id) if record else []


def _none_of(pair: Pair, id: str) -> dict[str, Any]:
    words = f"No {TYPES[pair[1]].singular} is associated with {TYPES[pair[0]].singular} {id}."
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
        "message": words,
        "context": {"fromObjectId": [id], "fromObjectType": [pair[0]], "toObjectType": [pair[1]]},
    }


Step = Callable[[Pair, Mapping[str, Any]], list[dict[str, Any]]]


def _each(call: Call, type: str, to_type: str, status: int, step: Step) -> Answer:
    """Do something to every pair of ids of a batch; what fails makes it a 207."""
    pair, results, errors = _pair(type, to_type), list[dict[str, Any]](), list[dict[str, Any]]()
    for each in inputs_of(call, MOST_WRITTEN):
        try:
            results += step(pair, each)
        except Refused as refused:
            errors.append(refused.in_batch({}))
    return complete(call, status, results, errors)


def _ends(portal: Portal, pair: Pair, given: Mapping[str, Any]) -> tuple[int, int]:
    one, other = (an_object(given.get(name), name) for name in ("from", "to"))
    return _record(portal, pair[0], one.get("id")), _record(portal, pair[1], other.get("id"))


def create_many(call: Call, type: str, to_type: str) -> Answer:
    """POST associations/{type}/{to_type}/batch/create: with kinds; 201."""

    def step(pair: Pair, given: Mapping[str, Any]) -> list[dict[str, Any]]:
        one, other = _ends(call.portal, pair, given)
        return [_labelled(call.portal, pair, one, other, given.get("types") or [])]

    return _each(call, type, to_type, 201, step)


def create_default_many(call: Call, type: str, to_type: str) -> Answer:
    """POST associations/{type}/{to_type}/batch/associate/default: 200."""

    def step(pair: Pair, given: Mapping[str, Any]) -> list[dict[str, Any]]:
        return _associated_plainly(call.portal, pair, *_ends(call.portal, pair, given))

    return _each(call, type, to_type, 200, step)


def archive_many(call: Call, type: str, to_type: str) -> Answer:
    """POST associations/{type}/{to_type}/batch/archive: 204, and 200 under a dated version."""
    pair = _pair(type, to_type)
    for each in inputs_of(call, MOST_WRITTEN):
        one = _record(call.portal, pair[0], an_object(each.get("from"), "from").get("id"))
        for to in objects(each.get("to"), "to"):
            dissociate(call.portal, pair, one, _record(call.portal, pair[1], to.get("id")))
    return Answer(204) if call.version.startswith("v") else complete(call, 200, [], [])


def archive_labels(call: Call, type: str, to_type: str) -> Answer:
    """POST associations/{type}/{to_type}/batch/labels/archive: some kinds go, the association itself stays."""
    pair, links = _pair(type, to_type), call.portal.links
    for each in inputs_of(call, MOST_WRITTEN):
        one, other = _ends(call.portal, pair, each)
        gone = wanted_kinds(call.portal, pair, each.get("types") or [])
        associate(call.portal, pair, one, other, links.of(pair, one).get(other, frozenset()) - gone, replace=True)
    return Answer(204) if call.version.startswith("v") else complete(call, 200, [], [])


def list_labels(call: Call, type: str, to_type: str) -> Answer:
    """GET associations/{type}/{to_type}/labels: all kinds that the two types can have."""
    pair = _pair(type, to_type)
    return Answer(200, {"results": _kinds(call.portal, pair, frozenset(call.portal.links.known(pair)))})


def create_label(call: Call, type: str, to_type: str) -> Answer:
    """POST associations/{type}/{to_type}/labels: a label of people's own, with an id for either way."""
    pair, name, label = _pair(type, to_type), str(call.field("name")), str(call.field("label"))
    if any(each.name == name for each in call.portal.links.labels[pair].values()):
        raise Refused(f"An association label named {name} already exists", "CONFLICT", 409)
    made = call.portal.links.add_label(pair, name, label)
    told = [{"category": "USER_DEFINED", "typeId": each.type_id, "label": each.label} for each in made]
    return Answer(200, {"results": told})
