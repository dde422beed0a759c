"""Reading records: lists by cursor, single records, and batches of ids."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.hubspot.answers import Answer, Refused, not_found
from sandbox.hubspot.associating import live_others
from sandbox.hubspot.calls import Call
from sandbox.hubspot.links import PRIMARY, USER, Kind, Pair
from sandbox.hubspot.objects import TYPES, CrmType, crm_type
from sandbox.hubspot.portal import PORTAL_ID, Portal
from sandbox.hubspot.shapes import whole
from sandbox.hubspot.table import Held

LARGEST_PAGE, LARGEST_WITH_HISTORY = 100, 50
MOST_ASSOCIATIONS = 100


@dataclass(frozen=True, slots=True)
class View:
    """What of a record is to be shown."""

    type: CrmType
    names: Sequence[str]
    history: Sequence[str] = ()
    pairs: Sequence[Pair] = ()

    def show(self, portal: Portal, record: Held) -> dict[str, Any]:
        """A record as every read shows it."""
        held = record.properties
        shown: dict[str, Any] = {"id": str(record.id), "properties": {name: held.get(name) for name in self.names}}
        if self.history:
            shown["propertiesWithHistory"] = {name: _history(record, name) for name in self.history}
        shown["createdAt"] = record.created_at
        shown["updatedAt"] = record.updated_at
        shown["archived"] = record.archived_at is not None
        if record.archived_at:
            shown["archivedAt"] = record.archived_at
        if found := {pair[1]: told for pair in self.pairs if (told := _associations(portal, pair, record.id))}:
            shown["associations"] = found
        shown["url"] = f"https://app.hubspot.com/contacts/{PORTAL_ID}/record/{self.type.type_id}/{record.id}"
        return shown


def view(portal: Portal, type: CrmType, asked: Sequence[str], history: Sequence[str] = (), *pairs: Pair) -> View:
    """The asked properties that exist, or the usual ones; the standing ones always."""
    schema = portal.schema(type)
    known = [name for name in (*asked, *history) if name in schema and not schema[name].archived_at]
    names = dict.fromkeys([*(known or ([] if asked else type.defaults)), *type.standing])
    return View(type, tuple(names), tuple(name for name in history if name in schema), pairs)


def view_of(call: Call, type: CrmType) -> View:
    """What a GET asks for in its query."""
    pairs = [(type.name, crm_type(name).name) for name in call.names("associations")]
    return view(call.portal, type, call.names("properties"), call.names("propertiesWithHistory"), *pairs)


def _history(record: Held, name: str) -> list[dict[str, Any]]:
    """The values that a property had, newest first."""
    told = [(at, values[name]) for at, values in record.versions if name in values]
    return [
        {"value": value or "", "timestamp": at, "sourceType": "CRM_UI", "sourceId": None, "updatedByUserId": None}
        for at, value in reversed(told)
    ]


def _associations(portal: Portal, pair: Pair, record_id: int) -> dict[str, Any] | None:
    """An association of two kinds stands there twice, each time under the name of its kind."""
    found = live_others(portal, pair, record_id)
    results = [
        {"id": str(to), "type": kind_name(portal, pair, kind)}
        for to, kinds in list(found.items())[:MOST_ASSOCIATIONS]
        for kind in sorted(kinds)
    ]
    if len(found) > MOST_ASSOCIATIONS:
        return {"results": results, "paging": {"next": {"after": str(list(found)[MOST_ASSOCIATIONS])}}}
    return {"results": results} if results else None


def kind_name(portal: Portal, pair: Pair, kind: Kind) -> str:
    """contact_to_company for the primary one, contact_to_company_unlabeled for the plain one, labels by their name."""
    name = f"{TYPES[pair[0]].singular}_to_{TYPES[pair[1]].singular}"
    if kind[0] == USER:
        return portal.links.labels[pair][kind[1]].name
    if kind[1] in {13, 14}:
        return "parent_to_child_company" if kind[1] == 13 else "child_to_parent_company"
    return f"{name}_unlabeled" if pair in PRIMARY and kind[1] != PRIMARY[pair] else name


def shorter(portal: Portal, size: int, place: object) -> int:
    """A page may hold less than was asked for; only its cursor tells whether there is more."""
    seed = portal.settings.page_seed
    if seed is None or size < 4:
        return size
    return random.Random(f"{seed} {place} {size}").randint(size * 3 // 4, size)


def list_records(call: Call, type: str) -> Answer:
    """GET objects/{type}: in the order of ids, `after` being the id that the page begins with."""
    of, with_history = crm_type(type), call.names("propertiesWithHistory")
    asked = call.limit(10, LARGEST_WITH_HISTORY if with_history else LARGEST_PAGE)
    after = call.number("after")
    size = shorter(call.portal, asked, after)
    records, follower = call.portal.tables[of.name].page(after, size, archived=call.flag("archived"))
    shown, portal = view_of(call, of), call.portal
    body: dict[str, Any] = {"results": [shown.show(portal, record) for record in records]}
    if follower is not None:
        body["paging"] = call.paging(follower)
    return Answer(200, body)


def read_record(call: Call, type: str, id: str) -> Answer:
    """GET objects/{type}/{id}: an id that a merge gave up answers with the record that stayed."""
    of = crm_type(type)
    record = find(call.portal, of, id, call.query.get("idProperty", ""), archived=call.flag("archived"))
    if record is None:
        raise not_found()
    return Answer(200, view_of(call, of).show(call.portal, record))


def find(portal: Portal, type: CrmType, id: str, id_property: str = "", *, archived: bool = False) -> Held | None:
    """The record of that id or unique value; Refused where the property is not unique."""
    table = portal.tables[type.name]
    if id_property and id_property != "hs_object_id":
        check_unique_property(portal, type, id_property)
        holder = table.holder(id_property, id)
        return table.live(holder) if holder is not None else None
    number = whole(id)
    record = None if number is None else table.records.get(table.canonical(number))
    return record if record is not None and bool(record.archived_at) == archived else None


def check_unique_property(portal: Portal, type: CrmType, name: str) -> None:
    """Records are found by properties whose values are unique, and contacts by e-mail."""
    prop = portal.schema(type).get(name)
    if prop is None:
        raise Refused(f'Property "{name}" does not exist')
    if not prop.unique and not (type.name == "contacts" and name == "email"):
        raise Refused(f"Unable to perform update/upsert by non-unique {type.type_id} property {name}")
