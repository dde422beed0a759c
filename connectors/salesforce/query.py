"""SOQL and its pages: spelled, sent whatever its length, and continued when the vendor loses its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import quote_plus

from connectors.base import Unavailable
from connectors.http import Reply
from connectors.salesforce import codes
from connectors.salesforce.api import Api, errors, says

LIMITS = (0, 2_000, 200)
"""Records of one query, 0 for all: what is tried after the vendor ran out of time."""


class Place(NamedTuple):
    """Where a walk through records ordered by stamp and id stands: right after this record."""

    at: str = ""
    """The record's stamp in the vendor's spelling; "" for the very beginning."""
    id: str = ""
    """"" means that records of exactly that stamp are still to come."""


class Answer(NamedTuple):
    """One page of a query."""

    records: list[dict[str, Any]]
    total: int | None
    next: str
    """Where the following page is, "" after the last one."""
    reply: Reply
    last: bool = False
    """Nothing of the walk comes after it."""


class LostPlace(Unavailable):
    """The vendor does not know the query's cursor any more; the query can be asked again from our place."""


class TooSlow(Unavailable):
    """The vendor ran out of its own time for the query."""


def literal(stamp: str | datetime) -> str:
    """A moment as SOQL spells it: UTC, with milliseconds only where there are some."""
    moment = instant(stamp).astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}{f'.{moment.microsecond // 1000:03}' if moment.microsecond else ''}Z"


def instant(stamp: str | datetime) -> datetime:
    """The vendor writes 2026-05-01T07:25:37.000+0000."""
    return stamp if isinstance(stamp, datetime) else datetime.fromisoformat(stamp)


def select(object: str, columns: Sequence[str], tests: Sequence[str], order: str = "", limit: int = 0) -> str:
    """A query; empty tests are left out, and each stands in parentheses, so that a filter's OR stays its own."""
    where = " AND ".join(f"({test})" for test in tests if test)
    return (
        f"SELECT {', '.join(columns)} FROM {object}"  # noqa: S608  # SOQL; values come in quoted
        + (f" WHERE {where}" if where else "")
        + (f" ORDER BY {order}" if order else "")
        + (f" LIMIT {limit}" if limit else "")
    )


def after(place: Place, stamp: str) -> str:
    """The test that only what follows the place passes."""
    if not place.at:
        return ""
    moment = literal(place.at)
    if not place.id:
        return f"{stamp} >= {moment}"
    return f"{stamp} > {moment} OR ({stamp} = {moment} AND Id > '{place.id}')"


def walk(
    api: Api, soql: Callable[[Place, int], str], place: Place, moved: Callable[[Place, Answer, bool], Place]
) -> Iterator[tuple[Answer, Place]]:
    """All pages from a place on, each with the place behind it.

    A cursor that the vendor lost is replaced by the query asked again from the place; a query that takes the vendor too
    long is asked once more and then in smaller parts. `moved` is told whether the page came by a cursor.
    """
    impatience, cursor, lost = -1, "", 0
    while True:
        limit = LIMITS[max(impatience, 0)]
        try:
            answer = follow(api, cursor) if cursor else ask(api, soql(place, limit))
        except LostPlace:
            cursor, lost = "", lost + 1
            if lost > 3:
                raise
            continue
        except TooSlow:
            cursor, impatience = "", impatience + 1
            if impatience >= len(LIMITS):
                raise
            continue
        lost = 0 if answer.records else lost
        place = moved(place, answer, bool(cursor))
        cursor = answer.next
        last = not cursor and not (limit and len(answer.records) >= limit)
        yield answer._replace(last=last), place
        if last:
            return


def ask(api: Api, soql: str) -> Answer:
    """The first page of a query, deleted and archived records included.

    There is no POST for queries; one that is too long for a URI goes inside a composite request, which answers the same
    page. Splitting it by columns would give two readings of a record from two moments.
    """
    if len(quote_plus(soql)) <= codes.LONGEST_ADDRESS:
        reply = api.send("GET", "queryAll/", params={"q": soql}, readable=_is_page)
        if reply.status not in codes.TOO_LONG_STATUSES:
            return _answer(api, reply)
    return _answer(api, _ask_inside_composite(api, soql))


def follow(api: Api, cursor: str) -> Answer:
    """The page behind a nextRecordsUrl."""
    reply = api.send("GET", cursor, readable=_is_page)
    if reply.status in codes.LOST_CURSOR_STATUSES and not says(reply, codes.TOO_SLOW):
        raise LostPlace(str(api.refusal(reply, "query")))
    return _answer(api, reply)


def _ask_inside_composite(api: Api, soql: str) -> Reply:
    url = f"/services/data/v{api.credentials.version}/queryAll/?q={quote_plus(soql)}"
    request = {"method": "GET", "url": url, "referenceId": "page"}
    reply = api.send("POST", "composite", json={"compositeRequest": [request]}, readable=_is_composite)
    if reply.status >= 300 or errors(reply):
        raise api.refusal(reply, "query")
    inner = reply.body["compositeResponse"][0]
    return reply._replace(status=int(inner["httpStatusCode"]), body=inner["body"])


def _is_page(reply: Reply) -> bool:
    """A page that is not the last must say where the next one is."""
    body = reply.body
    if not isinstance(body, dict) or not isinstance(body.get("records"), list):
        return False
    return body.get("done") is True or (body.get("done") is False and bool(body.get("nextRecordsUrl")))


def _is_composite(reply: Reply) -> bool:
    answers = reply.body.get("compositeResponse") if isinstance(reply.body, dict) else None
    return isinstance(answers, list) and len(answers) == 1 and {"body", "httpStatusCode"} <= answers[0].keys()


def _answer(api: Api, reply: Reply) -> Answer:
    if says(reply, codes.LOST_CURSOR):
        raise LostPlace(str(api.refusal(reply, "query")))
    if says(reply, codes.TOO_SLOW):
        raise TooSlow(str(api.refusal(reply, "query")))
    if reply.status >= 300 or errors(reply) or not _is_page(reply):
        raise api.refusal(reply, "query")
    body = reply.body
    total = body.get("totalSize")
    return Answer(body["records"], total, "" if body["done"] else str(body["nextRecordsUrl"]), reply)
