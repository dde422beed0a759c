"""Many records a call: collections, composite, batch and tree."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.server import Sandbox
from tests.sandbox_org import ACME, BOLT, DATA, NOW, RECORDS, SETTINGS, Org, code, records


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox({"salesforce": RECORDS}, NOW, settings={"salesforce": SETTINGS}) as running:
        yield running


@pytest.fixture
def org(sandbox: Sandbox) -> Org:
    return Org(sandbox)


def test_collections_answer_in_order_and_with_200(org: Org) -> None:
    """Good and bad records stand where they were sent; a failed one has no id and calls its code statusCode."""
    body = records(
        {"id": ACME, "ARR__c": 1},
        {"Id": "001000000000999AAA", "ARR__c": 1},
        {"ARR__c": 1},
        {"id": BOLT, "Foo__c": 1},
        allOrNone=False,
    )
    answer = org("PATCH", "composite/sobjects", body)
    assert answer.status_code == 200
    good, *bad = answer.json()
    assert good == {"id": ACME, "success": True, "errors": []}
    assert [each["errors"][0]["statusCode"] for each in bad] == [
        "INVALID_CROSS_REFERENCE_KEY",
        "MISSING_ARGUMENT",
        "INVALID_FIELD",
    ]
    assert all("id" not in each for each in bad)
    assert bad[2]["errors"] == [
        {"statusCode": "INVALID_FIELD", "message": "No such column 'Foo__c' on sobject of type Account", "fields": []}
    ]


def test_a_collection_upsert_tells_what_was_created(org: Org) -> None:
    """New keys create, known ones update, doubled ones fail each."""
    path = "composite/sobjects/Task/Crmpulse_Key__c"
    rows = [{"Crmpulse_Key__c": key, "Subject": key} for key in ("a", "b", "c", "B")]
    first = org("PATCH", path, records(*rows, object="Task")).json()
    assert [each.get("created") for each in first] == [True, None, True, None]
    assert {each["errors"][0]["statusCode"] for each in first if not each["success"]} == {"DUPLICATE_VALUE"}
    second = org("PATCH", path, records(*rows[:1], {"Subject": "no key"}, object="Task")).json()
    assert (second[0]["id"], second[0]["created"]) == (first[0]["id"], False)
    assert second[1]["errors"][0]["statusCode"] == "MISSING_ARGUMENT"


def test_all_or_none_takes_everything_back(org: Org) -> None:
    """One bad record rolls the good ones back, and their keys are free again."""
    body = records({"Name": "good", "Crmpulse_Key__c": "k"}, {"Name": None}, allOrNone=True)
    answer = org("POST", "composite/sobjects", body).json()
    assert [each["errors"][0]["statusCode"] for each in answer] == [
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "REQUIRED_FIELD_MISSING",
    ]
    assert org.query("SELECT Id FROM Account WHERE Name = 'good'") == []
    assert org("PATCH", "sobjects/Account/Crmpulse_Key__c/k", {"Name": "good"}).status_code == 201


def test_collections_have_limits(org: Org) -> None:
    """More than 200 records, none at all, or a body that is no JSON fail as a whole."""
    assert code(org("POST", "composite/sobjects", records(*[{"Name": "x"}] * 201))) == (400, "EXCEEDED_ID_LIMIT")
    assert code(org("POST", "composite/sobjects", records())) == (400, "REQUIRED_FIELD_MISSING")
    assert code(org("POST", "composite/sobjects", data="{")) == (400, "JSON_PARSER_ERROR")
    assert len(org("POST", "composite/sobjects", records(*[{"Name": "x"}] * 200)).json()) == 200


def test_records_are_read_and_deleted_by_ids(org: Org) -> None:
    """Retrieve keeps the order with null for what is missing; delete answers per id."""
    body = {"ids": [BOLT, "001000000000999AAA", ACME], "fields": ["Name"]}
    assert [each and each["Name"] for each in org("POST", "composite/sobjects/Account", body).json()] == [
        "Bolt",
        None,
        "Acme",
    ]
    answer = org("DELETE", f"composite/sobjects?ids={ACME},001000000000999AAA&allOrNone=false").json()
    assert [each["success"] for each in answer] == [True, False]


def test_composite_calls_build_on_each_other(org: Org) -> None:
    """A later call uses an earlier id; a failing one carries the usual array; the whole is one API call."""
    before = org("GET", "limits").headers["Sforce-Limit-Info"]
    body = {
        "compositeRequest": [
            {"method": "POST", "url": f"{DATA}/sobjects/Account", "referenceId": "made", "body": {"Name": "C"}},
            {
                "method": "POST",
                "url": f"{DATA}/sobjects/Contact",
                "referenceId": "who",
                "body": {"LastName": "D", "AccountId": "@{made.id}"},
            },
            {"method": "GET", "url": f"{DATA}/sobjects/Nope/describe", "referenceId": "bad"},
        ]
    }
    answer = org("POST", "composite", body)
    made, who, bad = answer.json()["compositeResponse"]
    assert (made["httpStatusCode"], who["httpStatusCode"], bad["httpStatusCode"]) == (201, 201, 404)
    assert bad["body"][0]["errorCode"] == "NOT_FOUND"
    assert (
        org.query(f"SELECT Name, (SELECT LastName FROM Contacts) FROM Account WHERE Id = '{made['body']['id']}'")[0][
            "Contacts"
        ]["totalSize"]
        == 1
    )
    used = [int(header.partition("=")[2].partition("/")[0]) for header in (before, answer.headers["Sforce-Limit-Info"])]
    assert used[1] - used[0] == 1


def test_batch_and_tree(org: Org) -> None:
    """Batch calls are independent; a tree saves children with their parent."""
    parts = [
        {"method": "GET", "url": "v66.0/sobjects/Account/describe"},
        {"method": "GET", "url": "/services/data/v66.0/sobjects/Nope"},
    ]
    batch = org("POST", "composite/batch", {"batchRequests": parts}).json()
    assert (batch["hasErrors"], [each["statusCode"] for each in batch["results"]]) == (True, [200, 404])
    contact = {"attributes": {"type": "Contact", "referenceId": "c"}, "LastName": "T"}
    record = {"attributes": {"type": "Account", "referenceId": "a"}, "Name": "Tree", "Contacts": {"records": [contact]}}
    made = org("POST", "composite/tree/Account", {"records": [record]})
    assert (made.status_code, [each["referenceId"] for each in made.json()["results"]]) == (201, ["a", "c"])
    bad = org("POST", "composite/tree/Account", {"records": [record, {"attributes": {"referenceId": "b"}}]})
    assert (bad.status_code, bad.json()["results"][0]["referenceId"]) == (400, "b")
    assert len(org.query("SELECT Id FROM Account WHERE Name = 'Tree'")) == 1
