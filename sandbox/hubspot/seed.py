"""Story records come to life: they appear, change, are archived or merged at their own moments of the sandbox clock.

A seed is {"id", "createdAt", "properties", "associations": {"companies": ["1"]}}, perhaps with `_changes` ([{"at",
"properties", "associations"}]), `_archived_at` and, for a merge, `_merged_into`. Without createdAt the record is a day
older than the sandbox's first moment. The first company of a list is the primary one; {"id": "1", "primary": false}
among them leaves the record without. Owners and pipelines are seeds of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sandbox.hubspot import properties
from sandbox.hubspot.associating import associate, dissociate, show_company
from sandbox.hubspot.links import HUBSPOT, PRIMARY, Kind, default_kind
from sandbox.hubspot.moments import read_moment, stamp
from sandbox.hubspot.objects import PIPELINE, TYPES, CrmType, seeded_type, text
from sandbox.hubspot.owners import save_owner
from sandbox.hubspot.pipelines import stage
from sandbox.hubspot.portal import Portal
from sandbox.hubspot.saving import appear, archive, merge, move
from sandbox.standin import Seed, Seeds

DAY = timedelta(days=1)
RECYCLE_BIN = timedelta(days=90)


def sow(portal: Portal, records: Seeds, now: datetime) -> None:
    """Let every seed wait for its moment; the caller moves the clock to `now`."""
    if unknown := set(records) - {*TYPES, "owners", "pipelines"}:
        raise ValueError(f"the HubSpot stand-in has no object {', '.join(sorted(unknown))}")
    for seed in records.get("pipelines", ()):
        _pipeline(portal, seed)
    for seed in records.get("owners", ()):
        for version in (seed, *seed.get("_changes", ())):
            at = version.get("at") or version.get("createdAt")
            portal.store.later(_at(at, now - DAY), partial(_own, portal, {**version, "id": seed["id"]}))
    for name, type in TYPES.items():
        for seed in records.get(name, ()):
            _await(portal, type, seed, now)
    portal.store.on_move(partial(_age, portal))


def _age(portal: Portal) -> None:
    """What time does by itself: archived records are gone for good after 90 days."""
    limit = stamp(portal.store.now - RECYCLE_BIN)
    for table in portal.tables.values():
        for record_id in list(table.ids(archived=True)):
            if str(table.records[record_id].archived_at) < limit:
                table.put(record_id, None, portal.store.now)


def _own(portal: Portal, owner: Seed) -> None:
    save_owner(portal, owner)


def _pipeline(portal: Portal, seed: Seed) -> None:
    stages = [
        stage(each["id"], each["label"], order, {name: str(text(value)) for name, value in each["metadata"].items()})
        for order, each in enumerate(seed["stages"])
    ]
    portal.pipelines.add(seed["objectType"], seed["id"], seed["label"], stages)


def _at(text: Any, otherwise: datetime) -> datetime:
    if text is None:
        return otherwise
    return text if isinstance(text, datetime) else read_moment(text)


def _await(portal: Portal, type: CrmType, seed: Seed, now: datetime) -> None:
    record_id, born = int(seed["id"]), _at(seed.get("createdAt"), now - DAY)
    portal.store.later(born, partial(_appear, portal, type, record_id, seed))
    for change in seed.get("_changes", ()):
        portal.store.later(_at(change["at"], now), partial(_change, portal, type, record_id, change))
    if gone := seed.get("_archived_at"):
        portal.store.later(_at(gone, now), partial(_vanish, portal, type, record_id, seed.get("_merged_into")))


def settled(portal: Portal, type: CrmType, given: Mapping[str, Any]) -> dict[str, str | None]:
    """A story's values as HubSpot keeps them; a property that the account never had is a mistake in the story."""
    values: dict[str, str | None] = {}
    for name, value in given.items():
        prop = portal.properties[type.name].get(name)
        if prop is None:
            raise ValueError(f"the HubSpot stand-in has no property {name} of {type.name}")
        kept = text(value)
        values[name] = properties.settle(prop, kept) if kept else None
    return values


def _appear(portal: Portal, type: CrmType, record_id: int, seed: Seed) -> None:
    values = {name: value for name, value in settled(portal, type, seed.get("properties", {})).items() if value}
    if type.name in PIPELINE:
        values.setdefault(PIPELINE[type.name][0], portal.pipelines.default(type.name))
    appear(portal, type, record_id, values, values.get(type.created) or stamp(portal.store.now))
    _connect(portal, type, record_id, seed.get("associations", {}))


def _change(portal: Portal, type: CrmType, record_id: int, change: Seed) -> None:
    table = portal.tables[type.name]
    record = table.live(table.canonical(record_id))
    if record is None:
        return
    if change.get("properties"):
        move(portal, type, record, settled(portal, type, change["properties"]))
    _connect(portal, type, record.id, change.get("associations", {}))


def _connect(portal: Portal, type: CrmType, record_id: int, wanted: Mapping[str, Any]) -> None:
    """The named object types are associated with exactly these records from now on."""
    for other, entries in wanted.items():
        pair = (type.name, seeded_type(other).name)
        if default_kind(pair) is None:
            raise ValueError(f"HubSpot does not associate {type.name} with {other}")
        listed = [each if isinstance(each, Mapping) else {"id": each} for each in entries]
        ids = [portal.tables[other].canonical(int(each["id"])) for each in listed]
        for gone in set(portal.links.of(pair, record_id)) - set(ids):
            dissociate(portal, pair, record_id, gone)
        for each, other_id in zip(listed, ids, strict=True):
            associate(portal, pair, record_id, other_id, _kinds(portal, pair, each))
        if any(each.get("primary") is False for each in listed) and not any(each.get("primary") for each in listed):
            portal.links.demote(pair, record_id)
            if type.name == "contacts":
                show_company(portal, record_id)


def _kinds(portal: Portal, pair: tuple[str, str], entry: Mapping[str, Any]) -> list[Kind]:
    kinds = [(HUBSPOT, PRIMARY[pair])] if entry.get("primary") else []
    if label := entry.get("label"):
        held = {shown: kind for kind, shown in portal.links.known(pair).items()}
        made = None if label in held else portal.links.add_label(pair, label.lower().replace(" ", "_"), label)
        kinds.append(("USER_DEFINED", made[0].type_id) if made else held[label])
    return kinds


def _vanish(portal: Portal, type: CrmType, record_id: int, winner: str | None) -> None:
    table = portal.tables[type.name]
    record = table.live(table.canonical(record_id))
    if record is None:
        return
    into = table.live(table.canonical(int(winner))) if winner else None
    if into is not None and into.id != record.id:
        merge(portal, type, into, record)
    else:
        archive(portal, type, record)


def by_person(portal: Portal, object: str, record: Seed) -> str:
    """What a person does in HubSpot's own pages: create a record, or change it by its id, unchecked."""
    if object == "owners":
        return str(save_owner(portal, record))
    type = seeded_type(object)
    record_id = int(record["id"]) if record.get("id") else portal.new_id()
    if portal.tables[type.name].canonical(record_id) in portal.tables[type.name].records:
        _change(portal, type, record_id, record)
    else:
        _appear(portal, type, record_id, record)
    return str(record_id)
