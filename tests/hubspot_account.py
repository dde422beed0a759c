"""A small HubSpot account of story records and a plain client for it, for the tests of its stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import requests

from sandbox.hubspot.portal import Settings
from sandbox.server import Sandbox

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ACME, BOLT, CUBE = "1001", "1002", "1003"
ANNA, BEN = "51", "52"
DEAL, TICKET, OWNER, GONE = "71", "81", "901", "902"

RECORDS: dict[str, list[dict[str, Any]]] = {
    "owners": [
        {"id": OWNER, "email": "Casey@us.example", "firstName": "Casey", "lastName": "Lee", "userId": 4711},
        {"id": GONE, "email": "gone@us.example", "archived": True},
    ],
    "companies": [
        {
            "id": ACME,
            "createdAt": "2026-01-01T00:00:00Z",
            "properties": {"name": "Acme", "domain": "acme.example", "arr": 1200.5, "hubspot_owner_id": OWNER},
            "_changes": [{"at": "2026-11-21T09:00:00Z", "properties": {"name": "Acme Ltd", "arr": None}}],
        },
        {"id": BOLT, "createdAt": "2026-01-02T00:00:00Z", "properties": {"name": "Bolt", "account_status": "Customer"}},
        {"id": CUBE, "createdAt": "2026-11-22T00:00:00Z", "properties": {"name": "Cube"}},
    ],
    "contacts": [
        {
            "id": ANNA,
            "createdAt": "2026-01-03T00:00:00Z",
            "properties": {"firstname": "Anna", "email": "anna@acme.example", "left_company": False},
            "associations": {"companies": [ACME]},
        },
        {"id": BEN, "createdAt": "2026-01-03T00:00:00Z", "properties": {"firstname": "Ben", "email": "ben@x.example"}},
    ],
    "deals": [
        {
            "id": DEAL,
            "createdAt": "2026-02-01T00:00:00Z",
            "properties": {"dealname": "Renewal", "dealstage": "contractsent", "amount": "1500.00"},
            "associations": {"companies": [ACME], "contacts": [ANNA]},
        }
    ],
    "tickets": [
        {
            "id": TICKET,
            "createdAt": "2026-03-01T00:00:00Z",
            "properties": {"subject": "Help", "hs_pipeline_stage": "1"},
            "associations": {"companies": [BOLT]},
            "_changes": [
                {"at": "2026-11-21T10:00:00Z", "properties": {"hs_pipeline_stage": "4"}},
                {"at": "2026-11-22T10:00:00Z", "properties": {"hs_pipeline_stage": "3"}},
            ],
        }
    ],
}


class Account:
    """A plain client with a token: `account("GET", "/crm/v3/objects/companies")`."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {sandbox.access_token('hubspot')}"

    def __call__(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        return self.session.request(method, self.sandbox.url + path, json=body, timeout=10, **more)

    def control(self, place: str, /, **body: Any) -> Any:
        answer = requests.post(f"{self.sandbox.control}/{place}", json=body, timeout=10)
        assert answer.ok, answer.text
        return answer.json()

    def search(self, object: str = "companies", *filters: dict[str, Any], **more: Any) -> Any:
        """What a search with one group of filters answers."""
        body = {"filterGroups": [{"filters": list(filters)}] if filters else [], **more}
        answer = self("POST", f"/crm/v3/objects/{object}/search", body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def found(self, object: str = "companies", *filters: dict[str, Any], **more: Any) -> list[str]:
        """The ids of all hits, page by page as the cursor leads."""
        ids, after = list[str](), "0"
        while after:
            page = self.search(object, *filters, after=after, **more)
            ids += [record["id"] for record in page["results"]]
            after = page.get("paging", {}).get("next", {}).get("after")
        return ids


@contextmanager
def served(records: Any = None, **settings: Any) -> Iterator[Account]:
    """An account behind a server; pages are full unless `page_seed` says otherwise."""
    told = Settings(**{"page_seed": None, **settings})
    seeds = RECORDS if records is None else records
    with Sandbox({"hubspot": seeds}, NOW, settings={"hubspot": told}) as sandbox:
        yield Account(sandbox)


def where(name: str, operator: str, value: Any = None, **more: Any) -> dict[str, Any]:
    """A filter of a search."""
    return {"propertyName": name, "operator": operator, **({} if value is None else {"value": value}), **more}


def companies(count: int, **properties: Any) -> dict[str, list[dict[str, Any]]]:
    """So many companies that were created in one millisecond, with ids from 7198 on."""
    made = "2026-11-01T00:00:00.125Z"
    return {
        "companies": [
            {"id": str(7198 + n), "createdAt": made, "properties": {"name": f"N{n}", **properties}}
            for n in range(count)
        ]
    }
