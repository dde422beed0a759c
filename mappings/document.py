"""One YAML file with the line of every key and value, read the way RevOps mean it.

Only `true` and `false` are booleans (`on`, `NO`, `yes` stay text), dates stay text, a key that stands twice is a
mistake. Anchors, aliases and `<<` work.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

KeyPath = tuple[str | int, ...]
"""Keys and list positions from the top of a file to a place in it."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """What somebody must change in a file, or (a warning) should look at."""

    file: str
    line: int
    message: str
    warning: bool = False

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {'warning: ' if self.warning else ''}{self.message}"


@dataclass
class Document:
    """A file as read: the tree, where each part of it stands, and what could not be read."""

    file: str
    tree: Any = None
    lines: dict[KeyPath, int] = field(default_factory=dict)
    """Where the key (or list item) stands that leads to each path."""
    mistakes: list[Mistake] = field(default_factory=list)

    def line(self, path: KeyPath) -> int:
        """The line of the path, or of the closest known place above it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read(file: Path) -> Document:
    """The file's document; never raises for what stands in it."""
    document = Document(file.name)
    try:
        node = _compose(file.read_bytes().decode("utf-8"))
    except UnicodeDecodeError as error:
        _add(document, 1, f"the file is not UTF-8 ({error.reason} at byte {error.start}); save it as UTF-8")
    except yaml.YAMLError as error:
        _add(document, *_syntax(error))
    else:
        if node is None:
            _add(document, 1, "the file is empty")
        else:
            document.lines[()] = node.start_mark.line + 1
            document.tree = _value(document, node, (), ())
    return document


def _compose(text: str) -> yaml.Node | None:
    """The tree, by libyaml where it is there (six times faster); what is broken is told in the words of the other."""
    try:
        return yaml.compose(text, Loader=_Fast)
    except yaml.YAMLError:
        return yaml.compose(text, Loader=_Careful)


class _Careful(yaml.SafeLoader):
    """Scalars that look like numbers, true, false, null or `<<`; everything else is text."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  (their name and place for it)


class _Fast(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The same."""

    yaml_implicit_resolvers = _Careful.yaml_implicit_resolvers


def _plain(tag: str, pattern: str, first: str) -> None:
    for start in first:
        known = _Careful.yaml_implicit_resolvers.setdefault(start, [])
        known.append((f"tag:yaml.org,2002:{tag}", re.compile(pattern)))


_plain("bool", r"^(?:true|false)$", "tf")
_plain("null", r"^(?:~|null|)$", "~n")
_Careful.yaml_implicit_resolvers.setdefault("", []).extend(_Careful.yaml_implicit_resolvers["~"])
_plain("int", r"^[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789")
_plain("float", r"^[-+]?(?:0|[1-9][0-9]*)?\.[0-9]+(?:[eE][-+]?[0-9]+)?$", "-+.0123456789")
_plain("merge", r"^(?:<<)$", "<")


def _value(document: Document, node: yaml.Node, path: KeyPath, above: tuple[int, ...]) -> Any:
    if id(node) in above:
        _add(document, node.start_mark.line + 1, "an alias that holds itself has no end; write the part out")
        return None
    above = (*above, id(node))
    if isinstance(node, yaml.MappingNode):
        return _mapping(document, node, path, above)
    if isinstance(node, yaml.SequenceNode):
        return [_item(document, one, (*path, n), above) for n, one in enumerate(node.value)]
    return _scalar(document, node)


def _item(document: Document, node: yaml.Node, path: KeyPath, above: tuple[int, ...]) -> Any:
    document.lines[path] = node.start_mark.line + 1
    return _value(document, node, path, above)


def _mapping(document: Document, node: yaml.MappingNode, path: KeyPath, above: tuple[int, ...]) -> dict[str, Any]:
    """Own keys beat merged ones (`<<`); keys are text as written, so that `true:` and `2026:` need no quotes."""
    tree: dict[str, Any] = {}
    for key, value in _merged(node, above):
        tree[key.value] = _at(document, key, value, path, above)
    seen: dict[str, int] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            _add(document, line, "a key must be plain text")
        elif key.tag.endswith(":merge"):
            if not all(isinstance(one, yaml.MappingNode) for one in _merge_sources(value)):
                _add(document, line, "`<<` takes an alias (or a list of aliases) of key: value pairs")
        elif key.value in seen:
            _add(document, line, f"`{key.value}` stands here a second time (first on line {seen[key.value]}); keep one")
        else:
            seen[key.value] = line
            tree[key.value] = _at(document, key, value, path, above)
    return tree


def _at(document: Document, key: yaml.ScalarNode, value: yaml.Node, path: KeyPath, above: tuple[int, ...]) -> Any:
    document.lines[(*path, key.value)] = key.start_mark.line + 1
    return _value(document, value, (*path, key.value), above)


def _merged(node: yaml.MappingNode, above: tuple[int, ...]) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
    """The pairs that `<<` brings, the first of several sources last, because it wins."""
    for key, value in node.value:
        if key.tag.endswith(":merge"):
            for source in reversed(_merge_sources(value)):
                if isinstance(source, yaml.MappingNode) and id(source) not in above:
                    yield from _merged(source, (*above, id(source)))
                    yield from ((k, v) for k, v in source.value if not k.tag.endswith(":merge"))


def _merge_sources(value: yaml.Node) -> list[yaml.Node]:
    return value.value if isinstance(value, yaml.SequenceNode) else [value]


def _scalar(document: Document, node: yaml.Node) -> Any:
    text: str = node.value
    kind = node.tag.rsplit(":", 1)[-1]
    if kind == "bool":
        return text == "true"
    if kind == "null":
        return None
    if kind in ("int", "float"):
        return int(text) if kind == "int" else float(text)
    if kind != "str":
        _add(document, node.start_mark.line + 1, f"the tag `{node.tag}` is not known here; write the value without it")
    return text


_HINTS = {
    "'\\t'": "a tab indents this line; YAML takes spaces only",
    "another document": "`---` begins a second document; a file holds one",
    "mapping values are not allowed": "a second `: ` in one line; put text that holds a colon in quotes",
    "cannot start any token": "a value begins with a sign that means something to YAML; put it in quotes",
    "end of stream": "a quote or bracket that is opened above is never closed",
    "<document start>": "this line is indented less or more than its neighbours",
}
"""What the parser complains about -> what it usually is."""


def _syntax(error: yaml.YAMLError) -> tuple[int, str]:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    hint = next((hint for part, hint in _HINTS.items() if part in problem), f"this is not YAML: {problem}")
    return mark.line + 1 if mark is not None else 1, hint


def _add(document: Document, line: int, message: str) -> None:
    document.mistakes.append(Mistake(document.file, line, message))
