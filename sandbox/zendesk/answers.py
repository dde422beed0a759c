"""How Zendesk answers: JSON as a rule, and errors in as many shapes as the house has doors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from sandbox.standin import Refusal

JSON = "application/json; charset=utf-8"
TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a body: text as it stands, anything else as JSON, None for nothing."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        if self.body is None:
            return b""
        return self.body.encode() if isinstance(self.body, str) else orjson.dumps(self.body)

    @property
    def content_type(self) -> str:
        return TEXT if isinstance(self.body, str) else JSON


class Refused(Refusal):
    """Zendesk says no, in whatever shape this door uses."""

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status}: {body}")
        self.answer = Answer(status, body, headers or {})


def plain(status: int, error: str, description: str) -> Refused:
    """The common shape: a code and a sentence."""
    return Refused(status, {"error": error, "description": description})


def listed(status: int, code: str, title: str, detail: str = "") -> Refused:
    """The shape of paging and of the survey API: a list of errors."""
    error = {"code": code, "status": str(status), "title": title}
    return Refused(status, {"errors": [{**error, "detail": detail} if detail else error]})


def not_logged_in() -> Refused:
    return Refused(401, {"error": "Couldn't authenticate you"})


def forbidden(message: str = "You do not have access to this page. Please contact the account owner.") -> Refused:
    """The shape of a missing role or plan."""
    return Refused(403, {"error": {"title": "Forbidden", "message": message}})


def scope_missing(scope: str) -> Refused:
    return plain(403, "Forbidden", f"Missing the following required scopes: {scope}")


def not_found() -> Refused:
    return plain(404, "RecordNotFound", "Not found")


def no_such_endpoint() -> Refused:
    return plain(404, "InvalidEndpoint", "Not found")


def invalid_value(description: str, status: int = 422) -> Refused:
    return plain(status, "InvalidValue", description)


def record_invalid(name: str, description: str, error: str = "InvalidValue") -> Refused:
    """One field that does not do."""
    details = {name: [{"description": f"{name}: {description}", "error": error}]}
    return Refused(422, {"error": "RecordInvalid", "description": "Record validation errors", "details": details})


def too_deep() -> Refused:
    return listed(
        400, "InvalidPaginationDepth", "Invalid pagination depth", "Offset pages end here; use cursor pagination"
    )


def unreadable() -> Refused:
    return plain(422, "Unprocessable Entity", "Server could not parse JSON")
