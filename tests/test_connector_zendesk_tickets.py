"""What a Zendesk ticket does not say itself: whose it is, when it was answered and solved, what the customer thought."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.base import Record, Stream
from tests.scripted import Answer, Request, Scripted
from tests.scripted_zendesk import NOW, by_cursor, calls, scripted_desk, ticket, zendesk

OWNER = "derived.organization_id"
FIRST, SOLVED = "derived.first_response_at", "derived.solved_at"
RATING, RATED = "derived.rating", "derived.rated_at"
ASKED = Stream("tickets", "tickets", (FIRST, OWNER, RATED, RATING, SOLVED, "id"), key="id")
LIST = "organization_memberships"


def listed(key: str, *rows: dict[str, Any]) -> Answer:
    return Answer(200, {key: list(rows), "meta": {"has_more": False}})


def desk(changed: list[dict[str, Any]], **answers: Any) -> Scripted:
    """A Zendesk with these tickets, whose other paths (their last word) answer as told, else 404."""

    def answer(request: Request) -> Answer:
        if "incremental" in request.path:
            return by_cursor(changed, "c1")
        found = answers.get(request.path.rpartition("/")[2] if "show_many" not in request.path else _kind(request))
        missing = Answer(404, {"error": "InvalidEndpoint", "description": "Not found"})
        return found(request) if callable(found) else found or missing

    return scripted_desk(answer)


def _kind(request: Request) -> str:
    return request.path.split("/")[-2]


def only(vendor: Scripted, bookmark: Any = None) -> Record:
    """The one record of a pull."""
    with vendor:
        ((record,),) = [page.records for page in zendesk(vendor).pull(ASKED, bookmark)]
    return record


# --- whose ------------------------------------------------------------------------------------------------------------

LOST = ticket(1, organization_id=None)
TWO = [{"id": 7, "domain_names": ["acme.com", "gmail.com"]}, {"id": 8, "domain_names": ["ACME.de", "acme.com"]}]


@pytest.mark.parametrize(
    ("user", "joined", "owner"),
    [
        ({"organization_id": 9, "email": "a@acme.de"}, [7], 9),  # the requester's own organization is first
        ({"email": "a@acme.de"}, [7], 7),  # then the only one that the requester joined
        ({"email": "a@acme.de"}, [7, 8], None),  # of two nobody chooses
        ({"email": "a@acme.de"}, [], 8),  # then the only one that claims the domain
        ({"email": "a@acme.com"}, [], None),  # two claim it
        ({"email": "a@gmail.com"}, [], None),  # nobody owns a free-mail domain
        ({"email": None}, [], None),
    ],
)
def test_a_ticket_without_an_organization_is_decided_without_guessing(
    user: dict[str, Any], joined: list[int], owner: int | None
) -> None:
    """By the requester: the organization, the memberships, the domain of the address; two candidates are none."""
    vendor = desk(
        [LOST],
        users=listed("users", {"id": 70, **user}),
        organization_memberships=listed(LIST, *({"organization_id": id} for id in joined)),
        organizations=listed("organizations", *TWO),
    )
    assert only(vendor).fields[OWNER] == owner


def test_a_ticket_with_an_organization_asks_nobody() -> None:
    """What it says itself counts."""
    vendor = desk([ticket(1)])
    assert only(vendor).fields[OWNER] == 7
    assert not calls(vendor, "users")


def test_a_requester_is_looked_up_once() -> None:
    """Many tickets of one person cost one call."""
    vendor = desk(
        [ticket(n, organization_id=None) for n in range(1, 300)],
        users=listed("users", {"id": 70, "organization_id": 9}),
    )
    with vendor:
        (page,) = zendesk(vendor).pull(ASKED, None)
    assert {record.fields[OWNER] for record in page.records} == {9}
    assert len(calls(vendor, "users/show_many")) == 1


# --- when -------------------------------------------------------------------------------------------------------------


def test_the_first_response_is_creation_plus_minutes() -> None:
    """Zendesk keeps no moment of it; before the first reply there is none."""
    replied = {"reply_time_in_minutes": {"calendar": 90, "business": 30}}
    assert only(desk([ticket(1, metric_set=replied)])).fields[FIRST] == "2026-11-01T11:30:00+00:00"
    unanswered = {"reply_time_in_minutes": {"calendar": None, "business": None}}
    assert only(desk([ticket(1, metric_set=[unanswered])])).fields[FIRST] is None


@pytest.mark.parametrize(
    ("status", "metrics", "solved"),
    [
        ("solved", {"solved_at": "2026-11-02T09:00:00Z"}, "2026-11-02T09:00:00Z"),
        ("open", {"solved_at": "2026-11-02T09:00:00Z"}, None),  # reopened
        ("closed", None, "2026-11-02T10:00:00Z"),  # its last change: by then it was
    ],
)
def test_a_ticket_is_solved_while_its_status_says_so(status: str, metrics: Any, solved: str | None) -> None:
    """A reopened ticket keeps its old solved_at in Zendesk."""
    assert only(desk([ticket(1, status=status, metric_set=metrics)])).fields[SOLVED] == solved


def test_a_deleted_ticket_asks_for_nothing_more() -> None:
    """Everything around it is gone with it."""
    vendor = desk([ticket(1, status="deleted", organization_id=None)])
    assert only(vendor).deleted
    assert not calls(vendor, "users")


# --- what the customer thought ----------------------------------------------------------------------------------------

BAD = {"score": "bad", "id": 500}
RESPONSES = "survey_responses"


def response(n: int, word: str | None, at: str = "2026-11-19T10:00:00Z", **more: Any) -> dict[str, Any]:
    """A survey about ticket n, answered with a word, or skipped."""
    question = {"id": "q", "type": "rating_scale_emoji", "sub_type": "customer_satisfaction"}
    answer = {"type": "rating_scale" if word else "skipped", "question": question, "updated_at": at}
    made = {"id": f"01ARYZ6S41TSV4RRFFQ69G5FA{n}", "subject_zrns": [f"zen:ticket:{n}"]}
    made["expires_at"] = "2026-11-30T00:00:00Z"
    return {**made, "answers": [{**answer, "rating_category": word} if word else answer], **more}


def test_an_answer_of_the_newer_surveys_wins() -> None:
    """The ticket itself shows it as bad, although it was neutral."""
    vendor = desk([ticket(1, satisfaction_rating=BAD)], survey_responses=listed(RESPONSES, response(1, "neutral")))
    record = only(vendor)
    assert (record.fields[RATING], record.fields[RATED]) == ("neutral", "2026-11-19T10:00:00Z")
    assert calls(vendor, RESPONSES)[0].query["filter[subject_zrns]"] == "zen:ticket:1"


def test_the_last_of_several_answers_counts_and_skipped_ones_do_not() -> None:
    """A ticket that was solved twice is asked about twice."""
    answers = [
        response(1, "bad"),
        response(1, "good", "2026-11-19T11:00:00Z"),
        response(1, None, "2026-11-19T12:00:00Z"),
    ]
    assert only(desk([ticket(1)], survey_responses=listed(RESPONSES, *answers))).fields[RATING] == "good"


def test_the_older_generation_is_read_from_the_ticket_with_its_moment_from_the_list() -> None:
    """An account without surveys says 404 there, once."""
    moments = listed("satisfaction_ratings", {"id": 500, "ticket_id": 1, "updated_at": "2026-11-18T10:00:00Z"})
    vendor = desk([ticket(1, satisfaction_rating=BAD)], satisfaction_ratings=moments)
    record = only(vendor)
    assert (record.fields[RATING], record.fields[RATED]) == ("bad", "2026-11-18T10:00:00Z")
    assert len(calls(vendor, RESPONSES)) == 1


def test_an_old_rating_of_a_ticket_that_moved_again_is_asked_for_alone() -> None:
    """The list is only read from the last pull on."""
    one = Answer(200, {"satisfaction_rating": {"id": 500, "created_at": "2026-01-18T10:00:00Z"}})
    answers = {"satisfaction_ratings": listed("satisfaction_ratings"), "500": one}
    bookmark = {"cursor": "c0", "ratings": {"at": NOW.isoformat(), "open_since": 0}}
    vendor = desk([ticket(1, satisfaction_rating=BAD)], **answers)
    assert only(vendor, bookmark).fields[RATED] == "2026-01-18T10:00:00Z"
    assert int(calls(vendor, "satisfaction_ratings")[0].query["start_time"]) == int(NOW.timestamp()) - 120


def test_an_unanswered_offer_is_no_rating() -> None:
    """offered and unoffered say nothing."""
    assert only(desk([ticket(1, satisfaction_rating={"score": "offered"})])).fields[RATING] is None


def test_a_ticket_that_was_rated_since_the_last_pull_comes_again() -> None:
    """The answer alone does not bring it into the export; the survey may be older than the last pull."""
    late = response(1, "bad", "2026-11-20T11:59:30Z")
    whole = [ticket(1, status="solved", metric_set={"solved_at": "2026-11-02T09:00:00Z"})]
    vendor = desk([], survey_responses=listed(RESPONSES, late), tickets=listed("tickets", *whole))
    opened = 1_800_000_000_000 - 10**10
    bookmark = {"cursor": "c0", "ratings": {"at": "2026-11-20T11:59:00+00:00", "open_since": opened}}
    record = only(vendor, bookmark)
    assert (record.fields[RATING], record.fields[SOLVED]) == ("bad", "2026-11-02T09:00:00Z")
    assert calls(vendor, RESPONSES)[0].query["filter[created_at_start]"] == str(opened)


def test_surveys_that_can_still_be_answered_are_looked_at_again() -> None:
    """The bookmark knows when the oldest of them was made, until it expires."""
    with desk([ticket(1)], survey_responses=listed(RESPONSES, response(1, None))) as vendor:
        (page,) = zendesk(vendor).pull(ASKED, None)
        assert page.bookmark["ratings"] == {"at": NOW.isoformat(), "open_since": 1469918176385}
    with desk([], survey_responses=listed(RESPONSES, response(1, None, expires_at="2026-11-20T00:00:00Z"))) as vendor:
        (page,) = zendesk(vendor).pull(ASKED, page.bookmark)
        assert page.bookmark["ratings"]["open_since"] == int(NOW.timestamp() * 1000)
