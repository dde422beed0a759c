"""The sandbox: stand-ins for the vendors behind one real HTTP server on loopback, with a clock and faults on demand."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property, partial
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox import control
from sandbox.calls import Calls, Recorded
from sandbox.faults import TRANSPORT, Fault, Faults
from sandbox.standin import Seeds, StandIn
from sandbox.store import Store
from sandbox.vendors import VENDORS

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


class Sandbox:
    """A server that lives in a thread; use it as a context manager, or let `run_forever` keep the foreground.

    `records` are seeds by vendor and object (each vendor's seed.py), `settings` a vendor's own, where they are not its
    defaults; `now` is what the clock begins with. A vendor without records answers too, as an empty account.
    """

    def __init__(
        self,
        records: Mapping[str, Seeds],
        now: datetime,
        *,
        port: int = 0,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        if unknown := ({name for name in records if records[name]} | set(settings or {})) - set(VENDORS):
            raise ValueError(f"the sandbox has no vendor {', '.join(sorted(unknown))}; it has {', '.join(VENDORS)}")
        self.store = Store()
        self.vendors = {
            name: build(self.store, (settings or {}).get(name), records.get(name, {}), now)
            for name, build in VENDORS.items()
        }
        self.store.move(now)
        self.calls = Calls()
        self._port = port
        self._server = uvicorn.Server(self._config())
        self._thread: threading.Thread | None = None

    @cached_property
    def _listener(self) -> socket.socket:
        """A socket that listens from the first time that somebody asks for the address; port 0 is any free one.

        It names TCP, because asyncio turns Nagle's delay of 40 ms an answer off only on sockets that do.
        """
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self._port))
        listener.listen(256)
        return listener

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def control(self) -> str:
        """Where the control endpoint lives."""
        return f"{self.url}/_sandbox"

    def environment(self) -> dict[str, str]:
        """The variables that lead the product to all vendors."""
        led = (vendor.environment(self.url) for vendor in self.vendors.values())
        return {name: value for variables in led for name, value in variables.items()}

    def access_token(self, vendor: str) -> str:
        """A token as a login would give it, for clients that are started with one."""
        return self.vendors[vendor].access_token()

    def start(self) -> None:
        """Answer from a thread until `stop`."""
        arguments = ([self._listener],)
        self._thread = threading.Thread(target=self._server.run, args=arguments, name="sandbox", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.should_exit = True
        if self._thread:
            self._thread.join(timeout=10)

    def run_forever(self) -> None:
        """Answer in the foreground until interrupted."""
        self._server.run([self._listener])

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _config(self) -> uvicorn.Config:
        """Control and vendors behind the faults, on a protocol that can break connections."""
        rules = list[Fault]()
        levers = control.Levers(self.store, self.vendors, self.calls, rules)
        vendors = Route("/{path:path}", self._respond, methods=METHODS)
        router = Router([*control.routes(levers), vendors])
        return uvicorn.Config(
            Faults(router, self.calls, self._shape, partial(control.person_edit, levers), rules),
            http=_Protocol,
            lifespan="off",
            log_level="critical",
            timeout_graceful_shutdown=1,
            timeout_keep_alive=75,
            h11_max_incomplete_event_size=1 << 20,
        )

    async def _respond(self, request: Request) -> Response:
        vendor = self._owner(request.scope["path"])
        return await vendor.respond(request) if vendor else PlainTextResponse("nobody lives here", 404)

    def _shape(self, method: str, path: str) -> Recorded:
        vendor = self._owner(path)
        return vendor.shape(method, path) if vendor else Recorded(method, path, writes=False)

    def _owner(self, path: str) -> StandIn | None:
        return next((each for each in self.vendors.values() if path.startswith(each.paths)), None)


class _Protocol(H11Protocol):
    """Hands the connection itself to the app, so that a fault can really close it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        app = self.app

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            scope.setdefault("extensions", {})[TRANSPORT] = transport
            await app(scope, receive, send)

        self.app = with_transport
