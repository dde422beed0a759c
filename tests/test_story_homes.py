"""The stories that are kept in HubSpot and Zendesk: records, links and time, as the stand-ins show them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import requests
from ulid import ULID

from sandbox import stories
from sandbox.server import Sandbox
from sandbox.stories.homes import HOMES
from sandbox.world import Record, morning
from tests.sandbox_desk import Desk

AS_OF = date(2026, 11, 22)
WORLD = stories.build(AS_OF)
BY_NAME = {expected.account: expected for expected in WORLD.expectations}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """The stories on their last day."""
    with Sandbox(WORLD.records(), morning(AS_OF)) as running:
        yield running


@pytest.fixture(scope="module")
def desk(sandbox: Sandbox) -> Desk:
    return Desk(sandbox)


def company(sandbox: Sandbox, name: str, *properties: str) -> dict[str, Any]:
    """The company's properties in HubSpot."""
    url = f"{sandbox.url}/crm/v3/objects/companies/{BY_NAME[name].ids['hubspot']}"
    headers = {"Authorization": f"Bearer {sandbox.access_token('hubspot')}"}
    answer = requests.get(url, params={"properties": ",".join(properties)}, headers=headers, timeout=10)
    return dict(answer.json()["properties"])


def versions(record: Record) -> list[str]:
    """When the record appeared and changed, in either vendor's words."""
    born = record.get("createdAt") or record["created_at"]
    return [born, *(change["at"] for change in record.get("_changes", ()))]


def test_every_way_of_living_is_somebodys() -> None:
    """One vendor, two or three; recognised by keys, by domains, by who asked; and strangers among them."""
    kinds = Counter(HOMES.values())
    assert {home.crm for home in kinds} == {"salesforce", "hubspot"}
    assert {home.twin for home in kinds} == {None, "key", "domain"}
    assert {home.desk for home in kinds} == {None, "key", "domain", "requester"}
    assert {len(expected.ids) for expected in WORLD.expectations} == {1, 2, 3}
    assert set(HOMES) <= set(BY_NAME)
    assert sum(expected.crm == "hubspot" and expected.expects_handoff for expected in WORLD.expectations) >= 3


def test_every_home_has_every_kind_of_outcome() -> None:
    """Tiers, episodes and closed episodes are not left to Salesforce alone."""
    for home in ("hubspot", "zendesk"):
        there = [expected for expected in WORLD.expectations if home in expected.ids]
        assert {expected.tier for expected in there} >= {"healthy", "monitor", "at_risk", "critical"}, home
        assert any(expected.episode_closed for expected in there), home
        assert any(expected.expects_task for expected in there), home


def test_ids_are_shared_by_nobody() -> None:
    """No two records of a vendor's object have the same id, whatever the companies are called."""
    for vendor in (WORLD.hubspot, WORLD.zendesk):
        for object, records in vendor.items():
            assert len({record["id"] for record in records}) == len(records), object


def test_what_is_named_exists_by_then() -> None:
    """HubSpot's associations and Zendesk's references lead to records that appeared no later."""
    born = {(kind, r["id"]): r["createdAt"] for kind, records in WORLD.hubspot.items() for r in records}
    for records in WORLD.hubspot.values():
        for record in records:
            for kind, ids in record.get("associations", {}).items():
                assert all(born[kind, id] <= record["createdAt"] for id in ids), record
    known = {r["id"]: r["created_at"] for records in WORLD.zendesk.values() for r in records}
    for record in (*WORLD.zendesk["tickets"], *WORLD.zendesk["users"]):
        named = (record.get("organization_id"), record.get("requester_id"))
        assert all(known[id] <= record["created_at"] for id in named if id is not None), record


def test_everything_happens_before_the_last_morning() -> None:
    """No record or change waits beyond as_of, and changes come in order."""
    for vendor in (WORLD.hubspot, WORLD.zendesk):
        for record in (each for records in vendor.values() for each in records):
            moments = [datetime.fromisoformat(moment) for moment in versions(record)]
            assert moments == sorted(moments), record["id"]
            assert moments[-1] < morning(AS_OF), record["id"]


def test_a_tickets_story_is_the_same_in_zendesk(desk: Desk) -> None:
    """Solved, rated and reopened at the story's hours; the first answer is half an hour old."""
    rows = desk.get("incremental/tickets/cursor", start_time=0, include="metric_sets")["tickets"]
    own = {
        row["subject"]: row for row in rows if row["organization_id"] == int(BY_NAME["Pebble Lane Toys"].ids["zendesk"])
    }
    reopened, rated = own["Import fails again"], own["How do I share a dashboard?"]
    assert (reopened["status"], reopened["priority"]) == ("open", "urgent")
    assert (reopened["metric_set"]["reopens"], reopened["metric_set"]["solved_at"]) == (1, None)
    assert reopened["metric_set"]["reply_time_in_minutes"]["calendar"] == 30
    assert (rated["status"], rated["satisfaction_rating"]["score"]) == ("solved", "good")
    assert rated["metric_set"]["solved_at"] == f"{AS_OF - timedelta(days=47)}T16:00:00Z"


def test_surveys_are_answered_after_they_were_offered(desk: Desk) -> None:
    """Their ids begin with the moment of the offer, and their answers say good or bad."""
    responses = desk.get("guide/survey_responses")["survey_responses"]
    said = Counter(response["answers"][0]["rating_category"] for response in responses)
    assert set(said) == {"good", "bad"}
    for response in responses:
        offered = ULID.from_str(response["id"]).datetime
        assert datetime.fromisoformat(response["expires_at"]) == offered + timedelta(days=28)
        assert datetime.fromisoformat(response["answers"][0]["created_at"]) > offered


def test_a_twin_is_recognised_by_one_thing_only(sandbox: Sandbox) -> None:
    """By the id in Salesforce or by the domain; HubSpot calls the same company by another id."""
    by_key = company(sandbox, "Halden Robotics", "salesforceaccountid", "domain")
    assert (by_key["salesforceaccountid"], by_key["domain"]) == (BY_NAME["Halden Robotics"].id, None)
    by_domain = company(sandbox, "Tidewater Marine", "salesforceaccountid", "domain")
    assert (by_domain["salesforceaccountid"], by_domain["domain"]) == (None, "tidewater-marine.com")


def test_hubspot_companies_change_with_their_stories(sandbox: Sandbox) -> None:
    """Who left is no customer any more, and money has its currency."""
    assert company(sandbox, "Tansy Cosmetics", "account_status")["account_status"] == "Former Customer"
    euros = company(sandbox, 'Köhler & Söhne "Fördertechnik" GmbH', "arr", "account_currency", "domain")
    assert (float(euros["arr"]), euros["account_currency"]) == (240_000, "EUR")
    assert euros["domain"] == "koehler-foerdertechnik.de"


def test_strangers_have_trouble_of_their_own(desk: Desk) -> None:
    """An organization with a mail provider's domain and one with two companies' domain have critical tickets open."""
    rows = {row["name"]: row for row in desk.get("organizations", per_page=100)["organizations"]}
    assert rows["Ivy Lane Crafts (support)"]["domain_names"] == ["gmail.com"]
    stranger = rows["Twin Harbour East (support)"]
    (ticket,) = desk.get(f"organizations/{stranger['id']}/tickets")["tickets"]
    assert (ticket["priority"], ticket["status"]) == ("urgent", "open")
    domains = [a["Website"] for a in WORLD.salesforce["Account"] if a["Name"].startswith("Twin Harbour")]
    assert domains == ["https://www.twin-harbour.com/"] * 2
