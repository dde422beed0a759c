"""Story records come to life: they appear, change and vanish at their own moments of the sandbox clock.

A seed is a record with `Id`, perhaps with `_changes` ([{"at": iso, **fields}]), `_deleted_at` and, for a merge,
`_merged_into`. Without CreatedDate it exists from the moment that the sandbox starts with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sandbox.salesforce import ids
from sandbox.salesforce.derive import Draft, after_save, archive, derive
from sandbox.salesforce.objects import SObject
from sandbox.salesforce.org import INTEGRATION_USER, ORGANIZATION_ID, Org
from sandbox.salesforce.sales import STAGES
from sandbox.salesforce.schema import OBJECTS
from sandbox.salesforce.values import SETTLED, moment, read_moment, settle
from sandbox.salesforce.writes import delete, merge
from sandbox.standin import Seed
from sandbox.store import Value

RECYCLE_BIN = timedelta(days=15)
_STAMPED = frozenset({"LastModifiedDate", "SystemModstamp"})


def sow(org: Org, records: Mapping[str, Iterable[Seed]], now: datetime) -> None:
    """Give the org its standing records and let every seed wait for its moment; the caller moves the clock to `now`."""
    unknown = set(records) - set(OBJECTS)
    if unknown:
        raise ValueError(f"the Salesforce stand-in has no object {', '.join(sorted(unknown))}")
    standing, known_until = _standing(org, records), moment(now)
    for name, sobject in OBJECTS.items():
        for seed in (*standing.get(name, ()), *records.get(name, ())):
            _await(org, sobject, seed, now, known_until)
    org.store.on_move(partial(_age, org))


def by_person(org: Org, sobject: SObject, fields: Seed) -> str:
    """What a person does in the CRM's own pages: create or change a record by its Id, unchecked; the id is returned."""
    record_id = ids.long(str(fields["Id"])) if fields.get("Id") else org.new_id(sobject)
    if record_id in org.table(sobject.name):
        _change(org, sobject, record_id, fields)
    else:
        _appear(org, sobject, {**fields, "Id": record_id})
    return record_id


def _await(org: Org, sobject: SObject, seed: Seed, now: datetime, known_until: str) -> None:
    record_id = ids.long(str(seed["Id"]))
    org.store.later(_at(seed.get("CreatedDate")) or now, partial(_appear, org, sobject, seed, known_until))
    for change in seed.get("_changes", ()):
        org.store.later(_at(change["at"]) or now, partial(_change, org, sobject, record_id, change))
    stamped = _at(seed.get("SystemModstamp") or seed.get("LastModifiedDate"))
    if stamped and stamped > now:
        org.store.later(stamped, partial(_change, org, sobject, record_id, {}))
    if deleted := _at(seed.get("_deleted_at")):
        org.store.later(deleted, partial(_vanish, org, sobject, record_id, seed.get("_merged_into")))


def _at(value: Any) -> datetime | None:
    if value is None:
        return None
    return value if isinstance(value, datetime) else read_moment(value)


def _settled(sobject: SObject, seed: Seed) -> Draft:
    """The seed's fields in wire form; a field that the org does not have is a mistake in the story."""
    given: Draft = {}
    known = sobject.spelled
    for name, value in seed.items():
        if name[0] == "_" or name in {"at", "attributes"}:
            continue
        field = known.get(name) or sobject.field(name)
        if field is None:
            raise ValueError(f"seed {sobject.name} {seed.get('Id', '')}: the stand-in has no field {name}")
        given[field.name] = settle(field, value) if field.type in SETTLED else value
    if "Id" in given:
        given["Id"] = ids.long(str(given["Id"]))
    return given


def _appear(org: Org, sobject: SObject, seed: Seed, known_until: str = "") -> None:
    given = _settled(sobject, seed)
    person = given.get("OwnerId") or INTEGRATION_USER
    draft: Draft = {**sobject.defaults, "CreatedDate": org.now, "CreatedById": person, "LastModifiedById": person}
    draft |= org.own_fields(sobject) | given
    draft |= _stamps(draft, known_until or org.now)
    derive(org, sobject, None, draft)
    draft |= {name: value for name, value in given.items() if name not in _STAMPED}
    org.put(sobject.name, draft)
    after_save(org, sobject, draft)


def _stamps(draft: Draft, limit: str) -> Draft:
    """A stamp that lies ahead waits for its moment, so that nothing is ever dated tomorrow."""
    created = str(draft["CreatedDate"])
    modified = str(draft.get("LastModifiedDate") or created)
    modified = modified if modified <= limit else created
    stamp = str(draft.get("SystemModstamp") or modified)
    return {"LastModifiedDate": modified, "SystemModstamp": max(modified, stamp if stamp <= limit else created)}


def _change(org: Org, sobject: SObject, record_id: str, fields: Seed) -> None:
    before = org.live(record_id)
    if before is None:
        return
    given = _settled(sobject, {name: value for name, value in fields.items() if name != "Id"})
    person = before.get("OwnerId", INTEGRATION_USER)
    draft: Draft = {**before, **given, "LastModifiedById": person, "LastModifiedDate": org.now}
    draft["SystemModstamp"] = max(org.now, str(before["SystemModstamp"]))
    derive(org, sobject, before, draft)
    draft |= given
    org.put(sobject.name, draft)
    after_save(org, sobject, draft)


def _vanish(org: Org, sobject: SObject, record_id: str, winner: str | None) -> None:
    if org.live(record_id) is None:
        return
    if winner and org.live(winner):
        merge(org, sobject, record_id, winner)
    else:
        delete(org, sobject, record_id, thorough=True)


def _age(org: Org) -> None:
    """What time does by itself: activities are archived, and the recycle bin is emptied after 15 days."""
    archive(org)
    limit = moment(org.store.now - RECYCLE_BIN)
    for name in OBJECTS:
        old = [r for r in org.table(name).values() if r.get("IsDeleted") and str(r["SystemModstamp"]) < limit]
        for record in old:
            org.store.put("salesforce", name, str(record["Id"]), None)


def _standing(org: Org, records: Mapping[str, Iterable[Seed]]) -> dict[str, list[Seed]]:
    """What every org has: itself, its stages and the user that apps run as."""
    long_ago: dict[str, Value] = {"CreatedDate": "2015-01-01T00:00:00.000+0000"}
    stages: list[Seed] = [
        {
            **long_ago,
            "Id": ids.long(f"01J000000000{n:03d}"),
            "MasterLabel": stage,
            "ApiName": stage,
            "SortOrder": n,
            "IsClosed": closed,
            "IsWon": won,
            "ForecastCategoryName": category,
            "DefaultProbability": probability,
        }
        for n, (stage, (probability, closed, won, category)) in enumerate(STAGES.items(), start=1)
    ]
    user = {**long_ago, "Id": INTEGRATION_USER, "Username": org.settings.username, "Email": org.settings.username}
    organization = {
        **long_ago,
        "Id": ORGANIZATION_ID,
        "Name": "Crmpulse Sandbox",
        "InstanceName": "SBX1",
        "IsSandbox": True,
    }
    return {
        "Organization": [organization],
        "OpportunityStage": [] if records.get("OpportunityStage") else stages,
        "User": [user | {"FirstName": "Integration", "LastName": "User"}],
    }
