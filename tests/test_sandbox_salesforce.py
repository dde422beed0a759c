"""The Salesforce stand-in over real HTTP: what the vendor answers to plain requests and to simple-salesforce."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce, format_soql
from simple_salesforce.exceptions import SalesforceMalformedRequest

from sandbox.salesforce_org import Settings
from sandbox.server import Sandbox

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ACME, BOLT, CUBE = (f"00100000000000{n}AAA" for n in "123")
ANNA = "003000000000001AAA"
ACTIVE, INACTIVE = "005000000000001AAA", "005000000000002AAA"
DEAL = "006000000000001AAA"
DATA = "/services/data/v66.0"

RECORDS: dict[str, list[dict[str, Any]]] = {
    "User": [
        {"Id": ACTIVE, "Username": "a@x.example", "LastName": "Active", "Email": "a@x.example"},
        {"Id": INACTIVE, "Username": "i@x.example", "LastName": "Gone", "Email": "i@x.example", "IsActive": False},
    ],
    "Account": [
        {"Id": ACME, "Name": "Acme", "CreatedDate": "2026-01-01T00:00:00Z",
         "_changes": [{"at": "2026-11-21T09:00:00Z", "Name": "Acme Ltd", "Type": "Customer"}]},
        {"Id": BOLT, "Name": "Bolt", "CreatedDate": "2026-01-01T00:00:00Z", "_deleted_at": "2026-11-22T09:00:00Z",
         "_merged_into": ACME},
        {"Id": CUBE, "Name": "Cube", "CreatedDate": "2026-11-21T00:00:00Z"},
    ],
    "Contact": [
        {"Id": ANNA, "LastName": "Anders", "AccountId": BOLT, "Email": "anna@x.example", "CreatedDate": "2026-01-01T00:00:00Z"},
        {"Id": "003000000000002AAA", "LastName": "One", "Email": "same@x.example", "CreatedDate": "2026-01-01T00:00:00Z"},
        {"Id": "003000000000003AAA", "LastName": "Two", "Email": "same@x.example", "CreatedDate": "2026-01-01T00:00:00Z"},
    ],
    "Opportunity": [{"Id": DEAL, "Name": "Deal", "StageName": "Prospecting", "CloseDate": "2026-12-31", "AccountId": ACME, "Amount": 50}],
}  # fmt: skip


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(
        RECORDS, NOW, settings=Settings(hidden=frozenset({"Account.Rating"}), read_only=frozenset({"Account.Phone"}))
    ) as running:
        yield running


class Org:
    """A plain client with a token: `org("GET", "limits")`."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.url = sandbox.url
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {sandbox.access_token()}"

    def __call__(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        url = self.url + (path if path.startswith("/") else f"{DATA}/{path}")
        return self.session.request(method, url, json=body, timeout=10, **more)

    def query(self, text: str, *, all_: bool = False) -> list[dict[str, Any]]:
        answer = self("GET", "queryAll" if all_ else "query", params={"q": text})
        assert answer.status_code == 200, answer.text
        return [{k: v for k, v in record.items() if k != "attributes"} for record in answer.json()["records"]]


@pytest.fixture
def org(sandbox: Sandbox) -> Org:
    return Org(sandbox)


def clock(sandbox: Sandbox, now: str) -> None:
    requests.post(f"{sandbox.control}/clock", json={"now": now}, timeout=10).raise_for_status()


def code(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()[0]["errorCode"]


# --- logging in -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["header", "form"])
def test_client_credentials_log_in_either_way(sandbox: Sandbox, way: str) -> None:
    """A Basic header and a body form are both fine, and the token works at once."""
    form = {"grant_type": "client_credentials"}
    own = {"client_id": sandbox.client_id, "client_secret": sandbox.client_secret}
    url = f"{sandbox.url}/services/oauth2/token"
    auth = (sandbox.client_id, sandbox.client_secret) if way == "header" else None
    granted = requests.post(url, data=form | (own if way == "form" else {}), auth=auth, timeout=10).json()
    assert granted["instance_url"] == sandbox.url
    assert granted["access_token"].startswith("00D")
    who = requests.get(
        f"{sandbox.url}/services/oauth2/userinfo",
        headers={"Authorization": f"Bearer {granted['access_token']}"},
        timeout=10,
    )
    assert who.json()["preferred_username"] == "integration@crmpulse.example"


def test_a_wrong_secret_is_an_oauth_error_object(sandbox: Sandbox) -> None:
    """OAuth errors are an object with error and error_description, status 400."""
    answer = requests.post(
        f"{sandbox.url}/services/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=(sandbox.client_id, "wrong"),
        timeout=10,
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")
    who = requests.get(f"{sandbox.url}/services/oauth2/userinfo", headers={"Authorization": "Bearer nope"}, timeout=10)
    assert (who.status_code, who.text) == (403, "Bad_OAuth_Token")


def assertion(key: rsa.RSAPrivateKey, **claims: Any) -> dict[str, str]:
    told = {"iss": "crmpulse-sandbox", "sub": "integration@crmpulse.example", "aud": "https://login.salesforce.com"}
    signed = jwt.encode(told | {"exp": int(time.time()) + 180} | claims, key, algorithm="RS256")
    return {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": signed}


def test_a_signed_assertion_logs_in_only_when_everything_fits() -> None:
    """Signature, audience, user and expiry are each checked."""
    key, other = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    pem = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    with Sandbox({}, NOW, settings=Settings(public_key=pem.decode())) as sandbox:

        def ask(form: dict[str, str]) -> requests.Response:
            return requests.post(f"{sandbox.url}/services/oauth2/token", data=form, timeout=10)

        assert ask(assertion(key)).status_code == 200
        assert ask(assertion(key, exp=str(int(time.time()) + 180))).status_code == 200
        assert ask(assertion(other)).json()["error_description"] == "invalid assertion"
        assert ask(assertion(key, aud="https://x")).json()["error_description"] == "audience is invalid"
        assert ask(assertion(key, sub="no@x")).json()["error_description"] == "user hasn't approved this consumer"
        assert ask(assertion(key, exp=int(time.time()) - 5)).status_code == 400
        assert ask(assertion(key, iss="nobody")).json()["error"] == "invalid_client_id"


def test_tokens_end_with_the_sandbox_clock(sandbox: Sandbox, org: Org) -> None:
    """After the session time a token is answered with INVALID_SESSION_ID."""
    assert org("GET", "limits").status_code == 200
    clock(sandbox, "2026-11-20T14:00:01Z")
    assert code(org("GET", "limits")) == (401, "INVALID_SESSION_ID")


# --- paths, versions, describe ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["sobjects/Account/describe", "sobjects/account/Describe/", "SOBJECTS/ACCOUNT/describe"]
)
def test_paths_take_any_case_and_a_slash_at_the_end(org: Org, path: str) -> None:
    """Clients differ in slashes and case; all of them arrive."""
    answer = org("GET", path)
    assert (answer.status_code, answer.json()["name"]) == (200, "Account")
    assert answer.headers["Content-Type"] == "application/json;charset=UTF-8"
    assert answer.headers["Sforce-Limit-Info"].startswith("api-usage=")


def test_versions_come_and_go(org: Org) -> None:
    """v31 to v68 answer, older ones are gone, and the list ends with the newest."""
    assert org("GET", "/services/data/").json()[-1] == {
        "label": "Winter '27",
        "url": "/services/data/v68.0",
        "version": "68.0",
    }
    assert [
        org("GET", f"/services/data/v{v}/limits/").status_code for v in ("50.0", "59.0", "68.0", "30.0", "99.0")
    ] == [200, 200, 200, 410, 404]
    assert code(org("GET", "nonsense")) == (404, "NOT_FOUND")
    assert code(org("PUT", "sobjects/Account")) == (405, "METHOD_NOT_ALLOWED")


def test_describe_shows_only_what_our_user_may_see(org: Org) -> None:
    """A hidden field is absent, a read-only one cannot be updated, and every field has the full set of keys."""
    fields = {field["name"]: field for field in org("GET", "sobjects/Account/describe").json()["fields"]}
    assert "Rating" not in fields
    assert (fields["Phone"]["updateable"], fields["Name"]["updateable"]) == (False, True)
    key = fields["Crmpulse_Key__c"]
    assert (key["type"], key["length"], key["externalId"], key["unique"], key["byteLength"]) == (
        "string",
        64,
        True,
        True,
        192,
    )
    score = fields["Crmpulse_Score__c"]
    assert (score["type"], score["precision"], score["scale"], score["soapType"]) == ("double", 3, 0, "xsd:double")
    assert len({frozenset(field) for field in fields.values()}) == 1
    assert code(org("GET", "sobjects/Nope/describe")) == (404, "NOT_FOUND")
    assert "Account" in [each["name"] for each in org("GET", "sobjects").json()["sobjects"]]


# --- queries ----------------------------------------------------------------------------------------------------------


def test_pages_are_shorter_than_asked_for_and_complete(sandbox: Sandbox) -> None:
    """Pages vary below the batch size; only `done` tells the end, and every record comes once."""
    many = {"Account": [{"Id": f"001000000{n:06d}AAA", "Name": f"N{n}"} for n in range(3000)]}
    with Sandbox(many, NOW) as sandbox:
        org = Org(sandbox)
        answer = org(
            "GET",
            "query",
            params={"q": "SELECT Id FROM Account ORDER BY Id"},
            headers={"Sforce-Query-Options": "batchSize=500"},
        ).json()
        sizes, seen = [], []
        while True:
            sizes.append(len(answer["records"]))
            seen += [record["Id"] for record in answer["records"]]
            if answer["done"]:
                break
            assert answer["nextRecordsUrl"].startswith(f"{DATA}/query/0r8")
            answer = org("GET", answer["nextRecordsUrl"]).json()
        assert max(sizes) <= 500
        assert len(set(sizes)) > 2
        assert seen == sorted(each["Id"] for each in many["Account"])


def test_a_locator_lives_two_days(sandbox: Sandbox) -> None:
    """Rereading a page is fine; after two days of the clock it is INVALID_QUERY_LOCATOR."""
    many = {"Account": [{"Id": f"001000000{n:06d}AAA", "Name": f"N{n}"} for n in range(2100)]}
    with Sandbox(many, NOW, settings=Settings(page_seed=None, token_seconds=10**7)) as sandbox:
        org = Org(sandbox)
        first = org("GET", "query", params={"q": "SELECT Id FROM Account"}).json()
        assert (first["totalSize"], len(first["records"])) == (2100, 2000)
        assert [len(org("GET", first["nextRecordsUrl"]).json()["records"]) for _ in range(2)] == [100, 100]
        clock(sandbox, "2026-11-22T12:00:00Z")
        assert code(org("GET", first["nextRecordsUrl"])) == (400, "INVALID_QUERY_LOCATOR")


def test_long_addresses_are_refused_in_html(org: Org) -> None:
    """Above 16 KB the URI is 414 and URI with headers is 431; a composite carries the same query."""
    long = "SELECT Id FROM Account WHERE Name IN (" + ", ".join(f"'{n:010d}'" for n in range(1300)) + ")"
    assert [org("GET", "query", params={"q": text}).status_code for text in (long, long[:8_000])] == [414, 400]
    answer = org("GET", "query?q=" + "x" * 16_200)
    assert (answer.status_code, answer.headers["Content-Type"]) == (431, "text/html;charset=UTF-8")
    body = {
        "compositeRequest": [{"method": "GET", "url": f"{DATA}/query?q={long.replace(' ', '+')}", "referenceId": "q"}]
    }
    assert org("POST", "composite", body).json()["compositeResponse"][0]["httpStatusCode"] == 200


def test_column_metadata_is_what_the_cli_asks_for(org: Org) -> None:
    """query?columns=true names the columns and returns no rows."""
    answer = org("GET", "query", params={"q": "SELECT Id, Owner.Name FROM Account", "columns": "true"}).json()
    assert [(each["columnName"], len(each["joinColumns"])) for each in answer["columnMetadata"]] == [
        ("Id", 0),
        ("Owner", 1),
    ]


# --- single records ---------------------------------------------------------------------------------------------------


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


# --- upserts ----------------------------------------------------------------------------------------------------------


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


# --- collections ------------------------------------------------------------------------------------------------------


def records(*rows: dict[str, Any], object: str = "Account", **more: Any) -> dict[str, Any]:
    return {"records": [{"attributes": {"type": object}, **row} for row in rows], **more}


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


# --- composite --------------------------------------------------------------------------------------------------------


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


# --- time, deletions, merges ------------------------------------------------------------------------------------------


def test_the_clock_brings_changes_births_and_merges(sandbox: Sandbox) -> None:
    """Seeds appear, change and merge at their own moments; what we wrote in between stays."""
    sandbox.org.settings.token_seconds = 10**8
    org = Org(sandbox)
    assert [row["Name"] for row in org.query("SELECT Name FROM Account ORDER BY Id")] == ["Acme", "Bolt"]
    org("PATCH", f"sobjects/Account/{ACME}", {"Type": "Prospect", "Crmpulse_Tier__c": "green"})
    clock(sandbox, "2026-11-21T12:00:00Z")
    assert org.query("SELECT Name, Type, Crmpulse_Tier__c, SystemModstamp FROM Account ORDER BY Id") == [
        {
            "Name": "Acme Ltd",
            "Type": "Customer",
            "Crmpulse_Tier__c": "green",
            "SystemModstamp": "2026-11-21T09:00:00.000+0000",
        },
        {"Name": "Bolt", "Type": None, "Crmpulse_Tier__c": None, "SystemModstamp": "2026-01-01T00:00:00.000+0000"},
        {"Name": "Cube", "Type": None, "Crmpulse_Tier__c": None, "SystemModstamp": "2026-11-21T00:00:00.000+0000"},
    ]
    clock(sandbox, "2026-11-23T00:00:00Z")
    assert org.query("SELECT Id, MasterRecordId FROM Account WHERE IsDeleted = true", all_=True) == [
        {"Id": BOLT, "MasterRecordId": ACME}
    ]
    assert org.query(f"SELECT AccountId FROM Contact WHERE Id = '{ANNA}'") == [{"AccountId": ACME}]
    assert (
        requests.post(f"{sandbox.control}/clock", json={"now": "2026-01-01T00:00:00Z"}, timeout=10).status_code == 400
    )


def test_deletions_cascade_are_logged_and_vanish_after_15_days(sandbox: Sandbox) -> None:
    """Children go with their account; queryAll and deleted/ tell of it until the recycle bin is emptied."""
    sandbox.org.settings.token_seconds = 10**8
    org = Org(sandbox)
    assert org("DELETE", f"sobjects/Account/{BOLT}").status_code == 204
    assert org.query(f"SELECT IsDeleted FROM Contact WHERE Id = '{ANNA}'", all_=True) == [{"IsDeleted": True}]
    window = {"start": "2026-11-20T00:00:00+00:00", "end": "2026-11-21T00:00:00+00:00"}
    log = org("GET", "sobjects/Account/deleted/", params=window).json()
    assert log["deletedRecords"] == [{"id": BOLT, "deletedDate": "2026-11-20T12:00:00.000+0000"}]
    assert log["latestDateCovered"] == "2026-11-20T12:00:00.000+0000"
    assert ACME not in org("GET", "sobjects/Account/updated", params=window).json()["ids"]
    clock(sandbox, "2026-12-06T12:00:00Z")
    assert org.query("SELECT Id FROM Account WHERE IsDeleted = true", all_=True) == []
    assert code(org("PATCH", f"sobjects/Account/{BOLT}", {"Name": "x"})) == (400, "INVALID_CROSS_REFERENCE_KEY")


# --- simple-salesforce ------------------------------------------------------------------------------------------------


class Loopback(HTTPAdapter):
    """Leads https addresses to the sandbox over plain http."""

    def __init__(self, target: str) -> None:
        self.target = target
        super().__init__()

    def send(self, request: requests.PreparedRequest, **how: Any) -> requests.Response:  # type: ignore[override]
        parts = urlsplit(str(request.url))
        request.url = self.target + parts.path + (f"?{parts.query}" if parts.query else "")
        return super().send(request, **how | {"timeout": 10})


@pytest.fixture
def stranger(sandbox: Sandbox) -> Salesforce:
    session = requests.Session()
    session.mount("https://", Loopback(sandbox.url))
    return Salesforce(
        consumer_key=sandbox.client_id,
        consumer_secret=sandbox.client_secret,
        domain="acme.my",
        session=session,
        version="66.0",
    )


def test_simple_salesforce_reads_and_writes(stranger: Salesforce) -> None:
    """Login, create, upsert, query, delete and limits in a stranger's own words."""
    made = stranger.Account.create({"Name": "Tom's"})
    found = stranger.query(format_soql("SELECT Id, Name FROM Account WHERE Name = {}", "Tom's"))
    assert [record["Id"] for record in found["records"]] == [made["id"]]
    assert stranger.Task.upsert("Crmpulse_Key__c/k1", {"Subject": "a", "WhatId": made["id"]}) == 201
    assert stranger.Task.upsert("Crmpulse_Key__c/k1", {"Subject": "b"}) == 200
    assert stranger.Task.get_by_custom_id("Crmpulse_Key__c", "k1")["Subject"] == "b"
    assert stranger.Account.update(made["id"], {"Name": "Tim's"}) == 204
    assert stranger.Account.delete(made["id"]) == 204
    assert stranger.query("SELECT Id FROM Account WHERE IsDeleted = true", include_deleted=True)["totalSize"] == 1
    deleted = stranger.Account.deleted(datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC))
    assert [each["id"] for each in deleted["deletedRecords"]] == [made["id"]]
    assert stranger.limits()["DailyApiRequests"]["Max"] == 100_000
    assert stranger.api_usage["api-usage"].total == 100_000
    assert stranger.Account.describe()["fields"][0]["name"] == "Id"
    with pytest.raises(SalesforceMalformedRequest, match="INVALID_FIELD"):
        stranger.query("SELECT Nope FROM Account")


def test_simple_salesforce_pages_and_collections(stranger: Salesforce) -> None:
    """Several hundred records go in by collections and come back through its pager."""
    rows = [{"attributes": {"type": "Contact"}, "LastName": f"L{n}", "AccountId": ACME} for n in range(400)]
    for start in (0, 200):
        answer = stranger.restful(
            "composite/sobjects", method="POST", json={"allOrNone": False, "records": rows[start : start + 200]}
        )
        assert all(each["success"] for each in answer)
    found = stranger.query_all_iter(
        "SELECT Id, LastName FROM Contact WHERE LastName LIKE 'L%'", headers={"Sforce-Query-Options": "batchSize=200"}
    )
    assert {record["LastName"] for record in found} == {f"L{n}" for n in range(400)}
