"""Times in Zendesk's spellings: ISO 8601 with Z in records, unix seconds in exports, milliseconds in surveys."""

from __future__ import annotations

from datetime import UTC, datetime


def stamp(at: datetime) -> str:
    """2026-11-22T09:30:00Z, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read(text: str | datetime) -> datetime:
    """Any ISO spelling; ValueError without an offset."""
    at = text if isinstance(text, datetime) else datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text} has no offset")
    return at


def seconds(at: datetime) -> int:
    return int(at.timestamp())
