"""Converters with the column in mind: what the column cannot hold is refused before a whole batch fails at it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from mappings import convert
from mappings.convert import Converted
from mappings.models import PullField
from warehouse.tables import Instant

AMOUNT_LIMIT = Decimal(10) ** 16
MOST_REMEMBERED = 10_000
LONGEST_REMEMBERED = 64


def reader(column: sa.Column[Any], field: PullField) -> Callable[[Any], Converted]:
    """What turns a value of theirs into a value of the column; texts that repeat are converted once."""
    read = convert.converter(field)
    holds, kind = _holder(column.type)
    remembered: dict[str, Converted] = {}

    def convert_once(value: Any) -> Converted:
        if type(value) is not str or len(value) > LONGEST_REMEMBERED:
            return fitting(value)
        known = remembered.get(value)
        if known is None:
            known = fitting(value)
            if len(remembered) < MOST_REMEMBERED:
                remembered[value] = known
        return known

    def fitting(value: Any) -> Converted:
        ours, reason = read(value)
        if ours is None or holds(ours):
            return ours, reason
        return None, f"{ascii(ours)[:80]} is not {kind}, which {column.name} holds; change `as` or `values`"

    return convert_once


def _holder(type_: sa.types.TypeEngine[Any]) -> tuple[Callable[[Any], bool], str]:
    return next((holds, kind) for types, holds, kind in _HOLDERS if isinstance(type_, types))


def _whole(value: Any, bits: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**bits


def _amount(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool) and abs(Decimal(value)) < AMOUNT_LIMIT


_HOLDERS: list[tuple[type[Any], Callable[[Any], bool], str]] = [  # first match wins
    (Instant, lambda v: isinstance(v, datetime), "a moment"),
    (sa.String, lambda v: isinstance(v, str), "text"),
    (sa.Boolean, lambda v: isinstance(v, bool), "true or false"),
    (sa.BigInteger, lambda v: _whole(v, 63), "a whole number of at most 63 bits"),
    (sa.Integer, lambda v: _whole(v, 31), "a whole number below 2,147,483,648"),
    (sa.Float, lambda v: isinstance(v, int | float | Decimal) and not isinstance(v, bool), "a number"),
    (sa.Numeric, _amount, "an amount of at most 16 digits"),
    (sa.Date, lambda v: isinstance(v, date) and not isinstance(v, datetime), "a day"),
]
