"""Reading records of any kind: one, many by id, all in pages, how many."""

from __future__ import annotations

from sandbox.zendesk.answers import Answer, Refused, no_such_endpoint, not_found
from sandbox.zendesk.calls import Call
from sandbox.zendesk.pages import listing
from sandbox.zendesk.shapes import (
    MEMBERSHIPS,
    ORGANIZATION_FIELDS,
    ORGANIZATIONS,
    TICKET_FIELDS,
    TICKETS,
    USERS,
    Body,
    Shape,
)

READABLE = {
    shape.plural: shape for shape in (ORGANIZATIONS, USERS, TICKETS, MEMBERSHIPS, ORGANIZATION_FIELDS, TICKET_FIELDS)
}
SHOWN_MANY = {shape.plural: shape for shape in (ORGANIZATIONS, USERS, TICKETS)}
FILTERS = {"tickets": ("external_id",), "users": ("role", "external_id")}
MOST_AT_ONCE = 100


def every(call: Call, resource: str) -> Answer:
    """GET {resource}, perhaps filtered."""
    shape = _shape(resource)
    rows = call.desk.sorted(shape)
    for name in FILTERS.get(resource, ()):
        if name in call.query:
            rows = [row for row in rows if str(row[name]).lower() == call.query[name].lower()]
    return listing(call, shape, rows)


def of_parent(call: Call, parent: str, id: str, resource: str) -> Answer:
    """GET organizations/{id}/users and the like."""
    links = {
        ("organizations", "users"): (ORGANIZATIONS, "organization_id"),
        ("organizations", "tickets"): (ORGANIZATIONS, "organization_id"),
        ("organizations", "organization_memberships"): (ORGANIZATIONS, "organization_id"),
        ("users", "organization_memberships"): (USERS, "user_id"),
    }
    if (parent, resource) not in links:
        raise no_such_endpoint()
    kind, link = links[parent, resource]
    owner, shape = existing(call, kind, id), _shape(resource)
    return listing(call, shape, [row for row in call.desk.sorted(shape) if row[link] == owner["id"]])


def one(call: Call, resource: str, id: str) -> Answer:
    """GET {resource}/{id}; deleted users are still shown, as inactive."""
    shape = _shape(resource)
    record = call.desk.find(USERS, id) if shape is USERS else call.desk.live(shape, id)
    if record is None:
        raise not_found()
    return Answer(200, {shape.singular: call.show(shape, record)})


def many(call: Call, resource: str) -> Answer:
    """GET {resource}/show_many: up to 100 by ids or external_ids; what does not exist is left out."""
    shape = SHOWN_MANY.get(resource)
    if shape is None:
        raise no_such_endpoint()
    key = "external_id" if "external_ids" in call.query else "id"
    wanted = dict.fromkeys(call.ids(f"{key}s"))
    if len(wanted) > MOST_AT_ONCE:
        raise Refused(400, {"error": "TooManyIds", "description": f"at most {MOST_AT_ONCE} at once"})
    found = _by_id(call, shape, wanted) if key == "id" else _by_external_id(call, shape, wanted)
    return Answer(200, {shape.plural: [call.show(shape, row) for row in found], "count": len(found)})


def count(call: Call, resource: str) -> Answer:
    """GET {resource}/count."""
    value = len(call.desk.sorted(_shape(resource)))
    return Answer(200, {"count": {"value": value, "refreshed_at": call.desk.now}})


def existing(call: Call, shape: Shape, record_id: str) -> Body:
    """The live record, or 404."""
    record = call.desk.live(shape, record_id)
    if record is None:
        raise not_found()
    return record


def _shape(resource: str) -> Shape:
    if resource not in READABLE:
        raise no_such_endpoint()
    return READABLE[resource]


def _by_id(call: Call, shape: Shape, wanted: dict[str, None]) -> list[Body]:
    return [row for each in wanted if (row := call.desk.live(shape, each)) is not None]


def _by_external_id(call: Call, shape: Shape, wanted: dict[str, None]) -> list[Body]:
    lowered = {each.lower() for each in wanted}
    return [row for row in call.desk.sorted(shape) if str(row["external_id"] or "").lower() in lowered]
