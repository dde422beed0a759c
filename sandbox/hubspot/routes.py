"""The HubSpot stand-in's front door: both families of paths lead to the same handlers.

/crm/v3/objects/companies and /crm/objects/2026-03/companies are the same place; a slash at the end does not matter.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, unquote

from starlette.requests import Request
from starlette.responses import Response

from sandbox.calls import Recorded
from sandbox.faults import Fault
from sandbox.hubspot import account, association_calls, batches, owners, property_calls, reads, search, single
from sandbox.hubspot.answers import JSON, Answer, Refused, correlation_id
from sandbox.hubspot.auth import Tokens, token
from sandbox.hubspot.calls import Call, Handler
from sandbox.hubspot.limits import Limits
from sandbox.hubspot.objects import crm_type
from sandbox.hubspot.portal import Portal

LONGEST_URI = 16_384
PATHS = ("/crm/", "/crm-object-schemas/", "/account-info/", "/oauth/v", "/oauth/2")
_VERSION = r"v[1-4]|2026-03|2026-09"
_PLAIN = re.compile(rf"/(crm|crm-object-schemas|account-info|oauth)/({_VERSION})/(.+)")
_DATED = re.compile(rf"/crm/(\w+)/({_VERSION})(?:/(.+))?")
_PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path without its version; {names} become the handler's arguments."""

    method: str
    template: str
    handler: Handler
    writes: bool
    pattern: re.Pattern[str]


def _route(method: str, template: str, handler: Handler, *, writes: bool | None = None) -> Route:
    pattern = re.compile(_PLACE.sub(r"(?P<\1>[^/]+)", template), re.IGNORECASE)
    return Route(method, template, handler, method != "GET" if writes is None else writes, pattern)


def _object_routes() -> list[Route]:
    one, to = "objects/{type}/{id}", "objects/{type}/{id}/associations"
    return [
        _route("GET", "objects/{type}", reads.list_records),
        _route("POST", "objects/{type}", single.create_record),
        _route("POST", "objects/{type}/search", search.search, writes=False),
        _route("POST", "objects/{type}/merge", single.merge_records),
        _route("POST", "objects/{type}/batch/read", batches.read_many, writes=False),
        _route("POST", "objects/{type}/batch/create", batches.create_many),
        _route("POST", "objects/{type}/batch/update", batches.update_many),
        _route("POST", "objects/{type}/batch/upsert", batches.upsert_many),
        _route("POST", "objects/{type}/batch/archive", batches.archive_many),
        _route("GET", one, reads.read_record),
        _route("PATCH", one, single.update_record),
        _route("DELETE", one, single.archive_record),
        _route("GET", f"{to}/{{to_type}}", association_calls.list_associations),
        _route("PUT", f"{to}/default/{{to_type}}/{{to_id}}", association_calls.put_default),
        _route("PUT", f"{to}/{{to_type}}/{{to_id}}", association_calls.put_labelled),
        _route("DELETE", f"{to}/{{to_type}}/{{to_id}}", association_calls.delete_association),
    ]


def _association_routes() -> list[Route]:
    pair = "associations/{type}/{to_type}"
    return [
        _route("POST", f"{pair}/batch/read", association_calls.read_many, writes=False),
        _route("POST", f"{pair}/batch/create", association_calls.create_many),
        _route("POST", f"{pair}/batch/associate/default", association_calls.create_default_many),
        _route("POST", f"{pair}/batch/archive", association_calls.archive_many),
        _route("POST", f"{pair}/batch/labels/archive", association_calls.archive_labels),
        _route("GET", f"{pair}/labels", association_calls.list_labels),
        _route("POST", f"{pair}/labels", association_calls.create_label),
    ]


def _definition_routes() -> list[Route]:
    one, group, pipeline = "properties/{type}/{name}", "properties/{type}/groups/{name}", "pipelines/{type}/{id}"
    return [
        _route("GET", "properties/{type}", property_calls.list_properties),
        _route("POST", "properties/{type}", property_calls.create_property),
        _route("GET", "properties/{type}/groups", property_calls.list_groups),
        _route("POST", "properties/{type}/groups", property_calls.create_group),
        _route("GET", group, property_calls.read_group),
        _route("PATCH", group, property_calls.update_group),
        _route("DELETE", group, property_calls.archive_group),
        _route("POST", "properties/{type}/batch/read", property_calls.read_many, writes=False),
        _route("POST", "properties/{type}/batch/create", property_calls.create_many),
        _route("POST", "properties/{type}/batch/archive", property_calls.archive_many),
        _route("GET", one, property_calls.read_property),
        _route("PATCH", one, property_calls.update_property),
        _route("DELETE", one, property_calls.archive_property),
        _route("GET", "pipelines/{type}", account.list_pipelines),
        _route("GET", pipeline, account.read_pipeline),
        _route("GET", f"{pipeline}/stages", account.list_stages),
        _route("GET", f"{pipeline}/stages/{{stage}}", account.read_stage),
        _route("GET", "owners", owners.list_owners),
        _route("GET", "owners/{id}", owners.read_owner),
        _route("GET", "schemas", account.list_schemas),
        _route("GET", "schemas/{type}", account.read_schema),
        _route("GET", "details", account.details),
    ]


ROUTES = [*_object_routes(), *_association_routes(), *_definition_routes()]


@lru_cache(maxsize=4096)
def _place(path: str) -> tuple[str, str] | None:
    """Version and path without it; None where HubSpot has nothing."""
    path = path.rstrip("/")
    if match := _PLAIN.fullmatch(path):
        return match[2], match[3]
    if match := _DATED.fullmatch(path):
        return match[2], f"{match[1]}/{match[3]}" if match[3] else match[1]
    return None


@lru_cache(maxsize=4096)
def _find(method: str, path: str) -> tuple[Route, Mapping[str, str]] | int:
    """The route and its arguments, or the status where there is none."""
    matches = [(route, match) for route in ROUTES if (match := route.pattern.fullmatch(path))]
    for route, match in matches:
        if route.method == method:
            return route, {name: unquote(value) for name, value in match.groupdict().items()}
    return 405 if matches else 404


def shape(method: str, path: str) -> Recorded:
    """How a call is counted: its path without version and ids, and whether it writes."""
    place = _place(path)
    found = _find(method, place[1]) if place else 404
    if isinstance(found, int):
        return Recorded(method, path, writes=False)
    return Recorded(method, f"/crm/{found[0].template}", found[0].writes)


class HubSpot:
    """One account behind HTTP."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.tokens = Tokens(portal)
        self.limits = Limits(portal)

    async def respond(self, request: Request) -> Response:
        """Answer a request to one of PATHS."""
        body = await request.body()
        fault: Fault | None = request.scope.get("sandbox.fault")
        if fault and fault.expire_tokens:
            self.tokens.expire_all()
        path = request.scope["raw_path"].decode("latin-1").partition("?")[0]
        place = _place(path)
        try:
            answered = self._answer(request, path, place, body, fault)
        except Refused as refused:
            answered = Answer(refused.status, refused.body(self.portal.millis))
        told = {"X-HubSpot-Correlation-Id": correlation_id(self.portal.millis)}
        told |= {"Content-Type": JSON} if answered.body is not None else {}
        told |= self._limits_told(place, answered.status)
        return Response(answered.content(), answered.status, told)

    def _limits_told(self, place: tuple[str, str] | None, status: int) -> dict[str, str]:
        """Searches say only that the ten-secondly limit is not theirs."""
        if place is None or place[1] == "token" or status == 401:
            return {}
        if place[1].endswith("/search"):
            return {"X-HubSpot-Rate-Limit-Exemptions": "ten-secondly"}
        return self.limits.headers()

    def _answer(
        self, request: Request, path: str, place: tuple[str, str] | None, body: bytes, fault: Fault | None
    ) -> Answer:
        query = request.scope["query_string"]
        if len(path) + len(query) > LONGEST_URI:
            raise Refused("URI Too Long", None, 414)
        if place is None:
            raise Refused("resource not found", None, 404)
        if path.startswith("/oauth/") and place[1] == "token":
            return token(self.portal, self.tokens, body)
        self.tokens.check(request.headers.get("authorization", ""))
        found = _find(request.method, place[1])
        if isinstance(found, int):
            raise Refused("resource not found" if found == 404 else "Method not allowed", None, found)
        route, arguments = found
        self.limits.count(search=route.handler is search.search, at=time.monotonic())
        self.tokens.check_scopes(needed(route, arguments))
        base_url = f"{request.url.scheme}://{request.headers.get('host', '')}"
        parameters = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
        call = Call(self.portal, request.method, path, place[0], parameters, body, base_url, fault)
        return route.handler(call, **arguments)


def needed(route: Route, arguments: Mapping[str, str]) -> frozenset[str]:
    """The scopes of which a call needs one; empty where every key may call."""
    if route.template.startswith("owners"):
        return frozenset({"crm.objects.owners.read", "automation"})
    if "type" not in arguments or route.template.startswith(("schemas", "associations")):
        return frozenset()
    of = crm_type(arguments["type"])
    if route.template.startswith("objects"):
        return frozenset({of.scope(route.writes)})
    schemas = {of.scopes.replace("objects", "schemas") + (".write" if route.writes else ".read")}
    objects = set() if route.writes else {of.scope(write=False), of.scope(write=True)}
    return frozenset({"tickets"} if of.scopes == "tickets" else schemas | objects)
