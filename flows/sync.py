"""The main flow: pull all, score, push all."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows import steps
from flows.orchestration import as_task, run
from flows.reports import RunReport
from flows.setup import Setup


@flow(name="sync")
def sync(
    full: bool = False, approve: bool = False, push: bool = True, now: datetime | None = None
) -> State[dict[str, Any]]:
    """All of it, in order; `full` pulls from the beginning and reconciles all ids; `push=False` writes nothing."""

    def work(setup: Setup, report: RunReport) -> None:
        steps.sync(setup, report, full=full, approve=approve, push_too=push, call=as_task)

    return run("sync", now, work)
