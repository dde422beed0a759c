"""The work, top to bottom, as plain functions: pull, conform, score, decide, push. No Prefect here.

A step that is stopped says so in the report and lets the others go on; the next run resumes what this one left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from connectors.base import ConfigError, LimitReached, SystemRefused, Unavailable
from flows.progress import Tell, silent
from flows.pulling import meet, pull_stream
from flows.pushing import plan_system, push_system
from flows.reports import RunReport, StepReport
from flows.setup import Setup
from mappings import streams
from warehouse import conform as conforming
from warehouse.health import population, scores
from warehouse.intake import raw
from warehouse.outbox.changes import Plan
from warehouse.work import decisions

ENOUGH_OUTAGES = 2
"""Streams of a system that find nobody before the others are left to the next run, instead of waiting for each."""

Call = Callable[..., Any]
"""How a piece of work is executed: directly, or as a Prefect task that may be retried."""


def directly(work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Just call it."""
    return work(*args, **kwargs)


def sync(
    setup: Setup,
    report: RunReport,
    *,
    full: bool = False,
    approve: bool = False,
    push_too: bool = True,
    as_of: date | None = None,
    tell: Tell = silent,
    call: Call = directly,
) -> None:
    """Pull everything, score today, push everywhere; a source that failed does not stop the rest."""
    pull(setup, report, full=full, tell=tell, call=call)
    score(setup, report, as_of, tell=tell, call=call)
    if push_too:
        push(setup, report, approve=approve, tell=tell, call=call)


def pull(
    setup: Setup,
    report: RunReport,
    system: str | None = None,
    *,
    full: bool = False,
    tell: Tell = silent,
    call: Call = directly,
) -> None:
    """Bring in what changed in one system or in all, then turn it into accounts, contacts, tickets and their like."""
    for name in [setup.system(system).system] if system else setup.mappings.company.systems:
        step = report.add(StepReport("pull", name))
        with attempted(step, whole=True):
            meet(setup, name)
            for stream in streams.streams(setup.system(name)).values():
                if step.outages == ENOUGH_OUTAGES:
                    step.stop(f"{name} is away: {stream.name} and what comes after it were not tried")
                    break
                with attempted(step):
                    began = setup.clock()
                    step.count(asdict(call(pull_stream, setup, report.run, name, stream, full=full, tell=tell)))
                    report.pulled.setdefault(name, {})[stream.object] = began
    conform(setup, report, tell=tell)
    if full:
        _forget(setup, report)


def _forget(setup: Setup, report: RunReport) -> None:
    """What was superseded longer ago than the company wants to keep it goes, once a night."""
    before = setup.clock() - timedelta(days=setup.mappings.company.retention_days)
    with setup.engine.begin() as conn:
        forgotten = raw.forget(conn, before)
    report.add(StepReport("forget", counts={"versions": forgotten}))


def conform(setup: Setup, report: RunReport, *, tell: Tell = silent) -> None:
    """Bring our tables up to what landed, and to the mappings and this version of us."""
    with setup.engine.begin() as conn:
        conformed = conforming.conform(conn, setup.mappings, setup.clock(), tell)
    report.add(StepReport("conform", counts=conformed.counts()))


def score(
    setup: Setup,
    report: RunReport,
    as_of: date | None = None,
    *,
    tell: Tell = silent,
    call: Call = directly,
) -> None:
    """Score a day, today (UTC) by default, and take the decisions that it asks for."""
    report.as_of = as_of or setup.clock().date()
    if not any(step.step == "conform" for step in report.steps):
        conform(setup, report, tell=tell)
    call(score_day, setup, report, report.as_of, tell=tell)


def score_day(setup: Setup, report: RunReport, as_of: date, *, tell: Tell = silent) -> None:
    """Measures, scores, states and segments of a day, and the decisions on them, in one transaction."""
    now = setup.clock()
    with setup.engine.begin() as conn:
        held = population.exodus(conn, setup.mappings.company.guard)
        if held:
            report.add(StepReport("score")).stop(held)
            return
        scored = scores.score(conn, setup.mappings, as_of, now, tell)
        step = report.add(StepReport("score", counts={"accounts": scored.accounts, **scored.tiers}))
        if not scored.decides:
            step.note = f"{as_of} is over: recomputed beside what was stored, nothing decided"
            return
        decided = decisions.take(conn, setup.mappings, as_of, now)
    report.add(StepReport("decide", counts=dict(decided.counts)))
    report.told += decided.told


def plans(setup: Setup, system: str | None = None) -> list[Plan]:
    """What a push would write now; asks the CRM for its schema and writes nothing anywhere."""
    return [plan_system(setup, name) for name in _destinations(setup, system)]


def push(
    setup: Setup,
    report: RunReport,
    system: str | None = None,
    *,
    approve: bool = False,
    dry_run: bool = False,
    tell: Tell = silent,
    call: Call = directly,
) -> None:
    """Write what is planned, system by system."""
    for name in _destinations(setup, system):
        step = report.add(StepReport("push", name))
        with attempted(step, whole=True):
            meet(setup, name)
            call(push_system, setup, report, step, approve=approve, dry_run=dry_run, tell=tell)


def _destinations(setup: Setup, system: str | None) -> list[str]:
    if system is None:
        return setup.destinations()
    if not setup.system(system).push:
        raise ConfigError(f"nothing is pushed to {system}; {system}.yaml has no push mappings")
    return [system]


@contextmanager
def attempted(step: StepReport, whole: bool = False) -> Iterator[None]:
    """A stop is written into the step's report instead of ending the run; `whole`: everything of the system stops.

    What a part meets and the other parts would meet too (no access, no calls left) goes on to the whole.
    """
    try:
        yield
    except (SystemRefused, LimitReached) as error:
        if not whole:
            raise
        step.stop(str(error), configuration=isinstance(error, ConfigError))
    except ConfigError as error:
        step.stop(str(error), configuration=whole)
    except Unavailable as error:
        step.stop(str(error))
        step.outages += 1
