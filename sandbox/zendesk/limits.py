"""How much may be asked in a minute: the account, the exports and single organizations, and the edge before all.

A minute passes when the sandbox clock passes it, and also by the real clock, so that a client that waits gets on.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.zendesk.answers import Refused
from sandbox.zendesk.desk import Desk


@dataclass(slots=True)
class Window:
    """What was used of an allowance since it began anew."""

    began: float
    used: int = 0


class Limits:
    """All allowances of one account."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._windows: dict[str, Window] = {}

    def now(self) -> float:
        """Seconds since some beginning, by both clocks together."""
        return self._desk.store.now.timestamp() + time.monotonic()

    def take(self, name: str, allowed: int, refused: Refused, lasts: float = 60.0) -> Mapping[str, int]:
        """One more of an allowance (0: no limit) -> total, remaining, resets; `refused` with Retry-After at its end."""
        now = self.now()
        window = self._windows.get(name)
        if window is None or now - window.began >= lasts:
            window = self._windows[name] = Window(now)
        resets = max(1, math.ceil(lasts - (now - window.began)))
        if allowed and window.used >= allowed:
            headers = {**refused.answer.headers, "Retry-After": str(resets)}
            raise Refused(refused.answer.status, refused.answer.body, headers)
        window.used += 1
        return {"total": allowed, "remaining": max(0, allowed - window.used), "resets": resets}

    def at_the_edge(self) -> None:
        """The protection in front of everything."""
        self.take("edge", self._desk.settings.edge_per_second, EDGE, 1.0)

    def of_account(self) -> dict[str, str]:
        """The account's allowance, as headers."""
        allowed = self._desk.settings.requests_per_minute
        left = self.take("account", allowed, ACCOUNT)
        if not allowed:
            return {}
        return {
            "X-Rate-Limit": str(allowed),
            "X-Rate-Limit-Remaining": str(left["remaining"]),
            "ratelimit-limit": str(allowed),
            "ratelimit-remaining": str(left["remaining"]),
            "ratelimit-reset": str(left["resets"]),
        }

    def of_exports(self, path: str) -> dict[str, str]:
        """The exports' own allowance; that of users is apart."""
        settings, users = self._desk.settings, path.startswith("incremental/users/cursor")
        allowed = settings.user_exports_per_minute if users else settings.exports_per_minute
        left = self.take("user exports" if users else "exports", allowed, EXPORTS)
        if not allowed:
            return {}
        shown = "; ".join(f"{name}={value}" for name, value in left.items())
        return {"zendesk-ratelimit-incremental-exports" + ("-cursor" if users else ""): shown}

    def of_organization(self, organization_id: object) -> None:
        """Writes of a single organization."""
        self.take(f"organization {organization_id}", self._desk.settings.writes_per_organization, ACCOUNT)


ACCOUNT = Refused(429, "Number of allowed API requests per minute exceeded")
EXPORTS = Refused(
    429,
    {
        "error": "APIRateLimitExceeded",
        "description": "Number of allowed incremental export API requests per minute exceeded",
    },
)
EDGE = Refused(
    429, {"detail": "Rate limited by Zendesk edge protection", "status": "429", "title": "Automated response"}
)
