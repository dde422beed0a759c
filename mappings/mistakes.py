"""Mistakes in the words of those who make them: what stands there, what could, and what was probably meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from mappings.document import Document, KeyPath


class Finding(NamedTuple):
    """Something wrong at a place in a file; a warning does not stop anything."""

    place: KeyPath
    message: str
    warning: bool = False


def below(place: KeyPath, findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings about a part of a file, as findings about the file."""
    for finding in findings:
        yield finding._replace(place=(*place, *finding.place))


def meant(name: str, known: Collection[str]) -> str:
    """`; did you mean ...?` where one of the known names is close, else the empty text."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"; did you mean `{close[0]}`?" if close else ""


def one_of(words: Iterable[str]) -> str:
    return f"one of {', '.join(words)}"


# --- what the models refuse -------------------------------------------------------------------------------------------


def from_models(error: ValidationError, document: Document, schema: Mapping[str, Any]) -> list[Finding]:
    """The models' complaints, one a place; `schema` is the JSON Schema that knows which keys may stand where."""
    found: dict[KeyPath, list[str]] = {}
    for detail in error.errors(include_url=False):
        place = _place(document, detail)
        message = _message(detail, place, document, schema)
        if message not in found.setdefault(place, []):
            found[place].append(message)
    return [Finding(place, _joined(messages)) for place, messages in found.items()]


def _joined(messages: list[str]) -> str:
    """Several complaints about one value are the branches of one choice, unless keys are missing."""
    if all(message.endswith("is missing") for message in messages):
        return "; ".join(messages)
    return " or ".join([messages[0], *(re.sub("^`[^`]*` ", "", message) for message in messages[1:])])


def _place(document: Document, detail: ErrorDetails) -> KeyPath:
    """As far as the error's path leads in the file; the rest of it names a branch of a choice, or what is missing."""
    written: KeyPath = ()
    for part in _location(detail):
        if (*written, part) not in document.lines:
            break
        written = (*written, part)
    return (*written, *detail.get("ctx", {}).get("path", ()))


def _location(detail: ErrorDetails) -> KeyPath:
    """What is missing stands nowhere; and where the models lift `push: mode` to the top, the file has it in `push`."""
    location = detail["loc"][:-1] if detail["type"] == "missing" else detail["loc"]
    return ("push", *location) if location[:1] == ("mode",) else location


def _message(detail: ErrorDetails, place: KeyPath, document: Document, schema: Mapping[str, Any]) -> str:
    key = str(place[-1]) if place else document.file
    if detail["type"] == "extra_forbidden":
        known = keys_at(schema, place[:-1])
        return f"`{key}` is no key here{meant(key, known) or f'; {one_of(known)}'}"
    if detail["type"] == "missing":
        return f"`{detail['loc'][-1]}` is missing"
    if detail["type"] == "literal_error":
        return _no_choice(detail, key)
    words = _WORDS.get(detail["type"])
    if words is None:
        return f"`{key}`: {detail['msg']}"
    return words(detail, f"`{key}: {_written(detail['input'])}`" if _is_plain(detail["input"]) else f"`{key}`")


def _no_choice(detail: ErrorDetails, key: str) -> str:
    choices = [choice.strip("' ") for choice in detail["ctx"]["expected"].replace(" or ", ",").split(",")]
    if detail["loc"][-1] == "[key]":
        return f"`{key}` is not known here; {one_of(choices)}{meant(key, choices)}"
    written = _written(detail["input"])
    if len(choices) == 1:
        return f"`{key}: {written}` must be {choices[0]}"
    kind = {"as": "a converter", "kind": "a kind of system", "operation": "an operation", "rows": "a kind of rows"}
    return f"`{key}: {written}` is not {kind.get(key, 'possible')}; {one_of(choices)}{meant(written, choices)}"


def _is_plain(value: object) -> bool:
    return not isinstance(value, dict | list)


def _written(value: object) -> str:
    """The value as the file spells it."""
    if value is None or isinstance(value, bool):
        return str(value).lower().replace("none", "null")
    text = str(value) if _is_plain(value) else "..."
    return text if len(text) <= 60 else f"{text[:57]}..."


def _own_words(detail: ErrorDetails, written: str) -> str:
    return detail["msg"].removeprefix("Value error, ")


def _says(words: str) -> Callable[[ErrorDetails, str], str]:
    return lambda detail, written: f"{written} {words}"


def _bound(words: str, name: str) -> Callable[[ErrorDetails, str], str]:
    return lambda detail, written: f"{written} must be {words} {detail['ctx'][name]}"


PATTERNS = {
    r"^[A-Za-z0-9_-]{1,16}$": "must be 1 to 16 letters, digits, _ or -",
    r"^[a-z][a-z0-9_]{0,30}$": "must be a small letter and up to 30 small letters, digits or _ after it",
    r"^[a-z][a-z0-9_]*$": "must be small letters, digits and _, a letter first",
    r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$": "must be an account id of ours, 26 characters as `crmpulse links` shows them",
    r"^[A-Z]{3}$": "must be a currency code of three capital letters, such as EUR",
}

_WHOLE = _says("must be a whole number")
_NUMBER = _says("must be a number")
_PAIRS = _says("must hold `key: value` pairs")

_WORDS: dict[str, Callable[[ErrorDetails, str], str]] = {
    "value_error": _own_words,
    "condition": _own_words,
    "string_type": _says("must be text; put it in quotes"),
    "string_pattern_mismatch": lambda detail, written: f"{written} {PATTERNS[detail['ctx']['pattern']]}",
    "string_too_long": _bound("no longer in characters than", "max_length"),
    "string_too_short": _says("must not be empty"),
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "decimal_type": _NUMBER,
    "decimal_parsing": _NUMBER,
    "finite_number": _NUMBER,
    "bool_type": _says("must be true or false"),
    "bool_parsing": _says("must be true or false"),
    "dict_type": _PAIRS,
    "model_type": _PAIRS,
    "model_attributes_type": _PAIRS,
    "list_type": _says("must be a list, as in [a, b]"),
    "too_short": _says("must not be empty"),
    "greater_than": _bound("more than", "gt"),
    "greater_than_equal": _bound("at least", "ge"),
    "less_than": _bound("less than", "lt"),
    "less_than_equal": _bound("at most", "le"),
}

# --- keys that a JSON Schema knows ------------------------------------------------------------------------------------


def keys_at(schema: Mapping[str, Any], place: KeyPath) -> list[str]:
    """Every key that may stand in the part of the file to which the place leads."""
    nodes = list(_plain(schema, schema))
    for part in place:
        nodes = [inner for node in nodes for child in _inside(node, part) for inner in _plain(schema, child)]
    names = {name for node in nodes for name in (*node.get("properties", ()), *_named(schema, node))}
    return sorted(names)


def _inside(node: Mapping[str, Any], part: str | int) -> Iterator[Mapping[str, Any]]:
    properties = node.get("properties", {})
    child = node.get("items") if isinstance(part, int) else properties.get(part, node.get("additionalProperties"))
    if isinstance(child, dict):
        yield child


def _named(schema: Mapping[str, Any], node: Mapping[str, Any]) -> list[str]:
    return [name for names in _plain(schema, node.get("propertyNames", {})) for name in names.get("enum", ())]


def _plain(schema: Mapping[str, Any], node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The node with references followed and choices taken apart."""
    if "$ref" in node:
        yield from _plain(schema, schema["$defs"][node["$ref"].rsplit("/", 1)[-1]])
    elif "anyOf" in node:
        for choice in node["anyOf"]:
            yield from _plain(schema, choice)
    else:
        yield node
