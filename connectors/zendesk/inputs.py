"""Our values as Zendesk's JSON spells them; what cannot be spelled exactly is an error, never a near miss."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import orjson

from connectors.base import Operation, Write

WHOLE_LISTS = frozenset({"domain_names", "tags"})
"""What is sent replaces the whole list, with everything that people put there."""


class Ready(NamedTuple):
    """A write with its record as JSON."""

    write: Write
    record: bytes


def record(one: Write) -> bytes:
    """The organization as JSON; ValueError says what cannot be sent and why."""
    if one.object != "organizations" or one.operation is not Operation.UPDATE or not str(one.id or "").isdigit():
        raise ValueError(f"Zendesk takes updates of organizations by id, not {one.operation} of {one.object} {one.id}")
    made: dict[str, Any] = {"id": int(one.id or 0)}
    for name, value in one.fields.items():
        head, _, key = name.partition(".")
        if head in WHOLE_LISTS:
            raise ValueError(f"{name}: Zendesk would replace the organization's whole list, so crmpulse never sends it")
        if key:
            made.setdefault(head, {})[key] = _plain(name, value)
        else:
            made[name] = _plain(name, value)
    return orjson.dumps(made)


def _plain(name: str, value: Any) -> Any:
    """The value as JSON holds it exactly."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"{name}: {value} has no time zone")
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal | float) and not math.isfinite(value):
        raise ValueError(f"{name}: {value} is no number that JSON knows")
    if isinstance(value, Decimal):
        return orjson.Fragment(f"{value:f}")
    try:
        orjson.dumps(value)
    except TypeError as error:  # a lone surrogate, an integer beyond 64 bits, an unknown type
        raise ValueError(f"{name}: {error}") from error
    return value
