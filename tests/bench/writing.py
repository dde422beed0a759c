"""How many calls a push needs for changed records, against the fewest that the vendor's batches allow."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import Any

import requests

from connectors import connect
from connectors.base import Operation, Status, Write
from sandbox.salesforce import ids
from tests.bench.figures import Figure, Stopwatch
from tests.bench.serving import NOW, served

CHANGED = 1_000
OBJECTS: dict[str, tuple[str, str]] = {
    "salesforce": ("Account", "Crmpulse_Score__c"),
    "hubspot": ("companies", "crmpulse_score"),
    "zendesk": ("organizations", "organization_fields.crmpulse_score"),
}


def figures() -> Iterator[Figure]:
    for vendor, (object, field) in OBJECTS.items():
        with served(vendor, CHANGED, repeating=False) as env:
            into: Any = connect(vendor, vendor, env, lambda: NOW, lambda _: None)
            into.describe(object)
            requests.delete(f"{env['CONTROL']}/calls", timeout=60)
            watch = Stopwatch()
            done = 0
            for start in range(0, CHANGED, into.batch_size):
                some = range(start, min(start + into.batch_size, CHANGED))
                writes = [Write(str(n), object, Operation.UPDATE, {field: n % 100}, id=_id(vendor, n)) for n in some]
                done += sum(outcome.status is Status.SUCCEEDED for outcome in into.write(writes))
            calls = requests.get(f"{env['CONTROL']}/calls", timeout=60).json()
        beside = {"fewest": ceil(CHANGED / into.batch_size), "with looks at jobs and logins": calls["total"]}
        aim = f"{done} of {CHANGED} written, {watch.rate(CHANGED):,.0f} a second"
        yield Figure(f"write calls for {CHANGED} changes, {vendor}", calls["writes"], "calls", beside, aim)


def _id(vendor: str, n: int) -> str:
    return ids.new("001", n + 1) if vendor == "salesforce" else str(n + 1)
