"""Faults on demand: every way in which a vendor can fail, over real sockets, and none of it by mistake."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from sandbox.server import Sandbox

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ACME, BOLT = "001000000000001AAA", "001000000000002AAA"
DATA = "/services/data/v66.0"
RECORDS = {"Account": [{"Id": ACME, "Name": "Acme"}, {"Id": BOLT, "Name": "Bolt"}]}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox({"salesforce": RECORDS}, NOW) as running:
        yield running


@pytest.fixture
def call(sandbox: Sandbox) -> Any:
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {sandbox.access_token('salesforce')}"

    def send(method: str, path: str, body: Any = None) -> requests.Response:
        return session.request(method, f"{sandbox.url}{DATA}/{path}", json=body, timeout=10)

    return send


def order(sandbox: Sandbox, **fault: Any) -> None:
    answer = requests.post(f"{sandbox.control}/faults", json=fault, timeout=10)
    assert answer.status_code == 200, answer.text


def names(call: Any) -> list[str]:
    found = call("GET", "query?q=SELECT+Name+FROM+Account+ORDER+BY+Name").json()["records"]
    return [record["Name"] for record in found]


def test_a_status_with_body_and_headers_is_sent_as_ordered(sandbox: Sandbox, call: Any) -> None:
    """The second and third matching calls fail, the others pass; other paths are left alone."""
    body = [{"message": "Server Unavailable", "errorCode": "SERVER_UNAVAILABLE"}]
    order(
        sandbox,
        method="GET",
        path="/query",
        after_calls=1,
        times=2,
        status=503,
        body=body,
        headers={"Retry-After": "3"},
    )
    answers = [call("GET", "query?q=SELECT+Id+FROM+Account") for _ in range(4)]
    assert [each.status_code for each in answers] == [200, 503, 503, 200]
    assert (answers[1].json(), answers[1].headers["Retry-After"]) == (body, "3")
    assert call("GET", "limits").status_code == 200


def test_html_pages_and_errors_with_200(sandbox: Sandbox, call: Any) -> None:
    """A proxy's page is HTML; an error may come with 200."""
    order(sandbox, status=502, body="<html>Bad Gateway</html>")
    order(sandbox, status=200, body=[{"message": "odd", "errorCode": "UNKNOWN_EXCEPTION"}])
    page, odd = call("GET", "limits"), call("GET", "limits")
    assert (page.status_code, page.headers["Content-Type"]) == (502, "text/html;charset=UTF-8")
    assert (odd.status_code, odd.json()[0]["errorCode"]) == (200, "UNKNOWN_EXCEPTION")


def test_a_connection_dropped_before_leaves_nothing(sandbox: Sandbox, call: Any) -> None:
    """The client sees its connection break, and no record was created."""
    order(sandbox, method="POST", drop="before")
    with pytest.raises(requests.ConnectionError):
        call("POST", "sobjects/Account", {"Name": "New"})
    assert names(call) == ["Acme", "Bolt"]


def test_a_connection_dropped_after_leaves_the_record(sandbox: Sandbox, call: Any) -> None:
    """The same error for the client, but the commit is done: only keys save it from writing twice."""
    order(sandbox, method="POST", drop="after")
    with pytest.raises(requests.ConnectionError):
        call("POST", "sobjects/Account", {"Name": "New"})
    assert names(call) == ["Acme", "Bolt", "New"]


def test_a_truncated_body_is_noticed(sandbox: Sandbox, call: Any) -> None:
    """The headers promise more than what arrives."""
    order(sandbox, truncate=True)
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        call("GET", "sobjects/Account/describe")
    assert names(call) == ["Acme", "Bolt"]


def test_a_delayed_answer_takes_its_time(sandbox: Sandbox, call: Any) -> None:
    """Other calls are answered meanwhile, because only this one waits."""
    order(sandbox, path="limits", delay=0.3)
    begun = time.monotonic()
    assert call("GET", "limits").status_code == 200
    assert time.monotonic() - begun >= 0.3


def test_tokens_end_when_told_to(sandbox: Sandbox, call: Any) -> None:
    """Once, a new login helps; with times 0 it never does."""
    order(sandbox, expire_tokens=True)
    assert call("GET", "limits").json()[0]["errorCode"] == "INVALID_SESSION_ID"
    order(sandbox, path="/services/data", expire_tokens=True, times=0)
    for _ in range(2):
        headers = {"Authorization": f"Bearer {sandbox.access_token('salesforce')}"}
        assert requests.get(f"{sandbox.url}{DATA}/limits", headers=headers, timeout=10).status_code == 401


def test_single_records_of_a_collection_can_be_locked(sandbox: Sandbox, call: Any) -> None:
    """The chosen records fail with UNABLE_TO_LOCK_ROW once, the others are saved."""
    order(sandbox, method="PATCH", records={"ids": [BOLT]})
    body = {"records": [{"attributes": {"type": "Account"}, "id": each, "Type": "Customer"} for each in (ACME, BOLT)]}
    good, bad = call("PATCH", "composite/sobjects", body).json()
    assert good["success"]
    assert bad["errors"][0]["statusCode"] == "UNABLE_TO_LOCK_ROW"
    assert all(each["success"] for each in call("PATCH", "composite/sobjects", body).json())
    order(sandbox, records={"positions": [0], "code": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "No Mondays"})
    assert call("PATCH", "composite/sobjects", body).json()[0]["errors"][0]["message"] == "No Mondays"


def test_a_person_edits_in_the_middle_of_a_run(sandbox: Sandbox, call: Any) -> None:
    """Just when the second call arrives, somebody renames one account, deletes another and adds a third."""
    edits = [
        {"vendor": "salesforce", "object": "Account", "record": {"Id": ACME, "Name": "Acme Ltd"}},
        {"vendor": "salesforce", "object": "Account", "delete": BOLT},
        {"vendor": "salesforce", "object": "Account", "record": {"Name": "Cube"}},
    ]
    order(sandbox, after_calls=1, person_edits=edits)
    assert [names(call), names(call)] == [["Acme", "Bolt"], ["Acme Ltd", "Cube"]]


def test_people_edit_by_the_control_endpoint(sandbox: Sandbox, call: Any) -> None:
    """Saving, deleting and merging as in the CRM's own pages; a field that does not exist is a mistake of the test."""
    place = f"{sandbox.control}/records/salesforce"
    made = requests.post(f"{place}/Contact", json={"LastName": "New", "AccountId": BOLT}, timeout=10).json()["id"]
    assert requests.post(f"{place}/Account/{BOLT}/merge", json={"into": ACME}, timeout=10).json() == {"id": ACME}
    assert call("GET", f"sobjects/Contact/{made}").json()["AccountId"] == ACME
    requests.post(f"{place}/Contact/{made}/delete", timeout=10).raise_for_status()
    assert call("GET", f"sobjects/Contact/{made}").status_code == 404
    wrong = requests.post(f"{place}/Account", json={"Id": ACME, "Nope": 1}, timeout=10)
    assert (wrong.status_code, "no field Nope" in wrong.json()["error"]) == (400, True)


def test_the_allowance_ends_and_returns(sandbox: Sandbox, call: Any) -> None:
    """When the daily calls are spent every call is 403 until 24 hours have passed."""
    requests.post(
        f"{sandbox.control}/settings/salesforce", json={"daily_limit": 2, "token_seconds": 10**6}, timeout=10
    ).raise_for_status()
    session = {"Authorization": f"Bearer {sandbox.access_token('salesforce')}"}
    answers = [requests.get(f"{sandbox.url}{DATA}/limits", headers=session, timeout=10) for _ in range(3)]
    assert [each.status_code for each in answers] == [200, 200, 403]
    assert answers[2].json() == [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]
    assert [each.headers["Sforce-Limit-Info"] for each in answers] == [
        "api-usage=1/2",
        "api-usage=2/2",
        "api-usage=2/2",
    ]
    requests.post(f"{sandbox.control}/clock", json={"now": "2026-11-21T12:00:00Z"}, timeout=10).raise_for_status()
    assert requests.get(f"{sandbox.url}{DATA}/limits", headers=session, timeout=10).status_code == 200


def test_vendor_calls_are_counted_and_control_calls_are_not(sandbox: Sandbox, call: Any) -> None:
    """Calls are counted by shape, writes apart; queries inside a composite do not make it a write."""
    requests.delete(f"{sandbox.control}/calls", timeout=10)
    call("GET", f"sobjects/Account/{ACME}")
    call("GET", f"sobjects/Account/{BOLT}")
    call("PATCH", f"sobjects/Account/{BOLT}", {"Name": "B"})
    part = {"method": "GET", "url": f"{DATA}/limits", "referenceId": "a"}
    call("POST", "composite", {"compositeRequest": [part]})
    call(
        "POST",
        "composite",
        {"compositeRequest": [part | {"method": "DELETE", "url": f"{DATA}/sobjects/Account/{BOLT}"}]},
    )
    counted = requests.get(f"{sandbox.control}/calls", timeout=10).json()
    assert (counted["total"], counted["reads"], counted["writes"]) == (5, 3, 2)
    assert counted["by_shape"]["GET /services/data/{version}/sobjects/{object}/{id}"] == 2


def test_a_misspelt_fault_is_refused(sandbox: Sandbox) -> None:
    """A test with a typo must not pass because its fault never happened."""
    answer = requests.post(f"{sandbox.control}/faults", json={"stauts": 500}, timeout=10)
    assert (answer.status_code, "no stauts" in answer.json()["error"]) == (400, True)
    assert requests.delete(f"{sandbox.control}/faults", timeout=10).json() == []


def test_the_sandbox_knows_its_vendors(sandbox: Sandbox) -> None:
    """Records, settings and edits of a vendor that it cannot play are refused; a path of nobody is a plain 404."""
    with pytest.raises(ValueError, match="no vendor lotus"):
        Sandbox({"lotus": {"Account": []}}, NOW)
    wrong = requests.post(f"{sandbox.control}/records/lotus/Account", json={}, timeout=10)
    assert (wrong.status_code, "no vendor lotus" in wrong.json()["error"]) == (400, True)
    shown = requests.get(f"{sandbox.control}/settings/salesforce", timeout=10).json()
    assert "daily_limit" in shown
    assert not {"clients", "public_key"} & set(shown)
    assert requests.get(f"{sandbox.url}/lotus", timeout=10).status_code == 404
    led = sandbox.environment()
    assert led["SALESFORCE_INSTANCE_URL"] == led["HUBSPOT_BASE_URL"] == led["ZENDESK_BASE_URL"] == sandbox.url
