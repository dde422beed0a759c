"""Streams as pages of records: organizations by time, users and tickets by cursor, tickets with what is around them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from connectors.base import Bookmark, Page, Refusal
from connectors.http import Reply
from connectors.zendesk.api import Api, Raw
from connectors.zendesk.csat import Ratings
from connectors.zendesk.export import Asking, by_cursor, by_time
from connectors.zendesk.records import Selection
from connectors.zendesk.tickets import Homes, derive, with_metrics

TICKET_PARAMS = {"include": "metric_sets", "support_type_scope": "all"}
"""Zendesk leaves out the tickets of its AI agents unless it is asked for all."""


def pull(api: Api, chosen: Selection, bookmark: Bookmark | None) -> Iterator[Page]:
    """Everything since the bookmark; each page's own is right once the page is stored."""
    known = bookmark or {}
    if chosen.object == "tickets":
        yield from _tickets(api, chosen, known)
        return
    asking = Asking(api, chosen.object, {})
    exports = by_time(asking, known) if chosen.object == "organizations" else by_cursor(asking, _cursor(known))
    for export in exports:
        yield _page(chosen, export.records, export.place, export.reply)


def _tickets(api: Api, chosen: Selection, known: Bookmark) -> Iterator[Page]:
    homes = Homes(api) if chosen.wants("derived.organization_id") else None
    ratings = Ratings(api, known.get("ratings") or {}) if chosen.wants("derived.rat") else None

    def whole(tickets: Sequence[Raw]) -> None:
        alive = [with_metrics(ticket) for ticket in tickets if ticket.get("status") != "deleted" and ticket.get("id")]
        derive(alive, homes, ratings.of(alive) if ratings else {})

    for export in by_cursor(Asking(api, "tickets", TICKET_PARAMS), _cursor(known)):
        whole(export.records)
        here = {str(ticket.get("id")) for ticket in export.records}
        late = _late(api, ratings, whole, here) if export.last and ratings else []
        place = dict(export.place)
        if ratings:
            place["ratings"] = ratings.at_the_end() if export.last else ratings.while_reading()
        yield _page(chosen, [*export.records, *late], place, export.reply)


def _late(api: Api, ratings: Ratings, whole: Callable[[Sequence[Raw]], None], here: set[str]) -> list[Raw]:
    """Tickets that were rated since the last pull; the rating alone does not bring them into the export."""
    found: list[Raw] = []
    for ids in ratings.late():
        others = (id for id in ids if id not in here)
        tickets = list(api.by_ids("tickets/show_many", "tickets", others, include="metric_sets"))
        whole(tickets)
        found += tickets
    return found


def ids(api: Api, chosen: Selection) -> Iterator[Sequence[str]]:
    """What exists now. Only the export shows archived tickets; the lists of the others leave out what is deleted."""
    if chosen.object == "tickets":
        for export in by_cursor(Asking(api, "tickets", {**TICKET_PARAMS, "exclude_deleted": "true"}), ""):
            yield [str(raw["id"]) for raw in export.records if raw.get("status") != "deleted"]
    else:
        for page in api.walk(chosen.object, chosen.object):
            records = [chosen.record(raw) for raw in page]
            yield [record.id for record in records if not record.deleted]


def _cursor(known: Bookmark) -> str:
    return str(known.get("cursor") or "")


def _page(chosen: Selection, raws: Sequence[Raw], place: Bookmark, reply: Reply) -> Page:
    named = [raw for raw in raws if raw.get("id")]
    nameless = len(raws) - len(named)
    refusals = [Refusal(chosen.object, f"{nameless} records came without an id", "missing_key")] if nameless else []
    return Page([chosen.record(raw) for raw in named], place, reply.requested_at, refusals=refusals)
