"""Vendors for the battery of the connectors: records that a test can add, change and remove, and answers it can spoil."""

from __future__ import annotations

import csv
from abc import ABC, abstractmethod
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

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


class SalesforceVendor(Vendor):
    kind = "salesforce"
    stream = Stream("Account", "Account", ("Id", "Name", "ParentId", "Website"))

    def __init__(self, count: int, minutes: int = 1) -> None:
        self.ids = [ids.new("001", n + 1) for n in range(count)]
        begin = NOW - timedelta(minutes=minutes * count + 60)
        seeds = [
            {"Id": id, "Name": f"Company {n}", "CreatedDate": (begin + timedelta(minutes=minutes * n)).isoformat()}
            for n, id in enumerate(self.ids)
        ]
        self.sandbox = Sandbox({"salesforce": {"Account": seeds}}, NOW)
        self.sandbox.start()
        led = self.sandbox.environment().items()
        self.env = {name.replace("SALESFORCE_", "CRM_"): value for name, value in led}

    def control(self, path: str, /, **body: Any) -> Any:
        answer = requests.post(f"{self.sandbox.control}/{path}", json=body, timeout=10)
        assert answer.ok, answer.text
        return answer.json()

    def change(self, number: int) -> str:
        self.control("records/salesforce/Account", Id=self.ids[number], Name="Another name")
        return self.ids[number]

    def remove(self, number: int) -> str:
        self.control(f"records/salesforce/Account/{self.ids[number]}/delete")
        return self.ids[number]

    def misbehave(self, **fault: Any) -> None:
        self.control("faults", **fault)

    def close(self) -> None:
        self.sandbox.stop()


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
