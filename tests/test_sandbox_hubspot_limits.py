"""Who may call the HubSpot stand-in and how often: tokens, scopes, limits with their headers, faults."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.hubspot_account import ACME, Account, served

COMPANIES = "/crm/v3/objects/companies"


@pytest.fixture
def account() -> Iterator[Account]:
    with served() as running:
        yield running


def test_a_call_needs_a_living_token(account: Account) -> None:
    """None at all, one that HubSpot never gave out, and one that has expired."""
    url = account.sandbox.url + COMPANIES
    none = requests.get(url, timeout=10)
    assert (none.status_code, none.json()["category"]) == (401, "INVALID_AUTHENTICATION")
    strange = requests.get(url, headers={"Authorization": "Bearer pat-na1-other"}, timeout=10)
    assert (strange.status_code, strange.json()["category"]) == (401, "EXPIRED_AUTHENTICATION")
    assert strange.json()["context"] == {"expire time": ["1970-01-01T00:00:00.000Z"]}
    assert "X-HubSpot-RateLimit-Max" not in strange.headers


@pytest.mark.parametrize("version", ["v1", "v3", "2026-03"])
def test_an_app_gets_a_token_for_half_an_hour(account: Account, version: str) -> None:
    """A form with client and secret; a wrong secret is refused; the token ends by the sandbox clock."""
    url = f"{account.sandbox.url}/oauth/{version}/token"
    form = {"grant_type": "refresh_token", "client_id": "crmpulse-sandbox", "refresh_token": "r"}
    assert requests.post(url, data=form | {"client_secret": "no"}, timeout=10).status_code == 400
    granted = requests.post(url, data=form | {"client_secret": "sandbox-secret"}, timeout=10).json()
    assert (granted["expires_in"], granted["refresh_token"]) == (1800, "r")
    headers = {"Authorization": f"Bearer {granted['access_token']}"}
    assert requests.get(account.sandbox.url + COMPANIES, headers=headers, timeout=10).status_code == 200
    account.control("clock", now="2026-11-20T12:31:15Z")
    late = requests.get(account.sandbox.url + COMPANIES, headers=headers, timeout=10).json()
    assert late["message"] == "The OAuth token used to make this call expired 75 second(s) ago."


def test_an_expired_key_is_rotated(account: Account) -> None:
    """A fault ends the service key; an admin's new one works."""
    account.control("faults", expire_tokens=True)
    assert [account("GET", COMPANIES).status_code for _ in range(2)] == [401, 401]
    account.control("settings/hubspot", service_key="pat-na1-new")
    account.session.headers["Authorization"] = "Bearer pat-na1-new"
    assert account("GET", COMPANIES).status_code == 200
    assert account.sandbox.environment()["HUBSPOT_ACCESS_TOKEN"] == "pat-na1-new"


@pytest.mark.parametrize(
    ("scope", "method", "path", "status"),
    [
        ("crm.objects.companies.read", "GET", COMPANIES, 200),
        ("crm.objects.companies.read", "POST", f"{COMPANIES}/batch/read", 200),
        ("crm.objects.companies.read", "PATCH", f"{COMPANIES}/{ACME}", 403),
        ("crm.objects.companies.read", "GET", "/crm/v3/properties/companies", 200),
        ("crm.objects.companies.write", "POST", "/crm/v3/properties/companies", 403),
        ("crm.schemas.companies.write", "PATCH", "/crm/v3/properties/companies/crmpulse_score", 200),
        ("crm.objects.deals.read", "GET", COMPANIES, 403),
        ("tickets", "GET", "/crm/objects/2026-03/tickets", 200),
        ("crm.objects.contacts.read", "GET", "/crm/v3/objects/tasks", 200),
        ("tickets", "GET", "/crm/v3/owners", 403),
        ("tickets", "GET", "/account-info/v3/details", 200),
    ],
)
def test_a_key_may_do_what_its_scopes_say(scope: str, method: str, path: str, status: int) -> None:
    """Tickets have one scope, tasks and notes use that of contacts, definitions have their own for writing."""
    with served(scopes=frozenset({scope})) as account:
        body = {"inputs": [], "label": "Score", "properties": {}} if method != "GET" else None
        answer = account(method, path, body)
        assert answer.status_code == status
        if status == 403:
            assert answer.json()["category"] == "MISSING_SCOPES"
            assert answer.json()["errors"][0]["context"]["requiredGranularScopes"]


def test_ten_seconds_take_so_many_calls() -> None:
    """Every answer tells what is left; one call too many is 429 with the name of the limit and no Retry-After."""
    with served(enforce_rates=True, ten_secondly_limit=3) as account:
        answers = [account("GET", COMPANIES) for _ in range(4)]
    assert [each.status_code for each in answers] == [200, 200, 200, 429]
    assert [each.headers["X-HubSpot-RateLimit-Remaining"] for each in answers] == ["2", "1", "0", "0"]
    assert answers[0].headers["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"
    assert answers[3].json() | {"policyName": "TEN_SECONDLY_ROLLING", "errorType": "RATE_LIMIT"} == answers[3].json()
    assert "Retry-After" not in answers[3].headers


def test_searches_have_a_limit_of_their_own() -> None:
    """Five a second whatever else is called, and nothing is told of it in headers."""
    with served(enforce_rates=True, ten_secondly_limit=3) as account:
        answers = [account("POST", f"{COMPANIES}/search", {}) for _ in range(6)]
        assert [each.status_code for each in answers] == [200] * 5 + [429]
        assert answers[5].json()["message"] == "You have reached your secondly limit."
        assert answers[5].json()["policyName"] == "SECONDLY"
        assert not [name for name in answers[0].headers if "ratelimit" in name.lower()]
        assert account("GET", COMPANIES).status_code == 200


def test_the_day_ends_at_midnight_of_the_account() -> None:
    """Spent calls come back at midnight in New York, which is five o'clock in UTC."""
    with served(daily_limit=2) as account:
        answers = [account("GET", COMPANIES) for _ in range(3)]
        assert [each.status_code for each in answers] == [200, 200, 429]
        assert [each.headers["X-HubSpot-RateLimit-Daily-Remaining"] for each in answers] == ["1", "0", "0"]
        assert answers[2].json()["policyName"] == "DAILY"
        account.control("clock", now="2026-11-21T04:59:59Z")
        assert account("GET", COMPANIES).status_code == 429
        account.control("clock", now="2026-11-21T05:00:00Z")
        assert account("GET", COMPANIES).status_code == 200


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (423, {"status": "error", "message": "locked"}, {}),
        (477, {"status": "error", "message": "migration in progress"}, {"Retry-After": "3600"}),
        (502, "<html>Bad Gateway</html>", {}),
        (524, "<html>A timeout occurred</html>", {}),
    ],
)
def test_other_failures_come_by_order(account: Account, status: int, body: Any, headers: dict[str, str]) -> None:
    """Locks, migrations and gateways answer as a rule says, once."""
    account.control("faults", path="objects/companies", status=status, body=body, headers=headers)
    failed, fine = account("GET", COMPANIES), account("GET", COMPANIES)
    assert (failed.status_code, fine.status_code) == (status, 200)
    assert failed.headers.get("Retry-After") == headers.get("Retry-After")


def test_calls_are_counted_by_shape(account: Account) -> None:
    """Both families of paths count alike; searches and batch reads are no writes."""
    account("GET", f"/crm/objects/2026-03/companies/{ACME}")
    account("GET", f"{COMPANIES}/{ACME}/")
    account("POST", f"{COMPANIES}/search", {})
    account("PATCH", f"{COMPANIES}/{ACME}", {"properties": {"name": "A"}})
    counted = requests.get(f"{account.sandbox.control}/calls", timeout=10).json()
    assert counted["by_shape"] == {
        "GET /crm/objects/{type}/{id}": 2,
        "POST /crm/objects/{type}/search": 1,
        "PATCH /crm/objects/{type}/{id}": 1,
    }
    assert (counted["reads"], counted["writes"]) == (3, 1)
