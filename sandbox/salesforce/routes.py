"""The Salesforce stand-in's front door: which path and method lead where, and what every answer carries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response

from sandbox.calls import Recorded
from sandbox.faults import Fault
from sandbox.salesforce.answers import HTML, JSON, Answer, Refused, answer, not_found
from sandbox.salesforce.auth import TokenRequest, Tokens, token, userinfo
from sandbox.salesforce.calls import Call, Handler
from sandbox.salesforce.collections import create_many, delete_many, update_many, upsert_many
from sandbox.salesforce.composite import batch, composite, tree
from sandbox.salesforce.describe import NEWEST, OLDEST, describe, describe_basic, describe_global, resources, versions
from sandbox.salesforce.org import Org
from sandbox.salesforce.queries import query, query_more
from sandbox.salesforce.reads import deleted, limits, read_by_key, read_many, read_one, updated
from sandbox.salesforce.single import create_one, delete_one, update_one, upsert_one

LONGEST_URI = 16_384
_PLACE = re.compile(r"\{(\w+)\}")
_DATA = re.compile(r"/services/data/v(\d+\.\d)(?:/(.*))?", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path below the version; {names} become the handler's arguments."""

    method: str
    template: str
    handler: Handler
    writes: bool
    pattern: re.Pattern[str]


def _route(method: str, template: str, handler: Handler, *, writes: bool = False) -> Route:
    last = "{value}" if template.endswith("{value}") else ""
    pattern = _PLACE.sub(r"(?P<\1>[^/]+)", template.removesuffix(last)) + ("(?P<value>.+?)" if last else "")
    return Route(method, template, handler, writes, re.compile(f"{pattern}/?", re.IGNORECASE | re.DOTALL))


def _routes() -> list[Route]:
    return [
        _route("GET", "", resources),
        _route("GET", "sobjects", describe_global),
        _route("GET", "query", query),
        _route("GET", "queryAll", query),
        _route("GET", "query/{locator}", query_more),
        _route("GET", "queryAll/{locator}", query_more),
        _route("GET", "limits", limits),
        _route("POST", "composite", partial(composite, dispatch)),
        _route("POST", "composite/batch", partial(batch, dispatch)),
        _route("POST", "composite/tree/{object}", tree, writes=True),
        _route("POST", "composite/sobjects", create_many, writes=True),
        _route("PATCH", "composite/sobjects", update_many, writes=True),
        _route("DELETE", "composite/sobjects", delete_many, writes=True),
        _route("GET", "composite/sobjects/{object}", read_many),
        _route("POST", "composite/sobjects/{object}", read_many),
        _route("PATCH", "composite/sobjects/{object}/{field}", upsert_many, writes=True),
        _route("GET", "sobjects/{object}", describe_basic),
        _route("POST", "sobjects/{object}", create_one, writes=True),
        _route("GET", "sobjects/{object}/describe", describe),
        _route("GET", "sobjects/{object}/deleted", deleted),
        _route("GET", "sobjects/{object}/updated", updated),
        _route("GET", "sobjects/{object}/{id}", read_one),
        _route("PATCH", "sobjects/{object}/{id}", update_one, writes=True),
        _route("DELETE", "sobjects/{object}/{id}", delete_one, writes=True),
        _route("GET", "sobjects/{object}/{field}/{value}", read_by_key),
        _route("PATCH", "sobjects/{object}/{field}/{value}", upsert_one, writes=True),
    ]


def dispatch(call: Call) -> Answer:
    """Answer one call below the version; every refusal becomes its error answer."""
    try:
        found = _find(call.method, call.path)
        if isinstance(found, Refused):
            return answer(found)
        route, arguments = found
        if route.writes:
            call.wrote.append(route.template)
        return route.handler(call, **{name: unquote(value) for name, value in arguments.items()})
    except Refused as refused:
        return answer(refused)


def _find(method: str, path: str) -> tuple[Route, Mapping[str, str]] | Refused:
    matches = [(route, match) for route in ROUTES if (match := route.pattern.fullmatch(path))]
    for route, match in matches:
        if route.method == ("GET" if method == "HEAD" else method):
            return route, match.groupdict()
    if not matches:
        return not_found()
    allowed = ", ".join(sorted({route.method for route, _ in matches}))
    return Refused("METHOD_NOT_ALLOWED", f"HTTP Method '{method}' not allowed. Allowed are {allowed}", status=405)


def shape(method: str, path: str) -> Recorded:
    """How a call is counted: its path without ids and versions, and whether it writes."""
    match = _DATA.fullmatch(path)
    if match is None:
        return Recorded(method, path, writes=False)
    found = _find(method, match[2] or "")
    if isinstance(found, Refused):
        return Recorded(method, "/services/data/{version}/?", writes=False)
    return Recorded(method, f"/services/data/{{version}}/{found[0].template}", found[0].writes)


ROUTES = _routes()


class Salesforce:
    """One org behind HTTP."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self.tokens = Tokens(org)

    async def respond(self, request: Request) -> Response:
        """Answer a request to /services/..."""
        too_long = _too_long(request)
        if too_long:
            return _response(too_long)
        body = await request.body()
        fault: Fault | None = request.scope.get("sandbox.fault")
        if fault and fault.expire_tokens:
            self.tokens.expire_all()
        return _response(self._answer(request, body, fault))

    def _answer(self, request: Request, body: bytes, fault: Fault | None) -> Answer:
        path = request.scope["path"].rstrip("/").lower()
        headers = {name.lower(): value for name, value in request.headers.items()}
        base_url = str(request.base_url).rstrip("/")
        if path == "/services/oauth2/token":
            return token(self.org, self.tokens, TokenRequest(headers, body, base_url, datetime.now(UTC)))
        if path == "/services/oauth2/userinfo":
            return userinfo(self.org, self.tokens, headers, base_url)
        if path == "/services/data":
            return Answer(200, versions())
        return self._data(request, body, headers, fault)

    def _data(self, request: Request, body: bytes, headers: Mapping[str, str], fault: Fault | None) -> Answer:
        raw_path = request.scope["raw_path"].decode("latin-1").partition("?")[0]
        match = _DATA.fullmatch(raw_path)
        if match is None:
            return answer(not_found())
        if float(match[1]) < OLDEST:
            return answer(Refused("UNSUPPORTED_API_VERSION", f"API version {match[1]} is retired", status=410))
        if float(match[1]) > NEWEST:
            return answer(not_found())
        try:
            self.tokens.check(headers)
        except Refused as refused:
            return answer(refused)
        try:
            self.org.count_call()
        except Refused as refused:
            return self._with_limits(answer(refused))
        trouble = partial(_trouble, fault)
        query_ = dict(request.query_params)
        call = Call(self.org, request.method, match[2] or "", match[1], query_, body, headers, trouble)
        answered = self._with_limits(dispatch(call))
        request.scope["sandbox.recorded"].writes |= bool(call.wrote)
        return answered

    def _with_limits(self, answer_: Answer) -> Answer:
        used = f"api-usage={self.org.calls_used}/{self.org.settings.daily_limit}"
        return Answer(answer_.status, answer_.body, {"Sforce-Limit-Info": used, **answer_.headers})


def _trouble(fault: Fault | None, place: int, id: str) -> Refused | None:
    """The error that a fault wants for one record of a collection; a lock on its row unless it says otherwise."""
    if fault is None or not fault.spoils(place, id):
        return None
    message = fault.records.get("message", f"unable to obtain exclusive access to this record or 1 records: {id}")
    return Refused(fault.records.get("code", "UNABLE_TO_LOCK_ROW"), message, fault.records.get("fields", []))


def _too_long(request: Request) -> Answer | None:
    """URIs above 16 KB are 414, together with the headers 431; both answer in HTML."""
    uri = len(request.scope["raw_path"]) + len(request.scope["query_string"]) + 1
    headers = sum(len(name) + len(value) + 4 for name, value in request.scope["headers"])
    if uri > LONGEST_URI:
        return Answer(414, b"<html><head><title>414 URI Too Long</title></head><body>URI Too Long</body></html>", HTML)
    if uri + headers > LONGEST_URI:
        title = b"431 Request Header Fields Too Large"
        return Answer(431, b"<html><head><title>%b</title></head><body>%b</body></html>" % (title, title), HTML)
    return None


def _response(answer_: Answer) -> Response:
    content = answer_.content()
    headers = dict(answer_.headers)
    if answer_.body is not None and "Content-Type" not in headers:
        headers |= JSON
    return Response(content, answer_.status, headers)
