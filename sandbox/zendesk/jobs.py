"""Jobs: bulk writes are taken at once, done at once, and seen as done only when they were asked about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sandbox.zendesk.answers import Refused, not_found, plain
from sandbox.zendesk.desk import Desk
from sandbox.zendesk.limits import Limits


@dataclass(slots=True)
class Job:
    kind: str
    results: Sequence[dict[str, Any]]
    began: float
    polls: int = 0


class Jobs:
    """The account's jobs."""

    def __init__(self, desk: Desk, limits: Limits) -> None:
        self._desk, self._limits = desk, limits
        self._all: dict[str, Job] = {}

    def check_room(self) -> None:
        """Refused while too many jobs are queued or running."""
        running = sum(not self._done(job) for job in self._all.values())
        if running >= self._desk.settings.most_jobs:
            raise plain(429, "TooManyJobs", "The number of background jobs queued or running is at its limit")

    def add(self, kind: str, results: Sequence[dict[str, Any]], host: str) -> dict[str, Any]:
        """A new job in the state queued."""
        job_id = uuid4().hex
        self._all[job_id] = Job(kind, results, self._limits.now())
        return self._shown(job_id, host, "queued")

    def poll(self, job_id: str, host: str) -> dict[str, Any]:
        """How far a job is; asking is what moves it."""
        job = self._all.get(job_id)
        if job is None:
            raise not_found()
        state = "completed" if self._done(job) else ("queued", "working")[job.polls > 0]
        job.polls += 1
        return self._shown(job_id, host, state)

    def _done(self, job: Job) -> bool:
        settings = self._desk.settings
        return job.polls >= settings.job_polls or self._limits.now() - job.began >= settings.job_seconds

    def _shown(self, job_id: str, host: str, state: str) -> dict[str, Any]:
        job = self._all[job_id]
        done = state == "completed"
        return {
            "id": job_id,
            "job_type": job.kind,
            "url": f"{host}/api/v2/job_statuses/{job_id}.json",
            "total": len(job.results),
            "progress": len(job.results) if done else None,
            "status": state,
            "message": "Completed" if done else None,
            "results": list(job.results) if done else None,
        }


def result(place: int, record_id: Any, action: str, refused: Refused | None) -> dict[str, Any]:
    """One record's line of a job."""
    line: dict[str, Any] = {"index": place, "id": record_id, "action": action, "success": refused is None}
    if refused is None:
        return line | {"status": f"{action.capitalize()}d"}
    body = refused.answer.body
    return line | {"status": "Failed", "error": body.get("error"), "details": body.get("description")}
