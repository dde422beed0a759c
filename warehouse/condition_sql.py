"""Conditions of the mappings as SQL: three values there, three values here, so that unknown stays unknown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any


@dataclass(frozen=True, slots=True)
class Translation:
    """Writes conditions of one statement; the values that they compare with gather in `bound`, by their names."""

    bound: dict[str, Any] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)

    def sql(self, condition: Mapping[str, Any]) -> str:
        """The condition over columns of the same names."""
        ((word, body),) = condition.items()
        if word in ("all", "any"):
            return f"({(' AND ' if word == 'all' else ' OR ').join(self.sql(part) for part in body)})"
        if word == "not":
            return f"(NOT {self.sql(body)})"
        ((test, operand),) = body.items()
        return self._test(word, test, operand)

    def _test(self, column: str, test: str, operand: Any) -> str:
        if test == "known":
            return f"({column} IS {'NOT ' if operand else ''}NULL)"
        if test == "is":
            return f"({column} = {'TRUE' if operand else 'FALSE'})"
        if test in ("in", "not_in"):
            listed = ", ".join(self._bind(one) for one in operand)
            return f"({column} {'NOT ' if test == 'not_in' else ''}IN ({listed}))"
        if test == "starts_with":
            return f"(substr({column}, 1, {len(operand)}) = {self._bind(operand)})"
        return f"({column} {_SIGNS[test]} {self._bind(operand)})"

    def _bind(self, value: Any) -> str:
        name = f"value_{next(self._numbers)}"
        self.bound[name] = value
        return f":{name}"


_SIGNS = {"equals": "=", "at_least": ">=", "at_most": "<="}
