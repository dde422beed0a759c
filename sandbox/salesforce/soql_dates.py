"""Relative date literals: each is a span of whole days, [first, after), seen from the sandbox clock in UTC."""

from __future__ import annotations

from datetime import date, timedelta

from sandbox.salesforce.answers import Refused

MONTHS = {"month": 1, "quarter": 3, "year": 12}


def span(literal: str, today: date) -> tuple[date, date]:
    """The days that a literal such as "today", "last_n_days:30" or "this_quarter" covers."""
    word, _, digits = literal.partition(":")
    single = {"today": 0, "yesterday": -1, "tomorrow": 1}
    if not digits and word in single:
        return _days(today, single[word], 1)
    if digits:
        return _counted(word, int(digits), today)
    if word == "last_90_days":
        return today - timedelta(days=90), today + timedelta(days=1)
    if word == "next_90_days":
        return _days(today, 1, 90)
    which, _, unit = word.partition("_")
    shift = {"last": -1, "this": 0, "next": 1}.get(which)
    if shift is None or unit not in {"week", *MONTHS}:
        raise _unknown(literal)
    return _unit(unit, today, shift, shift + 1)


def _counted(word: str, count: int, today: date) -> tuple[date, date]:
    if word == "last_n_days":
        return today - timedelta(days=count), today + timedelta(days=1)
    if word == "next_n_days":
        return _days(today, 1, count)
    if word == "n_days_ago":
        return _days(today, -count, 1)
    which, _, unit = word.partition("_n_")
    unit = unit.removesuffix("s")
    if which not in {"last", "next"} or unit not in {"week", *MONTHS}:
        raise _unknown(f"{word}:{count}")
    return _unit(unit, today, -count, 0) if which == "last" else _unit(unit, today, 1, count + 1)


def _unit(unit: str, today: date, first: int, after: int) -> tuple[date, date]:
    """From the start of one week, month, quarter or year to the start of another, counted from the present one."""
    if unit == "week":
        sunday = today - timedelta(days=(today.weekday() + 1) % 7)
        return sunday + timedelta(weeks=first), sunday + timedelta(weeks=after)
    months = MONTHS[unit]
    start = (today.year * 12 + today.month - 1) // months * months
    return _month(start + first * months), _month(start + after * months)


def _month(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)


def _days(today: date, first: int, count: int) -> tuple[date, date]:
    return today + timedelta(days=first), today + timedelta(days=first + count)


def _unknown(literal: str) -> Refused:
    return Refused("MALFORMED_QUERY", f"unexpected token: '{literal}'")
