"""A client that others wrote reads and writes through the stand-in (jsforce: tests/strangers/)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce, format_soql
from simple_salesforce.exceptions import SalesforceMalformedRequest

from sandbox.server import Sandbox
from tests.sandbox_org import ACME, NOW, RECORDS


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox({"salesforce": RECORDS}, NOW) as running:
        yield running


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
        consumer_key=sandbox.environment()["SALESFORCE_CLIENT_ID"],
        consumer_secret=sandbox.environment()["SALESFORCE_CLIENT_SECRET"],
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
