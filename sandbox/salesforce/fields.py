"""The kinds of fields that a Salesforce object is made of, as short constructors."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from sandbox.store import Value

OnParentDelete = Literal["clear", "cascade", "restrict"]
"""What deleting a parent does: empties the lookup, deletes the child too, or is refused while there is a child."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field with everything that describe tells about it and that a write is checked against."""

    name: str
    label: str
    type: str
    length: int = 0
    """Most characters of a text; 0 for other types."""
    precision: int = 0
    scale: int = 0
    createable: bool = True
    updateable: bool = True
    nillable: bool = True
    default: Value = None
    """What an insert without this field gets."""
    defaulted: bool = False
    unique: bool = False
    external_id: bool = False
    id_lookup: bool = False
    values: tuple[str, ...] = ()
    restricted: bool = False
    to: tuple[str, ...] = ()
    """Objects that a reference may point to."""
    relationship: str = ""
    """The word before the dot: "Account" in Account.Name."""
    children: str = ""
    """The parent's word for these children: "Contacts" in (SELECT Id FROM Contacts)."""
    on_parent_delete: OnParentDelete = "clear"
    compound: str = ""
    """The compound field that this is a part of."""
    calculated: bool = False
    name_field: bool = False
    auto_number: bool = False

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    @property
    def required(self) -> bool:
        return self.createable and not self.nillable and not self.defaulted and self.type != "boolean"

    @property
    def filterable(self) -> bool:
        return self.type != "address" and not (self.type == "textarea" and self.length > 255)


def label(name: str) -> str:
    """The words of a field's name as an admin would have typed them: OwnerId is "Owner ID"."""
    words = name.removesuffix("__c").replace("_", " ")
    if not name.endswith("__c"):
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", words)
    return re.sub(r"\bId$", "ID", words)


def text(name: str, length: int, *, label_: str = "", required: bool = False, kind: str = "string") -> Field:
    return Field(name=name, label=label_ or label(name), type=kind, length=length, nillable=not required)


def key(name: str, length: int) -> Field:
    """A text that is unique and an external id: records are found and upserted by it."""
    return replace(text(name, length), unique=True, external_id=True, id_lookup=True)


def number(name: str, precision: int, scale: int, *, kind: str = "double") -> Field:
    return Field(name=name, label=label(name), type=kind, precision=precision, scale=scale)


def integer(name: str) -> Field:
    return Field(name=name, label=label(name), type="int", precision=8)


def date(name: str, *, required: bool = False) -> Field:
    return Field(name=name, label=label(name), type="date", nillable=not required)


def moment(name: str) -> Field:
    return Field(name=name, label=label(name), type="datetime")


def checkbox(name: str, *, default: bool = False) -> Field:
    return Field(name=name, label=label(name), type="boolean", nillable=False, default=default, defaulted=True)


def picklist(
    name: str,
    values: str,
    *,
    label_: str = "",
    restricted: bool = False,
    required: bool = False,
    default: str | None = None,
    kind: str = "picklist",
) -> Field:
    """Values are written as one text, separated by semicolons."""
    return Field(
        name=name,
        label=label_ or label(name),
        type=kind,
        length=255,
        values=tuple(value.strip() for value in values.split(";")),
        restricted=restricted,
        nillable=not (required or default),
        default=default,
        defaulted=default is not None,
    )


def reference(
    name: str,
    *to: str,
    children: str = "",
    required: bool = False,
    on_parent_delete: OnParentDelete = "clear",
) -> Field:
    """A lookup: AccountId is followed as Account, CSM__c as CSM__r."""
    relationship = name[:-1] + "r" if name.endswith("__c") else name.removesuffix("Id")
    return Field(
        name=name,
        label=label(name),
        type="reference",
        length=18,
        to=to,
        relationship=relationship,
        children=children,
        nillable=not required,
        on_parent_delete=on_parent_delete,
    )


def read_only(field: Field) -> Field:
    return replace(field, createable=False, updateable=False)


def create_only(field: Field) -> Field:
    return replace(field, updateable=False)


def address(name: str, *, parts: str = "Street City State PostalCode Country") -> tuple[Field, ...]:
    """A compound address that can only be read, and its parts that can be written."""
    prefix = name.removesuffix("Address")
    whole = read_only(Field(name=name, label=label(name), type="address"))
    pieces = (replace(text(prefix + part, 255 if part == "Street" else 80), compound=name) for part in parts.split())
    return (whole, *pieces)
