"""A query is answered: rows found and sorted once, and a function that shows a row as the vendor would."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from sandbox.salesforce.answers import Refused
from sandbox.salesforce.objects import SObject
from sandbox.salesforce.org import Org
from sandbox.salesforce.schema import children_of
from sandbox.salesforce.soql import parse
from sandbox.salesforce.soql_fields import Reader, find, no_object
from sandbox.salesforce.soql_groups import grouped
from sandbox.salesforce.soql_show import shown
from sandbox.salesforce.soql_tree import Order, Path, Query, pointed
from sandbox.salesforce.soql_where import compiled
from sandbox.store import Record

EXACT = frozenset({"id", "reference", "date", "datetime", "double", "currency", "percent", "int", "boolean"})


@dataclass(frozen=True, slots=True)
class Result:
    """All rows of a query, and how each looks on a page."""

    total: int
    rows: list[Any]
    show: Callable[[Any], Any]
    query: Query


def run(org: Org, text: str, base: str, *, include_deleted: bool = False) -> Result:
    """Answer a query; `base` is the path before /sobjects that record urls begin with."""
    query = parse(text)
    sobject = _object(org, query)
    rows = _matching(org, sobject, query, include_deleted)
    if query.only_counts:
        return Result(len(rows), [], dict, query)
    if query.aggregates:
        groups = grouped(org, sobject, query, rows)
        return Result(len(groups), groups, dict, query)
    show = shown(org, sobject, query, base, partial(_children, org, base, include_deleted))
    rows = _cut(query, _sorted(org, sobject, query, rows))
    return Result(len(rows), rows, show, query)


def _object(org: Org, query: Query) -> SObject:
    sobject = org.objects().get(query.object.lower())
    if sobject is None:
        raise Refused("INVALID_TYPE", pointed(query.text, query.at, no_object(query.object)))
    return sobject


def _matching(org: Org, sobject: SObject, query: Query, include_deleted: bool) -> list[Record]:
    """The rows that exist for this caller and meet the condition."""
    table = org.table(sobject.name).values()
    rows = [r for r in table if include_deleted or not (r.get("IsDeleted") or r.get("IsArchived"))]
    if query.where is None:
        return rows
    return list(filter(compiled(org, sobject, query.where, query, partial(_column, org, include_deleted)), rows))


def _column(org: Org, include_deleted: bool, inner: Query) -> set[Any]:
    """The values of the only column of an inner query."""
    sobject, only = _object(org, inner), inner.selected[0]
    if len(inner.selected) != 1 or not isinstance(only, Path):
        raise Refused("MALFORMED_QUERY", pointed(inner.text, inner.at, "an inner query selects exactly one field"))
    read = find(org, sobject, only, inner).read
    return {read(row) for row in _matching(org, sobject, inner, include_deleted)} - {None}


def _cut(query: Query, rows: list[Record]) -> list[Record]:
    end = None if query.limit is None else query.offset + query.limit
    return rows[query.offset : end] if query.offset or end is not None else rows


def _sorted(org: Org, sobject: SObject, query: Query, rows: list[Record]) -> list[Record]:
    """Sorted by the last key first, so that earlier keys win and ties keep their order."""
    for order in reversed(query.order_by):
        rows = _sorted_by(org, sobject, query, order, rows)
    return rows


def _sorted_by(org: Org, sobject: SObject, query: Query, order: Order, rows: list[Record]) -> list[Record]:
    if not isinstance(order.path, Path):
        raise Refused("MALFORMED_QUERY", pointed(query.text, order.path.at, "an aggregate needs GROUP BY"))
    found = find(org, sobject, order.path, query)
    if not found.field.filterable:
        message = f"field '{found.field.name}' can not be sorted in a query call"
        raise Refused("INVALID_FIELD", pointed(query.text, order.path.at, message))
    read = found.read
    empty = [row for row in rows if read(row) is None]
    filled = [row for row in rows if read(row) is not None] if empty else rows
    key = read if found.field.type in EXACT else lambda row: read(row).lower()
    filled = sorted(filled, key=key, reverse=order.descending)
    return empty + filled if order.nulls_first else filled + empty


def _children(org: Org, base: str, include_deleted: bool, parent: SObject, query: Query) -> Reader:
    """(SELECT Id FROM Contacts): children found once for all parents, then looked up by parent."""
    wanted = query.object.lower()
    child = next((each for each in children_of(parent.name) if each.field.children.lower() == wanted), None)
    if child is None or not wanted:
        message = f"Didn't understand relationship '{query.object}' in FROM part of query call."
        raise Refused("INVALID_TYPE", pointed(query.text, query.at, message))
    sobject, link = org.sobject(child.object), child.field.name
    show = shown(org, sobject, query, base, partial(_children, org, base, include_deleted))
    of = defaultdict[Any, list[Record]](list)
    for row in _sorted(org, sobject, query, _matching(org, sobject, query, include_deleted)):
        of[row.get(link)].append(row)

    def read(row: Record) -> dict[str, Any] | None:
        found = _cut(query, of.get(row["Id"], []))
        return {"totalSize": len(found), "done": True, "records": [show(each) for each in found]} if found else None

    return read
