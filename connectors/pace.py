"""Vendors count calls in windows of time: we spread ours so that we use our share of a window and never more."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Pace:
    """One allowance that slides with time, and the moments at which we used it."""

    share: float
    """Between 0 and 1: how much of it is ours."""
    window: timedelta
    most: int | None = None
    """Calls in a window, of everybody together; None until the vendor told, and then nothing is held back."""
    empty_until: datetime = LONG_AGO
    """All of it is used, by whomever, up to this moment."""
    used: deque[datetime] = field(default_factory=deque)

    def free_at(self) -> datetime:
        """When one more call is within our share; one a window is always ours."""
        if self.most is None:
            return self.empty_until
        ours = max(1, int(self.most * self.share))
        return max(self.empty_until, self.used[-ours] + self.window if len(self.used) >= ours else LONG_AGO)

    def count(self, at: datetime) -> None:
        self.used.append(at)
        while self.used[0] <= at - self.window:
            self.used.popleft()


def wait(paces: Sequence[Pace], clock: Callable[[], datetime], sleep: Callable[[float], None]) -> None:
    """Return when the next call is within all of the allowances, and count it in each."""
    now = clock()
    at = max(now, *(pace.free_at() for pace in paces))
    if at > now:
        sleep((at - now).total_seconds())
    for pace in paces:
        pace.count(at)
