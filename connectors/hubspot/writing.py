"""Writes by batch: one outcome a write, whatever becomes of the request.

Every input carries its change id as `objectWriteTraceId`: without it one bad record sinks the batch, and answers come
in no order. Who may be sent twice: an update by id after an unreadable answer, once. What creates records never: its
outcomes are unknown, and the caller looks for the records before anything else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.base import ConfigError, LimitReached, Operation, Outcome, Status, Unavailable, Write
from connectors.http import Reply, Unanswered
from connectors.hubspot import codes
from connectors.hubspot.api import Api, Raw, is_error, said_by, words
from connectors.hubspot.associations import associate
from connectors.hubspot.inputs import Ready, key_of, prepared
from connectors.hubspot.pairs import write_pairs
from connectors.hubspot.schema import is_pair

NOT_DONE = "NOT_SENT"
"""Our code for writes whose request could not go out after others of the same batch had."""
HALF_DONE = "NOT_ASSOCIATED"
"""Our code for a record that exists by now, but hangs on nothing."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where writes of one object and kind go."""

    api: Api
    object: str
    call: Callable[..., Reply]


def write(api: Api, writes: Sequence[Write]) -> list[Outcome]:
    """Exactly one outcome a write. Raises only if nothing was sent."""
    if writes and is_pair(writes[0].object):
        return write_pairs(api, writes)
    ready, outcomes = prepared(api, sorted(writes, key=lambda w: w.parent))
    sent = False
    for route, some in _requests(api, ready):
        outcomes += _delivered(route, some) if sent else _sent(route, some)
        sent = True
    return _upserted_where_taken(api, ready, outcomes)


def _requests(api: Api, ready: Sequence[Ready]) -> Iterator[tuple[Route, list[Ready]]]:
    """At most 100 records of one kind a request, and no record twice in it: HubSpot refuses both as a whole."""
    waiting = list(ready)
    while waiting:
        kind = waiting[0].kind
        some: dict[str, Ready] = {}
        rest: list[Ready] = []
        for one in waiting:
            name = one.write.id or one.write.key or one.write.change_id
            if len(some) < codes.BATCH and one.kind == kind and name not in some:
                some[name] = one
            else:
                rest.append(one)
        yield _route(api, waiting[0]), list(some.values())
        waiting = rest


def _route(api: Api, one: Ready) -> Route:
    batch = api.client.objects.batch_api
    calls = {"update": batch.update, "upsert": batch.upsert, "create": batch.create}
    return Route(api, one.write.object, calls[one.way])


def _delivered(route: Route, ready: Sequence[Ready]) -> list[Outcome]:
    """As `_sent`, once other writes of the batch have their outcome: what cannot go out is said, not raised."""
    try:
        return _sent(route, ready)
    except (ConfigError, LimitReached, Unavailable) as error:
        return [_rejected(one.write, NOT_DONE, str(error)) for one in ready]


def _sent(route: Route, ready: Sequence[Ready]) -> list[Outcome]:
    """One request and what its answer means for each write; halves of it when the whole was refused."""
    try:
        reply = route.api.send(route.call, route.object, {"inputs": [one.input for one in ready]})
    except Unanswered as error:
        return [_unknown(one.write, str(error)) for one in ready]
    if reply.status < 300 and not is_error(reply) and isinstance(reply.body.get("results"), list):
        return _matched(ready, reply.body)
    if reply.unsure or reply.status < 300:
        return [_unknown(one.write, words(reply) or "the answer does not match the request") for one in ready]
    return _refused(route, ready, reply)


def _refused(route: Route, ready: Sequence[Ready], reply: Reply) -> list[Outcome]:
    """The whole request was refused, so none of it was done; it is halved until its culprit is alone."""
    if reply.status in codes.DIVISIBLE_STATUSES and len(ready) > 1:
        middle = len(ready) // 2
        return _delivered(route, ready[:middle]) + _delivered(route, ready[middle:])
    said = said_by(reply.body) if isinstance(reply.body, dict) else said_by({})
    code, message = said.code or f"HTTP_{reply.status}", said.message or reply.text
    return [_rejected(one.write, code, message, said.fields, gone=reply.status == 404) for one in ready]


# --- what an answer says about each write -----------------------------------------------------------------------------


def _matched(ready: Sequence[Ready], body: Raw) -> list[Outcome]:
    """By trace id, else by record id or key; what a success does not speak of is unknown."""
    told: dict[str, Outcome] = {}
    for result in body["results"]:
        one = _about(ready, result)
        if one is not None:
            created = one.way == "create" or result.get("new") is True
            told[one.write.change_id] = Outcome(
                one.write.change_id, Status.SUCCEEDED, str(result["id"]), created=created
            )
    for error in body.get("errors") or ():
        for one in _meant(ready, error):
            said = said_by(error)
            told[one.write.change_id] = _rejected(
                one.write,
                said.code,
                said.message or "the vendor gave no reason",
                said.fields,
                gone=said.code == codes.GONE,
            )
    return [told.get(o.write.change_id) or _unknown(o.write, "the answer says nothing about it") for o in ready]


def _about(ready: Sequence[Ready], result: Mapping[str, Any]) -> Ready | None:
    trace = result.get("objectWriteTraceId")
    for one in ready:
        if one.way == "update":
            if str(result.get("id")) == one.write.id:
                return one
        elif trace == one.write.change_id or (trace is None and one.write.key and key_of(one, result) == one.write.key):
            return one if result.get("id") else None
    return None


def _meant(ready: Sequence[Ready], error: Mapping[str, Any]) -> list[Ready]:
    """An error names trace ids, or the ids of the records."""
    context = error.get("context") or {}
    traces, ids = _texts(context.get("objectWriteTraceId")), _texts(context.get("ids"))
    named = [one for one in ready if one.write.change_id in traces]
    return named or [one for one in ready if (one.write.id or one.write.key) in ids]


def _texts(value: Any) -> set[str]:
    return {value} if isinstance(value, str) else {str(v) for v in value or ()}


def _unknown(one: Write, message: str) -> Outcome:
    return Outcome(one.change_id, Status.UNKNOWN, one.id, message=message)


def _rejected(one: Write, code: str, message: str, fields: tuple[str, ...] = (), *, gone: bool = False) -> Outcome:
    gone = gone and one.operation is Operation.UPDATE
    return Outcome(one.change_id, Status.REJECTED, one.id, code=code, message=message, fields=fields, gone=gone)


# --- records whose key exists already ---------------------------------------------------------------------------------


def _upserted_where_taken(api: Api, ready: Sequence[Ready], outcomes: list[Outcome]) -> list[Outcome]:
    """Records are created with what they hang on in one call; where the unique key was there already, in two."""
    taken = {o.change_id for o in outcomes if o.status is Status.REJECTED and _is_taken(o)}
    again = [one.as_upsert() for one in ready if one.write.change_id in taken and one.has_unique_key]
    if not again:
        return outcomes
    later = {o.change_id: o for o in _delivered(_route(api, again[0]), again)}
    for one in again:
        outcome = later[one.write.change_id]
        if outcome.status is Status.SUCCEEDED:
            later[one.write.change_id] = _hung(api, one.write, outcome)
    return [later.get(o.change_id, o) for o in outcomes]


def _is_taken(outcome: Outcome) -> bool:
    return any(sign in outcome.code or sign in outcome.message for sign in codes.TAKEN)


def _hung(api: Api, one: Write, outcome: Outcome) -> Outcome:
    try:
        for other, ids in one.associations.items():
            associate(api, one.object, other, [(str(outcome.id), id) for id in ids])
    except (ConfigError, LimitReached, Unavailable) as error:
        return Outcome(one.change_id, Status.REJECTED, outcome.id, code=HALF_DONE, message=str(error))
    return outcome
