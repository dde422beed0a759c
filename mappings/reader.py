"""Reads the folder that RevOps edit, and finds every mistake of all its files at once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from connectors.base import ConfigError
from mappings import check, document
from mappings.check import Parts
from mappings.document import Document, KeyPath, Mistake
from mappings.mistakes import Finding
from mappings.models import Alerts, Company, Links, Mappings, Model, Playbooks, Scorecards, Segments, SystemMapping
from mappings.salvage import salvage

Part = TypeVar("Part", bound=Model)

SHIPPED = Path(__file__).parent
"""The documented defaults; a company copies them and keeps its own outside the tree."""

FIXED_FILES = ("crmpulse.yaml", "scorecards.yaml", "segments.yaml", "playbooks.yaml", "alerts.yaml", "links.yaml")


@dataclass
class Reading:
    """What the folder says, and what is wrong with it; `mappings` is there only when nothing is."""

    folder: Path
    mappings: Mappings | None = None
    mistakes: list[Mistake] = field(default_factory=list)
    warnings: list[Mistake] = field(default_factory=list)
    documents: dict[str, Document] = field(default_factory=dict)
    left_out: dict[str, list[KeyPath]] = field(default_factory=dict)
    """Broken places by file, which the checks across files did not see."""

    def where(self, file: str, *path: str | int) -> str:
        """The place as `salesforce.yaml:41`; the closest one above where the path itself is not written down."""
        name = file if file.endswith(".yaml") else f"{file}.yaml"
        return f"{name}:{self.documents[name].line(path)}" if name in self.documents else name

    def sound(self) -> Mappings:
        """The mappings; one ConfigError lists every mistake."""
        if self.mappings is None:
            listed = "\n".join(f"  {mistake}" for mistake in self.mistakes)
            raise ConfigError(f"the mappings in {self.folder} cannot be used:\n{listed}")
        return self.mappings

    def note(self, file: str, finding: Finding) -> None:
        """Keep a finding with its line, unless it only says that a broken place is not there."""
        if any(place[: len(finding.place)] == finding.place for place in self.left_out.get(file, ())):
            return
        line = self.documents[file].line(finding.place) if file in self.documents else 1
        kept = self.warnings if finding.warning else self.mistakes
        kept.append(Mistake(file, line, finding.message, finding.warning))


def load(folder: Path, measures: Collection[str] | None = None) -> Mappings:
    """The whole folder; one ConfigError lists every mistake."""
    return read(folder, measures).sound()


def read(folder: Path, measures: Collection[str] | None = None) -> Reading:
    """The folder with all its mistakes; `measures` are the names that components may use, where they are known."""
    reading = Reading(folder)
    parts = Parts(
        company=_part(reading, "crmpulse.yaml", Company),
        systems={name: _part(reading, f"{name}.yaml", SystemMapping) for name in _system_names(reading)},
        scorecards=_part(reading, "scorecards.yaml", Scorecards),
        segments=_part(reading, "segments.yaml", Segments),
        playbooks=_part(reading, "playbooks.yaml", Playbooks),
        alerts=_part(reading, "alerts.yaml", Alerts) if (folder / "alerts.yaml").is_file() else Alerts(),
        links=_part(reading, "links.yaml", Links) if (folder / "links.yaml").is_file() else Links(),
        measures=measures,
    )
    _unlisted(reading)
    for file, finding in check.offline(parts):
        reading.note(file, finding)
    for found in (reading.mistakes, reading.warnings):
        found.sort(key=lambda mistake: (_rank(mistake.file), mistake.file, mistake.line))
    if not reading.mistakes:
        reading.mappings = Mappings.model_validate({name: getattr(parts, name) for name in Mappings.model_fields})
    return reading


def _rank(file: str) -> int:
    """The company first, then the systems, then the rest."""
    return FIXED_FILES.index(file) * 2 if file in FIXED_FILES else 1


def _part(reading: Reading, file: str, model: type[Part]) -> Part | None:
    """One file as its model; of a broken file the sound rest, None when nothing of it stands alone."""
    path = reading.folder / file
    if not path.is_file():
        message = (
            f"{reading.folder} has no {file}; the file of that name in the mappings folder of crmpulse is an example"
        )
        reading.mistakes.append(Mistake(file, 1, message))
        return None
    read = reading.documents[file] = document.read(path)
    reading.mistakes += read.mistakes
    salvaged = salvage(read, model)
    for finding in salvaged.findings:
        reading.note(file, finding)
    reading.left_out[file] = salvaged.left_out
    return salvaged.part  # type: ignore[no-any-return]


def _system_names(reading: Reading) -> list[str]:
    """What crmpulse.yaml lists; every file of a system where it lists nothing that can be read."""
    read = reading.documents.get("crmpulse.yaml")
    listed = read.tree.get("systems") if read is not None and isinstance(read.tree, dict) else None
    if isinstance(listed, list) and listed and all(isinstance(name, str) for name in listed):
        return list(dict.fromkeys(listed))
    return _system_files(reading)


def _system_files(reading: Reading) -> list[str]:
    """Files of the folder that nobody has read yet and that say which system they describe."""
    known = {*FIXED_FILES, *reading.documents}
    others = sorted(path for path in reading.folder.glob("*.yaml") if path.name not in known)
    trees = {path.stem: document.read(path).tree for path in others}
    return [name for name, tree in trees.items() if isinstance(tree, dict) and "system" in tree]


def _unlisted(reading: Reading) -> None:
    for name in _system_files(reading):
        message = f"{name}.yaml describes a system that `systems` does not list; add `{name}`, or remove the file"
        reading.note("crmpulse.yaml", Finding(("systems",), message))
