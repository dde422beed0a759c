"""What an object of Salesforce is: its words, its key prefix, its fields, and what all objects have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from sandbox.salesforce.fields import Field, checkbox, moment, picklist, read_only, reference, text
from sandbox.store import Value

CURRENCIES = "EUR;USD;GBP;CHF;SEK;CAD;AUD;JPY;KWD"


@dataclass(frozen=True)
class SObject:
    """One object: its words, its key prefix and its fields by lower-case name."""

    name: str
    label: str
    plural: str
    prefix: str
    fields: Mapping[str, Field]
    writable: bool = True
    mergeable: bool = False
    activity: bool = False

    defaults: Mapping[str, Value] = field(default_factory=dict)
    """What a new record holds before anybody wrote into it."""

    @cached_property
    def spelled(self) -> Mapping[str, Field]:
        """The fields by their exact names."""
        return {each.name: each for each in self.fields.values()}

    @cached_property
    def numbered(self) -> str:
        """The field that counts the records of this object, where there is one."""
        return next((each.name for each in self.fields.values() if each.auto_number), "")

    def field(self, name: str) -> Field | None:
        return self.fields.get(name.lower())


def sobject(
    name: str,
    prefix: str,
    *fields: Field | tuple[Field, ...],
    plural: str = "",
    writable: bool = True,
    mergeable: bool = False,
    activity: bool = False,
) -> SObject:
    flat = [*_identity(), *(one for each in fields for one in (each if isinstance(each, tuple) else (each,)))]
    flat += _stamps() + ([read_only(reference("MasterRecordId", name))] if mergeable else [])
    label = "Opportunity Contact Role" if name == "OpportunityContactRole" else name
    by_name = {each.name.lower(): each for each in flat}
    defaults = {each.name: each.default for each in flat if each.default is not None}
    return SObject(name, label, plural or f"{label}s", prefix, by_name, writable, mergeable, activity, defaults)


def _identity() -> list[Field]:
    return [
        Field(
            name="Id",
            label="Record ID",
            type="id",
            length=18,
            nillable=False,
            defaulted=True,
            createable=False,
            updateable=False,
            id_lookup=True,
        ),
        read_only(checkbox("IsDeleted")),
    ]


def _stamps() -> list[Field]:
    stamps = [
        moment("CreatedDate"),
        reference("CreatedById", "User"),
        moment("LastModifiedDate"),
        reference("LastModifiedById", "User"),
        moment("SystemModstamp"),
    ]
    return [replace(read_only(stamp), nillable=False, defaulted=True) for stamp in stamps]


def name(length: int, label: str, *, writable: bool = True) -> Field:
    made = replace(text("Name", length, label_=label, required=True), name_field=True)
    return made if writable else read_only(made)


def owner() -> Field:
    return replace(reference("OwnerId", "User"), nillable=False, defaulted=True)


def currency_code() -> Field:
    return picklist("CurrencyIsoCode", CURRENCIES, label_="Currency", restricted=True, default="EUR")
