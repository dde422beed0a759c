"""Incremental exports of the Zendesk stand-in: order, boundaries, what is withheld and how they end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.server import Sandbox
from tests.sandbox_desk import ACME, ANNA, ASKED, BOLT, BROKEN, CUBE, LOST, NOW, Desk, error, opened

TICKETS, ORGANIZATIONS = "incremental/tickets/cursor.json", "incremental/organizations.json"
NOON = int(NOW.timestamp())


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with opened(exports_per_minute=0, user_exports_per_minute=0) as running:
        yield running


@pytest.fixture
def desk(sandbox: Sandbox) -> Desk:
    return Desk(sandbox)


def burst(count: int, at: str = "2026-01-01T00:00:00Z", first: int = 1) -> list[dict[str, Any]]:
    return [{"id": first + n, "name": f"Org {first + n}", "created_at": at} for n in range(count)]


def test_a_cursor_leads_through_all_pages_and_into_the_next_run(desk: Desk) -> None:
    """start_time begins, after_cursor goes on, also after the end: what changes later comes behind it."""
    first = desk.get(TICKETS, start_time=0, per_page=2)
    assert ([t["id"] for t in first["tickets"]], first["end_of_stream"]) == ([BROKEN, ASKED], False)
    assert first["after_url"].startswith(f"{desk.url}/api/v2/incremental/tickets/cursor.json?cursor=")
    second = desk.get(first["after_url"])
    assert ([t["id"] for t in second["tickets"]], second["end_of_stream"]) == ([LOST], True)
    assert desk.get(TICKETS, cursor=second["after_cursor"])["tickets"] == []
    desk.clock("2026-11-22T09:00:00Z")
    later = desk.get(TICKETS, cursor=second["after_cursor"])
    assert [t["id"] for t in later["tickets"]] == [BROKEN]


def test_a_change_of_the_system_comes_with_an_old_updated_at(desk: Desk) -> None:
    """The export follows generated_timestamp; whoever filters by updated_at loses the record."""
    desk.clock("2026-11-24T09:00:00Z")
    body = desk.get(TICKETS, start_time=NOON + 3 * 86400)
    (row,) = body["tickets"]
    assert (row["id"], row["status"], row["updated_at"]) == (BROKEN, "closed", "2026-11-22T08:00:00Z")
    assert row["generated_timestamp"] == NOON + 4 * 86400 - 4 * 3600


def test_the_last_minute_is_withheld(desk: Desk) -> None:
    """A change shows after a minute, and asking for the last minute is refused."""
    desk.person("tickets", id=ASKED, subject="Asked again")
    cursor = desk.get(TICKETS, start_time=0)["after_cursor"]
    assert desk.get(TICKETS, cursor=cursor)["tickets"] == []
    refused = desk("GET", TICKETS, start_time=NOON - 60)
    assert refused.status_code == 422
    assert refused.json()["description"].startswith("Too recent start_time")
    desk.clock("2026-11-20T12:01:00Z")
    assert [t["subject"] for t in desk.get(TICKETS, cursor=cursor)["tickets"]] == ["Asked again"]


def test_deleted_tickets_stay_in_the_stream(desk: Desk) -> None:
    """As rows with the status deleted, unless they are not wanted; the ticket itself is gone."""
    rows = {t["id"]: t["status"] for t in desk.get(TICKETS, start_time=0)["tickets"]}
    assert rows == {BROKEN: "solved", ASKED: "open", LOST: "deleted"}
    assert desk("GET", f"tickets/{LOST}").status_code == 404
    kept = desk.get(TICKETS, start_time=0, exclude_deleted="true")["tickets"]
    assert {t["id"] for t in kept} == {BROKEN, ASKED}


def test_side_loads_come_when_they_are_asked_for(desk: Desk) -> None:
    """Metric sets lie inside the tickets, people and organizations beside them; last_audits are not to be had."""
    plain = desk.get(TICKETS, start_time=0)
    assert "metric_set" not in plain["tickets"][0]
    loaded = desk.get(TICKETS, start_time=0, include="metric_sets,users,organizations")
    assert loaded["tickets"][0]["metric_set"]["reply_time_in_minutes"]["calendar"] == 30
    assert ANNA in {u["id"] for u in loaded["users"]}
    assert {o["id"] for o in loaded["organizations"]} == {ACME, BOLT}
    second = desk.get(desk.get(TICKETS, start_time=0, per_page=1, include="metric_sets")["after_url"])
    assert "metric_set" not in second["tickets"][0]
    assert desk("GET", TICKETS, start_time=0, include="last_audits").status_code == 400


def test_tickets_of_ai_agents_are_hidden_by_default(desk: Desk) -> None:
    """support_type_scope says which."""
    desk.person("tickets", id=ASKED, support_type="ai_agent")
    desk.clock("2026-11-20T12:05:00Z")
    assert ASKED not in {t["id"] for t in desk.get(TICKETS, start_time=0)["tickets"]}
    everything = desk.get(TICKETS, start_time=0, support_type_scope="all")["tickets"]
    assert ASKED in {t["id"] for t in everything}


def test_users_come_with_a_cursor_too(desk: Desk) -> None:
    """Also those that are no longer active, and start_time may have a fraction."""
    desk.person("users", f"/{ANNA}/delete")
    desk.clock("2026-11-20T12:05:00Z")
    rows = {u["id"]: u["active"] for u in desk.get("incremental/users/cursor", start_time=0.5)["users"]}
    assert (rows[ANNA], len(rows)) == (False, 4)


def test_organizations_repeat_the_boundary(desk: Desk) -> None:
    """end_time is the last row's second and start_time is inclusive, so the row comes again."""
    first = desk.get(ORGANIZATIONS, start_time=0, per_page=1)
    assert ([o["id"] for o in first["organizations"]], first["end_of_stream"]) == ([ACME], False)
    second = desk.get(ORGANIZATIONS, start_time=first["end_time"], per_page=2)
    assert [o["id"] for o in second["organizations"]] == [ACME, BOLT]
    assert (second["end_of_stream"], second["next_page"] is None) == (True, False)
    desk.settings(repeats_boundary=False)
    moved = desk.get(ORGANIZATIONS, start_time=0, per_page=1)
    assert [o["id"] for o in desk.get(moved["next_page"])["organizations"]] == [BOLT]


def test_a_page_holds_whole_seconds() -> None:
    """Rows that share a second come together, whatever per_page says; when the first second fills it, it stands still."""
    rows = burst(3) + burst(4, "2026-01-01T00:00:01Z", first=10)
    with opened({"organizations": rows}) as sandbox:
        desk = Desk(sandbox)
        first = desk.get(ORGANIZATIONS, start_time=0, per_page=2)
        assert (first["count"], first["end_of_stream"]) == (3, False)
        stuck = desk.get(ORGANIZATIONS, start_time=first["end_time"], per_page=2)
        assert (stuck["end_time"], stuck["count"]) == (first["end_time"], 3)
        assert desk.get(ORGANIZATIONS, start_time=first["end_time"], per_page=4)["count"] == 7


def test_a_page_is_a_thousand_at_most() -> None:
    """Asking for more gives a thousand."""
    users = [{"id": n, "name": f"U{n}", "created_at": "2026-01-01T00:00:00Z"} for n in range(1, 1201)]
    with opened({"users": users}) as sandbox:
        desk = Desk(sandbox)
        page = desk.get("incremental/users/cursor", start_time=1_500_000_000, per_page=5000)
        assert (len(page["users"]), page["end_of_stream"]) == (1000, False)
        rest = desk.get("incremental/users/cursor", cursor=page["after_cursor"])
        assert (len(rest["users"]), rest["end_of_stream"]) == (200, True)


def test_deleted_organizations_come_with_their_date(desk: Desk) -> None:
    """And what appeared since comes too."""
    desk.clock("2026-11-23T10:00:00Z")
    rows = {o["id"]: o["deleted_at"] for o in desk.get(ORGANIZATIONS, start_time=0)["organizations"]}
    assert rows == {ACME: None, CUBE: None, BOLT: "2026-11-23T09:00:00Z"}


def test_an_export_may_end_without_saying_so(desk: Desk) -> None:
    """Without end_of_stream one goes on while a next page is given."""
    desk.settings(tells_end=False)
    page = desk.get(TICKETS, start_time=0)
    assert "end_of_stream" not in page
    last = desk.get(TICKETS, cursor=page["after_cursor"])
    assert (last["tickets"], last["after_cursor"], last["after_url"]) == ([], None, None)
    assert desk.get(ORGANIZATIONS, start_time=0)["next_page"] is None


def test_large_pages_can_time_out_in_plain_text(desk: Desk) -> None:
    """504 is no JSON; a smaller page goes through."""
    desk.settings(slow_above=250)
    slow = desk("GET", TICKETS, start_time=0)
    assert (slow.status_code, slow.text) == (504, "upstream request timeout")
    assert slow.headers["Content-Type"].startswith("text/plain")
    assert desk("GET", TICKETS, start_time=0, per_page=250).status_code == 200


def test_what_cannot_be_exported_is_refused(desk: Desk) -> None:
    """No start, no number, no cursor, no such export."""
    assert error(desk("GET", TICKETS)) == (422, "StartTimeMissing")
    assert desk("GET", TICKETS, start_time="yesterday").status_code == 400
    assert desk("GET", TICKETS, cursor="x").status_code == 400
    assert desk("GET", TICKETS, start_time=0, per_page="all").status_code == 400
    assert error(desk("GET", "incremental/organizations/cursor", start_time=0)) == (404, "InvalidEndpoint")
