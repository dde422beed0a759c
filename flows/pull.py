"""The flow that brings in what changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows import steps
from flows.orchestration import as_task, run


@flow(name="pull")
def pull(system: str | None = None, full: bool = False, now: datetime | None = None) -> State[dict[str, Any]]:
    """Pull one system or all; one that fails does not stop the others."""
    return run("pull", now, lambda setup, report: steps.pull(setup, report, system, full=full, call=as_task))
