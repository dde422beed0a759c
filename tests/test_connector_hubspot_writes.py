"""Writes to HubSpot: one outcome a write, whatever the answer; nothing is written twice and nothing is guessed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.base import ConfigError, LimitReached, Operation, Outcome, Status, Unavailable, Write
from connectors.hubspot import HubSpot
from tests.portal import Portal, ago, by_id, stream
from tests.scripted import Answer, Request, Scripted
from tests.test_connector_hubspot_limits import DETAILS, too_many

UPDATE, UPSERT, CREATE = Operation.UPDATE, Operation.UPSERT, Operation.CREATE
KEY, OTHER = "demo:01ARZ3NDEKTSV4RRFFQ69G5FAV", "demo:01ARZ3NDEKTSV4RRFFQ69G5FAW:review"


def company(id: int) -> dict[str, Any]:
    return {"id": str(id), "createdAt": ago(hours=9), "properties": {"name": f"Company {id}"}}


def score(n: int, **fields: Any) -> Write:
    return Write(f"c{n}", "companies", UPDATE, fields or {"crmpulse_score": n}, id=str(n))


def task(key: str = KEY, change_id: str = "t", **fields: Any) -> Write:
    told = {"hs_task_subject": "Call", "hs_task_body": "Why", "hs_timestamp.day": "2026-12-01", **fields}
    return Write(change_id, "tasks", UPSERT, told, key_field="crmpulse_key", key=key, associations={"companies": ["1"]})


def handoff(**associations: list[str]) -> Write:
    told = {"dealname": "More seats", "pipeline": "default", "dealstage": "appointmentscheduled"}
    return Write("h", "deals", UPSERT, told, key_field="crmpulse_key", key=KEY, associations=associations)


def told(outcomes: list[Outcome]) -> dict[str, Outcome]:
    assert len({outcome.change_id for outcome in outcomes}) == len(outcomes)
    return {outcome.change_id: outcome for outcome in outcomes}


def statuses(outcomes: list[Outcome]) -> dict[str, Status]:
    return {outcome.change_id: outcome.status for outcome in outcomes}


# --- against the stand-in ---------------------------------------------------------------------------------------------


def test_what_is_written_can_be_read_back() -> None:
    """Every type of value survives the way there and back; an empty one clears."""
    fields = {
        "name": "Ünïcode — “quoted”\n\u2028line <b> 🙂",
        "crmpulse_score": 85,
        "arr": Decimal("1234567.89"),
        "crmpulse_as_of": date(2026, 11, 20),
        "crmpulse_segment": None,
        "crmpulse_detail": "x" * 32_000,
    }
    with Portal({"companies": [company(1)]}) as portal:
        hub = portal.hub()
        assert statuses(
            hub.write([score(1, crmpulse_segment="mid"), Write("c2", "companies", UPDATE, fields, id="1")])
        ) == {
            "c1": Status.SUCCEEDED,
            "c2": Status.SUCCEEDED,
        }
        read = hub.read("companies", ["1"], list(fields))["1"].fields
        expected = {**fields, "crmpulse_score": "85", "arr": "1234567.89", "crmpulse_as_of": "2026-11-20"}
        assert read == expected


def test_a_bad_record_spoils_none_of_its_batch() -> None:
    """HubSpot answers in an order of its own; refusals carry its words and the property."""
    with Portal({"companies": [company(n) for n in range(1, 100)]}) as portal:
        writes = [score(n) for n in range(1, 99)] + [score(99, crmpulse_score="much"), score(500)]
        outcomes = told(portal.hub().write(writes))
        assert all(
            outcomes[f"c{n}"].status is Status.SUCCEEDED and outcomes[f"c{n}"].id == str(n) for n in range(1, 99)
        )
        assert outcomes["c99"].status is Status.REJECTED and outcomes["c99"].fields == ("crmpulse_score",)
        assert "not a valid number" in outcomes["c99"].message
        assert outcomes["c500"].gone
        shown = portal.hub().read("companies", ["1", "98"], ["crmpulse_score"])
        assert [shown[id].fields["crmpulse_score"] for id in ("1", "98")] == ["1", "98"]


def test_an_update_of_a_merged_record_is_unknown_and_then_found_to_be_gone() -> None:
    """HubSpot says nothing about it at all."""
    with Portal({"companies": [company(1), company(2)]}) as portal:
        portal.control("records/hubspot/companies/2/merge", into="1")
        hub = portal.hub()
        assert statuses(hub.write([score(1), score(2)])) == {"c1": Status.SUCCEEDED, "c2": Status.UNKNOWN}
        assert hub.read("companies", ["2"], ["name"])["2"].merged_into == "1"


def test_a_task_is_created_with_its_company_and_found_through_it() -> None:
    """In one call, and found at once, although the search index does not show it yet."""
    with Portal({"companies": [company(1), company(2)]}) as portal:
        hub = portal.hub()
        (outcome,) = hub.write([task()])
        assert outcome.status is Status.SUCCEEDED and outcome.created
        calls = portal.calls()
        assert sum(n for shape, n in calls.items() if "/associations" in shape) == 0
        asked = ["hs_task_subject", "hs_timestamp.day", "associations.companies"]
        found = hub.find("tasks", "crmpulse_key", [KEY, OTHER], asked, {KEY: ["1"], OTHER: ["2"]})
        assert list(found) == [KEY] and found[KEY].id == outcome.id
        assert found[KEY].fields["associations.companies"] == "1"
        assert found[KEY].fields["hs_timestamp.day"] == "2026-12-01"


def test_a_task_that_a_person_deleted_is_found_as_deleted() -> None:
    """Otherwise it would be created again."""
    with Portal({"companies": [company(1)]}) as portal:
        hub = portal.hub()
        (outcome,) = hub.write([task()])
        portal.control(f"records/hubspot/tasks/{outcome.id}/delete")
        found = hub.find("tasks", "crmpulse_key", [KEY], ["hs_task_subject"], {KEY: ["1"]})
        assert found[KEY].id == outcome.id and found[KEY].deleted


def test_a_task_is_found_where_its_company_went() -> None:
    """Somebody merged the company while the answer was lost: the task hangs on the other one now."""
    with Portal({"companies": [company(1), company(2)]}) as portal:
        hub = portal.hub()
        (outcome,) = hub.write([task()])
        portal.control("records/hubspot/companies/1/merge", into="2")
        found = hub.find("tasks", "crmpulse_key", [KEY], ["hs_task_subject"], {KEY: ["1"]})
        assert found[KEY].id == outcome.id and not found[KEY].deleted


def test_a_key_on_two_tasks_is_a_mistake_and_never_a_choice() -> None:
    """Somebody copied a task with its key."""
    with Portal({"companies": [company(1)]}) as portal:
        hub = portal.hub()
        hub.write([task()])
        hub.write([task(change_id="copy")])
        with pytest.raises(ConfigError, match="stands on several records"):
            hub.find("tasks", "crmpulse_key", [KEY], ["hs_task_subject"], {KEY: ["1"]})
        with pytest.raises(ConfigError, match="name what they hang on"):
            hub.find("tasks", "crmpulse_key", [KEY], ["hs_task_subject"])


def test_a_note_ends_with_its_key_and_is_read_without_it() -> None:
    """Notes have no property for a key; people see it as the last line, our own comparison does not."""
    with Portal({"companies": [company(1)]}) as portal:
        hub = portal.hub()
        note = Write(
            "n", "notes", UPSERT, {"hs_note_body": "Seats at 95%"}, key_field="hs_note_body.key", key=OTHER,
            associations={"companies": ["1"]},
        )  # fmt: skip
        (outcome,) = hub.write([note])
        shown = hub.read("notes", [str(outcome.id)], ["hs_note_body"])[str(outcome.id)]
        assert shown.fields["hs_note_body"] == f"Seats at 95%\n{OTHER}"
        found = hub.find("notes", "hs_note_body.key", [OTHER], ["hs_note_body"], {OTHER: ["1"]})
        assert found[OTHER].fields == {"hs_note_body": "Seats at 95%", "hs_note_body.key": OTHER}
        portal.control("records/hubspot/notes", properties={"hs_note_body": "by hand", "hs_timestamp": ago(hours=1)})
        pulled = by_id(portal.pull(stream("notes", "hs_note_body.key")))
        assert sorted(str(r.fields["hs_note_body.key"]) for r in pulled.values()) == ["None", OTHER]


def test_a_handoff_is_one_deal_however_often_it_is_sent() -> None:
    """Its unique key is there already: the deal is brought up to date and hung on its company."""
    with Portal({"companies": [company(1)]}) as portal:
        hub = portal.hub()
        (first,) = hub.write([handoff()])
        (second,) = hub.write([handoff(companies=["1"])])
        assert first.status is second.status is Status.SUCCEEDED
        assert first.created and not second.created and first.id == second.id
        found = hub.find("deals", "crmpulse_key", [KEY], ["associations.companies", "dealname"])
        assert found[KEY].fields["associations.companies"] == "1"
        portal.control(f"records/hubspot/deals/{first.id}/delete")
        assert hub.find("deals", "crmpulse_key", [KEY], ["dealname"])[KEY].deleted


def test_a_new_deal_hangs_on_its_company_with_one_call() -> None:
    """What is created and not yet associated would be nobody's if we died in between."""
    with Portal({"companies": [company(1)]}) as portal:
        hub = portal.hub()
        (outcome,) = hub.write([handoff(companies=["1"])])
        assert outcome.created and sum(portal.calls().values()) == 1
        assert hub.read("deals", [str(outcome.id)], ["associations.companies"])[str(outcome.id)].fields == {
            "associations.companies": "1"
        }


def test_contacts_are_hung_on_a_deal() -> None:
    """An association is a record without a key; saying it twice does no harm."""
    people = [{"id": str(n), "createdAt": ago(hours=9), "properties": {"email": f"{n}@x.example"}} for n in (51, 52)]
    deal = {"id": "11", "createdAt": ago(hours=9), "properties": {"dealname": "x", "dealstage": "contractsent"}}
    with Portal({"contacts": people, "deals": [deal]}) as portal:
        hub = portal.hub()
        pairs = [Write(f"p{to}", "deals/contacts", CREATE, {"from": "11", "to": to}) for to in ("51", "52")]
        for _ in range(2):
            assert [(o.status, o.id) for o in hub.write(pairs)] == [
                (Status.SUCCEEDED, "11:51"),
                (Status.SUCCEEDED, "11:52"),
            ]
        assert set(by_id(portal.pull(stream("deals/contacts", "to")))) == {"11:51", "11:52"}


@pytest.mark.parametrize(
    ("write", "says"),
    [
        (score(1, name="half a \ud83d"), "surrogates not allowed"),
        (score(1, crmpulse_score=float("nan")), "no number that HubSpot knows"),
        (score(1, name=["a", "b"]), "nothing that a property holds"),
        (task(**{"hs_timestamp.day": "next week"}), "Invalid isoformat"),
        (
            Write("x", "tasks", UPSERT, {}, key_field="k", key="k", associations={"meetings": ["1"]}),
            "cannot be hung on",
        ),
    ],
)
def test_what_cannot_be_sent_is_invalid_and_stops_nothing(write: Write, says: str) -> None:
    """The rest of the batch goes out."""
    with Portal({"companies": [company(1), company(2)]}) as portal:
        outcomes = portal.hub().write([write, score(2)])
        invalid = told(outcomes)[write.change_id]
        assert invalid.status is Status.INVALID and says in invalid.message
        assert told(outcomes)["c2"].status is Status.SUCCEEDED


# --- against a script -------------------------------------------------------------------------------------------------


def scripted(answer: Callable[[Request], Answer], writes: list[Write]) -> tuple[list[Outcome], list[Request]]:
    """The outcomes, and the write requests that it took."""

    def told(request: Request) -> Answer:
        return Answer(200, DETAILS) if "account-info" in request.path else answer(request)

    with Scripted(told) as vendor:
        env = {"CRM_BASE_URL": vendor.url, "CRM_ACCESS_TOKEN": "x"}
        hub = HubSpot("crm", env, lambda: datetime(2026, 11, 20, 12, tzinfo=UTC), lambda _: None, 50)
        outcomes = hub.write(writes)
        return outcomes, [request for request in vendor.requests if "/crm/" in request.path]


def done(request: Request) -> Answer:
    """What a healthy portal says to a batch, the last input first."""
    results = [
        {"id": one.get("id") or "900", "properties": {}, "objectWriteTraceId": one["objectWriteTraceId"]}
        for one in reversed(request.json["inputs"])
    ]
    return Answer(200, {"status": "COMPLETE", "results": results})


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, {"status": "COMPLETE", "results": []}),
        Answer(200, {"status": "COMPLETE", "results": [{"id": "77", "properties": {}}]}),
        Answer(207, {"status": "COMPLETE", "results": [], "errors": [{"status": "error", "message": "no"}]}),
        Answer(204, b""),
        Answer(200, {"status": "error", "message": "oops"}),
        Answer(200, {"id": "1"}),
        Answer(502, b"<html>"),
        Answer(drop=True),
    ],
)
@pytest.mark.parametrize("write", [score(1), task()])
def test_what_no_answer_speaks_of_is_unknown(answer: Answer, write: Write) -> None:
    """A success that says nothing is no success."""
    outcomes, _ = scripted(lambda _: answer, [write])
    assert [outcome.status for outcome in outcomes] == [Status.UNKNOWN]


@pytest.mark.parametrize(
    "answer", [Answer(503, b"", {"Retry-After": "1"}), Answer(200, b'{"res', cut=0), Answer(drop=True)]
)
def test_only_an_update_goes_out_again_after_an_unreadable_answer(answer: Answer) -> None:
    """It does the same twice; a task would be there twice."""
    for write, times in ((score(1), 2), (task(), 1), (handoff(companies=["1"]), 1), (handoff(), 1)):
        _, requests = scripted(lambda _: answer, [write])
        assert len(requests) == times


def test_a_refused_task_is_tried_again() -> None:
    """A 429 and a lock say that nothing was done."""
    answers = iter([too_many("TEN_SECONDLY_ROLLING"), Answer(423, {"status": "error"})])
    outcomes, requests = scripted(lambda request: next(answers, None) or done(request), [task()])
    assert statuses(outcomes) == {"t": Status.SUCCEEDED} and len(requests) == 3


def test_every_input_carries_its_change_id() -> None:
    """Without it one bad record sinks the batch, and answers cannot be told apart."""
    outcomes, requests = scripted(done, [score(n) for n in range(1, 251)])
    assert [len(request.json["inputs"]) for request in requests] == [100, 100, 50]
    inputs = [one for request in requests for one in request.json["inputs"]]
    assert {one["objectWriteTraceId"] for one in inputs} == {f"c{n}" for n in range(1, 251)}
    assert set(statuses(outcomes).values()) == {Status.SUCCEEDED}


def test_no_record_is_twice_in_a_request() -> None:
    """HubSpot refuses such a batch as a whole."""
    twice = [score(1), Write("again", "companies", UPDATE, {"crmpulse_tier": "healthy"}, id="1")]
    outcomes, requests = scripted(done, twice)
    assert [len(request.json["inputs"]) for request in requests] == [1, 1]
    assert set(statuses(outcomes).values()) == {Status.SUCCEEDED}


@pytest.mark.parametrize("status", [400, 409])
def test_a_batch_that_is_refused_as_a_whole_is_halved_to_its_culprit(status: int) -> None:
    """One record with a conflict costs itself, and not a hundred others."""

    def answer(request: Request) -> Answer:
        if any(one["id"] == "13" for one in request.json["inputs"]):
            return Answer(status, {"status": "error", "message": "13 is wrong", "category": "CONFLICT"})
        return done(request)

    outcomes, _ = scripted(answer, [score(n) for n in range(1, 41)])
    wrong = [outcome for outcome in outcomes if outcome.status is not Status.SUCCEEDED]
    assert [(o.change_id, o.status, o.message) for o in wrong] == [("c13", Status.REJECTED, "13 is wrong")]


def test_the_wrong_record_in_an_answer_is_not_believed() -> None:
    """The trace id is ours, the record is another one."""
    body = {"results": [{"id": "2", "properties": {}, "objectWriteTraceId": "c1"}]}
    outcomes, _ = scripted(lambda _: Answer(200, body), [score(1)])
    assert statuses(outcomes) == {"c1": Status.UNKNOWN}


def test_an_answer_without_trace_ids_is_matched_by_the_key() -> None:
    """By the record's id or by our key; lower-cased or missing ones match nothing."""
    body = {"results": [{"id": "900", "properties": {"crmpulse_key": OTHER}}, {"id": "901", "properties": {}}]}
    outcomes, _ = scripted(lambda _: Answer(201, body), [task(), task(OTHER, "other")])
    assert statuses(outcomes) == {"t": Status.UNKNOWN, "other": Status.SUCCEEDED}
    assert told(outcomes)["other"].id == "900"


def test_nothing_is_raised_once_something_was_sent() -> None:
    """The second request meets the daily limit: its writes are told as not sent, the first ones as done."""
    calls = iter([done])
    outcomes, _ = scripted(
        lambda request: next(calls, lambda _: too_many("DAILY"))(request), [score(n) for n in range(1, 151)]
    )
    found = statuses(outcomes)
    assert len(found) == 150 and list(found.values()).count(Status.SUCCEEDED) == 100
    assert {o.code for o in outcomes if o.status is Status.REJECTED} == {"NOT_SENT"}


@pytest.mark.parametrize(("answer", "error"), [(too_many("DAILY"), LimitReached), (Answer(477, b""), Unavailable)])
def test_before_anything_was_sent_the_reason_is_raised(answer: Answer, error: type[Exception]) -> None:
    """Then the push stops as a whole, and the next run resumes."""
    with pytest.raises(error):
        scripted(lambda _: answer, [score(1)])


def test_an_update_that_met_the_daily_limit_on_its_second_way_is_unknown() -> None:
    """The first one left and was not answered: it may have been done."""
    answers = iter([Answer(drop=True)])
    outcomes, _ = scripted(lambda _: next(answers, too_many("DAILY")), [score(1)])
    assert statuses(outcomes) == {"c1": Status.UNKNOWN}
