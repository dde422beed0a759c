"""A deal that two CRMs sync between each other is one opportunity (D25)."""

from __future__ import annotations

from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from mappings.models import Mappings, Place
from tests.several import THREE, account_of, company, conformed, land
from warehouse import tables
from warehouse.work import opportunities

ACME = {"Id": "001A", "Name": "Acme", "Type": "Customer", "CurrencyIsoCode": "USD"}
DEAL = {
    "Id": "006A", "Name": "More seats", "AccountId": "001A", "Type": "Expansion", "Amount": 500, "IsClosed": False,
    "CloseDate": "2026-12-01", "CurrencyIsoCode": "USD", "OwnerId": "005A",
}  # fmt: skip
COPY = {
    "Id": "9", "dealname": "More seats", "associations.companies": "1", "dealtype": "Expansion", "amount": "500",
    "deal_currency_code": "USD", "closedate": "2026-12-01", "hs_is_closed": "false", "hubspot_owner_id": "77",
    "salesforceopportunityid": "006A",
}  # fmt: skip


def by_deals(*systems: str) -> Mappings:
    """ARR is the sum of the deals."""
    return company(*systems, arr=Place.model_validate({"from": "opportunity", "pick": "sum"}))


@pytest.fixture
def acme(warehouse: Engine) -> Engine:
    """One customer in two CRMs, with one deal that is synced."""
    land(warehouse, "salesforce", "Account", [ACME])
    land(warehouse, "salesforce", "Opportunity", [DEAL])
    land(warehouse, "hubspot", "companies", [{"Id": "1", "name": "Acme", "salesforceaccountid": "001A"}])
    land(warehouse, "hubspot", "deals", [COPY])
    return warehouse


def arr(engine: Engine) -> Decimal:
    with engine.connect() as conn:
        return Decimal(conn.scalar(sa.select(tables.accounts.c.arr_native)) or 0)


def test_its_amount_counts_once(acme: Engine) -> None:
    """The sum of an account's deals holds the synced one once, and a deal of HubSpot alone beside it."""
    conformed(acme, mappings=by_deals("salesforce", "hubspot", "product"))
    assert arr(acme) == 500
    land(acme, "hubspot", "deals", [COPY | {"Id": "10", "amount": "70", "salesforceopportunityid": None}], 1)
    conformed(acme, 61, by_deals("salesforce", "hubspot", "product"))
    assert arr(acme) == 570


def test_a_copy_without_its_original_counts(acme: Engine) -> None:
    """The id of an opportunity that we cannot see makes no copy of the deal that we see."""
    land(acme, "hubspot", "deals", [COPY | {"salesforceopportunityid": "006Z", "amount": "70"}], 1)
    conformed(acme, mappings=by_deals("salesforce", "hubspot", "product"))
    assert arr(acme) == 570


@pytest.mark.parametrize(
    ("order", "where"),
    [(("salesforce", "hubspot"), ("salesforce", "006A", "005A")), (("hubspot", "salesforce"), ("hubspot", "9", "77"))],
)
def test_an_open_expansion_is_found_where_sales_works(
    acme: Engine, order: tuple[str, str], where: tuple[str, str, str]
) -> None:
    """Of a deal that both CRMs hold, the copy in the account's CRM of record gets the note."""
    conformed(acme, mappings=company(*order, "product"))
    account = account_of(acme, "salesforce", "001A")
    assert account is not None
    with acme.begin() as conn:
        assert opportunities.open_expansions(conn, "demo", [account]) == {account: where}


def test_an_open_expansion_elsewhere_is_none_to_create_beside(acme: Engine) -> None:
    """While a deal is open in the other CRM only, the handoff is a note on that one."""
    land(acme, "salesforce", "Opportunity", [DEAL | {"IsClosed": True, "IsWon": False}], 1)
    land(acme, "hubspot", "deals", [COPY | {"salesforceopportunityid": None}], 1)
    conformed(acme, mappings=THREE)
    account = account_of(acme, "salesforce", "001A")
    assert account is not None
    with acme.begin() as conn:
        assert opportunities.open_expansions(conn, "demo", [account])[account][:2] == ("hubspot", "9")
