"""Associations as records that we write: a deal and a contact, which may be said twice without harm."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.base import Outcome, Status, Write
from connectors.http import Unanswered
from connectors.hubspot import codes
from connectors.hubspot.api import Api, said_by, words


def write_pairs(api: Api, writes: Sequence[Write]) -> list[Outcome]:
    """Exactly one outcome a write, `from:to` as its record id. Raises only if nothing was sent."""
    object, _, other = writes[0].object.partition("/")
    outcomes: list[Outcome] = []
    for start in range(0, len(writes), codes.BATCH):
        outcomes += _write(api, object, other, writes[start : start + codes.BATCH])
    return outcomes


def _write(api: Api, object: str, other: str, writes: Sequence[Write]) -> list[Outcome]:
    inputs = [{"from": {"id": str(w.fields["from"])}, "to": {"id": str(w.fields["to"])}} for w in writes]
    call = api.client.associations.v4.batch_api.create_default
    try:
        reply = api.send(call, object, other, {"inputs": inputs})
    except Unanswered as error:
        return [Outcome(w.change_id, Status.UNKNOWN, message=str(error)) for w in writes]
    results = reply.body.get("results") if reply.status < 300 and isinstance(reply.body, dict) else None
    done = {(str(r["from"]["id"]), str(r["to"]["id"])) for r in results or ()}
    errors = [said_by(error).message for error in (reply.body or {}).get("errors") or ()] if results is not None else []
    refused = "; ".join(errors) if results is not None else words(reply) or reply.text
    return [_outcome(w, done, refused) for w in writes]


def _outcome(one: Write, done: set[tuple[str, str]], refused: str) -> Outcome:
    ends = str(one.fields["from"]), str(one.fields["to"])
    if ends in done:
        return Outcome(one.change_id, Status.SUCCEEDED, ":".join(ends), created=True)
    if refused:
        return Outcome(one.change_id, Status.REJECTED, code="NOT_ASSOCIATED", message=refused)
    return Outcome(one.change_id, Status.UNKNOWN, message="the answer says nothing about it")
