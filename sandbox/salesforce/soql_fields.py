"""The fields that a query names, found in the schema as our user sees it: what is hidden is as good as missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.salesforce.answers import Refused
from sandbox.salesforce.fields import Field
from sandbox.salesforce.objects import SObject
from sandbox.salesforce.org import Org
from sandbox.salesforce.schema import BY_PREFIX
from sandbox.salesforce.soql_tree import Path, Query, pointed
from sandbox.store import Record

Reader = Callable[[Record], Any]
DEEPEST = 5
_NAME_FIELDS = {"id": "Id", "name": "Name", "type": "Type"}


@dataclass(frozen=True, slots=True)
class Found:
    """A field at the end of a path, and how to read it from the record where the path begins."""

    field: Field
    read: Reader
    links: tuple[Field, ...] = ()
    polymorphic: bool = False


def find(org: Org, sobject: SObject, path: Path, query: Query) -> Found:
    """Follow the path through its parents, or Refused with INVALID_FIELD at its place."""
    parts = own_parts(path, query)
    links = list[Field]()
    for part in parts[:-1]:
        link = relationship(sobject, part)
        if link is None or len(links) == DEEPEST:
            raise Refused("INVALID_FIELD", pointed(query.text, path.at, _no_relationship(part)))
        links.append(link)
        if len(link.to) > 1:
            return _through_many(org, links, parts, path, query)
        sobject = org.sobject(link.to[0])
    field = sobject.field(parts[-1])
    if field is None:
        raise Refused("INVALID_FIELD", pointed(query.text, path.at, no_column(parts[-1], sobject.name)))
    return Found(field, _through(org, links, reader(field)), tuple(links))


def own_parts(path: Path, query: Query) -> tuple[str, ...]:
    """The path without the query's own object in front: Account.Name of Account is Name."""
    if len(path.parts) > 1 and path.parts[0].lower() in {query.object.lower(), query.alias.lower()}:
        return path.parts[1:]
    return path.parts


def relationship(sobject: SObject, name: str) -> Field | None:
    """The lookup that a word before a dot follows."""
    fields = sobject.fields.values()
    return next((each for each in fields if each.relationship.lower() == name.lower() and each.relationship), None)


def reader(field: Field) -> Reader:
    """How a field is read from its own record; compound addresses are put together."""
    name = field.name
    if field.type != "address":
        return lambda record: record.get(name)
    prefix = name.removesuffix("Address")
    parts = {part[0].lower() + part[1:]: prefix + part for part in ("City", "Country", "PostalCode", "State", "Street")}

    def whole(record: Record) -> dict[str, Any] | None:
        found = {key: record.get(part) for key, part in parts.items()}
        return found if any(found.values()) else None

    return whole


def _through(org: Org, links: list[Field], read: Reader) -> Reader:
    if not links:
        return read
    names = [link.name for link in links]

    def follow(record: Record) -> Any:
        for name in names:
            found = org.find(str(record.get(name)))
            if found is None:
                return None
            record = found[1]
        return read(record)

    return follow


def _through_many(org: Org, links: list[Field], parts: tuple[str, ...], path: Path, query: Query) -> Found:
    """Through a lookup to several objects only what every record has can be read: Id, Name and Type."""
    name = _NAME_FIELDS.get(parts[-1].lower())
    if name is None or len(parts) != len(links) + 1:
        raise Refused("INVALID_FIELD", pointed(query.text, path.at, no_column(parts[-1], "Name")))
    field = Field(name=name, label=name, type="id" if name == "Id" else "string")
    return Found(field, _through(org, links, name_reader(name)), tuple(links), polymorphic=True)


def name_reader(name: str) -> Reader:
    """Id, Name or Type of a record of whatever object."""

    def read(record: Record) -> Any:
        sobject = BY_PREFIX[str(record["Id"])[:3]]
        if name == "Type":
            return sobject.name
        named = next((each.name for each in sobject.fields.values() if each.name_field), "Id")
        return record.get("Id" if name == "Id" else named)

    return read


def no_column(name: str, entity: str) -> str:
    return (
        f"No such column '{name}' on entity '{entity}'. If you are attempting to use a custom field, be sure to append"
        " the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate"
        " names."
    )


def _no_relationship(name: str) -> str:
    return (
        f"Didn't understand relationship '{name}' in field path. If you are attempting to use a custom relationship, be"
        " sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call"
        " for the appropriate names."
    )


def no_object(name: str) -> str:
    return (
        f"sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure to append the"
        " '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names."
    )
