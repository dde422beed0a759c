"""How a row of a query looks: attributes, then what was selected in its order, parents and children nested."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sandbox.salesforce.answers import Refused
from sandbox.salesforce.objects import SObject
from sandbox.salesforce.org import Org
from sandbox.salesforce.soql_fields import Reader, find, name_reader, own_parts, reader, relationship
from sandbox.salesforce.soql_tree import FieldsOf, Path, Query, pointed
from sandbox.store import Record

Show = Callable[[Record], dict[str, Any]]
Children = Callable[[SObject, Query], Reader]
"""How the children that an inner query asks for are read from their parent."""
MOST_WITH_FIELDS = 200


def shown(org: Org, sobject: SObject, query: Query, base: str, children: Children) -> Show:
    """The function that shows one record; Refused where a field is missing, hidden or asked for twice."""
    paths = list[tuple[str, ...]]()
    inner = dict[str, Reader]()
    for each in query.selected:
        if isinstance(each, FieldsOf):
            paths += [(name,) for name in _fields_of(sobject, each, query)]
        elif isinstance(each, Path):
            find(org, sobject, each, query)
            paths.append(own_parts(each, query))
            _no_doubles(paths, each, query)
        elif isinstance(each, Query):
            inner[each.object] = children(sobject, each)
    return _columns(org, sobject, paths, base, inner)


def _fields_of(sobject: SObject, which: FieldsOf, query: Query) -> list[str]:
    if query.limit is None or query.limit > MOST_WITH_FIELDS:
        raise Refused("MALFORMED_QUERY", "The SOQL FIELDS function must have a LIMIT of at most 200")
    wanted = {"all": (True, False), "custom": (True,), "standard": (False,)}[which.which]
    return [each.name for each in sobject.fields.values() if each.custom in wanted]


def _no_doubles(paths: Sequence[tuple[str, ...]], path: Path, query: Query) -> None:
    lower = [part.lower() for part in paths[-1]]
    if any([part.lower() for part in other] == lower for other in paths[:-1]):
        raise Refused("INVALID_FIELD", pointed(query.text, path.at, f"duplicate field selected: {path.parts[-1]}"))


def _columns(org: Org, sobject: SObject, paths: Sequence[tuple[str, ...]], base: str, inner: dict[str, Reader]) -> Show:
    columns = dict[str, Reader | None]()
    deeper = dict[str, list[tuple[str, ...]]]()
    plain = not inner
    for parts in paths:
        if len(parts) > 1:
            link = relationship(sobject, parts[0])
            assert link is not None
            columns.setdefault(link.relationship, None)
            deeper.setdefault(link.relationship, []).append(parts[1:])
        elif field := sobject.field(parts[0]):
            columns[field.name] = reader(field)
            plain = plain and field.type != "address"
    if plain and not deeper:
        return _flat(sobject, list(columns), base)
    for name, rest in deeper.items():
        columns[name] = _parent(org, sobject, name, rest, base)
    return _nested(sobject, [(name, read) for name, read in (columns | inner).items() if read], base)


def _flat(sobject: SObject, names: Sequence[str], base: str) -> Show:
    kind, url = sobject.name, f"{base}/sobjects/{sobject.name}/"
    return lambda row: {"attributes": {"type": kind, "url": url + str(row["Id"])}} | {n: row.get(n) for n in names}


def _nested(sobject: SObject, columns: Sequence[tuple[str, Reader]], base: str) -> Show:
    kind, url = sobject.name, f"{base}/sobjects/{sobject.name}/"
    return lambda row: (
        {"attributes": {"type": kind, "url": url + str(row["Id"])}} | {n: read(row) for n, read in columns}
    )


def _parent(org: Org, sobject: SObject, name: str, rest: Sequence[tuple[str, ...]], base: str) -> Reader:
    link = relationship(sobject, name)
    assert link is not None
    many = len(link.to) > 1
    show = _named(org, rest, base) if many else _columns(org, org.sobject(link.to[0]), rest, base, {})
    link_name = link.name

    def parent(row: Record) -> dict[str, Any] | None:
        found = org.find(str(row.get(link_name)))
        return show(found[1]) if found else None

    return parent


def _named(org: Org, rest: Sequence[tuple[str, ...]], base: str) -> Show:
    """A parent of one of several objects shows only Id, Name and Type."""
    columns = [(name, name_reader(name)) for name in (parts[0].capitalize() for parts in rest)]

    def show(row: Record) -> dict[str, Any]:
        found = org.find(str(row["Id"]))
        object_ = found[0].name if found else ""
        url = f"{base}/sobjects/{object_}/{row['Id']}"
        return {"attributes": {"type": "Name", "url": url}} | {name: read(row) for name, read in columns}

    return show
