"""A small org of story records and a plain client for it, for the tests of the Salesforce stand-in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import requests

from sandbox.salesforce.org import Settings
from sandbox.server import Sandbox

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ACME, BOLT, CUBE = (f"00100000000000{n}AAA" for n in "123")
ANNA = "003000000000001AAA"
ACTIVE, INACTIVE = "005000000000001AAA", "005000000000002AAA"
DEAL = "006000000000001AAA"
DATA = "/services/data/v66.0"
SETTINGS = Settings(hidden=frozenset({"Account.Rating"}), read_only=frozenset({"Account.Phone"}))

RECORDS: dict[str, list[dict[str, Any]]] = {
    "User": [
        {"Id": ACTIVE, "Username": "a@x.example", "LastName": "Active", "Email": "a@x.example"},
        {"Id": INACTIVE, "Username": "i@x.example", "LastName": "Gone", "Email": "i@x.example", "IsActive": False},
    ],
    "Account": [
        {"Id": ACME, "Name": "Acme", "CreatedDate": "2026-01-01T00:00:00Z",
         "_changes": [{"at": "2026-11-21T09:00:00Z", "Name": "Acme Ltd", "Type": "Customer"}]},
        {"Id": BOLT, "Name": "Bolt", "CreatedDate": "2026-01-01T00:00:00Z", "_deleted_at": "2026-11-22T09:00:00Z",
         "_merged_into": ACME},
        {"Id": CUBE, "Name": "Cube", "CreatedDate": "2026-11-21T00:00:00Z"},
    ],
    "Contact": [
        {"Id": ANNA, "LastName": "Anders", "AccountId": BOLT, "Email": "anna@x.example", "CreatedDate": "2026-01-01T00:00:00Z"},
        {"Id": "003000000000002AAA", "LastName": "One", "Email": "same@x.example", "CreatedDate": "2026-01-01T00:00:00Z"},
        {"Id": "003000000000003AAA", "LastName": "Two", "Email": "same@x.example", "CreatedDate": "2026-01-01T00:00:00Z"},
    ],
    "Opportunity": [{"Id": DEAL, "Name": "Deal", "StageName": "Prospecting", "CloseDate": "2026-12-31", "AccountId": ACME, "Amount": 50}],
}  # fmt: skip


class Org:
    """A plain client with a token: `org("GET", "limits")`."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.url = sandbox.url
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {sandbox.access_token('salesforce')}"

    def __call__(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        url = self.url + (path if path.startswith("/") else f"{DATA}/{path}")
        return self.session.request(method, url, json=body, timeout=10, **more)

    def query(self, text: str, *, all_: bool = False) -> list[dict[str, Any]]:
        answer = self("GET", "queryAll" if all_ else "query", params={"q": text})
        assert answer.status_code == 200, answer.text
        return [{k: v for k, v in record.items() if k != "attributes"} for record in answer.json()["records"]]


def clock(sandbox: Sandbox, now: str) -> None:
    requests.post(f"{sandbox.control}/clock", json={"now": now}, timeout=10).raise_for_status()


def code(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()[0]["errorCode"]


def records(*rows: dict[str, Any], object: str = "Account", **more: Any) -> dict[str, Any]:
    return {"records": [{"attributes": {"type": object}, **row} for row in rows], **more}
