"""Up to 100 records a call. Writes are all or nothing, unless every input carries a trace id of its own."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sandbox.hubspot import saving
from sandbox.hubspot.answers import Answer, Refused, missing
from sandbox.hubspot.calls import Call
from sandbox.hubspot.objects import crm_type
from sandbox.hubspot.reads import check_unique_property, find, view
from sandbox.hubspot.shapes import objects, texts, whole
from sandbox.hubspot.single import given_properties, make, shown

LARGEST_BATCH = 100
Input = Mapping[str, Any]
Save = Callable[[Input], dict[str, Any] | None]
"""One input -> its result, or None where HubSpot says nothing of it; Refused where it is wrong."""


def inputs_of(call: Call, most: int = LARGEST_BATCH) -> list[dict[str, Any]]:
    """The inputs of a batch; Refused where there are too many."""
    inputs = objects(call.field("inputs"), "inputs")
    if len(inputs) > most:
        raise Refused(f"The maximum number of inputs supported in a batch request is {most}")
    return inputs


def scattered(call: Call, results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Results in an order of their own."""
    if call.portal.settings.shuffled:
        random.Random(len(results)).shuffle(results)
    return results


def complete(call: Call, status: int, results: list[dict[str, Any]], errors: Sequence[dict[str, Any]]) -> Answer:
    """A batch's answer; errors make it a 207."""
    body: dict[str, Any] = {"status": "COMPLETE", "results": results}
    if errors:
        body |= {"numErrors": len(errors), "errors": list(errors)}
    return Answer(207 if errors else status, {**body, "startedAt": call.portal.now, "completedAt": call.portal.now})


def read_many(call: Call, type: str) -> Answer:
    """POST objects/{type}/batch/read: by id or by a unique property; what is missing makes the answer a 207."""
    of, portal, body = crm_type(type), call.portal, call.json()
    id_property, archived = str(body.get("idProperty") or ""), call.flag("archived")
    asked = [str(each.get("id")) for each in inputs_of(call)]
    found = {id: find(portal, of, id, id_property, archived=archived) for id in asked}
    asked_names, history = (texts(body.get(name), name) for name in ("properties", "propertiesWithHistory"))
    shows = view(portal, of, asked_names, history)
    results = [shows.show(portal, record) for record in found.values() if record is not None]
    absent = [id for id, record in found.items() if record is None]
    return complete(call, 200, scattered(call, results), [missing(of.label, absent).in_batch({})] if absent else [])


def create_many(call: Call, type: str) -> Answer:
    """POST objects/{type}/batch/create: 201, or 207."""
    of = crm_type(type)

    def save(each: Input) -> dict[str, Any]:
        return shown(call, of, make(call, of, dict(each)), given_properties(each))

    return _run(call, 201, save)


def update_many(call: Call, type: str) -> Answer:
    """POST objects/{type}/batch/update: by id or by a unique property; of ids that a merge gave up it says nothing."""
    of = crm_type(type)

    def save(each: Input) -> dict[str, Any] | None:
        id, id_property = str(each.get("id")), str(each.get("idProperty") or "")
        if not id_property and whole(id) in call.portal.tables[of.name].aliases:
            return None
        record = find(call.portal, of, id, id_property)
        if record is None:
            raise missing(of.label, [id])
        given = given_properties(each)
        return shown(call, of, saving.update(call.portal, of, record, given), given)

    return _run(call, 200, save)


def upsert_many(call: Call, type: str) -> Answer:
    """POST objects/{type}/batch/upsert: by a unique property; results say whether they are new."""
    of = crm_type(type)
    for name in {str(each.get("idProperty") or "") for each in inputs_of(call)} - {""}:
        check_unique_property(call.portal, of, name)

    def save(each: Input) -> dict[str, Any]:
        id, id_property = str(each.get("id")), str(each.get("idProperty") or "hs_object_id")
        given = given_properties(each)
        record = find(call.portal, of, id, id_property)
        new = record is None
        if record is None and id_property == "hs_object_id":
            raise missing(of.label, [id])
        if record is None:
            saved = make(call, of, {**each, "properties": {**given, id_property: id}})
        else:
            saved = saving.update(call.portal, of, record, given)
        return {**shown(call, of, saved, {**given, id_property: id}), "new": new}

    return _run(call, 200, save)


def archive_many(call: Call, type: str) -> Answer:
    """POST objects/{type}/batch/archive: 204."""
    of = crm_type(type)
    for each in inputs_of(call):
        record = find(call.portal, of, str(each.get("id")))
        if record is not None:
            saving.archive(call.portal, of, record)
    return Answer(204)


def _run(call: Call, status: int, save: Save) -> Answer:
    inputs = inputs_of(call)
    _check_distinct(inputs)
    traces = [str(each.get("objectWriteTraceId") or "") for each in inputs]
    traced = all(traces) and len(set(traces)) == len(traces)
    results, errors = list[dict[str, Any]](), list[dict[str, Any]]()
    with call.portal.attempt() as take_back:
        for place, each in enumerate(inputs):
            try:
                result = _saved(call, place, each, save)
            except Refused as refused:
                if not traced:
                    take_back()
                    raise
                errors.append(refused.in_batch({"objectWriteTraceId": [traces[place]]}))
            else:
                results += [_traced(result, traces[place])] if result is not None else []
    return complete(call, status, scattered(call, results), errors)


def _saved(call: Call, place: int, each: Input, save: Save) -> dict[str, Any] | None:
    """What became of one input; a fault may refuse it, or keep silent about it (`silent`)."""
    fault = call.fault
    if fault is None or not fault.spoils(place, str(each.get("id", ""))):
        return save(each)
    if fault.records.get("silent"):
        save(each)
        return None
    message = fault.records.get("message", "Property values were not valid: []")
    raise Refused(message, fault.records.get("code", "VALIDATION_ERROR"))


def _traced(result: dict[str, Any], trace: str) -> dict[str, Any]:
    return {**result, "objectWriteTraceId": trace} if trace else result


def _check_distinct(inputs: Sequence[Input]) -> None:
    """No record may be meant twice; creates have no ids."""
    counts = Counter(str(each["id"]) for each in inputs if each.get("id") is not None)
    if twice := [id for id, count in counts.items() if count > 1]:
        words = f"Duplicate IDs found in batch input: [{', '.join(twice)}]. IDs must be unique"
        raise Refused(words, context={"ids": twice})
