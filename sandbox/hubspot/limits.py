"""How much may be asked: ten-secondly and secondly limits by real time, the daily one by the sandbox clock."""

from __future__ import annotations

from collections import deque
from datetime import date
from zoneinfo import ZoneInfo

from sandbox.hubspot.answers import Refused
from sandbox.hubspot.portal import Portal


class Limits:
    """The counters of one account. Refused calls are counted like others."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._recent = deque[float]()
        self._searches = deque[float]()
        self._day: date | None = None
        self.used_today = 0

    def count(self, *, search: bool, at: float) -> None:
        """One more call at a moment (seconds, monotonic); Refused with 429 where it is one too many."""
        settings = self._portal.settings
        self._count_today()
        if self.used_today > settings.daily_limit:
            raise too_many("daily", "DAILY")
        counted, seconds, most = (
            (self._searches, 1.0, settings.search_per_second)
            if search
            else (self._recent, 10.0, settings.ten_secondly_limit)
        )
        while counted and counted[0] <= at - seconds:
            counted.popleft()
        if settings.enforce_rates and len(counted) >= most:
            raise (
                too_many("secondly", "SECONDLY") if search else too_many("ten_secondly_rolling", "TEN_SECONDLY_ROLLING")
            )
        counted.append(at)

    def _count_today(self) -> None:
        """The day ends at midnight of the account's time zone."""
        today = self._portal.store.now.astimezone(ZoneInfo(self._portal.settings.time_zone)).date()
        if today != self._day:
            self._day, self.used_today = today, 0
        self.used_today += 1

    def headers(self) -> dict[str, str]:
        """What every answer but a search's tells of the limits; nothing of those that are not enforced."""
        most, daily = self._portal.settings.ten_secondly_limit, self._portal.settings.daily_limit
        of_the_day = {
            "X-HubSpot-RateLimit-Daily": str(daily),
            "X-HubSpot-RateLimit-Daily-Remaining": str(max(daily - self.used_today, 0)),
        }
        if not self._portal.settings.enforce_rates:
            return of_the_day
        return of_the_day | {
            "X-HubSpot-RateLimit-Max": str(most),
            "X-HubSpot-RateLimit-Remaining": str(max(most - len(self._recent), 0)),
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
        }


def too_many(words: str, policy: str) -> Refused:
    """429, with the name of the limit that was reached and no Retry-After."""
    told = {"errorType": "RATE_LIMIT", "policyName": policy}
    return Refused(f"You have reached your {words} limit.", None, 429, **told)
