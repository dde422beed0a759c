"""Stories as Salesforce records: every object that a company's story needs, each with the changes that time brings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sandbox.story_ids import named_id
from sandbox.story_people import PEOPLE, contact_name, csm_of, owner_of
from sandbox.story_words import Company, Contact, Contract, Deal, Meeting, Ticket, Touch
from sandbox.world import Record

TYPING_HOUR = 15
"""When people type into the CRM: after noon, so that a change of one day is first seen on the next played morning."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days before `as_of` as the vendor writes them."""

    as_of: date

    def day(self, ago: int) -> date:
        return self.as_of - timedelta(days=ago)

    def date(self, ago: int) -> str:
        return self.day(ago).isoformat()

    def at(self, ago: int, hour: int = 0, minute: int = 0, second: int = 0) -> str:
        moment = datetime.combine(self.day(ago), time(hour, minute, second), UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def records(companies: Iterable[Company], as_of: date) -> dict[str, list[Record]]:
    """All seed records by object; within an object in the order of the stories."""
    calendar = Calendar(as_of)
    found: dict[str, list[Record]] = {"User": [_user(key, calendar) for key in PEOPLE]}
    for company in companies:
        for sobject, record in _of_company(company, calendar):
            found.setdefault(sobject, []).append(record)
    return found


def account_id(company: str) -> str:
    return named_id("Account", company)


def workspace_id(company: Company) -> str | None:
    """The product's own id of the company; None where the product does not know it."""
    return f"ws-{slug(company.name)}" if company.workspace == "auto" else company.workspace


def slug(name: str) -> str:
    """The letters and digits of a name, for ids and addresses that must not carry the rest."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def email(company: Company, contact: Contact) -> str:
    first, last = contact_name(company.name, contact.who)
    return f"{first}.{last}@{slug(company.name)}.com".lower()


def _of_company(company: Company, calendar: Calendar) -> Iterator[tuple[str, Record]]:
    yield "Account", _account(company, calendar)
    for contact in company.contacts:
        yield "Contact", _contact(company, contact, calendar)
    for contract in contracts(company):
        yield "Contract", _contract(company, contract, calendar)
    for number, ticket in enumerate(company.tickets):
        yield "Case", _case(company, ticket, number, calendar)
    for number, touch in enumerate(company.touches):
        yield "Task", _task(company, touch, number, calendar)
    for number, meeting in enumerate(company.meetings):
        yield "Event", _event(company, meeting, number, calendar)
    for deal in company.deals:
        yield "Opportunity", _opportunity(company, deal, calendar)
        yield "OpportunityContactRole", _buyer(company, deal, calendar)


def _stamped(created: str, fields: dict[str, Any], changes: Iterable[dict[str, Any]] = ()) -> Record:
    """A record as it was created, and its later versions in order."""
    record = {**fields, "CreatedDate": created, "LastModifiedDate": created, "SystemModstamp": created}
    later = sorted(changes, key=lambda change: str(change["at"]))
    return {**record, "_changes": later} if later else record


# --- one function an object -------------------------------------------------------------------------------------------


def _user(key: str, calendar: Calendar) -> Record:
    person = PEOPLE[key]
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
        "ManagerId": None if person.manager is None else PEOPLE[person.manager].id,
        "UserType": "Standard",
    }
    return _stamped(calendar.at(900, 8), fields)


def _account(company: Company, calendar: Calendar) -> Record:
    csm = csm_of(company.name) if company.csm == "auto" else company.csm
    fields = {
        "Id": account_id(company.name),
        "Name": company.name,
        "Type": company.type,
        "Industry": company.industry,
        "Website": f"https://www.{slug(company.name)}.com/" if company.website == "auto" else company.website,
        "ParentId": None if company.parent is None else account_id(company.parent),
        "NumberOfEmployees": company.employees,
        "ARR__c": company.arr,
        "CurrencyIsoCode": company.currency,
        "Time_Zone__c": company.time_zone,
        "Workspace_Id__c": workspace_id(company) if company.linked else None,
        "OwnerId": PEOPLE[owner_of(company.name) if company.owner == "auto" else company.owner].id,
        "CSM__c": None if csm is None else PEOPLE[csm].id,
    }
    changes = [{"at": calendar.at(ago, TYPING_HOUR), **typed} for ago, typed in company.changes]
    record = _stamped(calendar.at(company.created, 8), fields, changes)
    if company.gone is not None:
        record["_deleted_at"] = calendar.at(company.gone, TYPING_HOUR)
    if company.merged_into is not None:
        record["_merged_into"] = account_id(company.merged_into)
    return record


def _contact(company: Company, contact: Contact, calendar: Calendar) -> Record:
    first, last = contact_name(company.name, contact.who)
    fields = {
        "Id": _contact_id(company, contact.who),
        "AccountId": account_id(company.name),
        "FirstName": first,
        "LastName": last,
        "Name": f"{first} {last}",
        "Email": email(company, contact),
        "Title": contact.title,
        "CS_Role__c": contact.role if contact.named is None else None,
        "Left_Company__c": False,
        "OwnerId": PEOPLE[owner_of(company.name)].id,
    }
    changes: list[dict[str, Any]] = []
    if contact.named is not None:
        changes.append({"at": calendar.at(contact.named, TYPING_HOUR), "CS_Role__c": contact.role})
    if contact.left is not None:
        changes.append({"at": calendar.at(contact.left, TYPING_HOUR), "Left_Company__c": True})
    return _stamped(calendar.at(company.created, 9), fields, changes)


def contracts(company: Company) -> tuple[Contract, ...]:
    """The company's own contracts, or one that began with its subscription and ends on an anniversary to come."""
    if company.contracts is not None:
        return company.contracts
    if company.since is None:
        return ()
    years = company.since // 365 + 1
    return (Contract(company.since, company.since - 365 * years),)


def _contract(company: Company, contract: Contract, calendar: Calendar) -> Record:
    fields = {
        "Id": named_id("Contract", f"{company.name} {contract.start} {contract.end}"),
        "AccountId": account_id(company.name),
        "Status": contract.status,
        "StartDate": calendar.date(contract.start),
        "EndDate": calendar.date(contract.end),
        "ContractTerm": max(1, round((contract.start - contract.end) * 12 / 365)),
        "OwnerId": PEOPLE[owner_of(company.name)].id,
    }
    signed = min(company.created, contract.start + 15)
    return _stamped(calendar.at(signed, 11), fields)


def _case(company: Company, ticket: Ticket, number: int, calendar: Calendar) -> Record:
    opened = calendar.at(ticket.opened, ticket.opened_hour)
    fields = {
        "Id": named_id("Case", f"{company.name} {number} {ticket.opened}"),
        "AccountId": account_id(company.name),
        "ContactId": _contact_id(company, _correspondent(company)),
        "Subject": ticket.subject,
        "Status": "New",
        "Priority": ticket.priority,
        "Origin": "Email",
        "IsClosed": False,
        "ClosedDate": None,
        "CSAT_Rating__c": None,
        "CSAT_Rated_At__c": None,
        "OwnerId": PEOPLE[csm_of(company.name)].id,
    }
    changes: list[dict[str, Any]] = []
    if ticket.solved is not None:
        solved = calendar.at(ticket.solved, ticket.solved_hour)
        changes.append({"at": solved, "Status": "Closed", "IsClosed": True, "ClosedDate": solved})
    if ticket.rating is not None and ticket.rated is not None:
        given = calendar.at(ticket.rated, 17)
        changes.append({"at": given, "CSAT_Rating__c": ticket.rating, "CSAT_Rated_At__c": given})
    if ticket.reopened is not None:
        reopened = calendar.at(ticket.reopened, TYPING_HOUR)
        changes.append({"at": reopened, "Status": "Working", "IsClosed": False, "ClosedDate": None})
    return _stamped(opened, fields, changes)


def _task(company: Company, touch: Touch, number: int, calendar: Calendar) -> Record:
    at = calendar.at(touch.ago, touch.hour)
    outbound = touch.direction == "Outbound"
    fields = {
        "Id": named_id("Task", f"{company.name} {number} {touch.ago}"),
        "AccountId": account_id(company.name),
        "WhatId": account_id(company.name),
        "WhoId": _contact_id(company, touch.who or _correspondent(company)),
        "Subject": "Email: your plans for the quarter" if outbound else "Re: your plans for the quarter",
        "TaskSubtype": "Email" if touch.done else "Task",
        "Direction__c": touch.direction,
        "Status": "Completed" if touch.done else "Not Started",
        "IsClosed": touch.done,
        "Priority": "Normal",
        "ActivityDate": calendar.date(touch.ago),
        "CompletedDateTime": at if touch.done else None,
        "OwnerId": PEOPLE[csm_of(company.name)].id,
    }
    return _stamped(at, fields)


def _event(company: Company, meeting: Meeting, number: int, calendar: Calendar) -> Record:
    start = calendar.at(meeting.ago, 13)
    fields = {
        "Id": named_id("Event", f"{company.name} {number} {meeting.ago}"),
        "AccountId": account_id(company.name),
        "WhatId": account_id(company.name),
        "WhoId": _contact_id(company, _correspondent(company)),
        "Subject": "Monthly review",
        "StartDateTime": start,
        "EndDateTime": calendar.at(meeting.ago, 13, 30),
        "ActivityDateTime": start,
        "ActivityDate": calendar.date(meeting.ago),
        "DurationInMinutes": 30,
        "Outcome__c": None,
        "OwnerId": PEOPLE[csm_of(company.name)].id,
    }
    noted = {"at": calendar.at(meeting.ago, 14), "Outcome__c": meeting.outcome}
    return _stamped(calendar.at(meeting.ago + 7, 9), fields, [noted])


def _opportunity(company: Company, deal: Deal, calendar: Calendar) -> Record:
    won, closed = deal.stage == "Closed Won", deal.stage.startswith("Closed")
    fields = {
        "Id": _deal_id(company, deal),
        "AccountId": account_id(company.name),
        "Name": deal.name,
        "Type": deal.type,
        "StageName": deal.stage,
        "IsClosed": closed,
        "IsWon": won,
        "Probability": 100.0 if won else 0.0 if closed else 75.0,
        "ForecastCategoryName": "Closed" if won else "Omitted" if closed else "Best Case",
        "Amount": float(deal.amount),
        "CurrencyIsoCode": company.currency,
        "CloseDate": calendar.date(deal.closes),
        "OwnerId": PEOPLE[owner_of(company.name)].id,
    }
    return _stamped(calendar.at(deal.created, 10), fields)


def _buyer(company: Company, deal: Deal, calendar: Calendar) -> Record:
    fields = {
        "Id": named_id("OpportunityContactRole", f"{company.name} {deal.name}"),
        "OpportunityId": _deal_id(company, deal),
        "ContactId": _contact_id(company, _correspondent(company)),
        "Role": "Decision Maker",
        "IsPrimary": True,
    }
    return _stamped(calendar.at(deal.created, 10), fields)


def _correspondent(company: Company) -> str | None:
    """Whom the company's touches are with: the person that the story names, if the CRM knows that person."""
    known = {contact.who for contact in company.contacts}
    return company.talks_with if company.talks_with in known else None


def _contact_id(company: Company, who: str | None) -> str | None:
    return None if who is None else named_id("Contact", f"{company.name} {who}")


def _deal_id(company: Company, deal: Deal) -> str:
    return named_id("Opportunity", f"{company.name} {deal.name}")
