"""Single records and upserts: what the Salesforce stand-in accepts, refuses and fills in by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.server import Sandbox
from tests.sandbox_org import ACME, ANNA, BOLT, DATA, DEAL, INACTIVE, NOW, RECORDS, SETTINGS, Org, clock, code


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox({"salesforce": RECORDS}, NOW, settings={"salesforce": SETTINGS}) as running:
        yield running


@pytest.fixture
def org(sandbox: Sandbox) -> Org:
    return Org(sandbox)


def test_what_is_written_is_read_back(sandbox: Sandbox, org: Org) -> None:
    """Create, change, clear and delete one record; stamps follow the clock."""
    made = org(
        "POST",
        "sobjects/Account/",
        {"name": "New", "ARR__c": 12.345, "Description": " kept \n", "NumberOfEmployees": 7},
    )
    assert (made.status_code, made.json()["success"]) == (201, True)
    one = f"sobjects/Account/{made.json()['id']}"
    record = org("GET", one).json()
    assert (record["Name"], record["ARR__c"], record["Description"], record["NumberOfEmployees"]) == (
        "New",
        12.35,
        "kept",
        7,
    )
    assert record["SystemModstamp"] == "2026-11-20T12:00:00.000+0000"
    clock(sandbox, "2026-11-20T12:30:00.900000Z")
    assert org("PATCH", one, {"ARR__c": None, "NAME": "Newer"}).status_code == 204
    again = org("GET", one, params={"fields": "Name,ARR__c,LastModifiedDate,CreatedDate"}).json()
    del again["attributes"], again["Id"]
    assert again == {
        "Name": "Newer",
        "ARR__c": None,
        "LastModifiedDate": "2026-11-20T12:30:00.000+0000",
        "CreatedDate": "2026-11-20T12:00:00.000+0000",
    }
    assert org("DELETE", one).status_code == 204
    assert code(org("DELETE", one)) == (404, "ENTITY_IS_DELETED")
    assert code(org("PATCH", one, {"Name": "x"})) == (404, "ENTITY_IS_DELETED")


@pytest.mark.parametrize(
    ("object", "body", "expected", "words"),
    [
        ("Account", {}, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]"),
        ("Account", {"Name": "x", "Foo__c": 1}, "INVALID_FIELD", "No such column 'Foo__c' on sobject of type Account"),
        ("Account", {"Name": "x", "Rating": "Hot"}, "INVALID_FIELD", "No such column 'Rating' on sobject of type Account"),
        ("Account", {"Name": "x", "Phone": "1"}, "INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields: Phone."),
        ("Account", {"Name": "x", "IsDeleted": True}, "INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields: IsDeleted."),
        ("Account", {"Name": "x" * 256}, "STRING_TOO_LONG", "Account Name: data value too large: xxx"),
        ("Account", {"Name": "x", "Crmpulse_Score__c": 1000}, "NUMBER_OUTSIDE_VALID_RANGE", "value outside of valid range"),
        ("Account", {"Name": "x", "Crmpulse_Score__c": "high"}, "JSON_PARSER_ERROR", "Cannot deserialize instance of double"),
        ("Account", {"Name": "x", "Crmpulse_As_Of__c": "20.11.2026"}, "JSON_PARSER_ERROR", "instance of date from VALUE_STRING"),
        ("Account", {"Name": 5}, "JSON_PARSER_ERROR", "Cannot deserialize instance of string from VALUE_NUMBER_INT value 5"),
        ("Account", {"Name": "x", "ParentId": "001RM"}, "MALFORMED_ID", "malformed id 001RM"),
        ("Account", {"Name": "x", "ParentId": ANNA}, "MALFORMED_ID", "id value of incorrect type"),
        ("Account", {"Name": "x", "ParentId": "001000000000999AAA"}, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id"),
        ("Account", {"Name": "x", "OwnerId": INACTIVE}, "INACTIVE_OWNER_OR_USER", f"operation performed with inactive user [{INACTIVE}] as owner of account"),
        ("Account", {"Name": "x", "CurrencyIsoCode": "XXX"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "Currency: bad value for restricted picklist field: XXX"),
        ("Opportunity", {"Name": "x"}, "REQUIRED_FIELD_MISSING", "Required fields are missing: [StageName, CloseDate]"),
        ("Event", {"Subject": "x"}, "REQUIRED_FIELD_MISSING", "ActivityDateTime"),
        ("User", {"LastName": "x"}, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "does not support create"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_in_the_vendors_words(
    org: Org, object: str, body: dict[str, Any], expected: str, words: str
) -> None:
    """Every check answers 400 with its own code, and nothing is created."""
    answer = org("POST", f"sobjects/{object}", body)
    assert code(answer) == (400, expected)
    assert words in answer.json()[0]["message"]
    assert org.query("SELECT Id FROM Account WHERE Name = 'x'") == []


def test_open_picklists_take_anything_and_stages_decide(org: Org) -> None:
    """The API accepts unknown stages; known ones set closed, won and probability."""
    body = {"Name": "New", "StageName": "GENERATED", "CloseDate": "2026-12-01", "AccountId": ACME, "ContactId": ANNA}
    made = org("POST", "sobjects/Opportunity", body).json()["id"]
    assert org.query(f"SELECT StageName, IsClosed FROM Opportunity WHERE Id = '{made}'") == [
        {"StageName": "GENERATED", "IsClosed": False}
    ]
    assert org.query(f"SELECT ContactId, IsPrimary FROM OpportunityContactRole WHERE OpportunityId = '{made}'") == [
        {"ContactId": ANNA, "IsPrimary": True}
    ]
    org("PATCH", f"sobjects/Opportunity/{DEAL}", {"StageName": "Closed Won"})
    assert org.query(
        f"SELECT IsClosed, IsWon, Probability, ForecastCategoryName, ExpectedRevenue FROM Opportunity WHERE Id = '{DEAL}'"
    ) == [
        {
            "IsClosed": True,
            "IsWon": True,
            "Probability": 100.0,
            "ForecastCategoryName": "Closed",
            "ExpectedRevenue": 50.0,
        }
    ]


def test_a_task_finds_its_account_and_its_end(org: Org) -> None:
    """AccountId comes from WhatId or WhoId, completion from Status; the account's LastActivityDate follows, without LastModifiedDate."""
    by_what = org("POST", "sobjects/Task", {"Subject": "a", "WhatId": DEAL}).json()["id"]
    by_who = org("POST", "sobjects/Task", {"Subject": "b", "WhoId": ANNA}).json()["id"]
    found = {row["Id"]: row["AccountId"] for row in org.query("SELECT Id, AccountId FROM Task")}
    assert found == {by_what: ACME, by_who: BOLT}
    org("PATCH", f"sobjects/Task/{by_what}", {"Status": "Completed", "ActivityDate": "2026-11-19"})
    [task] = org.query(f"SELECT IsClosed, CompletedDateTime FROM Task WHERE Id = '{by_what}'")
    assert task == {"IsClosed": True, "CompletedDateTime": "2026-11-20T12:00:00.000+0000"}
    [account] = org.query(f"SELECT LastActivityDate, LastModifiedDate, SystemModstamp FROM Account WHERE Id = '{ACME}'")
    assert account == {
        "LastActivityDate": "2026-11-19",
        "LastModifiedDate": "2026-01-01T00:00:00.000+0000",
        "SystemModstamp": "2026-11-20T12:00:00.000+0000",
    }


def test_cases_close_with_their_status(org: Org) -> None:
    """ClosedDate is set by closing and emptied by reopening."""
    made = org("POST", "sobjects/Case", {"Subject": "help", "AccountId": ACME}).json()["id"]
    org("PATCH", f"sobjects/Case/{made}", {"Status": "Closed"})
    where = f"WHERE Id = '{made}'"
    assert org.query(f"SELECT IsClosed, ClosedDate, Priority FROM Case {where}") == [
        {"IsClosed": True, "ClosedDate": "2026-11-20T12:00:00.000+0000", "Priority": "Medium"}
    ]
    org("PATCH", f"sobjects/Case/{made}", {"Status": "Working"})
    assert org.query(f"SELECT IsClosed, ClosedDate FROM Case {where}") == [{"IsClosed": False, "ClosedDate": None}]


def test_upsert_creates_once_and_updates_after(org: Org) -> None:
    """201 with created, then 200 (204 before v46) for the same record, also when the key differs in case."""
    path = "sobjects/Task/Crmpulse_Key__c/Key%2F1 x"
    first = org("PATCH", path, {"Subject": "a"})
    assert (first.status_code, first.json()["created"]) == (201, True)
    second = org("PATCH", path.replace("Key%2F", "kEY%2F"), {"Subject": "b"})
    assert (second.status_code, second.json()) == (200, first.json() | {"created": False})
    assert org("PATCH", f"/services/data/v45.0/{path}", {"Subject": "c"}).status_code == 204
    assert org.query("SELECT Subject, Crmpulse_Key__c FROM Task") == [{"Subject": "c", "Crmpulse_Key__c": "Key/1 x"}]
    assert org("GET", path).json()["Subject"] == "c"
    assert code(org("PATCH", path, {"Crmpulse_Key__c": "Key/1 x"})) == (400, "INVALID_FIELD")
    assert code(org("PATCH", "sobjects/Task/Nope__c/1", {"Subject": "x"})) == (404, "NOT_FOUND")
    assert org("PATCH", "sobjects/Task/Crmpulse_Key__c/none?updateOnly=true", {"Subject": "x"}).status_code == 404


def test_several_matches_are_300(org: Org) -> None:
    """A lookup value that two records share answers with both addresses and writes nothing."""
    answer = org("PATCH", "sobjects/Contact/Email/same@x.example", {"Title": "x"})
    assert answer.status_code == 300
    assert answer.json() == [f"{DATA}/sobjects/Contact/00300000000000{n}AAA" for n in "23"]
    body = {"records": [{"attributes": {"type": "Contact"}, "Email": "same@x.example", "Title": "x"}]}
    [result] = org("PATCH", "composite/sobjects/Contact/Email", body).json()
    assert result["errors"][0]["statusCode"] == "DUPLICATE_EXTERNAL_ID"
    assert org.query("SELECT Id FROM Contact WHERE Title = 'x'") == []


def test_an_activity_key_is_unique_over_tasks_and_events(org: Org) -> None:
    """The field belongs to Activity: an event cannot take a task's key."""
    assert org("POST", "sobjects/Task", {"Crmpulse_Key__c": "k", "Subject": "a"}).status_code == 201
    body = {"Crmpulse_Key__c": "K", "ActivityDateTime": "2026-11-20T10:00:00Z", "DurationInMinutes": 30}
    assert code(org("POST", "sobjects/Event", body)) == (400, "DUPLICATE_VALUE")
    made = org("POST", "sobjects/Event", body | {"Crmpulse_Key__c": "other"}).json()["id"]
    assert org.query(f"SELECT EndDateTime, ActivityDate FROM Event WHERE Id = '{made}'") == [
        {"EndDateTime": "2026-11-20T10:30:00.000+0000", "ActivityDate": "2026-11-20"}
    ]
