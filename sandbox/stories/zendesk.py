"""Stories as Zendesk records: the organizations, requesters and tickets of companies whose support lives there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from sandbox.stories.ids import dated_id, zendesk_id
from sandbox.stories.people import contact_name
from sandbox.stories.setting import TYPING_HOUR, Setting, correspondent, domain, email, record_id
from sandbox.stories.words import Company, Ticket, critical
from sandbox.world import Record

PRIORITIES = {"Critical": "urgent", "High": "high", "Medium": "normal", "Low": "low"}
SURVEYED = {"Good": ("good", 5), "Neutral": ("neutral", 3), "Bad": ("bad", 1)}
"""A rating as the survey's category and points."""


def records(companies: Iterable[Company], setting: Setting) -> dict[str, list[Record]]:
    """All seed records by object; within an object in the order of the stories."""
    found: dict[str, list[Record]] = {}
    for company in companies:
        for kind, record in (*_of_company(company, setting), *_perhaps(company, setting)):
            found.setdefault(kind, []).append(record)
    return found


def _of_company(company: Company, setting: Setting) -> Iterator[tuple[str, Record]]:
    if company.home.desk is None:
        return
    yield "organizations", _organization(company, setting)
    yield "users", _requester(company, setting)
    for number, ticket in enumerate(company.tickets):
        yield "tickets", _ticket(company, ticket, number, setting)
        if ticket.rated is not None and _surveyed(company):
            yield "survey_responses", _response(company, ticket, number, setting)


def _perhaps(company: Company, setting: Setting) -> Iterator[tuple[str, Record]]:
    """An organization that nobody can tell to be the company, in trouble that must not become the company's."""
    if not company.also_in_zendesk:
        return
    name = f"{company.name} (support)"
    organization = {
        "id": zendesk_id("organizations", name),
        "name": name,
        "domain_names": list(company.also_in_zendesk),
        "created_at": setting.moment(company.created, 8),
    }
    yield "organizations", organization
    trouble = critical(5)
    yield (
        "tickets",
        {
            "id": zendesk_id("tickets", name),
            "subject": trouble.subject,
            "priority": PRIORITIES[trouble.priority],
            "organization_id": organization["id"],
            "created_at": setting.moment(trouble.opened, trouble.opened_hour),
        },
    )


def _organization(company: Company, setting: Setting) -> Record:
    """By key it names the CRM's id, otherwise the domain; a company's requesters find it by either."""
    own, by_key = domain(company), company.home.desk == "key"
    return {
        "id": _organization_id(company),
        "name": company.name,
        "external_id": record_id(company) if by_key else None,
        "domain_names": [] if by_key or own is None else [own],
        "created_at": setting.moment(company.created, 8),
    }


def _organization_id(company: Company) -> int:
    return zendesk_id("organizations", company.name)


def _requester(company: Company, setting: Setting) -> Record:
    """Whoever talks to us asks for help, too; somebody else where the CRM does not know that person."""
    who = correspondent(company) or "somebody"
    person = next((contact for contact in company.contacts if contact.who == who), None)
    return {
        "id": _requester_id(company),
        "name": " ".join(contact_name(company.name, who)),
        "email": None if person is None else email(company, person),
        "organization_id": _organization_id(company),
        "created_at": setting.moment(company.created, 9),
    }


def _requester_id(company: Company) -> int:
    return zendesk_id("users", company.name)


def _ticket_id(company: Company, ticket: Ticket, number: int) -> int:
    return zendesk_id("tickets", f"{company.name} {number} {ticket.opened}")


def _ticket(company: Company, ticket: Ticket, number: int, setting: Setting) -> Record:
    changes = sorted(_fate(company, ticket, setting), key=lambda change: str(change["at"]))
    record: Record = {
        "id": _ticket_id(company, ticket, number),
        "subject": ticket.subject,
        "description": ticket.subject,
        "priority": PRIORITIES[ticket.priority],
        "organization_id": None if company.home.desk == "requester" else _organization_id(company),
        "requester_id": _requester_id(company),
        "created_at": setting.moment(ticket.opened, ticket.opened_hour),
    }
    return {**record, "_changes": changes} if changes else record


def _fate(company: Company, ticket: Ticket, setting: Setting) -> Iterator[dict[str, Any]]:
    """What becomes of a ticket: answered after half an hour, solved, rated, reopened."""
    minutes = {"calendar": 30, "business": 30}
    answered = setting.moment(ticket.opened, ticket.opened_hour, 30)
    yield {"at": answered, "metric_set": {"replies": 1, "reply_time_in_minutes": minutes}}
    if ticket.solved is not None:
        yield {"at": setting.moment(ticket.solved, ticket.solved_hour), "status": "solved"}
    if ticket.rated is not None and ticket.rating is not None:
        score = "good" if ticket.rating == "Good" else "bad"  # this field knows two words only
        yield {"at": setting.moment(ticket.rated, 17), "satisfaction_rating": {"score": score}}
    if ticket.reopened is not None:
        yield {"at": setting.moment(ticket.reopened, TYPING_HOUR), "status": "open"}


def _surveyed(company: Company) -> bool:
    """Companies of HubSpot are asked with the newer surveys, so that both generations are in use."""
    return company.home.crm == "hubspot"


def _response(company: Company, ticket: Ticket, number: int, setting: Setting) -> Record:
    """Offered when the ticket was solved, answered when it was rated; it may be answered for four weeks."""
    category, points = SURVEYED[str(ticket.rating)]
    offered = setting.moment(ticket.solved or 0, ticket.solved_hour)
    given = setting.moment(ticket.rated or 0, 17)
    ticket_id = _ticket_id(company, ticket, number)
    question = {"id": "q1", "alias": "csat", "type": "rating_scale_numeric", "sub_type": "customer_satisfaction"}
    answer = {"type": "rating_scale", "rating": points, "rating_category": category, "question": question}
    return {
        "id": dated_id(datetime.fromisoformat(offered), str(ticket_id)),
        "responder_id": _requester_id(company),
        "subject_zrns": [f"zen:ticket:{ticket_id}"],
        "expires_at": (datetime.fromisoformat(offered) + timedelta(days=28)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "created_at": offered,
        "_changes": [{"at": given, "answers": [{**answer, "created_at": given, "updated_at": given}]}],
    }
