"""One account's whole way, many times: the stories played over real sockets into real databases, and what came out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sandbox import stories
from sandbox.server import Sandbox
from sandbox.world import Expectation, morning
from tests import onlookers
from tests.journey import Company, rows, warehouse_url

WORLD = stories.build(date(2026, 11, 22))


@pytest.fixture(scope="module", params=["duckdb", "postgresql"])
def company(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """The stories after their ten days, pushed on the last one. The tests of this module go on from there, in order."""
    folder = tmp_path_factory.mktemp("journey")
    with Sandbox(WORLD.records(), morning(WORLD.first_day)) as sandbox:
        played = Company(WORLD, sandbox, folder, warehouse_url(request.param, folder, request))
        played.play(WORLD.days, push_on=WORLD.as_of)
        yield played


def query(company: Company, soql: str) -> list[dict[str, Any]]:
    return onlookers.salesforce(company.sandbox, soql)


def companies(company: Company, *properties: str) -> dict[str, dict[str, Any]]:
    return onlookers.hubspot(company.sandbox, "companies", properties)


def told_in(system: str) -> dict[str, Expectation]:
    """The scored stories by their record id in a system."""
    return {story.ids[system]: story for story in WORLD.expectations if system in story.ids and story.tier}


def test_every_story_comes_out_as_worked_out_by_hand(company: Company) -> None:
    """Tier, state, score, segment, episode, handoff and note of each company are what its story says, wherever it lives."""
    accounts = {
        (row[0], row[1]): row[2] for row in rows(company, "SELECT system, external_id, account_id FROM account_links")
    }
    scored = {
        row.account_id: row for row in rows(company, "SELECT * FROM score_history WHERE as_of = :day", day=WORLD.as_of)
    }
    at_risk = "SELECT account_id FROM episodes WHERE playbook = 'at_risk' AND closed_as_of IS NULL"
    in_danger = {row[0] for row in rows(company, at_risk)}
    handed = {row[0]: row[1] for row in rows(company, "SELECT account_id, note_on FROM handoffs")}
    wrong = {}
    for story in WORLD.expectations:
        account = accounts.get((story.crm, story.id))
        row, note = scored.get(account), handed.get(account)
        came_out = {
            "tier": row and row.tier,
            "state": row and row.state,
            "score": row and row.score,
            "episode": account in in_danger,
            "handoff": account in handed and note is None,
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


def test_one_company_is_one_account_in_all_its_systems(company: Company) -> None:
    """By key or domain its records are linked; two records of strangers are asked about and linked to nobody."""
    links = {
        (row[0], row[1]): row[2] for row in rows(company, "SELECT system, external_id, account_id FROM account_links")
    }
    for story in WORLD.expectations:
        if story.tier:
            assert len({links.get(record) for record in story.ids.items()}) == 1, story.account
    linked = {id for system, id in links if system == "zendesk"}
    assert linked == {story.ids["zendesk"] for story in WORLD.expectations if "zendesk" in story.ids}
    asked = rows(company, "SELECT kind FROM issues WHERE system = 'zendesk' AND resolved_at IS NULL ORDER BY kind")
    assert asked == [("ambiguous_domain",), ("unlinked_account",)]


def test_the_source_that_comes_first_wins(company: Company) -> None:
    """HubSpot says otherwise about a twin's industry; Salesforce comes first, and the account says where it has it from."""
    story = next(story for story in WORLD.expectations if story.account == "Halden Robotics")
    known = rows(
        company,
        "SELECT a.name, a.industry FROM accounts a JOIN account_links l ON l.account_id = a.account_id "
        "WHERE l.system = 'hubspot' AND l.external_id = :id",
        id=story.ids["hubspot"],
    )
    assert known == [("Halden Robotics", "Manufacturing")]


def test_a_deal_that_both_crms_hold_is_one(company: Company) -> None:
    """It is counted once, and the handoff's note goes on the one in the CRM of record."""
    story = next(story for story in WORLD.expectations if story.expects_note)
    assert set(story.ids) == {"salesforce", "hubspot"}
    found = rows(
        company,
        "SELECT o.system FROM account_opportunities o JOIN account_links l ON l.account_id = o.account_id "
        "WHERE l.system = 'salesforce' AND l.external_id = :id",
        id=story.id,
    )
    assert found == [("salesforce",)]
    assert onlookers.hubspot(company.sandbox, "notes", ["hs_note_body"]) == {}


def test_every_system_shows_the_scores(company: Company) -> None:
    """Each linked record has its account's score: in both CRMs, and in Zendesk for agents to see."""
    in_salesforce = query(company, "SELECT Id, Crmpulse_Score__c FROM Account WHERE Crmpulse_Key__c != null")
    shown = {"salesforce": {record["Id"]: record["Crmpulse_Score__c"] for record in in_salesforce}}
    shown["hubspot"] = {
        id: told["crmpulse_score"] and float(told["crmpulse_score"])
        for id, told in companies(company, "crmpulse_score", "crmpulse_key").items()
        if told["crmpulse_key"]
    }
    shown["zendesk"] = {
        id: fields["crmpulse_score"]
        for id, fields in onlookers.zendesk_organizations(company.sandbox).items()
        if fields["crmpulse_tier"]
    }
    for system, scores in shown.items():
        assert scores == {id: story.score for id, story in told_in(system).items()}, system


def test_the_crm_of_record_shows_what_was_decided(company: Company) -> None:
    """The at-risk task and the handoff of every story are in its own CRM, once, with a contact."""
    first = rows(
        company,
        "SELECT t.key FROM tasks t JOIN episodes e ON e.episode = t.episode "
        "WHERE e.playbook = 'at_risk' AND e.closed_as_of IS NULL AND t.step = 1",
    )
    keys = {row[0] for row in first}
    tasks = query(company, "SELECT Id, Crmpulse_Key__c, WhatId, Status FROM Task WHERE Crmpulse_Key__c != null")
    seen = Counter(t["WhatId"] for t in tasks if t["Crmpulse_Key__c"] in keys and t["Status"] != "Completed")
    held = onlookers.hubspot(company.sandbox, "tasks", ["crmpulse_key", "hs_task_status"], ["companies"]).values()
    for task in held:
        if task["crmpulse_key"] in keys and task["hs_task_status"] != "COMPLETED":
            seen.update(task["associations"]["companies"])
    assert seen == Counter(story.id for story in WORLD.expectations if story.expects_task)
    leads = query(
        company,
        "SELECT AccountId, (SELECT ContactId, Role FROM OpportunityContactRoles) FROM Opportunity WHERE Crmpulse_Key__c != null",
    )
    deals = onlookers.hubspot(company.sandbox, "deals", ["crmpulse_key"], ["companies", "contacts"]).values()
    ours = [deal["associations"] for deal in deals if deal["crmpulse_key"]]
    given = Counter([lead["AccountId"] for lead in leads] + [id for each in ours for id in each["companies"]])
    assert given == Counter(story.id for story in WORLD.expectations if story.expects_handoff)
    assert any(lead["OpportunityContactRoles"] for lead in leads)
    assert all(each["contacts"] for each in ours)


def test_an_unchanged_second_sync_writes_nothing(company: Company) -> None:
    """Once more a quarter of an hour later: everything is compared, nothing is sent."""
    before = company.writes()
    report = company.sync(company.later(15))
    assert (report.exit_status, report.outcomes()["succeeded"], company.writes()) == (0, 0, before)
    assert report.outcomes()["unchanged"] > 120


def test_a_foreign_edit_of_our_field_is_restored_and_reported(company: Company) -> None:
    """Somebody types over a score in each system: it comes back, and the drift report keeps what was typed."""
    story = next(s for s in WORLD.expectations if len(s.ids) == 3 and s.score is not None)
    onlookers.edit(company.sandbox, "salesforce", "Account", Id=story.id, Crmpulse_Score__c=3)
    hubspot, zendesk = story.ids["hubspot"], story.ids["zendesk"]
    onlookers.edit(company.sandbox, "hubspot", "companies", id=hubspot, properties={"crmpulse_score": "4"})
    onlookers.edit(
        company.sandbox, "zendesk", "organizations", id=int(zendesk), organization_fields={"crmpulse_score": 5}
    )
    report = company.sync(company.later(30))
    assert report.outcomes()["succeeded"] == 3
    restored = query(company, f"SELECT Crmpulse_Score__c FROM Account WHERE Id = '{story.id}'")
    assert restored[0]["Crmpulse_Score__c"] == story.score
    assert float(companies(company, "crmpulse_score")[hubspot]["crmpulse_score"]) == story.score
    assert onlookers.zendesk_organizations(company.sandbox)[zendesk]["crmpulse_score"] == story.score
    drifts = rows(company, "SELECT field, theirs FROM drifts ORDER BY field")
    assert [(row[0].rpartition(".")[2], float(json.loads(row[1]))) for row in drifts] == [
        ("Crmpulse_Score__c", 3),
        ("crmpulse_score", 4),
        ("crmpulse_score", 5),
    ]


def test_people_win_on_what_we_created_for_them(company: Company) -> None:
    """A reworded opportunity stays reworded, a completed task stays completed, a deleted one does not return."""
    at_risk = tuple(row[0] for row in rows(company, "SELECT key FROM tasks WHERE rule = 'at_risk' AND step = 1"))
    open_tasks = query(
        company,
        f"SELECT Id FROM Task WHERE Crmpulse_Key__c IN {at_risk} AND Status = 'Not Started' ORDER BY Id",
    )
    first, second = open_tasks[:2]
    lead = query(company, "SELECT Id FROM Opportunity WHERE Crmpulse_Key__c != null ORDER BY Id")[0]
    deals = onlookers.hubspot(company.sandbox, "deals", ["crmpulse_key"])
    deal = next(id for id, told in deals.items() if told["crmpulse_key"])
    onlookers.edit(company.sandbox, "salesforce", "Task", Id=first["Id"], Status="Completed")
    onlookers.delete(company.sandbox, "salesforce", "Task", second["Id"])
    onlookers.edit(company.sandbox, "salesforce", "Opportunity", Id=lead["Id"], Name="Ours, reworded")
    onlookers.edit(company.sandbox, "hubspot", "deals", id=deal, properties={"dealname": "Ours, reworded"})
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
    assert query(company, f"SELECT Name FROM Opportunity WHERE Id = '{lead['Id']}'")[0]["Name"] == "Ours, reworded"
    assert onlookers.hubspot(company.sandbox, "deals", ["dealname"])[deal]["dealname"] == "Ours, reworded"


def test_a_lost_warehouse_recovers_the_account_ids(
    company: Company, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """An empty warehouse on the same systems finds our link keys in both CRMs and mints nobody anew."""
    shown = query(company, "SELECT Id, Crmpulse_Key__c FROM Account WHERE Crmpulse_Key__c != null")
    keys = {("salesforce", record["Id"]): record["Crmpulse_Key__c"] for record in shown}
    keys |= {
        ("hubspot", id): told["crmpulse_key"]
        for id, told in companies(company, "crmpulse_key").items()
        if told["crmpulse_key"]
    }
    again = Company(WORLD, company.sandbox, company.folder, warehouse_url("duckdb", tmp_path, request))
    again.sync(company.later(75))
    found = rows(again, "SELECT system, external_id, account_id FROM links WHERE valid_to IS NULL")
    assert keys.items() <= {((row[0], row[1]), row[2]) for row in found}
