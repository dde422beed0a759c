"""How we prove to Zendesk who we are: an OAuth client of the account, or an API token while Zendesk takes those."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from connectors.base import ConfigError, SystemRefused
from connectors.http import Http, Reply, checked_url

TOKEN_PATH = "/oauth/tokens"  # noqa: S105  # an address
LONGEST_LIFE_SECONDS = 172_800
"""Two days; without asking, a token lives for half an hour."""
SUBDOMAIN = re.compile(r"[a-z][a-z0-9-]{2,62}")


@dataclass(frozen=True, slots=True)
class Credentials:
    """Where the account is, and how to get the Authorization header for it; its text form holds no secret."""

    base_url: str
    login: Callable[[Http], str] = field(repr=False)
    renewable: bool
    """Whether another token can be had when this one expires."""


def from_environment(system: str, env: Mapping[str, str]) -> Credentials:
    """The OAuth client if there is one, else the API token; ConfigError says what is missing, by variable name."""
    prefix = system.upper()
    base_url = _base_url(prefix, env)

    def given(name: str) -> str:
        return env.get(f"{prefix}_{name}", "").strip()

    client, secret, email, token = (given(n) for n in ("CLIENT_ID", "CLIENT_SECRET", "EMAIL", "API_TOKEN"))
    if client and secret:
        scope = given("SCOPE") or "read write"
        return Credentials(base_url, lambda http: _by_client(http, prefix, client, secret, scope), renewable=True)
    if email and token:
        header = "Basic " + b64encode(f"{email}/token:{token}".encode()).decode()
        return Credentials(base_url, lambda _: header, renewable=False)
    raise ConfigError(
        f"no complete credentials: set {prefix}_CLIENT_ID with {prefix}_CLIENT_SECRET, or {prefix}_EMAIL with "
        f"{prefix}_API_TOKEN (.env.example)"
    )


def _base_url(prefix: str, env: Mapping[str, str]) -> str:
    url, subdomain = (env.get(f"{prefix}_{name}", "").strip() for name in ("BASE_URL", "SUBDOMAIN"))
    if url:
        return checked_url(f"{prefix}_BASE_URL", url)
    if not subdomain:
        raise ConfigError(f"{prefix}_BASE_URL and {prefix}_SUBDOMAIN are not set; give one of them (.env.example)")
    if not SUBDOMAIN.fullmatch(subdomain):
        raise ConfigError(
            f"{prefix}_SUBDOMAIN is no subdomain; for https://acme.zendesk.com it is acme (or set {prefix}_BASE_URL)"
        )
    return f"https://{subdomain}.zendesk.com"


def _by_client(http: Http, prefix: str, client: str, secret: str, scope: str) -> str:
    """There is no refresh token in this grant: when the token expires, we ask for the next one."""
    grant = {
        "grant_type": "client_credentials",
        "client_id": client,
        "client_secret": secret,
        "scope": scope,
        "expires_in": LONGEST_LIFE_SECONDS,
    }
    reply = http.send("POST", http.base_url + TOKEN_PATH, readable=_is_token, json=grant)
    body = reply.body if isinstance(reply.body, dict) else {}
    if reply.status >= 300 or not isinstance(body.get("access_token"), str):
        said = ": ".join(str(body[k]) for k in ("error", "error_description", "description") if body.get(k))
        raise SystemRefused(
            f"Zendesk gives no token ({said or f'status {reply.status}'}); check {prefix}_CLIENT_ID, "
            f"{prefix}_CLIENT_SECRET and that the client is confidential and allows the scope {scope!r} "
            f"({prefix}_SCOPE)"
        )
    return f"Bearer {body['access_token']}"


def _is_token(reply: Reply) -> bool:
    return isinstance(reply.body, dict) and ("access_token" in reply.body or "error" in reply.body)
