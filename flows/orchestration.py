"""How our steps become Prefect tasks and our reports become Prefect states and artifacts."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from typing import Any

from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed
from prefect.utilities.annotations import quote

from connectors.base import ConfigError, Unavailable
from flows.announcing import announce
from flows.pulling import pull_stream
from flows.reports import Exit, RunReport
from flows.running import running
from flows.setup import Setup, opened, ticking
from warehouse.engine import Held

RETRY_AFTER_SECONDS = 120
"""The retry of minutes, for a vendor that is away; single calls were retried for seconds already."""

_NAMES = {Exit.COMPLETE: "Completed", Exit.RECORDS_FAILED: "CompletedWithRejections", Exit.STOPPED: "Incomplete"}


def run(verb: str, now: datetime | None, work: Callable[[Setup, RunReport], None]) -> State[dict[str, Any]]:
    """One execution of a flow, configured by the environment of its worker.

    A schedule that meets a run that is still at work is skipped, which is no failure: the next one comes.
    """
    try:
        with opened(os.environ, ticking(now)) as setup, running(setup, verb) as report:
            work(setup, report)
    except Held as held:
        return Completed(name="Skipped", message=str(held), data={})
    return finished(report)


def as_task(work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Run a step as a Prefect task; a stream whose vendor is away is pulled once more, from where it stopped."""
    again = 1 if work is pull_stream else 0
    wrapped = task(
        name=work.__name__.replace("_", " "),
        task_run_name=_task_name(work, args),
        retries=again,
        retry_delay_seconds=RETRY_AFTER_SECONDS,
        retry_condition_fn=_vendor_is_away,
        cache_policy=NO_CACHE,
    )(work)
    quoted = {name: quote(value) for name, value in kwargs.items()}
    return wrapped(*(quote(arg) for arg in args), **quoted)


def _task_name(work: Callable[..., Any], args: tuple[Any, ...]) -> str:
    named = [getattr(a, "name", getattr(a, "system", a)) for a in args[2:] if not isinstance(a, datetime)]
    return " ".join([work.__name__.split("_")[0], *(str(n) for n in named if isinstance(n, str))])


def _vendor_is_away(_task: Any, _task_run: Any, state: State[Any]) -> bool:
    return isinstance(state.result(raise_on_failure=False), Unavailable)


def finished(report: RunReport) -> State[dict[str, Any]]:
    """Tell of alerts, leave the table of what was done as an artifact, and end in a state whose name is honest."""
    announce(report.told)
    create_table_artifact(
        key=f"crmpulse-{report.verb}",
        table=[{"step": s.step, "system": s.system, **s.counts, "stopped": s.stopped} for s in report.steps],
        description=f"run {report.run}, as of {report.as_of or 'today'}: exit status {int(report.exit_status)}",
    )
    if report.exit_status == Exit.CONFIGURATION:
        raise ConfigError("; ".join(s.stopped for s in report.steps if s.stopped))
    return Completed(name=_NAMES[report.exit_status], data=report.as_json())
