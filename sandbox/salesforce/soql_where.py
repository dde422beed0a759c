"""Conditions become functions from a record to yes or no, built once a query."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

from sandbox.salesforce import ids
from sandbox.salesforce.answers import Refused
from sandbox.salesforce.fields import Field
from sandbox.salesforce.objects import SObject
from sandbox.salesforce.org import Org
from sandbox.salesforce.soql_dates import span
from sandbox.salesforce.soql_fields import find
from sandbox.salesforce.soql_tokens import unescaped
from sandbox.salesforce.soql_tree import Comparison, Condition, Literal, Not, Query, SemiJoin, pointed
from sandbox.salesforce.values import NUMBERS, moment, read_moment
from sandbox.store import Record

Test = Callable[[Any], bool]
Holds = Callable[[Record], bool]
Column = Callable[[Query], "set[Any]"]
"""Runs an inner query and gives the values of its only column."""

IDS = frozenset({"id", "reference"})
ORDERED = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_SPOKEN = {"datetime": "dateTime", "boolean": "boolean", "date": "date", "int": "int"}


def compiled(org: Org, sobject: SObject, condition: Condition, query: Query, column: Column) -> Holds:
    """The condition as a function of a record; Refused where field and value do not fit."""
    if isinstance(condition, Not):
        inner = compiled(org, sobject, condition.inner, query, column)
        return lambda record: not inner(record)
    if isinstance(condition, SemiJoin):
        return _semi_join(org, sobject, condition, query, column)
    if isinstance(condition, Comparison):
        return _comparison(org, sobject, condition, query)
    parts = [compiled(org, sobject, part, query, column) for part in condition.parts]
    if condition.word == "and":
        return lambda record: all(part(record) for part in parts)
    return lambda record: any(part(record) for part in parts)


def _semi_join(org: Org, sobject: SObject, condition: SemiJoin, query: Query, column: Column) -> Holds:
    found = find(org, sobject, condition.path, query)
    values, read = column(condition.query), found.read
    if condition.operator == "in":
        return lambda record: read(record) in values
    return lambda record: read(record) not in values


def _comparison(org: Org, sobject: SObject, condition: Comparison, query: Query) -> Holds:
    found = find(org, sobject, condition.path, query)
    field = found.field
    if not field.filterable:
        message = f"field '{field.name}' can not be filtered in a query call"
        raise Refused("INVALID_FIELD", pointed(query.text, condition.path.at, message))
    for literal in condition.values:
        _check_kind(field, literal, query)
    test, read = _test(org, field, condition), found.read
    if found.links or field.type == "address":
        return lambda record: test(read(record))
    name = field.name
    return lambda record: test(record.get(name))


def _test(org: Org, field: Field, condition: Comparison) -> Test:
    if condition.operator == "like":
        return _like(field, condition.values[0])
    if any(literal.kind == "relative" for literal in condition.values):
        return _within(org, field, condition.operator, condition.values)
    values = [_value(field, literal) for literal in condition.values]
    if condition.operator in {"=", "in"}:
        return _one_of(field, set(values))
    if condition.operator in {"!=", "not in"}:
        one_of = _one_of(field, set(values))
        return lambda value: not one_of(value)
    return _beyond(field, ORDERED[condition.operator], values[0])


def _beyond(field: Field, compare: Callable[[Any, Any], bool], bound: Any) -> Test:
    """Smaller or greater than a bound; nothing is, where one of the two is null."""
    if bound is None:
        return lambda value: False
    if _folds(field):
        return lambda value: value is not None and compare(value.lower(), bound)
    return lambda value: value is not None and compare(value, bound)


def _one_of(field: Field, wanted: set[Any]) -> Test:
    if _folds(field):
        return lambda value: (value.lower() if value is not None else None) in wanted
    return lambda value: value in wanted


def _folds(field: Field) -> bool:
    """Texts are compared without regard to case; ids, numbers and dates exactly."""
    return field.type not in IDS | NUMBERS | {"int", "boolean", "date", "datetime"}


def _like(field: Field, literal: Literal) -> Test:
    if field.type in IDS or not _folds(field):
        raise Refused("INVALID_QUERY_FILTER_OPERATOR", f"invalid operator on {field.type} field")
    pieces = re.split(r"(\\?[%_])", unescaped(literal.text, like=True))
    meaning = {"%": ".*", "_": ".", "\\%": "%", "\\_": "_"}
    pattern = re.compile("".join(meaning.get(p) or re.escape(p) for p in pieces), re.IGNORECASE | re.DOTALL)
    return lambda value: value is not None and pattern.fullmatch(value) is not None


def _within(org: Org, field: Field, operator_: str, literals: tuple[Literal, ...]) -> Test:
    """Relative literals are spans: = means inside, < before them, > after them."""
    spans = [_edges(org, field, literal) for literal in literals]
    if operator_ in {"=", "in"}:
        return lambda value: value is not None and any(first <= value < after for first, after in spans)
    if operator_ in {"!=", "not in"}:
        return lambda value: value is None or not any(first <= value < after for first, after in spans)
    first, after = spans[0]
    compare, bound = {"<": (operator.lt, first), ">=": (operator.ge, first), "<=": (operator.lt, after),
                      ">": (operator.ge, after)}[operator_]  # fmt: skip
    return lambda value: value is not None and compare(value, bound)


def _edges(org: Org, field: Field, literal: Literal) -> tuple[str, str]:
    try:
        first, after = (edge.isoformat() for edge in span(literal.text, org.store.now.date()))
    except (ValueError, OverflowError):
        raise Refused("MALFORMED_QUERY", f"unexpected token: '{literal.text}'") from None
    if field.type == "date":
        return first, after
    return moment(read_moment(first)), moment(read_moment(after))


def _value(field: Field, literal: Literal) -> Any:
    """The literal as stored values look."""
    if literal.kind == "string":
        return _text(field, unescaped(literal.text))
    readers: dict[str, Callable[[str], Any]] = {
        "null": lambda _: None,
        "boolean": lambda text: text == "true",
        "number": float,
        "datetime": lambda text: moment(read_moment(text)),
        "date": lambda text: text,
    }
    return readers[literal.kind](literal.text)


def _text(field: Field, text: str) -> str:
    if field.type not in IDS:
        return text.lower()
    if not ids.well_formed(text):
        raise Refused("INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {text}")
    return ids.long(text)


def _check_kind(field: Field, literal: Literal, query: Query) -> None:
    """A quoted number, an unquoted text, a date where a datetime stands: each is refused as the vendor does."""
    wanted = {"boolean": {"boolean"}, "date": {"date", "relative"}, "datetime": {"datetime", "relative"}}
    allowed = {"number"} if field.type in NUMBERS | {"int"} else wanted.get(field.type, {"string"})
    if literal.kind in allowed | {"null"}:
        return
    spoken = _SPOKEN.get(field.type, "double" if field.type in NUMBERS else "string")
    quotes = "should be enclosed in quotes" if allowed == {"string"} else "should not be enclosed in quotes"
    message = f"value of filter criterion for field '{field.name}' must be of type {spoken} and {quotes}"
    raise Refused("INVALID_FIELD", pointed(query.text, literal.at, message))
