"""Fields that an account added to its organizations, and which values they take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sandbox.zendesk.answers import Answer, record_invalid
from sandbox.zendesk.calls import Call
from sandbox.zendesk.desk import Desk
from sandbox.zendesk.exports import check_admin
from sandbox.zendesk.saves import save
from sandbox.zendesk.shapes import ORGANIZATION_FIELDS, Body

TYPES = {"text", "textarea", "integer", "decimal", "dropdown", "date", "checkbox", "regexp", "multiselect", "lookup"}
STANDING = (
    ("crmpulse_score", "integer", "Health score"),
    ("crmpulse_tier", "text", "Health tier"),
    ("crmpulse_state", "text", "Health state"),
    ("crmpulse_reasons", "textarea", "Health reasons"),
    ("crmpulse_as_of", "date", "Health as of"),
    ("crmpulse_segment", "text", "Segment"),
    ("crmpulse_open_red", "integer", "Red alerts open"),
    ("crmpulse_alerts", "text", "Open alerts"),
)
"""What an admin created for us: key, type, title."""


def create_field(call: Call) -> Answer:
    """POST organization_fields, for admins; a key is taken once."""
    check_admin(call)
    given = call.json().get("organization_field")
    if not isinstance(given, dict) or given.get("type") not in TYPES or not given.get("title"):
        raise record_invalid("type", "is invalid")
    key = given.get("key") or str(given["title"]).lower().replace(" ", "_")
    if key in definitions(call.desk):
        raise record_invalid("key", "is already in use", "DuplicateValue")
    made = save(call.desk, ORGANIZATION_FIELDS, None, {**given, "id": None, "key": key})
    return Answer(201, {"organization_field": call.show(ORGANIZATION_FIELDS, made)})


def definitions(desk: Desk) -> Mapping[str, Body]:
    """The account's fields by key."""
    return {row["key"]: row for row in desk.sorted(ORGANIZATION_FIELDS)}


def accepted(desk: Desk, given: Mapping[str, Any]) -> dict[str, Any]:
    """What is stored of written values: keys that the account does not have vanish without a word."""
    known = definitions(desk)
    return {key: _value(known[key], value) for key, value in given.items() if key in known}


def tags(desk: Desk, values: Mapping[str, Any]) -> set[str]:
    """Every chosen option of a dropdown is a tag of the organization too."""
    known = definitions(desk)
    return {str(value) for key, value in values.items() if value and known[key]["type"] == "dropdown"}


def _value(field: Body, value: Any) -> Any:
    if value is None or value == "":
        return False if field["type"] == "checkbox" else None
    if field["type"] in _READERS:
        try:
            return _READERS[field["type"]](value)
        except (TypeError, ValueError):
            raise record_invalid(field["key"], f"is not a valid {field['type']}") from None
    if field["type"] == "dropdown" and value not in {each["value"] for each in field["custom_field_options"]}:
        raise record_invalid(field["key"], f"{value} is not an option")
    return value if field["type"] in {"dropdown", "multiselect"} else str(value)


def _integer(value: Any) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise ValueError(value)
    return int(value)


def _checked(value: Any) -> bool:
    if str(value).lower() not in {"true", "false", "1", "0"}:
        raise ValueError(value)
    return str(value).lower() in {"true", "1"}


def _day(value: Any) -> str:
    return datetime.fromisoformat(str(value)).strftime("%Y-%m-%d")


_READERS: dict[str, Callable[[Any], Any]] = {"integer": _integer, "decimal": float, "checkbox": _checked, "date": _day}
