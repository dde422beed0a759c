"""Our values as HubSpot's properties hold them, all of them text; what cannot be spelled exactly is an error."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo


def encoded(fields: Mapping[str, Any], zone: Callable[[], ZoneInfo]) -> dict[str, str]:
    """One record's properties; ValueError says which field cannot be sent and why. An empty text clears a property."""
    properties = {}
    for name, value in fields.items():
        try:
            if name.endswith(".day"):
                properties[name.removesuffix(".day")] = _noon(value, zone)
            else:
                properties[name] = _text(value)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
    return properties


def with_key(text: str | None, key: str) -> str:
    """The text with our key as its last line."""
    return f"{text}\n{key}" if text else key


def moment(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError(f"{value} has no time zone")
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03}Z"


def _noon(value: Any, zone: Callable[[], ZoneInfo]) -> str:
    """A day in a property that holds a moment: its noon in the portal, which is the same day nearly everywhere."""
    if value is None or value == "":
        return ""
    day = value if isinstance(value, date) else date.fromisoformat(str(value))
    return moment(datetime.combine(day, time(12), zone()))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float | Decimal):
        return _number(value)
    if not isinstance(value, str):
        raise ValueError(f"{type(value).__name__} is nothing that a property holds")
    value.encode()  # half a character (a lone surrogate) is a ValueError
    return value


def _number(value: int | float | Decimal) -> str:
    """Digit for digit, without an exponent."""
    if not math.isfinite(value):
        raise ValueError(f"{value} is no number that HubSpot knows")
    return f"{Decimal(str(value)):f}"
