"""Where and when stories play: the calendar around `as_of`, the vendor's own people, and how things are called."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from sandbox.stories.ids import hubspot_id, named_id
from sandbox.stories.people import Colleague, contact_name, csm_of, owner_of
from sandbox.stories.words import Company, Contact
from sandbox.world import Record

TYPING_HOUR = 15
"""When people type into the CRM: after noon, so that a change of one day is first seen on the next played morning."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Days before `as_of` as the vendor writes them, and the people behind the words of a story."""

    as_of: date
    people: Mapping[str, Colleague]

    def date(self, ago: int) -> str:
        return _date(self.as_of, ago)

    def at(self, ago: int, hour: int, minute: int = 0) -> str:
        return f"{_date(self.as_of, ago)}T{hour:02d}:{minute:02d}:00.000+0000"

    def moment(self, ago: int, hour: int, minute: int = 0) -> str:
        """The same moments as HubSpot and Zendesk write them."""
        return f"{_date(self.as_of, ago)}T{hour:02d}:{minute:02d}:00Z"

    def csm(self, company: Company) -> Colleague | None:
        key = csm_of(company.name) if company.csm == "auto" else company.csm
        return None if key is None else self.people[key]

    def owner(self, company: Company) -> Colleague:
        return self.people[owner_of(company.name) if company.owner == "auto" else company.owner]


@lru_cache(maxsize=4096)
def _date(as_of: date, ago: int) -> str:
    return (as_of - timedelta(days=ago)).isoformat()


def stamped(created: str, fields: dict[str, Any], changes: Iterable[dict[str, Any]] = ()) -> Record:
    """A record as it was created, and its later versions in order."""
    record = {**fields, "CreatedDate": created, "LastModifiedDate": created, "SystemModstamp": created}
    later = sorted(changes, key=lambda change: str(change["at"]))
    return {**record, "_changes": later} if later else record


def account_id(company: str) -> str:
    return named_id("Account", company)


def contact_id(company: Company, who: str | None) -> str | None:
    return None if who is None else named_id("Contact", f"{company.name} {who}")


def correspondent(company: Company) -> str | None:
    """Whom the company's touches are with: the person that the story names, if the CRM knows that person."""
    known = {contact.who for contact in company.contacts}
    return company.talks_with if company.talks_with in known else None


def workspace_id(company: Company) -> str | None:
    """The product's own id of the company; None where the product does not know it."""
    return f"ws-{slug(company.name)}" if company.workspace == "auto" else company.workspace


@lru_cache(maxsize=1024)
def slug(name: str) -> str:
    """The letters and digits of a name, for ids and addresses that must not carry the rest."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def website(company: Company) -> str | None:
    return f"https://www.{slug(company.name)}.com/" if company.website == "auto" else company.website


def domain(company: Company) -> str | None:
    """The bare domain of the website; None where the story has none that is one."""
    address = (website(company) or "").removeprefix("https://").removeprefix("www.")
    host = re.split(r"[/?]", address)[0]
    return host if "." in host else None


def record_id(company: Company) -> str:
    """The company's id in its CRM."""
    return account_id(company.name) if company.home.crm == "salesforce" else hubspot_id("companies", company.name)


def email(company: Company, contact: Contact) -> str:
    first, last = contact_name(company.name, contact.who)
    return f"{first}.{last}@{slug(company.name)}.com".lower()
