"""Logging in: client credentials and JWT bearer, access tokens that end, and who one is."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

import jwt
from jwt.types import Options

from sandbox.salesforce.answers import Answer, Refused
from sandbox.salesforce.org import INTEGRATION_USER, ORGANIZATION_ID, Org

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")
LONGEST_ASSERTION = 300
SHARED_HOSTS = ("login.", "test.")


_SIGNATURE_ONLY: Options = {"verify_aud": False, "verify_exp": False}


class OAuthRefused(Exception):
    """The token endpoint says no; its errors are an object, not an array."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error, self.description = error, description


class Tokens:
    """The access tokens of one org."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._until: dict[str, datetime] = {}

    def issue(self) -> str:
        """A new token that lives for the org's session time."""
        token = f"{ORGANIZATION_ID[:15]}!AQ.{secrets.token_hex(24)}"
        self._until[token] = self._org.store.now + timedelta(seconds=self._org.settings.token_seconds)
        return token

    def expire_all(self) -> None:
        self._until.clear()

    def check(self, headers: Mapping[str, str]) -> None:
        """Refused with 401 unless the call carries a living token."""
        token = headers.get("authorization", "").partition(" ")[2].strip()
        if self._until.get(token, self._org.store.now) <= self._org.store.now:
            raise Refused("INVALID_SESSION_ID", "Session expired or invalid", status=401)


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A POST to the token endpoint, and the moment by the real clock, which clients sign their assertions with."""

    headers: Mapping[str, str]
    body: bytes
    base_url: str
    at: datetime

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


def token(org: Org, tokens: Tokens, request: TokenRequest) -> Answer:
    """POST /services/oauth2/token."""
    form = request.form()
    try:
        grant = form.get("grant_type", "")
        if grant == "client_credentials":
            _client_credentials(org, request, form)
        elif grant == JWT_BEARER:
            _jwt_bearer(org, request, form.get("assertion", ""))
        else:
            raise OAuthRefused("unsupported_grant_type", "grant type not supported")
    except OAuthRefused as refused:
        return Answer(400, {"error": refused.error, "error_description": refused.description})
    return Answer(200, _granted(tokens.issue(), request))


def _granted(access_token: str, request: TokenRequest) -> dict[str, str]:
    return {
        "access_token": access_token,
        "signature": base64.b64encode(secrets.token_bytes(32)).decode(),
        "scope": "api",
        "instance_url": request.base_url,
        "id": f"https://login.salesforce.com/id/{ORGANIZATION_ID}/{INTEGRATION_USER}",
        "token_type": "Bearer",
        "issued_at": str(int(request.at.timestamp() * 1000)),
    }


def _client_credentials(org: Org, request: TokenRequest, form: Mapping[str, str]) -> None:
    if request.headers.get("host", "").startswith(SHARED_HOSTS):
        raise OAuthRefused("invalid_grant", "request not supported on this domain")
    client, secret = _basic(request.headers) or (form.get("client_id", ""), form.get("client_secret", ""))
    known = org.settings.clients.get(client)
    if known is None:
        raise OAuthRefused("invalid_client_id", "client identifier invalid")
    if not secrets.compare_digest(known.encode(), secret.encode()):
        raise OAuthRefused("invalid_client", "invalid client credentials")


def _basic(headers: Mapping[str, str]) -> tuple[str, str] | None:
    scheme, _, encoded = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise OAuthRefused("invalid_client", "invalid client credentials") from None
    return client, secret


def _jwt_bearer(org: Org, request: TokenRequest, assertion: str) -> None:
    try:
        claims = jwt.decode(assertion, options={"verify_signature": False})
        if org.settings.public_key:
            jwt.decode(assertion, org.settings.public_key, algorithms=["RS256"], options=_SIGNATURE_ONLY)
    except jwt.InvalidTokenError:
        raise OAuthRefused("invalid_grant", "invalid assertion") from None
    if claims.get("iss") not in org.settings.clients:
        raise OAuthRefused("invalid_client_id", "client identifier invalid")
    if claims.get("aud") not in AUDIENCES:
        raise OAuthRefused("invalid_grant", "audience is invalid")
    if claims.get("sub") != org.settings.username:
        raise OAuthRefused("invalid_grant", "user hasn't approved this consumer")
    _check_expiry(claims.get("exp"), request.at)


def _check_expiry(expires: object, at: datetime) -> None:
    """The expiry is a number of seconds, also as text, not past and at most five minutes ahead."""
    try:
        left = float(str(expires)) - at.timestamp()
    except ValueError:
        raise OAuthRefused("invalid_grant", "invalid assertion") from None
    if not 0 < left <= LONGEST_ASSERTION:
        raise OAuthRefused("invalid_grant", "expired authorization code" if left <= 0 else "invalid assertion")


def userinfo(org: Org, tokens: Tokens, headers: Mapping[str, str], base_url: str) -> Answer:
    """GET /services/oauth2/userinfo; a bad token is answered in plain text."""
    try:
        tokens.check(headers)
    except Refused:
        return Answer(403, b"Bad_OAuth_Token", {"Content-Type": "text/plain"})
    user = org.live(INTEGRATION_USER) or {}
    return Answer(
        200,
        {
            "sub": f"https://login.salesforce.com/id/{ORGANIZATION_ID}/{INTEGRATION_USER}",
            "user_id": INTEGRATION_USER,
            "organization_id": ORGANIZATION_ID,
            "preferred_username": user.get("Username"),
            "name": user.get("Name"),
            "email": user.get("Email"),
            "active": True,
            "urls": {"rest": f"{base_url}/services/data/v{{version}}/"},
        },
    )
