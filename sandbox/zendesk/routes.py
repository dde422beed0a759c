"""The Zendesk stand-in's front door: which path and method lead where, and what every answer carries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from urllib.parse import unquote
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response

from sandbox.calls import Recorded
from sandbox.faults import Fault
from sandbox.zendesk import account, exports, organization_fields, organizations, records, satisfaction, tickets
from sandbox.zendesk.answers import Answer, Refused, no_such_endpoint, not_logged_in, plain
from sandbox.zendesk.auth import Tokens, token
from sandbox.zendesk.calls import Call, Handler
from sandbox.zendesk.desk import Desk
from sandbox.zendesk.jobs import Jobs
from sandbox.zendesk.limits import Limits

LOGIN = "/oauth/tokens"
_PLACE = re.compile(r"\{(\w+)\}")
_API = re.compile(r"/api/v2/(.*?)(?:\.json)?/?", re.IGNORECASE | re.DOTALL)
_FREE = frozenset({"account", "job_statuses"})
"""Resources that any token may see."""


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path below /api/v2; {names} become the handler's arguments."""

    method: str
    template: str
    handler: Handler
    pattern: re.Pattern[str]

    @property
    def writes(self) -> bool:
        return self.method != "GET"


def _route(method: str, template: str, handler: Handler) -> Route:
    pattern = _PLACE.sub(r"(?P<\1>[^/]+)", template)
    return Route(method, template, handler, re.compile(pattern))


ROUTES = [
    _route("GET", "incremental/organizations", exports.by_time),
    _route("GET", "incremental/{resource}/cursor", exports.by_cursor),
    _route("GET", "account/settings", account.settings),
    _route("GET", "users/me", account.me),
    _route("GET", "job_statuses/show_many", account.jobs),
    _route("GET", "job_statuses/{id}", account.job),
    _route("GET", "satisfaction_ratings", satisfaction.ratings),
    _route("GET", "satisfaction_ratings/{id}", satisfaction.one_rating),
    _route("GET", "guide/survey_responses", satisfaction.responses),
    _route("GET", "guide/{locale}/survey_responses/{id}", satisfaction.one_response),
    _route("GET", "deleted_tickets", tickets.deleted),
    _route("GET", "ticket_metrics", tickets.metrics),
    _route("GET", "tickets/{id}/metrics", tickets.metrics_of_one),
    _route("GET", "tickets/{id}/comments", tickets.comments),
    _route("POST", "tickets", tickets.create),
    _route("PUT", "tickets/{id}", tickets.update),
    _route("DELETE", "tickets/{id}", tickets.delete),
    _route("POST", "organization_fields", organization_fields.create_field),
    _route("GET", "organizations/search", organizations.search),
    _route("POST", "organizations", organizations.create),
    _route("POST", "organizations/create_or_update", organizations.create_or_update),
    _route("POST", "organizations/create_many", organizations.create_many),
    _route("PUT", "organizations/update_many", organizations.update_many),
    _route("PUT", "organizations/{id}", organizations.update),
    _route("DELETE", "organizations/{id}", organizations.delete),
    _route("GET", "{resource}/show_many", records.many),
    _route("GET", "{resource}/count", records.count),
    _route("GET", "{resource}", records.every),
    _route("GET", "{resource}/{id}", records.one),
    _route("GET", "{parent}/{id}/{resource}", records.of_parent),
]


def _find(method: str, path: str) -> tuple[Route, Mapping[str, str]] | None:
    for route in ROUTES:
        if route.method == ("GET" if method == "HEAD" else method) and (match := route.pattern.fullmatch(path)):
            return route, match.groupdict()
    return None


def shape(method: str, path: str) -> Recorded:
    """How a call is counted: its path without ids, and whether it writes."""
    inside = _API.fullmatch(path.partition("?")[0])
    if inside is None:
        return Recorded(method, path, writes=False)
    found = _find(method, inside[1])
    if found is None:
        return Recorded(method, "/api/v2/?", writes=False)
    route, given = found
    template = route.template
    for name in ("resource", "parent"):
        template = template.replace(f"{{{name}}}", given.get(name, ""))
    return Recorded(method, f"/api/v2/{template}", route.writes)


class Zendesk:
    """One account behind HTTP."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.tokens = Tokens(desk)
        self._limits = Limits(desk)
        self._jobs = Jobs(desk, self._limits)

    async def respond(self, request: Request) -> Response:
        """Answer a request to /api/v2/... or /oauth/tokens."""
        fault: Fault | None = request.scope.get("sandbox.fault")
        if fault and fault.expire_tokens:
            self.tokens.expire_all()
        body = await request.body()
        try:
            self._limits.at_the_edge()
            answered = self._answer(request, body, fault)
        except Refused as refused:
            answered = refused.answer
        headers = {"Content-Type": answered.content_type, "X-Zendesk-Request-Id": uuid4().hex, **answered.headers}
        return Response(answered.content(), answered.status, headers)

    def _answer(self, request: Request, body: bytes, fault: Fault | None) -> Answer:
        path = request.scope["path"]
        if path.rstrip("/") == LOGIN:
            return self._token(request, body)
        inside = _API.fullmatch(request.scope["raw_path"].decode("latin-1").partition("?")[0])
        if inside is None:
            raise no_such_endpoint()
        who = self.tokens.identify(request.headers)
        if who is None and inside[1] == "users/me":
            return account.nobody()
        if who is None:
            raise not_logged_in()
        query = dict(request.query_params)
        host = str(request.base_url).rstrip("/")
        trouble = partial(_trouble, fault)
        call = Call(self.desk, self._limits, self._jobs, who, request.method, inside[1], query, body, host, trouble)
        return self._limited(call)

    def _token(self, request: Request, body: bytes) -> Answer:
        if request.method != "POST":
            raise no_such_endpoint()
        return token(self.desk, self.tokens, request.headers.get("content-type", ""), body)

    def _limited(self, call: Call) -> Answer:
        """The call's answer, or its refusal, with what is left of the allowances."""
        headers = self._limits.of_account()
        try:
            if call.path.startswith("incremental/"):
                headers |= self._limits.of_exports(call.path)
            answered = dispatch(call)
        except Refused as refused:
            answered = refused.answer
        return Answer(answered.status, answered.body, {**headers, **answered.headers})


def dispatch(call: Call) -> Answer:
    """Answer one call below /api/v2."""
    found = _find(call.method, call.path)
    if found is None:
        raise no_such_endpoint()
    route, arguments = found
    resource = call.path.removeprefix("incremental/").partition("/")[0]
    if resource not in _FREE:
        call.who.check_scope(resource, "write" if route.writes else "read")
    return route.handler(call, **{name: unquote(value) for name, value in arguments.items()})


def _trouble(fault: Fault | None, place: int, id: str) -> Refused | None:
    """The error that a fault wants for one record of a job; a conflict unless it says otherwise."""
    if fault is None or not fault.spoils(place, id):
        return None
    message = fault.records.get("message", "The record was changed by another job; try again")
    return plain(409, fault.records.get("code", "DatabaseConflict"), message)
