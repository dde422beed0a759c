"""The flow that writes scores, tasks and handoffs where people work."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows import steps
from flows.orchestration import as_task, finished, run, skipped_while_another_works


@flow(name="push")
@skipped_while_another_works
def push(system: str | None = None, approve: bool = False, now: datetime | None = None) -> State[dict[str, Any]]:
    """Push to one system or to all; an approval given once holds for scheduled runs."""
    with run("push", now) as (setup, report):
        steps.push(setup, report, system, approve=approve, call=as_task)
    return finished(report)
