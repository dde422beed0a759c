"""Logging in to the Salesforce stand-in, over real HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.salesforce.org import Settings
from sandbox.server import Sandbox
from tests.sandbox_org import NOW, RECORDS, SETTINGS, Org, clock, code


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox({"salesforce": RECORDS}, NOW, settings={"salesforce": SETTINGS}) as running:
        yield running


@pytest.fixture
def org(sandbox: Sandbox) -> Org:
    return Org(sandbox)


@pytest.mark.parametrize("way", ["header", "form"])
def test_client_credentials_log_in_either_way(sandbox: Sandbox, way: str) -> None:
    """A Basic header and a body form are both fine, and the token works at once."""
    form = {"grant_type": "client_credentials"}
    client_id, client_secret = (sandbox.environment()[f"SALESFORCE_CLIENT_{name}"] for name in ("ID", "SECRET"))
    own = {"client_id": client_id, "client_secret": client_secret}
    url = f"{sandbox.url}/services/oauth2/token"
    auth = (client_id, client_secret) if way == "header" else None
    granted = requests.post(url, data=form | (own if way == "form" else {}), auth=auth, timeout=10).json()
    assert granted["instance_url"] == sandbox.url
    assert granted["access_token"].startswith("00D")
    who = requests.get(
        f"{sandbox.url}/services/oauth2/userinfo",
        headers={"Authorization": f"Bearer {granted['access_token']}"},
        timeout=10,
    )
    assert who.json()["preferred_username"] == "integration@crmpulse.example"


def test_a_wrong_secret_is_an_oauth_error_object(sandbox: Sandbox) -> None:
    """OAuth errors are an object with error and error_description, status 400."""
    answer = requests.post(
        f"{sandbox.url}/services/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=("crmpulse-sandbox", "wrong"),
        timeout=10,
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")
    who = requests.get(f"{sandbox.url}/services/oauth2/userinfo", headers={"Authorization": "Bearer nope"}, timeout=10)
    assert (who.status_code, who.text) == (403, "Bad_OAuth_Token")


def assertion(key: rsa.RSAPrivateKey, **claims: Any) -> dict[str, str]:
    told = {"iss": "crmpulse-sandbox", "sub": "integration@crmpulse.example", "aud": "https://login.salesforce.com"}
    signed = jwt.encode(told | {"exp": int(time.time()) + 180} | claims, key, algorithm="RS256")
    return {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": signed}


def test_a_signed_assertion_logs_in_only_when_everything_fits() -> None:
    """Signature, audience, user and expiry are each checked."""
    key, other = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    pem = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    with Sandbox({}, NOW, settings={"salesforce": Settings(public_key=pem.decode())}) as sandbox:

        def ask(form: dict[str, str]) -> requests.Response:
            return requests.post(f"{sandbox.url}/services/oauth2/token", data=form, timeout=10)

        assert ask(assertion(key)).status_code == 200
        assert ask(assertion(key, exp=str(int(time.time()) + 180))).status_code == 200
        assert ask(assertion(other)).json()["error_description"] == "invalid assertion"
        assert ask(assertion(key, aud="https://x")).json()["error_description"] == "audience is invalid"
        assert ask(assertion(key, sub="no@x")).json()["error_description"] == "user hasn't approved this consumer"
        assert ask(assertion(key, exp=int(time.time()) - 5)).status_code == 400
        assert ask(assertion(key, iss="nobody")).json()["error"] == "invalid_client_id"


def test_tokens_end_with_the_sandbox_clock(sandbox: Sandbox, org: Org) -> None:
    """After the session time a token is answered with INVALID_SESSION_ID."""
    assert org("GET", "limits").status_code == 200
    clock(sandbox, "2026-11-20T14:00:01Z")
    assert code(org("GET", "limits")) == (401, "INVALID_SESSION_ID")
