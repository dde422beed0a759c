"""What every vendor's stand-in offers to the one server that all of them share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.calls import Recorded
from sandbox.store import Store

Seed = Mapping[str, Any]
"""One record of a story, as the vendor's own package describes it (its seed.py)."""
Seeds = Mapping[str, Iterable[Seed]]
"""Seeds by the vendor's object."""


class Refusal(Exception):
    """The vendor says no; every vendor's own error is one."""


@dataclass(frozen=True, slots=True)
class StandIn:
    """One vendor: where it answers, how, and what people may do in its own pages."""

    settings: Any
    """A dataclass of the vendor's; the control endpoint turns its fields."""
    paths: tuple[str, ...]
    """Beginnings of the paths that are the vendor's."""
    respond: Callable[[Request], Awaitable[Response]]
    shape: Callable[[str, str], Recorded]
    """Method and path -> how the call is counted."""
    save: Callable[[str, Seed], str]
    """Object and record -> its id: a person creates or changes a record, unchecked."""
    delete: Callable[[str, str], None]
    """Object and id."""
    merge: Callable[[str, str, str], None]
    """Object, the id that is given up, the id that stays."""
    access_token: Callable[[], str]
    """A token as a login would give it."""
    environment: Callable[[str], dict[str, str]]
    """The server's address -> the variables that lead the product to this vendor."""


Build = Callable[[Store, Any, Seeds, datetime], StandIn]
"""Store, settings (None: the vendor's defaults), seeds, and the moment that the clock will begin with -> the vendor."""
