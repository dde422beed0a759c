"""A property of a CRM object: its definition as HubSpot shows it, and the values it takes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from sandbox.hubspot.moments import moment_of, read_moment, stamp

LONGEST_TEXT = 65_536


@dataclass(frozen=True, slots=True)
class Option:
    label: str
    value: str
    display_order: int = 0
    hidden: bool = False

    def shown(self) -> dict[str, Any]:
        told = {"label": self.label, "value": self.value}
        return {**told, "displayOrder": self.display_order, "hidden": self.hidden}


@dataclass(frozen=True, slots=True)
class Property:
    """One property; `read_only` ones are kept by HubSpot itself."""

    name: str
    label: str
    type: str
    field_type: str
    group: str
    options: tuple[Option, ...] = ()
    description: str = ""
    display_order: int = -1
    hidden: bool = False
    form_field: bool = False
    unique: bool = False
    read_only: bool = False
    hubspot_defined: bool = False
    external_options: bool = False
    archived_at: str | None = None
    created_at: str = "2015-01-01T00:00:00.000Z"
    updated_at: str = "2015-01-01T00:00:00.000Z"

    def shown(self) -> dict[str, Any]:
        """The definition as the properties API answers it; only HubSpot's own ones say hubspotDefined."""
        own = {"hubspotDefined": True} if self.hubspot_defined else {}
        gone = {"archivedAt": self.archived_at} if self.archived_at else {}
        return {
            "updatedAt": self.updated_at,
            "createdAt": self.created_at,
            "name": self.name,
            "label": self.label,
            "type": self.type,
            "fieldType": self.field_type,
            "description": self.description,
            "groupName": self.group,
            "options": [option.shown() for option in self.options],
            "displayOrder": self.display_order,
            "calculated": self.read_only,
            "externalOptions": self.external_options,
            "archived": self.archived_at is not None,
            "hasUniqueValue": self.unique,
            "hidden": self.hidden,
            "modificationMetadata": {
                "archivable": not self.hubspot_defined,
                "readOnlyDefinition": self.hubspot_defined,
                "readOnlyValue": self.read_only,
            },
            "formField": self.form_field,
            "dataSensitivity": "non_sensitive",
            **own,
            **gone,
        }


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why a value is not taken."""

    name: str
    code: str
    message: str


def doesnt_exist(name: str) -> Wrong:
    return Wrong(name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist')


def accept(prop: Property, value: Any) -> str | Wrong | None:
    """The value as it will be kept (None clears), or what is wrong with it."""
    if isinstance(value, dict | list):
        return Wrong(prop.name, "INVALID_STRING", f"{prop.name} was not a valid string.")
    given = ("true" if value else "false") if isinstance(value, bool) else "" if value is None else str(value)
    if given == "":
        return None
    if prop.read_only:
        return Wrong(prop.name, "READ_ONLY_VALUE", f'"{prop.name}" is a read only property; its value cannot be set.')
    return _CHECKS.get(prop.type, _text)(prop, given)


def _text(prop: Property, given: str) -> str | Wrong:
    if len(given) > LONGEST_TEXT:
        return Wrong(prop.name, "INVALID_STRING", f"{prop.name} is longer than {LONGEST_TEXT} characters.")
    if prop.name != "email":
        return given
    if "@" not in given.strip("@") or " " in given:
        return Wrong(prop.name, "INVALID_EMAIL", f"Email address {given} is invalid")
    return given.lower()


def _number(prop: Property, given: str) -> str | Wrong:
    try:
        finite = abs(float(given)) < float("inf") and "_" not in given
    except ValueError:
        finite = False
    return given.strip() if finite else Wrong(prop.name, "INVALID_INTEGER", f"{given} was not a valid number.")


def _choice(prop: Property, given: str) -> str | Wrong:
    """One of the options, several for a checkbox; what is kept outside (owners) is checked by who saves."""
    if prop.external_options:
        return given
    allowed = [option.value for option in prop.options]
    for each in given.strip(";").split(";") if prop.field_type == "checkbox" else [given]:
        if each not in allowed:
            words = f"{each} was not one of the allowed options: [{', '.join(allowed)}]"
            return Wrong(prop.name, "INVALID_OPTION", words)
    return given


def _datetime(prop: Property, given: str) -> str | Wrong:
    """Milliseconds since 1970, or ISO; kept as ISO with milliseconds."""
    try:
        return stamp(moment_of(given))
    except (ValueError, OverflowError):
        return Wrong(prop.name, "INVALID_LONG", f"{given} was not a valid long.")


def _date(prop: Property, given: str) -> str | Wrong:
    """A day, or the milliseconds of its midnight in UTC."""
    try:
        at = moment_of(given).astimezone(UTC)
    except (ValueError, OverflowError):
        return Wrong(prop.name, "INVALID_DATE", f"{given} was not a valid date.")
    if at.timetz() != time(tzinfo=UTC):
        return Wrong(prop.name, "INVALID_DATE", f"{given} is at {at.time()} UTC, not midnight!")
    return at.date().isoformat()


_CHECKS = {"number": _number, "bool": _choice, "enumeration": _choice, "datetime": _datetime, "date": _date}


def settle(prop: Property, value: str) -> str:
    """A story's moment in HubSpot's own spelling; everything else stays as the story tells it."""
    if prop.type == "datetime":
        return stamp(read_moment(value))
    if prop.type == "date":
        return datetime.fromisoformat(value).date().isoformat()
    return value
