"""hubspot-api-client with our own transport: one connection, our timeouts and patience, the chosen version of the API.

The client spells addresses, parameters and headers. Left to itself it has no timeout, opens a connection for every use,
retries some methods and not others, answers None to a success that it did not expect, hides what it cannot parse, and
turns a page of 100 records into models three times slower than the page takes to arrive. So its requests end in
`Http.send`, and what comes back is the vendor's answer as it is (`_preload_content=False`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from hubspot import HubSpot as Client
from hubspot.discovery.discovery_base import DiscoveryBase

from connectors.base import ConfigError
from connectors.http import ALWAYS, Http, Reply, checked_url

OLD = "v3"
"""The version that the client speaks by itself; its associations say v4."""
RULES = (
    (re.compile(r"^/crm/v[34]/(objects|associations|properties|pipelines|owners)\b"), r"/crm/\1/{version}"),
    (re.compile(r"^/account-info/v3\b"), r"/account-info/{version}"),
)
"""Paths of the client -> paths of a version by date."""
RESENDS = ((re.compile(r"/batch/update$"), 1), (re.compile(r"/batch/(create|upsert)$"), 0))
"""How often a write may go out again after an unreadable answer; everything else does no harm twice."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Where HubSpot is, which version of its API we speak, and the token; its text form holds no secret."""

    base_url: str
    version: str
    token: str = field(repr=False)


def from_environment(system: str, env: Mapping[str, str]) -> Credentials:
    """ConfigError says what is missing or malformed, by variable name."""
    prefix = system.upper()
    token = env.get(f"{prefix}_ACCESS_TOKEN", "").strip()
    if not token:
        raise ConfigError(
            f"{prefix}_ACCESS_TOKEN is not set; give a service key or a private app's token (.env.example)"
        )
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        raise ConfigError(f"{prefix}_ACCESS_TOKEN holds characters that no token has; copy it again")
    version = env.get(f"{prefix}_API_VERSION", "").strip() or "2026-03"
    if not re.fullmatch(r"v[34]|\d{4}-(03|09)", version):
        raise ConfigError(f"{prefix}_API_VERSION is {version}, which is no version; it should look like 2026-03 or v3")
    url = env.get(f"{prefix}_BASE_URL", "").strip() or "https://api.hubapi.com"
    return Credentials(checked_url(f"{prefix}_BASE_URL", url), version.replace("v4", OLD), token)


def tamed(http: Http, credentials: Credentials) -> Client:
    """A client whose every request goes through `http`; its sub-clients are made once and share the connection."""
    made: dict[tuple[str, str], Any] = {}

    def request(
        method: str,
        url: str,
        query_params: Sequence[tuple[str, Any]] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        **_: Any,
    ) -> Reply:
        path = versioned(url.removeprefix(credentials.base_url), credentials.version)
        params = [(name, _spelled(value)) for name, value in query_params or ()]
        content = None if body is None else orjson.dumps(body)
        return http.send(
            method,
            credentials.base_url + path,
            resends=resends(path),
            readable=is_answer,
            params=params,
            data=content,
            headers={**(headers or {}), "Content-Type": "application/json"},
        )

    def factory(package: Any, name: str, config: Mapping[str, Any]) -> Any:
        known = (package.__name__, name)
        if known not in made:
            made[known] = DiscoveryBase._default_api_factory(package, name, config)
            made[known].api_client.rest_client.request = request
        return made[known]

    host = credentials.base_url
    return Client(access_token=credentials.token, host=host, base_url=host, api_factory=factory)


def versioned(path: str, version: str) -> str:
    """The path in the chosen version; the bodies are the same in all of them."""
    if version != OLD:
        for theirs, ours in RULES:
            path = theirs.sub(ours.format(version=version), path)
    return path.rstrip("/")


def resends(path: str) -> int:
    return next((times for pattern, times in RESENDS if pattern.search(path)), ALWAYS)


def is_answer(reply: Reply) -> bool:
    """An object that holds what every kind of answer holds, or an error; a success with nothing in it is no answer."""
    body = reply.body
    return isinstance(body, dict) and (
        isinstance(body.get("results"), list) or "id" in body or "portalId" in body or body.get("status") == "error"
    )


def _spelled(value: Any) -> str:
    """The client would write True."""
    return str(value).lower() if isinstance(value, bool) else str(value)
