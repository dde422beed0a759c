"""What we create in HubSpot hangs on a company or deal: it is created with that, and found there when an answer is lost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import pytest
import requests
from sqlalchemy import Engine

from connectors import connect
from connectors.base import Destination, FieldSchema, ObjectSchema, Outcome, Record, Status
from mappings.models import Mappings, PushMapping
from sandbox.server import Sandbox
from tests.several import THREE
from warehouse import bulk, outbox, tables
from warehouse.outbox.changes import Change, Plan
from warehouse.outbox.values import HTML, as_html, same

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)
WAIT = timedelta(seconds=120)
KEY = "demo:01JD3V8X5S0000000000000000:1"
TASKS = {
    "rows": "tasks",
    "object": "tasks",
    "operation": "upsert",
    "key": {"crmpulse_key": {"from": "key"}},
    "associations": {"companies": {"from": "account_external_id"}},
    "fields": {
        "hs_task_subject": {"from": "subject"},
        "hs_task_body": {"from": "body"},
        "hubspot_owner_id": {"from": "owner_external_id"},
        "hs_timestamp.day": {"from": "due_date"},
        "hs_task_status": {"from": "state", "values": {"open": "NOT_STARTED", "closed": "COMPLETED"}},
    },
}
RICH = FieldSchema("hs_task_body", HTML, True, True)
NAMES = ("crmpulse_key", "hs_task_subject", "hubspot_owner_id", "hs_task_status", "hs_timestamp.day")
SCHEMAS = {
    "tasks": ObjectSchema(
        "tasks", {"hs_task_body": RICH, **{name: FieldSchema(name, "string", True, True) for name in NAMES}}
    )
}


def pushing() -> Mappings:
    hubspot = THREE.systems["hubspot"].model_copy(update={"push": {"tasks": PushMapping.model_validate(TASKS)}})
    return THREE.model_copy(update={"systems": {**THREE.systems, "hubspot": hubspot}})


MAPPINGS = pushing()


@pytest.fixture
def company(warehouse: Engine) -> Engine:
    """An account that lives in HubSpot, with a task that is due there."""
    rows: dict[str, dict[str, Any]] = {
        "account_ids": {"account_id": "A", "minted_at": NOW},
        "accounts": {"account_id": "A", "time_zone": "UTC", "customer": True, "excluded": False, "sources": "{}"},
        "links": {
            "account_id": "A", "system": "hubspot", "object": "companies", "external_id": "301", "rule": "minted",
            "valid_from": NOW,
        },
        "users": {"system": "hubspot", "stream": "owners", "id": "77", "email": "kim@acme.test", "active": True},
        "tasks": {
            "key": KEY, "episode": "e", "step": 1, "account_id": "A", "system": "hubspot", "role": "csm",
            "owner_email": "kim@acme.test", "subject": "Call", "body": "2 tickets < 3 days\nCall them & ask",
            "priority": "high", "due_date": date(2026, 11, 22), "opened_as_of": date(2026, 11, 20),
        },
    }  # fmt: skip
    with warehouse.begin() as conn:
        for name, row in rows.items():
            table = {**tables.kept.tables, **tables.derived.tables}[name]
            bulk.append(conn, table, [{"seen_at": NOW, **row} if "seen_at" in table.columns else row])
    return warehouse


def planned(engine: Engine, now: datetime) -> Plan:
    with engine.begin() as conn:
        return outbox.plan(
            conn, MAPPINGS, "hubspot", SCHEMAS, as_of=None, now=now, run="run", trusted=True, pulled=["tasks"]
        )


def lost(engine: Engine, sent_at: datetime) -> Change:
    """The task is sent and its answer never comes."""
    (change,) = planned(engine, sent_at).to_send()
    with engine.begin() as conn:
        outbox.sending(conn, [change], sent_at)
        outbox.settle(conn, [change], [Outcome(change.change_id, Status.UNKNOWN, message="no answer")], sent_at)
    return change


def looked_up(engine: Engine, asked_at: datetime, records: Mapping[str, Record]) -> outbox.Lookup:
    with engine.begin() as conn:
        (lookup,) = outbox.lookups(conn, MAPPINGS.systems["hubspot"])
        outbox.resolve(conn, lookup, records, asked_at, WAIT)
    return lookup


def test_a_task_is_created_with_its_company(company: Engine) -> None:
    """The association goes with the request, and is neither a field nor a part of later updates."""
    (change,) = planned(company, NOW).to_send()
    write = change.write()
    assert write.associations == {"companies": ("301",)}
    assert (write.key_field, write.key) == ("crmpulse_key", KEY)
    assert set(write.fields) == set(TASKS["fields"])


def test_a_lost_task_is_looked_for_at_its_company(company: Engine) -> None:
    """Who asks names the company; what is found there was created, once and for all."""
    change = lost(company, NOW)
    shown = Record("9", {f.field: f.after for f in change.fields} | {"crmpulse_key": KEY})
    lookup = looked_up(company, NOW + timedelta(seconds=5), {KEY: shown})
    assert lookup.parents == {KEY: ["301"]}
    assert planned(company, NOW + timedelta(hours=1)).changes == []


def test_a_lost_task_gets_time_to_arrive(company: Engine) -> None:
    """That it is not there proves nothing before the wait is over; afterwards it is sent again."""
    lost(company, NOW)
    looked_up(company, NOW + timedelta(seconds=119), {})
    (waiting,) = planned(company, NOW + timedelta(seconds=119)).changes
    assert (waiting.status, waiting.code) == (Status.BLOCKED, "unsettled")
    looked_up(company, NOW + timedelta(seconds=121), {})
    assert [c.key for c in planned(company, NOW + timedelta(seconds=121)).to_send()] == [KEY]


def test_html_is_compared_by_its_words(company: Engine) -> None:
    """The vendor wraps, escapes and breaks as it likes; another word is another person's edit."""
    (change,) = planned(company, NOW).to_send()
    sent = change.write().fields["hs_task_body"]
    assert sent == "2 tickets &lt; 3 days<br>Call them &amp; ask"
    assert same(sent, "<div><p>2 tickets &lt; 3 days</p>\n<p>Call&nbsp;them &amp; ask</p></div>", RICH)
    assert not same(sent, "<p>2 tickets &lt; 3 days</p><p>Called them &amp; asked</p>", RICH)
    assert as_html("one\r\ntwo") == "one<br>two"


def test_over_the_wire_a_lost_answer_makes_no_second_task(company: Engine) -> None:
    """HubSpot made the task and the line broke: the real connector finds it at its company, and it is never sent again."""
    seeds: dict[str, list[dict[str, Any]]] = {
        "companies": [{"id": "301", "createdAt": "2026-01-01T00:00:00Z", "properties": {"name": "Acme"}}],
        "owners": [{"id": "77", "email": "kim@acme.test", "firstName": "Kim", "lastName": "Kay", "archived": False}],
    }
    with Sandbox({"hubspot": seeds}, NOW) as sandbox:
        into = cast(Destination, connect("hubspot", "hubspot", sandbox.environment(), lambda: NOW, lambda _: None))
        into.describe("tasks")
        requests.post(
            f"{sandbox.control}/faults", json={"path": "/objects/", "method": "POST", "drop": "after"}, timeout=5
        )
        (change,) = planned(company, NOW).to_send()
        with company.begin() as conn:
            outbox.sending(conn, [change], NOW)
        outcomes = into.write([change.write()])
        assert [outcome.status for outcome in outcomes] == [Status.UNKNOWN]
        with company.begin() as conn:
            outbox.settle(conn, [change], outcomes, NOW)
            (lookup,) = outbox.lookups(conn, MAPPINGS.systems["hubspot"])
        found = into.find(lookup.object, str(lookup.key_field), lookup.values, lookup.fields, lookup.parents)
        assert set(found) == {KEY}
        looked_up(company, NOW + timedelta(seconds=5), found)
        assert planned(company, NOW + timedelta(hours=1)).changes == []
