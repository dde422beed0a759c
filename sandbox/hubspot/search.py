"""Searching: an index that lags behind, 10,000 hits at most, and pages that may be short although more follows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from sandbox.hubspot.answers import Answer, Refused
from sandbox.hubspot.calls import Call
from sandbox.hubspot.filters import comparable, matcher, words
from sandbox.hubspot.objects import CrmType, crm_type
from sandbox.hubspot.portal import Portal
from sandbox.hubspot.reads import shorter, view
from sandbox.hubspot.shapes import texts, whole
from sandbox.hubspot.table import Held, Table

MOST_HITS = 10_000
LONGEST_BODY = 3_000
LARGEST_PAGE = 200


def search(call: Call, type: str) -> Answer:
    """POST objects/{type}/search."""
    of, body = crm_type(type), call.json()
    if len(call.body) > LONGEST_BODY:
        raise Refused(f"There was a problem with the request: its body is longer than {LONGEST_BODY} characters")
    size, offset = _number(body.get("limit") or 10, "limit"), _number(body.get("after") or 0, "after")
    if not 0 < size <= LARGEST_PAGE:
        raise Refused(f"There was a problem with the request: limit must be between 1 and {LARGEST_PAGE}")
    hits = _hits(call.portal, of, body)
    page, follower = _page(call.portal, hits, offset, size, len(hits) // 2)
    shown = view(call.portal, of, texts(body.get("properties"), "properties"))
    total = max(0, len(hits) - call.portal.settings.uncounted_hits)
    answered: dict[str, Any] = {"total": total, "results": [shown.show(call.portal, each) for each in page]}
    if follower is not None:
        answered["paging"] = {"next": {"after": str(follower)}}
    return Answer(200, answered)


def _number(value: Any, name: str) -> int:
    told = whole(value)
    if told is None:
        raise Refused(f"There was a problem with the request: {name} must be a whole number")
    return told


def _page(portal: Portal, hits: Sequence[Held], offset: int, size: int, middle: int) -> tuple[list[Held], int | None]:
    """The hits from `offset` on, and the next offset; stale hits take places and show nothing."""
    stale = portal.settings.stale_hits
    real = offset - min(max(offset - middle, 0), stale)
    if real >= MOST_HITS:
        raise Refused(f"There was a problem with the request: paging ends after {MOST_HITS} results")
    end = min(offset + shorter(portal, size, offset), MOST_HITS + (stale if middle < MOST_HITS else 0))
    places = [*range(offset, min(end, middle)), *range(max(offset, middle + stale), end)]
    indexes = [place if place < middle else place - stale for place in places]
    found = [hits[index] for index in indexes if index < len(hits)]
    return found, end if end < len(hits) + stale else None


def _hits(portal: Portal, type: CrmType, body: dict[str, Any]) -> Sequence[Held]:
    """Everything that fits, sorted; the pages of one query share one result while the index stays as it is."""
    table = portal.searchable(type)
    asked = {name: body.get(name) for name in ("filterGroups", "sorts", "query")}
    key = (type.name, table.index_version, portal.settings.ids_sort_as_text, orjson.dumps(asked))
    if portal.last_search is None or portal.last_search[0] != key:
        portal.last_search = (key, _found(portal, type, table, body))
    return portal.last_search[1]


def _found(portal: Portal, type: CrmType, table: Table, body: dict[str, Any]) -> list[Held]:
    fits = matcher(portal, type, body.get("filterGroups") or [])
    found = [record for record in table.indexed.values() if fits(record)]
    if query := str(body.get("query") or ""):
        has_words = words(type, query)
        found = [record for record in found if has_words(record)]
    return _sorted(portal, type, found, body.get("sorts") or [])


def _read_sort(text: str) -> dict[str, str]:
    """A sort as one text: the property, with a minus before it for downwards."""
    return {"propertyName": text.removeprefix("-"), "direction": text[:1]}


def _sorted(portal: Portal, type: CrmType, found: list[Held], sorts: Any) -> list[Held]:
    """By one property, given as an object or as its name alone; by creation where nothing is asked for."""
    if not isinstance(sorts, list) or len(sorts) > 1:
        raise Refused("There was a problem with the request: there may be one sort")
    found.sort(key=lambda record: (record.created_at, record.id))
    if not sorts:
        return found
    asked = sorts[0] if isinstance(sorts[0], dict) else _read_sort(str(sorts[0]))
    name = str(asked.get("propertyName", ""))
    prop = portal.schema(type).get(name)
    if prop is None:
        raise Refused(f"There was a problem with the request: there is no property {name} of {type.name}")
    key = comparable(prop, as_text=portal.settings.ids_sort_as_text)
    valued = [record for record in found if name in record.properties]
    rest = [record for record in found if name not in record.properties]
    downwards = str(asked.get("direction", "")) in {"DESCENDING", "-"}
    return [*sorted(valued, key=lambda record: key(record.properties[name]), reverse=downwards), *rest]
