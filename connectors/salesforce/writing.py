"""Writes by sObject Collections: one outcome a write, whatever becomes of the request.

Who may be sent twice: an update by id after an unreadable answer, once, because it does the same twice. An upsert or a
create never: its outcomes are unknown, and the caller looks for the records by key before anything else. Rows that the
vendor refused because somebody else held a lock were not written and go again alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import quote

from connectors.base import ConfigError, LimitReached, Operation, Outcome, Status, Unavailable, Write
from connectors.http import Reply, Unanswered
from connectors.salesforce import codes
from connectors.salesforce.api import Api, errors, says, words
from connectors.salesforce.values import encoded

LOCK_PAUSES = (1.0, 2.0, 4.0, 8.0)
"""Seconds before rows behind a lock are sent again."""
NOT_DONE = "NOT_SENT"
"""Our code for writes whose request could not go out after others of the same batch had."""


class Ready(NamedTuple):
    """A write with its record as JSON."""

    write: Write
    record: bytes


@dataclass(frozen=True, slots=True)
class Route:
    """Where writes of one object and operation go."""

    api: Api
    method: str
    path: str
    resends: int


def write(api: Api, writes: Sequence[Write]) -> list[Outcome]:
    """Exactly one outcome a write. Raises only if nothing was sent."""
    ready, outcomes = _prepared(sorted(writes, key=lambda w: w.parent))
    sent = False
    for route, some in _requests(api, ready):
        outcomes += _delivered(route, some, sent)
        sent = True
    return outcomes


def _prepared(writes: Sequence[Write]) -> tuple[list[Ready], list[Outcome]]:
    """A value that cannot be sent makes its own write invalid, not its batch."""
    ready: list[Ready] = []
    invalid: list[Outcome] = []
    for one in writes:
        try:
            ready.append(Ready(one, encoded(_record(one))))
        except ValueError as error:
            invalid.append(Outcome(one.change_id, Status.INVALID, one.id, code="UNSENDABLE_VALUE", message=str(error)))
    return ready, invalid


def _record(one: Write) -> dict[str, Any]:
    record: dict[str, Any] = {"attributes": {"type": one.object}}
    if one.operation is Operation.UPDATE:
        record["id"] = one.id
    if one.operation is Operation.UPSERT and one.key_field:
        record[one.key_field] = one.key
    return {**record, **one.fields}


def _requests(api: Api, ready: Sequence[Ready]) -> Iterator[tuple[Route, list[Ready]]]:
    """At most 200 records of one kind a request, and no record twice in it: Salesforce refuses both then."""
    waiting = list(ready)
    while waiting:
        kind = _kind(waiting[0].write)
        some: dict[str, Ready] = {}
        rest: list[Ready] = []
        for one in waiting:
            name = one.write.id or one.write.key or one.write.change_id
            if len(some) < codes.BATCH and _kind(one.write) == kind and name not in some:
                some[name] = one
            else:
                rest.append(one)
        yield _route(api, waiting[0].write), list(some.values())
        waiting = rest


def _kind(one: Write) -> tuple[str, Operation, str | None]:
    return one.object, one.operation, one.key_field


def _route(api: Api, one: Write) -> Route:
    match one.operation:
        case Operation.UPDATE:
            return Route(api, "PATCH", "composite/sobjects", resends=1)
        case Operation.UPSERT:
            path = f"composite/sobjects/{quote(one.object, safe='')}/{quote(one.key_field or 'Id', safe='')}"
            return Route(api, "PATCH", path, resends=0)
        case Operation.CREATE:
            return Route(api, "POST", "composite/sobjects", resends=0)


def _delivered(route: Route, ready: Sequence[Ready], others_sent: bool) -> list[Outcome]:
    """Rows that somebody else held go again without the others, each time after a longer pause."""
    outcomes = _sent_if_possible(route, ready) if others_sent else _sent(route, ready)
    for pause in LOCK_PAUSES:
        held = {outcome.change_id for outcome in outcomes if _is_held(outcome)}
        if not held:
            break
        route.api.http.sleep(pause)
        again = _sent_if_possible(route, [one for one in ready if one.write.change_id in held])
        later = {outcome.change_id: outcome for outcome in again if outcome.code != NOT_DONE}
        outcomes = [later.get(outcome.change_id, outcome) for outcome in outcomes]
    return outcomes


def _is_held(outcome: Outcome) -> bool:
    """Also when a trigger reports the lock under a code of its own."""
    return outcome.status is Status.REJECTED and (
        outcome.code == codes.LOCK or codes.LOCK_WORDS in outcome.message.lower()
    )


def _sent(route: Route, ready: Sequence[Ready]) -> list[Outcome]:
    """One request and what its answer means for each write; halves of it when the whole was refused."""
    try:
        reply = _posted(route, ready)
    except Unanswered as error:
        return [Outcome(one.write.change_id, Status.UNKNOWN, one.write.id, message=str(error)) for one in ready]
    if reply.status < 300 and _fits(ready, reply.body):
        return [_settled(one.write, item) for one, item in zip(ready, reply.body, strict=True)]
    if reply.unsure or reply.status < 300:
        said = words(errors(reply)) or "the answer does not match the request"
        return [Outcome(one.write.change_id, Status.UNKNOWN, one.write.id, message=said) for one in ready]
    return _refused(route, ready, reply)


def _sent_if_possible(route: Route, ready: Sequence[Ready]) -> list[Outcome]:
    """As `_sent`, once other writes of the batch have their outcome: what cannot go out is said, not raised."""
    try:
        return _sent(route, ready)
    except (ConfigError, LimitReached, Unavailable) as error:
        return [_rejected(one.write, NOT_DONE, str(error)) for one in ready]


def _posted(route: Route, ready: Sequence[Ready]) -> Reply:
    body = b'{"allOrNone":false,"records":[' + b",".join(one.record for one in ready) + b"]}"
    return route.api.send(route.method, route.path, resends=route.resends, readable=_is_list, data=body)


def _is_list(reply: Reply) -> bool:
    return isinstance(reply.body, list)


def _fits(ready: Sequence[Ready], items: Any) -> bool:
    """Answers come by position: one too few, or an id that was not asked for, and no position can be believed."""
    return (
        isinstance(items, list)
        and len(items) == len(ready)
        and all(_is_about(one.write, item) for one, item in zip(ready, items, strict=True))
    )


def _is_about(one: Write, item: Any) -> bool:
    if not isinstance(item, dict) or not isinstance(item.get("success"), bool):
        return False
    id = str(item.get("id") or "")
    if one.operation is Operation.UPDATE:
        return not id or id[:15] == str(one.id)[:15]
    return bool(id) or not item["success"]


def _settled(one: Write, item: Mapping[str, Any]) -> Outcome:
    if item["success"]:
        created = one.operation is Operation.CREATE or item.get("created") is True
        return Outcome(one.change_id, Status.SUCCEEDED, item.get("id") or one.id, created=created)
    found = [error for error in item.get("errors") or () if isinstance(error, dict)]
    stated = [str(error.get("statusCode") or error.get("errorCode") or "") for error in found]
    said = [str(error.get("message", "")) for error in found]
    fields = tuple(str(name) for error in found for name in error.get("fields") or ())
    told = said[0] if len(said) == 1 else "; ".join(f"{code}: {text}" for code, text in zip(stated, said, strict=True))
    return _rejected(one, stated[0] if stated else "", told or "the vendor gave no reason", fields)


def _refused(route: Route, ready: Sequence[Ready], reply: Reply) -> list[Outcome]:
    """The whole request was refused, so none of it was done. A malformed one is halved until its culprit is alone."""
    found = errors(reply)
    if says(reply, codes.LIMIT):
        raise route.api.refusal(reply, f"{route.method} {route.path}")
    if reply.status in codes.DIVISIBLE_STATUSES and len(ready) > 1:
        middle = len(ready) // 2
        return _sent_if_possible(route, ready[:middle]) + _sent_if_possible(route, ready[middle:])
    code = found[0].code if found else f"HTTP_{reply.status}"
    return [_rejected(one.write, code, words(found) or reply.text) for one in ready]


def _rejected(one: Write, code: str, message: str, fields: tuple[str, ...] = ()) -> Outcome:
    gone = one.operation is Operation.UPDATE and code in codes.GONE and not {f for f in fields if f.lower() != "id"}
    return Outcome(one.change_id, Status.REJECTED, one.id, code=code, message=message, fields=fields, gone=gone)
