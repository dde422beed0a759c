"""A scripted Zendesk: token and added fields are always right, everything else is what the test says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.base import Operation, Stream, Write
from connectors.zendesk import Zendesk
from tests.scripted import Answer, Request, Scripted

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ORGANIZATIONS = Stream("organizations", "organizations", ("id", "name"), key="id")
TICKETS = Stream("tickets", "tickets", ("id", "subject"), key="id")
SCORE = "organization_fields.crmpulse_score"
ADDED = {
    "organization_fields": [
        {"id": 1, "key": "crmpulse_score", "type": "integer", "title": "Health score"},
        {"id": 2, "key": "crmpulse_as_of", "type": "date", "title": "Health as of"},
        {
            "id": 3,
            "key": "plan",
            "type": "dropdown",
            "title": "Plan",
            "custom_field_options": [{"name": "Gold", "value": "plan_gold"}],
        },
    ],
    "ticket_fields": [
        {"id": 10, "type": "subject", "title": "Subject", "removable": False},
        {"id": 11, "type": "tagger", "title": "Severity", "removable": True},
        {"id": 12, "type": "text", "title": "Twice", "removable": True},
        {"id": 13, "type": "text", "title": "Twice", "removable": True},
    ],
}


@dataclass
class Clock:
    """A clock that only waiting moves."""

    now: datetime = NOW
    waits: list[float] = field(default_factory=list)

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += timedelta(seconds=seconds)


def scripted_desk(answer: Callable[[Request], Answer]) -> Scripted:
    """A server that hands out tokens, tells the ADDED fields, and answers everything else by `answer`."""

    def respond(request: Request) -> Answer:
        if request.path == "/oauth/tokens":
            return Answer(201, {"access_token": f"t{len(request.body)}", "token_type": "bearer", "expires_in": 172_800})
        listed = request.path.removeprefix("/api/v2/")
        if listed in ADDED or listed == "user_fields":
            return Answer(200, {listed: ADDED.get(listed, []), "meta": {"has_more": False}})
        return answer(request)

    return Scripted(respond)


def zendesk(vendor: Scripted, clock: Clock | None = None, share_pct: float = 50) -> Zendesk:
    """A connector to it, whose waits move its clock."""
    env = {"ZD_BASE_URL": vendor.url, "ZD_CLIENT_ID": "app", "ZD_CLIENT_SECRET": "hush"}
    clock = clock or Clock()
    return Zendesk("zd", env, clock, clock.sleep, share_pct)


def calls(vendor: Scripted, part: str) -> list[Request]:
    """The requests whose path holds the part, in order."""
    return [request for request in vendor.requests if part in request.path]


def by_time(records: list[dict[str, Any]], end: int, last: bool | None = True, **more: Any) -> Answer:
    """A page of the time-based export; `last=None` leaves the word out."""
    said = {} if last is None else {"end_of_stream": last}
    following = None if last is None else "https://elsewhere.zendesk.com/api/v2/incremental/organizations"
    body = {"organizations": records, "count": len(records), "end_time": end, "next_page": following, **said, **more}
    return Answer(200, body)


def by_cursor(records: list[dict[str, Any]], after: str | None, last: bool | None = True, **more: Any) -> Answer:
    """A page of the ticket export."""
    said = {} if last is None else {"end_of_stream": last}
    return Answer(200, {"tickets": records, "after_cursor": after, "after_url": None, **said, **more})


def organization(n: int, **more: Any) -> dict[str, Any]:
    """One as the export shows it."""
    return {"id": n, "name": f"Company {n}", "organization_fields": {}, "deleted_at": None, **more}


def ticket(n: int, **more: Any) -> dict[str, Any]:
    """One as the export shows it."""
    made = {"id": n, "subject": f"Question {n}", "status": "open", "organization_id": 7, "requester_id": 70}
    return {**made, "created_at": "2026-11-01T10:00:00Z", "updated_at": "2026-11-02T10:00:00Z", **more}


def update(n: int, **fields: Any) -> Write:
    """An update of organization n."""
    return Write(f"c{n}", "organizations", Operation.UPDATE, fields or {SCORE: n}, id=str(n))
