"""Two systems of one kind: each org has its own file, name and environment, and its own records of our accounts."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from flows import steps
from flows.reports import RunReport
from flows.running import running
from flows.setup import SHIPPED_MAPPINGS, opened, ticking
from sandbox.server import Sandbox
from warehouse import tables

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
NAMES = ("salesforce_eu", "salesforce_us")
BORN = "2026-01-01T00:00:00Z"


def org(*accounts: dict[str, Any]) -> dict[str, Any]:
    """The records of an org: a user who owns these customers."""
    owner = {"Id": "005000000000001AAA", "Username": "kim@x.example", "LastName": "Kim", "Email": "kim@x.example"}
    customers = [
        {"Type": "Customer", "OwnerId": owner["Id"], "CreatedDate": BORN, "CurrencyIsoCode": "USD", **account}
        for account in accounts
    ]
    return {"salesforce": {"User": [owner], "Account": customers}}


EUROPE = org(
    {"Id": "00100000000000EAAA", "Name": "Acme Europe", "Website": "https://acme.com", "ARR__c": 500},
    {"Id": "00100000000000FAAA", "Name": "Only Europe", "Website": "https://only.eu"},
)
AMERICA = org({"Id": "00100000000000UAAA", "Name": "Acme", "Website": "www.acme.com", "ARR__c": 900})


@pytest.fixture
def env(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Two orgs on two ports, and a folder with a file for each."""
    folder = tmp_path / "mappings"
    shutil.copytree(SHIPPED_MAPPINGS, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__", "schema"))
    shipped = (folder / "salesforce.yaml").read_text()
    for name in NAMES:
        told = re.sub(r"^system: salesforce$", f"system: {name}", shipped, flags=re.MULTILINE)
        (folder / f"{name}.yaml").write_text(re.sub(r"\n {4}keys:.*\n.*Workspace_Id__c}", "", told))
    for other in ("salesforce.yaml", "hubspot.yaml", "zendesk.yaml", "product.yaml"):
        (folder / other).unlink(missing_ok=True)
    company = (folder / "crmpulse.yaml").read_text()
    (folder / "crmpulse.yaml").write_text(re.sub(r"systems: \[.*\]", f"systems: [{', '.join(NAMES)}]", company))
    with Sandbox(EUROPE, NOW) as europe, Sandbox(AMERICA, NOW) as america:
        led = {"CRMPULSE_MAPPINGS": str(folder), "CRMPULSE_WAREHOUSE_URL": f"duckdb:///{tmp_path / 'two.duckdb'}"}
        for name, sandbox in zip(NAMES, (europe, america), strict=True):
            variables = {k: v for k, v in sandbox.environment().items() if k.startswith("SALESFORCE_")}
            led |= {k.replace("SALESFORCE", name.upper(), 1): v for k, v in variables.items()}
        yield led


def synced(env: dict[str, str], now: datetime = NOW) -> RunReport:
    with opened(env, ticking(now)) as setup, running(setup, "sync") as report:
        steps.sync(setup, report)
    return report


def test_two_orgs_hold_one_account_and_both_get_its_score(env: dict[str, str]) -> None:
    """Linked by domain; the first system decides the fields and is the CRM of record; each org gets its own writes."""
    report = synced(env)
    assert int(report.exit_status) == 0, report.as_json()
    with opened(env, ticking(NOW)) as setup, setup.engine.connect() as conn:
        c = tables.accounts.c
        accounts = conn.execute(sa.select(c.name, c.crm, c.arr_native).order_by(c.name)).all()
        written = sa.text("SELECT system, external_id FROM acknowledged WHERE push = 'account_health' ORDER BY 1, 2")
        records = [tuple(row) for row in conn.execute(written)]
    assert accounts == [("Acme Europe", "salesforce_eu", 500), ("Only Europe", "salesforce_eu", None)]
    assert [(system, id[:15]) for system, id in records] == [
        ("salesforce_eu", "00100000000000E"),
        ("salesforce_eu", "00100000000000F"),
        ("salesforce_us", "00100000000000U"),
    ]


def test_an_org_that_is_away_does_not_stop_the_other(env: dict[str, str]) -> None:
    """Wrong credentials of one org are said with its own variables; the other one is synced."""
    env["SALESFORCE_US_INSTANCE_URL"] = ""
    report = synced(env)
    stopped = {step.system: step.stopped for step in report.steps if step.stopped}
    assert set(stopped) == {"salesforce_us"}
    assert "SALESFORCE_US_" in stopped["salesforce_us"]
    assert int(report.exit_status) == 3
