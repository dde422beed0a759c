"""Reading Salesforce: logins, describe, changes, deletions, and a vendor that loses its place or its time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from connectors import connect
from connectors.base import ConfigError, LimitReached, Stream, Unavailable
from connectors.salesforce import Salesforce
from connectors.salesforce.auth import eighteen
from tests.scripted import Answer, Request
from tests.scripted_org import NOW, TOKEN, account, error, page, salesforce, scripted_org
from tests.vendors import SalesforceVendor

ACCOUNTS = Stream("Account", "Account", ("Id", "Name", "Website"))


@pytest.fixture
def vendor() -> Iterator[SalesforceVendor]:
    made = SalesforceVendor(20)
    yield made
    made.close()


def org_with(env: dict[str, str]) -> Salesforce:
    made = connect("salesforce", "sf", env, lambda: NOW, lambda _: None)
    assert isinstance(made, Salesforce)
    return made


def queries(requests: list[Request]) -> list[str]:
    return [request.query["q"] for request in requests if "q" in request.query]


# --- who we are -------------------------------------------------------------------------------------------------------


def test_client_credentials_go_to_the_org_itself() -> None:
    """The key and secret travel in the header; the org id comes from the token's own address, with 18 characters."""
    with scripted_org(lambda _: page([])) as vendor:
        assert salesforce(vendor).organization() == "00Dxx0000001gPLEAY"
        assert vendor.requests[0].path == "/services/oauth2/token"
        assert vendor.requests[0].headers["Authorization"].startswith("Basic ")
        assert b"hush" not in vendor.requests[0].body


def test_a_signed_assertion_logs_in(tmp_path: Path) -> None:
    """JWT: issuer, subject, audience and a life of minutes, signed by the key in the file."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "key.pem").write_bytes(pem)
    with scripted_org(lambda _: page([])) as vendor:
        env = {
            "SF_INSTANCE_URL": vendor.url,
            "SF_CLIENT_ID": "app",
            "SF_USERNAME": "integration@example.com",
            "SF_PRIVATE_KEY_FILE": str(tmp_path / "key.pem"),
            "SF_LOGIN_URL": "https://test.salesforce.com",
        }
        org_with(env).organization()
        form = dict(pair.split("=", 1) for pair in vendor.requests[0].body.decode().split("&"))
    claims = jwt.decode(
        form["assertion"],
        key.public_key(),
        algorithms=["RS256"],
        audience="https://test.salesforce.com",
        options={"verify_exp": False},
    )
    assert (claims["iss"], claims["sub"]) == ("app", "integration@example.com")
    assert 0 < claims["exp"] - NOW.timestamp() <= 300


def test_a_token_of_ones_own_needs_no_login() -> None:
    """The org id is asked for, because no login told it; the token is used as it is."""
    answer = page([{"Id": "00D000000000062EAA"}])
    with scripted_org(lambda _: answer) as vendor:
        org = org_with({"SF_INSTANCE_URL": vendor.url, "SF_ACCESS_TOKEN": "00D!mine"})
        assert org.organization() == "00D000000000062EAA"
        assert {request.headers["Authorization"] for request in vendor.requests} == {"Bearer 00D!mine"}


def test_a_token_of_ones_own_that_expired_is_a_configuration_error() -> None:
    """There is nothing to renew it with, so one answer is enough."""
    with scripted_org(lambda _: error("INVALID_SESSION_ID", "expired", 401)) as vendor:
        org = org_with({"SF_INSTANCE_URL": vendor.url, "SF_ACCESS_TOKEN": "00D!mine"})
        with pytest.raises(ConfigError, match="expired") as caught:
            org.organization()
        assert len(vendor.requests) == 1
    assert "00D!mine" not in str(caught.value)


def test_a_refused_login_says_what_the_vendor_said() -> None:
    """With the variables to check, and without the secret."""
    refusal = Answer(400, {"error": "invalid_client", "error_description": "invalid client credentials"})
    with scripted_org(lambda _: refusal) as vendor:
        vendor.answer = lambda _: refusal
        with pytest.raises(ConfigError, match=r"invalid client credentials.*SF_CLIENT_SECRET") as caught:
            salesforce(vendor).organization()
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({}, "SF_INSTANCE_URL is not set"),
        ({"SF_INSTANCE_URL": "https://acme.my.salesforce.com"}, "no complete credentials"),
        ({"SF_INSTANCE_URL": "https://acme.my.salesforce.com", "SF_CLIENT_ID": "x"}, "SF_CLIENT_SECRET"),
        ({"SF_INSTANCE_URL": "http://acme.my.salesforce.com", "SF_ACCESS_TOKEN": "x"}, "plain http"),
        ({"SF_INSTANCE_URL": "https://login.salesforce.com", "SF_ACCESS_TOKEN": "x"}, "My Domain"),
        (
            {
                "SF_INSTANCE_URL": "https://acme.my.salesforce.com",
                "SF_CLIENT_ID": "x",
                "SF_USERNAME": "u",
                "SF_PRIVATE_KEY_FILE": "/nowhere.pem",
            },
            "SF_PRIVATE_KEY_FILE",
        ),
    ],
)
def test_what_is_missing_is_said_before_any_call(env: dict[str, str], said: str) -> None:
    """By the name of the variable."""
    with pytest.raises(ConfigError, match=said):
        org_with(env)


def test_eighteen_characters_carry_the_case_of_fifteen() -> None:
    """The vendor's own rule for the three characters at the end."""
    assert eighteen("00Dxx0000001gPL") == "00Dxx0000001gPLEAY"
    assert eighteen("00Dxx0000001gPLEAY") == "00Dxx0000001gPLEAY"


# --- describe ---------------------------------------------------------------------------------------------------------


def test_describe_tells_what_can_be_written(vendor: SalesforceVendor) -> None:
    """Types, lengths, picklists, keys: what the plan checks before it sends anything."""
    schema = vendor.source().describe("Task")
    key = schema.fields["Crmpulse_Key__c"]
    assert (key.type, key.unique, key.external_id) == ("string", True, True)
    assert key.length > 0
    assert "Completed" in schema.fields["Status"].values
    assert not schema.fields["AccountId"].updateable
    assert vendor.source().describe("Account").fields["Crmpulse_Score__c"].type == "double"


def test_an_unknown_object_is_named(vendor: SalesforceVendor) -> None:
    """A ConfigError with the object's name."""
    with pytest.raises(ConfigError, match="Nonsense__c"):
        vendor.source().describe("Nonsense__c")


def test_a_hidden_field_is_named_before_the_query(vendor: SalesforceVendor) -> None:
    """Field-level security makes it look as if it did not exist; all such fields are named at once."""
    vendor.control("settings/salesforce", hidden=["Account.ARR__c"])
    stream = Stream("Account", "Account", ("ARR__c", "Id", "Name", "Nope__c"))
    with pytest.raises(ConfigError, match=r"pull Account: Account has no field ARR__c, Nope__c"):
        list(vendor.source().pull(stream, None))
    assert "queryAll" not in str(requests.get(f"{vendor.sandbox.control}/calls", timeout=10).json())


# --- changes ----------------------------------------------------------------------------------------------------------


def test_a_filter_is_passed_on_and_its_or_stays_its_own(vendor: SalesforceVendor) -> None:
    """`A OR B` of a mapping must not swallow the bookmark's condition."""
    stream = Stream("Account", "Account", ("Id", "Name"), where="Name = 'Company 1' OR Name = 'Company 19'")
    first = list(vendor.source().pull(stream, None))
    assert [record.fields["Name"] for record in first[0].records] == ["Company 1", "Company 19"]
    assert [len(some) for some in vendor.source().ids(stream)] == [2]
    vendor.change(5)
    assert [len(p.records) for p in vendor.source().pull(stream, first[-1].bookmark)] == [0]


def test_a_filter_with_a_mistake_is_a_configuration_error(vendor: SalesforceVendor) -> None:
    """The vendor's words are shown: they point at the place."""
    stream = Stream("Account", "Account", ("Id", "Name"), where="Name LIKES 'x'")
    with pytest.raises(ConfigError, match="MALFORMED_QUERY"):
        list(vendor.source().pull(stream, None))


def test_fields_of_parents_are_read(vendor: SalesforceVendor) -> None:
    """Dotted names follow relationships; a record without the parent has null."""
    child, parent = vendor.ids[3], vendor.ids[4]
    vendor.control("records/salesforce/Account", Id=child, ParentId=parent)
    stream = Stream("Account", "Account", ("Id", "Parent.Name"))
    records = {r.id: r.fields for p in vendor.source().pull(stream, None) for r in p.records}
    assert records[child] == {"Id": child, "Parent.Name": "Company 4"}
    assert records[parent] == {"Id": parent, "Parent.Name": None}


def test_names_are_spelled_as_the_mapping_spells_them(vendor: SalesforceVendor) -> None:
    """Salesforce does not care about case; our tables would."""
    stream = Stream("Account", "account", ("id", "NAME"))
    (first,) = vendor.source().pull(stream, None)
    assert dict(first.records[0].fields) == {"id": vendor.ids[0], "NAME": "Company 0"}


def test_an_object_without_a_recycle_bin_is_read_too(vendor: SalesforceVendor) -> None:
    """User has neither IsDeleted nor MasterRecordId; describe says so, and the query does not ask for them."""
    stream = Stream("User", "User", ("Id", "IsActive", "Name"))
    pages = list(vendor.source().pull(stream, None))
    assert pages[0].records
    assert {id for some in vendor.source().ids(stream) for id in some} == {r.id for p in pages for r in p.records}


def test_deletions_and_merges_are_followed(vendor: SalesforceVendor) -> None:
    """A deleted record says so; a merged one also says into which."""
    bookmark = vendor.pull()[-1].bookmark
    gone = vendor.remove(2)
    vendor.control(f"records/salesforce/Account/{vendor.ids[3]}/merge", into=vendor.ids[4])
    found = {r.id: r for p in vendor.pull(bookmark) for r in p.records}
    assert (found[gone].deleted, found[gone].merged_into) == (True, None)
    assert (found[vendor.ids[3]].deleted, found[vendor.ids[3]].merged_into) == (True, vendor.ids[4])


def _hard_deleted(stamps: Any) -> Any:
    """An org from which a record vanished without a trace in any query, within the list of deletions."""
    listed = {"deletedRecords": [{"id": account(2)["Id"], "deletedDate": "2026-11-20T11:00:00.000+0000"}]}

    def answer(request: Request) -> Answer:
        if "/deleted/" in request.path:
            stamps.append((request.query["start"], request.query["end"]))
            return Answer(200, {**listed, "latestDateCovered": "2026-11-20T11:59:00.000+0000"})
        return page([account(1)] if " IN " not in request.query["q"] else [])

    return answer


def test_a_record_that_left_the_recycle_bin_is_still_a_deletion() -> None:
    """It comes from the vendor's list of deletions, once; the window is the vendor's own time."""
    windows: list[tuple[str, str]] = []
    with scripted_org(_hard_deleted(windows), replicateable=True) as vendor:
        (first,) = salesforce(vendor).pull(ACCOUNTS, None)
        assert [(r.id, r.deleted) for r in first.records] == [(account(1)["Id"], False), (account(2)["Id"], True)]
        assert windows[0][0] == "2026-11-20T10:00:00+00:00"
        list(salesforce(vendor).pull(ACCOUNTS, first.bookmark))
        assert windows[1][0] == "2026-11-20T11:59:00+00:00"


@pytest.mark.parametrize(
    ("code", "starts"),
    [("INVALID_REPLICATION_DATE", 2), ("EXCEEDED_ID_LIMIT", 3), ("API_DISABLED", 1)],
)
def test_a_list_of_deletions_that_is_not_given_is_done_without(code: str, starts: int) -> None:
    """A window too early is moved, one too full is halved; else the nightly comparison of ids finds the deletions."""
    asked: list[Request] = []

    def answer(request: Request) -> Answer:
        if "/deleted/" not in request.path:
            return page([account(1, "2026-10-01T10:00:00.000+0000")] if " IN " not in request.query["q"] else [])
        asked.append(request)
        if len(asked) < starts or code == "API_DISABLED":
            return error(code)
        return Answer(200, {"deletedRecords": [{"id": account(9)["Id"]}], "latestDateCovered": ""})

    with scripted_org(answer, replicateable=True) as vendor:
        (only,) = salesforce(vendor).pull(ACCOUNTS, None)
    assert len(asked) == starts
    assert [r.deleted for r in only.records] == ([False, True] if code != "API_DISABLED" else [False])
    if code == "EXCEEDED_ID_LIMIT":
        ends = [request.query["end"] for request in asked]
        assert ends == sorted(ends, reverse=True)


def test_records_that_were_committed_late_are_found() -> None:
    """A record that appears behind the bookmark, with an older stamp, comes with the next pull; the others do not again."""
    seen, late = account(1, "2026-11-20T10:00:00.000+0000"), account(2, "2026-11-20T09:58:00.000+0000")
    shown = [seen]
    with scripted_org(lambda _: page(sorted(shown, key=lambda r: r["SystemModstamp"]))) as vendor:
        (first,) = salesforce(vendor).pull(ACCOUNTS, None)
        shown.append(late)
        (second,) = salesforce(vendor).pull(ACCOUNTS, first.bookmark)
        assert "SystemModstamp >= 2026-11-20T09:50:00Z" in queries(vendor.requests)[-1]
    assert [record.id for record in second.records] == [late["Id"]]


def test_a_change_within_the_same_second_is_seen() -> None:
    """Stamps have seconds: the same record with the same stamp and other values is a change."""
    shown = [account(1)]
    with scripted_org(lambda _: page(shown)) as vendor:
        (first,) = salesforce(vendor).pull(ACCOUNTS, None)
        shown[0] = account(1, Name="Renamed at once")
        (second,) = salesforce(vendor).pull(ACCOUNTS, first.bookmark)
    assert [record.fields["Name"] for record in second.records] == ["Renamed at once"]


def test_what_changes_while_a_pull_reads_is_not_skipped() -> None:
    """A cursor may show a record with a stamp from after the query: the bookmark stays at what the query could know."""
    early, middle = account(1, "2026-11-20T08:00:00.000+0000"), account(2, "2026-11-20T09:00:00.000+0000")
    touched = account(3, "2026-11-20T11:30:00.000+0000")

    def answer(request: Request) -> Answer:
        if "0r8" in request.path:
            return page([touched])
        if "DESC" in request.query["q"]:
            return page([{"SystemModstamp": middle["SystemModstamp"]}])
        return page([early, middle], next="/services/data/v66.0/query/0r8xx-2")

    with scripted_org(answer) as vendor:
        first, last = salesforce(vendor).pull(ACCOUNTS, None)
    assert (first.bookmark["at"], first.bookmark["id"]) == (middle["SystemModstamp"], middle["Id"])
    assert last.bookmark["since"] == middle["SystemModstamp"]


# --- a vendor in trouble ----------------------------------------------------------------------------------------------


def test_an_expired_cursor_is_replaced_by_the_query_from_our_place() -> None:
    """Right behind the last record that arrived: nothing twice, nothing missing."""
    records = [account(n, f"2026-11-20T0{n}:00:00.000+0000") for n in range(1, 5)]

    def answer(request: Request) -> Answer:
        if "0r8" in request.path:
            return error("INVALID_QUERY_LOCATOR", "invalid query locator")
        if "DESC" in request.query["q"]:
            return page(records[-1:])
        if "WHERE" in request.query["q"]:
            return page(records[2:])
        return page(records[:2], next="/services/data/v66.0/query/0r8xx-2")

    with scripted_org(answer) as vendor:
        pages = list(salesforce(vendor).pull(ACCOUNTS, None))
        behind = "SystemModstamp > 2026-11-20T02:00:00Z OR (SystemModstamp = 2026-11-20T02:00:00Z AND Id > '001000000000002AAA')"
        assert behind in queries(vendor.requests)[-1]
    assert [r.id for p in pages for r in p.records] == [r["Id"] for r in records]


def test_a_query_that_takes_too_long_is_asked_in_smaller_parts() -> None:
    """Once more as it is, then by two thousand records behind our place, until a part comes back short."""
    records = [account(n, f"2026-11-20T{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}.000+0000") for n in range(1, 3_000)]
    asked: list[str] = []

    def answer(request: Request) -> Answer:
        asked.append(request.query["q"])
        if "LIMIT" not in asked[-1]:
            return error("QUERY_TIMEOUT", "Your query request was running for too long.")
        if "DESC" in asked[-1]:
            return page(records[-1:])
        return page(records[2_000:] if "WHERE" in asked[-1] else records[:2_000])

    with scripted_org(answer) as vendor:
        pages = list(salesforce(vendor).pull(ACCOUNTS, None))
    assert [len(p.records) for p in pages] == [2_000, 999]
    assert [soql.partition(" LIMIT ")[2] for soql in asked] == ["", "", "2000", "1", "2000"]
    assert pages[0].bookmark["id"] == records[1_999]["Id"]
    assert pages[1].bookmark["since"] == records[-1]["SystemModstamp"]


def test_a_query_that_always_takes_too_long_is_left_for_the_next_run() -> None:
    """A few attempts, then Unavailable."""
    with scripted_org(lambda _: error("QUERY_TIMEOUT", "too long")) as vendor, pytest.raises(Unavailable):
        list(salesforce(vendor).pull(ACCOUNTS, None))


def test_a_query_too_long_for_an_address_goes_inside_a_composite_request() -> None:
    """The same page comes back, and its next page is followed as ever."""
    where = " OR ".join(f"Name = 'Company {n:06}'" for n in range(800))
    answers = iter(
        [
            Answer(200, {"compositeResponse": [{"httpStatusCode": 200, "body": page([account(1)], next="/x").body}]}),
            page([account(1)]),
            page([account(2)]),
        ]
    )
    with scripted_org(lambda _: next(answers)) as vendor:
        pages = list(salesforce(vendor).pull(_with(where), None))
        composite = next(r for r in vendor.requests if r.method == "POST" and r.path.endswith("/composite"))
        assert "/queryAll/?q=SELECT" in composite.json["compositeRequest"][0]["url"]
        assert max(len(request.path) + sum(map(len, request.query.values())) for request in vendor.requests) < 1_000
    assert [len(p.records) for p in pages] == [1, 1]


def _with(where: str) -> Stream:
    return Stream(ACCOUNTS.name, ACCOUNTS.object, ACCOUNTS.fields, where=where)


@pytest.mark.parametrize("status", [414, 431])
def test_an_address_that_the_vendor_finds_too_long_goes_inside_too(status: int) -> None:
    """Its limit may be lower than ours."""
    inside = Answer(200, {"compositeResponse": [{"httpStatusCode": 200, "body": page([account(1)]).body}]})
    with scripted_org(lambda r: inside if r.method == "POST" else Answer(status, b"<html>")) as vendor:
        (only,) = salesforce(vendor).pull(ACCOUNTS, None)
    assert len(only.records) == 1


def test_an_empty_page_with_a_successor_is_not_the_end() -> None:
    """Pages may be of any length, none included; the bookmark behind an empty first page begins anew."""

    def answer(request: Request) -> Answer:
        if "0r8" in request.path:
            return page([account(1)])
        return page([]) if "DESC" in request.query["q"] else page([], next="/services/data/v66.0/query/0r8xx-0")

    with scripted_org(answer) as vendor:
        first, last = salesforce(vendor).pull(ACCOUNTS, None)
        assert [len(first.records), len(last.records)] == [0, 1]
        assert len(list(salesforce(vendor).pull(ACCOUNTS, first.bookmark))) == 2


def test_a_page_that_names_no_successor_is_not_the_end() -> None:
    """done is false and nextRecordsUrl is missing: such an answer is asked for again, never believed."""
    bad = Answer(200, {"totalSize": 2, "done": False, "records": [account(1)]})
    answers = iter([bad, page([account(1), account(2)])])
    with scripted_org(lambda _: next(answers)) as vendor:
        (only,) = salesforce(vendor).pull(ACCOUNTS, None)
    assert len(only.records) == 2


def test_a_record_without_an_id_is_said() -> None:
    """It cannot be stored, and is not lost without a word."""
    nameless = {name: value for name, value in account(1).items() if name != "Id"}
    with scripted_org(lambda _: page([nameless, account(2)])) as vendor:
        (only,) = salesforce(vendor).pull(ACCOUNTS, None)
    assert [record.id for record in only.records] == [account(2)["Id"]]
    assert [refusal.kind for refusal in only.refusals] == ["missing_key"]


def test_a_spent_allowance_stops_the_pull() -> None:
    """403 REQUEST_LIMIT_EXCEEDED is no refusal of rights."""
    spent = error("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", 403)
    with scripted_org(lambda _: spent) as vendor, pytest.raises(LimitReached):
        list(salesforce(vendor).pull(ACCOUNTS, None))


# --- single questions -------------------------------------------------------------------------------------------------


def test_the_allowance_is_what_the_last_answer_said() -> None:
    """From the header; limits/ is asked only if no answer carried it."""
    header = {"Sforce-Limit-Info": "api-usage=25/5000; per-app-api-usage=17/250(appName=x)"}
    with scripted_org(lambda _: page([])._replace(headers=header)) as vendor:
        org = salesforce(vendor)
        list(org.pull(ACCOUNTS, None))
        assert (org.budget().used, org.budget().allowed) == (25, 5000)
        assert org.budget().calls == len(vendor.requests)
    limits = Answer(200, {"DailyApiRequests": {"Max": 15000, "Remaining": 14998}})
    with scripted_org(lambda _: limits) as vendor:
        assert (salesforce(vendor).budget().used, salesforce(vendor).budget().allowed) == (2, 15000)
    with scripted_org(lambda _: error("INSUFFICIENT_ACCESS", status=403)) as vendor:
        assert salesforce(vendor).budget().allowed is None


def test_records_are_read_by_id_in_as_many_queries_as_needed() -> None:
    """1,000 ids do not fit one address; each is asked for once, and what does not exist is absent."""

    def answer(request: Request) -> Answer:
        asked = [part.strip("'") for part in request.query["q"].split("(")[2].split(")")[0].split(",")]
        assert len(request.path) + len(request.query["q"]) * 1.5 < 16_000
        return page([account(int(id[3:15])) for id in asked if int(id[3:15]) % 2])

    wanted = [account(n)["Id"] for n in range(1_000)]
    with scripted_org(answer) as vendor:
        found = salesforce(vendor).read("Account", wanted, ["Name"])
        assert len(queries(vendor.requests)) == 6
    assert set(found) == {id for id in wanted if int(id[3:15]) % 2}


def test_keys_are_found_without_regard_to_case_and_quotes_are_safe(vendor: SalesforceVendor) -> None:
    """A key is data: what looks like SOQL in it stays a key."""
    org = vendor.source()
    assert isinstance(org, Salesforce)
    vendor.control("records/salesforce/Account", Id=vendor.ids[0], Workspace_Id__c="O'Brien\\ Ltd")
    vendor.control("records/salesforce/Account", Id=vendor.ids[1], Workspace_Id__c="Acme-1")
    found = org.find("Account", "Workspace_Id__c", ["O'Brien\\ Ltd", "ACME-1", "') OR (Name != '"], ["Name"])
    assert {key: record.id for key, record in found.items()} == {
        "O'Brien\\ Ltd": vendor.ids[0],
        "ACME-1": vendor.ids[1],
    }


def test_a_key_on_two_records_is_a_configuration_error_but_a_deleted_twin_is_not(vendor: SalesforceVendor) -> None:
    """Nobody picks one of two; one that exists and one in the recycle bin is clear."""
    org = vendor.source()
    assert isinstance(org, Salesforce)
    for n in (0, 1):
        vendor.control("records/salesforce/Account", Id=vendor.ids[n], Workspace_Id__c="twin")
    with pytest.raises(ConfigError, match="twin"):
        org.find("Account", "Workspace_Id__c", ["twin"], [])
    vendor.remove(0)
    assert org.find("Account", "Workspace_Id__c", ["twin"], [])["twin"].id == vendor.ids[1]
    vendor.remove(1)
    assert org.find("Account", "Workspace_Id__c", ["twin"], [])["twin"].deleted


def test_tokens_and_secrets_are_in_no_text_form() -> None:
    """Neither repr nor an error shows them."""
    with scripted_org(lambda _: error("API_DISABLED_FOR_ORG", "The REST API is not enabled", 403)) as vendor:
        org = salesforce(vendor)
        with pytest.raises(ConfigError, match="not enabled") as caught:
            list(org.pull(ACCOUNTS, None))
        shown = f"{caught.value!r} {org!r} {org._api.credentials!r}"
    assert "hush" not in shown
    assert str(TOKEN["access_token"]) not in shown
