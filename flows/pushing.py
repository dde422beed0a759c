"""One system's push: look up what was cut off, plan, judge the whole, then send batches with an outcome a record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import cast

from connectors.base import Destination, ObjectSchema, Record, Status
from flows.progress import Tell, silent
from flows.reports import RunReport, StepReport
from flows.setup import Setup
from mappings import streams
from warehouse import outbox
from warehouse.health import scores
from warehouse.outbox.changes import Change, Plan

Pulled = Mapping[str, datetime]
"""Objects that this run pulled to their end, and when that pull began."""


def destination(setup: Setup, system: str) -> Destination:
    """The connector of a system that has push mappings."""
    return cast(Destination, setup.source(system))


def plan_system(
    setup: Setup, system: str, run: str = "", pulled: Pulled | None = None, only: str | None = None
) -> Plan:
    """What a push would write; without `pulled` what we know of the CRM is taken as fresh, which is enough to show."""
    into = destination(setup, system)
    schemas = _schemas(setup, into)
    with setup.engine.connect() as conn:
        return outbox.plan(
            conn,
            setup.mappings,
            system,
            schemas,
            as_of=scores.last_decided(conn),
            now=setup.clock(),
            run=run,
            trusted=into.loopback,
            pulled=pulled,
            only=only,
        )


def _schemas(setup: Setup, into: Destination) -> dict[str, ObjectSchema]:
    objects = sorted({push.object for push in setup.system(into.system).push.values()})
    return {object: into.describe(object) for object in objects}


def push_system(
    setup: Setup,
    report: RunReport,
    step: StepReport,
    *,
    approve: bool = False,
    dry_run: bool = False,
    tell: Tell = silent,
) -> None:
    """Everything that the plan allows; with `dry_run` the plan and the judgement only."""
    system, pulled = step.system, report.pulled.get(step.system, {})
    into = destination(setup, system)
    if not dry_run:
        _prepare(setup, into, pulled, approve)
    planned = plan_system(setup, system, report.run, None if dry_run else pulled)
    if planned.stale and not dry_run:
        _read_again(setup, into, planned)
        planned = plan_system(setup, system, report.run, pulled)
    _judge(setup, step, into, planned, approve)
    if dry_run:
        step.count(planned.counts())
        return
    _apply(setup, step, into, planned, tell)
    _second_look(setup, step, into, planned, pulled, approve, tell)


# --- before the plan --------------------------------------------------------------------------------------------------


def _prepare(setup: Setup, into: Destination, pulled: Pulled, approve: bool) -> None:
    if approve:
        with setup.engine.begin() as conn:
            outbox.approve(conn, into.system, setup.system(into.system).push, setup.clock())
    _look_up(setup, into, pulled)


def _look_up(setup: Setup, into: Destination, pulled: Pulled) -> None:
    """Writes without an answer are looked up in the CRM before anything else is sent."""
    wait = timedelta(seconds=setup.mappings.company.unknown_wait_seconds)
    with setup.engine.connect() as conn:
        lookups = list(outbox.lookups(conn, setup.system(into.system)))
    for lookup in lookups:
        asked_at = setup.clock()
        records = _ask(into, lookup)
        with setup.engine.begin() as conn:
            outbox.resolve(conn, lookup, records, asked_at, wait)
    with setup.engine.begin() as conn:
        outbox.resolve_creates(conn, into.system, pulled, wait, setup.clock())


def _ask(into: Destination, lookup: outbox.Lookup) -> Mapping[str, Record]:
    if lookup.key_field is None:
        return into.read(lookup.object, lookup.values, lookup.fields)
    return into.find(lookup.object, lookup.key_field, lookup.values, lookup.fields, lookup.parents)


def _read_again(setup: Setup, into: Destination, planned: Plan) -> None:
    """Records whose last sighting is older than this run are read once more before they are written."""
    mapping = setup.system(into.system)
    for object, ids in planned.stale.items():
        requested_at, key_field = setup.clock(), streams.key_field(mapping, object)
        records = into.read(object, ids, outbox.fields_to_read(mapping, object))
        with setup.engine.begin() as conn:
            outbox.sight(conn, into.system, object, records, requested_at, asked=ids, key_field=key_field)


# --- the judgement ----------------------------------------------------------------------------------------------------


def _judge(setup: Setup, step: StepReport, into: Destination, planned: Plan, approve: bool) -> None:
    """Too much at once stops everything, unless somebody approves it; so does a missing approval; a pause is a wish."""
    guarded = [] if approve else outbox.guard(planned, setup.mappings.company)
    reasons = guarded or _over_budget(setup, into, planned)
    if reasons:
        outbox.stop(planned, reasons)
        step.stop("; ".join(reasons))
    held = "; ".join(sorted({c.message for c in planned.changes if c.code == "stopped"}))
    if setup.system(into.system).mode == "paused":
        step.note = held
    elif held:
        step.stop(held)


def _over_budget(setup: Setup, into: Destination, planned: Plan) -> list[str]:
    """Half (by default) of what is left of the vendor's allowance is ours; the rest is for other integrations."""
    budget, share = into.budget(), setup.mappings.company.api_share_pct
    if budget.allowed is None or budget.used is None:
        return []
    left, needed = budget.allowed - budget.used, planned.calls(into.batch_size)
    if needed <= left * share / 100:
        return []
    return [f"{needed} API calls are needed; {left} are left for everybody, of which {share:g}% may be ours"]


# --- sending ----------------------------------------------------------------------------------------------------------


def _apply(setup: Setup, step: StepReport, into: Destination, planned: Plan, tell: Tell) -> None:
    """The intent is committed before the request leaves, the outcome after its answer."""
    with setup.engine.begin() as conn:
        outbox.record(conn, planned)
    step.count({what: n for what, n in planned.counts().items() if what != "planned"})
    total, done = len(planned.to_send()), 0
    for ready in outbox.batches(planned, into.batch_size):
        batch = _last_look(setup, into, ready)
        step.count({Status.BLOCKED: len(ready) - len(batch)})
        if batch:
            _send(setup, step, into, batch)
        done += len(ready)
        tell(f"push to {into.system}", done, total)


def _last_look(setup: Setup, into: Destination, batch: list[Change]) -> list[Change]:
    """A task that a person took over since the pull stays theirs."""
    ids = outbox.to_recheck(batch)
    if not ids:
        return batch
    asked_at, object = setup.clock(), batch[0].object
    records = into.read(object, ids, outbox.fields_to_read(setup.system(into.system), object))
    with setup.engine.begin() as conn:
        return outbox.recheck(conn, batch, records, asked_at)


def _send(setup: Setup, step: StepReport, into: Destination, batch: list[Change]) -> None:
    with setup.engine.begin() as conn:
        outbox.sending(conn, batch, setup.clock())
    outcomes = into.write([change.write() for change in batch])
    with setup.engine.begin() as conn:
        settled = outbox.settle(conn, batch, outcomes, setup.clock())
    step.count({str(status): n for status, n in settled.items()})


def _second_look(
    setup: Setup, step: StepReport, into: Destination, planned: Plan, pulled: Pulled, approve: bool, tell: Tell
) -> None:
    """What waited for a record of this push (contact roles for their opportunity) can go now."""
    for name in filter(planned.waits, setup.system(into.system).push):
        again = plan_system(setup, into.system, planned.run, pulled, only=name)
        if again.to_send(name):
            waited = sum(change.push == name and change.code == "waits" for change in planned.changes)
            step.count({Status.BLOCKED: -waited, Status.UNCHANGED: -planned.unchanged[name]})
            _judge(setup, step, into, again, approve)
            _apply(setup, step, into, again, tell)
