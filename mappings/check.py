"""What no single value shows: names that lead nowhere, rules against each other, fields that do not exist."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from mappings import vocabulary
from mappings.check_alerts import alerts, care
from mappings.check_company import company
from mappings.check_links import links
from mappings.check_live import live
from mappings.check_playbooks import playbooks
from mappings.check_pull import pulls
from mappings.check_push import pushes
from mappings.check_rules import scorecards, segments
from mappings.mistakes import Finding
from mappings.models import Alerts, Company, Links, Playbooks, Scorecards, Segments, SystemMapping

__all__ = ["Parts", "live", "offline"]


@dataclass(frozen=True)
class Parts:
    """The files of a folder as far as they could be read; None stands for one that could not."""

    company: Company | None
    systems: Mapping[str, SystemMapping | None]
    scorecards: Scorecards | None
    segments: Segments | None
    playbooks: Playbooks | None
    alerts: Alerts | None = None
    links: Links | None = None
    measures: Collection[str] | None = None


def offline(parts: Parts) -> Iterator[tuple[str, Finding]]:
    """Everything that can be known without a call, as (file, finding)."""
    known = {name: system for name, system in parts.systems.items() if system is not None}
    every_system = len(known) == len(parts.systems) and all(map(_tables_known, known.values()))
    if parts.company is not None:
        yield from _in("crmpulse.yaml", company(parts.company, known, every_system))
    for name, system in known.items():
        yield from _in(f"{name}.yaml", pulls(name, system, list(parts.systems)))
        yield from _in(f"{name}.yaml", pushes(system))
    if parts.scorecards is not None:
        yield from _in("scorecards.yaml", scorecards(parts.scorecards, parts.measures))
    if parts.segments is not None:
        yield from _in("segments.yaml", segments(parts.segments))
        yield from _in(
            "segments.yaml", care(parts.segments, known, parts.measures if every_system else None, parts.playbooks)
        )
    if parts.playbooks is not None:
        yield from _in("playbooks.yaml", playbooks(parts.playbooks, parts.measures))
    if parts.alerts is not None:
        measured = parts.measures if every_system else None
        yield from _in("alerts.yaml", alerts(parts.alerts, known, measured, parts.playbooks))
    if parts.links is not None:
        yield from _in("links.yaml", links(parts.links, list(parts.systems)))


def _tables_known(system: SystemMapping) -> bool:
    """Whether every stream says what it fills; a misspelt or missing table could be any."""
    return all(pull.table in vocabulary.TABLES for pull in system.pull.values())


def _in(file: str, findings: Iterator[Finding]) -> Iterator[tuple[str, Finding]]:
    return ((file, finding) for finding in findings)
