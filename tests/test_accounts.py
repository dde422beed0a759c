"""One account of several systems: fields in source order, money at plan rates, places of ARR and renewal."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from mappings.models import CurrencySettings, Mappings, Place
from tests.intake import MAPPINGS, conformed, land
from tests.test_conform import with_company
from tests.test_identity import TWO
from warehouse import issues, plan_rates
from warehouse.tables import accounts


def built(engine: Engine) -> dict[str, Any]:
    """Accounts by name."""
    with engine.connect() as conn:
        return {row.name: row for row in conn.execute(sa.select(accounts))}


def found(engine: Engine) -> list[tuple[str, str]]:
    with engine.connect() as conn:
        return sorted((row["kind"], row["subject"]) for row in issues.open(conn))


def test_fields_come_from_the_first_system_that_knows_them(warehouse: Engine) -> None:
    """The winner of each is stored; an amount brings its own currency; the CRM of record is the first that is linked."""
    ours = {"Id": "001A", "Name": "Acme", "Website": "acme.com", "CurrencyIsoCode": "EUR"}
    theirs = {
        "Id": "9A",
        "Name": "ACME Ltd",
        "Website": "acme.com",
        "Industry": "Tools",
        "ARR__c": 100,
        "CurrencyIsoCode": "GBP",
    }
    land(warehouse, "Account", [theirs], system="emea", mappings=TWO)
    land(warehouse, "Account", [ours], mappings=TWO)
    conformed(warehouse, mappings=TWO)
    acme = built(warehouse)["Acme"]
    assert (acme.industry, acme.arr_native, acme.currency, acme.crm) == ("Tools", 100, "GBP", "salesforce")
    sources = orjson.loads(acme.sources)
    assert (sources["name"], sources["industry"], sources["arr_native"], sources["currency"]) == (
        "salesforce",
        "emea",
        "emea",
        "emea",
    )
    assert acme.arr_reporting == Decimal("127.0000")


def test_arr_is_converted_at_the_plan_rate_of_the_year(warehouse: Engine) -> None:
    """A currency without a rate makes ARR unknown, once told however many accounts have it."""
    money = [
        ("001A", "EUR", 1000),
        ("001B", "USD", 10.5),
        ("001C", "CHF", 5),
        ("001D", "CHF", 6),
        ("001E", None, 7),
        ("001F", "EUR", None),
    ]
    land(
        warehouse,
        "Account",
        [{"Id": id, "Name": id, "CurrencyIsoCode": code, "ARR__c": amount} for id, code, amount in money],
    )
    conformed(warehouse)
    arr = {name: row.arr_reporting for name, row in built(warehouse).items()}
    assert arr == {"001A": 1100, "001B": Decimal("10.5"), "001C": None, "001D": None, "001E": None, "001F": None}
    assert [kind for kind, _ in found(warehouse)] == ["missing_currency", "missing_rate"]
    assert ("missing_rate", "CHF 2026") in found(warehouse)


@pytest.mark.parametrize(
    ("day", "year"), [(date(2026, 1, 31), 2026), (date(2026, 2, 1), 2027), (date(2026, 12, 1), 2027)]
)
def test_a_fiscal_year_is_called_after_its_end(day: date, year: int) -> None:
    """A year that starts in February 2026 ends in 2027."""
    settings = CurrencySettings(reporting="USD", fiscal_year_starts=2, plan_rates={})
    assert plan_rates.of(settings, day).year == year
    assert plan_rates.of(settings.model_copy(update={"fiscal_year_starts": 1}), day).year == 2026


def place(key: str, **rule: Any) -> Mappings:
    return with_company(**{key: Place.model_validate(rule)})


CONTRACTS = [
    {"Id": "8A", "AccountId": "001A", "Status": "Activated", "StartDate": "2025-01-01", "EndDate": "2027-03-01"},
    {"Id": "8B", "AccountId": "001A", "Status": "Activated", "StartDate": "2026-01-01", "EndDate": "2026-12-31"},
    {"Id": "8C", "AccountId": "001A", "Status": "Draft", "StartDate": "2024-01-01", "EndDate": "2026-01-01"},
]


@pytest.mark.parametrize(("pick", "day"), [("earliest", date(2026, 12, 31)), ("latest", date(2027, 3, 1))])
def test_the_renewal_date_may_stand_in_contracts(warehouse: Engine, pick: str, day: date) -> None:
    """Of those that count the earliest or the latest; the first start of all makes the onboarding."""
    land(warehouse, "Account", [{"Id": "001A", "Name": "Acme"}, {"Id": "001B", "Name": "None"}])
    land(warehouse, "Contract", CONTRACTS)
    where = {"status": {"in": ["Activated"]}}
    conformed(warehouse, mappings=place("renewal_date", **{"from": "contract", "where": where, "pick": pick}))
    acme = built(warehouse)["Acme"]
    assert (acme.renewal_date, acme.first_subscription_start) == (day, date(2024, 1, 1))
    assert orjson.loads(acme.sources)["renewal_date"] == "salesforce"
    assert built(warehouse)["None"].renewal_date is None


DEALS = [
    {
        "Id": "6A",
        "AccountId": "001A",
        "Amount": 100,
        "CurrencyIsoCode": "USD",
        "CloseDate": "2026-01-01",
        "IsWon": True,
    },
    {"Id": "6B", "AccountId": "001A", "Amount": 50, "CurrencyIsoCode": "EUR", "CloseDate": "2026-06-01", "IsWon": True},
    {
        "Id": "6C",
        "AccountId": "001A",
        "Amount": 999,
        "CurrencyIsoCode": "USD",
        "CloseDate": "2026-07-01",
        "IsWon": False,
    },
]


@pytest.mark.parametrize(
    ("pick", "native", "currency", "reporting"),
    [("earliest", 100, "USD", 100), ("latest", 50, "EUR", 55), ("sum", None, None, 155)],
)
def test_arr_may_stand_in_opportunities(
    warehouse: Engine, pick: str, native: int | None, currency: str | None, reporting: int
) -> None:
    """A sum over currencies has a value in the reporting one only."""
    land(warehouse, "Account", [{"Id": "001A", "Name": "Acme", "ARR__c": 7, "CurrencyIsoCode": "USD"}])
    land(warehouse, "Opportunity", DEALS)
    conformed(warehouse, mappings=place("arr", **{"from": "opportunity", "where": {"won": {"is": True}}, "pick": pick}))
    acme = built(warehouse)["Acme"]
    assert (acme.arr_native, acme.currency, acme.arr_reporting) == (native, currency, reporting)


def test_parents_are_accounts(warehouse: Engine) -> None:
    """A parent is our account, whatever its record is called; nobody is the parent of themselves."""
    land(
        warehouse,
        "Account",
        [
            {"Id": "001A", "Name": "Group"},
            {"Id": "001B", "Name": "Child", "ParentId": "001A"},
            {"Id": "001C", "Name": "Loop", "ParentId": "001C"},
            {"Id": "001D", "Name": "Orphan", "ParentId": "001Z"},
        ],
    )
    conformed(warehouse)
    made = built(warehouse)
    assert made["Child"].parent_id == made["Group"].account_id
    assert [made[name].parent_id for name in ("Group", "Loop", "Orphan")] == [None, None, None]


def test_the_company_says_who_is_a_customer(warehouse: Engine) -> None:
    """By columns and by attributes of its own; what is not known makes it neither."""
    rule = {"all": [{"status": {"in": ["Customer"]}}, {"employees": {"at_least": 10}}]}
    customers = MAPPINGS.company.customers.model_copy(update={"customer_when": rule})
    records = [
        {"Id": "001A", "Name": "Yes", "Type": "Customer", "NumberOfEmployees": 10},
        {"Id": "001B", "Name": "Small", "Type": "Customer", "NumberOfEmployees": 9},
        {"Id": "001C", "Name": "Unknown", "Type": "Customer"},
        {"Id": "001D", "Name": "[TEST] Acme", "Type": "Prospect"},
    ]
    land(warehouse, "Account", records)
    conformed(warehouse, mappings=with_company(customers=customers))
    made = {name: (row.customer, row.excluded) for name, row in built(warehouse).items()}
    assert made == {
        "Yes": (True, False),
        "Small": (False, False),
        "Unknown": (None, False),
        "[TEST] Acme": (False, True),
    }


def test_an_enormous_arr_is_left_out(warehouse: Engine) -> None:
    """What fits in euros may not fit in dollars; it is an issue and nothing else is lost."""
    land(warehouse, "Account", [{"Id": "001A", "Name": "Odd", "ARR__c": "9999999999999999", "CurrencyIsoCode": "EUR"}])
    conformed(warehouse)
    assert built(warehouse)["Odd"].arr_reporting is None
    assert [kind for kind, _ in found(warehouse)] == ["enormous_amount"]


def test_other_rules_or_another_year_join_the_accounts_anew(warehouse: Engine) -> None:
    """Nothing landed, and yet: the company decides otherwise who is a customer, and a new year has a new plan rate."""
    land(
        warehouse,
        "Account",
        [{"Id": "001A", "Name": "Acme", "Type": "Partner", "ARR__c": 100, "CurrencyIsoCode": "EUR"}],
    )
    conformed(warehouse)
    assert (built(warehouse)["Acme"].customer, built(warehouse)["Acme"].excluded) == (False, True)
    rules = MAPPINGS.company.customers.model_copy(update={"customer_when": {"name": {"known": True}}, "exclude": None})
    rates = {2026: {"USD": Decimal(1), "EUR": Decimal("1.1")}, 2027: {"USD": Decimal(1), "EUR": Decimal("1.2")}}
    money = MAPPINGS.company.currency.model_copy(update={"plan_rates": rates})
    changed = with_company(customers=rules, currency=money)
    conformed(warehouse, mappings=changed)
    acme = built(warehouse)["Acme"]
    assert (acme.customer, acme.excluded, acme.arr_reporting) == (True, False, 110)
    conformed(warehouse, minutes=60 * 24 * 60, mappings=changed)
    assert built(warehouse)["Acme"].arr_reporting == 120
