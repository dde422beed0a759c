"""The control endpoint: clock, faults, people's edits, settings and the count of calls. It is never a vendor call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.calls import Calls
from sandbox.faults import Fault
from sandbox.salesforce.answers import Refused
from sandbox.salesforce.objects import SObject
from sandbox.salesforce.org import Org, Settings
from sandbox.salesforce.schema import BY_LOWER_NAME
from sandbox.salesforce.seed import by_person
from sandbox.salesforce.values import read_moment
from sandbox.salesforce.writes import delete, merge
from sandbox.store import Store


@dataclass(frozen=True, slots=True)
class Levers:
    """Everything that can be turned from outside."""

    store: Store
    org: Org
    calls: Calls
    rules: list[Fault]


Endpoint = Callable[[Levers, Request], Awaitable[Any]]


def routes(levers: Levers) -> list[Route]:
    record = "/_sandbox/records/salesforce/{object}"
    return [
        _route(levers, "/_sandbox/clock", ["GET", "POST"], clock),
        _route(levers, "/_sandbox/faults", ["GET", "POST", "DELETE"], faults),
        _route(levers, "/_sandbox/calls", ["GET", "DELETE"], calls),
        _route(levers, "/_sandbox/settings", ["GET", "POST"], settings),
        _route(levers, record, ["POST"], save_record),
        _route(levers, record + "/{id}/delete", ["POST"], delete_record),
        _route(levers, record + "/{id}/merge", ["POST"], merge_record),
    ]


def _route(levers: Levers, path: str, methods: list[str], endpoint: Endpoint) -> Route:
    async def answer(request: Request) -> JSONResponse:
        try:
            return JSONResponse(await endpoint(levers, request))
        except (ValueError, KeyError, TypeError, Refused) as error:
            return JSONResponse({"error": str(error)}, status_code=400)

    return Route(path, answer, methods=methods)


async def clock(levers: Levers, request: Request) -> dict[str, str]:
    """GET tells the sandbox clock, POST {"now": iso} sets it forward."""
    if request.method == "POST":
        levers.store.move(read_moment((await request.json())["now"]))
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
    """POST changes some settings of the org: daily_limit, hidden, read_only, page_seed, token_seconds..."""
    known = {field.name for field in fields(Settings)} - {"clients", "public_key"}
    if request.method == "POST":
        for name, value in (await request.json()).items():
            if name not in known:
                raise ValueError(f"there is no setting {name}; there are {', '.join(sorted(known))}")
            setattr(levers.org.settings, name, frozenset(value) if isinstance(value, list) else value)
    shown = {name: getattr(levers.org.settings, name) for name in sorted(known)}
    return {name: sorted(value) if isinstance(value, frozenset) else value for name, value in shown.items()}


def _object(name: str) -> SObject:
    """People see every field, also those that our user may not."""
    if name.lower() not in BY_LOWER_NAME:
        raise ValueError(f"the Salesforce stand-in has no object {name}")
    return BY_LOWER_NAME[name.lower()]


async def save_record(levers: Levers, request: Request) -> dict[str, str]:
    return {"id": by_person(levers.org, _object(request.path_params["object"]), await request.json())}


async def delete_record(levers: Levers, request: Request) -> dict[str, str]:
    delete(levers.org, _object(request.path_params["object"]), request.path_params["id"], thorough=True)
    return {"id": request.path_params["id"]}


async def merge_record(levers: Levers, request: Request) -> dict[str, str]:
    into = (await request.json())["into"]
    merge(levers.org, _object(request.path_params["object"]), request.path_params["id"], into)
    return {"id": into}


def person_edit(org: Org, edit: Mapping[str, Any]) -> None:
    """What a fault's person does: {"object", "record"}, {"object", "delete": id} or {"object", "merge": id, "into"}."""
    sobject = _object(edit["object"])
    if "record" in edit:
        by_person(org, sobject, edit["record"])
    elif "delete" in edit:
        delete(org, sobject, edit["delete"], thorough=True)
    else:
        merge(org, sobject, edit["merge"], edit["into"])
