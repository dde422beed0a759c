"""Writes into organizations: a hundred at a time as one job of Zendesk's, followed until it says how each ended.

Writing by id does the same twice, so a request without an answer goes out once more. A job that is not finished in
time, or that Zendesk does not know any more, leaves its writes unknown: they are read back before anything is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import orjson

from connectors.base import ConfigError, Outcome, Status, Unavailable, Write
from connectors.http import Reply, Unanswered
from connectors.zendesk.api import PAGE, Api, Raw, errors, holds, words
from connectors.zendesk.inputs import Ready, record
from connectors.zendesk.jobs import followed, unknown

PATH = "organizations/update_many"
SINGLE = "organization"
FIELDS = "organization_fields"
JSON = {"Content-Type": "application/json"}
DIVISIBLE_STATUSES = frozenset({400, 413, 422})
"""A whole batch refused with one of these may hold a single culprit."""
NOT_DONE = "NOT_SENT"
"""Our code for writes whose request could not go out after others of the same batch had."""


class Writer:
    """Writes for one account; remembers whether its jobs take added fields, which no document says for sure."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self._jobs_take_fields: bool | None = None

    def write(self, writes: Sequence[Write]) -> list[Outcome]:
        """Exactly one outcome a write. Raises only if nothing was sent."""
        ready: list[Ready] = []
        outcomes: list[Outcome] = []
        for one in writes:
            try:
                ready.append(Ready(one, record(one)))
            except ValueError as error:
                outcomes.append(Outcome(one.change_id, Status.INVALID, one.id, code="UNSENDABLE", message=str(error)))
        for n, some in enumerate(_requests(ready)):
            outcomes += _if_possible(self._sent, some) if n else self._sent(some)
        return outcomes

    def _sent(self, ready: Sequence[Ready]) -> list[Outcome]:
        if self._jobs_take_fields is False:
            first, *others = ready
            return [alone(self.api, first), *(out for one in others for out in _if_possible(self._alone, [one]))]
        outcomes = _by_job(self.api, ready)
        return outcomes if self._jobs_take_fields else self._looked_after(ready, outcomes)

    def _alone(self, ready: Sequence[Ready]) -> list[Outcome]:
        return [alone(self.api, one) for one in ready]

    def _looked_after(self, ready: Sequence[Ready], outcomes: list[Outcome]) -> list[Outcome]:
        """After the first job we look whether the fields arrived; if none did, they go again one by one."""
        done = {outcome.change_id for outcome in outcomes if outcome.status is Status.SUCCEEDED}
        written = [one for one in ready if one.write.change_id in done and FIELDS.encode() in one.record]
        if not written:
            return outcomes
        ids = [one.write.id for one in written]
        try:
            lost = ignored(written, self.api.by_ids("organizations/show_many", "organizations", ids))
        except (ConfigError, Unavailable):
            return outcomes
        self._jobs_take_fields = not lost
        kept = [outcome for outcome in outcomes if not lost or outcome.change_id not in done]
        return kept + (_if_possible(self._sent, written) if lost else [])


def _if_possible(send: Callable[[Sequence[Ready]], list[Outcome]], ready: Sequence[Ready]) -> list[Outcome]:
    """Once other writes of the batch have their outcome: what cannot go out is said, not raised."""
    try:
        return send(ready)
    except (ConfigError, Unavailable) as error:
        return [
            Outcome(one.write.change_id, Status.REJECTED, one.write.id, False, NOT_DONE, str(error)) for one in ready
        ]


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


# --- one by one -------------------------------------------------------------------------------------------------------


def alone(api: Api, one: Ready) -> Outcome:
    """One organization by a request of its own, which answers with what the organization holds now."""
    body = b'{"organization":' + one.record + b"}"
    try:
        reply = api.send(
            "PUT", f"organizations/{one.write.id}", resends=1, readable=holds(SINGLE), data=body, headers=JSON
        )
    except Unanswered as error:
        return unknown([one], str(error))[0]
    if reply.status >= 300:
        return _refused_alone(one.write, reply)
    if not holds(SINGLE)(reply) or str(reply.body[SINGLE].get("id")) != one.write.id:
        return unknown([one], words(reply) or "the answer is about something else")[0]
    if ignored([one], [reply.body[SINGLE]]):
        told = "Zendesk took the write and left the fields as they were; do they exist, and may our user change them?"
        return Outcome(one.write.change_id, Status.REJECTED, one.write.id, code="FIELDS_IGNORED", message=told)
    return Outcome(one.write.change_id, Status.SUCCEEDED, one.write.id)


def _refused_alone(one: Write, reply: Reply) -> Outcome:
    found = errors(reply)
    code = found[0].code if found else f"HTTP_{reply.status}"
    status = Status.UNKNOWN if reply.unsure and reply.status != 404 else Status.REJECTED
    return Outcome(one.change_id, status, one.id, False, code, words(reply) or reply.text, gone=reply.status == 404)


def ignored(ready: Sequence[Ready], organizations: Iterable[Raw]) -> bool:
    """Whether not one of the organizations shows one of the added fields that it was sent."""
    shown = {str(raw.get("id")): raw.get(FIELDS) or {} for raw in organizations}
    sent = [(one.write.id, orjson.loads(one.record).get(FIELDS) or {}) for one in ready]
    told = [(shown[str(id)].get(key), value) for id, fields in sent if id in shown for key, value in fields.items()]
    meant = [(theirs, ours) for theirs, ours in told if ours not in (None, "", False)]
    return bool(meant) and all(theirs in (None, "", False) for theirs, _ in meant)


# --- requests ---------------------------------------------------------------------------------------------------------


def _by_job(api: Api, ready: Sequence[Ready]) -> list[Outcome]:
    """One job and how it ended for each write; halves of it when the whole was refused."""
    body = b'{"organizations":[' + b",".join(one.record for one in ready) + b"]}"
    try:
        reply = api.send("PUT", PATH, resends=1, readable=holds("job_status"), data=body, headers=JSON)
    except Unanswered as error:
        return unknown(ready, str(error))
    if reply.status < 300 and holds("job_status")(reply):
        return followed(api, ready, reply.body["job_status"])
    if reply.unsure or reply.status < 300:
        return unknown(ready, words(reply) or "the answer names no job")
    return _refused(api, ready, reply)


def _refused(api: Api, ready: Sequence[Ready], reply: Reply) -> list[Outcome]:
    """No job was made, so nothing was done. A malformed request is halved until its culprit is alone."""
    if reply.status == 403:
        raise api.refusal(reply, PATH)
    if reply.status in DIVISIBLE_STATUSES and len(ready) > 1:
        middle = len(ready) // 2
        halves = ready[:middle], ready[middle:]
        return [outcome for half in halves for outcome in _if_possible(partial(_by_job, api), half)]
    found = errors(reply)
    code = found[0].code if found else f"HTTP_{reply.status}"
    told = words(reply) or reply.text
    return [Outcome(one.write.change_id, Status.REJECTED, one.write.id, False, code, told) for one in ready]
