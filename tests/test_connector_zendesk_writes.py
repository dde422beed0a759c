"""Writing Zendesk's organizations: jobs, how they end, and what is known when they do not."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connectors import connect
from connectors.base import ConfigError, Operation, Outcome, Status, SystemRefused, Unavailable, Write
from sandbox.server import Sandbox
from sandbox.zendesk.desk import Settings
from tests.scripted import Answer, Request, Scripted
from tests.scripted_zendesk import NOW, SCORE, Clock, calls, organization, scripted_desk, update, zendesk


def job(status: str, *results: dict[str, Any], **more: Any) -> Answer:
    return Answer(200, {"job_status": {"id": "j1", "status": status, "results": list(results) or None, **more}})


def updated(n: int) -> dict[str, Any]:
    return {"id": n, "index": 0, "action": "update", "status": "Updated", "success": True}


def desk(put: Any, *polls: Answer, shows: list[dict[str, Any]] | None = None) -> Scripted:
    """A Zendesk that answers the bulk update with `put`, then the job's polls, the last one for ever."""
    left = list(polls)

    def answer(request: Request) -> Answer:
        if "job_statuses" in request.path:
            return left.pop(0) if len(left) > 1 else left[0]
        if "show_many" in request.path:
            return Answer(200, {"organizations": shows or []})
        return put(request) if callable(put) else put

    return scripted_desk(answer)


def outcomes(vendor: Scripted, *writes: Write) -> dict[str, Outcome]:
    with vendor:
        return {outcome.change_id: outcome for outcome in zendesk(vendor).write(writes)}


# --- jobs -------------------------------------------------------------------------------------------------------------


def test_a_job_is_followed_to_its_end_with_an_outcome_each() -> None:
    """Updated, refused and gone, matched by id in whatever order."""
    results = [
        {"id": 3, "index": 2, "error": "OrganizationNotFound", "details": "Not found"},
        updated(1),
        {"id": 2, "index": 1, "error": "RecordInvalid", "details": "is too long"},
    ]
    got = outcomes(desk(job("queued"), job("working"), job("completed", *results)), *(update(n) for n in (1, 2, 3)))
    assert (got["c1"].status, got["c1"].id) == (Status.SUCCEEDED, "1")
    assert (got["c2"].status, got["c2"].code, got["c2"].message) == (Status.REJECTED, "RecordInvalid", "is too long")
    assert (got["c3"].status, got["c3"].gone) == (Status.REJECTED, True)


def test_a_hundred_organizations_are_one_job() -> None:
    """With the fields below organization_fields, and nothing that nobody asked for."""
    vendor = desk(lambda r: job("completed", *(updated(o["id"]) for o in r.json["organizations"])), job("completed"))
    got = outcomes(vendor, *(update(n) for n in range(1, 251)))
    assert {outcome.status for outcome in got.values()} == {Status.SUCCEEDED}
    sent = [request.json["organizations"] for request in calls(vendor, "update_many")]
    assert [len(some) for some in sent] == [100, 100, 50]
    assert sent[0][0] == {"id": 1, "organization_fields": {"crmpulse_score": 1}}


def test_two_writes_of_one_organization_are_two_jobs() -> None:
    """In one job nobody could say which of them a result is about."""
    vendor = desk(lambda r: job("completed", updated(1)), job("completed"))
    outcomes(vendor, update(1), replace(update(1), change_id="c2"))
    assert len(calls(vendor, "update_many")) == 2


@pytest.mark.parametrize(
    ("polls", "why"),
    [
        ([job("working")], "still working"),
        ([Answer(404, {"error": "RecordNotFound", "description": "Not found"})], "cannot be followed"),
        ([job("completed")], "without a word on this record"),
        ([job("failed", message="Job was killed")], "Job was killed"),
    ],
)
def test_a_job_without_a_word_on_a_record_leaves_it_unknown(polls: list[Answer], why: str) -> None:
    """Not finished, lost, or silent: what was written is read back before anything is sent."""
    (outcome,) = outcomes(desk(job("queued"), *polls), update(1)).values()
    assert outcome.status is Status.UNKNOWN
    assert why in outcome.message


def test_a_result_without_an_id_is_matched_by_its_place() -> None:
    """Errors come that way."""
    error = {"index": 0, "error": "RecordInvalid", "details": "no"}
    got = outcomes(desk(job("completed", error, updated(2)), job("completed")), update(1), update(2))
    assert (got["c1"].status, got["c2"].status) == (Status.REJECTED, Status.SUCCEEDED)


def test_an_update_without_an_answer_goes_out_once_more() -> None:
    """By id it does the same twice; when that is not answered either, nobody knows."""
    answers = [Answer(drop=True), job("completed", updated(1))]
    vendor = desk(lambda _: answers.pop(0), job("completed"))
    assert outcomes(vendor, update(1))["c1"].status is Status.SUCCEEDED
    vendor = desk(Answer(drop=True), job("completed"))
    assert outcomes(vendor, update(1))["c1"].status is Status.UNKNOWN
    assert len(calls(vendor, "update_many")) == 2


def test_a_refused_batch_is_halved_until_its_culprit_is_alone() -> None:
    """The others are written."""

    def put(request: Request) -> Answer:
        ids = [each["id"] for each in request.json["organizations"]]
        if 3 in ids:
            return Answer(422, {"error": "RecordInvalid", "description": "3 is wrong"})
        return job("completed", *(updated(id) for id in ids))

    got = outcomes(desk(put, job("completed")), *(update(n) for n in range(1, 6)))
    assert {id: outcome.status for id, outcome in got.items() if outcome.status is not Status.SUCCEEDED} == {
        "c3": Status.REJECTED
    }
    assert "3 is wrong" in got["c3"].message


def test_a_missing_right_is_raised_before_anything_is_written() -> None:
    """It concerns every write."""
    refusal = Answer(403, {"error": "Forbidden", "description": "Missing the following required scopes: write"})
    with desk(refusal, job("completed")) as vendor, pytest.raises(SystemRefused, match="required scopes: write"):
        zendesk(vendor).write([update(1)])


def test_a_busy_zendesk_that_did_nothing_is_no_unknown() -> None:
    """429 to the end: nothing was sent."""
    with desk(Answer(429, b"later"), job("completed")) as vendor, pytest.raises(Unavailable):
        zendesk(vendor).write([update(1)])


# --- what is never sent -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("write", "why"),
    [
        (update(1, domain_names=["acme.com"]), "whole list"),
        (update(1, tags=["x"]), "whole list"),
        (update(1, **{SCORE: math.nan}), "no number"),
        (update(1, **{SCORE: "\ud800"}), SCORE),
        (Write("c1", "tickets", Operation.UPDATE, {"subject": "x"}, id="1"), "updates of organizations"),
        (Write("c1", "organizations", Operation.CREATE, {"name": "x"}), "updates of organizations"),
    ],
)
def test_what_cannot_be_sent_is_invalid_and_stops_no_other(write: Write, why: str) -> None:
    """Lists would be replaced whole, with everything that people put there."""
    vendor = desk(job("completed", updated(2)), job("completed"))
    got = outcomes(vendor, write, update(2))
    assert (got["c1"].status, got["c2"].status) == (Status.INVALID, Status.SUCCEEDED)
    assert why in got["c1"].message
    assert all(b"domain_names" not in request.body for request in vendor.requests)


def test_values_are_sent_exactly() -> None:
    """Days as days, amounts digit for digit, nothing as null."""
    vendor = desk(job("completed", updated(1)), job("completed"))
    fields = {SCORE: Decimal("72.10"), "organization_fields.day": date(2026, 11, 20), "notes": None}
    outcomes(vendor, update(1, **fields))
    (request,) = calls(vendor, "update_many")
    assert b'"crmpulse_score":72.10,"day":"2026-11-20"' in request.body
    assert b'"notes":null' in request.body


# --- accounts whose jobs drop added fields ----------------------------------------------------------------------------


@pytest.mark.parametrize("takes", [True, False])
def test_fields_that_a_job_drops_go_one_by_one(takes: bool) -> None:
    """After the first job we look; where nothing arrived, organizations are written alone from then on."""
    seeds = [{"id": n, "name": f"Company {n}"} for n in (1, 2, 3)]
    with Sandbox(
        {"zendesk": {"organizations": seeds}}, NOW, settings={"zendesk": Settings(bulk_sets_fields=takes)}
    ) as on:
        clock = Clock()
        into: Any = connect("zendesk", "zendesk", on.environment(), clock, clock.sleep)
        first = into.write([update(n, **{SCORE: 70 + n}) for n in (1, 2)])
        second = into.write([update(3, **{SCORE: 73})])
        held = into.read("organizations", ["1", "2", "3"], ("id", SCORE))
        alone = on.calls.summary()
    assert {outcome.status for outcome in [*first, *second]} == {Status.SUCCEEDED}
    assert [held[str(n)].fields[SCORE] for n in (1, 2, 3)] == [71, 72, 73]
    assert ("PUT /api/v2/organizations/{id}" in str(alone)) is not takes


def test_fields_that_vanish_are_a_refusal() -> None:
    """Zendesk drops keys that it does not know without a word; that is no success."""
    vendor = desk(
        lambda r: (
            job("completed", updated(1)) if "update_many" in r.path else Answer(200, {"organization": organization(1)})
        ),
        job("completed"),
        shows=[organization(1)],
    )
    (outcome,) = outcomes(vendor, update(1)).values()
    assert (outcome.status, outcome.code) == (Status.REJECTED, "FIELDS_IGNORED")


# --- finding and reading ----------------------------------------------------------------------------------------------


def test_organizations_are_found_by_their_external_id() -> None:
    """Zendesk compares without regard to case; two of one id are a mistake for a person."""
    rows = [organization(1, external_id="abc")]
    with desk(job("completed"), shows=rows) as vendor:
        assert zendesk(vendor).find("organizations", "external_id", ["ABC"], ("id",))["ABC"].id == "1"
    with (
        desk(job("completed"), shows=[*rows, organization(2, external_id="ABC")]) as vendor,
        pytest.raises(ConfigError, match="several organizations"),
    ):
        zendesk(vendor).find("organizations", "external_id", ["ABC"], ("id",))


def test_reading_leaves_out_what_does_not_exist() -> None:
    """By the hundred; an id that is no number cannot exist."""
    with desk(job("completed"), shows=[organization(1)]) as vendor:
        assert set(zendesk(vendor).read("organizations", ["1", "2", "x"], ("id",))) == {"1"}
        assert calls(vendor, "show_many")[0].query["ids"] == "1,2"
