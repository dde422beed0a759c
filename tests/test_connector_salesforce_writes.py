"""Writes to Salesforce: one outcome a write, whatever the answer; nothing is written twice and nothing is guessed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from connectors.base import ConfigError, LimitReached, Operation, Outcome, Status, Unavailable, Write
from connectors.salesforce import Salesforce
from tests.scripted import Answer, Request
from tests.scripted_org import error, salesforce, scripted_org
from tests.vendors import SalesforceVendor

UPDATE, UPSERT, CREATE = Operation.UPDATE, Operation.UPSERT, Operation.CREATE


def update(n: int, **fields: Any) -> Write:
    return Write(f"c{n}", "Account", UPDATE, fields or {"Name": f"Name {n}"}, id=f"001{n:012d}AAA")


def upsert(n: int) -> Write:
    return Write(f"c{n}", "Task", UPSERT, {"Subject": "Call"}, key_field="Key__c", key=f"k{n}")


def done(request: Request) -> Answer:
    """What a healthy org says to a collection."""
    records = request.json["records"]
    return Answer(
        200, [{"id": r.get("id", f"00T{n:012d}AAA"), "success": True, "errors": []} for n, r in enumerate(records)]
    )


def failed(code: str, message: str = "no", fields: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"success": False, "errors": [{"statusCode": code, "message": message, "fields": list(fields)}]}


def by_id(outcomes: list[Outcome]) -> dict[str, Outcome]:
    assert len({outcome.change_id for outcome in outcomes}) == len(outcomes)
    return {outcome.change_id: outcome for outcome in outcomes}


def statuses(outcomes: list[Outcome]) -> dict[str, Status]:
    return {outcome.change_id: outcome.status for outcome in outcomes}


# --- against the stand-in ---------------------------------------------------------------------------------------------


@pytest.fixture
def vendor() -> Iterator[SalesforceVendor]:
    made = SalesforceVendor(10)
    yield made
    made.close()


@pytest.fixture
def org(vendor: SalesforceVendor) -> Salesforce:
    source = vendor.source()
    assert isinstance(source, Salesforce)
    return source


def test_what_is_written_can_be_read_back(vendor: SalesforceVendor, org: Salesforce) -> None:
    """Every type of value survives the way there and back; None clears."""
    fields = {
        "Name": "Ünïcode — “quoted”\n\u2028line",
        "Crmpulse_Score__c": 85,
        "Crmpulse_As_Of__c": date(2026, 11, 20),
        "ARR__c": Decimal("1234567.89"),
        "Website": None,
    }
    (outcome,) = org.write([Write("c1", "Account", UPDATE, fields, id=vendor.ids[0])])
    assert (outcome.status, outcome.id, outcome.created) == (Status.SUCCEEDED, vendor.ids[0], False)
    read = org.read("Account", [vendor.ids[0]], list(fields))[vendor.ids[0]].fields
    assert read == {**fields, "Crmpulse_As_Of__c": "2026-11-20", "ARR__c": 1234567.89}


def test_an_upsert_creates_once_and_then_updates(org: Salesforce) -> None:
    """The same key twice is one record; `created` says which time it was."""
    write = Write("c1", "Task", UPSERT, {"Subject": "Call"}, key_field="Crmpulse_Key__c", key="t-1")
    first, second = org.write([write])[0], org.write([write])[0]
    assert (first.status, first.created) == (Status.SUCCEEDED, True)
    assert (second.status, second.created, second.id) == (Status.SUCCEEDED, False, first.id)


def test_each_record_has_its_own_outcome(vendor: SalesforceVendor, org: Salesforce) -> None:
    """One good, one with a bad value, one deleted, one that never was: four answers, in no need of order."""
    vendor.remove(2)
    outcomes = by_id(
        org.write(
            [
                Write("good", "Account", UPDATE, {"Name": "Fine"}, id=vendor.ids[0]),
                Write("bad", "Account", UPDATE, {"Nope__c": 1}, id=vendor.ids[1]),
                Write("deleted", "Account", UPDATE, {"Name": "Late"}, id=vendor.ids[2]),
                Write("never", "Account", UPDATE, {"Name": "Who"}, id="001000000000999AAA"),
            ]
        )
    )
    assert outcomes["good"].status is Status.SUCCEEDED
    assert (outcomes["bad"].status, outcomes["bad"].code) == (Status.REJECTED, "INVALID_FIELD")
    assert "Nope__c" in outcomes["bad"].message
    assert (outcomes["deleted"].code, outcomes["deleted"].gone) == ("ENTITY_IS_DELETED", True)
    assert outcomes["never"].gone


def test_a_connection_dropped_after_the_commit_leaves_an_upsert_unknown(
    vendor: SalesforceVendor, org: Salesforce
) -> None:
    """It is not sent again; looking for the key tells what happened."""
    vendor.misbehave(method="PATCH", path="/composite/sobjects", drop="after")
    write = Write("c1", "Task", UPSERT, {"Subject": "Call"}, key_field="Crmpulse_Key__c", key="t-1")
    (outcome,) = org.write([write])
    assert outcome.status is Status.UNKNOWN
    found = org.find("Task", "Crmpulse_Key__c", ["t-1", "t-2"], ["Subject"])
    assert list(found) == ["t-1"]
    assert found["t-1"].fields["Subject"] == "Call"


def test_an_update_may_be_sent_once_more(vendor: SalesforceVendor, org: Salesforce) -> None:
    """The same values on the same id: after a dropped connection the second answer settles it."""
    vendor.misbehave(method="PATCH", path="/composite/sobjects", drop="after")
    write = Write("c1", "Account", UPDATE, {"Name": "Twice"}, id=vendor.ids[0])
    assert statuses(org.write([write])) == {"c1": Status.SUCCEEDED}


def test_an_expired_token_does_not_cost_a_write(vendor: SalesforceVendor, org: Salesforce) -> None:
    """A 401 refuses the request before anything is done: one login, and it goes again, upserts too."""
    vendor.misbehave(method="PATCH", path="/composite/sobjects", expire_tokens=True)
    write = Write("c1", "Task", UPSERT, {"Subject": "Call"}, key_field="Crmpulse_Key__c", key="t-1")
    (outcome,) = org.write([write])
    assert (outcome.status, outcome.created) == (Status.SUCCEEDED, True)


# --- against a script -------------------------------------------------------------------------------------------------


def test_batches_are_of_two_hundred_and_sorted_by_parent() -> None:
    """450 updates are three requests, records of one parent side by side, allOrNone false."""
    writes = [
        Write(f"c{n}", "Account", UPDATE, {"Name": "x"}, id=f"001{n:012d}AAA", parent=f"p{n % 7}") for n in range(450)
    ]
    parents = {write.id: write.parent for write in writes}
    with scripted_org(done) as vendor:
        outcomes = salesforce(vendor).write(writes)
        sent = [r.json for r in vendor.requests if r.method == "PATCH"]
    assert [len(body["records"]) for body in sent] == [200, 200, 50]
    assert {body["allOrNone"] for body in sent} == {False}
    order = [parents[record["id"]] for body in sent for record in body["records"]]
    assert order == sorted(order)
    assert len(by_id(outcomes)) == 450


def test_the_same_record_twice_goes_in_two_requests() -> None:
    """Salesforce refuses both when a request names a record twice."""
    with scripted_org(done) as vendor:
        outcomes = salesforce(vendor).write([upsert(1), Write("c2", "Task", UPSERT, {}, key_field="Key__c", key="k1")])
        assert [len(r.json["records"]) for r in vendor.requests if r.method == "PATCH"] == [1, 1]
    assert len(by_id(outcomes)) == 2


def test_creates_are_posted_and_say_so() -> None:
    """POST composite/sobjects, and the outcome is `created`."""
    with scripted_org(done) as vendor:
        role = Write("c1", "OpportunityContactRole", CREATE, {"OpportunityId": "006", "ContactId": "003"})
        (outcome,) = salesforce(vendor).write([role])
        assert vendor.requests[-1].method == "POST"
        assert vendor.requests[-1].json["records"] == [
            {"attributes": {"type": "OpportunityContactRole"}, "OpportunityId": "006", "ContactId": "003"}
        ]
    assert (outcome.status, outcome.created, outcome.id) == (Status.SUCCEEDED, True, "00T000000000000AAA")


def test_values_are_spelled_as_salesforce_reads_them() -> None:
    """Dates, moments in UTC, decimals digit for digit."""
    fields = {
        "Day": date(2026, 1, 2),
        "Moment": datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2))),
        "Big": Decimal("1234567890123456.78"),
        "Flag": True,
        "Nothing": None,
    }
    with scripted_org(done) as vendor:
        salesforce(vendor).write([update(1, **fields)])
        body = vendor.requests[-1].body.decode()
    assert '"Day":"2026-01-02","Moment":"2026-01-02T01:04:05.000+0000","Big":1234567890123456.78' in body
    assert '"Flag":true,"Nothing":null' in body


@pytest.mark.parametrize(
    "value",
    [float("nan"), Decimal("Infinity"), "lone \ud800 surrogate", 2**70, object()],
    ids=["nan", "Infinity", "a lone surrogate", "more than 64 bits", "an object"],
)
def test_a_value_that_cannot_be_sent_is_invalid_alone(value: Any) -> None:
    """It never becomes null or something near, and its neighbours are written."""
    with scripted_org(done) as vendor:
        outcomes = by_id(salesforce(vendor).write([update(1, Name=value), update(2)]))
    assert outcomes["c1"].status is Status.INVALID
    assert "Name" in outcomes["c1"].message
    assert outcomes["c2"].status is Status.SUCCEEDED


@pytest.mark.parametrize(
    "body",
    [
        [{"id": "001000000000001AAA", "success": True, "errors": []}],
        [{"id": "001000000000002AAA", "success": True}, {"id": "001000000000001AAA", "success": True}],
        [{"id": "001000000000001AAA"}, {"id": "001000000000002AAA"}],
        {"done": True},
        [{"errorCode": "UNKNOWN_EXCEPTION", "message": "oops"}],
    ],
    ids=["too few", "other ids", "no success", "no list", "an error under 200"],
)
def test_an_answer_that_cannot_be_matched_leaves_every_write_unknown(body: Any) -> None:
    """Equal counts, and the ids that were asked for; else no position can be believed."""
    with scripted_org(lambda _: Answer(200, body)) as vendor:
        outcomes = salesforce(vendor).write([update(1), update(2)])
    assert set(statuses(outcomes).values()) == {Status.UNKNOWN}
    assert len(by_id(outcomes)) == 2


def test_a_short_id_is_the_same_record() -> None:
    """15 characters asked, 18 answered."""
    with scripted_org(lambda _: Answer(200, [{"id": "001000000000001AAA", "success": True}])) as vendor:
        outcomes = salesforce(vendor).write([Write("c1", "Account", UPDATE, {"Name": "x"}, id="001000000000001")])
    assert statuses(outcomes) == {"c1": Status.SUCCEEDED}


def test_rows_behind_a_lock_go_again_alone() -> None:
    """Only the refused rows, after a pause, until the lock is gone."""
    waits: list[float] = []
    rounds: list[int] = []

    def locked(request: Request) -> Answer:
        records = request.json["records"]
        rounds.append(len(records))
        held = [n for n in range(len(records)) if len(rounds) <= 2 and n < 3]
        lock = failed("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")
        return Answer(200, [lock if n in held else {"id": r["id"], "success": True} for n, r in enumerate(records)])

    with scripted_org(locked) as vendor:
        outcomes = salesforce(vendor, waits).write([update(n) for n in range(10)])
    assert rounds == [10, 3, 3]
    assert set(statuses(outcomes).values()) == {Status.SUCCEEDED}
    assert len(by_id(outcomes)) == 10
    assert waits == sorted(waits)
    assert len(waits) == 2


def test_a_lasting_lock_is_a_rejection() -> None:
    """Five rounds, then the vendor's words stand."""
    lock = failed("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access")
    with scripted_org(lambda r: Answer(200, [lock for _ in r.json["records"]])) as vendor:
        (outcome,) = salesforce(vendor).write([update(1)])
        assert len([r for r in vendor.requests if r.method == "PATCH"]) == 5
    assert (outcome.status, outcome.code) == (Status.REJECTED, "UNABLE_TO_LOCK_ROW")


def test_a_malformed_batch_is_halved_until_its_culprit_is_alone() -> None:
    """One record that makes Salesforce refuse the whole request costs nobody else their write."""

    def strict(request: Request) -> Answer:
        if any(record["Name"] == "bad" for record in request.json["records"]):
            return error("JSON_PARSER_ERROR", "Cannot deserialize instance of date")
        return done(request)

    with scripted_org(strict) as vendor:
        outcomes = by_id(salesforce(vendor).write([update(n, Name="bad" if n == 33 else "good") for n in range(100)]))
    assert [id for id, outcome in outcomes.items() if outcome.status is not Status.SUCCEEDED] == ["c33"]
    assert outcomes["c33"].code == "JSON_PARSER_ERROR"
    assert "Cannot deserialize" in outcomes["c33"].message


@pytest.mark.parametrize("broken", [Answer(drop=True), Answer(500), Answer(503), Answer(200, [{"x": "y" * 50}], cut=9)])
@pytest.mark.parametrize(("write", "times"), [(update(1), 2), (upsert(1), 1)], ids=["update", "upsert"])
def test_an_unreadable_answer_is_an_unknown_outcome(broken: Answer, write: Write, times: int) -> None:
    """An update by id is sent twice at most, an upsert once."""
    with scripted_org(lambda _: broken) as vendor:
        (outcome,) = salesforce(vendor).write([write])
        assert len([r for r in vendor.requests if r.method == "PATCH"]) == times
    assert outcome.status is Status.UNKNOWN


def test_a_refusal_after_an_unanswered_attempt_is_unknown() -> None:
    """The first attempt may have been done, whatever the second one is told."""
    answers = iter([Answer(drop=True), error("JSON_PARSER_ERROR")])
    with scripted_org(lambda _: next(answers)) as vendor:
        assert statuses(salesforce(vendor).write([update(1)])) == {"c1": Status.UNKNOWN}


def test_a_spent_allowance_stops_before_anything_is_done() -> None:
    """Nothing was sent that counts, so it is raised."""
    with (
        scripted_org(lambda _: error("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", 403)) as vendor,
        pytest.raises(LimitReached),
    ):
        salesforce(vendor).write([update(1)])


def test_an_allowance_that_ends_between_two_batches_loses_no_outcome() -> None:
    """What was written is told as written; the rest as not sent."""
    answers = iter([done, lambda _: error("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", 403)])
    with scripted_org(lambda request: next(answers)(request)) as vendor:
        outcomes = salesforce(vendor).write([update(n) for n in range(250)])
    found = list(by_id(outcomes).values())
    assert [o.status for o in found].count(Status.SUCCEEDED) == 200
    assert {o.code for o in found if o.status is Status.REJECTED} == {"NOT_SENT"}


def test_too_many_at_once_is_waited_for() -> None:
    """The concurrent limit is no daily limit."""
    answers = iter([error("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests Limit exceeded.", 403)])
    with scripted_org(lambda request: next(answers, None) or done(request)) as vendor:
        assert statuses(salesforce(vendor).write([upsert(1)])) == {"c1": Status.SUCCEEDED}


@pytest.mark.parametrize(
    ("write", "code", "fields", "gone"),
    [
        (update(1), "ENTITY_IS_DELETED", (), True),
        (update(1), "INVALID_CROSS_REFERENCE_KEY", (), True),
        (update(1), "INVALID_CROSS_REFERENCE_KEY", ("Id",), True),
        (update(1), "INVALID_CROSS_REFERENCE_KEY", ("OwnerId",), False),
        (upsert(1), "ENTITY_IS_DELETED", (), False),
        (update(1), "DUPLICATE_VALUE", ("Key__c",), False),
        (update(1), "FIELD_CUSTOM_VALIDATION_EXCEPTION", (), False),
    ],
)
def test_a_refused_record_says_why(write: Write, code: str, fields: tuple[str, ...], gone: bool) -> None:
    """Code, words and fields as the vendor gave them; `gone` only when the record itself is meant."""
    with scripted_org(lambda _: Answer(200, [failed(code, "the vendor's words", fields)])) as vendor:
        (outcome,) = salesforce(vendor).write([write])
    assert (outcome.status, outcome.code, outcome.message) == (Status.REJECTED, code, "the vendor's words")
    assert (outcome.fields, outcome.gone) == (fields, gone)


def test_several_reasons_are_all_told() -> None:
    """One record can be wrong in two ways."""
    both = failed("REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]", ("Name",))
    both["errors"] += failed("STRING_TOO_LONG", "Website: data value too large", ("Website",))["errors"]
    with scripted_org(lambda _: Answer(200, [both])) as vendor:
        (outcome,) = salesforce(vendor).write([update(1)])
    assert outcome.fields == ("Name", "Website")
    assert "missing: [Name]" in outcome.message
    assert "STRING_TOO_LONG: Website" in outcome.message


@pytest.mark.parametrize("status", [300, 404])
def test_a_key_that_cannot_be_used_rejects_its_writes(status: int) -> None:
    """300 names several records, 404 says that the key field does not exist: nothing was written."""
    body = ["/services/data/v66.0/sobjects/Task/00T1", "/…/00T2"] if status == 300 else error("NOT_FOUND").body
    with scripted_org(lambda _: Answer(status, body)) as vendor:
        outcomes = salesforce(vendor).write([upsert(1), upsert(2)])
    assert set(statuses(outcomes).values()) == {Status.REJECTED}


def test_a_vendor_that_cannot_be_reached_gets_nothing() -> None:
    """Unavailable, because no write has left."""
    with scripted_org(done) as vendor:
        org = salesforce(vendor)
        org.organization()
    with pytest.raises(Unavailable):
        org.write([update(1)])


def test_a_lasting_401_raises_before_anything_is_done() -> None:
    """Credentials are the company's to change."""
    expired = error("INVALID_SESSION_ID", "Session expired or invalid", 401)
    with scripted_org(lambda _: expired) as vendor, pytest.raises(ConfigError, match="SF_"):
        salesforce(vendor).write([update(1)])


def test_moments_without_a_zone_are_nobodys() -> None:
    """A naive datetime is a mistake of ours and never sent as if it were UTC."""
    with scripted_org(done) as vendor:
        (outcome,) = salesforce(vendor).write([update(1, Moment=datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None))])
        assert not [r for r in vendor.requests if r.method == "PATCH"]
    assert outcome.status is Status.INVALID
