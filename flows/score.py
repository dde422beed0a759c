"""The flow that computes health and takes decisions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows import steps
from flows.orchestration import as_task, run


@flow(name="score")
def score(as_of: date | None = None, now: datetime | None = None) -> State[dict[str, Any]]:
    """Score a day; an earlier one than the last is recomputed beside what was stored and decides nothing."""
    return run("score", now, lambda setup, report: steps.score(setup, report, as_of, call=as_task))
