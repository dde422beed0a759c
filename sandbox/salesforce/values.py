"""What a field accepts and how its value looks on the wire afterwards; the wire form is also the stored one.

Because dates and datetimes have one spelling, in UTC and of fixed width, comparing the texts compares the moments.
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.salesforce.answers import Refused, malformed
from sandbox.salesforce.fields import Field
from sandbox.store import Value

WHITE_SPACE = " \t\n\r\f\v"
NUMBERS = frozenset({"double", "currency", "percent"})
SETTLED = NUMBERS | {"date", "datetime"}
"""Types whose seeds may be spelled in another way than they are stored."""


def moment(at: datetime) -> str:
    """2026-05-01T07:25:37.000+0000: whole seconds, UTC, no colon in the offset."""
    return at.astimezone(UTC).isoformat(timespec="seconds")[:19] + ".000+0000"


def read_moment(text: str) -> datetime:
    """The moment that an ISO text names; without a zone it is UTC. ValueError for anything else."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def accept(field: Field, value: Any) -> Value:
    """The value as it will be stored, or Refused with the vendor's words.

    Texts are stored without white space at their ends, and an empty one is null (the vendor's guide to sObject fields).
    """
    if isinstance(value, str):
        value = value.strip(WHITE_SPACE)
    if value is None or value == "":
        if field.type == "boolean":
            raise Refused(
                "INVALID_TYPE_ON_FIELD_IN_RECORD", f"{field.label}: value not of required type: ", [field.name]
            )
        return None
    if field.type == "boolean":
        return _boolean(field, value)
    if field.type == "int" or field.type in NUMBERS:
        return _number(field, value)
    if field.type == "date":
        return _date(field, value)
    if field.type == "datetime":
        return _datetime(field, value)
    return _text(field, value)


def settle(field: Field, value: Any) -> Value:
    """A seed's value in wire form: Python dates and any ISO spelling are welcome, nothing is checked."""
    if field.type == "datetime" and value is not None:
        if isinstance(value, str) and value.endswith(".000+0000"):
            return value
        return moment(value if isinstance(value, datetime) else read_moment(value))
    if isinstance(value, date):
        return value.isoformat()[:10]
    if field.type in NUMBERS and value is not None:
        return float(value)
    return value  # type: ignore[no-any-return]


def _cannot_read(field: Field, value: Any, wanted: str) -> Refused:
    kind = {str: "VALUE_STRING", bool: "VALUE_BOOLEAN", int: "VALUE_NUMBER_INT", float: "VALUE_NUMBER_FLOAT"}
    token = kind.get(type(value), "START_OBJECT" if isinstance(value, dict) else "START_ARRAY")
    shown = f" value {value}" if token.startswith("VALUE") else ""
    refused = malformed(
        f"Cannot deserialize instance of {wanted} from {token}{shown} or request may be missing a required field"
    )
    refused.fields = [field.name]
    return refused


def _text(field: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise _cannot_read(field, value, "reference" if field.type == "reference" else "string")
    if field.type == "reference":
        return value
    if field.type == "picklist":
        return _choice(field, value)
    if field.length and len(value) > field.length:
        message = f"{field.label}: data value too large: {value} (max length={field.length})"
        raise Refused("STRING_TOO_LONG", message, [field.name])
    return value


def _choice(field: Field, value: str) -> str:
    """Picklists take what stands in the list whatever its case; open ones take anything that fits."""
    for choice in field.values:
        if choice.lower() == value.lower():
            return choice
    if field.restricted:
        message = f"{field.label}: bad value for restricted picklist field: {value}"
        raise Refused("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, [field.name])
    if len(value) > field.length:
        message = f"{field.label}: data value too large: {value} (max length={field.length})"
        raise Refused("STRING_TOO_LONG", message, [field.name])
    return value


def _boolean(field: Field, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    raise _cannot_read(field, value, "boolean")


def _number(field: Field, value: Any) -> float | int:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise _cannot_read(field, value, field.type)
    try:
        exact = Decimal(str(value))
    except ArithmeticError:
        raise _cannot_read(field, value, field.type) from None
    if not exact.is_finite() or abs(exact) >= Decimal(10) ** (field.precision - field.scale):
        message = f"{field.label}: value outside of valid range on numeric field: {value}"
        raise Refused("NUMBER_OUTSIDE_VALID_RANGE", message, [field.name])
    rounded = exact.quantize(Decimal(1).scaleb(-field.scale), rounding=ROUND_HALF_UP)
    return int(rounded) if field.type == "int" else math.copysign(float(rounded), 1 if rounded == 0 else rounded)


def _date(field: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise _cannot_read(field, value, "date")
    try:
        day = datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise _cannot_read(field, value, "date") from None
    _in_range(field, day)
    return day.isoformat()


def _datetime(field: Field, value: Any) -> str:
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise _cannot_read(field, value, "datetime") from None
    if at.tzinfo is None:
        raise _cannot_read(field, value, "datetime")
    _in_range(field, at.date())
    return moment(at)


def _in_range(field: Field, day: date) -> None:
    if not 1700 <= day.year <= 4000:
        message = f"{field.label}: invalid date: {day.isoformat()}"
        raise Refused("NUMBER_OUTSIDE_VALID_RANGE", message, [field.name])
