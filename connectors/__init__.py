"""How to talk to one system: a connector each, all of them behind the protocols in base.py."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from connectors.base import ConfigError, Destination, Source


def connect(
    kind: str,
    system: str,
    env: Mapping[str, str],
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    sleep: Callable[[float], None] = time.sleep,
    share_pct: float = 50.0,
) -> Source | Destination:
    """The connector of a system, from environment variables that begin with the system's name in capitals.

    Nothing is called yet; ConfigError says which variable is missing. Clients are loaded only where they are needed.
    `share_pct` is how much of a vendor's allowance by the minute we may use.
    """
    if kind == "salesforce":
        from connectors.salesforce import Salesforce

        return Salesforce(system, env, clock, sleep)
    if kind == "zendesk":
        from connectors.zendesk import Zendesk

        return Zendesk(system, env, clock, sleep, share_pct)
    if kind == "hubspot":
        from connectors.hubspot import HubSpot

        return HubSpot(system, env, clock, sleep, share_pct)
    if kind == "files":
        from connectors.files import Files

        return Files(system, env, clock)
    known = "files, hubspot, salesforce and zendesk"
    raise ConfigError(f"{system}.yaml: there is no connector of kind {kind!r}; known are {known}")
