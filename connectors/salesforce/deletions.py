"""Deletions that no query shows: records that left the recycle bin, and children that went with their parent.

Salesforce lists them for 15 days. Where it does not (the object has no such list, or the window is over), the nightly
comparison of ids finds them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from connectors.base import Record
from connectors.http import Reply
from connectors.salesforce import codes
from connectors.salesforce.api import Api, errors, says
from connectors.salesforce.query import instant
from connectors.salesforce.reading import read_by
from connectors.salesforce.records import Selection

KEPT = timedelta(days=15)
SHORTEST = timedelta(minutes=1)
"""The vendor refuses windows that are shorter."""


def deletions(api: Api, chosen: Selection, start: str, since: str, answer: Reply) -> tuple[list[Record], str]:
    """Records deleted from `start` on, and where the next call starts; nothing and the same start without a list."""
    if not chosen.sobject.replicateable:
        return [], start
    begin, end = instant(start), max(_vendor_time(answer), instant(since) + SHORTEST)
    reply = _list(api, chosen.object, begin, max(end, begin + SHORTEST))
    if reply.status >= 300 or errors(reply):
        if says(reply, codes.LIMIT):
            raise api.refusal(reply, f"deleted {chosen.object}")
        return [], start
    ids = [str(item["id"]) for item in reply.body["deletedRecords"]]
    found = read_by(api, chosen, "Id", ids)
    still = {id[:15]: Record(id, {}, deleted=True) for id in ids}
    still.update({record.id[:15]: record for record in found})
    return list(still.values()), str(reply.body.get("latestDateCovered") or start)


def _list(api: Api, object: str, begin: datetime, end: datetime) -> Reply:
    """A window that starts too early is moved up to what the vendor keeps, one with too many ids is halved."""
    reply = _ask(api, object, begin, end)
    if says(reply, codes.TOO_EARLY) and begin < end - KEPT:
        begin = end - KEPT + SHORTEST
        reply = _ask(api, object, begin, end)
    while says(reply, codes.TOO_MANY_DELETIONS) and end - begin >= 2 * SHORTEST:
        end = begin + (end - begin) / 2
        reply = _ask(api, object, begin, end)
    return reply


def _ask(api: Api, object: str, begin: datetime, end: datetime) -> Reply:
    window = {"start": begin.isoformat(timespec="seconds"), "end": end.isoformat(timespec="seconds")}
    return api.send("GET", f"sobjects/{object}/deleted/", params=window, readable=_is_list)


def _is_list(reply: Reply) -> bool:
    return isinstance(reply.body, dict) and isinstance(reply.body.get("deletedRecords"), list)


def _vendor_time(answer: Reply) -> datetime:
    """What the vendor's own clock showed when it answered; ours is never asked about the vendor's data."""
    try:
        return parsedate_to_datetime(answer.headers.get("Date", ""))
    except ValueError:
        return datetime.min.replace(tzinfo=answer.requested_at.tzinfo)
