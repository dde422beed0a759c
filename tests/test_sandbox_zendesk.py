"""Logging in to the Zendesk stand-in, reading its lists and meeting its errors, over real HTTP."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox.server import Sandbox
from tests.sandbox_desk import ACME, ANNA, ASKED, BEN, BOLT, BROKEN, CLEO, CUBE, LOST, NOW, Desk, error, opened


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with opened() as running:
        yield running


@pytest.fixture
def desk(sandbox: Sandbox) -> Desk:
    return Desk(sandbox)


def granted(sandbox: Sandbox, **more: Any) -> requests.Response:
    led = sandbox.environment()
    form = {"client_id": led["ZENDESK_CLIENT_ID"], "client_secret": led["ZENDESK_CLIENT_SECRET"]}
    form |= {"grant_type": "client_credentials", **more}
    return requests.post(f"{sandbox.url}/oauth/tokens", json=form, timeout=10)


def asked(sandbox: Sandbox, token: str, path: str = "tickets.json") -> requests.Response:
    return requests.get(f"{sandbox.url}/api/v2/{path}", headers={"Authorization": f"Bearer {token}"}, timeout=10)


def test_client_credentials_give_a_token_that_ends(sandbox: Sandbox, desk: Desk) -> None:
    """201 and half an hour, or as long as was asked for within the limits; then 401."""
    answer = granted(sandbox)
    assert (answer.status_code, answer.json()["expires_in"], answer.json()["token_type"]) == (201, 1800, "bearer")
    long = granted(sandbox, expires_in=172_800).json()["access_token"]
    assert granted(sandbox, expires_in=172_801).json()["error"] == "invalid_request"
    assert asked(sandbox, answer.json()["access_token"]).status_code == 200
    desk.clock("2026-11-20T12:30:00Z")
    assert asked(sandbox, answer.json()["access_token"]).json()["error"] == "invalid_token"
    assert asked(sandbox, long).status_code == 200


def test_a_login_is_refused_with_an_oauth_error(sandbox: Sandbox) -> None:
    """A wrong secret, another grant, a body that is no JSON, a scope that the client may not have."""
    wrong = granted(sandbox, client_secret="wrong")
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    assert granted(sandbox, grant_type="password").json()["error"] == "unsupported_grant_type"
    broken = requests.post(
        f"{sandbox.url}/oauth/tokens", data="{", headers={"Content-Type": "application/json"}, timeout=10
    )
    assert (broken.status_code, broken.json()["error"]) == (400, "invalid_request")
    with opened(allowed_scopes=frozenset({"read"})) as narrow:
        assert granted(narrow, scope="read write").json()["error"] == "invalid_scope"
        assert granted(narrow, scope="read").status_code == 201


def test_a_token_is_good_for_its_scopes_only(sandbox: Sandbox) -> None:
    """A granular scope opens its resource; a misspelled one is granted and opens nothing."""
    tickets = granted(sandbox, scope="tickets:read").json()["access_token"]
    assert asked(sandbox, tickets).status_code == 200
    refused = asked(sandbox, tickets, "users")
    assert (refused.status_code, refused.json()["description"]) == (403, "Missing the following required scopes: read")
    nothing = granted(sandbox, scope="reed")
    assert nothing.status_code == 201
    assert asked(sandbox, nothing.json()["access_token"]).status_code == 403


def test_an_api_token_works_until_its_kind_ends(sandbox: Sandbox, desk: Desk) -> None:
    """Basic email/token:token is let in, a password is not, and from May 2027 nothing is."""

    def basic(credentials: str) -> int:
        header = {"Authorization": f"Basic {base64.b64encode(credentials.encode()).decode()}"}
        return requests.get(f"{sandbox.url}/api/v2/tickets", headers=header, timeout=10).status_code

    assert basic("integration@crmpulse.example/token:sandbox-api-token") == 200
    assert basic("integration@crmpulse.example:sandbox-api-token") == 401
    desk.clock("2027-05-01T00:00:00Z")
    assert basic("integration@crmpulse.example/token:sandbox-api-token") == 401


def test_users_me_answers_anybody(sandbox: Sandbox, desk: Desk) -> None:
    """Without credentials it is 200 and nobody; everything else is 401."""
    nobody = requests.get(f"{sandbox.url}/api/v2/users/me.json", timeout=10)
    assert (nobody.status_code, nobody.json()["user"]["id"]) == (200, None)
    assert error(requests.get(f"{sandbox.url}/api/v2/tickets.json", timeout=10)) == (401, "Couldn't authenticate you")
    assert desk.get("users/me.json")["user"]["email"] == "integration@crmpulse.example"


@pytest.mark.parametrize("suffix", ["", ".json"])
def test_lists_go_by_cursor_or_by_number(desk: Desk, suffix: str) -> None:
    """Both ways give every record once; the last page still has a cursor, the empty one behind it has none."""
    first = desk.get(f"users{suffix}", **{"page[size]": 2})
    assert (first["meta"]["has_more"], len(first["users"])) == (True, 2)
    second = desk.get(first["links"]["next"])
    assert second["meta"]["has_more"] is False
    assert [u["id"] for u in first["users"] + second["users"]][:3] == [ANNA, BEN, CLEO]
    behind = desk.get(f"users{suffix}", **{"page[size]": 2, "page[after]": second["meta"]["after_cursor"]})
    assert behind["meta"] == {"has_more": False}
    numbered = desk.get(f"users{suffix}", per_page=3)
    assert (numbered["count"], len(desk.get(numbered["next_page"])["users"])) == (4, 1)


def test_pages_by_number_end_in_the_depth(desk: Desk) -> None:
    """Beyond the limit it is 400 in a shape of its own, and so is a page that is too large."""
    desk.settings(most_by_offset=200)
    assert desk("GET", "users", page=2).status_code == 200
    deep = desk("GET", "users", page=3)
    assert (deep.status_code, deep.json()["errors"][0]["code"]) == (400, "InvalidPaginationDepth")
    large = desk("GET", "users", **{"page[size]": 101})
    assert (large.status_code, large.json()["errors"][0]["code"]) == (400, "InvalidPaginationParameter")
    assert desk("GET", "users", **{"page[after]": "nonsense"}).status_code == 400


def test_organizations_are_found_by_name_or_external_id(desk: Desk) -> None:
    """Exact in any case, one of the two, and by the hundred with show_many."""
    assert desk.ids("organizations/search", name="ACME") == [ACME]
    assert desk.ids("organizations/search", external_id="CRM-1") == [ACME]
    assert desk.ids("organizations/search", name="Acm") == []
    assert desk("GET", "organizations/search", name="Acme", external_id="crm-1").status_code == 400
    assert desk.ids("organizations/show_many", ids=f"{BOLT},999,{ACME}") == [BOLT, ACME]
    assert desk.ids("organizations/show_many", external_ids="crm-1") == [ACME]
    assert desk("GET", "organizations/show_many", ids=",".join(map(str, range(101)))).status_code == 400


def test_what_belongs_to_an_organization_is_listed_with_it(desk: Desk) -> None:
    """Tickets, users and memberships; the account's own fields and features too."""
    assert desk.ids(f"organizations/{ACME}/tickets") == [BROKEN]
    assert desk.ids(f"organizations/{BOLT}/users") == [BEN]
    memberships = desk.get("organization_memberships")["organization_memberships"]
    assert [(row["user_id"], row["organization_id"]) for row in memberships] == [(ANNA, ACME), (BEN, BOLT)]
    assert "crmpulse_score" in {row["key"] for row in desk.get("organization_fields")["organization_fields"]}
    assert desk.get("account/settings.json")["settings"]["active_features"]["customer_satisfaction"] is True
    assert desk.get("organizations/count")["count"]["value"] == 2


def test_empty_fields_are_sent_as_null(desk: Desk) -> None:
    """Nobody has to guess whether a field exists; the stand-in's own notes are not shown."""
    acme = desk.get(f"organizations/{ACME}")["organization"]
    assert (acme["notes"], acme["organization_fields"]["crmpulse_tier"]) == (None, None)
    assert acme["url"] == f"{desk.url}/api/v2/organizations/{ACME}.json"
    assert "generated_timestamp" not in acme
    ticket = desk.get(f"tickets/{ASKED}")["ticket"]
    assert (ticket["assignee_id"], ticket["fields"]) == (None, ticket["custom_fields"])
    assert not {"metric_set", "comments", "deletion"} & set(ticket)


def test_records_change_at_their_moments_and_by_people(desk: Desk) -> None:
    """A seed's change comes with the clock; a person's edit, deletion and merge are as real."""
    assert error(desk("GET", f"organizations/{CUBE}")) == (404, "RecordNotFound")
    desk.clock("2026-11-21T10:00:00Z")
    assert desk.get(f"organizations/{BOLT}")["organization"]["updated_at"] == "2026-11-21T09:00:00Z"
    assert desk.person("organizations", id=CUBE, organization_fields={"crmpulse_tier": "mine"}).status_code == 200
    assert desk.get(f"organizations/{CUBE}")["organization"]["organization_fields"]["crmpulse_tier"] == "mine"
    assert desk.person("organizations", f"/{BOLT}/merge", into=str(CUBE)).status_code == 200
    assert desk.get(f"users/{BEN}")["user"]["organization_id"] == CUBE
    assert desk.get(f"tickets/{ASKED}")["ticket"]["organization_id"] == CUBE
    assert desk("GET", f"organizations/{BOLT}").status_code == 404
    assert desk.person("tickets", f"/{ASKED}/delete").status_code == 200
    assert desk("GET", f"tickets/{ASKED}").status_code == 404
    assert "no field colour" in desk.person("organizations", id=CUBE, colour="red").text


def test_a_ticket_is_measured(desk: Desk) -> None:
    """The first reply, the solution and a reopening stand in the metric set, which is a list although it is one."""
    (measured,) = desk.get(f"tickets/{BROKEN}/metrics")["ticket_metric"]
    assert measured["reply_time_in_minutes"] == {"calendar": 30, "business": 0}
    assert (measured["solved_at"], measured["full_resolution_time_in_minutes"]["calendar"]) == (
        "2026-11-02T08:00:00Z",
        1440,
    )
    desk.person("tickets", id=BROKEN, status="open")
    (reopened,) = desk.get(f"tickets/{BROKEN}/metrics")["ticket_metric"]
    assert (reopened["solved_at"], reopened["reopens"]) == (None, 1)
    assert reopened["first_resolution_time_in_minutes"]["calendar"] == 1440


def test_archived_tickets_have_no_metrics_in_the_list(desk: Desk) -> None:
    """120 days after it was closed a ticket's metrics are left to the export."""
    desk.person("tickets", id=BROKEN, status="closed")
    assert len(desk.get("ticket_metrics")["ticket_metrics"]) == 2
    desk.clock("2027-04-01T00:00:00Z")
    assert [row["ticket_id"] for row in desk.get("ticket_metrics")["ticket_metrics"]] == [ASKED]


def test_deleted_tickets_are_listed_for_a_month(desk: Desk) -> None:
    """With who deleted them and what they were before."""
    (row,) = desk.get("deleted_tickets")["deleted_tickets"]
    assert (row["id"], row["deleted_at"], row["previous_state"]) == (LOST, "2026-11-10T08:00:00Z", "open")
    desk.clock("2026-12-10T08:00:01Z")
    assert desk.get("deleted_tickets")["deleted_tickets"] == []


def test_ratings_are_filtered_by_creation_not_by_change(desk: Desk) -> None:
    """A customer who changes an opinion changes the old row, which the window of the change does not show."""
    (row,) = desk.get("satisfaction_ratings", score="received")["satisfaction_ratings"]
    assert (row["ticket_id"], row["score"], row["created_at"]) == (BROKEN, "good", "2026-11-03T08:00:00Z")
    desk.clock("2026-11-22T09:00:00Z")
    assert desk.ids("satisfaction_ratings", start_time=1795219200) == []
    (row,) = desk.get("satisfaction_ratings", score="received")["satisfaction_ratings"]
    assert (row["score"], row["updated_at"]) == ("bad", "2026-11-22T08:00:00Z")
    assert desk.get(f"tickets/{BROKEN}")["ticket"]["satisfaction_rating"] == {
        "score": "bad",
        "comment": "fine",
        "id": BROKEN,
    }


def test_survey_responses_count_in_milliseconds(desk: Desk) -> None:
    """Seconds find everything since 1970; an offered survey has no answers until they come, under the same id."""
    from_5_november = int(NOW.timestamp() - 15.5 * 86400)
    everything = desk.ids("guide/survey_responses", **{"filter[created_at_start]": from_5_november})
    assert everything == ["01A", "01B"]
    assert desk.ids("guide/survey_responses", **{"filter[created_at_start]": from_5_november * 1000}) == ["01B"]
    only = desk.get("guide/survey_responses", **{"filter[subject_zrns]": f"zen:ticket:{BROKEN}"})
    assert only["survey_responses"][0]["subjects"] == [
        {"id": str(BROKEN), "type": "ticket", "zrn": f"zen:ticket:{BROKEN}"}
    ]
    assert (only["survey_responses"][0]["answers"], only["meta"]["has_more"]) == ([], False)
    desk.clock("2026-11-21T09:00:00Z")
    answered = desk.get("guide/en-us/survey_responses/01A")["survey_response"]
    assert answered["answers"][0]["rating"] == 2


def test_an_agent_is_no_admin_and_a_plan_may_lack_things(desk: Desk) -> None:
    """Every door refuses in its own shape."""
    desk.settings(role="agent")
    assert desk("GET", "incremental/tickets/cursor", start_time=0).json()["error"]["title"] == "Forbidden"
    assert desk("GET", "satisfaction_ratings").status_code == 403
    survey = desk("GET", "guide/survey_responses")
    assert (survey.status_code, survey.json()["errors"][0]["code"]) == (403, "Forbidden")
    desk.settings(role="admin", surveys=False)
    assert error(desk("GET", "guide/survey_responses")) == (404, "InvalidEndpoint")
    assert error(desk("GET", "chat/agents")) == (404, "InvalidEndpoint")
