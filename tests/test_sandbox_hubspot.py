"""Reading the HubSpot stand-in over HTTP: lists, single records, history, definitions, both families of paths."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.hubspot_account import ACME, ANNA, BOLT, DEAL, GONE, OWNER, TICKET, Account, companies, served


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with served() as running:
        yield running


def listed(account: Account, path: str, **query: Any) -> list[dict[str, Any]]:
    """All records of a list, following its links."""
    page = account("GET", path, params=query).json()
    found = list(page["results"])
    while "paging" in page:
        link = page["paging"]["next"]["link"]
        assert link.startswith(account.sandbox.url)
        page = account("GET", link.removeprefix(account.sandbox.url)).json()
        found += page["results"]
    return found


@pytest.mark.parametrize(
    "path",
    [
        "/crm/v3/objects/companies",
        "/crm/v3/objects/company/",
        "/crm/v4/objects/0-2",
        "/crm/objects/2026-03/companies",
        "/crm/objects/2026-09/Companies",
    ],
)
def test_every_name_and_version_leads_to_the_same_companies(account: Account, path: str) -> None:
    """Plural, singular, type id and both families of paths; unasked properties are not shown, values are text."""
    [acme, bolt] = listed(account, path)
    assert acme == {
        "id": ACME,
        "properties": {
            "name": "Acme",
            "domain": "acme.example",
            "createdate": "2026-01-01T00:00:00.000Z",
            "hs_lastmodifieddate": "2026-02-01T00:00:00.000Z",
            "hs_object_id": ACME,
        },
        "createdAt": "2026-01-01T00:00:00.000Z",
        "updatedAt": "2026-02-01T00:00:00.000Z",
        "archived": False,
        "url": f"https://app.hubspot.com/contacts/48000001/record/0-2/{ACME}",
    }
    assert bolt["properties"]["domain"] is None


@pytest.mark.parametrize("query", ["properties=arr,nope&properties=left", "properties=arr&properties=nope"])
def test_asked_properties_are_shown_and_unknown_ones_left_out(account: Account, query: str) -> None:
    """Repeated or with commas; what was set as a number comes back as text, what is empty as null."""
    acme, bolt = (record["properties"] for record in listed(account, f"/crm/v3/objects/companies?{query}"))
    assert acme.keys() == {"arr", "createdate", "hs_lastmodifieddate", "hs_object_id"}
    assert (acme["arr"], bolt["arr"]) == ("1200.5", None)


def test_contacts_and_activities_name_their_stamps_differently(account: Account) -> None:
    """Contacts have lastmodifieddate, activities hs_createdate."""
    [anna, _] = listed(account, "/crm/v3/objects/contacts", properties="left_company,associatedcompanyid")
    assert anna["properties"] == {
        "left_company": "false",
        "associatedcompanyid": ACME,
        "createdate": "2026-01-03T00:00:00.000Z",
        "lastmodifieddate": "2026-02-01T00:00:00.000Z",
        "hs_object_id": ANNA,
    }
    body = {"properties": {"hs_timestamp": "2026-12-01T00:00:00Z"}}
    made = account("POST", "/crm/v3/objects/notes", body).json()
    assert made["properties"].keys() == {"hs_timestamp", "hs_createdate", "hs_lastmodifieddate", "hs_object_id"}


@pytest.mark.parametrize("page_seed", [None, 1, 5])
def test_a_list_goes_by_ids_in_numeric_order(page_seed: int | None) -> None:
    """`after` is the id of the next record; pages may be shorter than asked for, and the last has no paging."""
    with served(companies(260), page_seed=page_seed) as account:
        first = account("GET", "/crm/v3/objects/companies?limit=100").json()
        assert first["paging"]["next"]["after"] == str(int(first["results"][-1]["id"]) + 1)
        assert (len(first["results"]) == 100) == (page_seed is None)
        ids = [record["id"] for record in listed(account, "/crm/v3/objects/companies?limit=100")]
        assert ids == [str(7198 + n) for n in range(260)]


@pytest.mark.parametrize("query", ["limit=101", "limit=0", "limit=x", "after=x", "limit=51&propertiesWithHistory=name"])
def test_a_list_refuses_what_it_cannot_page(account: Account, query: str) -> None:
    """At most 100 records a page, 50 with history."""
    answer = account("GET", f"/crm/v3/objects/companies?{query}")
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")


def test_associations_stand_in_a_list_once_for_each_kind(account: Account) -> None:
    """The primary company has two kinds; other records have one; where there is none the name is missing."""
    [anna, ben] = listed(account, "/crm/v3/objects/contacts", associations="companies,deals")
    assert anna["associations"] == {
        "companies": {
            "results": [
                {"id": ACME, "type": "contact_to_company"},
                {"id": ACME, "type": "contact_to_company_unlabeled"},
            ]
        },
        "deals": {"results": [{"id": DEAL, "type": "contact_to_deal"}]},
    }
    assert "associations" not in ben


def test_history_is_newest_first(account: Account) -> None:
    """Every value that a property had, with its moment."""
    account("PATCH", f"/crm/v3/objects/companies/{BOLT}", {"properties": {"industry": "Games"}})
    account("PATCH", f"/crm/v3/objects/companies/{BOLT}", {"properties": {"industry": ""}})
    shown = account("GET", f"/crm/v3/objects/companies/{BOLT}?propertiesWithHistory=industry").json()
    told = [(each["value"], each["timestamp"]) for each in shown["propertiesWithHistory"]["industry"]]
    assert told == [("", "2026-11-20T12:00:00.000Z"), ("Games", "2026-11-20T12:00:00.000Z")]


def test_batch_read_tells_what_is_missing_with_207(account: Account) -> None:
    """All found is 200; results come in an order of their own."""
    body = {"properties": ["name"], "inputs": [{"id": ACME}, {"id": BOLT}]}
    whole = account("POST", "/crm/v3/objects/companies/batch/read", body)
    assert (whole.status_code, {each["id"] for each in whole.json()["results"]}) == (200, {ACME, BOLT})
    part = account("POST", "/crm/v3/objects/companies/batch/read", {"inputs": [{"id": ACME}, {"id": "9"}]})
    assert (part.status_code, part.json()["numErrors"]) == (207, 1)
    assert part.json()["errors"][0]["category"] == "OBJECT_NOT_FOUND"
    assert part.json()["errors"][0]["context"] == {"ids": ["9"]}
    by_mail = {"idProperty": "email", "inputs": [{"id": "anna@acme.example"}]}
    assert account("POST", "/crm/v3/objects/contacts/batch/read", by_mail).json()["results"][0]["id"] == ANNA


def test_what_is_not_there_is_404(account: Account) -> None:
    """Records, objects' names, paths and versions."""
    assert account("GET", "/crm/v3/objects/companies/9").json()["category"] == "OBJECT_NOT_FOUND"
    assert account("GET", "/crm/v3/objects/lotus").status_code == 400
    assert [account("GET", path).status_code for path in ("/crm/v3/lotus", "/crm/objects/2024-03/companies")] == [
        404
    ] * 2
    assert account("PUT", "/crm/v3/objects/companies", {}).status_code == 405
    assert account("GET", f"/crm/v3/objects/companies?properties={'x' * 17_000}").status_code == 414


def test_owners_live_or_archived(account: Account) -> None:
    """With or without a slash; an archived owner has no user any more; they are found by owner id and by user id."""
    [casey] = account("GET", "/crm/v3/owners/?limit=100").json()["results"]
    assert (casey["id"], casey["userId"], casey["archived"]) == (OWNER, 4711, False)
    [gone] = account("GET", "/crm/owners/2026-03?archived=true").json()["results"]
    assert (gone["id"], gone["userId"], gone["archived"]) == (GONE, None, True)
    assert gone["userIdIncludingInactive"]
    assert account("GET", "/crm/v3/owners?email=casey@us.example").json()["results"] == [casey]
    assert account("GET", "/crm/v3/owners/4711?idProperty=userId").json() == casey
    assert account("GET", f"/crm/v3/owners/{GONE}").status_code == 404


def test_pipelines_say_in_texts_what_a_stage_means(account: Account) -> None:
    """Deals have a probability, tickets a state."""
    [sales] = account("GET", "/crm/v3/pipelines/deals").json()["results"]
    won = next(stage for stage in sales["stages"] if stage["id"] == "closedwon")
    assert (sales["id"], won["metadata"]) == ("default", {"isClosed": "true", "probability": "1.0"})
    closed = account("GET", "/crm/pipelines/2026-03/tickets/0/stages/4").json()
    assert closed["metadata"] == {"isClosed": "true", "ticketState": "CLOSED"}
    assert account("GET", "/crm/v3/pipelines/companies").status_code == 400


def test_the_account_tells_of_itself(account: Account) -> None:
    """Details under both families, no custom schemas, the schema of a standard object."""
    told = account("GET", "/account-info/v3/details").json()
    assert told == account("GET", "/account-info/2026-03/details").json()
    assert (told["timeZone"], told["utcOffset"]) == ("US/Eastern", "-05:00")
    for path in ("/crm/v3/schemas", "/crm-object-schemas/v3/schemas"):
        assert account("GET", path).json() == {"results": []}
    assert account("GET", "/crm/v3/schemas/tickets").json()["requiredProperties"] == ["subject", "hs_pipeline_stage"]


def test_hubspot_computes_what_a_stage_means_for_a_record(account: Account) -> None:
    """A deal in an open stage is not closed; a ticket that is open has no date of closing."""
    names = "hs_is_closed,hs_is_closed_won,hs_deal_stage_probability,pipeline"
    deal = account("GET", f"/crm/v3/objects/deals/{DEAL}?properties={names}").json()["properties"]
    assert [deal[name] for name in names.split(",")] == ["false", "false", "0.9", "default"]
    ticket = account("GET", f"/crm/v3/objects/tickets/{TICKET}?properties=closed_date").json()["properties"]
    assert ticket["closed_date"] is None
