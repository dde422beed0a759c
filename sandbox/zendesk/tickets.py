"""Tickets: written with comments, measured, and still listed for a month after they were deleted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sandbox.zendesk.answers import Answer, invalid_value, record_invalid
from sandbox.zendesk.calls import Call
from sandbox.zendesk.desk import ADMIN, Desk
from sandbox.zendesk.exports import check_admin
from sandbox.zendesk.moments import stamp
from sandbox.zendesk.pages import listing
from sandbox.zendesk.people import take_away
from sandbox.zendesk.records import existing
from sandbox.zendesk.saves import save
from sandbox.zendesk.shapes import DELETED_TICKETS, ORGANIZATIONS, TICKET_METRICS, TICKETS, USERS, Body

KEPT_AFTER_DELETION = timedelta(days=30)
ARCHIVED_AFTER = timedelta(days=120)
PRIORITIES = frozenset({"low", "normal", "high", "urgent", None})
STATUSES = frozenset({"new", "open", "pending", "hold", "solved", "closed"})
WRITABLE = frozenset(
    {"external_id", "organization_id", "requester_id", "assignee_id", "group_id", "subject", "status", "priority",
     "type", "tags", "custom_fields", "due_at"}
)  # fmt: skip


def create(call: Call) -> Answer:
    """POST tickets: 201."""
    given = _given(call)
    if not given.get("comment") and not given.get("description"):
        raise record_invalid("description", "cannot be blank", "BlankValue")
    fields = _accepted(call.desk, given)
    text = given.get("description") or given["comment"].get("body")
    fields |= {"requester_id": fields.get("requester_id") or ADMIN, "submitter_id": ADMIN, "description": text}
    made = save(call.desk, TICKETS, None, {**fields, "via": {"channel": "api"}, "comments": _comments(call, (), given)})
    return Answer(201, {"ticket": call.show(TICKETS, made)})


def update(call: Call, id: str) -> Answer:
    """PUT tickets/{id}; closed ones are closed for good."""
    before, given = existing(call, TICKETS, id), _given(call)
    if before["status"] == "closed":
        raise record_invalid("status", "closed prevents ticket update", "InvalidValue")
    comments = _comments(call, before.get("comments", ()), given)
    changed = save(call.desk, TICKETS, before, {**_accepted(call.desk, given), "comments": comments})
    return Answer(200, {"ticket": call.show(TICKETS, changed)})


def delete(call: Call, id: str) -> Answer:
    """DELETE tickets/{id}."""
    take_away(call.desk, TICKETS, existing(call, TICKETS, id)["id"])
    return Answer(204)


def comments(call: Call, id: str) -> Answer:
    """GET tickets/{id}/comments: the description is the first one."""
    ticket = existing(call, TICKETS, id)
    first = {"id": ticket["id"], "type": "Comment", "author_id": ticket["requester_id"], "public": True}
    first |= {"body": ticket["description"], "created_at": ticket["created_at"]}
    rows = [first, *ticket.get("comments", ())]
    return Answer(200, {"comments": rows, "count": len(rows), "next_page": None, "previous_page": None})


def metrics_of_one(call: Call, id: str) -> Answer:
    """GET tickets/{id}/metrics: a list although it is one."""
    return Answer(200, {"ticket_metric": [existing(call, TICKETS, id)["metric_set"]]})


def metrics(call: Call) -> Answer:
    """GET ticket_metrics, without archived tickets."""
    limit = stamp(call.desk.store.now - ARCHIVED_AFTER)
    fresh = (row for row in call.desk.sorted(TICKETS) if row["status"] != "closed" or row["updated_at"] >= limit)
    return listing(call, TICKET_METRICS, sorted((row["metric_set"] for row in fresh), key=lambda row: row["id"]))


def deleted(call: Call) -> Answer:
    """GET deleted_tickets: what was deleted in the last 30 days."""
    check_admin(call)
    limit = stamp(call.desk.store.now - KEPT_AFTER_DELETION)
    gone = (row for row in call.desk.table(TICKETS).values() if row["status"] == "deleted")
    rows = [
        {"id": row["id"], "subject": row["subject"], "description": row["description"], **row["deletion"]}
        for row in gone
        if row["deletion"]["deleted_at"] >= limit
    ]
    return listing(call, DELETED_TICKETS, sorted(rows, key=lambda row: row["id"]))


def _given(call: Call) -> Mapping[str, Any]:
    given = call.json().get("ticket")
    if not isinstance(given, dict):
        raise invalid_value("Parameter ticket is required and must be an object", 400)
    return given


def _comments(call: Call, before: Any, given: Mapping[str, Any]) -> list[Body]:
    comment = given.get("comment")
    if not comment:
        return list(before)
    said = {"id": call.desk.new_id(), "type": "Comment", "author_id": comment.get("author_id", ADMIN)}
    said |= {"body": comment.get("body"), "public": comment.get("public", True), "created_at": call.desk.now}
    return [*before, said]


def _accepted(desk: Desk, given: Mapping[str, Any]) -> dict[str, Any]:
    fields = {name: value for name, value in given.items() if name in WRITABLE}
    if fields.get("priority") not in PRIORITIES:
        raise record_invalid("priority", f"{fields['priority']} is not included in the list")
    if fields.get("status", "open") not in STATUSES:
        raise record_invalid("status", f"{fields['status']} is not included in the list")
    for name, kind in (("organization_id", ORGANIZATIONS), ("requester_id", USERS)):
        if fields.get(name) is not None and desk.live(kind, fields[name]) is None:
            raise record_invalid(name, f"{fields[name]} does not exist")
    return fields
