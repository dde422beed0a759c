"""Story records come to life: they appear, change and vanish at their own moments of the sandbox clock.

A seed is a record with `id` in the vendor's own fields, perhaps with `_changes` ([{"at": iso, **fields}]; with
`_system` Zendesk itself changed it), `_deleted_at` and, for a merge, `_merged_into`. Without created_at it exists from
the moment that the sandbox starts with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from sandbox.standin import Seed, Seeds
from sandbox.zendesk.desk import ADMIN, Desk
from sandbox.zendesk.moments import read, stamp
from sandbox.zendesk.organization_fields import STANDING
from sandbox.zendesk.people import merge, put_down, shape, take_away
from sandbox.zendesk.shapes import SHAPES, SURVEYS, Shape

LONG_AGO = "2015-01-01T00:00:00Z"


def sow(desk: Desk, records: Seeds, now: datetime) -> None:
    """Give the account its standing records and let every seed wait for its moment; the caller moves the clock."""
    for name in records:
        shape(name)
    standing = _standing(desk)
    for name, kind in SHAPES.items():
        for seed in (*standing.get(name, ()), *records.get(name, ())):
            _await(desk, kind, seed, now)


def _await(desk: Desk, kind: Shape, seed: Seed, now: datetime) -> None:
    """Every moment of one record."""
    if "id" not in seed:
        raise ValueError(f"a seed of {kind.plural} has no id")
    created = read(seed.get("created_at") or now)
    desk.store.later(created, partial(_write, desk, kind, _settled(kind, seed, created)))
    for change in seed.get("_changes", ()):
        desk.store.later(read(change["at"]), partial(_write, desk, kind, {**change, "id": seed["id"]}))
    if "_deleted_at" in seed:
        desk.store.later(read(seed["_deleted_at"]), _end(desk, kind, seed))


def _write(desk: Desk, kind: Shape, fields: Mapping[str, Any]) -> None:
    put_down(desk, kind, fields)


def _settled(kind: Shape, seed: Seed, created: datetime) -> Mapping[str, Any]:
    fields = {**seed, "created_at": stamp(created)}
    if kind is SURVEYS and "subjects" not in fields:
        fields["subjects"] = [
            {"id": zrn.rpartition(":")[2], "type": "ticket", "zrn": zrn} for zrn in fields.get("subject_zrns", ())
        ]
    return fields


def _end(desk: Desk, kind: Shape, seed: Seed) -> Callable[[], None]:
    if seed.get("_merged_into") is not None:
        return partial(merge, desk, kind, seed["id"], seed["_merged_into"])
    return partial(take_away, desk, kind, seed["id"])


def _standing(desk: Desk) -> dict[str, Iterable[Seed]]:
    """What every account has: its admin, and the organization fields that were created for us."""
    email = desk.settings.email
    return {
        "users": [{"id": ADMIN, "name": "Integration", "email": email, "role": "admin", "created_at": LONG_AGO}],
        "organization_fields": [
            {"id": ADMIN + number, "key": key, "type": type, "title": title, "created_at": LONG_AGO}
            for number, (key, type, title) in enumerate(STANDING, start=1)
        ],
    }
