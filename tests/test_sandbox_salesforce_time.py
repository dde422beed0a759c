"""What the sandbox clock does to Salesforce records: births, changes, merges, deletions, the recycle bin."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from sandbox.server import Sandbox
from tests.sandbox_org import ACME, ANNA, BOLT, NOW, RECORDS, SETTINGS, Org, clock, code


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox({"salesforce": RECORDS}, NOW, settings={"salesforce": SETTINGS}) as running:
        yield running


@pytest.fixture
def org(sandbox: Sandbox) -> Org:
    return Org(sandbox)


def test_the_clock_brings_changes_births_and_merges(sandbox: Sandbox) -> None:
    """Seeds appear, change and merge at their own moments; what we wrote in between stays."""
    sandbox.vendors["salesforce"].settings.token_seconds = 10**8
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
    sandbox.vendors["salesforce"].settings.token_seconds = 10**8
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
    assert code(org("PATCH", f"sobjects/Account/{BOLT}", {"Name": "x"})) == (404, "NOT_FOUND")


def test_cases_keep_their_account_from_being_deleted(sandbox: Sandbox, org: Org) -> None:
    """The vendor refuses through the API; a person, who deletes the cases first, gets through."""
    made = org("POST", "sobjects/Case", {"Subject": "help", "AccountId": BOLT}).json()["id"]
    assert code(org("DELETE", f"sobjects/Account/{BOLT}")) == (400, "DELETE_FAILED")
    requests.post(f"{sandbox.control}/records/salesforce/Account/{BOLT}/delete", timeout=10).raise_for_status()
    assert org.query(f"SELECT IsDeleted FROM Case WHERE Id = '{made}'", all_=True) == [{"IsDeleted": True}]
