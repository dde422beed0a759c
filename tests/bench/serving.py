"""Vendors in a process of their own: the sandbox, and before it a server that repeats its answers from memory.

The first pull fills that memory; after it every page costs next to nothing, so what is measured is the reader. All
readers get the same bytes.
"""

from __future__ import annotations

import multiprocessing
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from threading import Thread
from typing import Any

import requests

from sandbox.hubspot.portal import Settings as PortalSettings
from sandbox.salesforce import ids
from sandbox.salesforce.org import Settings as OrgSettings
from sandbox.server import Sandbox
from sandbox.zendesk.desk import Settings as DeskSettings

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LIMITS_OFF = {
    "salesforce": OrgSettings(page_seed=None, daily_limit=100_000_000),
    "hubspot": PortalSettings(page_seed=None, shuffled=False),
    "zendesk": DeskSettings(requests_per_minute=0, exports_per_minute=0, user_exports_per_minute=0, surveys=False),
}


@contextmanager
def served(vendor: str, count: int, *, repeating: bool) -> Iterator[dict[str, str]]:
    """The variables that lead to a vendor with so many records."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, vendor, count, repeating), daemon=True)
    process.start()
    there.close()  # so that a child that dies is seen as the end of what it says
    try:
        if not here.poll(120):
            raise TimeoutError(f"the sandbox with {count} records of {vendor} did not start")
        yield here.recv()
    finally:
        process.terminate()
        process.join(10)


def _serve(pipe: Connection, vendor: str, count: int, repeating: bool) -> None:
    sandbox = Sandbox({vendor: seeds(vendor, count)}, NOW, settings=LIMITS_OFF)
    sandbox.start()
    env = sandbox.environment() | {"HUBSPOT_ACCESS_TOKEN": sandbox.access_token("hubspot"), "CONTROL": sandbox.control}
    if repeating:
        server = _repeating(sandbox.url)
        url = f"http://127.0.0.1:{server.server_port}"
        env = {name: value.replace(sandbox.url, url) if name != "CONTROL" else value for name, value in env.items()}
    pipe.send(env)
    pipe.recv()


def seeds(vendor: str, count: int) -> dict[str, list[dict[str, Any]]]:
    """Records of the size that the shipped mappings ask for, changed a second apart."""
    at = [(NOW - timedelta(days=40) + timedelta(seconds=n)).strftime("%Y-%m-%dT%H:%M:%SZ") for n in range(count)]
    return {"salesforce": _accounts, "hubspot": _companies, "zendesk": _tickets}[vendor](at)


def _accounts(at: list[str]) -> dict[str, list[dict[str, Any]]]:
    common = {"Type": "Customer", "Industry": "Technology", "ARR__c": 12345.0, "CurrencyIsoCode": "EUR"}
    return {
        "Account": [
            {
                **common,
                "Id": ids.new("001", n + 1),
                "Name": f"Company {n}",
                "Website": f"https://c{n}.example",
                "CreatedDate": when,
            }
            for n, when in enumerate(at)
        ]
    }


def _companies(at: list[str]) -> dict[str, list[dict[str, Any]]]:
    common = {"industry": "TECHNOLOGY", "arr": "12345", "account_status": "Customer"}
    return {
        "companies": [
            {
                "id": str(n + 1),
                "createdAt": when,
                "properties": {**common, "name": f"Company {n}", "domain": f"c{n}.example"},
            }
            for n, when in enumerate(at)
        ]
    }


def _tickets(at: list[str]) -> dict[str, list[dict[str, Any]]]:
    metrics = {"solved_at": at[0], "reply_time_in_minutes": {"calendar": 30, "business": 20}}
    return {
        "tickets": [
            {"id": n + 1, "subject": f"Question {n}", "organization_id": n % 500, "priority": "high", "status": "solved",
             "created_at": when, "metric_set": metrics}
            for n, when in enumerate(at)
        ],
        "organizations": [{"id": n + 1, "name": f"Company {n}", "created_at": when} for n, when in enumerate(at[:1_000])],
    }  # fmt: skip


def _repeating(upstream: str) -> ThreadingHTTPServer:
    """A server that asks upstream once for every different request."""
    answers: dict[tuple[str, str, bytes], tuple[int, bytes, bytes]] = {}
    session = requests.Session()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            key = self.command, self.path, body
            if key not in answers:
                passed = {name: self.headers[name] for name in ("Authorization", "Content-Type") if self.headers[name]}
                got = session.request(self.command, upstream + self.path, data=body, headers=passed, timeout=120)
                kind = got.headers.get("Content-Type", "application/json").encode()
                answers[key] = got.status_code, kind, got.content
            status, kind, content = answers[key]
            head = b"HTTP/1.1 %d OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n" % (status, kind, len(content))
            self.wfile.write(head + content)

        do_GET = do_POST = do_PUT = do_PATCH = _answer

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    return server
