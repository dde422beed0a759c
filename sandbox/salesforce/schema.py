"""All objects of the Salesforce stand-in, and how they are found by name, by key prefix and as children."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sandbox.salesforce.fields import Field, checkbox, moment, picklist, reference, text
from sandbox.salesforce.objects import SObject, name, sobject
from sandbox.salesforce.sales import (
    ACCOUNT,
    CONTACT,
    CONTRACT,
    OPPORTUNITY,
    OPPORTUNITY_CONTACT_ROLE,
    OPPORTUNITY_STAGE,
)
from sandbox.salesforce.service import CASE, EVENT, TASK

USER = sobject(
    "User",
    "005",
    replace(text("Username", 80, required=True), unique=True, id_lookup=True),
    text("LastName", 80, required=True),
    text("FirstName", 40),
    name(121, "Full Name", writable=False),
    text("Email", 128, kind="email", required=True),
    text("Title", 80),
    text("Department", 80),
    text("Alias", 8),
    checkbox("IsActive", default=True),
    reference("ManagerId", "User"),
    picklist(
        "TimeZoneSidKey", "Europe/Berlin; Europe/London; America/New_York; America/Los_Angeles; UTC", default="UTC"
    ),
    picklist("UserType", "Standard", default="Standard"),
    writable=False,
)

ORGANIZATION = sobject(
    "Organization",
    "00D",
    name(80, "Name"),
    text("InstanceName", 5),
    checkbox("IsSandbox"),
    moment("TrialExpirationDate"),
    text("NamespacePrefix", 15),
    picklist("OrganizationType", "Enterprise Edition", default="Enterprise Edition"),
    text("TimeZoneSidKey", 40),
    writable=False,
)

OBJECTS: Mapping[str, SObject] = {
    each.name: each
    for each in (
        ORGANIZATION,
        USER,
        OPPORTUNITY_STAGE,
        ACCOUNT,
        CONTACT,
        OPPORTUNITY,
        OPPORTUNITY_CONTACT_ROLE,
        CASE,
        CONTRACT,
        TASK,
        EVENT,
    )
}
"""Parents before children, so that records of one moment appear in an order that works."""

BY_LOWER_NAME: Mapping[str, SObject] = {each.name.lower(): each for each in OBJECTS.values()}
BY_PREFIX: Mapping[str, SObject] = {each.prefix: each for each in OBJECTS.values()}


@dataclass(frozen=True, slots=True)
class Child:
    """A list of children as their parent sees it."""

    object: str
    field: Field


def children_of(parent: str) -> list[Child]:
    """Every field of every object that may point to the parent."""
    return [
        Child(each.name, field) for each in OBJECTS.values() for field in each.fields.values() if parent in field.to
    ]
