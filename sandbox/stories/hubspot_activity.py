"""Stories as HubSpot records: what happened with a company, in tickets, e-mails, meetings and deals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.stories.activity import deal_id
from sandbox.stories.hubspot_seeds import owner_id, seeded
from sandbox.stories.setting import TYPING_HOUR, Setting, correspondent
from sandbox.stories.words import Company, Deal, Meeting, Ticket, Touch
from sandbox.world import Record

PRIORITIES = {"Critical": "URGENT", "High": "HIGH", "Medium": "MEDIUM", "Low": "LOW"}
OUTCOMES = {"Held": "COMPLETED", "No show": "NO_SHOW"}
STAGES = {"Proposal/Price Quote": "contractsent", "Closed Won": "closedwon", "Closed Lost": "closedlost"}
TYPES = {"Existing Customer - Upgrade": "existingbusiness", "New Customer": "newbusiness"}
DIRECTIONS = {"Outbound": "EMAIL", "Inbound": "INCOMING_EMAIL"}
NEW, WAITING_ON_US, CLOSED = "1", "3", "4"
"""Stages of the support pipeline."""


def of_company(company: Company, setting: Setting) -> Iterator[tuple[str, Record]]:
    for number, ticket in enumerate(() if company.home.desk else company.tickets):
        yield "tickets", _ticket(company, ticket, number, setting)
    for number, touch in enumerate(company.touches):
        yield "emails", _email(company, touch, number, setting)
    for number, meeting in enumerate(company.meetings):
        yield "meetings", _meeting(company, meeting, number, setting)
    for deal in company.deals:
        yield "deals", _deal(company, deal, setting)


def synced_deals(company: Company, setting: Setting) -> Iterator[tuple[str, Record]]:
    """The deals of a company that lives in Salesforce, as the CRMs sync them: each names its id there."""
    for deal in company.deals:
        if deal.type in TYPES:
            yield "deals", _deal(company, deal, setting, synced=True)


def _ticket(company: Company, ticket: Ticket, number: int, setting: Setting) -> Record:
    properties = {
        "subject": ticket.subject,
        "hs_pipeline": "0",
        "hs_pipeline_stage": NEW,
        "hs_ticket_priority": PRIORITIES[ticket.priority],
        "hubspot_owner_id": owner_id(setting.csm(company) or setting.owner(company)),
    }
    name, born = f"{company.name} {number} {ticket.opened}", setting.moment(ticket.opened, ticket.opened_hour)
    changes = [{"at": at, "properties": became} for at, became in _fate(ticket, setting)]
    return seeded("tickets", name, born, properties, company=company, contact=correspondent(company), changes=changes)


def _fate(ticket: Ticket, setting: Setting) -> Iterator[tuple[str, dict[str, Any]]]:
    """What becomes of a ticket: solved, rated, reopened."""
    if ticket.solved is not None:
        yield setting.moment(ticket.solved, ticket.solved_hour), {"hs_pipeline_stage": CLOSED}
    if ticket.rated is not None:
        given = setting.moment(ticket.rated, 17)
        yield given, {"csat_rating": ticket.rating, "csat_rated_at": given}
    if ticket.reopened is not None:
        yield setting.moment(ticket.reopened, TYPING_HOUR), {"hs_pipeline_stage": WAITING_ON_US}


def _email(company: Company, touch: Touch, number: int, setting: Setting) -> Record:
    at, outbound = setting.moment(touch.ago, touch.hour), touch.direction == "Outbound"
    properties = {
        "hs_timestamp": at,
        "hs_email_direction": DIRECTIONS[touch.direction],
        "hs_email_subject": "Your plans for the quarter" if outbound else "Re: your plans for the quarter",
        "hubspot_owner_id": owner_id(setting.csm(company) or setting.owner(company)),
    }
    who = touch.who or correspondent(company)
    return seeded("emails", f"{company.name} {number} {touch.ago}", at, properties, company=company, contact=who)


def _meeting(company: Company, meeting: Meeting, number: int, setting: Setting) -> Record:
    """A meeting is planned a week ahead, and its outcome noted half an hour after its end."""
    start = setting.moment(meeting.ago, 13)
    properties = {
        "hs_timestamp": start,
        "hs_meeting_title": "Monthly review",
        "hs_meeting_start_time": start,
        "hs_meeting_end_time": setting.moment(meeting.ago, 13, 30),
        "hs_meeting_outcome": "SCHEDULED",
        "hubspot_owner_id": owner_id(setting.csm(company) or setting.owner(company)),
    }
    noted = {"at": setting.moment(meeting.ago, 14), "properties": {"hs_meeting_outcome": OUTCOMES[meeting.outcome]}}
    name, planned = f"{company.name} {number} {meeting.ago}", setting.moment(meeting.ago + 7, 9)
    who = correspondent(company)
    return seeded("meetings", name, planned, properties, company=company, contact=who, changes=[noted])


def _deal(company: Company, deal: Deal, setting: Setting, *, synced: bool = False) -> Record:
    properties = {
        "dealname": deal.name,
        "pipeline": "default",
        "dealstage": STAGES[deal.stage],
        "dealtype": TYPES[deal.type],
        "amount": deal.amount,
        "deal_currency_code": company.currency,
        "closedate": setting.moment(deal.closes, 12),
        "hubspot_owner_id": owner_id(setting.owner(company)),
        "salesforceopportunityid": deal_id(company, deal) if synced else None,
    }
    who = None if synced else correspondent(company)
    name, born = f"{company.name} {deal.name}", setting.moment(deal.created, 11)
    return seeded("deals", name, born, properties, company=company, contact=who)
