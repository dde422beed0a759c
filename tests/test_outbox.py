"""What a push writes, what it leaves alone, and what it never does twice."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from connectors.base import FieldSchema, ObjectSchema, Record, Status
from tests.outbox_world import SHIPPED, TODAY, World, mappings_with, schemas
from warehouse import outbox
from warehouse.outbox import outcomes
from warehouse.outbox.changes import Change, Plan
from warehouse.outbox.values import Value, misfit, same


@pytest.fixture
def world(warehouse: sa.Engine) -> World:
    made = World(warehouse)
    made.account("Acme", Name="Acme")
    made.account("Bolt", Name="Bolt")
    return made


def test_first_write_then_silence(world: World) -> None:
    """The first push writes score, task, opportunity and contact role; an unchanged second one writes nothing."""
    world.score("Acme", 71, "monitor")
    world.task("demo:e1:0")
    world.handoff("h1", contacts=["003A"])
    world.push()
    account = world.crm.records["Account"]["Acme"]
    assert (account["Crmpulse_Score__c"], account["Crmpulse_Tier__c"], account["Name"]) == (71.0, "monitor", "Acme")
    assert account["Crmpulse_Key__c"] == "acc-Acme"
    [task] = world.crm.of("Task").values()
    assert (task["Crmpulse_Key__c"], task["Status"], task["WhatId"]) == ("demo:e1:0", "Not Started", "Acme")
    [(opportunity_id, opportunity)] = world.crm.of("Opportunity").items()
    assert opportunity["Crmpulse_Key__c"] == "demo:h1"
    [role] = world.crm.of("OpportunityContactRole").values()
    assert role == {"OpportunityId": opportunity_id, "ContactId": "003A", "Role": "Evaluator"}
    sent = len(world.crm.writes)
    assert sent == 4
    for _ in range(2):
        ended = world.push()
        assert ended == {"unchanged": 4}
    assert len(world.crm.writes) == sent


def test_care_is_written_once_beside_the_score(warehouse: sa.Engine) -> None:
    """Care fields are a row of their own: written with the first push, left alone while only the score moves."""
    world = World(warehouse, SHIPPED)
    world.account("Acme")
    world.score("Acme", 71, "monitor")
    assert world.push() == {"succeeded": 2}
    account = world.crm.records["Account"]["Acme"]
    assert (account["Crmpulse_Open_Red__c"], account["Crmpulse_Score__c"]) == (0.0, 71.0)
    assert world.push() == {"unchanged": 2}
    world.score("Acme", 64, "monitor", day=TODAY + timedelta(days=1))
    assert world.push() == {"succeeded": 1, "unchanged": 1}
    assert not any("Crmpulse_Open_Red__c" in write.fields for write in world.crm.writes[2:])


# --- accounts ---------------------------------------------------------------------------------------------------------


def test_a_decision_is_written_as_one_set_once_a_day(world: World) -> None:
    """Another score the same day waits for the next as_of; then the whole set goes out with before, after and why."""
    world.score("Acme", 71, "monitor")
    world.push()
    world.score("Acme", 64, "monitor")
    assert world.push()["succeeded"] == 0
    tomorrow = TODAY + timedelta(days=1)
    world.score("Acme", 64, "monitor", day=tomorrow)
    plan = world.plan(world.pull())
    [change] = plan.to_send()
    assert change.why == "score 71 -> 64"
    fields = {f.field: f for f in change.fields}
    assert (fields["Crmpulse_Score__c"].before, fields["Crmpulse_Score__c"].after) == (71.0, 64)
    assert fields["Crmpulse_Tier__c"].why == "the same, written with its set"
    assert set(fields) == set(world.system.push["account_health"].fields)
    assert plan.calls(batch_size=200) == 1
    assert world.push()["succeeded"] == 1
    assert world.crm.records["Account"]["Acme"]["Crmpulse_As_Of__c"] == "2026-11-21"


def test_time_alone_writes_nothing(world: World) -> None:
    """The same score on a later day is no change, although as-of and the texts would read otherwise."""
    world.score("Acme", 71, "monitor")
    world.push()
    world.score("Acme", 71, "monitor", day=TODAY + timedelta(days=1))
    assert world.push() == {"unchanged": 1}


def test_a_foreign_edit_is_restored_and_reported(world: World) -> None:
    """What a person wrote into a field of ours is put back to what we wrote last, alone, and kept as drift."""
    world.score("Acme", 71, "monitor")
    world.push()
    world.crm.edit("Account", "Acme", Crmpulse_Score__c=99, Name="Acme Inc.")
    assert world.push()["succeeded"] == 1
    assert world.crm.records["Account"]["Acme"]["Crmpulse_Score__c"] == 71
    assert world.crm.records["Account"]["Acme"]["Name"] == "Acme Inc."
    assert dict(world.crm.writes[-1].fields) == {"Crmpulse_Score__c": 71}
    with world.engine.connect() as conn:
        [drift] = outcomes.drifts_of(conn, "run-2")
    assert (drift["field"], drift["ours"], drift["theirs"]) == ("Crmpulse_Score__c", 71, 99)
    assert world.push() == {"unchanged": 1}


def test_drift_goes_back_to_the_acknowledged_value_until_the_next_day(world: World) -> None:
    """A new score of the same day does not slip in with the restoration of a field that a person changed."""
    world.score("Acme", 71, "monitor")
    world.push()
    world.score("Acme", 64, "monitor")
    world.crm.edit("Account", "Acme", Crmpulse_Tier__c="healthy")
    world.push()
    account = world.crm.records["Account"]["Acme"]
    assert (account["Crmpulse_Tier__c"], account["Crmpulse_Score__c"]) == ("monitor", 71)


def test_an_old_sighting_is_no_drift(world: World) -> None:
    """What we saw before the CRM acknowledged our write says nothing about what people did after it."""
    world.score("Acme", 71, "monitor")
    world.pull()
    before = world.now
    world.push()
    with world.engine.begin() as conn:
        stale = Record("Acme", {"Crmpulse_Score__c": 12})
        outbox.sight(conn, "salesforce", "Account", {"Acme": stale}, before)
    plan = world.plan({"Account": world.now})
    assert not plan.changes
    assert plan.unchanged["account_health"] == 1


def test_the_vendors_spelling_is_no_drift(world: World) -> None:
    """72 comes back as 72.0, an empty text as null, a line break as two characters: none of it is content."""
    world.score("Acme", 72, "monitor", reasons="[]")
    world.push()
    account = world.crm.records["Account"]["Acme"]
    account["Crmpulse_Score__c"] = 72.0
    account["Crmpulse_Reason_1__c"] = None
    account["Crmpulse_Detail__c"] = account["Crmpulse_Detail__c"].replace("\n", "\r\n")
    assert world.push() == {"unchanged": 1}


def test_owners_of_fields(warehouse: sa.Engine) -> None:
    """A field of the CRM is never written, a fill_blank one only while it is empty, and people keep what they put in."""
    mappings = mappings_with(
        "account_health",
        Industry={"from": "tier", "owner": "fill_blank"},
        Type={"from": "tier", "owner": "fill_blank"},
        Rating={"from": "tier", "owner": "crm"},
    )
    world = World(warehouse, mappings)
    world.account("Acme", Industry="Banking", Type="", Rating="Hot")
    world.score("Acme", 71, "monitor")
    world.push()
    account = world.crm.records["Account"]["Acme"]
    assert (account["Industry"], account["Type"], account["Rating"]) == ("Banking", "monitor", "Hot")
    world.crm.edit("Account", "Acme", Type="Partner", Rating="Cold")
    assert world.push() == {"unchanged": 1}
    world.score("Acme", 30, "critical", day=TODAY + timedelta(days=1))
    world.push()
    assert (account["Type"], account["Rating"], account["Crmpulse_Tier__c"]) == ("Partner", "Cold", "critical")


@pytest.mark.parametrize(("on_null", "left"), [("clear", None), ("skip", 71)])
def test_what_an_unknown_value_does(warehouse: sa.Engine, on_null: str, left: float | None) -> None:
    """A score that is not known any more empties the field or leaves it, as the mapping says."""
    world = World(warehouse, mappings_with("account_health", Crmpulse_Score__c={"from": "score", "on_null": on_null}))
    world.account("Acme")
    world.score("Acme", 71, "monitor")
    world.push()
    world.score("Acme", None, "insufficient_data", day=TODAY + timedelta(days=1))
    world.push()
    account = world.crm.records["Account"]["Acme"]
    assert (account["Crmpulse_Score__c"], account["Crmpulse_Tier__c"]) == (left, "insufficient_data")


def test_a_customer_that_left_is_emptied(world: World) -> None:
    """On leaving, every pushed field of the set is cleared, only our link key stays."""
    world.score("Acme", 71, "monitor")
    world.push()
    world.execute("UPDATE accounts SET customer = FALSE WHERE name = 'Acme'")
    world.score("Bolt", 71, "monitor", day=TODAY + timedelta(days=1))
    world.push()
    account = world.crm.records["Account"]["Acme"]
    ours = [f for f in world.system.push["account_health"].fields if account.get(f) is not None]
    assert ours == ["Crmpulse_Key__c"]
    assert world.push() == {"unchanged": 2}


def test_a_step_below_min_delta_is_no_change(warehouse: sa.Engine) -> None:
    """71 -> 72 is not worth a write, 71 -> 64 is, measured from what we wrote last, not from what we held back."""
    world = World(warehouse, mappings_with("account_health", Crmpulse_Score__c={"from": "score", "min_delta": 3}))
    world.account("Acme")
    for day, score, written in [(0, 71, 71), (1, 72, 71), (2, 73, 71), (3, 74, 74), (4, 72, 74), (5, 71, 71)]:
        world.score("Acme", score, "monitor", day=TODAY + timedelta(days=day))
        world.push()
        assert world.crm.records["Account"]["Acme"]["Crmpulse_Score__c"] == written
    world.score("Acme", 72, "at_risk", day=TODAY + timedelta(days=6))
    world.push()
    assert world.crm.records["Account"]["Acme"]["Crmpulse_Score__c"] == 72  # with its set, because the tier moved


def test_another_mapping_fills_its_new_field(world: World) -> None:
    """A field that RevOps add to the mapping is filled by the next push, without a new decision."""
    world.score("Acme", 71, "monitor")
    world.push()
    world.mappings = mappings_with("account_health", Industry={"from": "tier"})
    plan = world.plan(world.pull())
    assert [c.why for c in plan.to_send()] == ["the mapping changed"]
    world.push()
    assert world.crm.records["Account"]["Acme"]["Industry"] == "monitor"
    assert world.push() == {"unchanged": 1}


def test_a_record_that_this_run_did_not_pull_is_read_again(world: World) -> None:
    """Without a pull in the run, what the CRM holds is read before it is overwritten: the before-image is true."""
    world.score("Acme", 71, "monitor")
    world.push()
    world.crm.edit("Account", "Acme", Crmpulse_Score__c=5)
    world.score("Acme", 40, "at_risk", day=TODAY + timedelta(days=1))
    world.tick(60)
    world.runs += 1
    world.rows("runs", [{"run": f"run-{world.runs}", "verb": "push", "started_at": world.now}])
    plan = world.plan({})
    assert plan.stale == {"Account": ["Acme"]}
    assert [(c.status, c.code) for c in plan.changes] == [(Status.BLOCKED, "stale")]
    assert [c.status for c in world.plan(None).changes] == [None]  # only shown, from what we know
    world.push(pull=False)
    with world.engine.connect() as conn:
        [change] = outcomes.changes_of(conn, f"run-{world.runs}")
    [score] = [f for f in change["fields"] if f["field"] == "Crmpulse_Score__c"]
    assert (score["before"], score["after"], score["why"]) == (5, 40, "changed by a person")


# --- what we create ---------------------------------------------------------------------------------------------------


def test_the_person_wins_on_a_task(world: World) -> None:
    """A field that a person changed is theirs for ever; the others still follow us, by record id."""
    world.task("demo:e1:0")
    world.push()
    [(task_id, task)] = world.crm.of("Task").items()
    world.crm.edit("Task", task_id, Status="In Progress", Subject="Call them tomorrow")
    world.close_task("demo:e1:0")
    assert world.push() == {"unchanged": 1}
    assert (task["Status"], task["Subject"]) == ("In Progress", "Call them tomorrow")
    world.crm.edit("Task", task_id, Status="Not Started")  # back to ours: it stays theirs
    assert world.push() == {"unchanged": 1}


def test_a_task_that_nobody_touched_is_closed_by_id(world: World) -> None:
    """What we close ourselves is an update of one field of one record."""
    world.task("demo:e1:0")
    world.push()
    world.close_task("demo:e1:0")
    assert world.push()["succeeded"] == 1
    [task_id] = world.crm.of("Task")
    last = world.crm.writes[-1]
    assert (last.operation, last.id, dict(last.fields)) == ("update", task_id, {"Status": "Completed"})
    assert world.push() == {"unchanged": 1}


def test_a_task_seen_before_its_last_write_is_read_again(world: World) -> None:
    """A sighting older than our acknowledgement cannot tell whether a person changed the task since."""
    world.task("demo:e1:0")
    before = world.tick()
    world.push()
    [(task_id, task)] = world.crm.of("Task").items()
    world.close_task("demo:e1:0")
    with world.engine.begin() as conn:
        outbox.sight(conn, "salesforce", "Task", {task_id: Record(task_id, dict(task))}, before)
    plan = world.plan({"Task": world.now})
    assert [(c.push, c.code) for c in plan.changes] == [("tasks", "stale")]
    assert plan.stale == {"Task": [task_id]}


def test_a_deleted_task_never_returns(world: World) -> None:
    """What a person deleted is not created again, neither by the next push nor by the one after a decision."""
    world.task("demo:e1:0")
    world.push()
    [task_id] = world.crm.of("Task")
    world.crm.deleted.add(task_id)
    for _ in range(2):
        world.push()
        world.close_task("demo:e1:0")
    assert not world.crm.of("Task")
    assert world.query("SELECT gone FROM acknowledged WHERE row_key = 'demo:e1:0'") == [(True,)]
    assert world.crm.created == {"demo:e1:0": 1}


def test_a_deletion_that_the_answer_tells(world: World) -> None:
    """A task that vanished between pull and write is marked gone by the CRM's refusal."""
    world.task("demo:e1:0")
    world.push()
    [task_id] = world.crm.of("Task")
    world.close_task("demo:e1:0")
    pulled = world.pull()
    world.crm.deleted.add(task_id)
    [batch] = outbox.batches(world.plan(pulled), 200)
    with world.engine.begin() as conn:
        outbox.sending(conn, batch, world.tick())
        outbox.settle(conn, batch, world.crm.write([c.write() for c in batch]), world.tick())
    assert not world.push()["succeeded"]
    assert not world.crm.of("Task")
    assert world.query("SELECT gone FROM acknowledged") == [(True,)]


def test_a_contact_role_waits_for_its_opportunity(world: World) -> None:
    """The role is blocked while the CRM has not confirmed the opportunity, and goes in the second look of the push."""
    world.handoff("h1", contacts=["003A"])
    plan = world.plan(world.pull())
    assert [(c.push, c.status, c.code) for c in plan.changes] == [
        ("handoffs", None, ""),
        ("handoff_contacts", Status.BLOCKED, "waits"),
    ]
    assert plan.waits("handoff_contacts")
    world.push()
    assert len(world.crm.of("OpportunityContactRole")) == 1


def test_a_contact_role_that_exists_is_left_alone(world: World) -> None:
    """A contact whom sales put on the opportunity first keeps the role that sales gave."""
    world.handoff("h1")
    world.push()
    [opportunity_id] = world.crm.of("Opportunity")
    world.crm.add("OpportunityContactRole", "00K1", OpportunityId=opportunity_id, ContactId="003A", Role="Blocker")
    world.rows(
        "handoff_contacts", [{"handoff": "h1", "system": "salesforce", "contact_ref": "003A", "role": "champion"}]
    )
    for _ in range(2):
        assert world.push() == {"unchanged": 2}
    assert [r["Role"] for r in world.crm.of("OpportunityContactRole").values()] == ["Blocker"]


# --- what cannot work -------------------------------------------------------------------------------------------------


def _planned(world: World) -> list[tuple[str, str]]:
    return [(str(c.status), c.message) for c in world.plan(world.pull()).changes]


def test_a_text_that_is_too_long_is_invalid(world: World) -> None:
    """Nothing is cut: the change is not sent, and says by how much it does not fit; other changes go."""
    world.task("demo:e1:0", subject="x" * 256)
    world.task("demo:e2:0")
    assert _planned(world)[0] == ("invalid", "Subject takes 255 characters and the text has 256")
    ended = world.push()
    assert (ended["invalid"], ended["succeeded"]) == (1, 1)
    assert world.query("SELECT row_key, sent_at FROM changes WHERE outcome = 'invalid'") == [("demo:e1:0", None)]


def test_a_value_outside_the_map_and_the_picklist(warehouse: sa.Engine) -> None:
    """A value map that does not know our value, and a picklist that does not have theirs, stop the change."""
    world = World(warehouse, mappings_with("tasks", Priority={"from": "priority", "values": {"high": "Urgent"}}))
    world.account("Acme")
    world.task("demo:e1:0", priority="low")
    world.task("demo:e2:0", priority="high")
    [(first, miss), (second, no_such)] = _planned(world)
    assert (first, miss) == ("invalid", "Priority: the value map has no 'low'; it knows high")
    assert (second, no_such.partition(";")[0]) == (
        "invalid",
        "Priority is a restricted picklist without the value 'Urgent'",
    )


def test_an_unknown_owner_is_invalid(world: World) -> None:
    """A task without an owner in the CRM would be the integration user's: it is not sent."""
    world.task("demo:e1:0", owner_email="nobody@acme.test")
    assert _planned(world) == [("invalid", "no user in salesforce has the e-mail nobody@acme.test")]


def test_a_field_that_is_missing_or_read_only(world: World) -> None:
    """What describe does not show or let us write is found before the first call."""
    world.score("Acme", 71, "monitor")
    described = schemas(world.mappings)
    fields = dict(described["Account"].fields)
    del fields["Crmpulse_Score__c"]
    fields["Crmpulse_Tier__c"] = fields["Crmpulse_Tier__c"]._replace(updateable=False)
    described["Account"] = ObjectSchema("Account", fields)
    pulled = world.pull()
    with world.engine.connect() as conn:
        plan = outbox.plan(conn, world.mappings, "salesforce", described, as_of=TODAY, now=world.now, run="r",
                           trusted=True, pulled=pulled)  # fmt: skip
    [change] = plan.changes
    assert change.status == Status.INVALID
    assert "Account has no field Crmpulse_Score__c that our user may see" in change.message
    assert "our user may not write Account.Crmpulse_Tier__c" in change.message


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (Decimal("12.50"), ""),
        (Decimal("1000.0000"), "Amount takes 3 digits before the point and 1000.0000 has more"),
        (Decimal("12.345"), "Amount keeps 2 decimals and 12.345 has 3"),
        ("many", "Amount takes a number, not 'many'"),
        (None, ""),
    ],
)
def test_numbers_that_do_not_fit(value: Decimal | str | None, reason: str) -> None:
    """A number is never rounded or cut to fit the field."""
    assert misfit(FieldSchema("Amount", "currency", True, True, precision=5, scale=2), value) == reason


@pytest.mark.parametrize(
    ("ours", "theirs", "kind", "alike"),
    [
        (72, 72.0, "double", True),
        (72, 73.0, "double", False),
        (date(2026, 11, 20), "2026-11-20", "date", True),
        (datetime(2026, 11, 20, 6, tzinfo=UTC), "2026-11-20T06:00:00.000+0000", "datetime", True),
        ("2026-11-20T07:00:00+01:00", "2026-11-20T06:00:00.000+0000", "datetime", True),
        ("", None, "string", True),
        ("a\nb", "a\r\nb", "textarea", True),
        ("0", None, "string", False),
        ("Ärger", "Arger", "string", False),
        (False, None, "boolean", False),
        ("007", 7, "string", False),
        ("high", "High", "string", False),
    ],
)
def test_what_is_the_same(ours: Value, theirs: Value, kind: str, alike: bool) -> None:
    """Only the vendor's spelling is forgiven, never content."""
    assert same(ours, theirs, FieldSchema("X", kind, True, True)) is alike


# --- between the plan and the write -----------------------------------------------------------------------------------


def _looked_at_again(world: World, plan: Plan) -> list[Change]:
    [batch] = outbox.batches(plan, 200)
    ids, object = [str(c.external_id) for c in batch], batch[0].object
    records = world.crm.read(object, ids, outbox.fields_to_read(world.system, object))
    with world.engine.begin() as conn:
        return outbox.recheck(conn, batch, records, world.tick())


def test_a_person_who_edits_a_task_in_the_middle_of_a_push_wins(world: World) -> None:
    """The last look before an update leaves it unsent where the person was faster."""
    world.task("demo:e1:0")
    world.push()
    [task_id] = world.crm.of("Task")
    world.close_task("demo:e1:0")
    plan = world.plan(world.pull())
    [batch] = outbox.batches(plan, 200)
    assert outbox.to_recheck(batch) == [task_id]
    world.crm.edit("Task", task_id, Status="In Progress")
    assert _looked_at_again(world, plan) == []
    assert world.query("SELECT outcome, code FROM changes WHERE sent_at IS NULL") == [("blocked", "person")]
    world.push()
    assert world.crm.records["Task"][task_id]["Status"] == "In Progress"


def test_an_edit_of_an_account_in_the_middle_of_a_push_is_reported(world: World) -> None:
    """Looked at again, a set that overwrites a person's edit carries it as drift and before-image."""
    world.score("Acme", 71, "monitor")
    world.push()
    world.score("Acme", 30, "critical", day=TODAY + timedelta(days=1))
    plan = world.plan(world.pull())
    world.crm.edit("Account", "Acme", Crmpulse_Score__c=99)
    [change] = _looked_at_again(world, plan)
    assert [(d.field, d.ours, d.theirs) for d in change.drifts] == [("Crmpulse_Score__c", 71, 99)]
    [score] = [f for f in change.fields if f.field == "Crmpulse_Score__c"]
    assert (score.before, score.after) == (99, 30)
