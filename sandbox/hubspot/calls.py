"""One call to the stand-in, as its handlers see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson

from sandbox.faults import Fault
from sandbox.hubspot.answers import Answer, Refused
from sandbox.hubspot.portal import Portal
from sandbox.hubspot.shapes import whole


@dataclass(frozen=True, slots=True)
class Call:
    """A request whose token was accepted."""

    portal: Portal
    method: str
    path: str
    """As it was asked for, without the query."""
    version: str
    """v3, v4, 2026-03 or 2026-09."""
    parameters: Sequence[tuple[str, str]]
    body: bytes
    base_url: str
    fault: Fault | None = None

    @property
    def query(self) -> Mapping[str, str]:
        """Parameters by name; of repeated ones the last."""
        return dict(self.parameters)

    def flag(self, name: str) -> bool:
        return self.query.get(name, "").lower() == "true"

    def names(self, name: str) -> list[str]:
        """A list of names: the parameter repeated, or one with commas."""
        given = (value for key, value in self.parameters if key == name for value in value.split(","))
        return list(dict.fromkeys(value.strip() for value in given if value.strip()))

    def limit(self, usual: int, largest: int) -> int:
        """The page size that is asked for; Refused when it is none or too large."""
        asked = self.query.get("limit", str(usual))
        size = whole(asked)
        if size is None or not 0 < size <= largest:
            raise Refused(f"limit was {asked}; it must be between 1 and {largest}")
        return size

    def number(self, name: str) -> int:
        """A parameter that is a whole number, 0 where it is missing."""
        found = whole(self.query.get(name) or 0)
        if found is None:
            raise Refused(f"{name} was not a whole number: {self.query[name]}")
        return found

    def paging(self, after: str | int) -> dict[str, Any]:
        """Where the next page begins, with an absolute link to it."""
        others = [(name, value) for name, value in self.parameters if name != "after"]
        link = f"{self.base_url}{self.path}?{urlencode([*others, ('after', after)])}"
        return {"next": {"after": str(after), "link": link}}

    def anything(self) -> Any:
        """The body, or Refused as HubSpot refuses what it cannot read; such errors have no category."""
        try:
            return orjson.loads(self.body or b"")
        except orjson.JSONDecodeError as error:
            place = f"line {error.lineno}, column {error.colno}"
            raise Refused(f"Invalid input JSON on {place}: {error.msg}", None) from None

    def json(self) -> dict[str, Any]:
        """The body, which must be an object."""
        body = self.anything()
        if not isinstance(body, dict):
            raise Refused("Invalid input JSON on line 1, column 1: Cannot deserialize value from Array value", None)
        told: dict[str, Any] = body
        return told

    def field(self, name: str) -> Any:
        """A field that the body must have."""
        body = self.json()
        if name not in body:
            raise lacking(name)
        return body[name]


def lacking(*names: str) -> Refused:
    words = f"Invalid input JSON on line 1, column 2. Some required fields were not set: [{', '.join(names)}]"
    return Refused(words, None)


Handler = Callable[..., Answer]
