"""What stops a push before its first write: too much at once, or a mapping that nobody approved for this system."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, text

from connectors.base import Status
from mappings.models import Company
from warehouse import bulk, tables
from warehouse.outbox.changes import Plan


def guard(plan: Plan, company: Company) -> list[str]:
    """Reasons in words to stop the whole push; percentages are of records that the CRM acknowledged before."""
    limits = company.guard
    reasons = []
    created = sum(not c.known and c.external_id is None for c in plan.to_send())
    if created > limits.created:
        reasons.append(f"{created} new records in {plan.system}; guard.created allows {limits.created} in one push")
    for push, records in sorted(plan.acknowledged.items()):
        if records < limits.least_records:
            continue
        known = [c for c in plan.to_send(push) if c.known]
        reasons += _too_many("changed", push, len(known), records, limits.changed_pct)
        reasons += _too_many("cleared", push, sum(c.clears for c in known), records, limits.cleared_pct)
    return reasons


def _too_many(what: str, push: str, count: int, records: int, allowed_pct: float) -> list[str]:
    if count * 100 <= allowed_pct * records:
        return []
    told = "would change" if what == "changed" else "would lose the value of a field"
    return [f"{push}: {count} of {records} records {told}; guard.{what}_pct allows {allowed_pct:g}%"]


def stop(plan: Plan, reasons: Iterable[str], code: str = "guard") -> None:
    """Block everything that the plan would have sent."""
    message = "; ".join(reasons)
    plan.changes = [
        c if c.status else replace(c, status=Status.BLOCKED, code=code, message=message) for c in plan.changes
    ]


def approved(conn: Connection, system: str) -> frozenset[str]:
    """Names of the push mappings that somebody approved for the system."""
    found = conn.execute(text("SELECT push FROM approvals WHERE system = :system"), {"system": system})
    return frozenset(push for (push,) in found)


def approve(conn: Connection, system: str, pushes: Iterable[str], now: datetime) -> None:
    """Remember that these push mappings may write to the system, so that scheduled flows need no flag."""
    new = sorted(set(pushes) - approved(conn, system))
    bulk.append(conn, tables.approvals, [{"system": system, "push": push, "approved_at": now} for push in new])
