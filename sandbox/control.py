"""The control endpoint: clock, faults, people's edits, settings and the count of calls. It is never a vendor call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.calls import Calls
from sandbox.faults import Fault
from sandbox.standin import Refusal, StandIn
from sandbox.store import Store


@dataclass(frozen=True, slots=True)
class Levers:
    """Everything that can be turned from outside."""

    store: Store
    vendors: Mapping[str, StandIn]
    calls: Calls
    rules: list[Fault]

    def vendor(self, name: str) -> StandIn:
        """The stand-in of that name; ValueError where there is none."""
        if name not in self.vendors:
            raise ValueError(f"the sandbox has no vendor {name}; it has {', '.join(self.vendors)}")
        return self.vendors[name]


Endpoint = Callable[[Levers, Request], Awaitable[Any]]


def routes(levers: Levers) -> list[Route]:
    record = "/_sandbox/records/{vendor}/{object}"
    return [
        _route(levers, "/_sandbox/clock", ["GET", "POST"], clock),
        _route(levers, "/_sandbox/faults", ["GET", "POST", "DELETE"], faults),
        _route(levers, "/_sandbox/calls", ["GET", "DELETE"], calls),
        _route(levers, "/_sandbox/settings/{vendor}", ["GET", "POST"], settings),
        _route(levers, record, ["POST"], save_record),
        _route(levers, record + "/{id}/delete", ["POST"], delete_record),
        _route(levers, record + "/{id}/merge", ["POST"], merge_record),
    ]


def _route(levers: Levers, path: str, methods: list[str], endpoint: Endpoint) -> Route:
    async def answer(request: Request) -> JSONResponse:
        try:
            return JSONResponse(await endpoint(levers, request))
        except (ValueError, KeyError, TypeError, Refusal) as error:
            return JSONResponse({"error": str(error)}, status_code=400)

    return Route(path, answer, methods=methods)


async def clock(levers: Levers, request: Request) -> dict[str, str]:
    """GET tells the sandbox clock, POST {"now": iso} sets it forward; a moment without a zone is UTC."""
    if request.method == "POST":
        at = datetime.fromisoformat((await request.json())["now"])
        levers.store.move(at if at.tzinfo else at.replace(tzinfo=UTC))
    return {"now": levers.store.now.isoformat()}


async def faults(levers: Levers, request: Request) -> list[dict[str, Any]]:
    """POST adds a rule (see Fault), DELETE forgets all of them, GET shows how often each acted."""
    if request.method == "POST":
        levers.rules.append(Fault.read(await request.json()))
    if request.method == "DELETE":
        levers.rules.clear()
    return [{"method": rule.method, "path": rule.path, "seen": rule.seen, "acted": rule.acted} for rule in levers.rules]


async def calls(levers: Levers, request: Request) -> dict[str, Any]:
    """The vendor calls since the start or the last DELETE, by shape."""
    if request.method == "DELETE":
        levers.calls.reset()
    return levers.calls.summary()


async def settings(levers: Levers, request: Request) -> dict[str, Any]:
    """POST changes some settings of a vendor, GET shows them; credentials (fields without repr) are neither."""
    held = levers.vendor(request.path_params["vendor"]).settings
    known = {field.name for field in fields(held) if field.repr}
    if request.method == "POST":
        for name, value in (await request.json()).items():
            if name not in known:
                raise ValueError(f"there is no setting {name}; there are {', '.join(sorted(known))}")
            setattr(held, name, frozenset(value) if isinstance(value, list) else value)
    shown = {name: getattr(held, name) for name in sorted(known)}
    return {name: sorted(value) if isinstance(value, frozenset) else value for name, value in shown.items()}


async def save_record(levers: Levers, request: Request) -> dict[str, str]:
    vendor, object = _meant(levers, request)
    return {"id": vendor.save(object, await request.json())}


async def delete_record(levers: Levers, request: Request) -> dict[str, str]:
    vendor, object = _meant(levers, request)
    vendor.delete(object, request.path_params["id"])
    return {"id": request.path_params["id"]}


async def merge_record(levers: Levers, request: Request) -> dict[str, str]:
    vendor, object = _meant(levers, request)
    into = (await request.json())["into"]
    vendor.merge(object, request.path_params["id"], into)
    return {"id": into}


def _meant(levers: Levers, request: Request) -> tuple[StandIn, str]:
    return levers.vendor(request.path_params["vendor"]), request.path_params["object"]


def person_edit(levers: Levers, edit: Mapping[str, Any]) -> None:
    """What a fault's person does: {"vendor", "object"} and "record": {...}, "delete": id, or "merge": id and "into"."""
    vendor, object = levers.vendor(edit["vendor"]), edit["object"]
    if "record" in edit:
        vendor.save(object, edit["record"])
    elif "delete" in edit:
        vendor.delete(object, edit["delete"])
    else:
        vendor.merge(object, edit["merge"], edit["into"])
