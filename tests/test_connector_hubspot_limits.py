"""HubSpot's ways to say "later", "not today" and "no": each is waited for as long as it takes, or ends the run clearly."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors import connect
from connectors.base import ConfigError, LimitReached, SystemRefused, Unavailable
from connectors.hubspot import HubSpot
from connectors.hubspot.client import from_environment, versioned
from tests.scripted import Answer, Request, Scripted

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TOKEN = "pat-na1-0f3c"
DETAILS = {"portalId": 4711, "timeZone": "US/Eastern"}
EMPTY: dict[str, Any] = {"results": []}


class Clock:
    """Time that passes by sleeping only."""

    def __init__(self) -> None:
        self.now = NOON
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)


@contextmanager
def portal(*answers: Answer, share_pct: float = 50, **env: str) -> Iterator[tuple[HubSpot, Scripted, Clock]]:
    """A connector before a portal that gives these answers in order, and from then on the last one again."""
    left, clock = deque(answers), Clock()

    def answer(request: Request) -> Answer:
        return left.popleft() if len(left) > 1 else left[0]

    with Scripted(answer) as vendor:
        led = {"CRM_BASE_URL": vendor.url, "CRM_ACCESS_TOKEN": TOKEN, **env}
        hub = connect("hubspot", "crm", led, lambda: clock.now, clock.sleep, share_pct)
        assert isinstance(hub, HubSpot)
        yield hub, vendor, clock


def too_many(policy: str, headers: Mapping[str, str] | None = None) -> Answer:
    body = {"status": "error", "message": f"You have reached your {policy} limit.", "policyName": policy}
    return Answer(429, body, headers or {})


# --- later ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("refusal", "seconds"),
    [
        (too_many("SECONDLY"), 1),
        (too_many("TEN_SECONDLY_ROLLING"), 10),
        (too_many("A_NEW_ONE"), 10),
        (too_many("TEN_SECONDLY_ROLLING", {"Retry-After": "3"}), 3),
        (Answer(423, {"status": "error", "message": "locked"}), 2),
        (Answer(477, b"", {"Retry-After": "60"}), 60),
        (Answer(200, {"status": "error", "message": "internal error"}), 0.3),
    ],
)
def test_each_refusal_is_waited_for_in_its_own_time(refusal: Answer, seconds: float) -> None:
    """A second for searches, ten for the rolling limit, two for a lock, and what the vendor says where it does.

    A success that holds an error without a kind is trouble inside HubSpot, and no mistake of ours.
    """
    with portal(refusal, Answer(200, DETAILS)) as (hub, vendor, clock):
        assert hub.organization() == "4711"
        assert len(vendor.requests) == 2
        assert seconds <= clock.slept[0] < seconds * 1.3 + 1


def test_a_moving_account_is_left_alone_until_it_has_moved() -> None:
    """An hour is longer than a run waits: the error says until when, and there is no second call."""
    with portal(Answer(477, b"", {"Retry-After": "3600"})) as (hub, vendor, clock):
        with pytest.raises(Unavailable, match=r"rest until 2026-11-20 13:00 \+0000"):
            hub.organization()
        assert len(vendor.requests) == 1 and clock.slept == []


def test_the_daily_limit_ends_the_day_of_the_portal() -> None:
    """It is named with the portal's midnight, and no further call is made."""
    with portal(Answer(200, DETAILS), too_many("DAILY")) as (hub, vendor, _):
        hub.organization()
        for _ in range(3):
            with pytest.raises(LimitReached, match=r"until 2026-11-21 00:00 -0500 \(US/Eastern\)"):
                hub.describe("companies")
        assert len(vendor.requests) == 2


def test_the_daily_limit_may_be_the_very_first_answer() -> None:
    """Then the portal's time zone is not known, and asking for it would be one more call."""
    with portal(too_many("DAILY")) as (hub, vendor, _):
        with pytest.raises(LimitReached, match="midnight in the portal's time zone"):
            hub.organization()
        assert len(vendor.requests) == 1


# --- our share --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share_pct", [50, 10])
def test_no_window_of_ten_seconds_sees_more_calls_than_our_share(share_pct: float) -> None:
    """The vendor says how large the allowance is; the rest of it is for the company's other integrations."""
    headers = {"X-HubSpot-RateLimit-Max": "40", "X-HubSpot-RateLimit-Interval-Milliseconds": "10000"}
    with portal(Answer(200, DETAILS, headers), share_pct=share_pct) as (hub, _, clock):
        moments = []
        for _ in range(90):
            hub._api._details = {}
            hub.organization()
            moments.append(clock.now)
            clock.now += timedelta(milliseconds=100)
        ours = 40 * share_pct / 100
        for moment in moments[1:]:
            assert sum(moment - timedelta(seconds=10) < m <= moment for m in moments) <= ours
        assert (moments[-1] - moments[0]).total_seconds() < 10 * 90 / ours + 10


def test_without_a_word_about_limits_nothing_is_waited_for() -> None:
    """A portal that names no allowance has none to share."""
    with portal(Answer(200, DETAILS)) as (hub, _, clock):
        for _ in range(50):
            hub._api._details = {}
            hub.organization()
        assert clock.slept == []


def test_a_request_that_is_repeated_counts_each_time() -> None:
    """Four calls in ten seconds are ours: the fifth, of whichever request, waits until the first is ten seconds old."""
    told = Answer(200, DETAILS, {"X-HubSpot-RateLimit-Max": "40"})
    with portal(told, *[Answer(502)] * 2, told, share_pct=10) as (hub, vendor, clock):
        for _ in range(3):
            hub._api._details = {}
            hub.organization()
        assert (len(vendor.requests), clock.now) == (5, NOON + timedelta(seconds=10))


# --- no ---------------------------------------------------------------------------------------------------------------


def test_a_refused_token_stops_the_system_and_is_not_shown() -> None:
    """One answer is enough."""
    body = {"status": "error", "message": "Authentication credentials not found.", "category": "INVALID_AUTHENTICATION"}
    with portal(Answer(401, body)) as (hub, vendor, _):
        with pytest.raises(SystemRefused, match=r"credentials not found.*CRM_ACCESS_TOKEN") as caught:
            hub.organization()
        assert TOKEN not in str(caught.value) and len(vendor.requests) == 1


def test_a_token_of_the_wrong_form_is_no_outage() -> None:
    """The network in front of HubSpot answers 530 to it."""
    with portal(Answer(530, b"error code: 1016")) as (hub, vendor, _):
        with pytest.raises(SystemRefused, match="wrong form"):
            hub.organization()
        assert len(vendor.requests) == 1


def test_missing_scopes_are_named() -> None:
    """HubSpot hides them deep inside the error."""
    scopes = {"requiredGranularScopes": ["crm.objects.deals.read"]}
    body = {
        "status": "error",
        "message": "This app hasn't been granted all required scopes",
        "category": "MISSING_SCOPES",
        "errors": [{"message": "One or more of the following scopes are required.", "context": scopes}],
    }
    with portal(Answer(403, body)) as (hub, _, _), pytest.raises(ConfigError, match=r"crm\.objects\.deals\.read"):
        hub.describe("deals")


@pytest.mark.parametrize("answer", [Answer(200, b"<html>"), Answer(200, b""), Answer(200, []), Answer(201, {})])
def test_a_success_without_an_answer_is_none(answer: Answer) -> None:
    """The client would return None; we ask again, and say so in the end."""
    with portal(answer) as (hub, vendor, _):
        with pytest.raises(Unavailable, match="not what was asked for"):
            hub.describe("companies")
        assert len(vendor.requests) > 2


# --- addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "paths"),
    [
        ("", ["/crm/properties/2026-03/companies", "/account-info/2026-03/details"]),
        ("2026-09", ["/crm/properties/2026-09/companies", "/account-info/2026-09/details"]),
        ("v3", ["/crm/v3/properties/companies", "/account-info/v3/details"]),
        ("v4", ["/crm/v3/properties/companies", "/account-info/v3/details"]),
    ],
)
def test_the_chosen_version_is_spoken(version: str, paths: list[str]) -> None:
    """Versions by date have other paths than the client knows; old ones can be chosen while they last."""
    with portal(Answer(200, EMPTY), Answer(200, DETAILS), CRM_API_VERSION=version) as (hub, vendor, _):
        hub.describe("companies")
        hub.organization()
        assert [request.path for request in vendor.requests] == paths
        assert vendor.requests[0].headers["authorization".title()] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("/crm/v3/objects/companies/batch/read", "/crm/objects/2026-03/companies/batch/read"),
        ("/crm/v4/associations/deals/contacts/batch/read", "/crm/associations/2026-03/deals/contacts/batch/read"),
        ("/crm/v3/owners/", "/crm/owners/2026-03"),
        ("/crm/v3/pipelines/tickets", "/crm/pipelines/2026-03/tickets"),
    ],
)
def test_every_path_of_the_client_has_its_dated_one(theirs: str, ours: str) -> None:
    """The bodies are the same in both."""
    assert versioned(theirs, "2026-03") == ours
    assert versioned(theirs, "v3") == theirs.rstrip("/")


@pytest.mark.parametrize(
    ("env", "says"),
    [
        ({}, "CRM_ACCESS_TOKEN is not set"),
        ({"CRM_ACCESS_TOKEN": "two words"}, "holds characters that no token has"),
        ({"CRM_ACCESS_TOKEN": "x", "CRM_API_VERSION": "latest"}, "should look like 2026-03 or v3"),
        ({"CRM_ACCESS_TOKEN": "x", "CRM_BASE_URL": "http://hubspot.example"}, "plain http"),
    ],
)
def test_a_wrong_setting_is_named_before_any_call(env: dict[str, str], says: str) -> None:
    """By variable, and without the secret."""
    with pytest.raises(ConfigError, match=says) as caught:
        from_environment("crm", env)
    assert "two words" not in str(caught.value)
