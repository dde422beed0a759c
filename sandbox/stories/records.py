"""Stories as Salesforce records: who the company is, who works there, and what was signed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sandbox.stories import activity
from sandbox.stories.ids import named_id
from sandbox.stories.people import Colleague, contact_name
from sandbox.stories.setting import TYPING_HOUR, Setting, account_id, contact_id, email, stamped, website, workspace_id
from sandbox.stories.words import Company, Contact, Contract
from sandbox.world import Record


def records(companies: Iterable[Company], setting: Setting) -> dict[str, list[Record]]:
    """All seed records by object, of the companies that live there; within an object in the order of the stories."""
    found = {"User": [_user(key, person, setting) for key, person in setting.people.items()]}
    for company in companies:
        if company.home.crm != "salesforce":
            continue
        for sobject, record in _of_company(company, setting):
            found.setdefault(sobject, []).append(record)
    return found


def _of_company(company: Company, setting: Setting) -> Iterator[tuple[str, Record]]:
    yield "Account", _account(company, setting)
    for contact in company.contacts:
        yield "Contact", _contact(company, contact, setting)
    for contract in contracts(company):
        yield "Contract", _contract(company, contract, setting)
    yield from activity.of_company(company, setting)


def _user(key: str, person: Colleague, setting: Setting) -> Record:
    first, last = person.name.split(" ", 1)
    fields = {
        "Id": person.id,
        "Username": person.email,
        "FirstName": first,
        "LastName": last,
        "Name": person.name,
        "Email": person.email,
        "Title": person.title,
        "Alias": key[:8],
        "IsActive": person.active,
        "ManagerId": None if person.manager is None else setting.people[person.manager].id,
        "UserType": "Standard",
    }
    return stamped(setting.at(900, 8), fields)


def _account(company: Company, setting: Setting) -> Record:
    csm = setting.csm(company)
    fields = {
        "Id": account_id(company.name),
        "Name": company.name,
        "Type": company.type,
        "Industry": company.industry,
        "Website": website(company),
        "ParentId": None if company.parent is None else account_id(company.parent),
        "NumberOfEmployees": company.employees,
        "ARR__c": None if company.arr is None else float(company.arr),
        "CurrencyIsoCode": company.currency,
        "Time_Zone__c": company.time_zone,
        "Workspace_Id__c": workspace_id(company) if company.linked else None,
        "OwnerId": setting.owner(company).id,
        "CSM__c": None if csm is None else csm.id,
    }
    changes = [{"at": setting.at(ago, TYPING_HOUR), **typed} for ago, typed in company.changes]
    record = stamped(setting.at(company.created, 8), fields, changes)
    if company.gone is not None:
        record["_deleted_at"] = setting.at(company.gone, TYPING_HOUR)
    if company.merged_into is not None:
        record["_merged_into"] = account_id(company.merged_into)
    return record


def _contact(company: Company, contact: Contact, setting: Setting) -> Record:
    first, last = contact_name(company.name, contact.who)
    fields = {
        "Id": contact_id(company, contact.who),
        "AccountId": account_id(company.name),
        "FirstName": first,
        "LastName": last,
        "Name": f"{first} {last}",
        "Email": email(company, contact),
        "Title": contact.title,
        "CS_Role__c": contact.role if contact.named is None else None,
        "Left_Company__c": False,
        "OwnerId": setting.owner(company).id,
    }
    changes: list[dict[str, Any]] = []
    if contact.named is not None:
        changes.append({"at": setting.at(contact.named, TYPING_HOUR), "CS_Role__c": contact.role})
    if contact.left is not None:
        changes.append({"at": setting.at(contact.left, TYPING_HOUR), "Left_Company__c": True})
    return stamped(setting.at(company.created, 9), fields, changes)


def contracts(company: Company) -> tuple[Contract, ...]:
    """The company's own contracts, or one that began with its subscription and ends on an anniversary to come."""
    if company.contracts is not None:
        return company.contracts
    if company.since is None:
        return ()
    years = company.since // 365 + 1
    return (Contract(company.since, company.since - 365 * years),)


def _contract(company: Company, contract: Contract, setting: Setting) -> Record:
    fields = {
        "Id": named_id("Contract", f"{company.name} {contract.start} {contract.end}"),
        "AccountId": account_id(company.name),
        "Status": contract.status,
        "StartDate": setting.date(contract.start),
        "EndDate": setting.date(contract.end),
        "ContractTerm": max(1, round((contract.start - contract.end) * 12 / 365)),
        "OwnerId": setting.owner(company).id,
    }
    signed = min(company.created, contract.start + 15)
    return stamped(setting.at(signed, 11), fields)
