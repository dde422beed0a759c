"""HubSpot counts calls in windows of seconds: we keep to our share of a window, and never take more."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(slots=True)
class Pace:
    """One allowance that slides with time, and the moments at which we used it."""

    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    share: float
    """Between 0 and 1: how much of it is ours."""
    most: int | None = None
    """Calls in a window, of everybody together; None while the vendor has not told: then nothing is waited for."""
    window: timedelta = timedelta(seconds=10)
    used: deque[datetime] = field(default_factory=deque)

    def wait(self) -> None:
        """Return when the next call is within our share, and count it."""
        at = self.clock()
        if self.most is not None:
            ours = max(1, int(self.most * self.share))
            free = self.used[-ours] + self.window if len(self.used) >= ours else at
            if free > at:
                self.sleep((free - at).total_seconds())
                at = free
        self.used.append(at)
        while self.used[0] <= at - self.window:
            self.used.popleft()

    def learn(self, most: int, window: timedelta) -> None:
        self.most, self.window = most, window
