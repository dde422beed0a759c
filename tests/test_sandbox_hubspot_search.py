"""Searching the HubSpot stand-in: filters, sorts, the index that lags, the end at 10,000, and short pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.hubspot_account import ACME, ANNA, BOLT, DEAL, Account, companies, served, where


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with served() as running:
        yield running


JANUARY_2 = "1767312000000"


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        (where("name", "EQ", "aCmE"), [ACME]),
        (where("name", "NEQ", "Acme"), [BOLT]),
        (where("arr", "GT", "1200"), [ACME]),
        (where("arr", "LTE", "1200"), []),
        (where("arr", "BETWEEN", "1000", highValue="1200.5"), [ACME]),
        (where("arr", "HAS_PROPERTY"), [ACME]),
        (where("arr", "NOT_HAS_PROPERTY"), [BOLT]),
        (where("createdate", "GTE", JANUARY_2), [BOLT]),
        (where("createdate", "LT", "2026-01-02T00:00:00Z"), [ACME]),
        (where("name", "IN", values=["acme", "bolt"]), [ACME, BOLT]),
        (where("name", "IN", values=["Acme"]), []),
        (where("name", "NOT_IN", values=["acme"]), [BOLT]),
        (where("account_status", "EQ", "Customer"), [BOLT]),
        (where("account_status", "EQ", "customer"), []),
        (where("domain", "CONTAINS_TOKEN", "acme*"), [ACME]),
        (where("domain", "NOT_CONTAINS_TOKEN", "acme*"), [BOLT]),
        (where("associations.contact", "EQ", ANNA), [ACME]),
        (where("hs_object_id", "GTE", BOLT), [BOLT]),
    ],
)
def test_filters(account: Account, filter: dict[str, Any], found: list[str]) -> None:
    """Texts compare in any case (but for the values of IN), choices to the letter, numbers and moments by size."""
    assert account.found("companies", filter) == found


def test_groups_are_alternatives_and_filters_conditions(account: Account) -> None:
    """One group of two filters finds none, two groups of one filter find both."""
    acme, bolt = where("name", "EQ", "Acme"), where("name", "EQ", "Bolt")
    assert account.found("companies", acme, bolt) == []
    assert account.search(filterGroups=[{"filters": [acme]}, {"filters": [bolt]}])["total"] == 2
    assert [each["id"] for each in account.search(query="acme.ex")["results"]] == [ACME]


def test_a_sort_is_an_object_or_a_name(account: Account) -> None:
    """Downwards and upwards; without one the oldest comes first."""
    down = [{"propertyName": "hs_object_id", "direction": "DESCENDING"}]
    assert account.found(sorts=down) == [BOLT, ACME]
    assert account.found(sorts=["name"]) == account.found() == [ACME, BOLT]
    shown = account.search("deals", properties=["amount"])["results"][0]
    assert (shown["id"], shown["properties"]["amount"], "associations" in shown) == (DEAL, "1500.00", False)


@pytest.mark.parametrize(
    "body",
    [
        {"filterGroups": [{"filters": [where("nope", "EQ", "1")]}]},
        {"filterGroups": [{"filters": [where("name", "LIKE", "1")]}]},
        {"filterGroups": [{"filters": [where("arr", "EQ", "much")]}]},
        {"filterGroups": [{"filters": [where("name", "EQ", "x")] * 7}]},
        {"filterGroups": [{"filters": [where("name", "EQ", "x")]}] * 6},
        {"filterGroups": [{"filters": [where("name", "EQ", "x")] * 5}] * 4},
        {"sorts": ["name", "domain"]},
        {"limit": 201},
        {"after": "first"},
        {"query": "x" * 3_000},
    ],
)
def test_what_a_search_refuses(account: Account, body: dict[str, Any]) -> None:
    """Unknown names and operators, too many filters, two sorts, pages above 200, bodies above 3,000 characters."""
    answer = account("POST", "/crm/v3/objects/companies/search", body)
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")


def test_the_index_learns_of_writes_later() -> None:
    """A search finds what was written only after five seconds of the sandbox clock; lists and reads know it at once."""
    with served() as account:
        made = account("POST", "/crm/v3/objects/companies", {"properties": {"name": "New"}}).json()["id"]
        account("DELETE", f"/crm/v3/objects/companies/{BOLT}")
        assert [each["id"] for each in account("GET", "/crm/v3/objects/companies").json()["results"]] == [ACME, made]
        assert account.found() == [ACME, BOLT]
        account.control("clock", now="2026-11-20T12:00:04.999Z")
        assert account.found() == [ACME, BOLT]
        account.control("clock", now="2026-11-20T12:00:05Z")
        assert account.found() == [ACME, made]


def test_a_search_ends_at_ten_thousand() -> None:
    """`total` tells the truth, the page at 10,000 is refused, and going on by id reaches the rest."""
    with served(companies(10_050)) as account:
        sorts = [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
        page = account.search(limit=200, after="9900", sorts=sorts)
        assert (page["total"], len(page["results"]), page["paging"]["next"]["after"]) == (10_050, 100, "10000")
        assert account("POST", "/crm/v3/objects/companies/search", {"after": "10000"}).status_code == 400
        last = int(page["results"][-1]["id"])
        assert len(account.found("companies", where("hs_object_id", "GT", str(last)), limit=200)) == 50


@pytest.mark.parametrize("settings", [{"stale_hits": 30}, {"page_seed": 3}, {"stale_hits": 25, "page_seed": 3}])
def test_a_short_or_empty_page_is_not_the_end(settings: dict[str, Any]) -> None:
    """Only a missing cursor ends a search; whoever stops at a short page loses records."""
    with served(companies(45), **settings) as account:
        sizes, after = list[int](), "0"
        while after:
            page = account.search(limit=10, after=after)
            sizes.append(len(page["results"]))
            after = page.get("paging", {}).get("next", {}).get("after")
        assert (sum(sizes), page["total"]) == (45, 45)
        assert min(sizes[:-1]) < 10
        assert (0 in sizes) == ("stale_hits" in settings)


def test_ids_may_sort_as_text() -> None:
    """With the switch on 71980 lies between 7198 and 7199, so that going on with the id after the last skips it."""
    many = companies(2)
    many["companies"].append({"id": "71980", "properties": {"name": "Far"}})
    with served(many, ids_sort_as_text=True) as account:
        assert account.found(sorts=["hs_object_id"]) == ["7198", "71980", "7199"]
        assert account.found("companies", where("hs_object_id", "GTE", "7199"), sorts=["hs_object_id"]) == ["7199"]
    with served(many) as account:
        assert account.found(sorts=["hs_object_id"]) == ["7198", "7199", "71980"]
