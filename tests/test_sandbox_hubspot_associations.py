"""Associations in the HubSpot stand-in: default and labelled, both directions, primary companies, batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.hubspot_account import ACME, ANNA, BEN, BOLT, DEAL, TICKET, Account, served


@pytest.fixture
def account() -> Iterator[Account]:
    with served() as running:
        yield running


def kinds(account: Account, path: str, to: str) -> dict[str, list[int]]:
    """Associated id -> type ids."""
    found = account("GET", f"/crm/v4/objects/{path}/associations/{to}").json()["results"]
    return {str(each["toObjectId"]): [kind["typeId"] for kind in each["associationTypes"]] for each in found}


def test_stories_are_associated_both_ways(account: Account) -> None:
    """The only company is the primary one; both sides tell of it under their own type ids."""
    assert kinds(account, f"contacts/{ANNA}", "companies") == {ACME: [1, 279]}
    assert kinds(account, f"company/{ACME}", "contact") == {ANNA: [2, 280]}
    assert kinds(account, f"deals/{DEAL}", "companies") == {ACME: [5, 341]}
    assert kinds(account, f"companies/{BOLT}", "tickets") == {TICKET: [25, 340]}
    assert kinds(account, f"contacts/{ANNA}", "deals") == {DEAL: [4]}


@pytest.mark.parametrize("family", ["/crm/v4/objects", "/crm/objects/2026-03"])
def test_the_default_association_is_the_same_however_often(account: Account, family: str) -> None:
    """200 with both directions; a second company does not become the primary one."""
    path = f"{family}/contacts/{ANNA}/associations/default/companies/{BOLT}"
    first, again = account("PUT", path), account("PUT", path)
    assert (first.status_code, first.json()["results"]) == (200, again.json()["results"])
    assert first.json()["results"] == [
        {
            "from": {"id": ANNA},
            "to": {"id": BOLT},
            "associationSpec": {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279},
        },
        {
            "from": {"id": BOLT},
            "to": {"id": ANNA},
            "associationSpec": {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 280},
        },
    ]
    assert kinds(account, f"contacts/{ANNA}", "companies") == {ACME: [1, 279], BOLT: [279]}


def test_there_is_one_primary_company(account: Account) -> None:
    """Making another company the primary one demotes the first, and the contact shows it as a property."""
    spec = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]
    made = account("PUT", f"/crm/v4/objects/contacts/{ANNA}/associations/companies/{BOLT}", spec)
    assert (made.status_code, made.json()["labels"]) == (201, ["Primary"])
    assert kinds(account, f"contacts/{ANNA}", "companies") == {ACME: [279], BOLT: [1, 279]}
    assert kinds(account, f"companies/{ACME}", "contacts") == {ANNA: [280]}
    shown = account("GET", f"/crm/v3/objects/contacts/{ANNA}?properties=associatedcompanyid").json()
    assert shown["properties"]["associatedcompanyid"] == BOLT
    account("PATCH", f"/crm/v3/objects/contacts/{ANNA}", {"properties": {"associatedcompanyid": ACME}})
    assert kinds(account, f"contacts/{ANNA}", "companies") == {ACME: [1, 279], BOLT: [279]}
    account("PATCH", f"/crm/v3/objects/contacts/{ANNA}", {"properties": {"associatedcompanyid": ""}})
    assert kinds(account, f"contacts/{ANNA}", "companies") == {BOLT: [279]}
    account("PATCH", f"/crm/v3/objects/contacts/{ANNA}", {"properties": {"associatedcompanyid": ACME}})
    account("DELETE", f"/crm/v3/objects/companies/{ACME}")
    assert kinds(account, f"contacts/{ANNA}", "companies") == {BOLT: [279]}
    shown = account("GET", f"/crm/v3/objects/contacts/{ANNA}?properties=associatedcompanyid").json()
    assert shown["properties"]["associatedcompanyid"] is None


def test_labels_replace_those_before(account: Account) -> None:
    """A label of people's own works both ways; sending others takes it away; deleting ends all kinds."""
    label = {"name": "point_of_contact", "label": "Point of contact"}
    made = account("POST", "/crm/v4/associations/deals/contacts/labels", label).json()["results"]
    spec = [{"associationCategory": "USER_DEFINED", "associationTypeId": made[0]["typeId"]}]
    path = f"/crm/v4/objects/deals/{DEAL}/associations/contacts/{ANNA}"
    assert account("PUT", path, spec).json() == {
        "fromObjectTypeId": "0-3",
        "fromObjectId": int(DEAL),
        "toObjectTypeId": "0-1",
        "toObjectId": int(ANNA),
        "labels": ["Point of contact"],
    }
    assert kinds(account, f"contacts/{ANNA}", "deals") == {DEAL: [4, made[1]["typeId"]]}
    known = account("GET", "/crm/v4/associations/deals/contacts/labels").json()["results"]
    assert {(kind["typeId"], kind["label"]) for kind in known} == {(3, None), (made[0]["typeId"], "Point of contact")}
    account("PUT", path, [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 3}])
    assert kinds(account, f"deals/{DEAL}", "contacts") == {ANNA: [3]}
    assert [account("DELETE", path).status_code for _ in range(2)] == [204, 204]
    assert kinds(account, f"contacts/{ANNA}", "deals") == {}


def test_a_wrong_kind_or_record_is_refused(account: Account) -> None:
    """Type ids belong to two types in one direction; both records must be there; tasks and notes never meet."""
    task = account("POST", "/crm/v3/objects/tasks", {"properties": {"hs_timestamp": "2026-12-01"}}).json()["id"]
    spec = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 190}]
    assert account("PUT", f"/crm/v4/objects/tasks/{task}/associations/companies/{ACME}", spec).status_code == 400
    assert account("PUT", f"/crm/v4/objects/tasks/{task}/associations/default/companies/9").status_code == 404
    assert account("GET", f"/crm/v4/objects/tasks/{task}/associations/notes").status_code == 400


def test_a_new_task_brings_its_associations(account: Account) -> None:
    """201 with the company and the deal; the company counts as modified; a company that is not there refuses all."""

    def task(company: str) -> dict[str, Any]:
        spec = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": n} for n in (192, 216)]
        to = [{"to": {"id": id}, "types": [kind]} for id, kind in zip((company, DEAL), spec, strict=True)]
        return {"properties": {"hs_timestamp": "2026-12-01T09:00:00Z"}, "associations": to}

    made = account("POST", "/crm/v3/objects/tasks", task(ACME))
    assert made.status_code == 201
    assert kinds(account, f"companies/{ACME}", "tasks") == {made.json()["id"]: [191]}
    assert kinds(account, f"deals/{DEAL}", "tasks") == {made.json()["id"]: [215]}
    assert account("GET", f"/crm/v3/objects/companies/{ACME}").json()["updatedAt"] == "2026-11-20T12:00:00.000Z"
    assert account("POST", "/crm/v3/objects/tasks", task("9")).status_code == 404
    assert len(account("GET", "/crm/v3/objects/tasks").json()["results"]) == 1


def test_batches_of_associations(account: Account) -> None:
    """Read tells of records without any in a 207; create is 201, default 200; archive 204, dated versions 200."""
    read = account(
        "POST", "/crm/v4/associations/contacts/companies/batch/read", {"inputs": [{"id": ANNA}, {"id": BEN}]}
    )
    assert (read.status_code, read.json()["numErrors"]) == (207, 1)
    assert read.json()["results"] == [
        {
            "from": {"id": ANNA},
            "to": [
                {
                    "toObjectId": int(ACME),
                    "associationTypes": [
                        {"category": "HUBSPOT_DEFINED", "typeId": 1, "label": "Primary"},
                        {"category": "HUBSPOT_DEFINED", "typeId": 279, "label": None},
                    ],
                }
            ],
        }
    ]
    ends = {"from": {"id": BEN}, "to": {"id": BOLT}}
    path, dated = "/crm/v4/associations/contacts/companies/batch", "/crm/associations/2026-03/contacts/companies/batch"
    assert account("POST", f"{path}/associate/default", {"inputs": [ends]}).status_code == 200
    typed = {**ends, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}]}
    assert account("POST", f"{dated}/create", {"inputs": [typed]}).status_code == 201
    wrong = {**typed, "to": {"id": "9"}}
    assert account("POST", f"{dated}/create", {"inputs": [typed, wrong]}).status_code == 207
    assert kinds(account, f"contacts/{BEN}", "companies") == {BOLT: [1, 279]}
    gone = {"inputs": [{"from": {"id": BEN}, "to": [{"id": BOLT}]}]}
    assert [account("POST", f"{each}/archive", gone).status_code for each in (path, dated)] == [204, 200]
    assert kinds(account, f"contacts/{BEN}", "companies") == {}


def test_a_long_list_of_associations_has_pages(account: Account) -> None:
    """From id `after` on; a list of records shows the first hundred."""
    inputs = [{"properties": {"email": f"p{n}@x.example"}} for n in range(100)]
    for batch in (inputs, [{"properties": {"email": "last@x.example"}}]):
        made = account("POST", "/crm/v3/objects/contacts/batch/create", {"inputs": batch}).json()["results"]
        pairs = [{"from": {"id": ACME}, "to": {"id": each["id"]}} for each in made]
        account("POST", "/crm/v4/associations/companies/contacts/batch/associate/default", {"inputs": pairs})
    first = account("GET", f"/crm/v4/objects/companies/{ACME}/associations/contacts?limit=70").json()
    second = account("GET", first["paging"]["next"]["link"].removeprefix(account.sandbox.url)).json()
    assert (len(first["results"]), len(second["results"]), "paging" in second) == (70, 32, False)
    [acme, _] = account("GET", "/crm/v3/objects/companies?associations=contacts").json()["results"]
    assert len({each["id"] for each in acme["associations"]["contacts"]["results"]}) == 100
    assert acme["associations"]["contacts"]["paging"]["next"]["after"]


def test_version_3_names_every_kind(account: Account) -> None:
    """The old paths show ids as text and kinds by name."""
    assert account("GET", f"/crm/v3/objects/contacts/{ANNA}/associations/companies").json()["results"] == [
        {"id": ACME, "type": "contact_to_company"},
        {"id": ACME, "type": "contact_to_company_unlabeled"},
    ]
