"""What a run did, for people (tables), machines (JSON) and shells (exit status)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from enum import IntEnum
from typing import Any

from connectors.base import Status
from warehouse.alerts.alerts import Told

MOST_TOLD = 100
"""Alerts that the report of a run lists; all of them are in the table `alerts`."""


class Exit(IntEnum):
    COMPLETE = 0
    RECORDS_FAILED = 1  # some records rejected, invalid or unknown
    CONFIGURATION = 2  # configuration or credentials stopped every requested system
    STOPPED = 3  # some system, guard, budget or lease stopped part of the work


@dataclass
class StepReport:
    """One step of one system: how it ended, in counts, and why if it stopped."""

    step: str  # pull, conform, score, decide, push
    system: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    stopped: str = ""
    """Why part of the work was not done; empty when it was."""
    configuration: bool = False
    """Configuration or credentials stopped all of it."""
    note: str = ""
    outages: int = 0
    """How often the vendor did not answer for as long as we were willing to wait."""

    def stop(self, because: str, configuration: bool = False) -> None:
        """Part of the work is not done; several reasons are all kept."""
        self.stopped = f"{self.stopped}; {because}" if self.stopped else because
        self.configuration = self.configuration or configuration

    def count(self, found: Mapping[str, int]) -> None:
        """Add to the step's counts."""
        for what, n in found.items():
            self.counts[str(what)] = self.counts.get(str(what), 0) + n

    @property
    def failed_records(self) -> int:
        return sum(self.counts.get(s, 0) for s in (Status.REJECTED, Status.INVALID, Status.UNKNOWN))


@dataclass
class RunReport:
    """One execution of a verb."""

    run: str
    verb: str
    as_of: date | None = None
    steps: list[StepReport] = field(default_factory=list)
    pulled: dict[str, dict[str, datetime]] = field(default_factory=dict)
    """System -> object that this run pulled to its end -> when that pull began."""
    told: list[Told] = field(default_factory=list)
    """The alerts that opened or closed, after their decision was stored."""

    def add(self, step: StepReport) -> StepReport:
        self.steps.append(step)
        return step

    @property
    def exit_status(self) -> Exit:
        by_system = [s for s in self.steps if s.system]
        stopped = [s for s in self.steps if s.stopped]
        if any(s.configuration and not s.system for s in stopped):  # it ended the run itself
            return Exit.CONFIGURATION
        systems = {s.system for s in by_system}
        if stopped and systems and systems == {s.system for s in by_system if s.configuration}:
            return Exit.CONFIGURATION
        if stopped:
            return Exit.STOPPED
        if any(s.failed_records for s in self.steps):
            return Exit.RECORDS_FAILED
        return Exit.COMPLETE

    def outcomes(self) -> Counter[str]:
        """Changes by outcome over all systems."""
        total: Counter[str] = Counter()
        for step in self.steps:
            total.update({k: n for k, n in step.counts.items() if k in set(Status)})
        return total

    def as_json(self) -> dict[str, Any]:
        told = [asdict(one) for one in self.told[:MOST_TOLD]]
        shown = replace(self, told=[])
        return {**asdict(shown), "told": told, "exit_status": int(self.exit_status), "outcomes": dict(self.outcomes())}
