"""Writes into organizations: a hundred at a time as one job of Zendesk's, followed until it says how each ended.

Writing by id does the same twice, so a request without an answer goes out once more. A job that is not finished in
time, or that Zendesk does not know any more, leaves its writes unknown: they are read back before anything is sent.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import orjson

from connectors.base import ConfigError, Operation, Outcome, Status, Unavailable, Write
from connectors.http import Reply, Unanswered
from connectors.zendesk_api import PAGE, Api, errors, holds, words

PATH = "organizations/update_many"
WHOLE_LISTS = frozenset({"domain_names", "tags"})
"""What is sent replaces the whole list, with everything that people put there."""
PAUSES = (0.5, 1.0, 2.0, 4.0, *[8.0] * 36)
"""Seconds between two looks at a job; five minutes in all."""
ENDED = frozenset({"completed", "failed", "killed"})
DIVISIBLE_STATUSES = frozenset({400, 413, 422})
"""A whole batch refused with one of these may hold a single culprit."""
NOT_DONE = "NOT_SENT"
"""Our code for writes whose request could not go out after others of the same batch had."""


class Ready(NamedTuple):
    """A write with its record as JSON."""

    write: Write
    record: bytes


def write(api: Api, writes: Sequence[Write]) -> list[Outcome]:
    """Exactly one outcome a write. Raises only if nothing was sent."""
    ready: list[Ready] = []
    outcomes: list[Outcome] = []
    for one in writes:
        try:
            ready.append(Ready(one, _record(one)))
        except ValueError as error:
            outcomes.append(Outcome(one.change_id, Status.INVALID, one.id, code="UNSENDABLE", message=str(error)))
    sent = False
    for some in _requests(ready):
        outcomes += _sent_if_possible(api, some) if sent else _sent(api, some)
        sent = True
    return outcomes


def _requests(ready: Sequence[Ready]) -> list[list[Ready]]:
    """By the hundred, and no organization twice in one job."""
    requests: list[list[Ready]] = []
    for one in ready:
        free = (some for some in requests if all(one.write.id != other.write.id for other in some))
        room = next((some for some in free if len(some) < PAGE), None)
        if room is None:
            requests.append([one])
        else:
            room.append(one)
    return requests


# --- records ----------------------------------------------------------------------------------------------------------


def _record(one: Write) -> bytes:
    """The organization as JSON; ValueError says what cannot be sent and why."""
    if one.object != "organizations" or one.operation is not Operation.UPDATE or not str(one.id or "").isdigit():
        raise ValueError(f"Zendesk takes updates of organizations by id, not {one.operation} of {one.object} {one.id}")
    record: dict[str, Any] = {"id": int(one.id or 0)}
    for name, value in one.fields.items():
        head, _, key = name.partition(".")
        if head in WHOLE_LISTS:
            raise ValueError(f"{name}: Zendesk would replace the organization's whole list, so crmpulse never sends it")
        if key:
            record.setdefault(head, {})[key] = _plain(name, value)
        else:
            record[name] = _plain(name, value)
    return orjson.dumps(record)


def _plain(name: str, value: Any) -> Any:
    """The value as JSON holds it exactly."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"{name}: {value} has no time zone")
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal | float) and not math.isfinite(value):
        raise ValueError(f"{name}: {value} is no number that JSON knows")
    if isinstance(value, Decimal):
        return orjson.Fragment(f"{value:f}")
    try:
        orjson.dumps(value)
    except TypeError as error:  # a lone surrogate, an integer beyond 64 bits, an unknown type
        raise ValueError(f"{name}: {error}") from error
    return value


# --- requests ---------------------------------------------------------------------------------------------------------


def _sent(api: Api, ready: Sequence[Ready]) -> list[Outcome]:
    """One job and how it ended for each write; halves of it when the whole was refused."""
    body = b'{"organizations":[' + b",".join(one.record for one in ready) + b"]}"
    headers = {"Content-Type": "application/json"}
    try:
        reply = api.send("PUT", PATH, resends=1, readable=holds("job_status"), data=body, headers=headers)
    except Unanswered as error:
        return _unknown(ready, str(error))
    if reply.status < 300 and holds("job_status")(reply):
        return _of_job(api, ready, reply.body["job_status"])
    if reply.unsure or reply.status < 300:
        return _unknown(ready, words(reply) or "the answer names no job")
    return _refused(api, ready, reply)


def _sent_if_possible(api: Api, ready: Sequence[Ready]) -> list[Outcome]:
    """As `_sent`, once other writes of the batch have their outcome: what cannot go out is said, not raised."""
    try:
        return _sent(api, ready)
    except (ConfigError, Unavailable) as error:
        return [
            Outcome(one.write.change_id, Status.REJECTED, one.write.id, False, NOT_DONE, str(error)) for one in ready
        ]


def _refused(api: Api, ready: Sequence[Ready], reply: Reply) -> list[Outcome]:
    """No job was made, so nothing was done. A malformed request is halved until its culprit is alone."""
    if reply.status == 403:
        raise api.refusal(reply, PATH)
    if reply.status in DIVISIBLE_STATUSES and len(ready) > 1:
        middle = len(ready) // 2
        return _sent_if_possible(api, ready[:middle]) + _sent_if_possible(api, ready[middle:])
    found = errors(reply)
    code = found[0].code if found else f"HTTP_{reply.status}"
    told = words(reply) or reply.text
    return [Outcome(one.write.change_id, Status.REJECTED, one.write.id, False, code, told) for one in ready]


def _unknown(ready: Sequence[Ready], why: str) -> list[Outcome]:
    return [Outcome(one.write.change_id, Status.UNKNOWN, one.write.id, message=why) for one in ready]


# --- jobs -------------------------------------------------------------------------------------------------------------


def _of_job(api: Api, ready: Sequence[Ready], job: Mapping[str, Any]) -> list[Outcome]:
    """What the job says about each write once it has ended; unknown for all while nobody can tell."""
    id = job.get("id")
    for pause in PAUSES:
        if job.get("status") in ENDED:
            return _settled(ready, job)
        api.http.sleep(pause)
        try:
            job = api.get(f"job_statuses/{id}", "job_status")
        except (ConfigError, Unavailable) as error:
            return _unknown(ready, f"the job {id} cannot be followed: {error}")
    return _unknown(ready, f"the job {id} is still {job.get('status')} after {sum(PAUSES):.0f} seconds")


def _settled(ready: Sequence[Ready], job: Mapping[str, Any]) -> list[Outcome]:
    """Results are matched by the organization's id; a write without one is unknown, whatever the job says of itself."""
    results = {str(r["id"]): r for r in job.get("results") or () if isinstance(r, dict) and r.get("id") is not None}
    why = f"the job {job.get('id')} {job.get('status')} without a word on this record ({job.get('message') or '-'})"
    return [_outcome(one.write, results.get(str(one.write.id)), why) for one in ready]


def _outcome(one: Write, result: Mapping[str, Any] | None, why: str) -> Outcome:
    if result is None:
        return Outcome(one.change_id, Status.UNKNOWN, one.id, message=why)
    code = str(result.get("error") or "")
    if result.get("success") is True or (result.get("status") == "Updated" and not code):
        return Outcome(one.change_id, Status.SUCCEEDED, one.id)
    if not code and result.get("success") is not False:
        return Outcome(one.change_id, Status.UNKNOWN, one.id, message=why)
    told = str(result.get("details") or result.get("errors") or result.get("status") or "the vendor gave no reason")
    gone = "notfound" in code.replace(" ", "").lower()
    return Outcome(one.change_id, Status.REJECTED, one.id, code=code or "JOB_FAILED", message=told, gone=gone)
