"""Zendesk counts calls by the minute: we spread ours so that we use the configured share of a minute and never more."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from connectors.http import Reply

MINUTE = timedelta(seconds=60)
LONG_AGO = datetime.min.replace(tzinfo=UTC)
EXPORTS = 10
"""Incremental exports a minute on every plan; the add-on for high volume allows more, and its header says so."""
ALL = re.compile(r"x-rate-limit")
OF_EXPORTS = re.compile(r"zendesk-ratelimit-incremental-exports.*")
_COUNTED = re.compile(r"(total|remaining|resets)\s*=\s*(\d+)")


@dataclass(slots=True)
class Pace:
    """One allowance of the vendor, and when we used it in the last minute."""

    share: float
    """Between 0 and 1: how much of it is ours."""
    total: int | None = None
    """Calls a minute for all integrations together; None until the vendor told, and then nothing is held back."""
    calls: deque[datetime] = field(default_factory=deque)
    empty_until: datetime = LONG_AGO
    """All of it is used, by whomever, up to this moment."""

    def free_at(self) -> datetime:
        """When one more call is within our share; one a minute is always ours."""
        if self.total is None:
            return self.empty_until
        ours = max(1, int(self.total * self.share))
        return max(self.empty_until, self.calls[-ours] + MINUTE if len(self.calls) >= ours else LONG_AGO)

    def count(self, at: datetime) -> None:
        self.calls.append(at)
        while self.calls[0] <= at - MINUTE:
            self.calls.popleft()


class Limits:
    """The allowance of the account and, inside it, the one of the incremental exports."""

    def __init__(self, share_pct: float, clock: Callable[[], datetime], sleep: Callable[[float], None]) -> None:
        self.clock = clock
        self.sleep = sleep
        self.all = Pace(share_pct / 100)
        self.exports = Pace(share_pct / 100, EXPORTS)

    def wait(self, url: str) -> None:
        """Return when a request to the address may leave."""
        paces = [self.all, self.exports] if _is_export(url) else [self.all]
        now = self.clock()
        at = max(now, *(pace.free_at() for pace in paces))
        if at > now:
            self.sleep((at - now).total_seconds())
        for pace in paces:
            pace.count(at)

    def note(self, url: str, reply: Reply) -> None:
        """What an answer says about both: how large they are, and when a used-up one is filled again."""
        told = _told(reply.headers, ALL)
        self.all.total = told.get("total", self.all.total)
        if _is_export(url):
            told = _told(reply.headers, OF_EXPORTS)
            self.exports.total = told.get("total", self.exports.total)
            if told.get("remaining") == 0:
                self.exports.empty_until = self.clock() + timedelta(seconds=told.get("resets", 60))


def _is_export(url: str) -> bool:
    return "/incremental/" in url


def _told(headers: Mapping[str, str], name: re.Pattern[str]) -> dict[str, int]:
    """`700`, or `total=10; remaining=9; resets=2`."""
    found: dict[str, int] = {}
    for header, value in headers.items():
        if name.fullmatch(header.lower()):
            plain = [("total", value)]
            parts = plain if value.strip().isdigit() else _COUNTED.findall(value)
            found |= {key: int(number) for key, number in parts}
    return found
