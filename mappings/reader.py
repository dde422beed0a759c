"""Reads the folder that RevOps edit, and finds every mistake of all its files at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from connectors.base import ConfigError
from mappings import document
from mappings.document import Document, Mistake
from mappings.models import Company, Mappings, Model, Playbooks, Scorecards, Segments, SystemMapping


@dataclass
class Reading:
    """What the folder says, as far as it could be read."""

    mappings: Mappings | None
    mistakes: list[Mistake]
    warnings: list[Mistake] = field(default_factory=list)
    documents: dict[str, Document] = field(default_factory=dict)

    def where(self, file: str, *path: str | int) -> str:
        """The place as `salesforce.yaml:41`; the closest one above where the path itself is not written down."""
        name = file if file.endswith(".yaml") else f"{file}.yaml"
        return f"{name}:{self.documents[name].line(path)}" if name in self.documents else name


def load(folder: Path) -> Mappings:
    """The whole folder; one ConfigError lists every mistake."""
    reading = read(folder)
    if reading.mappings is None:
        listed = "\n".join(f"  {mistake}" for mistake in reading.mistakes)
        raise ConfigError(f"the mappings in {folder} cannot be used:\n{listed}")
    return reading.mappings


def read(folder: Path) -> Reading:
    """The folder with all its mistakes."""
    reading = Reading(None, [])
    company = _model(reading, folder, "crmpulse.yaml", Company)
    systems = {
        name: _model(reading, folder, f"{name}.yaml", SystemMapping) for name in (company.systems if company else [])
    }
    scorecards = _model(reading, folder, "scorecards.yaml", Scorecards)
    segments = _model(reading, folder, "segments.yaml", Segments)
    playbooks = _model(reading, folder, "playbooks.yaml", Playbooks)
    if not reading.mistakes and company and scorecards and segments and playbooks:
        known = {name: system for name, system in systems.items() if system}
        reading.mappings = Mappings(
            company=company, systems=known, scorecards=scorecards, segments=segments, playbooks=playbooks
        )
    return reading


def _model(reading: Reading, folder: Path, name: str, model: type[Model]) -> Any:
    file = folder / name
    if not file.is_file():
        reading.mistakes.append(Mistake(name, 1, f"the file is missing in {folder}; mappings/{name} is an example"))
        return None
    read = reading.documents[name] = document.read(file)
    reading.mistakes += read.mistakes
    if read.tree is None:
        return None
    try:
        return model.model_validate(read.tree)
    except ValidationError as error:
        for found in error.errors(include_url=False):
            path = tuple(found["loc"])
            reading.mistakes.append(Mistake(name, read.line(path), f"{'.'.join(map(str, path))}: {found['msg']}"))
        return None
