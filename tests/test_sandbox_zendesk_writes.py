"""Writing to the Zendesk stand-in, and its limits, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox.server import Sandbox
from tests.sandbox_desk import ACME, ANNA, ASKED, BOLT, BROKEN, Desk, error, opened


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with opened() as running:
        yield running


@pytest.fixture
def desk(sandbox: Sandbox) -> Desk:
    return Desk(sandbox)


def fields_of(desk: Desk, organization: int) -> dict[str, Any]:
    shown = desk.get(f"organizations/{organization}")["organization"]["organization_fields"]
    return {key: value for key, value in shown.items() if value is not None}


def followed(desk: Desk, answer: requests.Response) -> tuple[list[str], dict[str, Any]]:
    """The states that a job went through, and how it ended."""
    assert answer.status_code == 200, answer.text
    states, job = [], answer.json()["job_status"]
    while job["status"] != "completed":
        states.append(job["status"])
        job = desk.get(job["url"])["job_status"]
    return states, job


def test_only_named_fields_change(desk: Desk) -> None:
    """Other organization fields stay, unknown keys vanish without a word, and a list that is sent replaces its list."""
    path = f"organizations/{ACME}"
    desk("PUT", path, {"organization": {"organization_fields": {"crmpulse_score": 72, "crmpulse_tier": "red"}}})
    written = desk("PUT", path, {"organization": {"organization_fields": {"crmpulse_score": 80, "nonsense": 1}}})
    assert written.status_code == 200
    assert fields_of(desk, ACME) == {"crmpulse_score": 80, "crmpulse_tier": "red"}
    assert desk.get(path)["organization"]["domain_names"] == ["acme.example"]
    desk("PUT", path, {"organization": {"domain_names": ["new.example"], "created_at": "1999-01-01T00:00:00Z"}})
    shown = desk.get(path)["organization"]
    assert (shown["domain_names"], shown["created_at"]) == (["new.example"], "2026-01-01T00:00:00Z")


def test_values_must_fit_their_fields(desk: Desk) -> None:
    """A score with a half, a day that is none, a name or key that somebody has: 422 with the field."""

    def refused(**changes: Any) -> dict[str, Any]:
        answer = desk("PUT", f"organizations/{BOLT}", {"organization": changes})
        assert error(answer) == (422, "RecordInvalid")
        return dict(answer.json()["details"])

    desk.settings(writes_per_organization=0)
    assert "crmpulse_score" in refused(organization_fields={"crmpulse_score": 72.5})
    assert "crmpulse_as_of" in refused(organization_fields={"crmpulse_as_of": "tomorrow"})
    assert refused(name="ACME")["name"][0]["error"] == "DuplicateValue"
    assert "external_id" in refused(external_id="CRM-1")
    assert error(desk("PUT", "organizations/999", {"organization": {"notes": "x"}})) == (404, "RecordNotFound")
    broken = requests.put(f"{desk.url}/api/v2/organizations/{BOLT}", data="{", headers=desk.session.headers, timeout=10)
    assert broken.status_code == 422


def test_a_dropdown_takes_its_options_and_tags_the_organization(desk: Desk) -> None:
    """The option of today replaces the tag of yesterday."""
    options = [{"name": name.title(), "value": name} for name in ("red", "green")]
    field = {"type": "dropdown", "title": "Mood", "key": "mood", "custom_field_options": options}
    assert desk("POST", "organization_fields", {"organization_field": field}).status_code == 201
    assert error(desk("POST", "organization_fields", {"organization_field": field})) == (422, "RecordInvalid")
    for mood in ("red", "green"):
        desk("PUT", f"organizations/{ACME}", {"organization": {"organization_fields": {"mood": mood}}})
    assert desk.get(f"organizations/{ACME}")["organization"]["tags"] == ["green"]
    wrong = desk("PUT", f"organizations/{ACME}", {"organization": {"organization_fields": {"mood": "blue"}}})
    assert wrong.status_code == 422


def test_create_or_update_goes_by_id_or_external_id(desk: Desk) -> None:
    """200 for what was there, 201 for what was not; a name alone never matches."""
    there = desk(
        "POST", "organizations/create_or_update", {"organization": {"external_id": "crm-1", "name": "Acme Ltd"}}
    )
    assert (there.status_code, there.json()["organization"]["id"]) == (200, ACME)
    new = desk("POST", "organizations/create_or_update", {"organization": {"external_id": "crm-9", "name": "Nine"}})
    assert new.status_code == 201
    taken = desk("POST", "organizations/create_or_update", {"organization": {"name": "Nine"}})
    assert error(taken) == (422, "RecordInvalid")


def test_a_job_is_followed_to_its_end(desk: Desk) -> None:
    """Queued and working tell nothing yet; completed tells every record, also those that failed."""
    wanted = [{"id": ACME, "organization_fields": {"crmpulse_score": 1}}, {"id": 999, "notes": "x"},
              {"id": BOLT, "organization_fields": {"crmpulse_score": "x"}}]  # fmt: skip
    states, job = followed(desk, desk("PUT", "organizations/update_many.json", {"organizations": wanted}))
    assert states == ["queued", "queued", "working"]
    assert [(line["index"], line["success"]) for line in job["results"]] == [(0, True), (1, False), (2, False)]
    assert [line.get("error") for line in job["results"]] == [None, "RecordNotFound", "RecordInvalid"]
    assert fields_of(desk, ACME) == {"crmpulse_score": 1}
    assert [each["id"] for each in desk.get("job_statuses/show_many", ids=job["id"])["job_statuses"]] == [job["id"]]


def test_one_change_for_many_goes_by_ids(desk: Desk) -> None:
    """And the hundred is the limit."""
    path = "organizations/update_many"
    _, job = followed(desk, desk("PUT", path, {"organization": {"notes": "both"}}, ids=f"{ACME},{BOLT}"))
    assert all(line["success"] for line in job["results"])
    assert desk.get(f"organizations/{BOLT}")["organization"]["notes"] == "both"
    assert desk("PUT", path, {"organizations": [{"id": n} for n in range(101)]}).status_code == 400


def test_an_account_may_not_take_fields_in_bulk(desk: Desk) -> None:
    """The job says success, and the field stays as it was: only reading back tells."""
    desk.settings(bulk_sets_fields=False)
    change = {"organizations": [{"id": ACME, "organization_fields": {"crmpulse_score": 1}}]}
    _, job = followed(desk, desk("PUT", "organizations/update_many", change))
    assert job["results"][0]["success"] is True
    assert fields_of(desk, ACME) == {}


def test_a_fault_fails_single_records_of_a_job(desk: Desk) -> None:
    """By place or id; the others are written."""
    desk.fault(method="PUT", path="update_many", records={"ids": [str(BOLT)]})
    both = {"organizations": [{"id": ACME, "notes": "a"}, {"id": BOLT, "notes": "b"}]}
    _, job = followed(desk, desk("PUT", "organizations/update_many", both))
    assert [(line["success"], line.get("error")) for line in job["results"]] == [
        (True, None),
        (False, "DatabaseConflict"),
    ]


def test_too_many_jobs_wait(desk: Desk) -> None:
    """One that nobody asks about is done after a while all the same."""
    desk.settings(most_jobs=1, job_seconds=60)
    change = {"organizations": [{"id": ACME, "notes": "x"}]}
    assert desk("PUT", "organizations/update_many", change).status_code == 200
    assert error(desk("PUT", "organizations/update_many", change)) == (429, "TooManyJobs")
    desk.clock("2026-11-20T12:01:00Z")
    assert desk("PUT", "organizations/update_many", change).status_code == 200


def test_an_agent_may_write_notes_only(desk: Desk) -> None:
    """Everything else of an organization is for admins."""
    desk.settings(role="agent")
    assert desk("PUT", f"organizations/{ACME}", {"organization": {"notes": "x"}}).status_code == 200
    assert desk("PUT", f"organizations/{ACME}", {"organization": {"name": "x"}}).status_code == 403
    assert desk("POST", "organizations", {"organization": {"name": "New"}}).status_code == 403


def test_tickets_are_created_commented_and_closed_for_good(desk: Desk) -> None:
    """An internal note is a comment that is not public; a closed ticket takes none."""
    body = {"subject": "Hello", "comment": {"body": "World"}, "requester_id": ANNA, "external_id": "k-1"}
    made = desk("POST", "tickets", {"ticket": body})
    assert (made.status_code, made.json()["ticket"]["description"]) == (201, "World")
    assert desk.ids("tickets", external_id="K-1") == [made.json()["ticket"]["id"]]
    note = {"ticket": {"comment": {"body": "psst", "public": False}, "status": "solved"}}
    assert desk("PUT", f"tickets/{ASKED}", note).json()["ticket"]["status"] == "solved"
    assert [c["public"] for c in desk.get(f"tickets/{ASKED}/comments")["comments"]] == [True, False]
    desk("PUT", f"tickets/{ASKED}", {"ticket": {"status": "closed"}})
    assert error(desk("PUT", f"tickets/{ASKED}", note)) == (422, "RecordInvalid")
    assert error(desk("PUT", f"tickets/{BROKEN}", {"ticket": {"priority": "P0"}})) == (422, "RecordInvalid")
    assert error(desk("POST", "tickets", {"ticket": {"subject": "empty"}})) == (422, "RecordInvalid")


def test_only_the_global_scope_creates_fields(sandbox: Sandbox) -> None:
    """There is no granular write scope for organization fields."""
    form = {"grant_type": "client_credentials", "client_id": "crmpulse-sandbox", "client_secret": "sandbox-secret"}
    form["scope"] = "organization_fields:write organizations:write"
    token = requests.post(f"{sandbox.url}/oauth/tokens", json=form, timeout=10).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    url = f"{sandbox.url}/api/v2"
    field = {"organization_field": {"type": "text", "title": "X"}}
    assert requests.post(f"{url}/organization_fields", json=field, headers=headers, timeout=10).status_code == 403
    named = {"organization": {"name": "New"}}
    assert requests.post(f"{url}/organizations", json=named, headers=headers, timeout=10).status_code == 201


def test_the_account_has_an_allowance(desk: Desk) -> None:
    """Headers count it down; beyond it plain text and Retry-After, until the minute is over."""
    desk.settings(requests_per_minute=2)
    first = desk("GET", "users")
    assert (first.headers["X-Rate-Limit"], first.headers["ratelimit-remaining"]) == ("2", "1")
    desk("GET", "users")
    refused = desk("GET", "users")
    assert (refused.status_code, refused.text) == (429, "Number of allowed API requests per minute exceeded")
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    desk.clock("2026-11-20T12:01:00Z")
    assert desk("GET", "users").status_code == 200


def test_exports_have_an_allowance_of_their_own(desk: Desk) -> None:
    """Ten a minute, users apart; the refusal is JSON, and other calls go on."""
    desk.settings(exports_per_minute=1)
    shown = desk("GET", "incremental/tickets/cursor", start_time=0).headers["zendesk-ratelimit-incremental-exports"]
    assert shown.startswith("total=1; remaining=0; resets=")
    refused = desk("GET", "incremental/organizations", start_time=0)
    assert error(refused) == (429, "APIRateLimitExceeded")
    assert "Retry-After" in refused.headers
    assert desk("GET", "incremental/users/cursor", start_time=0).status_code == 200
    assert desk("GET", "organizations").status_code == 200


def test_the_edge_and_single_organizations_have_limits_too(desk: Desk) -> None:
    """The edge answers in a shape of its own; an organization is written five times a minute."""
    for _ in range(5):
        assert desk("PUT", f"organizations/{ACME}", {"organization": {"notes": "x"}}).status_code == 200
    assert desk("PUT", f"organizations/{ACME}", {"organization": {"notes": "x"}}).status_code == 429
    assert desk("PUT", f"organizations/{BOLT}", {"organization": {"notes": "x"}}).status_code == 200
    desk.clock("2026-11-20T12:05:00Z")
    desk.settings(edge_per_second=1)
    answers = [desk("GET", "users") for _ in range(5)]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.json()["title"] == "Automated response"


def test_calls_are_counted_by_shape_and_writes_apart(desk: Desk) -> None:
    """Ids and suffixes fall away."""
    desk("PUT", f"organizations/{ACME}.json", {"organization": {"notes": "x"}})
    desk("GET", f"organizations/{ACME}/tickets.json")
    counted = requests.get(f"{desk.control}/calls", timeout=10).json()
    assert counted["by_shape"] == {"PUT /api/v2/organizations/{id}": 1, "GET /api/v2/organizations/{id}/tickets": 1}
    assert counted["writes"] == 1


def test_expired_tokens_are_a_fault_too(desk: Desk) -> None:
    """The call that meets it is answered 401."""
    desk.fault(expire_tokens=True)
    assert desk("GET", "users").status_code == 401
