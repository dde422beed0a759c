"""What an org's objects look like to our user: describe, and the vendor's spelling of the fields that are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.base import ConfigError, FieldSchema, ObjectSchema
from connectors.http import Reply
from connectors.salesforce.api import Api

STAMPS = ("SystemModstamp", "LastModifiedDate", "CreatedDate")
"""Change markers from best to worst; only SystemModstamp also moves for changes that the system itself makes."""


@dataclass(frozen=True, slots=True)
class SObject:
    """One object as describe shows it; field names are looked up without regard to case, as Salesforce does."""

    schema: ObjectSchema
    canonical: Mapping[str, str]
    """Lower-case field name -> the vendor's spelling."""
    parents: Mapping[str, str]
    """Lower-case relationship name -> the parent object, "" where there may be several."""
    spelled: Mapping[str, str]
    """Lower-case relationship name -> the vendor's spelling."""
    replicateable: bool
    """Whether sobjects/X/deleted/ knows it."""

    @property
    def name(self) -> str:
        return self.schema.object

    def has(self, field: str) -> bool:
        return field.lower() in self.canonical

    @property
    def stamp(self) -> str:
        for name in STAMPS:
            if self.has(name):
                return name
        raise ConfigError(f"{self.name} has none of {', '.join(STAMPS)}, so its changes cannot be followed")


Described = Callable[[str], SObject]


def describe(api: Api, object: str) -> SObject:
    """ConfigError names the object when our user does not see it."""
    reply = api.send("GET", f"sobjects/{object}/describe", readable=_is_describe)
    if reply.status == 404:
        raise ConfigError(f"{api.system}: there is no object {object}, or the integration user may not see it")
    if not isinstance(reply.body, dict) or "fields" not in reply.body:
        raise api.refusal(reply, f"describe {object}")
    return _sobject(reply.body, object)


def spelled(described: Described, object: str, fields: Iterable[str], where: str) -> dict[str, str]:
    """Each asked field (parents dotted: Account.Name) in the vendor's spelling; ConfigError lists all missing ones."""
    found = {field: _path(described, object, field.split(".")) for field in fields}
    missing = sorted(field for field, path in found.items() if path is None)
    if missing:
        raise ConfigError(
            f"{where}: {object} has no field {', '.join(missing)} that the integration user may see; create it or "
            f"grant field-level security (README, 'Fields to create'), or change the mapping"
        )
    return {field: path for field, path in found.items() if path is not None}


def _path(described: Described, object: str, parts: list[str]) -> str | None:
    sobject = described(object)
    head, rest = parts[0].lower(), parts[1:]
    if not rest:
        return sobject.canonical.get(head)
    if head not in sobject.parents:
        return None
    parent = sobject.parents[head]
    tail = _path(described, parent, rest) if parent else ".".join(rest)  # several parents: the query itself decides
    return None if tail is None else f"{sobject.spelled[head]}.{tail}"


def _is_describe(reply: Reply) -> bool:
    return isinstance(reply.body, dict) and isinstance(reply.body.get("fields"), list)


def _sobject(body: Mapping[str, Any], object: str) -> SObject:
    fields = [_field(raw) for raw in body["fields"]]
    references = [raw for raw in body["fields"] if raw.get("relationshipName")]
    return SObject(
        schema=ObjectSchema(str(body.get("name") or object), {field.name: field for field in fields}),
        canonical={field.name.lower(): field.name for field in fields},
        parents={raw["relationshipName"].lower(): _only(raw.get("referenceTo")) for raw in references},
        spelled={raw["relationshipName"].lower(): raw["relationshipName"] for raw in references},
        replicateable=bool(body.get("replicateable")),
    )


def _only(names: list[str] | None) -> str:
    return names[0] if names and len(names) == 1 else ""


def _field(raw: Mapping[str, Any]) -> FieldSchema:
    values = raw.get("picklistValues") or ()
    return FieldSchema(
        name=str(raw["name"]),
        type=str(raw.get("type", "")).lower(),
        createable=bool(raw.get("createable")),
        updateable=bool(raw.get("updateable")),
        nillable=bool(raw.get("nillable", True)),
        length=int(raw.get("length") or 0),
        precision=int(raw.get("precision") or 0),
        scale=int(raw.get("scale") or 0),
        unique=bool(raw.get("unique")),
        external_id=bool(raw.get("externalId")) or bool(raw.get("idLookup")),
        values=tuple(str(value["value"]) for value in values if value.get("active", True)),
        restricted=bool(raw.get("restrictedPicklist")),
        defaulted=bool(raw.get("defaultedOnCreate")),
    )
