"""One call to the stand-in, as its handlers see it, and how records are shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson

from sandbox.zendesk.answers import Answer, Refused, unreadable
from sandbox.zendesk.auth import Identity
from sandbox.zendesk.desk import Desk
from sandbox.zendesk.jobs import Jobs
from sandbox.zendesk.limits import Limits
from sandbox.zendesk.shapes import ORGANIZATIONS, TICKETS, Body, Shape

Trouble = Callable[[int, str], Refused | None]
"""Asked for every record of a job (place, id): the error that a fault wants for it."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was let in; `path` begins after /api/v2/ and has no .json."""

    desk: Desk
    limits: Limits
    jobs: Jobs
    who: Identity
    method: str
    path: str
    query: Mapping[str, str]
    body: bytes
    host: str
    """What links in answers begin with: the address that was called."""
    trouble: Trouble = lambda place, id: None

    def url(self, **changed: Any) -> str:
        """This call's own address with other parameters; None takes one away."""
        query = {name: value for name, value in {**self.query, **changed}.items() if value is not None}
        return f"{self.host}/api/v2/{self.path}.json" + (f"?{urlencode(query)}" if query else "")

    def flag(self, name: str) -> bool:
        return self.query.get(name, "").lower() == "true"

    def ids(self, name: str) -> list[str]:
        """A parameter such as ids=1,2."""
        return [each.strip() for each in self.query.get(name, "").split(",") if each.strip()]

    def json(self) -> dict[str, Any]:
        """The body as an object, or 422."""
        try:
            body = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            raise unreadable() from None
        if not isinstance(body, dict):
            raise unreadable()
        return body

    def show(self, shape: Shape, record: Body, *, metrics: bool = False) -> dict[str, Any]:
        """The record as the API gives it."""
        shown = {name: value for name, value in record.items() if name not in shape.hidden}
        if shape.api == "/api/v2":
            shown["url"] = f"{self.host}/api/v2/{shape.plural}/{record['id']}.json"
        if shape is ORGANIZATIONS:
            shown["organization_fields"] = {**self.desk.empty_fields(), **record["organization_fields"]}
        if metrics and shape is TICKETS:
            shown["metric_set"] = record["metric_set"]
        return shown


Handler = Callable[..., Answer]
