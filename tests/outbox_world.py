"""A small CRM with real state, and a company that pushes into it the way the flows do, with a crash wherever wanted."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from connectors.base import FieldSchema, ObjectSchema, Operation, Outcome, Record, Status, Write
from mappings import reader
from mappings.models import Mappings
from warehouse import bulk, outbox, tables
from warehouse.outbox.changes import Plan

TODAY = date(2026, 11, 20)

SHIPPED = reader.load(Path(__file__).parent.parent / "mappings")
TEXTS = {"Subject": 255, "Name": 120, "Description": 32000, "Crmpulse_Reason_1__c": 255, "Crmpulse_Key__c": 64}
NUMBERS = ("Crmpulse_Score__c", "Crmpulse_Previous_Score__c", "Crmpulse_Coverage__c", "Crmpulse_Weekly_Change__c")
PICKLISTS = {
    "Priority": ("High", "Normal", "Low"),
    "Crmpulse_Tier__c": ("healthy", "monitor", "at_risk", "critical", "insufficient_data"),
}


def without_push(mappings: Mappings, left_out: str) -> Mappings:
    """Mappings whose Salesforce lacks one push."""
    system = mappings.systems["salesforce"]
    push = {name: told for name, told in system.push.items() if name != left_out}
    systems = {**mappings.systems, "salesforce": system.model_copy(update={"push": push})}
    return mappings.model_copy(update={"systems": systems})


MAPPINGS = without_push(SHIPPED, "account_care")
"""The shipped ones without the care fields: those are a row of each account too, and the tests here count the others."""


class Crash(Exception):
    """The process dies here."""


def _field(name: str) -> FieldSchema:
    if name in NUMBERS:
        return FieldSchema(name, "double", True, True, precision=3)
    if name in PICKLISTS:
        return FieldSchema(name, "picklist", True, True, values=PICKLISTS[name], restricted=True)
    if name in ("ActivityDate", "CloseDate", "Crmpulse_As_Of__c"):
        return FieldSchema(name, "date", True, True)
    return FieldSchema(name, "string", True, True, length=TEXTS.get(name, 0))


def schemas(mappings: Mappings) -> dict[str, ObjectSchema]:
    found: dict[str, dict[str, FieldSchema]] = {}
    for push in mappings.systems["salesforce"].push.values():
        names = (*push.fields, *push.key)
        found.setdefault(push.object, {}).update({name: _field(name) for name in names})
    return {name: ObjectSchema(name, fields) for name, fields in found.items()}


class Crm:
    """Records that stay as written, with unique keys, spelled the way Salesforce spells them."""

    batch_size = 3

    def __init__(self) -> None:
        self.records: dict[str, dict[str, dict[str, Any]]] = {}
        self.deleted: set[str] = set()
        self.writes: list[Write] = []
        self.created: Counter[str] = Counter()
        self.lose_before = 0  # requests that never arrive
        self.lose_after = 0  # requests that are done and never answered
        self.refuse: set[str] = set()  # record ids that the CRM says no to
        self._ids = itertools.count(1)

    def schemas(self, mappings: Mappings) -> dict[str, ObjectSchema]:
        return schemas(mappings)

    def add(self, object: str, id: str, **fields: Any) -> None:
        self.records.setdefault(object, {})[id] = fields

    def edit(self, object: str, id: str, **fields: Any) -> None:
        self.records[object][id].update(fields)

    def of(self, object: str) -> dict[str, dict[str, Any]]:
        return {id: r for id, r in self.records.get(object, {}).items() if id not in self.deleted}

    def write(self, writes: Sequence[Write]) -> list[Outcome]:
        if self.lose_before:
            self.lose_before -= 1
            return [Outcome(w.change_id, Status.UNKNOWN, message="connection lost") for w in writes]
        outcomes = [self._write(w) for w in writes]
        if self.lose_after:
            self.lose_after -= 1
            return [Outcome(w.change_id, Status.UNKNOWN, message="connection lost") for w in writes]
        return outcomes

    def _write(self, write: Write) -> Outcome:
        self.writes.append(write)
        stored = self.records.setdefault(write.object, {})
        fields = {name: _spelled(value) for name, value in write.fields.items()}
        if write.operation == Operation.UPDATE:
            assert write.id
            if write.id in self.deleted or write.id not in stored:
                return Outcome(write.change_id, Status.REJECTED, write.id, code="ENTITY_IS_DELETED", gone=True)
            if write.id in self.refuse:
                return Outcome(write.change_id, Status.REJECTED, code="FIELD_CUSTOM_VALIDATION_EXCEPTION", message="no")
            stored[write.id].update(fields)
            return Outcome(write.change_id, Status.SUCCEEDED, write.id)
        if write.operation == Operation.UPSERT:
            assert write.key_field
            assert write.key
            alive = [id for id, r in self.of(write.object).items() if r.get(write.key_field) == write.key]
            if alive:
                stored[alive[0]].update(fields)
                return Outcome(write.change_id, Status.SUCCEEDED, alive[0])
            fields[write.key_field] = write.key
            self.created[write.key] += 1
        new = f"{write.object[:3]}{next(self._ids):06}"
        if write.operation == Operation.CREATE:
            self.created[f"{fields['OpportunityId']}:{fields['ContactId']}"] += 1
        stored[new] = fields
        return Outcome(write.change_id, Status.SUCCEEDED, new, created=True)

    def find(
        self,
        object: str,
        key_field: str,
        keys: Sequence[str],
        fields: Sequence[str],
        parents: Mapping[str, Sequence[str]] | None = None,
    ) -> Mapping[str, Record]:
        return {
            str(r[key_field]): self._record(id, r, fields)
            for id, r in self.records.get(object, {}).items()
            if r.get(key_field) in keys
        }

    def read(self, object: str, ids: Sequence[str], fields: Sequence[str]) -> Mapping[str, Record]:
        return {id: self._record(id, r, fields) for id, r in self.records.get(object, {}).items() if id in ids}

    def _record(self, id: str, record: Mapping[str, Any], fields: Sequence[str]) -> Record:
        return Record(id, {f: record.get(f) for f in fields}, deleted=id in self.deleted)


def _spelled(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return float(value)
    return None if value == "" else value


class World:
    """A company with accounts, scores and decisions, its warehouse and its CRM."""

    def __init__(self, engine: sa.Engine, mappings: Mappings = MAPPINGS) -> None:
        self.engine, self.mappings, self.crm = engine, mappings, Crm()
        self.now = datetime(2026, 11, 20, 6, tzinfo=UTC)
        self.runs = 0
        self.crash_at: int | None = None
        self.rows("users", [{"system": "salesforce", "stream": "User", "id": "005A", "email": "casey@acme.test",
                             "active": True, "name": "Casey", "seen_at": self.now}])  # fmt: skip

    @property
    def system(self) -> Any:
        return self.mappings.systems["salesforce"]

    def rows(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        with self.engine.begin() as conn:
            bulk.append(conn, {**tables.kept.tables, **tables.derived.tables}[table], rows)

    def query(self, sql: str, **bound: Any) -> list[tuple[Any, ...]]:
        with self.engine.begin() as conn:
            return [tuple(row) for row in conn.execute(sa.text(sql), bound)]

    def execute(self, sql: str, **bound: Any) -> None:
        with self.engine.begin() as conn:
            conn.execute(sa.text(sql), bound)

    def account(self, name: str, **fields: Any) -> None:
        """A customer that lives in the CRM under its own name."""
        self.crm.add("Account", name, **fields)
        self.rows("account_ids", [{"account_id": f"acc-{name}", "minted_at": self.now}])
        self.rows("accounts", [{"account_id": f"acc-{name}", "name": name, "time_zone": "UTC", "customer": True,
                                "excluded": False, "crm": "salesforce", "sources": "{}"}])  # fmt: skip
        self.rows("links", [{"account_id": f"acc-{name}", "system": "salesforce", "object": "Account",
                             "external_id": name, "rule": "link_key", "valid_from": self.now}])  # fmt: skip

    def score(self, name: str, score: int | None, tier: str = "healthy", day: date = TODAY, **more: Any) -> None:
        """The account's score of a day; again on the same day it replaces."""
        self.execute("DELETE FROM score_history WHERE account_id = :a AND as_of = :d", a=f"acc-{name}", d=day)
        row = {"account_id": f"acc-{name}", "as_of": day, "version": "v1", "score": score, "earned_points": 0,
               "known_points": 100, "coverage_pct": 100, "tier": tier, "state": tier, "state_since": day,
               "below_60": 0, "below_40": 0, "at_least_45": 0, "at_least_65": 0, "lifecycle": "customer",
               "reasons": "[]", "computed_at": self.now} | more  # fmt: skip
        self.rows("score_history", [row])

    def task(self, key: str, account: str = "Acme", **more: Any) -> None:
        row = {"key": key, "episode": key, "step": 0, "account_id": f"acc-{account}", "system": "salesforce", "role": "csm",
               "owner_email": "casey@acme.test", "subject": f"Call {account}", "body": "Because.",
               "priority": "high", "due_date": TODAY, "opened_as_of": TODAY}  # fmt: skip
        self.rows("tasks", [row | more])

    def close_task(self, key: str, because: str = "condition_met") -> None:
        self.execute(
            "UPDATE tasks SET closed_as_of = :day, closed_because = :b WHERE key = :key", day=TODAY, b=because, key=key
        )

    def handoff(self, handoff: str, account: str = "Acme", contacts: Sequence[str] = ()) -> None:
        row = {"handoff": handoff, "key": f"demo:{handoff}", "account_id": f"acc-{account}", "opened_as_of": TODAY,
               "opened_at": self.now, "system": "salesforce", "owner_email": "casey@acme.test",
               "name": f"{account}: expansion", "reasons": "[]", "context": "They grow.",
               "close_date": TODAY + timedelta(days=90), "state": "proposed"}  # fmt: skip
        self.rows("handoffs", [row])
        self.rows("handoff_contacts", [{"handoff": handoff, "system": "salesforce", "contact_ref": contact,
                                        "role": "champion"} for contact in contacts])  # fmt: skip

    # --- a run ---------------------------------------------------------------------------------------------------------

    def tick(self, seconds: float = 1) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now

    def checkpoint(self) -> None:
        if self.crash_at is not None:
            self.crash_at -= 1
            if self.crash_at < 0:
                self.crash_at = None
                raise Crash

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """A transaction, and a place to die before it."""
        self.checkpoint()
        with self.engine.begin() as conn:
            yield conn

    def pull(self) -> dict[str, datetime]:
        began = self.tick()
        for object, records in self.crm.records.items():
            found = {id: Record(id, dict(fields), deleted=id in self.crm.deleted) for id, fields in records.items()}
            with self.engine.begin() as conn:
                outbox.sight(conn, "salesforce", object, found, began, key_field="Crmpulse_Key__c")
        self.execute("DELETE FROM opportunity_contacts")
        self.rows("opportunity_contacts", [
            {"system": "salesforce", "stream": "OpportunityContactRole", "id": id, "opportunity_ref": r["OpportunityId"],
             "contact_ref": r["ContactId"], "role": r.get("Role"), "seen_at": began}
            for id, r in self.crm.of("OpportunityContactRole").items()
        ])  # fmt: skip
        objects = ("Account", "Task", "Opportunity", "OpportunityContactRole")
        return dict.fromkeys(objects, began)

    def plan(self, pulled: Mapping[str, datetime] | None, only: str | None = None, trusted: bool = True) -> Plan:
        with self.engine.begin() as conn:
            return outbox.plan(
                conn, self.mappings, "salesforce", self.crm.schemas(self.mappings), as_of=TODAY, now=self.tick(),
                run=f"run-{self.runs}", trusted=trusted, pulled=pulled, only=only,
            )  # fmt: skip

    def push(self, pull: bool = True, trusted: bool = True) -> Counter[str]:
        """Pull, look up what has no answer, plan, guard, apply; the counts of how the changes ended."""
        self.runs += 1
        self.rows("runs", [{"run": f"run-{self.runs}", "verb": "push", "started_at": self.tick()}])
        pulled = self.pull() if pull else {}
        self._look_up(pulled)
        plan = self.plan(pulled, trusted=trusted)
        if plan.stale:
            self._read_again(plan)
            plan = self.plan(pulled, trusted=trusted)
        outbox.stop(plan, reasons) if (reasons := outbox.guard(plan, self.mappings.company)) else None
        ended: Counter[str] = Counter()
        for push in self.system.push:
            now_planned = self.plan(pulled, push, trusted) if plan.waits(push) else plan
            ended += self._apply(now_planned, push)
        return ended

    def _look_up(self, pulled: Mapping[str, datetime]) -> None:
        with self.engine.begin() as conn:
            lookups = list(outbox.lookups(conn, self.system))
        for lookup in lookups:
            asked_at = self.tick()
            if lookup.key_field:
                records = self.crm.find(lookup.object, lookup.key_field, lookup.values, lookup.fields)
            else:
                records = self.crm.read(lookup.object, lookup.values, lookup.fields)
            with self.begin() as conn:
                outbox.resolve(conn, lookup, records, asked_at, timedelta(0))
        with self.begin() as conn:
            outbox.resolve_creates(conn, "salesforce", pulled, timedelta(0), self.tick())

    def _read_again(self, plan: Plan) -> None:
        for object, ids in plan.stale.items():
            asked_at = self.tick()
            records = self.crm.read(object, ids, outbox.fields_to_read(self.system, object))
            with self.begin() as conn:
                outbox.sight(conn, "salesforce", object, records, asked_at, asked=ids)

    def _apply(self, plan: Plan, push: str) -> Counter[str]:
        with self.begin() as conn:
            outbox.record(conn, plan, push)
        ended = Counter(c.status.value for c in plan.changes if c.status and c.push == push)
        ended["unchanged"] = plan.unchanged[push]
        for batch in outbox.batches(plan, self.crm.batch_size, push):
            if ids := outbox.to_recheck(batch):
                asked_at, object = self.tick(), batch[0].object
                records = self.crm.read(object, ids, outbox.fields_to_read(self.system, object))
                planned = len(batch)
                with self.begin() as conn:
                    batch = outbox.recheck(conn, batch, records, asked_at)
                ended["blocked"] += planned - len(batch)
            if not batch:
                continue
            with self.begin() as conn:
                outbox.sending(conn, batch, self.tick())
            self.checkpoint()  # sent as far as the ledger knows, and never left
            outcomes = self.crm.write([change.write() for change in batch])
            with self.begin() as conn:
                ended += Counter({s.value: n for s, n in outbox.settle(conn, batch, outcomes, self.tick()).items()})
        return ended


def mappings_with(push: str, **fields: Any) -> Mappings:
    """The shipped mappings with some fields of a push mapping set otherwise."""
    told = json.loads(MAPPINGS.model_dump_json(by_alias=True, exclude_unset=True))
    told["systems"]["salesforce"]["push"][push]["fields"].update(fields)
    return Mappings.model_validate(told)
