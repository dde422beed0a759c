"""The outbox against the Salesforce stand-in, over the connector and a real socket, with faults and people in between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
import requests
import sqlalchemy as sa

from connectors import connect
from connectors.base import Destination, ObjectSchema, Outcome, Record, Write
from mappings import streams
from mappings.models import Mappings
from sandbox.salesforce import ids
from sandbox.server import Sandbox
from tests.outbox_world import TODAY, World
from warehouse import outbox
from warehouse.intake import raw
from warehouse.outbox import outcomes

BEGIN = datetime(2026, 11, 20, 6, tzinfo=UTC)
ACME, BOLT = (ids.new("001", n) for n in (1, 2))
CASEY, CHAMPION = ids.new("005", 1), ids.new("003", 1)
SEEDS: dict[str, list[dict[str, Any]]] = {
    "User": [
        {"Id": CASEY, "Name": "Casey", "Email": "casey@acme.test", "Username": "casey@acme.test", "IsActive": True}
    ],
    "Account": [{"Id": ACME, "Name": "Acme"}, {"Id": BOLT, "Name": "Bolt"}],
    "Contact": [{"Id": CHAMPION, "LastName": "Moss", "AccountId": ACME}],
}


class Wired:
    """The stand-in and the connector to it, in the place of the small CRM."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.sandbox = Sandbox({"salesforce": SEEDS}, BEGIN)
        self.sandbox.start()
        made = connect("salesforce", "salesforce", self.sandbox.environment(), lambda: world.now, lambda _: None)
        self.destination = cast(Destination, made)
        self.batch_size = self.destination.batch_size

    def control(self, where: str, method: str = "POST", /, **body: Any) -> Any:
        answer = requests.request(method, f"{self.sandbox.control}/{where}", json=body, timeout=10)
        assert answer.ok, answer.text
        return answer.json()

    def at(self, now: datetime) -> None:
        self.control("clock", now=now.isoformat())

    def add(self, object: str, id: str, **fields: Any) -> None:
        """The seeds hold the accounts already."""

    def edit(self, object: str, id: str, **fields: Any) -> None:
        self.control(f"records/salesforce/{object}", Id=id, **fields)

    def of(self, object: str) -> dict[str, dict[str, Any]]:
        """The records of ours that exist, as the CRM shows them."""
        stream = streams.streams(self.world.system)[object]
        records = (r for page in self.destination.pull(stream, None) for r in page.records)
        return {r.id: dict(r.fields) for r in records if not r.deleted}

    def schemas(self, mappings: Mappings) -> dict[str, ObjectSchema]:
        pushes = mappings.systems["salesforce"].push.values()
        return {object: self.destination.describe(object) for object in {push.object for push in pushes}}

    def write(self, writes: Sequence[Write]) -> list[Outcome]:
        return self.destination.write(writes)

    def find(self, *asked: Any) -> Mapping[str, Record]:
        return self.destination.find(*asked)

    def read(self, *asked: Any) -> Mapping[str, Record]:
        return self.destination.read(*asked)


class SalesforceWorld(World):
    """The same company in front of the stand-in: it really pulls, and its clock is the stand-in's."""

    def __init__(self, engine: sa.Engine) -> None:
        super().__init__(engine)
        self.wired = Wired(self)
        self.crm = cast(Any, self.wired)
        self.execute("UPDATE users SET id = :id", id=CASEY)
        self.account(ACME)
        self.account(BOLT)

    def tick(self, seconds: float = 1) -> datetime:
        super().tick(seconds)
        if hasattr(self, "wired"):
            self.wired.at(self.now)
        return self.now

    def pull(self) -> dict[str, datetime]:
        began = self.tick(600)  # past the overlap of the pull before
        for name in ("Account", "Task", "Opportunity", "OpportunityContactRole"):
            self._pull(name)
        self.execute("DELETE FROM opportunity_contacts")
        self.rows("opportunity_contacts", [
            {"system": "salesforce", "stream": "OpportunityContactRole", "id": id, "opportunity_ref": r["OpportunityId"],
             "contact_ref": r["ContactId"], "role": r["Role"], "seen_at": began}
            for id, r in self.wired.of("OpportunityContactRole").items()
        ])  # fmt: skip
        return dict.fromkeys(("Account", "Task", "Opportunity", "OpportunityContactRole"), began)

    def _pull(self, name: str) -> None:
        stream, mapping = streams.streams(self.system)[name], self.system.pull[name]
        pushed, key = streams.pushed_fields(self.system, name), streams.key_field(self.system, name)
        with self.engine.begin() as conn:
            start = raw.bookmark(conn, "salesforce", name, streams.definition(stream))
            pages = list(self.wired.destination.pull(stream, start))
            raw.land(conn, "salesforce", stream, mapping, pushed, key, pages, self.now, "run")


@pytest.fixture
def world(warehouse: sa.Engine) -> Iterator[SalesforceWorld]:
    made = SalesforceWorld(warehouse)
    made.score(ACME, 90)
    made.score(BOLT, 55, "at_risk")
    made.task("demo:e1:0", ACME)
    made.handoff("h1", ACME, contacts=[CHAMPION])
    yield made
    made.wired.sandbox.stop()


def _writes(world: SalesforceWorld) -> int:
    return int(world.wired.control("calls", "GET")["writes"])


def _whole(world: SalesforceWorld) -> None:
    """The CRM holds everything exactly once and another sync writes nothing."""
    assert {a["Name"]: a["Crmpulse_Score__c"] for a in world.wired.of("Account").values()} == {"Acme": 90, "Bolt": 55}
    [task] = [t for t in world.wired.of("Task").values() if t["Crmpulse_Key__c"]]
    assert (task["Crmpulse_Key__c"], task["Status"], task["OwnerId"]) == ("demo:e1:0", "Not Started", CASEY)
    [opportunity] = world.wired.of("Opportunity")
    [role] = world.wired.of("OpportunityContactRole").values()
    assert (role["OpportunityId"], role["ContactId"], role["Role"]) == (opportunity, CHAMPION, "Evaluator")
    before = _writes(world)
    assert world.push() == {"unchanged": 5}
    assert _writes(world) == before


def test_everything_arrives_in_four_requests_and_then_nothing(world: SalesforceWorld) -> None:
    """Two scores, a task, an opportunity and its contact role: one write request a kind, none the second time."""
    assert world.push()["succeeded"] == 5
    assert _writes(world) == 4
    _whole(world)


@pytest.mark.parametrize(("request_number", "drop"), [(0, "after"), (1, "after"), (2, "before"), (3, "after")])
def test_a_dropped_connection_doubles_nothing(world: SalesforceWorld, request_number: int, drop: str) -> None:
    """Any write request that is cut off, before or after Salesforce did it, is looked up and ends as if it had not."""
    world.wired.control("faults", path="composite/sobjects", drop=drop, after_calls=request_number, times=3)
    world.push()
    world.wired.control("faults", "DELETE")
    world.tick(300)
    world.push()
    world.push()
    _whole(world)


def test_people_in_between(world: SalesforceWorld) -> None:
    """A score that somebody overwrote is restored and reported; a task that somebody moved on or deleted is theirs."""
    world.task("demo:e2:0", ACME)
    world.push()
    first, second = sorted(
        (t["Crmpulse_Key__c"], id) for id, t in world.wired.of("Task").items() if t["Crmpulse_Key__c"]
    )
    world.tick()
    world.wired.edit("Account", ACME, Crmpulse_Score__c=12)
    world.wired.edit("Task", first[1], Status="In Progress")
    world.wired.control(f"records/salesforce/Task/{second[1]}/delete")
    world.close_task("demo:e1:0")
    world.close_task("demo:e2:0")
    world.push()
    with world.engine.connect() as conn:
        [drift] = outcomes.drifts_of(conn, "run-2")
    assert (drift["field"], drift["ours"], drift["theirs"]) == ("Crmpulse_Score__c", 90, 12)
    assert world.wired.of("Account")[ACME]["Crmpulse_Score__c"] == 90
    tasks = {id: t["Status"] for id, t in world.wired.of("Task").items() if t["Crmpulse_Key__c"]}
    assert tasks == {first[1]: "In Progress"}
    assert world.push()["succeeded"] == 0


def test_an_edit_in_the_middle_of_a_push(world: SalesforceWorld) -> None:
    """A person who moves the task on after our pull and before our write keeps the task as it is."""
    world.push()
    [task_id] = [id for id, t in world.wired.of("Task").items() if t["Crmpulse_Key__c"]]
    world.close_task("demo:e1:0")
    edit = {"vendor": "salesforce", "object": "Task", "record": {"Id": task_id, "Status": "In Progress"}}
    plan = world.plan(world.pull())
    world.wired.control("faults", path="query", person_edits=edit)  # the last look is a query
    [batch] = outbox.batches(plan, 200)
    asked_at = world.tick()
    records = world.wired.read("Task", outbox.to_recheck(batch), outbox.fields_to_read(world.system, "Task"))
    with world.engine.begin() as conn:
        assert outbox.recheck(conn, batch, records, asked_at) == []
    world.push()
    assert world.wired.of("Task")[task_id]["Status"] == "In Progress"


def test_a_refused_record_and_one_that_does_not_fit(world: SalesforceWorld) -> None:
    """Salesforce's no is kept in its words, what cannot fit is not sent, and the neighbours arrive."""
    world.task("demo:e2:0", ACME, subject="x" * 256)
    refusal = {"ids": [BOLT], "code": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "Ask RevOps first."}
    world.wired.control("faults", path="composite/sobjects", records=refusal)
    ended = world.push()
    assert (ended["rejected"], ended["invalid"], ended["succeeded"]) == (1, 1, 4)
    [(code, message)] = world.query("SELECT code, message FROM changes WHERE outcome = 'rejected'")
    assert (code, message) == ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Ask RevOps first.")
    [(message,)] = world.query("SELECT message FROM changes WHERE outcome = 'invalid'")
    assert message == "Subject takes 255 characters and the text has 256"
    world.score(BOLT, 55, "at_risk", day=TODAY + timedelta(days=1))
    assert world.push()["succeeded"] == 1
