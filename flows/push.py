"""The flow that writes scores, tasks and handoffs where people work."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows import steps
from flows.orchestration import as_task, run


@flow(name="push")
def push(system: str | None = None, approve: bool = False, now: datetime | None = None) -> State[dict[str, Any]]:
    """Push to one system or to all; an approval given once holds for scheduled runs."""
    return run("push", now, lambda setup, report: steps.push(setup, report, system, approve=approve, call=as_task))
