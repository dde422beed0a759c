"""Stories in the HubSpot stand-in: records appear, change, are archived and merged at their own moments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.hubspot_account import ACME, ANNA, BOLT, CUBE, DEAL, OWNER, TICKET, Account, companies, served, where


@pytest.fixture
def account() -> Iterator[Account]:
    with served() as running:
        yield running


def shown(account: Account, object: str, id: str, *names: str) -> dict[str, Any]:
    answer = account("GET", f"/crm/v3/objects/{object}/{id}?properties={','.join(names)}").json()
    properties: dict[str, Any] = answer["properties"]
    return properties


def test_the_clock_brings_births_and_changes(account: Account) -> None:
    """A change is dated by its own moment, however far the clock jumps; what we wrote in between stays."""
    assert account("GET", f"/crm/v3/objects/companies/{CUBE}").status_code == 404
    account("PATCH", f"/crm/v3/objects/companies/{ACME}", {"properties": {"industry": "Games"}})
    account.control("clock", now="2026-11-23T00:00:00Z")
    acme = shown(account, "companies", ACME, "name", "arr", "industry")
    assert (acme["name"], acme["arr"], acme["industry"]) == ("Acme Ltd", None, "Games")
    assert acme["hs_lastmodifieddate"] == "2026-11-21T09:00:00.000Z"
    assert shown(account, "companies", CUBE)["createdate"] == "2026-11-22T00:00:00.000Z"
    assert account.found("companies", where("hs_lastmodifieddate", "GTE", "1795248000000")) == [ACME, CUBE]


def test_a_ticket_is_closed_and_opened_again(account: Account) -> None:
    """The date of closing comes with the closed stage and goes with the open one."""
    account.control("clock", now="2026-11-21T12:00:00Z")
    assert shown(account, "tickets", TICKET, "closed_date")["closed_date"] == "2026-11-21T10:00:00.000Z"
    account.control("clock", now="2026-11-22T12:00:00Z")
    assert shown(account, "tickets", TICKET, "closed_date")["closed_date"] is None


def test_records_of_one_millisecond(account: Account) -> None:
    """Everything that is written at one moment of the clock has the same stamp."""
    body = {"inputs": [{"properties": {"name": f"N{n}"}} for n in range(100)]}
    account("POST", "/crm/v3/objects/companies/batch/create", body)
    account.control("clock", now="2026-11-20T12:01:00Z")
    stamp = where("hs_lastmodifieddate", "EQ", "1795176000000")
    assert account.search("companies", stamp)["total"] == 100


@pytest.mark.parametrize("new_id", [False, True])
def test_a_merge_leads_old_ids_to_the_record_that_stayed(new_id: bool) -> None:
    """Reads and single changes follow; lists and batch updates do not know the old id; associations move over."""
    with served(merge_makes_new_id=new_id) as account:
        body = {"primaryObjectId": BOLT, "objectIdToMerge": ACME}
        merged = account("POST", "/crm/v3/objects/companies/merge", body).json()["id"]
        assert (merged == BOLT) == (not new_id)
        assert account("GET", f"/crm/v3/objects/companies/{ACME}").json()["id"] == merged
        kept = shown(account, "companies", merged, "name", "domain", "hs_merged_object_ids")
        gone = f"{BOLT};{ACME}" if new_id else ACME
        assert (kept["name"], kept["domain"], kept["hs_merged_object_ids"]) == ("Bolt", "acme.example", gone)
        assert [each["id"] for each in account("GET", "/crm/v3/objects/companies").json()["results"]] == [merged]
        assert account("GET", "/crm/v3/objects/companies?archived=true").json()["results"] == []
        assert shown(account, "contacts", ANNA, "associatedcompanyid")["associatedcompanyid"] == merged
        [deal] = account("GET", f"/crm/v4/objects/companies/{merged}/associations/deals").json()["results"]
        assert deal["toObjectId"] == int(DEAL)
        change = {"properties": {"name": "Both"}}
        assert account("PATCH", f"/crm/v3/objects/companies/{ACME}", change).json()["id"] == merged
        left_out = account("POST", "/crm/v3/objects/companies/batch/update", {"inputs": [{"id": ACME, **change}]})
        assert (left_out.status_code, left_out.json()["results"]) == (200, [])


def test_seeds_are_archived_and_merged_in_their_time() -> None:
    """`_archived_at` alone is the recycle bin, with `_merged_into` a merge; after 90 days the bin is emptied."""
    records = companies(3)
    records["companies"][0] |= {"_archived_at": "2026-11-21T00:00:00Z"}
    records["companies"][1] |= {"_archived_at": "2026-11-21T00:00:00Z", "_merged_into": "7200"}
    with served(records) as account:
        account.control("clock", now="2026-11-22T00:00:00Z")
        assert account.found() == ["7200"]
        assert account("GET", "/crm/v3/objects/companies/7199").json()["id"] == "7200"
        [gone] = account("GET", "/crm/v3/objects/companies?archived=true").json()["results"]
        assert (gone["id"], gone["archivedAt"]) == ("7198", "2026-11-21T00:00:00.000Z")
        account.control("clock", now="2027-02-20T00:00:00Z")
        assert account("GET", "/crm/v3/objects/companies?archived=true").json()["results"] == []


def test_a_company_of_several_and_none_primary() -> None:
    """A story may have two companies for a contact, the second primary, or none."""
    contact = {"id": "5", "properties": {"email": "a@x.example"}}
    for companies_of, primary in (
        (["7198", "7199"], "7198"),
        (["7198", {"id": "7199", "primary": True}], "7199"),
        ([{"id": "7198", "primary": False}, "7199"], None),
    ):
        records = {**companies(2), "contacts": [{**contact, "associations": {"companies": companies_of}}]}
        with served(records) as account:
            assert shown(account, "contacts", "5", "associatedcompanyid")["associatedcompanyid"] == primary
            found = account("GET", "/crm/v4/objects/contacts/5/associations/companies").json()["results"]
            assert len(found) == 2


def test_a_story_may_label_its_associations() -> None:
    """A label is made when it is first named, and stands on both sides."""
    people = [{"id": str(n), "properties": {"email": f"p{n}@x.example"}} for n in (5, 6)]
    deals = [
        {
            "id": "3",
            "properties": {"dealname": "D", "dealstage": "contractsent"},
            "associations": {"contacts": [{"id": "5", "label": "Decision maker"}, "6"]},
        }
    ]
    with served({"contacts": people, "deals": deals}) as account:
        found = account("GET", "/crm/v4/objects/deals/3/associations/contacts").json()["results"]
        labels = [[kind["label"] for kind in each["associationTypes"]] for each in found]
        assert labels == [[None, "Decision maker"], [None]]
        back = account("GET", "/crm/v4/objects/contacts/5/associations/deals").json()["results"]
        assert back[0]["associationTypes"][1]["label"] == "Decision maker"


def test_people_work_by_the_control_endpoint(account: Account) -> None:
    """Saving, moving to another company, deleting, merging, deactivating an owner; unknown names are mistakes."""
    made = account.control("records/hubspot/contacts", properties={"email": "new@x.example"})["id"]
    account.control("records/hubspot/contacts", id=ANNA, associations={"companies": [BOLT]})
    assert shown(account, "contacts", ANNA, "associatedcompanyid")["associatedcompanyid"] == BOLT
    account.control(f"records/hubspot/contacts/{made}/delete")
    assert account("GET", f"/crm/v3/objects/contacts/{made}").status_code == 404
    account.control(f"records/hubspot/companies/{ACME}/merge", into=BOLT)
    assert account("GET", f"/crm/v3/objects/companies/{ACME}").json()["id"] == BOLT
    account.control(f"records/hubspot/owners/{OWNER}/delete")
    assert account("GET", "/crm/v3/owners").json()["results"] == []
    for place, body, told in (
        ("companies", {"properties": {"nope": 1}}, "no property nope"),
        ("lotus", {"properties": {}}, "no object lotus"),
        ("companies/9/delete", {}, "no companies 9"),
    ):
        wrong = requests.post(f"{account.sandbox.control}/records/hubspot/{place}", json=body, timeout=10)
        assert (wrong.status_code, told in wrong.json()["error"]) == (400, True)


def test_a_person_edits_in_the_middle_of_a_run(account: Account) -> None:
    """Just when a call arrives somebody renames the record that is asked for."""
    edit = {"vendor": "hubspot", "object": "companies", "record": {"id": ACME, "properties": {"name": "Other"}}}
    account.control("faults", person_edits=edit)
    assert shown(account, "companies", ACME, "name")["name"] == "Other"


def test_a_story_may_bring_pipelines_and_owners_that_change() -> None:
    """A pipeline of one's own with its stages; an owner who leaves on a day."""
    stages = [{"id": "s1", "label": "Talks", "metadata": {"probability": 0.5}}]
    owner = {"id": "1", "email": "a@x.example", "_changes": [{"at": "2026-11-21T00:00:00Z", "archived": True}]}
    records = {
        "pipelines": [{"objectType": "deals", "id": "renewals", "label": "Renewals", "stages": stages}],
        "owners": [owner],
        "deals": [{"id": "3", "properties": {"dealname": "D", "pipeline": "renewals", "dealstage": "s1"}}],
    }
    with served(records) as account:
        assert shown(account, "deals", "3", "hs_deal_stage_probability")["hs_deal_stage_probability"] == "0.5"
        assert len(account("GET", "/crm/v3/owners").json()["results"]) == 1
        account.control("clock", now="2026-11-21T12:00:00Z")
        assert account("GET", "/crm/v3/owners").json()["results"] == []
