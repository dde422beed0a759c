"""A stream's changes, oldest first, so that every page can be resumed from; the last page also brings silent deletions.

Bookmarks hold the vendor's own stamps only. Within a pull: the last record read (`at`, `id`) and `top`, the newest
stamp that existed when the query began. After it: `since`, up to which everything was visible, and `seen`, digests of
the records of the last minutes before it.

A record is committed up to minutes after the stamp that it carries. So the next pull begins OVERLAP earlier and leaves
out what it has seen with the same content, and a crashed pull continues right behind its last record only if that one
is older than OVERLAP before `top`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import blake2b
from typing import Any

import orjson

from connectors.base import Bookmark, Page, Record, Refusal
from connectors.salesforce_api import Api
from connectors.salesforce_deletions import deletions
from connectors.salesforce_query import Answer, Place, after, ask, instant, select, walk
from connectors.salesforce_records import Selection

OVERLAP = timedelta(minutes=10)
MOST_SEEN = 2_000
"""Digests that a bookmark keeps at most; what is beyond is read again, which costs time and nothing else."""


@dataclass(slots=True)
class Progress:
    """How far one pull has come."""

    stamp: str
    """The vendor's change marker, usually SystemModstamp."""
    since: str
    """The newest stamp of which we know that it was in the vendor's past when we asked."""
    deletions_from: str
    top: str = ""
    recent: list[dict[str, Any]] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    """Deleted records that this pull has brought already."""

    def moved(self, place: Place, answer: Answer, by_cursor: bool) -> Place:
        """Behind the page's last record.

        A cursor shows records as they are by now: one that was changed after the query began carries a stamp far ahead
        of its place in the order, and may not move ours.
        """
        for raw in reversed(answer.records):
            if not (by_cursor and self.top) or instant(raw[self.stamp]) <= instant(self.top):
                return Place(raw[self.stamp], raw["Id"])
        return place


def pull(api: Api, chosen: Selection, bookmark: Bookmark | None) -> Iterator[Page]:
    """Pages of changes, each with the bookmark that is right once it is stored."""
    known = bookmark or {}
    stamp = chosen.sobject.stamp
    progress = Progress(stamp, known.get("since") or known.get("top") or "", known.get("deletions_from", ""))

    def soql(place: Place, limit: int) -> str:
        return select(chosen.object, chosen.columns, [chosen.where, after(place, stamp)], f"{stamp}, Id", limit)

    for answer, place in walk(api, soql, _start(known), progress.moved):
        if not answer.last and not progress.top:
            progress.top = _newest(api, chosen)
        records = _unseen(chosen.records(answer.records), known.get("seen", {}))
        progress.recent = [*progress.recent, *answer.records][-MOST_SEEN:]
        progress.gone.update(record.id for record in records if record.deleted)
        if answer.last:
            yield _last_page(api, chosen, answer, records, progress)
        else:
            yield _page(chosen, answer, records, _within(place, progress))


def _start(known: Bookmark) -> Place:
    """Behind the last record of a pull that was cut off, or a little before the end of one that was not."""
    if "at" in known and instant(known["at"]) < instant(known["top"]) - OVERLAP:
        return Place(known["at"], known["id"])
    mark = known.get("at") or known.get("since")
    return Place((instant(mark) - OVERLAP).isoformat()) if mark else Place()


def _newest(api: Api, chosen: Selection) -> str:
    """The newest stamp of the object: whatever changes while a query is read carries a later one, but for OVERLAP."""
    stamp = chosen.sobject.stamp
    newest = ask(api, select(chosen.object, [stamp], [], f"{stamp} DESC", 1)).records
    return str(newest[0][stamp]) if newest else ""


def _unseen(records: list[Record], seen: Mapping[str, str]) -> list[Record]:
    return [r for r in records if r.id not in seen or seen[r.id] != _digest(r)] if seen else records


def _digest(record: Record) -> str:
    return blake2b(orjson.dumps(list(record)), digest_size=8).hexdigest()


def _within(place: Place, progress: Progress) -> Bookmark:
    return {"at": place.at, "id": place.id, "top": progress.top, "deletions_from": progress.deletions_from}


def _last_page(api: Api, chosen: Selection, answer: Answer, records: list[Record], progress: Progress) -> Page:
    """With the deletions since the last pull, and the bookmark from which the next one starts.

    Of a pull of several pages `top` is what we know: while it was read, records may have changed that it did not show.
    """
    shown = [progress.since, progress.top or max((str(raw[progress.stamp]) for raw in answer.records), default="")]
    since = max(filter(None, shown), key=instant, default="")
    if not since:
        return _page(chosen, answer, records, {})
    found, covered = deletions(api, chosen, progress.deletions_from or since, since, answer.reply)
    records = [*records, *(record for record in found if record.id not in progress.gone)]
    seen = {
        raw["Id"]: _digest(chosen.record(raw))
        for raw in progress.recent
        if raw.get("Id") and _is_late(raw[progress.stamp], since)
    }
    return _page(chosen, answer, records, {"since": since, "seen": seen, "deletions_from": covered})


def _is_late(stamp: str, since: str) -> bool:
    return instant(stamp) >= instant(since) - OVERLAP


def _page(chosen: Selection, answer: Answer, records: Sequence[Record], bookmark: Bookmark) -> Page:
    nameless = sum(not raw.get("Id") for raw in answer.records)
    refusals = [Refusal(chosen.object, f"{nameless} records came without an Id", "missing_key")] if nameless else []
    return Page(records, bookmark, answer.reply.requested_at, answer.total, refusals)
