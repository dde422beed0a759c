"""How HubSpot answers: JSON, and errors as one object with a message, a correlation id and mostly a category."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from sandbox.standin import Refusal

JSON = "application/json;charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a body that is not yet bytes (None: no body at all)."""

    status: int
    body: Any = None

    def content(self) -> bytes:
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else orjson.dumps(self.body)


class Refused(Refusal):
    """HubSpot says no: a status, words, mostly a category, and what else stands in the body."""

    def __init__(self, message: str, category: str | None = "VALIDATION_ERROR", status: int = 400, **more: Any) -> None:
        super().__init__(message)
        self.message, self.category, self.status, self.more = message, category, status, more

    def body(self, millis: int) -> dict[str, Any]:
        """The whole answer; `millis` is the moment that its correlation id tells."""
        named = {"category": self.category} if self.category else {}
        told = {"status": "error", "message": self.message, "correlationId": correlation_id(millis)}
        return {**told, **self.more, **named}

    def in_batch(self, context: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        """The error as one input of a batch gets it."""
        told = {"status": "error", "category": self.category, "message": self.message}
        return {**told, "context": {**self.more.get("context", {}), **context}}


def correlation_id(millis: int) -> str:
    """A version 7 UUID, as HubSpot gives them: the moment first, then chance."""
    number = (millis & (1 << 48) - 1) << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=number))


def not_found(message: str = "resource not found") -> Refused:
    return Refused(message, "OBJECT_NOT_FOUND", 404)


def missing(label: str, ids: Sequence[str]) -> Refused:
    """Records of a batch that are not there."""
    words = f"Could not get some {label} objects, they may be deleted or not exist. Check that ids are valid."
    return Refused(words, "OBJECT_NOT_FOUND", 404, context={"ids": list(ids)})
