"""A small Zendesk account of story records and a plain client for it, for the tests of the Zendesk stand-in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import requests

from sandbox.server import Sandbox
from sandbox.zendesk.desk import Settings

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ACME, BOLT, CUBE = 101, 102, 103
ANNA, BEN, CLEO = 201, 202, 203
BROKEN, ASKED, LOST = 301, 302, 303

RECORDS: dict[str, list[dict[str, Any]]] = {
    "organizations": [
        {"id": ACME, "name": "Acme", "external_id": "crm-1", "domain_names": ["acme.example"], "created_at": "2026-01-01T00:00:00Z"},
        {"id": BOLT, "name": "Bolt", "created_at": "2026-01-02T00:00:00Z",
         "_changes": [{"at": "2026-11-21T09:00:00Z", "notes": "called"}], "_deleted_at": "2026-11-23T09:00:00Z"},
        {"id": CUBE, "name": "Cube", "created_at": "2026-11-21T00:00:00Z"},
    ],
    "users": [
        {"id": ANNA, "name": "Anna", "email": "anna@acme.example", "organization_id": ACME, "created_at": "2026-01-01T00:00:00Z"},
        {"id": BEN, "name": "Ben", "email": "ben@bolt.example", "organization_id": BOLT, "created_at": "2026-01-02T00:00:00Z"},
        {"id": CLEO, "name": "Cleo", "email": "cleo@bolt.example", "created_at": "2026-01-02T00:00:00Z"},
    ],
    "tickets": [
        {"id": BROKEN, "subject": "Broken", "organization_id": ACME, "requester_id": ANNA, "priority": "urgent",
         "created_at": "2026-11-01T08:00:00Z",
         "_changes": [
             {"at": "2026-11-01T08:30:00Z", "metric_set": {"replies": 1, "reply_time_in_minutes": {"calendar": 30, "business": 0}}},
             {"at": "2026-11-02T08:00:00Z", "status": "solved"},
             {"at": "2026-11-03T08:00:00Z", "satisfaction_rating": {"score": "good", "comment": "fine"}},
             {"at": "2026-11-22T08:00:00Z", "satisfaction_rating": {"score": "bad"}},
             {"at": "2026-11-24T08:00:00Z", "status": "closed", "_system": True},
         ]},
        {"id": ASKED, "subject": "Asked", "organization_id": BOLT, "requester_id": BEN, "created_at": "2026-11-05T08:00:00Z"},
        {"id": LOST, "subject": "Lost", "requester_id": CLEO, "created_at": "2026-11-06T08:00:00Z", "_deleted_at": "2026-11-10T08:00:00Z"},
    ],
    "survey_responses": [
        {"id": "01A", "responder_id": ANNA, "subject_zrns": [f"zen:ticket:{BROKEN}"], "created_at": "2026-11-03T08:00:00Z",
         "_changes": [{"at": "2026-11-21T08:00:00Z", "answers": [{"type": "rating_scale", "rating": 2, "question": {"sub_type": "customer_satisfaction"}}]}]},
        {"id": "01B", "responder_id": BEN, "subject_zrns": [f"zen:ticket:{ASKED}"], "created_at": "2026-11-06T08:00:00Z"},
    ],
}  # fmt: skip


class Desk:
    """A plain client with a token: `desk("GET", "users/me")`."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.url, self.control = sandbox.url, sandbox.control
        self.session = requests.Session()
        self._sandbox = sandbox
        self._log_in()

    def _log_in(self) -> None:
        self.session.headers["Authorization"] = f"Bearer {self._sandbox.access_token('zendesk')}"

    def __call__(self, method: str, path: str, body: Any = None, **query: Any) -> requests.Response:
        url = path if path.startswith("http") else f"{self.url}/api/v2/{path}"
        return self.session.request(method, url, json=body, params=query, timeout=10)

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        answer = self("GET", path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()  # type: ignore[no-any-return]

    def ids(self, path: str, **query: Any) -> list[Any]:
        body = self.get(path, **query)
        return [row["id"] for row in next(value for value in body.values() if isinstance(value, list))]

    def settings(self, **changes: Any) -> None:
        requests.post(f"{self.control}/settings/zendesk", json=changes, timeout=10).raise_for_status()

    def person(self, object: str, path: str = "", **body: Any) -> requests.Response:
        return requests.post(f"{self.control}/records/zendesk/{object}{path}", json=body, timeout=10)

    def fault(self, **rule: Any) -> None:
        requests.post(f"{self.control}/faults", json=rule, timeout=10).raise_for_status()

    def clock(self, now: str) -> None:
        requests.post(f"{self.control}/clock", json={"now": now}, timeout=10).raise_for_status()
        self._log_in()


def opened(records: dict[str, Any] | None = None, **settings: Any) -> Sandbox:
    return Sandbox(
        {"zendesk": RECORDS if records is None else records}, NOW, settings={"zendesk": Settings(**settings)}
    )


def error(answer: requests.Response) -> tuple[int, str]:
    """Status and code of the common shape."""
    return answer.status_code, answer.json()["error"]
