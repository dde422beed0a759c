"""Stories as HubSpot records: companies that live there alone, and the twins of companies that live in Salesforce."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sandbox.stories import hubspot_activity
from sandbox.stories.hubspot_seeds import owner_id, seeded
from sandbox.stories.people import Colleague, contact_name
from sandbox.stories.setting import TYPING_HOUR, Setting, account_id, domain, email, workspace_id
from sandbox.stories.words import Company, Contact
from sandbox.world import Record

TYPED = {"Type": "account_status", "Workspace_Id__c": "workspace_id"}
"""What people type into an account, in the words of both CRMs."""
LIFECYCLE = {"Customer": "customer", "Former Customer": "other", "Prospect": "opportunity", "Partner": "other"}


def records(companies: Iterable[Company], setting: Setting) -> dict[str, list[Record]]:
    """All seed records by object; within an object in the order of the stories."""
    found = {"owners": [_owner(person, setting) for person in setting.people.values()]}
    for company in companies:
        for kind, record in _of_company(company, setting):
            found.setdefault(kind, []).append(record)
    return found


def _of_company(company: Company, setting: Setting) -> Iterator[tuple[str, Record]]:
    if company.home.crm == "hubspot":
        yield "companies", _company(company, setting)
        for contact in company.contacts:
            yield "contacts", _contact(company, contact, setting)
        yield from hubspot_activity.of_company(company, setting)
    elif company.home.twin:
        yield "companies", _twin(company, setting)
        yield from hubspot_activity.synced_deals(company, setting)


def _owner(person: Colleague, setting: Setting) -> Record:
    """People are not managed in HubSpot: who leads whom is not to be found there."""
    first, last = person.name.split(" ", 1)
    told = {"id": owner_id(person), "email": person.email, "firstName": first, "lastName": last}
    return {**told, "archived": not person.active, "createdAt": setting.moment(900, 8)}


def _company(company: Company, setting: Setting) -> Record:
    csm = setting.csm(company)
    properties = {
        **_known_by(company),
        "industry": company.industry,
        "lifecyclestage": LIFECYCLE[company.type],
        "account_status": company.type,
        "numberofemployees": company.employees,
        "arr": company.arr,
        "account_currency": company.currency,
        "time_zone": company.time_zone,
        "workspace_id": workspace_id(company) if company.linked else None,
        "hubspot_owner_id": owner_id(setting.owner(company)),
        "csm_owner_id": None if csm is None else owner_id(csm),
    }
    changes = [
        {"at": setting.moment(ago, TYPING_HOUR), "properties": {TYPED[name]: value for name, value in typed.items()}}
        for ago, typed in company.changes
    ]
    seed = seeded("companies", company.name, setting.moment(company.created, 8), properties, changes=changes)
    return seed if company.gone is None else {**seed, "_archived_at": setting.moment(company.gone, TYPING_HOUR)}


def _twin(company: Company, setting: Setting) -> Record:
    """What marketing knows of the company: its name, and either its id in Salesforce or its domain."""
    by_key = company.home.twin == "key"
    properties = {
        **_known_by(company),
        "domain": None if by_key else domain(company),
        "salesforceaccountid": account_id(company.name) if by_key else None,
        "industry": "Other",  # Salesforce knows better, and comes first
        "lifecyclestage": LIFECYCLE[company.type],
        "hubspot_owner_id": owner_id(setting.owner(company)),
    }
    return seeded("companies", company.name, setting.moment(company.created, 8), properties)


def _known_by(company: Company) -> dict[str, Any]:
    return {"name": company.name, "domain": domain(company)}


def _contact(company: Company, contact: Contact, setting: Setting) -> Record:
    first, last = contact_name(company.name, contact.who)
    properties = {
        "firstname": first,
        "lastname": last,
        "email": email(company, contact),
        "jobtitle": contact.title,
        "cs_role": contact.role if contact.named is None else None,
        "left_company": False,
    }
    changes = []
    if contact.named is not None:
        changes.append({"at": setting.moment(contact.named, TYPING_HOUR), "properties": {"cs_role": contact.role}})
    if contact.left is not None:
        changes.append({"at": setting.moment(contact.left, TYPING_HOUR), "properties": {"left_company": True}})
    born, name = setting.moment(company.created, 9), f"{company.name} {contact.who}"
    return seeded("contacts", name, born, properties, company=company, changes=changes)
