"""Faults on demand: rules that match calls by method and path, and a middleware that carries them out.

The middleware knows no vendor. What only a vendor can do (expire tokens, fail single records) it hands on in the scope.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.calls import Calls, Recorded

Edit = Callable[[Mapping[str, Any]], None]
TRANSPORT = "sandbox.transport"


@dataclass(slots=True)
class Fault:
    """One rule. It lets `after_calls` matching calls pass, then acts on `times` of them (0: on all)."""

    method: str = ""
    path: str = ""
    """A regular expression found anywhere in path and query; empty matches every vendor call."""
    after_calls: int = 0
    times: int = 1
    status: int = 0
    """Answer with this status, `body` and `headers` instead of asking the vendor."""
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    drop: Literal["", "before", "after"] = ""
    """Close the connection without an answer: before anything happened, or after it was committed."""
    delay: float = 0.0
    """Seconds before the vendor is asked."""
    truncate: bool = False
    """Send all headers and half of the body, then close the connection."""
    expire_tokens: bool = False
    records: dict[str, Any] = field(default_factory=dict)
    """Fail records of a collection: {"positions": [0], "ids": [...], "code": ..., "message": ...}."""
    person_edits: list[dict[str, Any]] = field(default_factory=list)
    """What a person does in the CRM just when the call arrives."""
    seen: int = 0
    acted: int = 0

    @classmethod
    def read(cls, wanted: Mapping[str, Any]) -> Fault:
        """From JSON; ValueError names what is not understood."""
        known = {name for name in cls.__slots__ if name not in {"seen", "acted"}}
        if unknown := set(wanted) - known:
            raise ValueError(f"a fault has no {', '.join(sorted(unknown))}; it has {', '.join(sorted(known))}")
        if wanted.get("drop", "") not in {"", "before", "after"}:
            raise ValueError('drop is "before" or "after" the commit')
        try:
            re.compile(wanted.get("path", ""))
        except re.error as error:
            raise ValueError(f"path is no regular expression: {error}") from None
        edits = wanted.get("person_edits", [])
        return cls(**{**wanted, "person_edits": [edits] if isinstance(edits, dict) else edits})

    def takes(self, method: str, uri: str) -> bool:
        """Whether the rule acts on this call; asking counts it."""
        if (self.method and self.method.upper() != method) or not re.search(self.path, uri, re.IGNORECASE):
            return False
        self.seen += 1
        if self.seen <= self.after_calls or (self.times and self.acted >= self.times):
            return False
        self.acted += 1
        return True

    def spoils(self, place: int, id: str) -> bool:
        """Whether this record of a collection is to fail."""
        return place in self.records.get("positions", ()) or id in self.records.get("ids", ())


class Faults:
    """An ASGI middleware over the vendors' routes: counts their calls and spoils those that a rule takes."""

    def __init__(
        self, app: ASGIApp, calls: Calls, shape: Callable[[str, str], Recorded], edit: Edit, rules: Sequence[Fault]
    ) -> None:
        self._app, self._calls, self._shape, self._edit, self._rules = app, calls, shape, edit, rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/_sandbox"):
            await self._app(scope, receive, send)
            return
        recorded = self._shape(scope["method"], scope["raw_path"].decode("latin-1"))
        self._calls.add(recorded)
        scope["sandbox.recorded"] = recorded
        uri = f"{scope['path']}?{scope['query_string'].decode('latin-1')}"
        fault = next((rule for rule in self._rules if rule.takes(scope["method"], uri)), None)
        if fault is None:
            await self._app(scope, receive, _noting(recorded, send))
        else:
            await self._spoil(fault, recorded, scope, receive, send)

    async def _spoil(self, fault: Fault, recorded: Recorded, scope: Scope, receive: Receive, send: Send) -> None:
        scope["sandbox.fault"] = fault
        for edit in fault.person_edits:
            self._edit(edit)
        if fault.delay:
            await asyncio.sleep(fault.delay)
        if fault.drop == "before":
            await _drop(scope, receive)
        elif fault.status:
            recorded.status = fault.status
            await _answer(fault, send)
        elif fault.drop == "after":
            await self._app(scope, receive, _swallow)
            await _drop(scope, receive)
        elif fault.truncate:
            await self._app(scope, receive, _halving(scope, send))
        else:
            await self._app(scope, receive, _noting(recorded, send))


def _noting(recorded: Recorded, send: Send) -> Send:
    async def note(message: Message) -> None:
        if message["type"] == "http.response.start":
            recorded.status = message["status"]
        await send(message)

    return note


async def _swallow(message: Message) -> None:
    """The answer that nobody will read."""


async def _drop(scope: Scope, receive: Receive) -> None:
    """Close the socket at once, so that the client sees a reset and no status line."""
    scope["extensions"][TRANSPORT].abort()
    while (await receive())["type"] != "http.disconnect":
        pass


async def _answer(fault: Fault, send: Send) -> None:
    body = fault.body.encode() if isinstance(fault.body, str) else orjson.dumps(fault.body)
    kind = "text/html;charset=UTF-8" if isinstance(fault.body, str) else "application/json;charset=UTF-8"
    headers = {"Content-Type": kind, **fault.headers, "Content-Length": str(len(body))}
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": fault.status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


def _halving(scope: Scope, send: Send) -> Send:
    async def halve(message: Message) -> None:
        if message["type"] == "http.response.start":
            await send(message)
            return
        body = message.get("body", b"")
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        scope["extensions"][TRANSPORT].close()

    return halve
