"""One account's whole way, many times: the stories played over real sockets into real databases, and what came out."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import requests
import sqlalchemy as sa

from flows.setup import opened, ticking
from sandbox import stories
from sandbox.server import Sandbox
from sandbox.world import World, morning
from tests.journey import Company

WORLD = stories.build(date(2026, 11, 22))


def warehouse_url(engine: str, folder: Path, request: pytest.FixtureRequest) -> str:
    """An empty warehouse of its own."""
    if engine == "duckdb":
        return f"duckdb:///{folder / 'warehouse.duckdb'}"
    server = sa.make_url(request.getfixturevalue("postgresql_url"))
    name = f"journey_{random.Random(str(folder)).getrandbits(40):x}"
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as conn:
        conn.execute(sa.text(f"CREATE DATABASE {name}"))
    admin.dispose()
    return server.set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="module", params=["duckdb", "postgresql"])
def company(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """The stories after their ten days, pushed on the last one. The tests of this module go on from there, in order."""
    folder = tmp_path_factory.mktemp("journey")
    with Sandbox(WORLD.records(), morning(WORLD.first_day)) as sandbox:
        played = Company(WORLD, sandbox, folder, warehouse_url(request.param, folder, request))
        played.play(WORLD.days, push_on=WORLD.as_of)
        yield played


def rows(company: Company, query: str, **binds: Any) -> list[Any]:
    with opened(company.environment(), ticking(None)) as setup, setup.engine.connect() as conn:
        return list(conn.execute(sa.text(query), binds))


def records(company: Company, soql: str) -> list[dict[str, Any]]:
    """What the CRM shows to a stranger who asks over its own API."""
    headers = {"Authorization": f"Bearer {company.sandbox.access_token('salesforce')}"}
    url = f"{company.sandbox.url}/services/data/v66.0/query"
    answer = requests.get(url, params={"q": soql}, headers=headers, timeout=30).json()
    found: list[dict[str, Any]] = list(answer["records"])
    while not answer["done"]:
        answer = requests.get(company.sandbox.url + answer["nextRecordsUrl"], headers=headers, timeout=30).json()
        found += answer["records"]
    return found


def edit(company: Company, object: str, **record: Any) -> None:
    """A person changes a record in the CRM."""
    url = f"{company.sandbox.control}/records/salesforce/{object}"
    requests.post(url, json=record, timeout=10).raise_for_status()


def test_every_story_comes_out_as_worked_out_by_hand(company: Company) -> None:
    """Tier, state, score, segment, episode, handoff and note of each company are what its story says."""
    scored = rows(
        company,
        "SELECT l.external_id, h.tier, h.state, h.score, h.segment FROM score_history h "
        "JOIN account_links l ON l.account_id = h.account_id AND l.system = 'salesforce' WHERE h.as_of = :day",
        day=WORLD.as_of,
    )
    by_id = {row.external_id: row for row in scored}
    link = "JOIN account_links l ON l.account_id = x.account_id AND l.system = 'salesforce'"
    in_danger = {
        row[0] for row in rows(company, f"SELECT l.external_id FROM episodes x {link} WHERE x.closed_as_of IS NULL")
    }
    handed = {row[0]: row[1] for row in rows(company, f"SELECT l.external_id, x.note_on FROM handoffs x {link}")}
    wrong = {}
    for story in WORLD.expectations:
        row = by_id.get(story.id)
        note = handed.get(story.id)
        came_out = {
            "tier": row and row.tier,
            "state": row and row.state,
            "score": row and row.score,
            "episode": story.id in in_danger,
            "handoff": story.id in handed and note is None,
            "note": note is not None,
        }
        expected = {
            "tier": story.tier,
            "state": story.state,
            "score": story.score,
            "episode": story.expects_episode,
            "handoff": story.expects_handoff,
            "note": story.expects_note,
        }
        if story.segment:
            came_out["segment"], expected["segment"] = (row and row.segment) or "none", story.segment
        if came_out != expected:
            wrong[story.account, story.line] = (came_out, expected)
    assert not wrong


def test_the_crm_shows_what_was_decided(company: Company) -> None:
    """Scores, one task an open episode, and one opportunity a handoff are in the CRM, with their contacts."""
    shown = {
        r["Id"]: r["Crmpulse_Score__c"]
        for r in records(company, "SELECT Id, Crmpulse_Score__c FROM Account WHERE Crmpulse_Key__c != null")
    }
    expected = {s.id: s.score for s in WORLD.expectations if s.tier}
    assert shown == expected
    tasks = records(company, "SELECT Id, Crmpulse_Key__c, WhatId, Status FROM Task WHERE Crmpulse_Key__c != null")
    assert Counter(t["WhatId"] for t in tasks if t["Status"] != "Completed") == Counter(
        s.id for s in WORLD.expectations if s.expects_task
    )
    opportunities = records(
        company,
        "SELECT AccountId, (SELECT ContactId, Role FROM OpportunityContactRoles) FROM Opportunity WHERE Crmpulse_Key__c != null",
    )
    assert Counter(o["AccountId"] for o in opportunities) == Counter(
        s.id for s in WORLD.expectations if s.expects_handoff
    )
    assert any(o["OpportunityContactRoles"] for o in opportunities)


def test_an_unchanged_second_sync_writes_nothing(company: Company) -> None:
    """Once more a quarter of an hour later: everything is compared, nothing is sent."""
    before = company.writes()
    report = company.sync(company.later(15))
    assert (report.exit_status, report.outcomes()["succeeded"], company.writes()) == (0, 0, before)
    assert report.outcomes()["unchanged"] > 80


def test_a_foreign_edit_of_our_field_is_restored_and_reported(company: Company) -> None:
    """Somebody types over a score: it comes back, and the drift report keeps what was typed."""
    story = next(s for s in WORLD.expectations if s.score == 100)
    edit(company, "Account", Id=story.id, Crmpulse_Score__c=3)
    report = company.sync(company.later(30))
    assert report.outcomes()["succeeded"] == 1
    restored = records(company, f"SELECT Crmpulse_Score__c FROM Account WHERE Id = '{story.id}'")
    assert restored[0]["Crmpulse_Score__c"] == 100
    assert rows(company, "SELECT field, ours, theirs FROM drifts") == [("Crmpulse_Score__c", "100", "3.0")]


def test_people_win_on_what_we_created_for_them(company: Company) -> None:
    """A reworded opportunity stays reworded, a completed task stays completed, a deleted one does not return."""
    first, second = records(
        company, "SELECT Id FROM Task WHERE Crmpulse_Key__c != null AND Status = 'Not Started' ORDER BY Id"
    )[:2]
    lead = records(company, "SELECT Id FROM Opportunity WHERE Crmpulse_Key__c != null ORDER BY Id")[0]
    edit(company, "Task", Id=first["Id"], Status="Completed")
    requests.post(
        f"{company.sandbox.control}/records/salesforce/Task/{second['Id']}/delete", timeout=10
    ).raise_for_status()
    edit(company, "Opportunity", Id=lead["Id"], Name="Ours, reworded")
    before = company.writes()
    for minutes in (45, 60):
        assert company.sync(company.later(minutes)).exit_status == 0
    assert company.writes() == before
    assert rows(
        company,
        "SELECT closed_because FROM tasks WHERE closed_because IN ('done_by_person', 'deleted_by_person') ORDER BY 1",
    ) == [
        ("deleted_by_person",),
        ("done_by_person",),
    ]
    assert records(company, f"SELECT Name FROM Opportunity WHERE Id = '{lead['Id']}'")[0]["Name"] == "Ours, reworded"


def test_a_lost_warehouse_recovers_the_account_ids(
    company: Company, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """An empty warehouse on the same CRM finds our link keys there and mints nobody anew."""
    keys = {
        r["Id"]: r["Crmpulse_Key__c"]
        for r in records(company, "SELECT Id, Crmpulse_Key__c FROM Account WHERE Crmpulse_Key__c != null")
    }
    again = Company(WORLD, company.sandbox, company.folder, warehouse_url("duckdb", tmp_path, request))
    again.sync(company.later(75))
    found = rows(again, "SELECT external_id, account_id FROM links WHERE system = 'salesforce' AND valid_to IS NULL")
    assert keys.items() <= {(row.external_id, row.account_id) for row in found}


# --- kills ------------------------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("engine", ["duckdb", "postgresql"])
@pytest.mark.parametrize("kills", [3, pytest.param(25, marks=pytest.mark.heavy)])
def test_a_sync_killed_at_any_point_goes_on(
    engine: str, kills: int, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """However often it is killed: every record arrives once, and nothing is written twice."""
    with Sandbox(WORLD.records(), morning(WORLD.first_day)) as sandbox:
        company = Company(WORLD, sandbox, tmp_path, warehouse_url(engine, tmp_path, request))
        deliver_and_move(company, WORLD)
        killed_syncs(company, kills, seed=kills)
        current = rows(company, "SELECT system, stream, id FROM raw_records WHERE superseded_at IS NULL")
        assert len(current) == len(set(current))
        usage = rows(
            company,
            "SELECT count(*), count(DISTINCT file_hash || ':' || line) FROM usage_days WHERE superseded_at IS NULL",
        )
        assert usage[0][0] == usage[0][1] > 1000
        for object in ("Task", "Opportunity"):
            keys = [
                r["Crmpulse_Key__c"]
                for r in records(company, f"SELECT Crmpulse_Key__c FROM {object} WHERE Crmpulse_Key__c != null")
            ]
            assert len(keys) == len(set(keys))
        roles = [
            (r["OpportunityId"], r["ContactId"])
            for r in records(company, "SELECT OpportunityId, ContactId FROM OpportunityContactRole")
        ]
        assert len(roles) == len(set(roles))
        before = company.writes()
        assert company.sync(company.later(30)).exit_status == 0
        assert company.writes() == before


def deliver_and_move(company: Company, world: World) -> None:
    """All files of the ten days at once, and the sandbox on its last day."""
    from flows import demo

    for day in world.days:
        demo.deliver(world, day, company.folder)
    demo.move_clock(company.sandbox, company.later(0))
