"""What people do in Zendesk's own pages, unchecked: they save, delete and merge records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.zendesk.desk import ADMIN, Desk
from sandbox.zendesk.saves import save
from sandbox.zendesk.shapes import ORGANIZATIONS, SHAPES, TICKETS, USERS, Body, Shape

NESTED = ("organization_fields", "user_fields", "satisfaction_rating")
"""Objects in which a change names only what changes."""


def shape(name: str) -> Shape:
    if name not in SHAPES:
        raise ValueError(f"the Zendesk stand-in has no object {name}; it has {', '.join(SHAPES)}")
    return SHAPES[name]


def put_down(desk: Desk, kind: Shape, given: Mapping[str, Any]) -> Body:
    """Create or change a record by its id; `_system` changes it as Zendesk itself does, without updated_at."""
    fields = {name: value for name, value in given.items() if name[0] != "_" and name != "at"}
    if unknown := set(fields) - set(kind.defaults) - kind.hidden:
        raise ValueError(f"{kind.singular} {given.get('id')}: Zendesk has no field {', '.join(sorted(unknown))}")
    before = desk.find(kind, fields["id"]) if fields.get("id") is not None else None
    if before is not None:
        fields["id"] = before["id"]
    for name in NESTED:
        if name in fields and isinstance(fields[name], Mapping):
            fields[name] = {**((before or kind.defaults).get(name) or {}), **fields[name]}
    return save(desk, kind, before, fields, by_system=bool(given.get("_system")))


def take_away(desk: Desk, kind: Shape, record_id: Any) -> None:
    """Delete a record as its kind is deleted: tickets by their status, users by being inactive."""
    record = _existing(desk, kind, record_id)
    if kind is ORGANIZATIONS:
        let_go(desk, record["id"], None)
        save(desk, kind, record, {"deleted_at": desk.now})
    elif kind is TICKETS:
        trace = {"deleted_at": desk.now, "previous_state": record["status"], "actor": {"id": ADMIN, "name": "Admin"}}
        save(desk, kind, record, {"status": "deleted", "deletion": trace})
    elif kind is USERS:
        save(desk, kind, record, {"active": False, "organization_id": None})
    else:
        desk.store.put("zendesk", kind.plural, str(record["id"]), None)


def merge(desk: Desk, kind: Shape, loser_id: Any, winner_id: Any) -> None:
    """The loser's users and tickets, or its conversation, go to the winner; then it is deleted or closed."""
    loser, winner = _existing(desk, kind, loser_id), _existing(desk, kind, winner_id)
    if loser["id"] == winner["id"]:
        raise ValueError("a record cannot be merged into itself")
    if kind is ORGANIZATIONS:
        let_go(desk, loser["id"], winner["id"])
        domains = list(dict.fromkeys([*winner["domain_names"], *loser["domain_names"]]))
        save(desk, kind, winner, {"domain_names": domains})
        save(desk, kind, loser, {"deleted_at": desk.now})
    elif kind is USERS:
        _requests_move(desk, loser["id"], winner["id"])
        save(desk, kind, loser, {"active": False, "organization_id": None})
    elif kind is TICKETS:
        save(desk, kind, loser, {"status": "closed", "tags": [*loser["tags"], "closed_by_merge"]})
    else:
        raise ValueError(f"{kind.plural} cannot be merged")


def let_go(desk: Desk, organization_id: int, into: int | None) -> None:
    """Users and tickets of an organization move, or belong to none."""
    for kind in (USERS, TICKETS):
        for row in desk.sorted(kind):
            if row["organization_id"] == organization_id:
                save(desk, kind, row, {"organization_id": into})


def _requests_move(desk: Desk, loser_id: int, winner_id: int) -> None:
    for ticket in desk.sorted(TICKETS):
        if ticket["requester_id"] == loser_id:
            save(desk, TICKETS, ticket, {"requester_id": winner_id})


def _existing(desk: Desk, kind: Shape, record_id: Any) -> Body:
    record = desk.live(kind, record_id)
    if record is None:
        raise ValueError(f"there is no {kind.singular} {record_id}")
    return record
