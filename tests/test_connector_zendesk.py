"""Reading Zendesk: who we are, exports by time and by cursor, and limits that are counted by the minute."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from connectors import connect
from connectors.base import ConfigError, Stream, SystemRefused, Unavailable
from tests.scripted import Answer, Request
from tests.scripted_zendesk import (
    NOW,
    ORGANIZATIONS,
    TICKETS,
    Clock,
    by_cursor,
    by_time,
    calls,
    organization,
    scripted_desk,
    ticket,
    zendesk,
)
from tests.vendors import ZendeskVendor

ME = Answer(200, {"user": {"id": 5, "role": "admin"}})
TOKEN = {"ZD_EMAIL": "integration@example.com", "ZD_API_TOKEN": "hush-token"}


# --- who we are -------------------------------------------------------------------------------------------------------


def test_a_client_asks_for_a_token_of_two_days() -> None:
    """The secret travels in the body of one request; what comes back is sent with every other."""
    with scripted_desk(lambda _: ME) as vendor:
        assert zendesk(vendor).organization() == "127.0.0.1"
        asked, used = vendor.requests
    assert asked.json == {
        "grant_type": "client_credentials",
        "client_id": "app",
        "client_secret": "hush",
        "scope": "read write",
        "expires_in": 172_800,
    }
    assert used.headers["Authorization"].startswith("Bearer t")


def test_an_api_token_needs_no_login() -> None:
    """The older way: address and token as Basic credentials."""
    with scripted_desk(lambda _: ME) as vendor:
        connect("zendesk", "zd", {"ZD_BASE_URL": vendor.url, **TOKEN}, lambda: NOW, lambda _: None).organization()
        (used,) = vendor.requests
    assert used.headers["Authorization"] == "Basic aW50ZWdyYXRpb25AZXhhbXBsZS5jb20vdG9rZW46aHVzaC10b2tlbg=="


def test_an_answer_to_nobody_is_no_login() -> None:
    """Zendesk says 200 to everybody here: without a user's id we are an anonymous visitor."""
    with (
        scripted_desk(lambda _: Answer(200, {"user": {"id": None, "name": "Anonymous user"}})) as vendor,
        pytest.raises(SystemRefused, match=r"anonymous visitor.*ZD_"),
    ):
        zendesk(vendor).organization()


def test_a_token_that_cannot_be_renewed_is_refused_once() -> None:
    """One answer is enough, in the vendor's words and without the token."""
    with scripted_desk(lambda _: Answer(401, {"error": "Couldn't authenticate you"})) as vendor:
        source = connect("zendesk", "zd", {"ZD_BASE_URL": vendor.url, **TOKEN}, lambda: NOW, lambda _: None)
        with pytest.raises(SystemRefused, match="Couldn't authenticate you") as caught:
            source.organization()
        assert len(vendor.requests) == 1
    assert "hush" not in str(caught.value)


def test_a_scope_that_is_not_allowed_says_which_variable_changes_it() -> None:
    """The client may be allowed less than we ask for."""
    vendor = scripted_desk(lambda _: ME)
    vendor.answer = lambda _: Answer(400, {"error": "invalid_scope", "error_description": "not allowed"})
    with vendor, pytest.raises(SystemRefused, match=r"invalid_scope.*ZD_SCOPE") as caught:
        zendesk(vendor).organization()
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({}, "ZD_BASE_URL and ZD_SUBDOMAIN are not set"),
        ({"ZD_SUBDOMAIN": "acme.zendesk.com"}, "ZD_SUBDOMAIN is no subdomain"),
        ({"ZD_BASE_URL": "http://acme.zendesk.com", **TOKEN}, "plain http"),
        ({"ZD_SUBDOMAIN": "acme"}, "ZD_CLIENT_ID with ZD_CLIENT_SECRET, or ZD_EMAIL with ZD_API_TOKEN"),
    ],
)
def test_missing_variables_are_named(env: dict[str, str], said: str) -> None:
    """Before any call."""
    with pytest.raises(ConfigError, match=said):
        connect("zendesk", "zd", env)


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (Answer(403, {"error": {"title": "Forbidden", "message": "not your plan"}}), SystemRefused, "not your plan"),
        (Answer(403, {"error": "Forbidden", "description": "Missing scopes: read"}), SystemRefused, "Missing scopes"),
        (Answer(404, {"error": "InvalidEndpoint", "description": "Not found"}), ConfigError, "InvalidEndpoint"),
        (
            Answer(400, {"errors": [{"code": "InvalidValue", "detail": "no such"}]}),
            ConfigError,
            "InvalidValue: no such",
        ),
        (
            Answer(422, {"error": "RecordInvalid", "details": {"base": [{"description": "is wrong"}]}}),
            ConfigError,
            "base: is wrong",
        ),
        (Answer(200, {"error": "Forbidden", "description": "under 200"}), ConfigError, "under 200"),
    ],
)
def test_every_shape_of_an_error_is_told_in_the_vendors_words(answer: Answer, kind: type[Exception], said: str) -> None:
    """Zendesk has half a dozen; none of them is data."""
    with scripted_desk(lambda _: answer) as vendor, pytest.raises(kind, match=said):
        list(zendesk(vendor).pull(ORGANIZATIONS, None))


# --- fields -----------------------------------------------------------------------------------------------------------


def test_fields_that_people_added_are_described() -> None:
    """Organizations name them by key and take them; the options of a dropdown are its values."""
    with scripted_desk(lambda _: ME) as vendor:
        fields = zendesk(vendor).describe("organizations").fields
    assert fields["organization_fields.crmpulse_score"].type == "int"
    assert fields["organization_fields.crmpulse_score"].updateable
    assert fields["organization_fields.plan"].values == ("plan_gold",)
    assert not fields["domain_names"].updateable


def test_a_missing_field_is_named_before_any_export() -> None:
    """With the place in the mapping."""
    stream = Stream("organizations", "organizations", ("id", "organization_fields.nope"), key="id")
    with scripted_desk(lambda _: by_time([], 0)) as vendor:
        with pytest.raises(ConfigError, match=r"zd.yaml, pull organizations: .* no field organization_fields.nope"):
            list(zendesk(vendor).pull(stream, None))
        assert not calls(vendor, "incremental")


def test_custom_fields_are_read_by_id_and_by_title() -> None:
    """Tickets hold them as a list; a title that two fields share is asked back."""
    stream = Stream("tickets", "tickets", ("custom_fields.11", "custom_fields.Severity", "id"), key="id")
    held = [{"id": 11, "value": "sev1"}, {"id": 12, "value": "x"}]
    with scripted_desk(lambda _: by_cursor([ticket(1, custom_fields=held)], "c")) as vendor:
        ((record,),) = [page.records for page in zendesk(vendor).pull(stream, None)]
        assert record.fields == {"id": "1", "custom_fields.11": "sev1", "custom_fields.Severity": "sev1"}
        twice = Stream("tickets", "tickets", ("custom_fields.Twice", "id"), key="id")
        with pytest.raises(ConfigError, match=r"several fields .* custom_fields.Twice; write the field's id"):
            list(zendesk(vendor).pull(twice, None))


def test_a_day_is_read_as_a_day() -> None:
    """Zendesk shows the day of an added field as its midnight."""
    stream = Stream("organizations", "organizations", ("id", "organization_fields.crmpulse_as_of"), key="id")
    held = {"crmpulse_as_of": "2026-11-20T00:00:00+00:00"}
    with scripted_desk(lambda _: by_time([organization(1, organization_fields=held)], 9)) as vendor:
        ((record,),) = [page.records for page in zendesk(vendor).pull(stream, None)]
    assert record.fields["organization_fields.crmpulse_as_of"] == "2026-11-20"


# --- exports by time --------------------------------------------------------------------------------------------------


def test_repeated_organizations_at_a_boundary_come_once() -> None:
    """A page begins with the records that ended the one before; the next pull begins with them too."""
    pages = {
        0: by_time([organization(n) for n in range(1, 4)], 100, last=False),
        100: by_time([organization(n) for n in range(3, 6)], 200),
        200: by_time([organization(5)], 200),
    }
    with scripted_desk(lambda request: pages[int(request.query["start_time"])]) as vendor:
        got = list(zendesk(vendor).pull(ORGANIZATIONS, None))
        assert [[record.id for record in page.records] for page in got] == [["1", "2", "3"], ["4", "5"]]
        again = list(zendesk(vendor).pull(ORGANIZATIONS, got[-1].bookmark))
        assert [list(page.records) for page in again] == [[]]
    assert all("elsewhere" not in request.headers["Host"] for request in vendor.requests)


def test_a_change_at_the_boundary_is_no_repetition() -> None:
    """The same organization in the same second with another name is news."""
    bookmark = list(_organizations(by_time([organization(5)], 200)))[-1].bookmark
    renamed = by_time([organization(5, name="Renamed")], 200)
    assert [record.fields["name"] for page in _organizations(renamed, bookmark) for record in page.records] == [
        "Renamed"
    ]


def _organizations(answer: Answer, bookmark: Any = None) -> list[Any]:
    with scripted_desk(lambda _: answer) as vendor:
        return list(zendesk(vendor).pull(ORGANIZATIONS, bookmark))


def test_a_full_page_of_one_second_fails_loudly() -> None:
    """The export would give the same page for ever, and everything behind it would be missing."""
    stuck = by_time([organization(n) for n in range(1_000)], 100, last=False)
    with (
        scripted_desk(lambda _: stuck) as vendor,
        pytest.raises(ConfigError, match="1000 organizations or more were changed in the second 100"),
    ):
        list(zendesk(vendor).pull(ORGANIZATIONS, {"start_time": 100}))


def test_an_export_ends_where_no_way_on_is_given() -> None:
    """The word for the end may be missing altogether."""
    assert len(_organizations(by_time([organization(1)], 100, last=None))) == 1


def test_a_place_of_less_than_a_minute_ago_has_nothing_yet() -> None:
    """Zendesk refuses it; the bookmark stays where it was."""
    early = Answer(
        422, {"error": "InvalidValue", "description": "Too recent start_time. Use a start_time older than 5 minutes"}
    )
    (page,) = _organizations(early, {"start_time": 100, "seen": {"5": "x"}})
    assert (list(page.records), page.bookmark) == ([], {"start_time": 100, "seen": {"5": "x"}})


def test_deleted_organizations_and_users_are_deletions() -> None:
    """Each kind says it in its own way."""
    (page,) = _organizations(by_time([organization(1, deleted_at="2026-11-20T10:00:00Z")], 100))
    assert page.records[0].deleted
    users = Stream("users", "users", ("active", "id"), key="id")
    gone = {"users": [{"id": 1, "active": False}], "after_cursor": "c", "end_of_stream": True}
    with scripted_desk(lambda _: Answer(200, gone)) as vendor:
        ((record,),) = [page.records for page in zendesk(vendor).pull(users, None)]
    assert record.deleted


# --- exports by cursor ------------------------------------------------------------------------------------------------


def test_every_page_is_asked_for_with_the_metric_sets_and_the_last_cursor_is_kept() -> None:
    """The cursor does not carry what else was asked for, and stands at the end too."""
    pages = {
        None: by_cursor([ticket(1)], "c1", last=False),
        "c1": by_cursor([ticket(2)], "c2"),
        "c2": by_cursor([], "c2"),
    }
    with scripted_desk(lambda request: pages[request.query.get("cursor")]) as vendor:
        got = list(zendesk(vendor).pull(TICKETS, None))
        assert [page.bookmark["cursor"] for page in got] == ["c1", "c2"]
        assert len(list(zendesk(vendor).pull(TICKETS, got[-1].bookmark))) == 1
        asked = [request.query for request in calls(vendor, "incremental")]
    assert [query.get("start_time") for query in asked] == ["0", None, None]
    assert all(query["include"] == "metric_sets" for query in asked)


@pytest.mark.parametrize("after", [None, "c2"])
def test_the_word_for_the_end_may_be_missing(after: str | None) -> None:
    """It goes on while a cursor is given, and ends without one, or where the cursor stands still."""
    pages = {None: by_cursor([ticket(1)], "c1", last=None), "c1": by_cursor([ticket(2)], after, last=None)}
    with scripted_desk(
        lambda request: pages.get(request.query.get("cursor"), by_cursor([], "c2", last=None))
    ) as vendor:
        got = list(zendesk(vendor).pull(TICKETS, None))
    assert [record.id for page in got for record in page.records] == ["1", "2"]
    assert got[-1].bookmark["cursor"] == (after or "c1")


def test_an_old_change_marker_is_no_reason_to_leave_a_record_out() -> None:
    """The system moves records in the stream without touching updated_at."""
    with scripted_desk(lambda _: by_cursor([ticket(1, updated_at="2019-01-01T00:00:00Z")], "c2")) as vendor:
        pages = list(zendesk(vendor).pull(TICKETS, {"cursor": "c1"}))
    assert [record.id for page in pages for record in page.records] == ["1"]


def test_a_cursor_that_is_lost_begins_anew() -> None:
    """Everything comes once more, which the warehouse recognises; nothing is missing."""

    def answer(request: Request) -> Answer:
        if request.query.get("cursor") == "old":
            return Answer(400, {"error": "InvalidValue", "description": "cursor is invalid"})
        return by_cursor([ticket(1)], "new")

    with scripted_desk(answer) as vendor:
        pages = list(zendesk(vendor).pull(TICKETS, {"cursor": "old"}))
    assert [page.bookmark["cursor"] for page in pages] == ["new"]


def test_a_cursor_that_is_refused_right_after_it_was_given_ends_the_pull() -> None:
    """Beginning anew would bring the first page for ever."""

    def answer(request: Request) -> Answer:
        if "cursor" in request.query:
            return Answer(400, {"error": "InvalidValue", "description": "cursor is invalid"})
        return by_cursor([ticket(1)], "c1", last=False)

    with scripted_desk(answer) as vendor:
        with pytest.raises(ConfigError, match="cursor is invalid"):
            list(zendesk(vendor).pull(TICKETS, {"cursor": "old"}))
        asked = [request.query.get("cursor") for request in calls(vendor, "incremental")]
    assert asked == ["old", None, "c1"]


def test_a_conflict_is_asked_again() -> None:
    """409: somebody changed the same thing at this moment, and nothing was done."""
    answers = [Answer(409, {"error": "Conflict", "description": "try again"}), by_cursor([ticket(1)], "c1")]
    with scripted_desk(lambda _: answers.pop(0)) as vendor:
        pages = list(zendesk(vendor).pull(TICKETS, None))
    assert [record.id for page in pages for record in page.records] == ["1"]


def test_a_page_that_takes_too_long_is_halved() -> None:
    """504: the next pages are asked for by the smaller size, too."""

    def answer(request: Request) -> Answer:
        if int(request.query["per_page"]) > 300:
            return Answer(504, b"upstream request timeout")
        return by_cursor([ticket(1)], "c1", last=False) if "cursor" not in request.query else by_cursor([], "c1")

    with scripted_desk(answer) as vendor:
        list(zendesk(vendor).pull(TICKETS, None))
        sizes = [request.query["per_page"] for request in calls(vendor, "incremental")]
    assert sizes == ["1000", "500", "250", "250"]


def test_a_page_that_always_takes_too_long_is_left_for_the_next_run() -> None:
    """Down to a single record; then the vendor is unavailable."""
    with (
        scripted_desk(lambda _: Answer(504, b"upstream request timeout")) as vendor,
        pytest.raises(Unavailable, match="too long"),
    ):
        list(zendesk(vendor).pull(TICKETS, None))


# --- limits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "busy",
    [
        Answer(429, {"error": "APIRateLimitExceeded", "description": "Number of allowed ..."}, {"Retry-After": "93"}),
        Answer(429, b"Number of allowed API requests per minute exceeded", {"Retry-After": "93"}),
        Answer(429, {"detail": "Rate limited by Zendesk edge protection", "status": "429"}, {"Retry-After": "93"}),
    ],
)
def test_all_forms_of_a_429_are_waited_for(busy: Answer) -> None:
    """As long as Zendesk says, whatever the body looks like."""
    answers = [busy, by_cursor([ticket(1)], "c1")]
    clock = Clock()
    with scripted_desk(lambda _: answers.pop(0)) as vendor:
        assert len(list(zendesk(vendor, clock).pull(TICKETS, None))) == 1
    assert clock.waits == [93.0]


@pytest.mark.parametrize(("share", "ours"), [(50, 5), (100, 10), (5, 1)])
def test_exports_use_our_share_of_a_minute_and_never_more(share: float, ours: int) -> None:
    """Ten exports a minute for all integrations together: any minute holds our share of them at most."""
    times: list[Any] = []
    clock = Clock()

    def answer(request: Request) -> Answer:
        times.append(clock())
        return by_cursor([ticket(len(times))], f"c{len(times)}", last=len(times) == 23)

    with scripted_desk(answer) as vendor:
        list(zendesk(vendor, clock, share).pull(TICKETS, None))
    within = [sum(1 for other in times if at <= other < at + timedelta(seconds=60)) for at in times]
    assert max(within) == ours
    assert times[-1] - times[0] == timedelta(seconds=60 * (22 // ours))


def test_an_account_with_more_exports_uses_its_share_of_those() -> None:
    """The header says how many there are; when others used all of them, we wait until there are new ones."""
    clock = Clock()
    headers = {"zendesk-ratelimit-incremental-exports": "total=30; remaining=20; resets=50"}
    empty = {"zendesk-ratelimit-incremental-exports": "total=30; remaining=0; resets=17"}
    pages = [by_cursor([ticket(n)], f"c{n}", n == 15)._replace(headers=headers) for n in range(1, 16)]
    pages[7] = pages[7]._replace(headers=empty)
    with scripted_desk(lambda _: pages.pop(0)) as vendor:
        list(zendesk(vendor, clock).pull(TICKETS, None))
    assert clock.waits == [17.0]


def test_an_expired_token_costs_one_login() -> None:
    """Also in the middle of a stream; the page is asked for again."""
    answers = [by_cursor([ticket(1)], "c1", last=False), Answer(401, {"error": "invalid_token"}), by_cursor([], "c1")]
    with scripted_desk(lambda _: answers.pop(0)) as vendor:
        assert len(list(zendesk(vendor).pull(TICKETS, None))) == 2
        assert len(calls(vendor, "/oauth/tokens")) == 2


# --- what exists ------------------------------------------------------------------------------------------------------


def test_the_ids_of_tickets_come_from_the_export() -> None:
    """The list of tickets leaves out archived ones, which would look deleted."""
    with scripted_desk(lambda _: by_cursor([ticket(1), ticket(2, status="deleted")], "c1")) as vendor:
        assert [list(ids) for ids in zendesk(vendor).ids(TICKETS)] == [["1"]]
        assert calls(vendor, "incremental")[0].query["exclude_deleted"] == "true"


def test_the_ids_of_organizations_come_from_their_list() -> None:
    """Page by page, by cursor."""
    first = {"organizations": [organization(1)], "meta": {"has_more": True, "after_cursor": "x"}}
    second = {"organizations": [organization(2)], "meta": {"has_more": False}}
    with scripted_desk(lambda r: Answer(200, second if "page[after]" in r.query else first)) as vendor:
        assert [list(ids) for ids in zendesk(vendor).ids(ORGANIZATIONS)] == [["1"], ["2"]]


def test_a_deleted_ticket_arrives_as_a_deletion_from_the_sandbox() -> None:
    """It stays in the export with its own status."""
    vendor = ZendeskVendor(5)
    try:
        first = vendor.pull()
        gone = vendor.remove(2)
        records = [record for page in vendor.pull(first[-1].bookmark) for record in page.records]
    finally:
        vendor.close()
    assert [(record.id, record.deleted) for record in records] == [(gone, True)]


def test_bookmarks_are_json() -> None:
    """They are stored as such."""
    (page,) = _organizations(by_time([organization(1)], 100))
    assert json.loads(json.dumps(page.bookmark)) == page.bookmark
