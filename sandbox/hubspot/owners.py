"""Owners: the people that records belong to. An archived one was deactivated and has no user any more."""

from __future__ import annotations

from typing import Any

from sandbox.hubspot.answers import Answer, not_found
from sandbox.hubspot.calls import Call
from sandbox.hubspot.portal import Portal
from sandbox.standin import Seed

LARGEST_PAGE = 500


def save_owner(portal: Portal, given: Seed) -> int:
    """Create or change an owner by its id (a person's doing: the API only reads them)."""
    owner_id = int(given["id"]) if given.get("id") else portal.new_id()
    before = portal.owners.get(owner_id) or _new(owner_id, portal.now)
    fields = {name: value for name, value in given.items() if name not in {"id", "at"} and name[0] != "_"}
    owner = {**before, **fields, "updatedAt": portal.now}
    if fields.get("userId"):
        owner["userIdIncludingInactive"] = fields["userId"]
    owner["userId"] = None if owner["archived"] else owner["userIdIncludingInactive"]
    portal.owners[owner_id] = owner
    return owner_id


def _new(owner_id: int, now: str) -> dict[str, Any]:
    return {
        "id": str(owner_id),
        "email": "",
        "type": "PERSON",
        "firstName": "",
        "lastName": "",
        "userId": owner_id + 9_000_000,
        "userIdIncludingInactive": owner_id + 9_000_000,
        "createdAt": now,
        "updatedAt": now,
        "archived": False,
    }


def list_owners(call: Call) -> Answer:
    """GET owners: live ones, or only archived ones; by e-mail where one is given."""
    size, archived = call.limit(100, LARGEST_PAGE), call.flag("archived")
    after, email = call.number("after"), call.query.get("email", "").lower()
    found = [
        owner
        for owner_id, owner in sorted(call.portal.owners.items())
        if owner_id >= after and owner["archived"] == archived and email in ("", owner["email"].lower())
    ]
    body: dict[str, Any] = {"results": found[:size]}
    if len(found) > size:
        body["paging"] = call.paging(found[size]["id"])
    return Answer(200, body)


def read_owner(call: Call, id: str) -> Answer:
    """GET owners/{id}: by owner id or by user id, live unless archived is asked for."""
    key = "userIdIncludingInactive" if call.query.get("idProperty") == "userId" else "id"
    for owner in call.portal.owners.values():
        if str(owner[key]) == id and owner["archived"] == call.flag("archived"):
            return Answer(200, owner)
    raise not_found()
