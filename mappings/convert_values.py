"""The readers of the closed list: each takes a value of theirs exactly, or refuses it with the reason."""

from __future__ import annotations

import math
import re
import zoneinfo
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar

import idna
import tldextract

from mappings.models import Converter
from mappings.shared_domains import SHARED

Day = TypeVar("Day", bound=date)
Numeric = TypeVar("Numeric", float, Decimal)

YEARS = range(1900, 2201)
LARGEST_INTEGER = 2**63 - 1
LARGEST_EXACT_FLOAT = 2**53
AMOUNT_LIMIT = Decimal(10) ** 16
AMOUNT_STEP = Decimal("0.0001")
"""Amounts are below the limit and multiples of the step: what the warehouse's columns hold."""

DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
MOMENT = re.compile(DAY.pattern + r"[T ]\d\d:\d\d(:\d\d(\.\d{1,6}0*)?)?(Z|[+-]\d\d:?\d\d)?", re.ASCII)
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
DIGITS = re.compile(r"\d{1,18}", re.ASCII)
EMAIL = re.compile(r"[^\s@<>,;\"]+@[^\s@<>,;\"]+")


class Refused(Exception):
    """The value cannot become ours as it is; the message is the reason."""


def shown(value: Any) -> str:
    """The value as a reason quotes it: escaped, and only its beginning when it is long."""
    if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        return f"a whole number of {value.bit_length()} bits"
    text = ascii(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def as_text(value: Any) -> str:
    """A value as the left side of a `values` map spells it: true, false, 5, 2026-11-20, or the text itself."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, date) else str(value)


# --- text -------------------------------------------------------------------------------------------------------------


def _text(value: Any) -> str:
    """Text as it is; whole numbers and true/false have one spelling, a decimal number has several."""
    if isinstance(value, str):
        if "\x00" in value:
            raise Refused(f"{shown(value)} holds a NUL character, which no database keeps")
        if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
            raise Refused(f"{shown(value)} holds half a character (a lone surrogate): it was cut or misread upstream")
        return value
    if isinstance(value, int) and abs(value) <= LARGEST_INTEGER:
        return as_text(value)
    if isinstance(value, int | float):
        raise Refused(f"{shown(value)} is a number without one spelling as text; use `as: number`")
    raise Refused(f"{shown(value)} is {_kind(value)}, not text")


def _email(value: Any) -> str:
    """Lower case, because that is how addresses are compared; blanks around one are refused, not stripped."""
    text = _text(value)
    if not EMAIL.fullmatch(text):
        raise Refused(f"{shown(value)} is not one plain e-mail address")
    return text.lower()


def _domain(value: Any) -> str | None:
    """The registered domain of a website or address, lower case (acme.co.uk); None for domains that many share."""
    text = _text(value).lower()
    split = _suffixes()(text)
    domain = split.top_domain_under_public_suffix or split.top_domain_under_registry_suffix
    if re.search(r"\s", text) or not domain or not re.fullmatch(r"[\w-]+(\.[\w-]+)+", domain):
        raise Refused(f"{shown(value)} does not name one registered domain")
    return None if domain in SHARED else _ascii(domain, value)


@cache
def _suffixes() -> tldextract.TLDExtract:
    """The list of public suffixes that came with the package: never fetched, never cached on disk."""
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


def _ascii(domain: str, value: Any) -> str:
    """One spelling for both ways to write an international domain."""
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain).decode()
    except idna.IDNAError as error:
        raise Refused(f"{shown(value)} is no valid international domain: {error}") from error


def _currency(value: Any) -> str:
    """An ISO 4217 code, upper case."""
    text = _text(value)
    if not re.fullmatch(r"[A-Za-z]{3}", text):
        raise Refused(f"{shown(value)} is not a currency code of three letters, such as EUR")
    return text.upper()


def _time_zone(value: Any) -> str:
    text = _text(value)
    if text not in _time_zones():
        raise Refused(f"{shown(value)} is not an IANA time zone, such as Europe/Berlin")
    return text


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


# --- days and moments -------------------------------------------------------------------------------------------------


def _date(value: Any) -> date:
    """A day in the one spelling that nobody misreads: 2026-11-20."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return _in_our_times(value, value)
    text = _text(value)
    if DAY.fullmatch(text):
        return _in_our_times(_parsed(date.fromisoformat, text, value), value)
    if DAY.match(text) and text[10] in "T ":
        raise Refused(f"{shown(value)} is a moment, not a day; use `as: datetime`, or deliver YYYY-MM-DD")
    raise Refused(f"{shown(value)} leaves open what is day and what is month; deliver YYYY-MM-DD")


def _datetime(value: Any) -> datetime:
    """A moment with its zone (Z, +01:00 or Salesforce's +0000), in UTC."""
    if isinstance(value, datetime):
        moment = value
    else:
        text = _text(value)
        if not MOMENT.fullmatch(text):
            raise Refused(f"{shown(value)} is not a moment in ISO 8601, such as 2026-11-20T09:30:00Z")
        moment = _parsed(datetime.fromisoformat, text, value)
    if moment.tzinfo is None:
        raise Refused(f"{shown(value)} has no time zone; deliver it with Z or an offset such as +01:00")
    _in_our_times(moment, value)
    return moment.astimezone(UTC)


def _parsed(parse: Callable[[str], Day], text: str, value: Any) -> Day:
    try:
        return parse(text)
    except ValueError as error:
        raise Refused(f"{shown(value)} is not in the calendar: {error}") from error


def _in_our_times(day: Day, value: Any) -> Day:
    if day.year not in YEARS:
        raise Refused(f"{shown(value)} lies outside the years {YEARS[0]} to {YEARS[-1]}")
    return day


# --- numbers ----------------------------------------------------------------------------------------------------------


def _number(value: Any) -> float:
    number = _numeric(value, float)
    if not math.isfinite(number):
        raise Refused(f"{shown(value)} is not a finite number")
    return number


def _integer(value: Any) -> int:
    """A whole number; 12.0 is one, 12.5 is not."""
    if isinstance(value, str) and DIGITS.fullmatch(value):
        return int(value)  # nearly all of them
    number = _decimal_of(value)
    if number != number.to_integral_value():
        raise Refused(f"{shown(value)} is not a whole number")
    if abs(number) > LARGEST_INTEGER or (isinstance(value, float) and abs(value) > LARGEST_EXACT_FLOAT):
        raise Refused(f"{shown(value)} is larger than any whole number that we keep exactly")
    return int(number)


def _decimal(value: Any) -> Decimal:
    """An amount with at most 16 digits before and 4 after the point."""
    number = _decimal_of(value)
    if number.copy_abs() >= AMOUNT_LIMIT:
        raise Refused(f"{shown(value)} has more than 16 digits before the point")
    if number != number.quantize(AMOUNT_STEP):
        raise Refused(f"{shown(value)} has more than 4 digits after the point; round it where it comes from")
    return number


def _decimal_of(value: Any) -> Decimal:
    """Exactly what is written: a float counts as the shortest text that stands for it."""
    number = _numeric(value, lambda written: Decimal(str(written)))
    if not number.is_finite():
        raise Refused(f"{shown(value)} is not a finite number")
    return number


def _numeric(value: Any, make: Callable[[Any], Numeric]) -> Numeric:
    if isinstance(value, str) and not NUMBER.fullmatch(value):
        raise Refused(f"{shown(value)} is not a plain number; deliver it as 1234.5, without separators or units")
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise Refused(f"{shown(value)} is {_kind(value)}, not a number")
    try:
        return make(value)
    except (OverflowError, ValueError) as error:
        raise Refused(f"{shown(value)} is too large a number") from error


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    known = _FLAGS.get(value.lower() if isinstance(value, str) else value) if isinstance(value, str | int) else None
    if known is None:
        raise Refused(f"{shown(value)} is neither true nor false; map it with `values` if it means one of them")
    return known


_FLAGS: dict[str | int, bool] = {"true": True, "false": False, "1": True, "0": False, 1: True, 0: False}


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    return "a list" if isinstance(value, list) else "an object" if isinstance(value, dict) else type(value).__name__


READERS: dict[Converter, Callable[[Any], Any]] = {
    "text": _text,
    "email": _email,
    "domain": _domain,
    "date": _date,
    "datetime": _datetime,
    "number": _number,
    "integer": _integer,
    "decimal": _decimal,
    "boolean": _boolean,
    "currency": _currency,
    "time_zone": _time_zone,
}
