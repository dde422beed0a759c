"""What the Salesforce stand-in answers to reading: paths, versions, describe, queries in pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.salesforce.org import Settings
from sandbox.server import Sandbox
from tests.sandbox_org import DATA, NOW, RECORDS, SETTINGS, Org, clock, code


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox({"salesforce": RECORDS}, NOW, settings={"salesforce": SETTINGS}) as running:
        yield running


@pytest.fixture
def org(sandbox: Sandbox) -> Org:
    return Org(sandbox)


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


def test_pages_are_shorter_than_asked_for_and_complete(sandbox: Sandbox) -> None:
    """Pages vary below the batch size; only `done` tells the end, and every record comes once."""
    many = {"Account": [{"Id": f"001000000{n:06d}AAA", "Name": f"N{n}"} for n in range(3000)]}
    with Sandbox({"salesforce": many}, NOW) as sandbox:
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
    with Sandbox(
        {"salesforce": many}, NOW, settings={"salesforce": Settings(page_seed=None, token_seconds=10**7)}
    ) as sandbox:
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
