"""Several calls in one: composite with references, batch without, and trees of parents and children."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import orjson

from sandbox.salesforce.answers import Answer, Refused, answer, malformed
from sandbox.salesforce.calls import Call
from sandbox.salesforce.objects import SObject
from sandbox.salesforce.schema import OBJECTS
from sandbox.salesforce.writes import create

MOST_CALLS = 25
MOST_TREE = 200
Dispatch = Callable[[Call], Answer]
_REFERENCE = re.compile(r"@\{([^{}]+)\}")


def composite(dispatch: Dispatch, call: Call) -> Answer:
    """POST composite: calls in order, later ones may name earlier results as @{ref.id}; allOrNone takes all back."""
    body = call.json_object()
    parts = _parts(body, "compositeRequest")
    results: list[dict[str, Any]] = []
    bodies: dict[str, Any] = {}
    with call.org.store.attempt() as take_back:
        for part in parts:
            result = _referenced(dispatch, call, part, bodies)
            bodies[str(part.get("referenceId"))] = result.body
            results.append(_composite_result(part, result))
        if body.get("allOrNone") and any(each["httpStatusCode"] >= 400 for each in results):
            take_back()
            results = [each if each["httpStatusCode"] >= 400 else _halted(each) for each in results]
    return Answer(200, {"compositeResponse": results})


def batch(dispatch: Dispatch, call: Call) -> Answer:
    """POST composite/batch: independent calls."""
    answers = [
        _sub_call(dispatch, call, part, part.get("richInput")) for part in _parts(call.json_object(), "batchRequests")
    ]
    results = [{"statusCode": each.status, "result": each.body} for each in answers]
    return Answer(200, {"hasErrors": any(each.status >= 400 for each in answers), "results": results})


def tree(call: Call, object: str) -> Answer:
    """POST composite/tree/X: records with their children nested below; everything or nothing."""
    sobject, records = call.org.sobject(object), call.json_object().get("records")
    if not isinstance(records, list) or not records or not all(isinstance(each, dict) for each in records):
        raise Refused("REQUIRED_FIELD_MISSING", "At least 1 record is required")
    saved: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    with call.org.store.attempt() as take_back:
        for record in records:
            _plant(call, sobject, record, {}, saved, failed)
        if failed:
            take_back()
    if failed:
        return Answer(400, {"hasErrors": True, "results": failed})
    return Answer(201, {"hasErrors": False, "results": saved})


def _plant(
    call: Call,
    sobject: SObject,
    record: Mapping[str, Any],
    link: Mapping[str, str],
    saved: list[dict[str, Any]],
    failed: list[dict[str, Any]],
) -> None:
    """Create a record, then its children with a link to it."""
    nested = {name: value for name, value in record.items() if isinstance(value, dict) and "records" in value}
    fields = {**{name: value for name, value in record.items() if name not in nested}, **link}
    attributes = record.get("attributes")
    reference = attributes.get("referenceId") if isinstance(attributes, dict) else None
    try:
        made = create(call.org, sobject, fields)
    except Refused as refused:
        failed.append({"referenceId": reference, "errors": [refused.per_record()]})
        return
    saved.append({"referenceId": reference, "id": made.id})
    for name, children in nested.items():
        child, field = _child(sobject, name)
        for each in children["records"]:
            _plant(call, call.org.sobject(child), each, {field: made.id}, saved, failed)


def _child(parent: SObject, name: str) -> tuple[str, str]:
    for each in OBJECTS.values():
        for field in each.fields.values():
            if parent.name in field.to and field.children.lower() == name.lower():
                return each.name, field.name
    raise Refused("INVALID_FIELD", f"No such relationship '{name}' on sobject of type {parent.name}")


def _parts(body: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    parts = body.get(key)
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise malformed(f"Cannot deserialize instance of list from the value of {key}")
    if len(parts) > MOST_CALLS:
        raise Refused("LIMIT_EXCEEDED", f"The request can't have more than {MOST_CALLS} operations.")
    return parts


def _referenced(dispatch: Dispatch, call: Call, part: Mapping[str, Any], bodies: Mapping[str, Any]) -> Answer:
    try:
        filled = orjson.loads(_REFERENCE.sub(lambda found: _resolved(found[1], bodies), orjson.dumps(part).decode()))
    except KeyError as error:
        message = f"Invalid reference specified. No value for {error.args[0]} found"
        return answer(Refused("PROCESSING_HALTED", message))
    return _sub_call(dispatch, call, filled, filled.get("body"))


def _resolved(reference: str, bodies: Mapping[str, Any]) -> str:
    """@{made.id} or @{found.records[0].Id} as text."""
    name, *steps = re.split(r"\.|\[(\d+)\]\.?", reference)
    value = bodies.get(name)
    for step in filter(None, steps):
        try:
            value = value[int(step)] if isinstance(value, list) else value[step]  # type: ignore[index]
        except (KeyError, IndexError, TypeError, ValueError):
            raise KeyError(reference) from None
    return str(value)


def _sub_call(dispatch: Dispatch, call: Call, part: Mapping[str, Any], body: Any) -> Answer:
    url = urlsplit(str(part.get("url", "")))
    path = re.sub(r"^/?(services/data/)?v[\d.]+/", "", url.path)
    inner = replace(
        call,
        method=str(part.get("method", "GET")).upper(),
        path=unquote(path),
        query=dict(parse_qsl(url.query)),
        body=b"" if body is None else orjson.dumps(body),
        headers={**call.headers, **{str(k).lower(): str(v) for k, v in part.get("httpHeaders", {}).items()}},
    )
    return dispatch(inner)


def _composite_result(part: Mapping[str, Any], result: Answer) -> dict[str, Any]:
    return {
        "body": result.body,
        "httpHeaders": dict(result.headers),
        "httpStatusCode": result.status,
        "referenceId": part.get("referenceId"),
    }


def _halted(result: Mapping[str, Any]) -> dict[str, Any]:
    message = "The transaction was rolled back since another operation in the same transaction failed."
    body = [Refused("PROCESSING_HALTED", message).top_level()]
    return {**result, "body": body, "httpHeaders": {}, "httpStatusCode": 400}
