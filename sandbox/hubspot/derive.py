"""What HubSpot computes itself: deals know whether they are closed and won, tickets when they were closed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from sandbox.hubspot.objects import CrmType
from sandbox.hubspot.table import Held

if TYPE_CHECKING:
    from sandbox.hubspot.portal import Portal

LIFECYCLE = (
    "subscriber",
    "lead",
    "marketingqualifiedlead",
    "salesqualifiedlead",
    "opportunity",
    "customer",
    "evangelist",
    "other",
)


def derived(portal: Portal, type: CrmType, after: Mapping[str, str]) -> dict[str, str | None]:
    """The computed properties of a record that is about to stand as `after`."""
    if type.name == "deals":
        return _deal(portal, type, after)
    if type.name == "tickets":
        return _ticket(portal, type, after)
    if type.name == "tasks":
        done = after.get("hs_task_status") == "COMPLETED"
        return {"hs_task_completion_date": after.get("hs_task_completion_date", portal.now) if done else None}
    return {}


def _deal(portal: Portal, type: CrmType, after: Mapping[str, str]) -> dict[str, str | None]:
    stage = portal.stage(type, dict(after))
    meta = stage["metadata"] if stage else {}
    probability = meta.get("probability")
    closed = meta.get("isClosed") == "true"
    return {
        "hs_is_closed": str(closed).lower(),
        "hs_is_closed_won": str(closed and float(probability or 0) == 1).lower(),
        "hs_is_closed_lost": str(closed and float(probability or 0) == 0).lower(),
        "hs_deal_stage_probability": probability,
        "days_to_close": _days(after) if closed else None,
    }


def _days(after: Mapping[str, str]) -> str | None:
    begin, end = after.get("createdate"), after.get("closedate")
    return str((datetime.fromisoformat(end) - datetime.fromisoformat(begin)).days) if begin and end else None


def _ticket(portal: Portal, type: CrmType, after: Mapping[str, str]) -> dict[str, str | None]:
    """A ticket is closed when its stage says so; opening it again takes the date away."""
    stage = portal.stage(type, dict(after))
    if stage is None or stage["metadata"].get("ticketState") != "CLOSED":
        return {"closed_date": None}
    return {"closed_date": after.get("closed_date") or portal.now}


def lifecycle(record: Held | None, values: dict[str, str | None]) -> dict[str, str | None]:
    """A lifecycle stage moves forward only, unless it is cleared first; a step back is dropped without a word."""
    wanted, held = values.get("lifecyclestage"), record.properties.get("lifecyclestage") if record else None
    if wanted in LIFECYCLE and held in LIFECYCLE and LIFECYCLE.index(wanted) < LIFECYCLE.index(held):
        return {name: value for name, value in values.items() if name != "lifecyclestage"}
    return values
