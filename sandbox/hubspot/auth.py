"""Who may call: service keys that do not expire, OAuth tokens that do, and the scopes of either."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

from sandbox.hubspot.answers import Answer, Refused
from sandbox.hubspot.moments import EPOCH, stamp
from sandbox.hubspot.portal import Portal

_MISSING = (
    "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details "
    "at https://developers.hubspot.com/docs/methods/auth/oauth-overview"
)
_SCOPES = "https://developers.hubspot.com/scopes"


class Tokens:
    """The tokens of one account."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._until: dict[str, datetime] = {}
        self._expired_key = ""

    def expire_all(self) -> None:
        """End every token, and the service key until an admin rotates it (the setting `service_key`)."""
        self._until = dict.fromkeys(self._until, self._portal.store.now)
        self._expired_key = self._portal.settings.service_key

    def issue(self) -> str:
        """An access token as an OAuth app gets it."""
        token = secrets.token_urlsafe(48)
        self._until[token] = self._portal.store.now + timedelta(seconds=self._portal.settings.token_seconds)
        return token

    def check(self, authorization: str) -> None:
        """Refused with 401 unless the call carries a living token."""
        token = authorization.partition(" ")[2].strip()
        if not token:
            raise Refused(_MISSING, "INVALID_AUTHENTICATION", 401)
        if token == self._portal.settings.service_key and token != self._expired_key:
            return
        until = self._until.get(token, EPOCH)
        if until <= self._portal.store.now:
            raise self._expired(until)

    def _expired(self, until: datetime) -> Refused:
        """A token that HubSpot never gave out counts as expired since 1970."""
        ago = self._portal.store.now - until
        told = f"{ago.days} day(s)" if until == EPOCH else f"{int(ago.total_seconds())} second(s)"
        words = f"The OAuth token used to make this call expired {told} ago."
        return Refused(words, "EXPIRED_AUTHENTICATION", 401, context={"expire time": [stamp(until)]})

    def check_scopes(self, wanted: frozenset[str]) -> None:
        """Refused with 403 unless the key has one of these; an empty set asks for none."""
        held = self._portal.settings.scopes
        if not wanted or held is None or held & wanted:
            return
        needed = {"message": "One or more of the following scopes are required."}
        raise Refused(
            "This app hasn't been granted all required scopes to make this call. "
            f"Read more about required scopes here: {_SCOPES}.",
            "MISSING_SCOPES",
            403,
            errors=[{**needed, "context": {"requiredGranularScopes": sorted(wanted)}}],
            links={"scopes": _SCOPES},
        )


def token(portal: Portal, tokens: Tokens, body: bytes) -> Answer:
    """POST oauth/{version}/token: a form; every grant of a known app is granted."""
    form: Mapping[str, str] = dict(parse_qsl(body.decode("utf-8", "replace")))
    if form.get("grant_type") not in {"authorization_code", "refresh_token", "client_credentials"}:
        raise Refused("missing or unknown grant_type", "BAD_GRANT_TYPE")
    secret = portal.settings.clients.get(form.get("client_id", ""))
    if secret is None or not secrets.compare_digest(secret.encode(), form.get("client_secret", "").encode()):
        raise Refused("missing or invalid client id or client secret", "BAD_CLIENT")
    granted = {"access_token": tokens.issue(), "token_type": "bearer", "expires_in": portal.settings.token_seconds}
    return Answer(200, {**granted, "refresh_token": form.get("refresh_token") or secrets.token_hex(16)})
