"""COUNT, SUM and the like, over everything or by group."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sandbox.salesforce.answers import Refused
from sandbox.salesforce.objects import SObject
from sandbox.salesforce.org import Org
from sandbox.salesforce.soql_fields import find, own_parts
from sandbox.salesforce.soql_tree import Aggregate, Order, Path, Query, pointed
from sandbox.store import Record

Column = tuple[str, Callable[[Sequence[Record]], Any]]


def grouped(org: Org, sobject: SObject, query: Query, rows: Sequence[Record]) -> list[dict[str, Any]]:
    """One shown row a group, in the query's order and within its limit."""
    columns = _columns(org, sobject, query)
    keys = [find(org, sobject, path, query).read for path in query.group_by]
    groups: dict[tuple[Any, ...], list[Record]] = {}
    for row in rows:
        groups.setdefault(tuple(read(row) for read in keys), []).append(row)
    if not query.group_by and not groups:
        groups[()] = []
    shown = [
        {"attributes": {"type": "AggregateResult"}} | {label: value(group) for label, value in columns}
        for group in groups.values()
    ]
    for order in reversed(query.order_by):
        shown = _sorted(shown, _label(query, order), order)
    end = None if query.limit is None else query.offset + query.limit
    return shown[query.offset : end]


def _columns(org: Org, sobject: SObject, query: Query) -> list[Column]:
    columns: list[Column] = []
    by = {tuple(part.lower() for part in own_parts(path, query)) for path in query.group_by}
    for each in query.selected:
        if isinstance(each, Aggregate):
            columns.append((_name(each, query), _aggregate(org, sobject, each, query)))
        elif isinstance(each, Path) and tuple(part.lower() for part in own_parts(each, query)) in by:
            found = find(org, sobject, each, query)
            columns.append((each.alias or found.field.name, _of_first(found.read)))
        else:
            name = each.parts[-1] if isinstance(each, Path) else "?"
            message = f"Field must be grouped or aggregated: {name}"
            raise Refused("MALFORMED_QUERY", pointed(query.text, each.at, message))
    return columns


def _of_first(read: Callable[[Record], Any]) -> Callable[[Sequence[Record]], Any]:
    return lambda group: read(group[0])


def _name(aggregate: Aggregate, query: Query) -> str:
    """The alias, or expr0, expr1... counted over the aggregates without one."""
    unnamed = [each for each in query.selected if isinstance(each, Aggregate) and not each.alias]
    return aggregate.alias or f"expr{unnamed.index(aggregate)}"


def _aggregate(org: Org, sobject: SObject, aggregate: Aggregate, query: Query) -> Callable[[Sequence[Record]], Any]:
    if aggregate.path is None:
        raise Refused("MALFORMED_QUERY", pointed(query.text, aggregate.at, "COUNT() must be the only element"))
    read = find(org, sobject, aggregate.path, query).read
    function = aggregate.function

    def value(group: Sequence[Record]) -> Any:
        values = [found for found in map(read, group) if found is not None]
        if function == "count":
            return len(values)
        if function == "count_distinct":
            return len(set(values))
        if not values:
            return None
        totals: dict[str, Callable[[], Any]] = {
            "sum": lambda: sum(values),
            "avg": lambda: sum(values) / len(values),
            "min": lambda: min(values),
            "max": lambda: max(values),
        }
        return totals[function]()

    return value


def _label(query: Query, order: Order) -> str:
    """The shown column that an ORDER BY of a grouped query means."""
    for each in query.selected:
        if isinstance(order.path, Aggregate) and isinstance(each, Aggregate):
            same_field = each.path and order.path.path and each.path.parts == order.path.path.parts
            if each.function == order.path.function and same_field:
                return _name(each, query)
        if isinstance(order.path, Path) and isinstance(each, (Path, Aggregate)):
            name = order.path.parts[-1].lower()
            if each.alias.lower() == name:
                return each.alias
            if isinstance(each, Path) and each.parts[-1].lower() == name:
                return each.alias or each.parts[-1]
    raise Refused("MALFORMED_QUERY", pointed(query.text, order.path.at, "Ordered field must be grouped or aggregated"))


def _sorted(shown: list[dict[str, Any]], label: str, order: Order) -> list[dict[str, Any]]:
    lower = {name.lower(): name for row in shown for name in row}
    name = lower.get(label.lower(), label)
    empty = [row for row in shown if row[name] is None]
    filled = sorted((row for row in shown if row[name] is not None), key=lambda r: r[name], reverse=order.descending)
    return empty + filled if order.nulls_first else filled + empty
