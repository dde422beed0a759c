"""Vendors for the battery of the connectors: records that a test can add, change and remove, and answers it can spoil."""

from __future__ import annotations

import csv
from abc import ABC, abstractmethod
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import requests

from connectors import connect
from connectors.base import Bookmark, Page, Source, Stream
from sandbox.salesforce import ids
from sandbox.server import Sandbox

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class Vendor(ABC):
    """A system with records that a test can add, change, remove and make misbehave."""

    stream: Stream
    env: dict[str, str]
    kind: str

    def source(self) -> Source:
        """A connector as a new process would make it; it does not really sleep."""
        return connect(self.kind, "crm", self.env, lambda: NOW, lambda _: None)

    def pull(self, bookmark: Bookmark | None = None) -> list[Page]:
        return list(self.source().pull(self.stream, bookmark))

    @abstractmethod
    def change(self, number: int) -> str:
        """Change one record; returns its id."""

    @abstractmethod
    def remove(self, number: int) -> str:
        """Remove one record; returns its id."""

    @abstractmethod
    def close(self) -> None:
        """End what was started."""


class WebVendor(Vendor):
    """A vendor behind HTTP, which can answer badly."""

    sandbox: Sandbox
    ids: list[str]
    pages: str
    """Part of the path of every page of the stream."""
    calls: str
    """Part of the path of every call but the login."""
    refusal: ClassVar[Any]
    """A body that says no, in words of which one is Nope."""
    expired: ClassVar[Any]
    """The body of a 401."""
    many: ClassVar[int] = 6_000
    """Records that come in several pages."""
    renews: ClassVar[bool] = True
    """Its tokens expire, and others can be had."""

    def __init__(self, count: int) -> None:
        """So many records, each changed a minute after the one before."""

    def serve(self, records: dict[str, Any], settings: dict[str, Any] | None = None) -> None:
        """Start the sandbox with records of this vendor alone."""
        self.sandbox = Sandbox({self.kind: records}, NOW, settings={self.kind: settings} if settings else None)
        self.sandbox.start()
        led = self.sandbox.environment().items()
        self.env = {name.replace(f"{self.kind.upper()}_", "CRM_"): value for name, value in led}

    def control(self, path: str, /, **body: Any) -> Any:
        answer = requests.post(f"{self.sandbox.control}/{path}", json=body, timeout=10)
        assert answer.ok, answer.text
        return answer.json()

    def misbehave(self, **fault: Any) -> None:
        self.control("faults", **fault)

    def close(self) -> None:
        self.sandbox.stop()


class SalesforceVendor(WebVendor):
    kind = "salesforce"
    stream = Stream("Account", "Account", ("Id", "Name", "ParentId", "Website"))
    pages = "/query"
    calls = "/services/data"
    refusal: ClassVar[Any] = [{"errorCode": "INVALID_FIELD", "message": "No such column 'Nope'"}]
    expired: ClassVar[Any] = [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}]

    def __init__(self, count: int, minutes: int = 1) -> None:
        self.ids = [ids.new("001", n + 1) for n in range(count)]
        begin = NOW - timedelta(minutes=minutes * count + 60)
        seeds = [
            {"Id": id, "Name": f"Company {n}", "CreatedDate": (begin + timedelta(minutes=minutes * n)).isoformat()}
            for n, id in enumerate(self.ids)
        ]
        self.serve({"Account": seeds})

    def change(self, number: int) -> str:
        self.control("records/salesforce/Account", Id=self.ids[number], Name="Another name")
        return self.ids[number]

    def remove(self, number: int) -> str:
        self.control(f"records/salesforce/Account/{self.ids[number]}/delete")
        return self.ids[number]


class ZendeskVendor(WebVendor):
    """Its exports withhold the last minute: after every edit two minutes pass."""

    kind = "zendesk"
    stream = Stream("tickets", "tickets", ("id", "organization_id", "status", "subject"), key="id")
    pages = "/incremental"
    calls = "/api/v2"
    refusal: ClassVar[Any] = {"error": "InvalidValue", "description": "there is no Nope"}
    expired: ClassVar[Any] = {"error": "invalid_token", "error_description": "The access token expired"}

    def __init__(self, count: int) -> None:
        self.ids = [str(n + 1) for n in range(count)]
        begin = NOW - timedelta(minutes=count + 60)
        seeds = [
            {"id": int(id), "subject": f"Question {id}", "created_at": (begin + timedelta(minutes=n)).isoformat()}
            for n, id in enumerate(self.ids)
        ]
        self.now = NOW
        self.serve({"tickets": seeds})
        self.control("settings/zendesk", requests_per_minute=0, exports_per_minute=0, user_exports_per_minute=0)

    def change(self, number: int) -> str:
        self.control("records/zendesk/tickets", id=int(self.ids[number]), subject="Another question")
        return self._later(self.ids[number])

    def remove(self, number: int) -> str:
        self.control(f"records/zendesk/tickets/{self.ids[number]}/delete")
        return self._later(self.ids[number])

    def _later(self, id: str) -> str:
        self.now += timedelta(minutes=2)
        self.control("clock", now=self.now.isoformat())
        return id


class HubSpotVendor(WebVendor):
    """Its search index is seconds behind: after every edit a minute passes."""

    kind = "hubspot"
    stream = Stream("companies", "companies", ("domain", "id", "name"), key="id")
    pages = "/objects/2026-03/companies"
    calls = "/crm"
    refusal: ClassVar[Any] = {"status": "error", "message": "there is no Nope", "category": "VALIDATION_ERROR"}
    expired: ClassVar[Any] = {"status": "error", "message": "expired", "category": "EXPIRED_AUTHENTICATION"}
    many = 1_500
    renews = False

    def __init__(self, count: int) -> None:
        self.ids = [str(7_000 + 13 * n) for n in range(count)]
        begin = NOW - timedelta(minutes=count + 60)
        seeds = [
            {
                "id": id,
                "createdAt": (begin + timedelta(minutes=n)).isoformat(),
                "properties": {"name": f"Company {n}", "domain": f"company{n}.example"},
            }
            for n, id in enumerate(self.ids)
        ]
        self.now = NOW
        self.serve({"companies": seeds})

    def change(self, number: int) -> str:
        self.control("records/hubspot/companies", id=self.ids[number], properties={"name": "Another name"})
        return self._later(self.ids[number])

    def remove(self, number: int) -> str:
        self.control(f"records/hubspot/companies/{self.ids[number]}/delete")
        return self._later(self.ids[number])

    def _later(self, id: str) -> str:
        self.now += timedelta(minutes=1)
        self.control("clock", now=self.now.isoformat())
        return id


class FilesVendor(Vendor):
    kind = "files"
    stream = Stream("subscriptions", "subscriptions/*", ("id", "name", "plan"), key="id")

    def __init__(self, folder: Path, count: int) -> None:
        self.file = folder / "subscriptions" / "all.csv"
        self.file.parent.mkdir()
        self.rows = [[f"s{n}", f"Company {n}", "basic"] for n in range(count)]
        self.env = {"CRM_FOLDER": str(folder)}
        self._write()

    def close(self) -> None:
        pass

    def _write(self) -> None:
        with self.file.open("w", newline="") as file:
            csv.writer(file).writerows([["id", "name", "plan"], *self.rows])

    def change(self, number: int) -> str:
        self.rows[number][2] = "gold"
        self._write()
        return self.rows[number][0]

    def remove(self, number: int) -> str:
        gone = self.rows.pop(number)
        self._write()
        return gone[0]


WEB: dict[str, type[WebVendor]] = {"salesforce": SalesforceVendor, "zendesk": ZendeskVendor, "hubspot": HubSpotVendor}
"""Vendors behind HTTP; the next ones join here."""
