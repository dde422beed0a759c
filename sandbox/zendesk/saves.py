"""What every save leaves behind: stamps, and the traces in tickets' metrics, ratings and memberships."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.zendesk.desk import VENDOR, Desk
from sandbox.zendesk.moments import read
from sandbox.zendesk.shapes import MEMBERSHIPS, METRIC_SET, RATINGS, TICKETS, USERS, Body, Shape

Draft = dict[str, Any]
SETTLED = frozenset({"solved", "closed"})


def save(desk: Desk, shape: Shape, before: Body | None, fields: Body, *, by_system: bool = False) -> Body:
    """The record as it stands afterwards; what the system does by itself moves generated_timestamp only."""
    draft: Draft = {**(before or shape.defaults), **fields}
    if draft["id"] is None:
        draft["id"] = desk.new_id()
    if before is None:
        draft["created_at"] = draft.get("created_at") or desk.now
    if "updated_at" in shape.defaults and not by_system:
        draft["updated_at"] = desk.now if before is not None else fields.get("updated_at") or draft["created_at"]
    draft["generated_timestamp"] = desk.seconds
    if shape in _DERIVED:
        _DERIVED[shape](desk, before, draft, fields)
    desk.put(shape, draft)
    if shape in _TRACES:
        _TRACES[shape](desk, draft)
    return draft


def _derive_ticket(desk: Desk, before: Body | None, draft: Draft, fields: Body) -> None:
    draft["fields"] = draft["custom_fields"]
    if _rated(draft):
        draft["satisfaction_rating"] = {**draft["satisfaction_rating"], "id": draft["id"]}
    known = (before or {}).get("metric_set") or METRIC_SET
    metrics = {**known, "ticket_id": draft["id"], "created_at": draft["created_at"], "updated_at": desk.now}
    metrics["id"] = known["id"] or desk.new_id()
    if before is None or before["status"] != draft["status"]:
        metrics |= _status_changed(desk, before, draft, known)
    draft["metric_set"] = metrics | (fields.get("metric_set") or {})


def _status_changed(desk: Desk, before: Body | None, draft: Draft, known: Body) -> Draft:
    """Solving sets solved_at and both resolution times, of which the first stays; reopening clears and counts."""
    moved: Draft = {"status_updated_at": desk.now}
    was_settled = before is not None and before["status"] in SETTLED
    if draft["status"] in SETTLED and not was_settled:
        took = (desk.store.now - read(draft["created_at"])).total_seconds() // 60
        minutes = {"calendar": int(took), "business": int(took)}
        first = known["first_resolution_time_in_minutes"]
        moved |= {"solved_at": desk.now, "full_resolution_time_in_minutes": minutes}
        moved["first_resolution_time_in_minutes"] = minutes if first["calendar"] is None else first
    elif was_settled and draft["status"] not in SETTLED | {"deleted"}:
        moved |= {"solved_at": None, "reopens": known["reopens"] + 1}
    return moved


def _rating_follows(desk: Desk, ticket: Body) -> None:
    """The old generation keeps a row, with the ticket's id, for every rating; a changed opinion changes the row."""
    if not _rated(ticket):
        return
    given = ticket["satisfaction_rating"]
    before = desk.find(RATINGS, ticket["id"])
    told = {name: given.get(name) for name in ("score", "comment", "reason", "reason_id")}
    if before is None or any(before[name] != value for name, value in told.items()):
        people = {name: ticket[name] for name in ("requester_id", "assignee_id", "group_id")}
        save(desk, RATINGS, before, {**people, **told, "id": ticket["id"], "ticket_id": ticket["id"]})


def _rated(ticket: Body) -> bool:
    return bool((ticket["satisfaction_rating"] or {}).get("score", "unoffered") != "unoffered")


def _membership_follows(desk: Desk, user: Body) -> None:
    """A user's organization is a default membership, with the user's id; further ones are records of their own."""
    before, wanted = desk.find(MEMBERSHIPS, user["id"]), user["organization_id"]
    if wanted is None:
        desk.store.put(VENDOR, MEMBERSHIPS.plural, str(user["id"]), None)
    elif before is None or before["organization_id"] != wanted:
        save(desk, MEMBERSHIPS, before, {"id": user["id"], "user_id": user["id"], "organization_id": wanted})


_DERIVED: dict[Shape, Callable[[Desk, Body | None, Draft, Body], None]] = {TICKETS: _derive_ticket}
_TRACES: dict[Shape, Callable[[Desk, Body], None]] = {TICKETS: _rating_follows, USERS: _membership_follows}
