"""README tells an admin every field that the shipped mappings need and a vendor does not have by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from mappings import streams
from mappings.models import SystemMapping
from sandbox.hubspot.schema import SCHEMA

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
TITLES = {"salesforce": "Salesforce", "hubspot": "HubSpot", "zendesk": "Zendesk"}
SYNCED = {"salesforceaccountid", "salesforceopportunityid"}
"""HubSpot's own sync with Salesforce makes these."""


def named(system: SystemMapping) -> Iterator[tuple[str, str]]:
    """Every (object, field) that a mapping reads or writes."""
    for stream in streams.streams(system).values():
        yield from ((stream.object, field) for field in stream.fields)
    for push in system.push.values():
        yield from ((push.object, field) for field in (*push.key, *push.fields))


def shipped(vendor: str) -> SystemMapping:
    return SystemMapping.model_validate(yaml.safe_load((ROOT / "mappings" / f"{vendor}.yaml").read_text()))


def is_ours(vendor: str, object: str, field: str) -> bool:
    """Whether somebody has to create the field."""
    if vendor == "salesforce":
        return field.endswith("__c")
    if vendor == "zendesk":
        return field.startswith("organization_fields.")
    made = {prop.name for prop in SCHEMA.get(object, ()) if not prop.hubspot_defined}
    return field in made - SYNCED


@pytest.mark.parametrize("vendor", list(TITLES))
def test_readme_lists_every_field_to_create(vendor: str) -> None:
    """What is pushed and what is read, in the section of the vendor."""
    section = README.split(f"to create in {TITLES[vendor]}\n")[1].split("\n## ")[0]
    listed = set(re.findall(r"`([^`]+)`", section))
    needed = {
        field.removeprefix("organization_fields.") for o, field in named(shipped(vendor)) if is_ours(vendor, o, field)
    }
    assert needed - listed == set()
    assert len(needed) >= 8
