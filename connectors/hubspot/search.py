"""Which records changed, from the search index: complete, although no query may be followed beyond 10,000 results.

We never follow one that far. Each page's last stamp begins the next query, so no page depends on how many came before
it; a record that changes meanwhile moves ahead of us and cannot push another one out of sight. More records of one
millisecond than a page holds are asked for by ranges of ids with equally many digits, because the index may compare ids
as text (7198, 719869649082, 7199) or as numbers, and among ids of one length both are the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from connectors.base import Unavailable
from connectors.hubspot import codes
from connectors.hubspot.api import Api, Raw
from connectors.hubspot.reading import next_cursor

ID = "hs_object_id"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


class Hit(NamedTuple):
    """A record in the index."""

    id: str
    at: int
    """Its stamp in milliseconds since 1970."""


class Found(NamedTuple):
    """One page of the index."""

    hits: list[Hit]
    next: str


def changed(api: Api, object: str, stamp: str, since: datetime) -> Iterator[list[Hit]]:
    """Everything stamped `since` or later, oldest first, in pages; nothing twice."""
    start, known, cursor = milliseconds(since), set[str](), ""
    while True:
        page = _ask(api, object, stamp, [_from(stamp, start)], stamp, cursor)
        fresh = [hit for hit in page.hits if hit.id not in known]
        if not page.hits and page.next and page.next != cursor:
            cursor = page.next  # empty, and not the end
            continue
        if not page.next or not page.hits:
            yield fresh
            return
        last = page.hits[-1].at
        if last < start:
            raise Unavailable(
                f"{api.system}: the search of {object} is not in the order of {stamp}; the next run resumes"
            )
        yield fresh
        if last > start:
            start, known = last, {hit.id for hit in page.hits if hit.at == last}
        else:
            yield from _burst(api, object, stamp, start, known | {hit.id for hit in page.hits})
            start, known = start + 1, set()
        cursor = ""


def newest(api: Api, object: str, stamp: str) -> tuple[int | None, int]:
    """The newest stamp in the index, and how many records it holds."""
    sort = [{"propertyName": stamp, "direction": "DESCENDING"}]
    body = api.search(object, {"filterGroups": [], "sorts": sort, "properties": [stamp], "limit": 1}).body
    stamps = [stamped(raw, stamp) for raw in body["results"]]
    return (stamps[0] if stamps else None), int(body.get("total") or 0)


def stamped(raw: Raw, stamp: str) -> int:
    """When a record changed last, in milliseconds since 1970: its own stamp, or what stands beside its properties."""
    return instant((raw.get("properties") or {}).get(stamp) or raw.get("updatedAt"))


def instant(text: str | None) -> int:
    """Milliseconds since 1970 of a moment in either of HubSpot's spellings; 0 where there is none."""
    if not text:
        return 0
    return int(text) if text.isdigit() else milliseconds(datetime.fromisoformat(text))


def milliseconds(moment: datetime) -> int:
    return (moment - EPOCH) // MILLISECOND


def _burst(api: Api, object: str, stamp: str, at: int, known: set[str]) -> Iterator[list[Hit]]:
    """All records of one millisecond but those that are known; a total that counts too few ends nothing early."""
    same = {"propertyName": stamp, "operator": "BETWEEN", "value": str(at), "highValue": str(at)}
    for digits in range(1, codes.LONGEST_ID + 1):
        for hits in _of_length(api, object, stamp, same, digits):
            yield [hit for hit in hits if hit.id not in known]


def _of_length(api: Api, object: str, stamp: str, same: Raw, digits: int) -> Iterator[list[Hit]]:
    low, high, cursor = 10 ** (digits - 1), 10**digits - 1, ""
    while low <= high:
        among = {"propertyName": ID, "operator": "BETWEEN", "value": str(low), "highValue": str(high)}
        page = _ask(api, object, stamp, [same, among], ID, cursor)
        yield [hit for hit in page.hits if len(hit.id) == digits]
        if not page.next or page.next == cursor:
            return
        if page.hits:
            low, cursor = _behind(page.hits[-1].id, digits), ""
        else:
            cursor = page.next


def _behind(id: str, digits: int) -> int:
    """The first id of so many digits behind this one, which is of another length only where ids are texts."""
    return int(id[:digits].ljust(digits, "0")) + (len(id) >= digits)


def _from(stamp: str, at: int) -> Raw:
    return {"propertyName": stamp, "operator": "GTE", "value": str(at)}


def _ask(
    api: Api,
    object: str,
    stamp: str,
    filters: Sequence[Raw],
    order: str,
    cursor: str = "",
) -> Found:
    question: dict[str, Any] = {
        "filterGroups": [{"filters": list(filters)}],
        "sorts": [{"propertyName": order, "direction": "ASCENDING"}],
        "properties": [stamp],
        "limit": codes.SEARCH_PAGE,
        **({"after": cursor} if cursor else {}),
    }
    body = api.search(object, question).body
    hits = [Hit(str(raw["id"]), stamped(raw, stamp)) for raw in body["results"]]
    return Found(hits, next_cursor(body))
