"""What stands between a planned change and the CRM; the first obstacle decides how the change ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from connectors.base import Operation, Status
from mappings.models import PushMapping
from warehouse.outbox.candidates import Candidate
from warehouse.outbox.changes import Change, Plan
from warehouse.outbox.field_rules import Rules, key_misfits, misfits


@dataclass(frozen=True, slots=True)
class Aim:
    """One push mapping in one run."""

    plan: Plan
    name: str
    rules: Rules
    definition: str
    now: datetime
    fresh_since: datetime | None
    """Sightings requested before are to be read again; None: this run pulled the object, so all are fresh."""
    stopped: str = ""
    """Why nothing of this mapping may be sent (paused, not approved); empty when it may."""

    @property
    def push(self) -> PushMapping:
        return self.rules.push


def judged(aim: Aim, candidate: Candidate, change: Change, misses: Sequence[str], waits_for: str) -> Change:
    """The change with the first obstacle in its way; without one it may be sent."""
    first = next(_obstacles(aim, candidate, change, misses, waits_for), None)
    if first is None:
        return change
    status, code, message = first
    return replace(change, status=status, code=code, message=message)


def _obstacles(
    aim: Aim, candidate: Candidate, change: Change, misses: Sequence[str], waits_for: str
) -> Iterator[tuple[Status, str, str]]:
    if waits_for:
        yield Status.BLOCKED, "waits", waits_for
    if candidate.deleted:
        yield Status.BLOCKED, "deleted", f"{change.object} {change.external_id} is deleted in {change.system}"
    reasons = [*misses, *misfits(aim.rules, change.operation, change.fields)]
    if change.operation == Operation.UPSERT:
        reasons += key_misfits(aim.rules, change.key)
    if reasons:
        yield Status.INVALID, "invalid", "; ".join(reasons)
    if aim.stopped:
        yield Status.BLOCKED, "stopped", aim.stopped
    if candidate.unsettled:
        yield Status.BLOCKED, "unsettled", "an earlier write of it has no answer yet and is looked up first"
    if change.external_id and not _fresh(aim, candidate):
        yield Status.BLOCKED, "stale", "what the CRM shows was last read before this run; it is read again first"


def _fresh(aim: Aim, candidate: Candidate) -> bool:
    if candidate.requested_at is None:
        return False
    if aim.push.operation != "update" and not candidate.seen_since:
        return False
    return aim.fresh_since is None or candidate.requested_at >= aim.fresh_since
