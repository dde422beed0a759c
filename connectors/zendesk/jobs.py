"""Zendesk's bulk writes are jobs: followed until they have ended, with a result for each record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.base import ConfigError, Outcome, Status, Unavailable, Write
from connectors.zendesk.api import Api
from connectors.zendesk.inputs import Ready

PAUSES = (0.5, 1.0, 2.0, 4.0, *[8.0] * 36)
"""Seconds between two looks at a job; five minutes in all."""
ENDED = frozenset({"completed", "failed", "killed"})


def followed(api: Api, ready: Sequence[Ready], job: Mapping[str, Any]) -> list[Outcome]:
    """What the job says about each write once it has ended; unknown for all while nobody can tell."""
    id = job.get("id")
    for pause in PAUSES:
        if job.get("status") in ENDED:
            break
        api.http.sleep(pause)
        try:
            job = api.get(f"job_statuses/{id}", "job_status")
        except (ConfigError, Unavailable) as error:
            return unknown(ready, f"the job {id} cannot be followed: {error}")
    if job.get("status") not in ENDED:
        return unknown(ready, f"the job {id} is still {job.get('status')} after {sum(PAUSES):.0f} seconds")
    return _settled(ready, job)


def _settled(ready: Sequence[Ready], job: Mapping[str, Any]) -> list[Outcome]:
    """A write without a result is unknown, whatever the job says of itself as a whole."""
    results = {_whose(ready, result): result for result in job.get("results") or () if isinstance(result, dict)}
    why = f"the job {job.get('id')} {job.get('status')} without a word on this record ({job.get('message') or '-'})"
    return [_outcome(one.write, results.get(str(one.write.id)), why) for one in ready]


def _whose(ready: Sequence[Ready], result: Mapping[str, Any]) -> str | None:
    """The organization that a result is about: by its id, or by its place in the request where it has none."""
    id, place = result.get("id"), result.get("index")
    if id is None and isinstance(place, int) and 0 <= place < len(ready):
        return ready[place].write.id
    return str(id)


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


def unknown(ready: Sequence[Ready], why: str) -> list[Outcome]:
    return [Outcome(one.write.change_id, Status.UNKNOWN, one.write.id, message=why) for one in ready]
