"""Zendesk counts calls by the minute, and says in headers how many there are."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from connectors.http import Reply
from connectors.pace import Pace, wait

MINUTE = timedelta(seconds=60)
EXPORTS = 10
"""Incremental exports a minute on every plan; the add-on for high volume allows more, and its header says so."""
ALL = re.compile(r"x-rate-limit")
OF_EXPORTS = re.compile(r"zendesk-ratelimit-incremental-exports.*")
_COUNTED = re.compile(r"(total|remaining|resets)\s*=\s*(\d+)")


class Limits:
    """The allowance of the account and, inside it, the one of the incremental exports."""

    def __init__(self, share_pct: float, clock: Callable[[], datetime], sleep: Callable[[float], None]) -> None:
        self.clock = clock
        self.sleep = sleep
        self.all = Pace(share_pct / 100, MINUTE)
        self.exports = Pace(share_pct / 100, MINUTE, EXPORTS)

    def wait(self, url: str) -> None:
        """Return when a request to the address may leave."""
        wait([self.all, self.exports] if _is_export(url) else [self.all], self.clock, self.sleep)

    def note(self, url: str, reply: Reply) -> None:
        """What an answer says about both: how large they are, and when a used-up one is filled again."""
        told = _told(reply.headers, ALL)
        self.all.most = told.get("total", self.all.most)
        if _is_export(url):
            told = _told(reply.headers, OF_EXPORTS)
            self.exports.most = told.get("total", self.exports.most)
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
