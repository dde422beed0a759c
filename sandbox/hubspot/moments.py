"""Moments as HubSpot writes them: milliseconds in UTC, 2026-05-01T07:25:37.125Z; as texts they compare rightly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FARTHEST = 253_402_300_799_999
"""The last millisecond of the year 9999."""


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")[:23] + "Z"


def read_moment(text: str) -> datetime:
    """The moment that an ISO text names; without a zone it is UTC. ValueError for anything else."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def millis(at: datetime) -> int:
    """Milliseconds since 1970."""
    return (at - EPOCH) // timedelta(milliseconds=1)


def moment_of(text: str) -> datetime:
    """The moment of an ISO text, or of milliseconds since 1970; ValueError for anything else."""
    return from_millis(int(text)) if text.lstrip("-").isdigit() else read_moment(text)


def from_millis(number: int) -> datetime:
    """ValueError for what no calendar holds."""
    if not 0 <= abs(number) <= FARTHEST:
        raise ValueError(f"{number} lies outside the calendar")
    return EPOCH + timedelta(milliseconds=number)
