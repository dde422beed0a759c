"""The properties API of the HubSpot stand-in: definitions and groups, made, changed, archived and restored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.hubspot_account import ACME, Account, served, where

PATH = "/crm/v3/properties/companies"
RISK: dict[str, Any] = {
    "name": "churn_risk",
    "label": "Churn risk",
    "type": "enumeration",
    "fieldType": "select",
    "groupName": "companyinformation",
    "options": [{"label": "High", "value": "high"}, {"label": "Low", "value": "low"}],
}


@pytest.fixture
def account() -> Iterator[Account]:
    with served(hidden=frozenset({"companies.arr"})) as running:
        yield running


def test_definitions_are_listed_and_read(account: Account) -> None:
    """HubSpot's own say so; an account may lack what another has."""
    listed = {each["name"]: each for each in account("GET", PATH).json()["results"]}
    assert listed["name"]["hubspotDefined"]
    assert "hubspotDefined" not in listed["crmpulse_score"]
    assert listed["crmpulse_key"]["hasUniqueValue"]
    assert listed["hs_lastmodifieddate"]["modificationMetadata"]["readOnlyValue"]
    assert account("GET", "/crm/properties/2026-03/companies/name").json() == listed["name"]
    assert "arr" not in listed
    assert account("GET", f"{PATH}/arr").json()["category"] == "OBJECT_NOT_FOUND"
    refused = account("PATCH", f"/crm/v3/objects/companies/{ACME}", {"properties": {"arr": "1"}})
    assert refused.json()["errors"][0]["code"] == "PROPERTY_DOESNT_EXIST"


def test_a_property_lives_dies_and_returns(account: Account) -> None:
    """201, used at once, changed, archived with 204, and restored by making it again."""
    made = account("POST", PATH, RISK)
    assert (made.status_code, made.json()["options"][1]) == (
        201,
        {"label": "Low", "value": "low", "displayOrder": 1, "hidden": False},
    )
    value = {"properties": {"churn_risk": "high"}}
    assert account("PATCH", f"/crm/v3/objects/companies/{ACME}", value).status_code == 200
    changed = account("PATCH", f"{PATH}/churn_risk", {"options": RISK["options"][:1]}).json()
    assert ([option["value"] for option in changed["options"]], changed["label"]) == (["high"], "Churn risk")
    kept = account("PATCH", f"{PATH}/churn_risk", {"label": "Risk", "name": "other", "hasUniqueValue": True}).json()
    assert (kept["name"], kept["label"], kept["hasUniqueValue"], len(kept["options"])) == (
        "churn_risk",
        "Risk",
        False,
        1,
    )
    assert account("DELETE", f"{PATH}/churn_risk").status_code == 204
    assert account("GET", f"{PATH}/churn_risk").status_code == 404
    assert [each["name"] for each in account("GET", f"{PATH}?archived=true").json()["results"]] == ["churn_risk"]
    asked = account("GET", f"/crm/v3/objects/companies/{ACME}?properties=churn_risk").json()["properties"]
    assert "churn_risk" not in asked
    assert account("POST", PATH, RISK).status_code == 201
    asked = account("GET", f"/crm/v3/objects/companies/{ACME}?properties=churn_risk").json()["properties"]
    assert asked["churn_risk"] == "high"


def test_a_name_that_is_taken_is_409(account: Account) -> None:
    """With the sub-category that clients look for."""
    account("POST", PATH, RISK)
    again = account("POST", PATH, RISK)
    assert (again.status_code, again.json()["category"]) == (409, "OBJECT_ALREADY_EXISTS")
    assert again.json()["subCategory"] == "Properties.PROPERTY_WITH_NAME_EXISTS"
    assert again.json()["message"] == "A property named 'churn_risk' already exists."


@pytest.mark.parametrize(
    "change",
    [
        {"label": None},
        {"type": "number"},
        {"groupName": "nowhere"},
        {"name": "Churn Risk"},
        {"hasUniqueValue": True},
        {"options": [{"label": "A", "value": "a"}, {"label": "B", "value": "a"}]},
    ],
)
def test_a_wrong_definition_is_refused(account: Account, change: dict[str, Any]) -> None:
    """Missing fields, a field type that does not fit, an unknown group, a strange name, unique choices, twins."""
    assert account("POST", PATH, {**RISK, **change}).status_code == 400


def test_unique_texts_are_ten_at_most_and_none_on_tasks(account: Account) -> None:
    """A unique property of one's own finds records; tasks get none."""
    key = {**RISK, "type": "string", "fieldType": "text", "hasUniqueValue": True}
    made = [account("POST", PATH, {**key, "name": f"key_{n}"}).status_code for n in range(10)]
    assert made == [201] * 9 + [400]
    account("PATCH", f"/crm/v3/objects/companies/{ACME}", {"properties": {"key_1": "A-1"}})
    assert account("GET", "/crm/v3/objects/companies/A-1?idProperty=key_1").json()["id"] == ACME
    group = account("GET", "/crm/v3/properties/tasks/groups").json()["results"][0]["name"]
    refused = account("POST", "/crm/v3/properties/tasks", {**key, "groupName": group})
    assert refused.status_code == 400


def test_groups_go_only_when_they_are_empty(account: Account) -> None:
    """201, 409 for a twin; a group with properties stays, and that refusal is JSON inside the message."""
    group = {"name": "churn", "label": "Churn score"}
    assert account("POST", f"{PATH}/groups", group).status_code == 201
    assert account("POST", f"{PATH}/groups", group).status_code == 409
    account("POST", PATH, {**RISK, "groupName": "churn"})
    kept = account("DELETE", f"{PATH}/groups/churn")
    assert (kept.status_code, "GROUP_WITH_ACTIVE_PROPERTIES" in kept.json()["message"]) == (400, True)
    account("DELETE", f"{PATH}/churn_risk")
    assert account("DELETE", f"{PATH}/groups/churn").status_code == 204
    assert account("GET", f"{PATH}/groups/churn").status_code == 404


def test_many_definitions_at_once(account: Account) -> None:
    """201 for all, 207 where some exist; read names what is missing."""
    path = "/crm/properties/2026-03/companies/batch"
    made = account("POST", f"{path}/create", {"inputs": [RISK, {**RISK, "name": "second"}]})
    assert (made.status_code, len(made.json()["results"])) == (201, 2)
    assert account("POST", f"{path}/create", {"inputs": [RISK]}).status_code == 207
    read = account("POST", f"{path}/read", {"inputs": [{"name": "second"}, {"name": "third"}]})
    assert (read.status_code, [each["name"] for each in read.json()["results"]]) == (207, ["second"])
    assert account("POST", f"{path}/archive", {"inputs": [{"name": "second"}]}).status_code == 204
    filter = {"filterGroups": [{"filters": [where("second", "HAS_PROPERTY")]}]}
    assert account("POST", "/crm/v3/objects/companies/search", filter).status_code == 400
