"""A condition of the mappings as SQL: the same three values, over as many accounts as there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

Binds = dict[str, Any]

_COMPARE = {"is": "=", "equals": "=", "at_least": ">=", "at_most": "<="}


def sql(condition: Mapping[str, Any], column: Callable[[str], str], binds: Binds) -> str:
    """The condition over `column(name)`, which is `str` for columns of the same names.

    Its operands are added to the binds, under names that are free there.
    """
    ((word, body),) = condition.items()
    if word in ("all", "any"):
        parts = (sql(part, column, binds) for part in body)
        return f"({(' AND ' if word == 'all' else ' OR ').join(parts)})"
    if word == "not":
        return f"(NOT {sql(body, column, binds)})"
    ((test, operand),) = body.items()
    return _test(column(word), test, operand, binds)


def _test(column: str, test: str, operand: Any, binds: Binds) -> str:
    if test == "known":
        return f"({column} IS {'NOT ' if operand else ''}NULL)"
    if test in ("in", "not_in"):
        listed = ", ".join(bind(one, binds) for one in operand)
        return f"({column} {'NOT ' if test == 'not_in' else ''}IN ({listed}))"
    if test == "starts_with":
        return f"(substr({column}, 1, {len(operand)}) = {bind(operand, binds)})"
    return f"({column} {_COMPARE[test]} {bind(operand, binds)})"


def bind(operand: Any, binds: Binds) -> str:
    """A value as a parameter under a name that is free."""
    name = next(name for n in count(len(binds)) if (name := f"operand_{n}") not in binds)
    binds[name] = operand
    return f":{name}"
