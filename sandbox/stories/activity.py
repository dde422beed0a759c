"""Stories as Salesforce records: what happened with a company, in tickets, e-mails, meetings and deals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.stories.ids import named_id
from sandbox.stories.setting import TYPING_HOUR, Setting, account_id, contact_id, correspondent, stamped
from sandbox.stories.words import Company, Deal, Meeting, Ticket, Touch
from sandbox.world import Record


def of_company(company: Company, setting: Setting) -> Iterator[tuple[str, Record]]:
    for number, ticket in enumerate(() if company.home.desk else company.tickets):
        yield "Case", _case(company, ticket, number, setting)
    for number, touch in enumerate(company.touches):
        yield "Task", _task(company, touch, number, setting)
    for number, meeting in enumerate(company.meetings):
        yield "Event", _event(company, meeting, number, setting)
    for deal in company.deals:
        yield "Opportunity", _opportunity(company, deal, setting)
        yield "OpportunityContactRole", _buyer(company, deal, setting)


def _case(company: Company, ticket: Ticket, number: int, setting: Setting) -> Record:
    fields = {
        "Id": named_id("Case", f"{company.name} {number} {ticket.opened}"),
        "AccountId": account_id(company.name),
        "ContactId": contact_id(company, correspondent(company)),
        "Subject": ticket.subject,
        "Status": "New",
        "Priority": ticket.priority,
        "Origin": "Email",
        "IsClosed": False,
        "ClosedDate": None,
        "CSAT_Rating__c": None,
        "CSAT_Rated_At__c": None,
        "OwnerId": (setting.csm(company) or setting.owner(company)).id,
    }
    return stamped(setting.at(ticket.opened, ticket.opened_hour), fields, _fate(ticket, setting))


def _fate(ticket: Ticket, setting: Setting) -> Iterator[dict[str, Any]]:
    """What becomes of a ticket: solved, rated, reopened."""
    if ticket.solved is not None:
        solved = setting.at(ticket.solved, ticket.solved_hour)
        yield {"at": solved, "Status": "Closed", "IsClosed": True, "ClosedDate": solved}
    if ticket.rated is not None:
        given = setting.at(ticket.rated, 17)
        yield {"at": given, "CSAT_Rating__c": ticket.rating, "CSAT_Rated_At__c": given}
    if ticket.reopened is not None:
        reopened = setting.at(ticket.reopened, TYPING_HOUR)
        yield {"at": reopened, "Status": "Working", "IsClosed": False, "ClosedDate": None}


def _task(company: Company, touch: Touch, number: int, setting: Setting) -> Record:
    at = setting.at(touch.ago, touch.hour)
    outbound = touch.direction == "Outbound"
    fields = {
        "Id": named_id("Task", f"{company.name} {number} {touch.ago}"),
        "AccountId": account_id(company.name),
        "WhatId": account_id(company.name),
        "WhoId": contact_id(company, touch.who or correspondent(company)),
        "Subject": "Email: your plans for the quarter" if outbound else "Re: your plans for the quarter",
        "TaskSubtype": "Email" if touch.done else "Task",
        "Direction__c": touch.direction,
        "Status": "Completed" if touch.done else "Not Started",
        "IsClosed": touch.done,
        "Priority": "Normal",
        "ActivityDate": setting.date(touch.ago),
        "CompletedDateTime": at if touch.done else None,
        "OwnerId": (setting.csm(company) or setting.owner(company)).id,
    }
    return stamped(at, fields)


def _event(company: Company, meeting: Meeting, number: int, setting: Setting) -> Record:
    """A meeting is planned a week ahead, and its outcome noted half an hour after its end."""
    start = setting.at(meeting.ago, 13)
    fields = {
        "Id": named_id("Event", f"{company.name} {number} {meeting.ago}"),
        "AccountId": account_id(company.name),
        "WhatId": account_id(company.name),
        "WhoId": contact_id(company, correspondent(company)),
        "Subject": "Monthly review",
        "StartDateTime": start,
        "EndDateTime": setting.at(meeting.ago, 13, 30),
        "ActivityDateTime": start,
        "ActivityDate": setting.date(meeting.ago),
        "DurationInMinutes": 30,
        "Outcome__c": None,
        "OwnerId": (setting.csm(company) or setting.owner(company)).id,
    }
    noted = {"at": setting.at(meeting.ago, 14), "Outcome__c": meeting.outcome}
    return stamped(setting.at(meeting.ago + 7, 9), fields, [noted])


def _opportunity(company: Company, deal: Deal, setting: Setting) -> Record:
    won, closed = deal.stage == "Closed Won", deal.stage.startswith("Closed")
    fields = {
        "Id": deal_id(company, deal),
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
        "CloseDate": setting.date(deal.closes),
        "OwnerId": setting.owner(company).id,
    }
    return stamped(setting.at(deal.created, 10), fields)


def _buyer(company: Company, deal: Deal, setting: Setting) -> Record:
    fields = {
        "Id": named_id("OpportunityContactRole", f"{company.name} {deal.name}"),
        "OpportunityId": deal_id(company, deal),
        "ContactId": contact_id(company, correspondent(company)),
        "Role": "Decision Maker",
        "IsPrimary": True,
    }
    return stamped(setting.at(deal.created, 10), fields)


def deal_id(company: Company, deal: Deal) -> str:
    return named_id("Opportunity", f"{company.name} {deal.name}")
