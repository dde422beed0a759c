"""The incremental exports: everything since a place in the stream of changes, in pages that can be resumed from.

Users and tickets come by cursor, organizations by time. The stream's own order is by a moment that also moves for
changes of the system, so a record may come with an old `updated_at`: nothing is ever left out because of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import orjson

from connectors.base import Bookmark, ConfigError, Unavailable
from connectors.http import Reply
from connectors.zendesk.api import Api, Raw, errors, holds

LARGEST = 1_000
"""Records of one page; Zendesk allows no more."""
TOO_LONG = 504
TOO_RECENT = "too recent start_time"
LOST_STATUSES = frozenset({400, 404, 410, 422})
"""Unverified: how a cursor that has expired is answered. Any of these counts: the export can begin anew."""
MOST_SEEN = 2_000
"""Digests that a bookmark keeps at most; what is beyond comes again, which costs time and nothing else."""


class Export(NamedTuple):
    """One page of an export."""

    records: list[Raw]
    place: Bookmark
    """Where the stream goes on behind it."""
    reply: Reply
    last: bool


class LostPlace(ConfigError):
    """The vendor does not take the cursor any more."""


@dataclass(slots=True)
class Asking:
    """One export while it is read."""

    api: Api
    resource: str
    params: Mapping[str, Any]
    """Sent with every page: Zendesk's cursor does not carry them."""
    size: int = LARGEST
    stuck_at: int | None = None
    """The second behind which the export did not go on, although pages were as large as they may be."""

    def page(self, **place: Any) -> Reply:
        """The page at a place. One that takes Zendesk too long is asked for by half its size, the next ones too."""
        path = self.resource if "start_time" in place and self._by_time else f"{self.resource}/cursor"
        while True:
            params = {**self.params, **place, "per_page": self.size}
            reply = self.api.send("GET", f"incremental/{path}", params=params, readable=_is_page, final={TOO_LONG})
            if reply.status != TOO_LONG:
                break
            if self.size == 1:
                raise Unavailable(f"{self.api.system}: the export of {self.resource} takes Zendesk too long (504)")
            self.size = max(1, self.size // 2)
        if is_too_recent(reply):
            return reply
        if "cursor" in place and reply.status in LOST_STATUSES:
            raise LostPlace(str(self.api.refusal(reply, f"export of {self.resource}")))
        if reply.status >= 300 or not holds(self.resource)(reply):
            raise self.api.refusal(reply, f"export of {self.resource}")
        return reply

    @property
    def _by_time(self) -> bool:
        return self.resource == "organizations"


def by_cursor(asking: Asking, cursor: str) -> Iterator[Export]:
    """From a cursor on, or everything without one. The last page's cursor is where the next export starts.

    A cursor that Zendesk lost since the last pull begins the export anew; one that it just gave must be good.
    """
    kept = cursor
    while True:
        try:
            reply = asking.page(cursor=cursor) if cursor else asking.page(start_time=0)
        except LostPlace:
            if cursor != kept:
                raise
            cursor = kept = ""
            reply = asking.page(start_time=0)
        if is_too_recent(reply):
            raise Unavailable(f"{asking.api.system}: Zendesk has nothing of {asking.resource} to export yet")
        records, following = reply.body[asking.resource], _cursor(reply.body) or cursor
        stands = following == cursor and not records
        last = _says_end(reply.body, bool(_cursor(reply.body))) or stands
        cursor = following
        yield Export(records, {"cursor": cursor}, reply, last)
        if last:
            return


def by_time(asking: Asking, known: Bookmark) -> Iterator[Export]:
    """From a second on, or everything. A page begins with records that ended the one before: those are left out."""
    start, seen = int(known.get("start_time") or 0), dict(known.get("seen") or {})
    while True:
        reply = asking.page(start_time=start)
        if is_too_recent(reply):
            yield Export([], {"start_time": start, "seen": seen}, reply, last=True)
            return
        records, end = reply.body[asking.resource], int(reply.body.get("end_time") or start)
        fresh = [raw for raw in records if seen.get(str(raw.get("id"))) != _digest(raw)]
        seen = _remembered(seen if end == start else {}, records) if records else seen
        last = _says_end(reply.body, bool(reply.body.get("next_page")) and (end > start or len(records) >= asking.size))
        yield Export(fresh, {"start_time": end, "seen": seen}, reply, last)
        if last:
            return
        if end <= start:
            _get_past(asking, start, len(records))
        start = end


def _get_past(asking: Asking, start: int, count: int) -> None:
    """A page smaller than Zendesk allows may have been the reason; otherwise nothing behind this second can be read."""
    if asking.size == LARGEST or asking.stuck_at == start:
        raise ConfigError(
            f"{asking.api.system}: {count} {asking.resource} or more were changed in the second {start}, and the "
            "export cannot go on behind it; change some of them again in Zendesk, a few at a time, and run once more"
        )
    asking.size, asking.stuck_at = LARGEST, start


def _says_end(body: Mapping[str, Any], goes_on: bool) -> bool:
    """The word may be missing altogether: then it ends where no way on is given."""
    said = body.get("end_of_stream")
    return bool(said) if said is not None else not goes_on


def _cursor(body: Mapping[str, Any]) -> str:
    """Also where only the address of the next page carries it."""
    after = body.get("after_cursor")
    query = parse_qs(urlsplit(str(body.get("after_url") or "")).query)
    return str(after) if after else query.get("cursor", [""])[0]


def _is_page(reply: Reply) -> bool:
    return isinstance(reply.body, dict) and any(isinstance(part, list) for part in reply.body.values())


def is_too_recent(reply: Reply) -> bool:
    """The place is less than a minute ago: nothing can be exported from it yet, and nothing is lost."""
    return reply.status == 422 and any(TOO_RECENT in error.message.lower() for error in errors(reply))


def _remembered(seen: Mapping[str, str], records: list[Raw]) -> dict[str, str]:
    return dict([*seen.items(), *((str(raw.get("id")), _digest(raw)) for raw in records)][-MOST_SEEN:])


def _digest(raw: Raw) -> str:
    return blake2b(orjson.dumps(raw, option=orjson.OPT_SORT_KEYS), digest_size=8).hexdigest()
