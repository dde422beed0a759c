"""A stream's records: the first time all of them by id, from then on what changed, oldest change first.

Bookmarks hold the vendor's own stamps only. Within the first load: the list's cursor (`after`) and the newest stamp
that existed when it began (`top`). After it: `since`, the newest stamp that the search index has shown us, `seen`, the
records of the last minutes before it, and `edge`, digests of those of the newest millisecond; `bin`, the newest moment
of archiving that we brought, and `gone`, the records archived in the last minutes before that.

The search index is seconds behind the records. So it only says which records changed, each pull begins OVERLAP before
`since`, and what the records hold is read from the records themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import blake2b

import orjson

from connectors.base import Bookmark, Page, Record
from connectors.hubspot import codes
from connectors.hubspot.api import Api, Raw
from connectors.hubspot.reading import Answer, batch, listed, pages
from connectors.hubspot.records import Selection
from connectors.hubspot.search import EPOCH, MILLISECOND, Hit, changed, instant, milliseconds, newest, stamped

OVERLAP = timedelta(minutes=2)
MOST_SEEN = 10_000
"""Records that a bookmark remembers at most; what is beyond is read again, which costs time and nothing else."""


@dataclass(slots=True)
class Recent:
    """What happened up to a moment, and to which records in the last minutes before it: milliseconds since 1970."""

    until: int
    ids: dict[str, int] = field(default_factory=dict)
    edge: dict[str, str] = field(default_factory=dict)
    """Digests of the records of the newest millisecond, which was perhaps not over when we read them."""
    newest: int = -1
    crowded: int = -1
    """A millisecond with so many records that they are not read twice."""

    def __post_init__(self) -> None:
        self.newest = max(self.ids.values(), default=-1)

    def knows(self, hit: Hit) -> bool:
        at = self.ids.get(hit.id, -1)
        return at > hit.at or (at == hit.at and hit.id not in self.edge)

    def note(self, id: str, at: int) -> None:
        self.ids[id] = max(at, self.ids.get(id, at))

    def read(self, stamps: Mapping[str, int], records: Sequence[Record]) -> list[Record]:
        """Note records that were read; returns those that are new or different."""
        news = [record for record in records if self.edge.get(record.id) != _digest(record)] if self.edge else records
        start = self.until - OVERLAP // MILLISECOND
        for id, at in stamps.items():
            if at >= start:
                self.note(id, at)
            if at > self.newest:
                self.newest, self.edge = at, {}
        if self.crowded != self.newest:
            self.edge |= {r.id: _digest(r) for r in records if stamps.get(r.id) == self.newest}
        if len(self.edge) > codes.BATCH:
            self.crowded, self.edge = self.newest, {}
        if len(self.ids) > 2 * MOST_SEEN:
            self.ids = self.kept()
        return list(news)

    def kept(self) -> dict[str, int]:
        start = self.until - OVERLAP // MILLISECOND
        late = {id: at for id, at in self.ids.items() if at >= start}
        return dict(sorted(late.items(), key=lambda item: item[1])[-MOST_SEEN:]) if len(late) > MOST_SEEN else late

    @property
    def start(self) -> datetime:
        """From where to look again."""
        return EPOCH + MILLISECOND * self.until - OVERLAP


def _digest(record: Record) -> str:
    return blake2b(orjson.dumps(list(record)), digest_size=8).hexdigest()


def pull(api: Api, chosen: Selection, bookmark: Bookmark | None) -> Iterator[Page]:
    """Pages of records, each with the bookmark that is right once it is stored."""
    known = bookmark or {}
    if "since" in known:
        yield from _changes(api, chosen, known)
    else:
        yield from _all(api, chosen, known)


# --- the first time ---------------------------------------------------------------------------------------------------


def _all(api: Api, chosen: Selection, known: Bookmark) -> Iterator[Page]:
    top, total = known.get("top"), None
    if top is None:
        newest_one, total = newest(api, chosen.object, chosen.stamp)
        top = -1 if newest_one is None else newest_one
    recent = Recent(top)
    for answer in pages(api, chosen, known.get("after", "")):
        made = chosen.make(chosen.meant(answer.raws))
        recent.read(_stamps(chosen, answer.raws), made.records)
        behind = {"top": top, "after": answer.next} if answer.next else _end(recent)
        if made.records or made.refusals or not answer.next:
            yield Page(made.records, behind, answer.reply.requested_at, total, made.refusals)


def _end(recent: Recent) -> Bookmark:
    """An index that showed nothing says nothing about what it will show: then the list's own stamps count."""
    if recent.until < 0:
        recent.until = max(recent.ids.values(), default=-1)
    if recent.until < 0:
        return {}
    return _behind(recent, Recent(recent.until))


# --- from then on -----------------------------------------------------------------------------------------------------


def _changes(api: Api, chosen: Selection, known: Bookmark) -> Iterator[Page]:
    """Pages with news, and at the end one with what was archived, even if that is nothing."""
    recent = Recent(known["since"], dict(known["seen"]), dict(known["edge"]))
    bin = Recent(known["bin"], dict(known["gone"]))
    for hits in changed(api, chosen.object, chosen.stamp, recent.start):
        page = _read(api, chosen, [hit for hit in hits if not recent.knows(hit)], recent)
        recent.until = max([recent.until, *(hit.at for hit in hits)])
        if page is not None and (page.records or page.refusals):
            for record in page.records:
                if record.merged_into:
                    bin.note(record.id, bin.until)
            yield replace(page, bookmark=_behind(recent, bin))
    yield from _archived(api, chosen, recent, bin)


def _behind(recent: Recent, bin: Recent) -> Bookmark:
    seen = {"seen": recent.kept(), "edge": dict(recent.edge)}
    return {"since": recent.until, **seen, "bin": bin.until, "gone": bin.kept()}


def _stamps(chosen: Selection, raws: Sequence[Raw]) -> dict[str, int]:
    return {str(raw["id"]): stamped(raw, chosen.stamp) for raw in raws}


def _read(api: Api, chosen: Selection, news: list[Hit], recent: Recent) -> Page | None:
    """The records as they are now, which may be newer than the index; nothing of those that are gone by now."""
    if not news:
        return None
    raws, replies = batch(api, chosen, [hit.id for hit in news])
    for hit in news:
        recent.note(hit.id, hit.at)
    made = chosen.make(chosen.meant(raws))
    news_of_them = recent.read(_stamps(chosen, raws), made.records)
    return Page(news_of_them, {}, replies[0].requested_at, refusals=made.refusals)


def _archived(api: Api, chosen: Selection, recent: Recent, bin: Recent) -> Iterator[Page]:
    """What was archived since the last pull; the recycle bin shows 90 days, by id, so all of it is looked through."""
    requested_at, gone = None, list[Record]()
    start, newest_one = milliseconds(bin.start), bin.until
    for answer in _bin(api, chosen):
        requested_at = requested_at or answer.reply.requested_at
        for raw in chosen.meant(answer.raws):
            id, at = str(raw["id"]), instant(raw.get("archivedAt") or raw.get("updatedAt"))
            if at >= start and id not in bin.ids:
                gone.append(Record(id, {}, deleted=True))
                bin.note(id, at)
                newest_one = max(newest_one, at)
    bin.until = newest_one
    yield Page(gone, _behind(recent, bin), requested_at or api.http.clock())


def _bin(api: Api, chosen: Selection) -> Iterator[Answer]:
    """Associations are in no bin: what was removed is missing from the nightly list of ids."""
    if chosen.pairs_with:
        return iter(())
    return listed(api, chosen.object, [chosen.has or "hs_object_id"], archived=True)
