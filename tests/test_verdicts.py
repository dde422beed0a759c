"""What a person says on a real task in the CRM reaches the alert that asked for it, through whole syncs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from flows import demo
from flows.setup import opened, ticking
from sandbox.server import Sandbox
from sandbox.stories import files, hubspot, records
from sandbox.stories.months import Calendar
from sandbox.stories.people import PEOPLE
from sandbox.stories.setting import Setting
from sandbox.stories.words import Home, critical
from sandbox.world import World, morning
from tests import onlookers
from tests.journey import Company

AS_OF = date(2026, 11, 20)
DAYS = 6
CALM, LATER = "Quince Bank", "Rowan Tools"
"""Two companies with a critical ticket from day 2 on: the CSM of one knows better, the other's looks at it on day 5."""


def world(crm: str) -> World:
    """Both companies in one CRM."""
    calendar, setting = Calendar(DAYS), Setting(AS_OF, PEOPLE)
    ticket = critical(calendar.ago(2))
    told = [
        replace(
            calendar.healthy(name, "a critical ticket stays open", tickets=(ticket,)),
            home=Home("hubspot" if crm == "hubspot" else "salesforce"),
        )
        for name in (CALM, LATER)
    ]
    return World(
        as_of=AS_OF,
        salesforce=records.records(told, setting),
        hubspot=hubspot.records(told, setting),
        deliver=files.deliver(told, setting, DAYS),
        expectations=[],
        played_days=DAYS,
    )


@pytest.fixture(params=["salesforce", "hubspot"])
def crm(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def company(crm: str, tmp_path: Path) -> Iterator[Company]:
    played = world(crm)
    with Sandbox(played.records(), morning(played.first_day)) as sandbox:
        yield Company(played, sandbox, tmp_path, f"duckdb:///{tmp_path / 'warehouse.duckdb'}")


def sync(company: Company, day: int) -> None:
    """Day `day` of the play, the first one being 1."""
    on = company.world.days[day - 1]
    demo.deliver(company.world, on, company.folder)
    report = company.sync(morning(on), approve=day == 1)
    assert report.exit_status == 0, report.as_json()


def alerts(company: Company, name: str) -> list[tuple[int, str | None]]:
    """The red alerts of a company: on which day each opened, and why it closed."""
    query = (
        "SELECT e.opened_as_of, e.closed_because FROM alerts e JOIN accounts a ON a.account_id = e.account_id "
        "WHERE a.name = :name AND e.rule = 'critical_ticket' ORDER BY e.opened_as_of"
    )
    with opened(company.environment(), ticking(None)) as setup, setup.engine.connect() as conn:
        found = conn.execute(sa.text(query), {"name": name}).all()
    return [((day - company.world.first_day).days + 1, because) for day, because in found]


def tasks(company: Company, crm: str) -> dict[str, list[str]]:
    """Our tasks in the CRM: company -> ids."""
    if crm == "hubspot":
        found = onlookers.hubspot(company.sandbox, "tasks", ["hs_task_subject", "crmpulse_key"])
        ours = [(id, told["hs_task_subject"]) for id, told in found.items() if told["crmpulse_key"]]
    else:
        soql = "SELECT Id, Subject FROM Task WHERE Crmpulse_Key__c != null"
        ours = [(told["Id"], told["Subject"]) for told in onlookers.salesforce(company.sandbox, soql)]
    return {name: [id for id, subject in ours if subject.startswith(f"{name}: a critical")] for name in (CALM, LATER)}


def say(company: Company, crm: str, task: str, verdict: str, until: date | None = None) -> None:
    """A CSM opens the task and says what they think of it."""
    if crm == "hubspot":
        said = {"crmpulse_verdict": verdict, **({"crmpulse_snoozed_until": until.isoformat()} if until else {})}
        onlookers.edit(company.sandbox, "hubspot", "tasks", id=task, properties=said)
    else:
        typed = {"Crmpulse_Verdict__c": verdict, **({"Crmpulse_Snoozed_Until__c": until.isoformat()} if until else {})}
        onlookers.edit(company.sandbox, "salesforce", "Task", Id=task, **typed)


def test_a_verdict_on_a_task_reaches_its_alert(company: Company, crm: str) -> None:
    """Not a risk closes it for as long as it is so; a snooze until day 5 brings it back on day 5, with a new task."""
    sync(company, 1)
    assert tasks(company, crm) == {CALM: [], LATER: []}
    sync(company, 2)
    asked = tasks(company, crm)
    assert {name: len(ids) for name, ids in asked.items()} == {CALM: 1, LATER: 1}
    say(company, crm, asked[CALM][0], "Not a risk")
    say(company, crm, asked[LATER][0], "Snoozed", company.world.first_day + timedelta(days=4))
    sync(company, 3)
    assert (alerts(company, CALM), alerts(company, LATER)) == ([(2, "not_a_risk")], [(2, "snoozed")])
    sync(company, 4)
    assert tasks(company, crm) == asked
    sync(company, 5)
    assert (alerts(company, CALM), alerts(company, LATER)) == ([(2, "not_a_risk")], [(2, "snoozed"), (5, None)])
    assert {name: len(ids) for name, ids in tasks(company, crm).items()} == {CALM: 1, LATER: 2}
