"""Conditions as RevOps write them: `{status: {in: [Customer]}}`, joined by `all`, `any` and `not`.

They are evaluated per row in three values: a column without a value makes a test neither true nor false but unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, cast

from mappings.mistakes import meant, one_of

Condition = dict[str, Any]

TESTS = ("is", "in", "not_in", "equals", "starts_with", "at_least", "at_most", "known")


class Unclear(ValueError):
    """The condition does not read; `path` leads from its top to the place."""

    def __init__(self, path: tuple[str | int, ...], message: str) -> None:
        super().__init__(message)
        self.path = path


def parse(condition: object) -> Condition:
    """The condition itself once every part of it reads; Unclear names the first part that does not."""
    _read(condition, ())
    return cast(Condition, condition)


def holds(condition: Mapping[str, Any], row: Mapping[str, Any]) -> bool | None:
    """Whether the condition is true of the row; None where the columns that would decide it have no value."""
    ((word, body),) = condition.items()
    if word == "all":
        return _all(holds(part, row) for part in body)
    if word == "any":
        return _opposite(_all(_opposite(holds(part, row)) for part in body))
    if word == "not":
        return _opposite(holds(body, row))
    ((test, operand),) = body.items()
    value = row.get(word)
    if test == "known":
        return (value is not None) is bool(operand)
    return None if value is None else _DECIDE[test](value, operand)


def columns(condition: Mapping[str, Any]) -> set[str]:
    """Every column that the condition looks at."""
    return {column for _, column, _, _ in tests(condition)}


def tests(
    condition: Mapping[str, Any], path: tuple[str | int, ...] = ()
) -> list[tuple[tuple[str | int, ...], str, str, Any]]:
    """Every single test as (path from the top, column, test, operand)."""
    ((word, body),) = condition.items()
    if word in ("all", "any"):
        return [found for n, part in enumerate(body) for found in tests(part, (*path, word, n))]
    if word == "not":
        return tests(body, (*path, word))
    ((test, operand),) = body.items()
    return [((*path, word), word, test, operand)]


# --- reading ----------------------------------------------------------------------------------------------------------


def _read(condition: object, path: tuple[str | int, ...]) -> None:
    word, body = _only_item(
        condition, path, "a condition is one of `all: [...]`, `any: [...]`, `not: ...`, `column: {test: value}`"
    )
    here = (*path, word)
    if word in ("all", "any"):
        if not isinstance(body, list) or not body:
            raise Unclear(here, f"`{word}` takes a list of conditions, at least one")
        for n, part in enumerate(body):
            _read(part, (*here, n))
    elif word == "not":
        _read(body, here)
    else:
        _read_test(word, body, here)


def _read_test(column: str, body: object, path: tuple[str | int, ...]) -> None:
    test, operand = _only_item(body, path, f"a test is one of {', '.join(TESTS)}, as in `{column}: {{in: [A, B]}}`")
    unknown = f"is no test{meant(test, TESTS) or f'; {one_of(TESTS)}'}"
    complaint = _EXPECTS[test](operand) if test in _EXPECTS else unknown
    if complaint:
        raise Unclear((*path, test), f"`{test}` {complaint}")


def _only_item(body: object, path: tuple[str | int, ...], expected: str) -> tuple[str, object]:
    if not isinstance(body, dict) or not body:
        raise Unclear(path, expected)
    if len(body) > 1:
        second = list(body)[1]
        raise Unclear((*path, second), f"{expected}; join several with `all`")
    ((word, inner),) = body.items()
    return str(word), inner


def _expects_flag(operand: object) -> str:
    return "" if isinstance(operand, bool) else "takes true or false"


def _expects_list(operand: object) -> str:
    good = isinstance(operand, list) and operand and all(isinstance(v, str | int | float) for v in operand)
    return (
        "" if good else "takes a list of values, at least one and none of them null; for no value write `known: false`"
    )


def _expects_value(operand: object) -> str:
    return "" if isinstance(operand, str | int | float) else "takes one value; for no value write `known: false`"


def _expects_text(operand: object) -> str:
    return "" if isinstance(operand, str) and operand else "takes text; put it in quotes"


def _expects_number(operand: object) -> str:
    return "" if isinstance(operand, int | float) and not isinstance(operand, bool) else "takes a number"


_EXPECTS: dict[str, Callable[[object], str]] = {
    "is": _expects_flag,
    "in": _expects_list,
    "not_in": _expects_list,
    "equals": _expects_value,
    "starts_with": _expects_text,
    "at_least": _expects_number,
    "at_most": _expects_number,
    "known": _expects_flag,
}

# --- deciding ---------------------------------------------------------------------------------------------------------


def _all(answers: Iterable[bool | None]) -> bool | None:
    """False as soon as one is false, whatever is unknown beside it."""
    unknown = False
    for answer in answers:
        if answer is False:
            return False
        unknown = unknown or answer is None
    return None if unknown else True


def _opposite(answer: bool | None) -> bool | None:
    return None if answer is None else not answer


def _exact(value: Any) -> Any:
    """Numbers as the decimals they are written as, so that a stored 0.1 equals a 0.1 in the file; else the value."""
    if isinstance(value, bool):
        return str(value).lower()  # else True would equal 1
    return Decimal(str(value)) if isinstance(value, int | float) else value


_DECIDE: dict[str, Callable[[Any, Any], bool]] = {
    "is": lambda value, operand: value is operand,
    "in": lambda value, operand: _exact(value) in [_exact(one) for one in operand],
    "not_in": lambda value, operand: _exact(value) not in [_exact(one) for one in operand],
    "equals": lambda value, operand: bool(_exact(value) == _exact(operand)),
    "starts_with": lambda value, operand: str(value).startswith(operand),
    "at_least": lambda value, operand: bool(_exact(value) >= _exact(operand)),
    "at_most": lambda value, operand: bool(_exact(value) <= _exact(operand)),
}
