"""Converters: exactly ours, or refused with a reason."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.convert import Converted, converter
from mappings.models import PullField

MOMENT = datetime(2026, 5, 1, 7, 25, 37, tzinfo=UTC)


def convert(kind: str, value: Any, **more: Any) -> Converted:
    return converter(PullField.model_validate({"from": "theirs", "as": kind, **more}))(value)


@pytest.mark.parametrize(
    ("kind", "theirs", "ours"),
    [
        ("text", "  Grüße, 株式会社 🎉 \t", "  Grüße, 株式会社 🎉 \t"),
        ("text", "NA", "NA"),
        ("text", "null", "null"),
        ("text", 10115, "10115"),
        ("text", True, "true"),
        ("email", "Jane.Doe+crm@Example.COM", "jane.doe+crm@example.com"),
        ("domain", "https://www.Acme.co.uk/about?x=1", "acme.co.uk"),
        ("domain", "acme.com", "acme.com"),
        ("domain", "jane@mail.acme.com", "acme.com"),
        ("domain", "acme.github.io", "acme.github.io"),
        ("domain", "https://bücher.de", "xn--bcher-kva.de"),
        ("domain", "xn--bcher-kva.de", "xn--bcher-kva.de"),
        ("date", "2024-02-29", date(2024, 2, 29)),
        ("datetime", "2026-05-01T07:25:37.000+0000", MOMENT),
        ("datetime", "2026-05-01T07:25:37Z", MOMENT),
        ("datetime", "2026-05-01 09:25:37+02:00", MOMENT),
        ("datetime", "2026-05-01T07:25:37.123456000Z", MOMENT.replace(microsecond=123456)),
        ("number", "1e3", 1000.0),
        ("number", -0.5, -0.5),
        ("integer", 12.0, 12),
        ("integer", "12", 12),
        ("integer", "-9223372036854775807", -9223372036854775807),
        ("decimal", 19.99, Decimal("19.99")),
        ("decimal", "1234567890123456.7891", Decimal("1234567890123456.7891")),
        ("decimal", "100.500000", Decimal("100.5")),
        ("boolean", True, True),
        ("boolean", "False", False),
        ("boolean", "1", True),
        ("boolean", 0, False),
        ("currency", "eur", "EUR"),
        ("time_zone", "America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
    ],
)
def test_a_clear_value_becomes_ours(kind: str, theirs: Any, ours: Any) -> None:
    """Text stays as it is to the last blank; addresses, domains and codes take the spelling that is compared."""
    assert convert(kind, theirs) == (ours, None)


@pytest.mark.parametrize(
    ("kind", "theirs", "says"),
    [
        ("text", "a\x00b", "NUL"),
        ("text", "half \ud83d", "half a character"),
        ("text", 0.1, "use `as: number`"),
        ("text", {"street": "x"}, "an object"),
        ("email", " jane@acme.com", "not one plain e-mail address"),
        ("email", "jane@acme.com, joe@acme.com", "not one plain e-mail address"),
        ("email", "jane", "not one plain e-mail address"),
        ("domain", "n/a", "registered domain"),
        ("domain", "acme.com, acme.de", "registered domain"),
        ("domain", "acme.com,acme.de", "registered domain"),
        ("domain", "localhost", "registered domain"),
        ("domain", "192.168.0.1", "registered domain"),
        ("domain", "co.uk", "registered domain"),
        ("date", "05/06/2026", "deliver YYYY-MM-DD"),
        ("date", "05-06-26", "deliver YYYY-MM-DD"),
        ("date", "20260506", "deliver YYYY-MM-DD"),
        ("date", "2026-05-01T00:00:00Z", "use `as: datetime`"),
        ("date", "2026-02-30", "not in the calendar"),
        ("date", "1066-10-14", "outside the years 1900 to 2200"),
        ("date", "9999-12-31", "outside the years 1900 to 2200"),
        ("date", "２０２６-05-01", "deliver YYYY-MM-DD"),
        ("date", 20260501, "deliver YYYY-MM-DD"),
        ("datetime", "2026-05-01T07:25:37", "has no time zone"),
        ("datetime", "2026-05-01", "not a moment"),
        ("datetime", "0001-01-01T00:00:00+14:00", "outside the years"),
        ("datetime", "2026-05-01T07:25:37.1234567Z", "not a moment"),
        ("datetime", "2026-05-01T25:00:00Z", "not in the calendar"),
        ("datetime", 1777620337, "not a moment"),
        ("number", "NaN", "not a plain number"),
        ("number", math.inf, "not a finite number"),
        ("number", "1e999", "not a finite number"),
        ("number", "1,234.5", "without separators"),
        ("number", "1_000", "without separators"),
        ("number", "$5", "without separators"),
        ("number", True, "true or false, not a number"),
        ("number", 10**400, "too large"),
        ("integer", 12.5, "not a whole number"),
        ("integer", 1e300, "larger than"),
        ("integer", "9223372036854775808", "larger than"),
        ("decimal", "0.00001", "4 digits after the point"),
        ("decimal", 0.1 + 0.2, "4 digits after the point"),
        ("decimal", "12345678901234567", "16 digits before"),
        ("decimal", math.nan, "not a finite number"),
        ("boolean", "yes", "neither true nor false"),
        ("boolean", 2, "neither true nor false"),
        ("boolean", [], "neither true nor false"),
        ("currency", "€", "three letters"),
        ("currency", "EURO", "three letters"),
        ("time_zone", "Mars/Olympus", "IANA"),
        ("time_zone", "CET+1", "IANA"),
    ],
)
def test_a_value_that_would_have_to_be_bent_is_refused_with_its_reason(kind: str, theirs: Any, says: str) -> None:
    """Nothing is stripped, rounded, swapped or guessed."""
    value, reason = convert(kind, theirs)
    assert value is None
    assert reason is not None
    assert says in reason


@pytest.mark.parametrize("kind", ["text", "email", "date", "datetime", "number", "decimal", "boolean", "currency"])
def test_an_empty_value_is_no_value(kind: str) -> None:
    """What a CSV leaves empty and what JSON calls null are the same, and no reason for a complaint."""
    assert convert(kind, "") == (None, None)
    assert convert(kind, None) == (None, None)


@pytest.mark.parametrize("shared", ["jane@gmail.com", "outlook.com", "https://www.linkedin.com/company/acme"])
def test_a_domain_that_many_share_says_nothing_about_a_company(shared: str) -> None:
    """It is no mistake of theirs, so it is no value and no issue."""
    assert convert("domain", shared) == (None, None)


def test_a_value_map_translates_after_the_converter() -> None:
    """The left side is the converted value as text; the right side may be of any kind, or null."""
    left_company = {"values": {"true": False, "false": True}}
    assert convert("boolean", True, **left_company) == (False, None)
    assert convert("number", 5.0, values={"5": "five"}) == ("five", None)
    assert convert("decimal", "100", values={"100": "hundred"}) == ("hundred", None)
    assert convert("text", "n/a", values={"n/a": None}) == (None, None)
    assert convert("text", None, values={"None": "x"}) == (None, None)


def test_a_value_that_the_map_does_not_list_follows_else() -> None:
    """Refused by default with the list of known ones; kept or emptied where the mapping says so."""
    value, reason = convert("text", "Urgent", values={"High": "high"})
    assert value is None
    assert reason is not None
    assert "'Urgent'" in reason
    assert "(High)" in reason
    assert convert("text", "Urgent", values={"High": "high"}, **{"else": "keep"}) == ("Urgent", None)
    assert convert("text", "Urgent", values={"High": "high"}, **{"else": "null"}) == (None, None)


def test_a_constant_needs_no_value_of_theirs() -> None:
    """The same for every row, as the mapping spells it."""
    constant = converter(PullField(constant="meeting"))
    assert constant(None) == ("meeting", None)
    assert constant("whatever") == ("meeting", None)


def test_a_reason_can_be_stored_and_shown() -> None:
    """It quotes the value escaped and shortened, because the value may be what no database takes."""
    _, reason = convert("date", "\x00\ud800" + "x" * 5_000)
    assert reason is not None
    assert len(reason) < 200
    assert reason.isascii()
    assert "\x00" not in reason


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.text(alphabet="0123456789-+:.TZe,/ @"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=3,
)
KINDS = [
    "text",
    "email",
    "domain",
    "date",
    "datetime",
    "number",
    "integer",
    "decimal",
    "boolean",
    "currency",
    "time_zone",
]


@given(st.sampled_from(KINDS), ANYTHING)
def test_whatever_arrives_is_converted_or_refused_and_never_breaks_the_run(kind: str, theirs: Any) -> None:
    """A refused value is empty and has a reason; the reason is plain text."""
    value, reason = convert(kind, theirs)
    assert reason is None or (value is None and reason.isascii())


NAIVE = MOMENT.replace(tzinfo=None)


@given(st.datetimes(NAIVE.replace(year=1901), NAIVE.replace(year=2199)), st.integers(-14 * 60, 14 * 60))
def test_a_moment_survives_every_offset(naive: datetime, minutes: int) -> None:
    """The same instant comes out in UTC, to the microsecond."""
    moment = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert convert("datetime", moment.isoformat()) == (moment.astimezone(UTC), None)


@given(st.decimals(-(10**15), 10**15, places=4))
def test_an_amount_comes_out_as_it_went_in(amount: Decimal) -> None:
    """As text, every digit counts."""
    assert convert("decimal", f"{amount:f}") == (amount, None)
