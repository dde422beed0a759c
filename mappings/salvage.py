"""Of a broken file the sound rest, so that one mistake does not hide the others."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError

from mappings import vocabulary
from mappings.document import Document, KeyPath
from mappings.mistakes import Finding, from_models
from mappings.models import Model

Part = TypeVar("Part", bound=Model)

EMPTY: dict[str, Any] = {"table": "", "object": "", "key": {}, "fields": {}}
"""What stands for a key that a pull or push mapping needs and that is missing or broken."""


class Salvaged(NamedTuple):
    """The model of what is left, the mistakes of its shape, and the places that nobody can judge any more."""

    part: Any
    findings: list[Finding]
    left_out: list[KeyPath]


def salvage(read: Document, model: type[Part]) -> Salvaged:
    """Take broken places out, and put stand-ins where something needed is missing, until the rest is sound."""
    tree = copy.deepcopy(read.tree)
    findings: list[Finding] = []
    left_out: list[KeyPath] = []
    while isinstance(tree, dict):
        try:
            return Salvaged(model.model_validate(tree), findings, left_out)
        except ValidationError as error:
            found = [finding for finding in from_models(error, read, _schema(model)) if not _known(finding, left_out)]
            filled = [gap for gap in _missing(error) if _filled(tree, gap)]
        findings += found
        broken = [finding.place for finding in found if finding.place not in [gap[:-1] for gap in filled]]
        left_out += broken + filled
        changed = [_removed(tree, place) for place in broken] + [True] * len(filled)
        if not any(changed):
            return Salvaged(None, findings, left_out)
    if read.tree is not None and not isinstance(read.tree, dict):
        findings.append(Finding((), "the file must hold `key: value` pairs"))
    return Salvaged(None, findings, left_out)


def _known(finding: Finding, left_out: list[KeyPath]) -> bool:
    """That a place which was taken out is missing now is no news."""
    return any(place[: len(finding.place)] == finding.place for place in left_out)


def _missing(error: ValidationError) -> Iterator[KeyPath]:
    return (detail["loc"] for detail in error.errors(include_url=False) if detail["type"] == "missing")


def _removed(tree: Any, place: KeyPath) -> bool:
    """Take the place out of the tree; an item of a list goes with its list, so that the others keep their numbers."""
    while place and isinstance(place[-1], int):
        place = place[:-1]
    holder = _at(tree, place[:-1])
    if not place or not isinstance(holder, dict) or place[-1] not in holder:
        return False
    del holder[place[-1]]
    return True


def _filled(tree: Any, gap: KeyPath) -> bool:
    """Put a stand-in where a pull or push mapping lacks something; a push of unknown rows is left out as a whole."""
    match gap:
        case ("pull" | "push" as direction, str(name), str(key)):
            mapping = tree[direction][name]
            stand_in = _operation(mapping) if key == "operation" else EMPTY.get(key)
            if stand_in is None:
                return _removed(tree, gap[:2])
            mapping[key] = stand_in
            return True
    return False


def _operation(push: dict[str, Any]) -> str | None:
    """The usual operation of these rows, under which the rest of the mapping can be judged."""
    operations: Callable[[Any], tuple[str, ...] | None] = vocabulary.OPERATIONS.get
    known = operations(push.get("rows"))
    return known[0] if known else None


def _at(tree: Any, place: KeyPath) -> Any:
    for step in place:
        tree = tree[int(step)] if isinstance(tree, list) else tree.get(step) if isinstance(tree, dict) else None
    return tree


@cache
def _schema(model: type[Model]) -> dict[str, Any]:
    return model.model_json_schema()
