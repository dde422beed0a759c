"""The command line as a shell sees it: a process, its JSON on standard output, its words on the other, its exit status."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import requests

from flows.setup import SHIPPED_MAPPINGS
from sandbox import stories
from sandbox.server import Sandbox
from sandbox.world import morning
from tests.journey import Company

WORLD = stories.build(date(2026, 11, 22))
MINUTES = (f"{hour:02}:{minute:02}" for hour in range(13, 24) for minute in range(60))
"""Every call is a minute later than the one before."""


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """The stories on their last day, synced once from an empty warehouse, with mappings of their own to break."""
    folder = tmp_path_factory.mktemp("cli")
    shutil.copytree(SHIPPED_MAPPINGS, folder / "mappings", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    with Sandbox(WORLD.records(), morning(WORLD.first_day)) as sandbox:
        served = Company(WORLD, sandbox, folder, f"duckdb:///{folder / 'warehouse.duckdb'}")
        served.env["CRMPULSE_MAPPINGS"] = str(folder / "mappings")
        served.arrive_at_the_end()
        assert crmpulse(served, "sync", "--json").returncode == 0
        yield served


def crmpulse(company: Company, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    now = ("--now", f"2026-11-22T{next(MINUTES)}:00") if words[0] in {"pull", "score", "plan", "push", "sync"} else ()
    command = [sys.executable, "-m", "flows.cli", *words, *now]
    environment = {**company.process_environment(), **env}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def document(done: subprocess.CompletedProcess[str]) -> Any:
    """Standard output as the one JSON document that it must be."""
    return json.loads(done.stdout)


def rewrite(company: Company, file: str, old: str, new: str) -> None:
    path = company.folder / "mappings" / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


@pytest.mark.parametrize(
    "words", [("plan",), ("push", "--dry-run"), ("status",), ("explain", "Halden Robotics"), ("check",), ("score",)]
)
def test_machines_get_one_json_document(company: Company, words: tuple[str, ...]) -> None:
    """Whatever reports takes --json, and then standard output holds nothing else."""
    done = crmpulse(company, *words, "--json")
    assert done.returncode == 0, done.stderr
    assert document(done) is not None


def test_machines_get_a_document_when_an_error_stops_the_verb(company: Company) -> None:
    """The sentence and the exit status on standard output; people read the sentence on standard error as ever."""
    done = crmpulse(company, "explain", "nobody is called so", "--json")
    assert done.returncode == 2
    told = document(done)
    assert told["exit_status"] == 2
    assert told["error"].startswith("no account is called nobody is called so")
    assert "no account is called" in done.stderr


def test_an_account_is_explained_by_name_id_and_domain(company: Company) -> None:
    """The same account by its name, its CRM id and a part of its name; a name that fits several lists them."""
    story = next(s for s in WORLD.expectations if s.account == "Halden Robotics")
    told = {crmpulse(company, "explain", wanted).stdout for wanted in ("Halden Robotics", story.id, "halden rob")}
    assert len(told) == 1
    assert "Health 100 of 100" in told.pop()
    several = crmpulse(company, "explain", "er")
    assert several.returncode == 2
    assert "accounts fit er" in several.stderr


def test_a_plan_shows_a_persons_edit_before_it_is_undone(company: Company) -> None:
    """After a pull the plan names record, field, before, after and why; nothing has been written yet."""
    story = next(s for s in WORLD.expectations if s.score == 100)
    record = {"Id": story.id, "Crmpulse_Tier__c": "typed by hand"}
    requests.post(f"{company.sandbox.control}/records/salesforce/Account", json=record, timeout=10).raise_for_status()
    crmpulse(company, "pull", "salesforce")
    before = company.writes()
    changes = document(crmpulse(company, "plan", "--json"))[0]["changes"]
    assert [(c["external_id"], c["fields"]) for c in changes] == [
        (
            story.id,
            [
                {
                    "field": "Crmpulse_Tier__c",
                    "before": "typed by hand",
                    "after": "healthy",
                    "why": "changed by a person",
                }
            ],
        )
    ]
    assert company.writes() == before
    assert document(crmpulse(company, "push", "--json"))["outcomes"]["succeeded"] == 1


def test_wrong_credentials_stop_everything_and_are_not_shown(company: Company) -> None:
    """Exit status 2 when every requested system is stopped by credentials, 3 when another one works; no secret in sight."""
    secret = {"SALESFORCE_CLIENT_SECRET": "wrong-but-secret"}
    alone, both = crmpulse(company, "pull", "salesforce", **secret), crmpulse(company, "pull", **secret)
    assert (alone.returncode, both.returncode) == (2, 3)
    assert "SALESFORCE_CLIENT" in alone.stdout
    assert "wrong-but-secret" not in alone.stdout + alone.stderr + both.stdout + both.stderr


def test_mistakes_are_found_before_the_first_call(company: Company) -> None:
    """All of them at once with file and line, exit status 2, and nobody was called."""
    rewrite(company, "salesforce.yaml", "domain: {from: Website, as: domain}", "domain: {from: Website, as: domian}")
    rewrite(company, "scorecards.yaml", "points: 5", "points: 6")
    requests.delete(f"{company.sandbox.control}/calls", timeout=10)
    done = crmpulse(company, "sync")
    rewrite(company, "salesforce.yaml", "as: domian}", "as: domain}")
    rewrite(company, "scorecards.yaml", "points: 6", "points: 5")
    assert done.returncode == 2
    assert "salesforce.yaml:" in done.stderr
    assert "scorecards.yaml:" in done.stderr
    assert requests.get(f"{company.sandbox.control}/calls", timeout=10).json()["total"] == 0


def test_check_asks_the_crm_for_its_fields(company: Company) -> None:
    """A field that the CRM does not show is named with the line of the mapping that wants it."""
    rewrite(company, "salesforce.yaml", "industry: {from: Industry}", "industry: {from: Industri}")
    done = crmpulse(company, "check")
    rewrite(company, "salesforce.yaml", "industry: {from: Industri}", "industry: {from: Industry}")
    assert done.returncode == 2
    assert "Industri" in done.stdout
    assert "salesforce.yaml:" in done.stdout


def test_a_paused_system_is_complete_and_shows_what_it_holds_back(company: Company) -> None:
    """The kill switch: exit status 0, the changes blocked, nothing written."""
    story = [s for s in WORLD.expectations if s.score == 100 and s.crm == "salesforce"][1]
    record = {"Id": story.id, "Crmpulse_Score__c": 1}
    requests.post(f"{company.sandbox.control}/records/salesforce/Account", json=record, timeout=10).raise_for_status()
    rewrite(company, "salesforce.yaml", "mode: active", "mode: paused")
    before = company.writes()
    done = crmpulse(company, "sync", "--json")
    rewrite(company, "salesforce.yaml", "mode: paused", "mode: active")
    assert (done.returncode, document(done)["outcomes"]["blocked"], company.writes()) == (0, 1, before)
    assert document(crmpulse(company, "sync", "--json"))["outcomes"]["succeeded"] == 1


def test_a_locked_warehouse_names_its_holder(company: Company) -> None:
    """DuckDB serves one process: a second one ends with status 3 and the process id of the first."""
    script = f"import duckdb, time; c = duckdb.connect({str(company.folder / 'warehouse.duckdb')!r}); print(1, flush=True); time.sleep(60)"
    holder = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    try:
        assert holder.stdout and holder.stdout.readline()
        done = crmpulse(company, "status")
    finally:
        holder.kill()
        holder.wait()
    assert done.returncode == 3
    assert f"process {holder.pid}" in done.stderr


def test_a_slip_in_who_is_a_customer_closes_nothing(company: Company) -> None:
    """When most customers would leave at once nothing is scored or decided, and the words say where to look."""
    rewrite(company, "crmpulse.yaml", "in: [Customer]", "in: [Customerr]")
    done = crmpulse(company, "score")
    rewrite(company, "crmpulse.yaml", "in: [Customerr]", "in: [Customer]")
    assert done.returncode == 3
    assert "customer_when" in done.stdout
    again = document(crmpulse(company, "score", "--json"))
    assert [step["counts"].get("episodes closed") for step in again["steps"] if step["step"] == "decide"] == [0]


def test_what_the_guard_stops_can_be_approved_once(company: Company) -> None:
    """A change of the mapping would rewrite everybody: it waits for --approve."""
    rewrite(
        company, "salesforce.yaml", "Crmpulse_Coverage__c: {from: coverage_pct}", "Crmpulse_Coverage__c: {from: score}"
    )
    before = company.writes()
    stopped = crmpulse(company, "sync", "--json")
    assert (stopped.returncode, company.writes()) == (3, before)
    held_back = document(crmpulse(company, "explain", "Halden Robotics", "--json"))["sections"]
    (writes,) = [section["rows"] for section in held_back if section["title"].startswith("8 to 10")]
    assert {(row["code"], row["outcome"]) for row in writes if row["field"] == "Crmpulse_Coverage__c"} >= {
        ("guard", "blocked")
    }
    approved = crmpulse(company, "sync", "--approve", "--json")
    assert approved.returncode == 0, approved.stdout
    assert document(approved)["outcomes"]["succeeded"] > 40
    rewrite(
        company, "salesforce.yaml", "Crmpulse_Coverage__c: {from: score}", "Crmpulse_Coverage__c: {from: coverage_pct}"
    )


def test_the_demo_empties_no_folder_of_somebody_else(company: Company, tmp_path: Path) -> None:
    """A folder with files that no demo made is refused and left as it is."""
    (tmp_path / "thesis.txt").write_text("years of work")
    done = crmpulse(company, "demo", "--folder", str(tmp_path))
    assert done.returncode == 2
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_check_does_not_blame_the_files_for_an_outage(company: Company) -> None:
    """Nobody listens at the address: that is exit status 3, not a mistake in the configuration."""
    done = crmpulse(company, "check", SALESFORCE_INSTANCE_URL="http://127.0.0.1:1")
    assert done.returncode == 3
    assert "salesforce.yaml" not in done.stdout
