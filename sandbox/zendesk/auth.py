"""Logging in: OAuth client credentials with scopes, the dying API tokens, and nobody at all."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import orjson

from sandbox.zendesk.answers import Answer, Refused, not_logged_in, scope_missing
from sandbox.zendesk.desk import Desk

SHORTEST, LONGEST = 300, 172_800
"""Seconds that a client may ask its token to live."""
API_TOKENS_END = datetime(2027, 4, 30, tzinfo=UTC)
EVERYTHING = frozenset({"read", "write"})
RESOURCES = ("tickets", "users", "organizations", "satisfaction_ratings", "ticket_fields", "organization_fields")
KNOWN_SCOPES = EVERYTHING | {"impersonate"} | {f"{each}:{verb}" for each in RESOURCES for verb in EVERYTHING}
WITHOUT_WRITE_SCOPE = frozenset({"organization_fields"})
"""What only the global write scope may change."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who calls, and what the token is good for."""

    scopes: frozenset[str]
    role: str

    def check_scope(self, resource: str, verb: str) -> None:
        """Refused unless the token reads or writes this resource."""
        fits = {verb} if verb == "write" and resource in WITHOUT_WRITE_SCOPE else {verb, f"{resource}:{verb}"}
        if not self.scopes & fits:
            raise scope_missing(verb)

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"


class Tokens:
    """The access tokens that were issued."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._issued: dict[str, tuple[datetime, frozenset[str]]] = {}

    def issue(self, scopes: frozenset[str] = EVERYTHING, lives: int | None = None) -> str:
        token = secrets.token_hex(32)
        lives = lives or self._desk.settings.token_seconds
        self._issued[token] = self._desk.store.now + timedelta(seconds=lives), scopes
        return token

    def expire_all(self) -> None:
        self._issued.clear()

    def identify(self, headers: Mapping[str, str]) -> Identity | None:
        """Who the Authorization header says; None without one, Refused when it is wrong."""
        scheme, _, credentials = headers.get("authorization", "").partition(" ")
        if not scheme:
            return None
        if scheme.lower() == "bearer":
            scopes = self._scopes(credentials.strip())
        elif scheme.lower() == "basic" and self._is_api_token(credentials.strip()):
            scopes = EVERYTHING
        else:
            raise not_logged_in()
        return Identity(scopes, self._desk.settings.role)

    def _scopes(self, token: str) -> frozenset[str]:
        until, scopes = self._issued.get(token, (self._desk.store.now, EVERYTHING))
        if until <= self._desk.store.now:
            raise Refused(401, {"error": "invalid_token", "error_description": "The access token provided is expired, "
                                "revoked, malformed or invalid for other reasons."})  # fmt: skip
        return scopes

    def _is_api_token(self, credentials: str) -> bool:
        """Basic is for {email}/token:{api_token} only: passwords ended in January 2026, tokens end in April 2027."""
        try:
            given = base64.b64decode(credentials, validate=True)
        except binascii.Error:
            return False
        settings = self._desk.settings
        expected = f"{settings.email}/token:{settings.api_token}".encode()
        return self._desk.store.now < API_TOKENS_END and secrets.compare_digest(given, expected)


def token(desk: Desk, tokens: Tokens, content_type: str, body: bytes) -> Answer:
    """POST /oauth/tokens, as JSON or as a form: 201 with a token, or an OAuth error object."""
    try:
        form = _form(content_type, body)
        if form.get("grant_type") != "client_credentials":
            raise _no(400, "unsupported_grant_type", "The authorization grant type is not supported")
        _check_client(desk, form)
        scope = str(form.get("scope") or "read write")
        lives = _lives(desk, form)
        issued = tokens.issue(_granted(desk, scope), lives)
    except Refused as refused:
        return refused.answer
    return Answer(201, {"access_token": issued, "token_type": "bearer", "scope": scope, "expires_in": lives})


def _form(content_type: str, body: bytes) -> Mapping[str, Any]:
    if "json" not in content_type:
        return dict(parse_qsl(body.decode("utf-8", "replace")))
    try:
        form = orjson.loads(body)
    except orjson.JSONDecodeError:
        form = None
    if not isinstance(form, dict):
        raise _no(400, "invalid_request", "The request is missing a required parameter or is otherwise malformed")
    return form


def _check_client(desk: Desk, form: Mapping[str, Any]) -> None:
    known = desk.settings.clients.get(str(form.get("client_id")))
    secret = str(form.get("client_secret", ""))
    if known is None or not secrets.compare_digest(known.encode(), secret.encode()):
        raise _no(401, "invalid_client", "Client authentication failed")


def _granted(desk: Desk, scope: str) -> frozenset[str]:
    """Known scopes that the client may not have are refused; unknown ones are granted and good for nothing."""
    wanted, allowed = frozenset(scope.split()), desk.settings.allowed_scopes
    if allowed and wanted & KNOWN_SCOPES - allowed:
        raise _no(400, "invalid_scope", "The requested scope is invalid, unknown, or malformed")
    return wanted


def _lives(desk: Desk, form: Mapping[str, Any]) -> int:
    lives = form.get("expires_in", desk.settings.token_seconds)
    if "expires_in" in form and not (str(lives).isdigit() and SHORTEST <= int(lives) <= LONGEST):
        raise _no(400, "invalid_request", f"expires_in must be between {SHORTEST} and {LONGEST}")
    return int(lives)


def _no(status: int, error: str, description: str) -> Refused:
    return Refused(status, {"error": error, "error_description": description})
