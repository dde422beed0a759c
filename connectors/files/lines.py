"""A file's lines as records: CSV with a header, or a JSON object a line. What cannot be read is said with its line."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

LONGEST_CELL = 100
"""Lines that one quoted cell may span; a quote that stays open for longer is a broken line, not a long cell."""

Numbered = Iterator[tuple[int, bytes]]
"""Lines of a file as bytes, with their number from 1."""


class Line(NamedTuple):
    """One record of a file, or the reason why its line is none."""

    number: int
    end: int
    """The last line of a record whose quoted cells hold line breaks; else the same number."""
    fields: Mapping[str, Any]
    reason: str = ""


class Unclosed(ValueError):
    """A quoted cell goes on behind the end of the line."""


def csv_header(raw: bytes) -> list[str]:
    """The column names, without the spaces around them. ValueError when they cannot be read or told apart."""
    names = [cell.strip() for cell in _cells([raw.removeprefix(b"\xef\xbb\xbf")])]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"the header names {', '.join(map(repr, twice))} more than once")
    return names


def csv_lines(header: Sequence[str], wanted: Sequence[str], lines: Numbered) -> Iterator[Line]:
    """The wanted columns of every record; a record has as many cells as the header.

    A quote that nobody closes costs the line where it was opened; what it would have swallowed is read on its own.
    """
    picks = [(name, header.index(name)) for name in wanted]
    waiting: deque[tuple[int, bytes]] = deque()
    while first := waiting.popleft() if waiting else next(lines, None):
        taken = [first]
        try:
            cells = _joined(taken, waiting, lines)
            if len(cells) != len(header):
                raise ValueError(f"has {len(cells)} cells where the header has {len(header)}")
        except ValueError as error:
            waiting.extendleft(reversed(taken[1:]))
            reason = "opens a quote and does not close it" if len(taken) > 1 else str(error)
            yield Line(first[0], first[0], {}, reason)
        else:
            yield Line(first[0], taken[-1][0], {name: cells[at] for name, at in picks})


def json_lines(wanted: Sequence[str], optional: frozenset[str], lines: Numbered, unmapped: set[str]) -> Iterator[Line]:
    """The wanted keys of every object, with their JSON values; other keys are added to `unmapped`."""
    needed = [name for name in wanted if name not in optional]
    wanted_set = set(wanted)
    for number, raw in lines:
        try:
            found = json_object(raw)
            lacking = [name for name in needed if name not in found]
            if lacking:
                raise ValueError(f"lacks {', '.join(lacking)}")
        except ValueError as error:
            yield Line(number, number, {}, str(error))
        else:
            unmapped.update(found.keys() - wanted_set)
            yield Line(number, number, {name: found[name] for name in wanted if name in found})


def json_object(raw: bytes) -> dict[str, Any]:
    """One line as an object; ValueError says why it is none."""
    try:
        found = orjson.loads(raw.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise ValueError(f"is no JSON ({error})") from error
    if not isinstance(found, dict):
        raise ValueError("is JSON, but no object")
    return found


def _joined(taken: list[tuple[int, bytes]], waiting: deque[tuple[int, bytes]], lines: Numbered) -> list[str]:
    """The cells of a record; `taken` grows by the lines that its quoted cells go on into."""
    while True:
        try:
            return _cells([raw for _, raw in taken])
        except Unclosed:
            following = _up_to_quote(waiting, lines, LONGEST_CELL - len(taken))
            taken += following
            if not following or b'"' not in following[-1][1]:
                raise


def _up_to_quote(waiting: deque[tuple[int, bytes]], lines: Numbered, most: int) -> list[tuple[int, bytes]]:
    """The next lines up to one that could close a quote."""
    taken: list[tuple[int, bytes]] = []
    while len(taken) < most and (line := waiting.popleft() if waiting else next(lines, None)):
        taken.append(line)
        if b'"' in line[1]:
            break
    return taken


def _cells(raw: Sequence[bytes]) -> list[str]:
    """One record's cells; ValueError says what is wrong with it."""
    try:
        text = [line.decode() for line in raw]
    except UnicodeDecodeError as error:
        raise ValueError("is not UTF-8") from error
    if len(text) == 1 and '"' not in text[0]:
        return text[0].rstrip("\r\n").split(",")
    try:
        return next(csv.reader(text, strict=True))
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            raise Unclosed("opens a quote and does not close it") from error
        raise ValueError(f"is no CSV ({error})") from error
