"""One call to the stand-in, as its handlers see it; composite requests make such calls out of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from sandbox.salesforce.answers import Answer, Refused, malformed
from sandbox.salesforce.org import Org

Trouble = Callable[[int, str], Refused | None]
"""Asked for every record of a collection (place, id): the error that a fault wants for it."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request whose token was accepted; `path` begins after the version."""

    org: Org
    method: str
    path: str
    version: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    """By lower-case name."""
    trouble: Trouble = lambda place, id: None
    wrote: list[str] = field(default_factory=list)
    """The write routes that the call used; composite calls collect those of their parts."""

    @property
    def base(self) -> str:
        """The path that urls in answers begin with."""
        return f"/services/data/v{self.version}"

    @property
    def major(self) -> int:
        return int(self.version.partition(".")[0])

    def flag(self, name: str) -> bool:
        """A parameter such as ?allOrNone=true."""
        return self.query.get(name, "").lower() == "true"

    def json(self) -> Any:
        """The body, or Refused with JSON_PARSER_ERROR."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise malformed(
                f"Unexpected character or end of input at [line:{error.lineno}, column:{error.colno}]"
            ) from None

    def json_object(self) -> dict[str, Any]:
        body = self.json()
        if not isinstance(body, dict):
            raise malformed("Cannot deserialize instance of map from START_ARRAY value at [line:1, column:1]")
        return body


Handler = Callable[..., Answer]
