"""The main flow: pull all, score, push all."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows import steps
from flows.orchestration import as_task, run


@flow(name="sync")
def sync(full: bool = False, approve: bool = False, now: datetime | None = None) -> State[dict[str, Any]]:
    """All of it, in order; `full` pulls from the beginning and reconciles all ids."""
    return run("sync", now, lambda setup, report: steps.sync(setup, report, full=full, approve=approve, call=as_task))
