"""Making and ending associations, and what that does to the records on both sides."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandbox.hubspot.answers import Refused, not_found
from sandbox.hubspot.links import CHILD_TO_PARENT, HUBSPOT, PRIMARY, Kind, Pair
from sandbox.hubspot.objects import TYPES
from sandbox.hubspot.portal import Portal
from sandbox.hubspot.shapes import an_object, objects, whole


def associate(
    portal: Portal, pair: Pair, one: int, other: int, kinds: Iterable[Kind], *, replace: bool = False
) -> None:
    """Associate two live records; both count as modified."""
    portal.links.add(pair, one, other, frozenset(kinds), replace=replace)
    for name, record_id in ((pair[0], one), (pair[1], other)):
        _tell(portal, name, record_id)


def dissociate(portal: Portal, pair: Pair, one: int, other: int) -> None:
    """End all associations of two records, if there are any."""
    if portal.links.remove(pair, one, other):
        for name, record_id in ((pair[0], one), (pair[1], other)):
            _tell(portal, name, record_id)


def _tell(portal: Portal, type_name: str, record_id: int) -> None:
    portal.touch(TYPES[type_name], record_id)
    if type_name == "contacts":
        show_company(portal, record_id)


def show_company(portal: Portal, contact_id: int) -> None:
    """A contact shows its primary company, while that exists, as a property too."""
    contact, company = portal.tables["contacts"].live(contact_id), portal.links.primary("contacts", contact_id)
    shown = str(company) if company and portal.tables["companies"].live(company) else None
    if contact is not None and contact.properties.get("associatedcompanyid") != shown:
        portal.touch(TYPES["contacts"], contact_id, associatedcompanyid=shown)


def make_primary(portal: Portal, contact: int, company: int | None) -> None:
    """That company becomes the contact's primary one, if it exists; None ends the association with the primary one."""
    pair = ("contacts", "companies")
    if company is not None and company in portal.tables["companies"].records:
        portal.links.add(pair, contact, company, frozenset({(HUBSPOT, PRIMARY[pair])}))
    elif company is None and (before := portal.links.primary("contacts", contact)):
        portal.links.remove(pair, contact, before)


def make_parent(portal: Portal, child: int, parent: int | None) -> None:
    """One company is the child of another."""
    if parent is not None and parent in portal.tables["companies"].records:
        portal.links.add(("companies", "companies"), child, parent, frozenset({CHILD_TO_PARENT}))


def live_others(portal: Portal, pair: Pair, record_id: int) -> dict[int, frozenset[Kind]]:
    """The associated records that still exist, in the order of their ids."""
    table = portal.tables[pair[1]]
    return {to: kinds for to, kinds in portal.links.of(pair, record_id).items() if table.live(to)}


def wanted_kinds(portal: Portal, pair: Pair, specs: Any) -> frozenset[Kind]:
    """The kinds that a body asks for; Refused where two types have no such association."""
    known, kinds = portal.links.known(pair), set[Kind]()
    for spec in objects(specs, "types"):
        kind = (str(spec.get("associationCategory", HUBSPOT)), whole(spec.get("associationTypeId")) or 0)
        if kind not in known:
            one, other = (TYPES[name].type_id for name in pair)
            raise Refused(f"{kind[1]} is not a valid association type between {one} and {other}")
        kinds.add(kind)
    return frozenset(kinds)


def pair_of_kind(portal: Portal, type_name: str, specs: Any) -> Pair:
    """Where the associations of a new record lead: only their type ids say it."""
    for other in TYPES:
        try:
            wanted_kinds(portal, (type_name, other), specs)
        except Refused:
            continue
        return type_name, other
    raise Refused(f"One or more association types of the new {TYPES[type_name].singular} are not valid")


def with_new(portal: Portal, type_name: str, wanted: Any) -> list[tuple[Pair, int, frozenset[Kind]]]:
    """The associations that a create asks for, each of which must lead to a live record."""
    found = []
    for each in objects(wanted, "associations"):
        specs, to = objects(each.get("types"), "types"), an_object(each.get("to"), "to").get("id")
        pair = pair_of_kind(portal, type_name, specs)
        other = portal.tables[pair[1]].current(to)
        if other is None:
            raise not_found(f"No {TYPES[pair[1]].singular} with ID {to} exists to associate with")
        found.append((pair, other.id, wanted_kinds(portal, pair, specs)))
    return found
