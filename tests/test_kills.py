"""Syncs that are killed at any point and started again, against databases and vendors that remember what was done."""

from __future__ import annotations

import random
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from sandbox import stories
from sandbox.server import Sandbox
from sandbox.world import morning
from tests import onlookers
from tests.journey import Company, rows, warehouse_url

WORLD = stories.build(date(2026, 11, 22))


def killed_syncs(company: Company, kills: int, seed: int) -> None:
    """Start a sync, kill it after a while, start again; the last one may finish."""
    chance = random.Random(seed)
    now = company.later(0).isoformat()
    command = [sys.executable, "-m", "flows.cli", "sync", "--json", "--now", now[:19]]
    for _ in range(kills):
        process = subprocess.Popen(command, env={**company.process_environment()}, stdout=subprocess.DEVNULL)
        try:
            process.wait(timeout=chance.uniform(1.5, 7))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    done = subprocess.run(command, env={**company.process_environment()}, capture_output=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr.decode()


def written_keys(company: Company) -> dict[str, list[str]]:
    """Our keys on everything that we created, by where it is."""
    found = {}
    for object in ("Task", "Opportunity"):
        shown = onlookers.salesforce(
            company.sandbox, f"SELECT Crmpulse_Key__c FROM {object} WHERE Crmpulse_Key__c != null"
        )
        found[object] = [record["Crmpulse_Key__c"] for record in shown]
    for object in ("tasks", "deals"):
        told = onlookers.hubspot(company.sandbox, object, ["crmpulse_key"]).values()
        found[object] = [record["crmpulse_key"] for record in told if record["crmpulse_key"]]
    assert all(found.values())
    return found


@pytest.mark.parametrize("engine", ["duckdb", "postgresql"])
@pytest.mark.heavy
@pytest.mark.parametrize("kills", [25])
def test_a_sync_killed_at_any_point_goes_on(
    engine: str, kills: int, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """However often it is killed: every record arrives once, and nothing is written twice."""
    with Sandbox(WORLD.records(), morning(WORLD.first_day)) as sandbox:
        company = Company(WORLD, sandbox, tmp_path, warehouse_url(engine, tmp_path, request))
        company.arrive_at_the_end()
        killed_syncs(company, kills, seed=kills)
        current = rows(company, "SELECT system, stream, id FROM raw_records WHERE superseded_at IS NULL")
        assert len(current) == len(set(current))
        usage = rows(
            company,
            "SELECT count(*), count(DISTINCT file_hash || ':' || line) FROM usage_days WHERE superseded_at IS NULL",
        )
        assert usage[0][0] == usage[0][1] > 1000
        for name, keys in written_keys(company).items():
            assert len(keys) == len(set(keys)), name
        roles = [
            (r["OpportunityId"], r["ContactId"])
            for r in onlookers.salesforce(
                company.sandbox, "SELECT OpportunityId, ContactId FROM OpportunityContactRole"
            )
        ]
        assert len(roles) == len(set(roles))
        before = company.writes()
        assert company.sync(company.later(30)).exit_status == 0
        assert company.writes() == before
