"""The form of HubSpot's seeds, and whom their records belong to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.stories.ids import hubspot_id
from sandbox.stories.people import Colleague
from sandbox.stories.words import Company
from sandbox.world import Record


def owner_id(person: Colleague) -> str:
    return hubspot_id("owners", person.email)


def seeded(
    object: str,
    name: str,
    created: str,
    properties: Mapping[str, Any],
    *,
    company: Company | None = None,
    contact: str | None = None,
    changes: Iterable[Mapping[str, Any]] = (),
) -> Record:
    """A record as it was created, with the company and contact that it hangs on, and its later versions in order."""
    links: dict[str, list[str]] = {}
    if company is not None:
        links["companies"] = [hubspot_id("companies", company.name)]
    if company is not None and contact is not None:
        links["contacts"] = [hubspot_id("contacts", f"{company.name} {contact}")]
    known = {key: value for key, value in properties.items() if value is not None}
    seed: Record = {"id": hubspot_id(object, name), "createdAt": created, "properties": known, "associations": links}
    later = sorted(changes, key=lambda change: str(change["at"]))
    return {**seed, "_changes": later} if later else seed
