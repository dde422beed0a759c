"""What went out and how it ended: crashes, lost answers, refusals, guards, approvals, and the kill switch."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from connectors.base import Outcome, Status
from mappings.models import Guard
from tests.outbox_world import TODAY, Crash, World
from warehouse import outbox
from warehouse.outbox import outcomes
from warehouse.outbox.changes import Change


@pytest.fixture
def world(warehouse: sa.Engine) -> World:
    made = World(warehouse)
    made.account("Acme")
    made.account("Bolt")
    return made


def _expansion(world: World, name: str = "Acme") -> None:
    """One row of every push mapping, two contact roles."""
    world.score(name, 90)
    world.task(f"demo:{name}:0", name)
    world.handoff(name, name, contacts=[f"003{name}", f"004{name}"])


def _complete(world: World, names: set[str]) -> None:
    """The CRM holds everything once, and the ledger knows it: another push has nothing to write."""
    assert {id for id, a in world.crm.records["Account"].items() if a.get("Crmpulse_Score__c") == 90} == names
    assert {t["WhatId"] for t in world.crm.of("Task").values()} == names
    assert {o["AccountId"] for o in world.crm.of("Opportunity").values()} == names
    assert len(world.crm.of("OpportunityContactRole")) == 2 * len(names)
    assert set(world.crm.created.values()) == {1}
    sent = len(world.crm.writes)
    assert world.push() == {"unchanged": 5 * len(names)}
    assert len(world.crm.writes) == sent


def test_a_crash_at_any_point_loses_and_doubles_nothing(warehouse: sa.Engine) -> None:
    """Killed before or after any commit of a push and started again, it ends where it would have ended."""
    world = World(warehouse)
    points = range(0, 100, 3 if warehouse.dialect.name == "duckdb" else 1)  # a push takes DuckDB three times as long
    for point in points:
        world.account(f"A{point}")
        _expansion(world, f"A{point}")
        world.crash_at = point
        try:
            world.push()
            break
        except Crash:
            world.push()
    assert 10 < point < 99  # it went through a whole push, and reached its end
    world.crash_at = None
    _complete(world, {f"A{n}" for n in points if n <= point})


@pytest.mark.parametrize("lost", ["lose_before", "lose_after"])
@pytest.mark.parametrize("requests", [1, 2, 3])
def test_a_lost_answer_is_looked_up_before_anything_is_sent(world: World, lost: str, requests: int) -> None:
    """Whether the lost request arrived or not, the next push finds out by key, id or pull and doubles nothing."""
    _expansion(world)
    setattr(world.crm, lost, requests)
    assert world.push()["unknown"] > 0
    setattr(world.crm, lost, 0)
    world.push()
    world.push()
    _complete(world, {"Acme"})


def test_an_unknown_outcome_blocks_its_row_until_it_is_decided(world: World) -> None:
    """Without having looked, a plan does not send again what may have arrived."""
    world.task("demo:e1:0")
    world.crm.lose_after = 1
    world.push()
    plan = world.plan(world.pull())
    assert [(c.status, c.code) for c in plan.changes] == [(Status.BLOCKED, "unsettled")]


def test_a_person_who_edits_after_a_lost_answer_keeps_the_edit(world: World) -> None:
    """The task arrived, its answer did not, a person moved it on: it is found, and the person's value stays."""
    world.task("demo:e1:0")
    world.crm.lose_after = 1
    world.push()
    [task_id] = world.crm.of("Task")
    world.crm.edit("Task", task_id, Status="In Progress")
    world.push()
    world.close_task("demo:e1:0")
    world.push()
    assert world.crm.records["Task"][task_id]["Status"] == "In Progress"
    assert world.crm.created == {"demo:e1:0": 1}


def test_drift_after_a_lost_answer_is_seen(world: World) -> None:
    """The score arrived without an answer and a person changed the tier since: the tier is restored and reported."""
    world.score("Acme", 71, "monitor")
    world.crm.lose_after = 1
    world.push()
    world.crm.edit("Account", "Acme", Crmpulse_Tier__c="healthy")
    world.push()
    assert world.crm.records["Account"]["Acme"]["Crmpulse_Tier__c"] == "monitor"
    with world.engine.connect() as conn:
        [drift] = outcomes.drifts_of(conn, "run-2")
    assert (drift["field"], drift["theirs"]) == ("Crmpulse_Tier__c", "healthy")


def test_a_task_deleted_after_a_lost_answer_stays_deleted(world: World) -> None:
    """What arrived unseen and was deleted by a person is found among the deleted, and not created again."""
    world.task("demo:e1:0")
    world.crm.lose_after = 1
    world.push()
    world.crm.deleted.update(world.crm.of("Task"))
    world.push()
    world.push()
    assert not world.crm.of("Task")
    assert world.query("SELECT outcome, code FROM changes WHERE push = 'tasks'") == [("succeeded", "found")]


def test_one_refusal_does_not_touch_the_rest_of_a_batch(world: World) -> None:
    """A record that the CRM says no to is rejected with the CRM's words; its neighbours are acknowledged."""
    world.score("Acme", 71, "monitor")
    world.score("Bolt", 55, "at_risk")
    world.crm.refuse.add("Acme")
    ended = world.push()
    assert (ended["rejected"], ended["succeeded"]) == (1, 1)
    found = world.query("SELECT external_id, outcome, code, message FROM changes ORDER BY external_id")
    assert found == [("Acme", "rejected", "FIELD_CUSTOM_VALIDATION_EXCEPTION", "no"), ("Bolt", "succeeded", "", "")]
    world.crm.refuse.clear()
    assert world.push() == {"unchanged": 1, "succeeded": 1}


def _batch(world: World) -> list[Change]:
    world.task("demo:e1:0")
    world.task("demo:e2:0")
    [batch] = outbox.batches(world.plan(world.pull()), 200)
    return batch


def test_answers_that_do_not_match_are_unknown(world: World) -> None:
    """A missing answer, two answers, and one without the record's id are no acknowledgement."""
    first, second = _batch(world)
    answers = [
        Outcome(first.change_id, Status.SUCCEEDED, None, created=True),
        Outcome(second.change_id, Status.SUCCEEDED, "00T1"),
        Outcome(second.change_id, Status.REJECTED, code="X"),
        Outcome("somebody else's", Status.SUCCEEDED, "00T9"),
    ]
    with world.engine.begin() as conn:
        outbox.sending(conn, [first, second], world.tick())
        assert outbox.settle(conn, [first, second], answers, world.tick()) == {Status.UNKNOWN: 2}
    assert world.query("SELECT count(*) FROM acknowledged") == [(0,)]


def test_the_ledger_keeps_the_before_image(world: World) -> None:
    """For every sent change the ledger knows what the CRM held before, what we wrote, why, and how it ended."""
    world.crm.edit("Account", "Acme", Crmpulse_Score__c=12, Crmpulse_Tier__c=None)
    world.score("Acme", 71, "monitor")
    world.push()
    with world.engine.connect() as conn:
        [change] = outcomes.changes_of(conn, "run-1")
        assert outcomes.outcomes_of(conn, "run-1") == {"salesforce": {"succeeded": 1}}
    fields = {f["field"]: (f["before"], f["after"]) for f in change["fields"]}
    assert fields["Crmpulse_Score__c"] == (12, 71)
    assert fields["Crmpulse_Tier__c"] == (None, "monitor")
    assert (change["outcome"], change["why"], change["external_id"]) == ("succeeded", "first write", "Acme")
    assert change["sent_at"] < change["answered_at"]


# --- what stops a push ------------------------------------------------------------------------------------------------


def _guarded(world: World, **limits: float) -> None:
    company = world.mappings.company.model_copy(update={"guard": Guard(**limits)})
    world.mappings = world.mappings.model_copy(update={"company": company})


def test_too_many_changes_stop_the_push_before_its_first_write(world: World) -> None:
    """More changed records than the guard allows block everything, with the numbers in words."""
    _guarded(world, changed_pct=40, least_records=2)
    world.score("Acme", 71, "monitor")
    world.score("Bolt", 71, "monitor")
    world.push()
    sent = len(world.crm.writes)
    for name in ("Acme", "Bolt"):
        world.score(name, 30, "critical", day=TODAY + timedelta(days=1))
    assert world.push()["blocked"] == 2
    assert len(world.crm.writes) == sent
    reason = "account_health: 2 of 2 records would change; guard.changed_pct allows 40%"
    assert world.query("SELECT DISTINCT code, message FROM changes WHERE outcome = 'blocked'") == [("guard", reason)]


def test_too_many_emptied_fields_stop_the_push(world: World) -> None:
    """A source that fell silent must not empty the scores of everybody."""
    _guarded(world, changed_pct=100, cleared_pct=40, least_records=2)
    world.score("Acme", 71, "monitor")
    world.score("Bolt", 71, "monitor")
    world.push()
    world.score("Acme", None, "insufficient_data", day=TODAY + timedelta(days=1))
    plan = world.plan(world.pull())
    assert outbox.guard(plan, world.mappings.company) == [
        "account_health: 1 of 2 records would lose the value of a field; guard.cleared_pct allows 40%"
    ]


def test_few_records_are_not_judged_by_percentages(world: World) -> None:
    """With fewer acknowledged records than `least_records`, every change is a large share and none is suspicious."""
    world.score("Acme", 71, "monitor")
    world.push()
    world.score("Acme", 30, "critical", day=TODAY + timedelta(days=1))
    assert outbox.guard(world.plan(world.pull()), world.mappings.company) == []


def test_too_many_new_records_stop_the_push(world: World) -> None:
    """New tasks are counted from the first push on, however few records there are."""
    _guarded(world, created=1)
    world.task("demo:e1:0")
    world.task("demo:e2:0")
    assert world.push()["blocked"] == 2
    assert not world.crm.writes


def test_the_first_push_needs_an_approval(world: World) -> None:
    """Outside loopback nothing is written before somebody approved the mapping; the approval is remembered."""
    world.score("Acme", 71, "monitor")
    world.task("demo:e1:0")
    assert world.push(trusted=False)["blocked"] == 2
    assert not world.crm.writes
    with world.engine.begin() as conn:
        outbox.approve(conn, "salesforce", ["account_health"], world.tick())
        outbox.approve(conn, "salesforce", ["account_health"], world.tick())
        assert outbox.approved(conn, "salesforce") == {"account_health"}
    ended = world.push(trusted=False)
    assert (ended["succeeded"], ended["blocked"]) == (1, 1)
    [message] = world.query("SELECT message FROM changes WHERE outcome = 'blocked'")
    assert message == ("nobody approved the first push of tasks to salesforce yet: push with --approve",)


def test_the_kill_switch(world: World) -> None:
    """A paused system shows what it would do, as blocked, and writes nothing; resumed, it does it."""
    world.score("Acme", 71, "monitor")
    paused = world.system.model_copy(update={"mode": "paused"})
    active, systems = world.mappings, {**world.mappings.systems, "salesforce": paused}
    world.mappings = world.mappings.model_copy(update={"systems": systems})
    for _ in range(2):
        assert world.push()["blocked"] == 1
    assert world.query("SELECT run, message FROM changes") == [("run-2", "push is paused in salesforce.yaml")]
    assert not world.crm.writes
    world.mappings = active
    assert world.push()["succeeded"] == 1


def test_a_reason_that_disappears_is_not_an_emptied_field(world: World) -> None:
    """An account that recovers loses its third reason: the guard does not take that for a lost source."""
    _guarded(world, changed_pct=100, cleared_pct=10, least_records=1)
    world.score("Acme", 71, "monitor")
    world.push()
    world.crm.edit("Account", "Acme", Crmpulse_Reason_1__c="something")
    world.score("Acme", 90, day=TODAY + timedelta(days=1))
    plan = world.plan(world.pull())
    assert [f.after for f in plan.to_send()[0].fields if f.field == "Crmpulse_Reason_1__c"] == [None]
    assert outbox.guard(plan, world.mappings.company) == []


def test_a_ledger_older_than_the_crm_does_not_overwrite_people(world: World) -> None:
    """A warehouse restored from a backup finds its task by key in what it pulls, and leaves it to whoever has it."""
    world.task("demo:e1:0")
    world.push()
    [task_id] = world.crm.of("Task")
    world.crm.edit("Task", task_id, Status="In Progress")
    for table in ("changes", "change_fields", "acknowledged"):
        world.execute(f"DELETE FROM {table}")
    sent = len(world.crm.writes)
    for _ in range(2):
        assert world.push() == {"unchanged": 1}
    assert len(world.crm.writes) == sent
    assert world.query("SELECT external_id, gone FROM acknowledged") == [(task_id, False)]
