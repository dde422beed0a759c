"""Our values as Salesforce's JSON spells them; what cannot be spelled exactly is an error, never a near miss."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson


def encoded(fields: Mapping[str, Any]) -> bytes:
    """One record as JSON; ValueError says which field cannot be sent and why."""
    parts = []
    for name, value in fields.items():
        try:
            parts.append(orjson.dumps(name) + b":" + orjson.dumps(_plain(value)))
        except (ValueError, TypeError) as error:  # orjson: a lone surrogate, an integer beyond 64 bits, an unknown type
            raise ValueError(f"{name}: {error}") from error
    return b"{" + b",".join(parts) + b"}"


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} is no number that JSON knows")
    return value


def _moment(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError(f"{value} has no time zone")
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03}+0000"


def _number(value: Decimal) -> orjson.Fragment:
    """Digit for digit: a float would lose the last of eighteen."""
    if not value.is_finite():
        raise ValueError(f"{value} is no number that JSON knows")
    return orjson.Fragment(f"{value:f}")
