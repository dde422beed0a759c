"""A company with two CRMs and a support tool, each with a small mapping of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine

from connectors.base import Record
from mappings.models import LinkDecision, Links, Mappings, SystemMapping
from tests import intake
from tests.intake import MAPPINGS
from warehouse import issues, tables
from warehouse.conform import Conformed

HUBSPOT = {
    "system": "hubspot",
    "kind": "hubspot",
    "pull": {
        "companies": {
            "table": "accounts",
            "fields": {
                "link_key": {"from": "crmpulse_key"},
                "name": {"from": "name"},
                "domain": {"from": "domain", "as": "domain"},
                "status": {"from": "account_status"},
                "arr_native": {"from": "arr", "as": "decimal"},
                "currency": {"from": "account_currency", "as": "currency"},
            },
            "domains": ["hs_additional_domains"],
            "keys": {"salesforce": {"from": "salesforceaccountid"}},
        },
        "deals": {
            "table": "opportunities",
            "fields": {
                "account_ref": {"from": "associations.companies"},
                "key": {"from": "crmpulse_key"},
                "name": {"from": "dealname"},
                "type": {"from": "dealtype"},
                "amount_native": {"from": "amount", "as": "decimal"},
                "currency": {"from": "deal_currency_code", "as": "currency"},
                "close_date": {"from": "closedate", "as": "date"},
                "closed": {"from": "hs_is_closed", "as": "boolean"},
                "won": {"from": "hs_is_closed_won", "as": "boolean"},
                "owner_ref": {"from": "hubspot_owner_id"},
            },
            "keys": {"salesforce": {"from": "salesforceopportunityid"}},
        },
    },
}
ZENDESK = {
    "system": "zendesk",
    "kind": "zendesk",
    "pull": {
        "organizations": {
            "table": "accounts",
            "fields": {"name": {"from": "name"}},
            "domains": ["domain_names"],
            "keys": {"salesforce": {"from": "external_id"}, "hubspot": {"from": "external_id"}},
        },
        "tickets": {
            "table": "tickets",
            "fields": {
                "account_ref": {"from": "organization_id"},
                "subject": {"from": "subject"},
                "opened_at": {"from": "created_at", "as": "datetime"},
            },
        },
    },
}


def company(*systems: str, **settings: Any) -> Mappings:
    """The shipped company with these systems in this order."""
    made = {name: SystemMapping.model_validate(told) for name, told in (("hubspot", HUBSPOT), ("zendesk", ZENDESK))}
    known = {**MAPPINGS.systems, **made}
    updated = MAPPINGS.company.model_copy(update={"systems": list(systems), **settings})
    return MAPPINGS.model_copy(update={"company": updated, "systems": {name: known[name] for name in systems}})


THREE = company("salesforce", "hubspot", "zendesk", "product")


def saying(mappings: Mappings, *decisions: tuple[str, str, str, str | None]) -> Mappings:
    """The mappings with a links.yaml that holds these (decision, system, record, account)."""
    told = tuple(
        LinkDecision(decision=decision, system=system, record=record, account=str(account))
        for decision, system, record, account in decisions
    )
    return mappings.model_copy(update={"links": Links(links=told)})


def land(
    engine: Engine, system: str, stream: str, records: Sequence[Record | Mapping[str, Any]], minutes: float = 0
) -> None:
    intake.land(engine, stream, records, minutes, system, THREE)


def conformed(engine: Engine, minutes: float = 60, mappings: Mappings = THREE) -> Conformed:
    return intake.conformed(engine, minutes, mappings)


def account_of(engine: Engine, system: str, external_id: str) -> str | None:
    """The account that the id belongs to now, merges followed."""
    select = sa.text("SELECT account_id FROM account_links WHERE system = :system AND external_id = :id")
    with engine.connect() as conn:
        return conn.scalars(select, {"system": system, "id": external_id}).one_or_none()


def rule_of(engine: Engine, system: str, external_id: str) -> str | None:
    c = tables.links.c
    where = (c.system == system, c.external_id == external_id, c.valid_to.is_(None))
    with engine.connect() as conn:
        return conn.scalars(sa.select(c.rule).where(*where)).one_or_none()


def found(engine: Engine) -> list[tuple[str, str, str]]:
    """(kind, system, subject) of every open issue."""
    with engine.connect() as conn:
        return sorted((row["kind"], row["system"], row["subject"]) for row in issues.open(conn))
