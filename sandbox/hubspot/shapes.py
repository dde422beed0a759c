"""The shapes that parts of a body must have; what has another is refused as HubSpot refuses what it cannot read."""

from __future__ import annotations

from typing import Any

from sandbox.hubspot.answers import Refused

LONGEST_NUMBER = 19


def _unreadable(name: str, wanted: str) -> Refused:
    return Refused(f"Invalid input JSON on line 1, column 2: `{name}` must be {wanted}", None)


def objects(value: Any, name: str) -> list[dict[str, Any]]:
    """A list of objects; null is an empty one."""
    listed = value or []
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise _unreadable(name, "a list of objects")
    return listed


def an_object(value: Any, name: str) -> dict[str, Any]:
    """One object; null is an empty one."""
    told = value or {}
    if not isinstance(told, dict):
        raise _unreadable(name, "an object")
    return told


def texts(value: Any, name: str) -> list[str]:
    """A list of texts; null is an empty one."""
    listed = value or []
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
        raise _unreadable(name, "a list of texts")
    return listed


def whole(value: Any) -> int | None:
    """A whole number, perhaps written as text; None for anything else."""
    told = str(value)
    return int(told) if told.isascii() and told.isdigit() and len(told) <= LONGEST_NUMBER else None


def number(value: Any, name: str) -> int:
    """A whole number of a body, which may be negative."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise _unreadable(name, "a whole number")
    return value
