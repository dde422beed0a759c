"""How Salesforce answers: JSON with its content type, and errors as an array of message and code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from sandbox.standin import Refusal

JSON = {"Content-Type": "application/json;charset=UTF-8"}
HTML = {"Content-Type": "text/html;charset=UTF-8"}


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a body that is not yet bytes (None: no body at all)."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else orjson.dumps(self.body)


class Refused(Refusal):
    """Salesforce says no: a code, words, the fields that are meant, and the status of a single call."""

    def __init__(self, code: str, message: str, fields: Sequence[str] | None = None, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.fields, self.status = code, message, fields, status

    def top_level(self) -> dict[str, Any]:
        """The error as an answer to a single call shows it."""
        shown: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        if self.fields is not None:
            shown["fields"] = list(self.fields)
        return shown

    def per_record(self) -> dict[str, Any]:
        """The error as it stands in a collection's result, where the code is called statusCode."""
        return {"statusCode": self.code, "message": self.message, "fields": list(self.fields or ())}


def answer(refused: Refused) -> Answer:
    return Answer(refused.status, [refused.top_level()])


def not_found() -> Refused:
    return Refused("NOT_FOUND", "The requested resource does not exist", status=404)


def malformed(message: str) -> Refused:
    return Refused("JSON_PARSER_ERROR", message)
