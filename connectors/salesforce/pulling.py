"""A stream's changes, oldest first, so that every page can be resumed from; the last page also brings silent deletions.

Bookmarks hold the vendor's own stamps only. Within a pull: the last record read (`at`, `id`) and `top`, the newest
stamp that existed when the query began. After it: `since`, up to which everything was visible, and `seen`, digests of
the records of the last minutes before it.

A record is committed up to minutes after the stamp that it carries. So the next pull begins OVERLAP earlier and leaves
out what it has seen with the same content, and a crashed pull continues right behind its last record only if that one
is older than OVERLAP before `top`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import blake2b

import orjson

from connectors.base import Bookmark, Page, Record, Refusal
from connectors.salesforce.api import Api
from connectors.salesforce.deletions import deletions
from connectors.salesforce.query import Answer, Place, after, ask, instant, select, walk
from connectors.salesforce.records import Selection

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
    recent: list[tuple[str, Record]] = field(default_factory=list)
    """The last records, with their stamps."""
    gone: set[str] = field(default_factory=set)
    """Deleted records that this pull has brought already."""

    def moved(self, place: Place, answer: Answer, by_cursor: bool) -> Place:
        """Behind the page's last record.

        A cursor shows records as they are by now: one that was changed after the query began carries a stamp far ahead
        of its place in the order, and may not move ours.
        """
        for raw in reversed(answer.records):
            if raw.get("Id") and not (by_cursor and self.top and _later(raw[self.stamp], self.top)):
                return Place(raw[self.stamp], raw["Id"])
        return place

    def took(self, chosen: Selection, answer: Answer) -> list[Record]:
        """The page's records; what the last page must know of them is kept."""
        stamps = [raw[self.stamp] for raw in answer.records if raw.get("Id")]
        records = chosen.records(answer.records)
        self.recent = [*self.recent, *zip(stamps, records, strict=True)][-MOST_SEEN:]
        self.gone.update(record.id for record in records if record.deleted)
        for newest in (self.top,) if self.top else stamps[-1:]:
            self.since = newest if not self.since or _later(newest, self.since) else self.since
        return records


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
        nameless = sum(not raw.get("Id") for raw in answer.records)
        records = _unseen(progress.took(chosen, answer), known.get("seen", {}))
        found, behind = _end(api, chosen, answer, progress) if answer.last else ([], _within(place, progress))
        refusals = [Refusal(chosen.object, f"{nameless} records came without an Id", "missing_key")] if nameless else []
        yield Page([*records, *found], behind, answer.reply.requested_at, answer.total, refusals)


def _start(known: Bookmark) -> Place:
    """Behind the last record of a pull that was cut off, or a little before the end of one that was not."""
    if "at" in known and _later((instant(known["top"]) - OVERLAP).isoformat(), known["at"]):
        return Place(known["at"], known["id"])
    mark = known.get("at") or known.get("since")
    return Place((instant(mark) - OVERLAP).isoformat()) if mark else Place()


def _newest(api: Api, chosen: Selection) -> str:
    """The newest stamp of the object: whatever changes while a query is read carries a later one, but for OVERLAP."""
    stamp = chosen.sobject.stamp
    newest = ask(api, select(chosen.object, [stamp], [], f"{stamp} DESC", 1)).records
    return str(newest[0][stamp]) if newest else ""


def _unseen(records: list[Record], seen: Mapping[str, str]) -> list[Record]:
    return [record for record in records if seen.get(record.id) != _digest(record)] if seen else records


def _digest(record: Record) -> str:
    return blake2b(orjson.dumps(list(record)), digest_size=8).hexdigest()


def _within(place: Place, progress: Progress) -> Bookmark:
    """Empty, which means from the beginning, while not a single record has been read."""
    if not (place.at and progress.top):
        return {}
    return {"at": place.at, "id": place.id, "top": progress.top, "deletions_from": progress.deletions_from}


def _end(api: Api, chosen: Selection, answer: Answer, progress: Progress) -> tuple[list[Record], Bookmark]:
    """Deletions since the last pull that this one did not show, and the bookmark from which the next one starts."""
    since = progress.since
    if not since:
        return [], {}
    found, covered = deletions(api, chosen, progress.deletions_from or since, since, answer.reply)
    seen = {record.id: _digest(record) for stamp, record in progress.recent if _is_late(stamp, since)}
    news = [record for record in found if record.id not in progress.gone]
    return news, {"since": since, "seen": seen, "deletions_from": covered}


def _is_late(stamp: str, since: str) -> bool:
    return instant(stamp) >= instant(since) - OVERLAP


def _later(one: str, other: str) -> bool:
    return instant(one) > instant(other)
