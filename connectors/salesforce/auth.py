"""How we prove to Salesforce who we are: a token, client credentials, or a signed assertion (JWT).

All requests go to the My Domain host of the org; no way asks for a person's password.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import jwt

from connectors.base import ConfigError, SystemRefused
from connectors.http import Http, Reply, checked_url

TOKEN_PATH = "/services/oauth2/token"  # noqa: S105  # an address
SHARED_HOSTS = {"login.salesforce.com", "test.salesforce.com"}
"""They hand out tokens but hold nobody's data."""


class Token(NamedTuple):
    access_token: str
    organization: str
    """The org's 18-character id, or "" where the answer did not carry it."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Where the org is, and how to get a token for it; its text form holds no secret."""

    instance_url: str
    version: str
    login: Callable[[Http], Token] = field(repr=False)
    renewable: bool
    """Whether another token can be had when this one expires."""


def from_environment(system: str, env: Mapping[str, str]) -> Credentials:
    """The first complete way in the order of .env.example; ConfigError says what is missing, by variable name."""
    prefix = system.upper()
    url = env.get(f"{prefix}_INSTANCE_URL", "").strip()
    if not url:
        raise ConfigError(f"{prefix}_INSTANCE_URL is not set; give the My Domain address of the org (.env.example)")
    instance_url = checked_url(f"{prefix}_INSTANCE_URL", url)
    if urlsplit(instance_url).hostname in SHARED_HOSTS:
        raise ConfigError(f"{prefix}_INSTANCE_URL is the shared login host; give the org's own My Domain address")
    version = env.get(f"{prefix}_API_VERSION", "").strip().removeprefix("v") or "66.0"
    if not re.fullmatch(r"\d\d\.0", version):
        raise ConfigError(f"{prefix}_API_VERSION is {version}, which is no version; it should look like 66.0")
    login, renewable = _way_in(prefix, env)
    return Credentials(instance_url, version, login, renewable)


def _way_in(prefix: str, env: Mapping[str, str]) -> tuple[Callable[[Http], Token], bool]:
    def given(name: str) -> str:
        return env.get(f"{prefix}_{name}", "").strip()

    client, secret, user, key_file = (given(n) for n in ("CLIENT_ID", "CLIENT_SECRET", "USERNAME", "PRIVATE_KEY_FILE"))
    if client and secret:
        return lambda http: _by_client(http, prefix, client, secret), True
    if client and user and key_file:
        key = _private_key(f"{prefix}_PRIVATE_KEY_FILE", key_file)
        audience = given("LOGIN_URL") or "https://login.salesforce.com"
        return lambda http: _by_assertion(http, prefix, client, user, key, audience), True
    if given("ACCESS_TOKEN"):
        return lambda http: Token(given("ACCESS_TOKEN"), ""), False
    raise ConfigError(
        f"no complete credentials: set {prefix}_CLIENT_ID with {prefix}_CLIENT_SECRET, or {prefix}_CLIENT_ID with "
        f"{prefix}_USERNAME and {prefix}_PRIVATE_KEY_FILE, or {prefix}_ACCESS_TOKEN (.env.example)"
    )


def _private_key(variable: str, path: str) -> str:
    try:
        return Path(path).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{variable} names {path}, which cannot be read as a PEM key ({type(error).__name__})"
        ) from error


def _by_client(http: Http, prefix: str, client: str, secret: str) -> Token:
    reply = http.send(
        "POST",
        http.base_url + TOKEN_PATH,
        readable=_is_token,
        data={"grant_type": "client_credentials"},
        auth=(client, secret),
    )
    return _token(reply, f"{prefix}_CLIENT_ID and {prefix}_CLIENT_SECRET")


def _by_assertion(http: Http, prefix: str, client: str, user: str, key: str, audience: str) -> Token:
    """A JWT that is good for three minutes; Salesforce allows five."""
    claims = {
        "iss": client,
        "sub": user,
        "aud": audience,
        "exp": int((http.clock() + timedelta(minutes=3)).timestamp()),
    }
    try:
        assertion = jwt.encode(claims, key, algorithm="RS256")
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise ConfigError(f"{prefix}_PRIVATE_KEY_FILE holds no RSA private key in PEM form") from error
    grant = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}
    reply = http.send("POST", http.base_url + TOKEN_PATH, readable=_is_token, data=grant)
    return _token(reply, f"{prefix}_USERNAME, {prefix}_CLIENT_ID and {prefix}_PRIVATE_KEY_FILE")


def _is_token(reply: Reply) -> bool:
    return isinstance(reply.body, dict) and ("access_token" in reply.body or "error" in reply.body)


def _token(reply: Reply, variables: str) -> Token:
    body: dict[str, Any] = reply.body if isinstance(reply.body, dict) else {}
    if reply.status >= 300 or "access_token" not in body:
        words = (
            ": ".join(str(body[k]) for k in ("error", "error_description") if body.get(k)) or f"status {reply.status}"
        )
        raise SystemRefused(f"Salesforce gives no token ({words}); check {variables} and the app's policies")
    return Token(str(body["access_token"]), organization_of(str(body.get("id", ""))))


def organization_of(identity_url: str) -> str:
    """The org id in https://login.salesforce.com/id/00D…/005…; "" when the address has another shape."""
    parts = urlsplit(identity_url).path.strip("/").split("/")
    return eighteen(parts[1]) if len(parts) == 3 and parts[0] == "id" and parts[1].startswith("00D") else ""


def eighteen(id: str) -> str:
    """The 18-character form of an id: three characters at the end spell the upper-case positions of the 15 before."""
    if len(id) != 15:
        return id
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    chunks = (id[0:5], id[5:10], id[10:15])
    return id + "".join(alphabet[sum(c.isupper() << n for n, c in enumerate(chunk))] for chunk in chunks)
