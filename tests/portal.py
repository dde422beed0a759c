"""A HubSpot portal for tests of the connector: the stand-in with seeds of a test's own, moved and edited at will."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from connectors import connect
from connectors.base import Bookmark, Page, Record, Stream
from connectors.hubspot import HubSpot
from sandbox.hubspot.portal import Settings
from sandbox.server import Sandbox

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def ago(**span: float) -> str:
    return (NOW - timedelta(**span)).isoformat(timespec="milliseconds")


def stream(object: str, *fields: str) -> Stream:
    return Stream(object, object, tuple(sorted({"id", *fields})), key="id")


def records(pages: Sequence[Page]) -> list[Record]:
    return [record for page in pages for record in page.records]


def by_id(pages: Sequence[Page]) -> dict[str, Record]:
    found = records(pages)
    assert len({record.id for record in found}) == len(found), "a record arrived twice"
    return {record.id: record for record in found}


class Portal:
    """The server; time stands still unless a test moves it."""

    def __init__(self, seeds: Mapping[str, Any], **settings: Any) -> None:
        turned = {"hubspot": Settings(**settings)} if settings else None
        self.sandbox = Sandbox({"hubspot": dict(seeds)}, NOW, settings=turned)
        self.now = NOW
        self.slept: list[float] = []

    def __enter__(self) -> Portal:
        self.sandbox.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.sandbox.stop()

    def hub(self) -> HubSpot:
        """A connector as a new process would make it; it does not really sleep."""
        source = connect("hubspot", "hubspot", self.sandbox.environment(), lambda: datetime.now(UTC), self.slept.append)
        assert isinstance(source, HubSpot)
        return source

    def pull(self, asked: Stream, bookmark: Bookmark | None = None) -> list[Page]:
        return list(self.hub().pull(asked, bookmark))

    def control(self, path: str, /, **body: Any) -> Any:
        answer = requests.post(f"{self.sandbox.control}/{path}", json=body, timeout=10)
        assert answer.ok, answer.text
        return answer.json()

    def define(self, object: str, name: str) -> None:
        """A property of the company's own."""
        body = {"name": name, "label": name, "type": "string", "fieldType": "text", "groupName": "companyinformation"}
        headers = {"Authorization": f"Bearer {self.sandbox.environment()['HUBSPOT_ACCESS_TOKEN']}"}
        answer = requests.post(f"{self.sandbox.url}/crm/v3/properties/{object}", json=body, headers=headers, timeout=10)
        assert answer.ok, answer.text

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)
        self.control("clock", now=self.now.isoformat())

    def calls(self) -> dict[str, int]:
        """Requests since the last time that somebody asked, by method and shape."""
        address = f"{self.sandbox.control}/calls"
        told: dict[str, int] = requests.get(address, timeout=10).json()["by_shape"]
        requests.delete(address, timeout=10)
        return told
