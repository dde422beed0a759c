"""Owners, active and archived: few, without a stamp of change, and read as a whole each time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b

import orjson

from connectors.base import Bookmark, Page, Record, Stream
from connectors.http import Reply
from connectors.hubspot.api import Api, Raw
from connectors.hubspot.reading import next_cursor
from connectors.hubspot.records import full_name

PAGE = 100


def pull(api: Api, stream: Stream, bookmark: Bookmark | None) -> Iterator[Page]:
    """Those that are new or different since the bookmark; archived ones too, which their field says."""
    seen = dict((bookmark or {}).get("seen", {}))
    news: list[Record] = []
    requested_at = None
    for raws, reply in _all(api):
        requested_at = requested_at or reply.requested_at
        for raw in raws:
            record = _record(raw, stream.fields)
            digest = blake2b(orjson.dumps(record.fields), digest_size=8).hexdigest()
            if seen.get(record.id) != digest:
                news.append(record)
            seen[record.id] = digest
    yield Page(news, {"seen": seen}, requested_at or api.http.clock())


def ids(api: Api) -> Iterator[Sequence[str]]:
    for raws, _ in _all(api):
        yield [str(raw["id"]) for raw in raws]


def _all(api: Api) -> Iterator[tuple[list[Raw], Reply]]:
    call = api.client.owners.owners_api.get_page
    for archived in (False, True):
        after = ""
        while True:
            cursor = {"after": after} if after else {}
            reply = api.get(call, limit=PAGE, archived=archived, **cursor)
            yield reply.body["results"], reply
            after, before = next_cursor(reply.body), after
            if not after or after == before:
                break


def _record(raw: Raw, fields: Sequence[str]) -> Record:
    made = {**raw, "id": str(raw["id"]), "full_name": full_name(raw.get("firstName"), raw.get("lastName"))}
    return Record(made["id"], {name: made.get(name) for name in fields})
