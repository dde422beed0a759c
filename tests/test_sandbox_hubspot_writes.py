"""Writing to the HubSpot stand-in: checks, statuses, unique values, batches with and without trace ids."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from tests.hubspot_account import ACME, ANNA, BOLT, DEAL, OWNER, Account, served


@pytest.fixture
def account() -> Iterator[Account]:
    with served() as running:
        yield running


def codes(answer: Any) -> list[str]:
    return [error["code"] for error in answer.json()["errors"]]


def test_create_change_and_delete(account: Account) -> None:
    """201, 200 and 204; what was sent is shown, an empty text clears, a deleted record is found among archived ones."""
    sent = {"name": "New", "arr": 12, "crmpulse_as_of": "1795132800000"}
    made = account("POST", "/crm/v3/objects/companies", {"properties": sent})
    assert made.status_code == 201
    path = f"/crm/v3/objects/companies/{made.json()['id']}"
    assert (
        made.json()["properties"] | {"name": "New", "arr": "12", "crmpulse_as_of": "2026-11-20"}
        == made.json()["properties"]
    )
    assert account("PATCH", path, {"properties": {"arr": ""}}).json()["properties"]["arr"] is None
    assert [account("DELETE", path).status_code, account("GET", path).status_code] == [204, 404]
    archived = account("GET", f"{path}?archived=true").json()
    assert (archived["archived"], archived["archivedAt"]) == (True, "2026-11-20T12:00:00.000Z")
    [listed] = account("GET", "/crm/v3/objects/companies?archived=true").json()["results"]
    assert listed == archived


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("nope", "1", "PROPERTY_DOESNT_EXIST"),
        ("arr", "much", "INVALID_INTEGER"),
        ("arr", "nan", "INVALID_INTEGER"),
        ("account_status", "Friend", "INVALID_OPTION"),
        ("hubspot_owner_id", "4711", "INVALID_OPTION"),
        ("crmpulse_as_of", "1/1/1", "INVALID_DATE"),
        ("crmpulse_as_of", "1795132800001", "INVALID_DATE"),
        ("createdate", "2026", "READ_ONLY_VALUE"),
        ("description", "x" * 65_537, "INVALID_STRING"),
        ("name", ["x"], "INVALID_STRING"),
    ],
)
def test_wrong_values_are_refused_together(account: Account, name: str, value: Any, code: str) -> None:
    """One 400 names every bad property, also inside its message; nothing is saved."""
    if name == "createdate":
        name = "hs_lastmodifieddate"
    answer = account("PATCH", f"/crm/v3/objects/companies/{ACME}", {"properties": {"name": "X", "no": 1, name: value}})
    assert (answer.status_code, codes(answer)) == (
        400,
        [*(["PROPERTY_DOESNT_EXIST", code] if name != "name" else [code, "PROPERTY_DOESNT_EXIST"])],
    )
    told = orjson.loads(answer.json()["message"].removeprefix("Property values were not valid: "))
    assert {each["error"] for each in told} == set(codes(answer))
    assert account("GET", f"/crm/v3/objects/companies/{ACME}").json()["properties"]["name"] == "Acme"


def test_activities_ignore_what_they_do_not_know_when_they_are_changed(account: Account) -> None:
    """A new task must be right; a change of it drops unknown and read-only names."""
    body = {"properties": {"hs_timestamp": "2026-12-01T09:00:00Z", "hs_task_subject": "Call", "nope": 1}}
    assert codes(account("POST", "/crm/v3/objects/tasks", body)) == ["PROPERTY_DOESNT_EXIST"]
    del body["properties"]["nope"]
    path = f"/crm/v3/objects/tasks/{account('POST', '/crm/v3/objects/tasks', body).json()['id']}"
    change = {"properties": {"nope": 1, "hs_object_id": 5, "hs_task_status": "COMPLETED"}}
    assert account("PATCH", path, change).status_code == 200
    done = account("GET", f"{path}?properties=hs_task_completion_date,hs_task_status").json()["properties"]
    assert (done["hs_task_status"], done["hs_task_completion_date"]) == ("COMPLETED", "2026-11-20T12:00:00.000Z")


@pytest.mark.parametrize(
    ("object", "given", "lacking"),
    [
        ("companies", {"industry": "Games"}, "name"),
        ("deals", {"dealname": "D"}, "dealstage"),
        ("tickets", {"subject": "S"}, "hs_pipeline_stage"),
        ("notes", {"hs_note_body": "N"}, "hs_timestamp"),
    ],
)
def test_a_new_record_needs_its_required_properties(
    account: Account, object: str, given: dict[str, str], lacking: str
) -> None:
    """The refusal names what is missing; the newest version has a code of its own for it."""
    answer = account("POST", f"/crm/v3/objects/{object}", {"properties": given})
    assert (answer.status_code, answer.json()["context"]) == (400, {"properties": [lacking]})
    assert codes(account("POST", f"/crm/objects/2026-09/{object}", {"properties": given})) == [
        "MISSING_REQUIRED_PROPERTY"
    ]


def test_stages_belong_to_their_pipeline_and_deals_know_that_they_are_won(account: Account) -> None:
    """A strange stage is an invalid option; moving a deal to the won stage closes it."""
    path = f"/crm/v3/objects/deals/{DEAL}"
    assert codes(account("PATCH", path, {"properties": {"dealstage": "4"}})) == ["INVALID_OPTION"]
    account("PATCH", path, {"properties": {"dealstage": "closedwon"}})
    names = ("hs_is_closed", "hs_is_closed_won", "hs_is_closed_lost", "hs_deal_stage_probability")
    shown = account("GET", f"{path}?properties={','.join(names)}").json()["properties"]
    assert [shown[name] for name in names] == ["true", "true", "false", "1.0"]


def test_a_lifecycle_stage_never_goes_back(account: Account) -> None:
    """A step back is dropped without a word, unless the stage is cleared first."""
    path = f"/crm/v3/objects/companies/{ACME}"
    for stage, kept in (("customer", "customer"), ("lead", "customer"), ("", None), ("lead", "lead")):
        account("PATCH", path, {"properties": {"lifecyclestage": stage}})
        shown = account("GET", f"{path}?properties=lifecyclestage").json()["properties"]
        assert shown["lifecyclestage"] == kept


def test_unique_values_find_records_and_are_kept_apart(account: Account) -> None:
    """By idProperty a record is read and changed; a second record with the value is refused; an e-mail is a conflict."""
    account("PATCH", f"/crm/v3/objects/companies/{ACME}", {"properties": {"crmpulse_key": "k1"}})
    assert account("GET", "/crm/v3/objects/companies/K1?idProperty=crmpulse_key").json()["id"] == ACME
    twin = account("PATCH", f"/crm/v3/objects/companies/{BOLT}", {"properties": {"crmpulse_key": "k1"}})
    assert twin.status_code == 400
    assert f"{ACME} already has that value" in twin.json()["message"]
    known = account("POST", "/crm/v3/objects/contacts", {"properties": {"email": "ANNA@acme.example"}})
    assert (known.status_code, known.json()["category"]) == (409, "CONFLICT")
    assert known.json()["message"].endswith(f"Existing ID: {ANNA}")
    by_domain = account("GET", "/crm/v3/objects/companies/acme.example?idProperty=domain")
    assert "non-unique 0-2 property domain" in by_domain.json()["message"]


def inputs(*each: dict[str, Any]) -> dict[str, Any]:
    return {"inputs": list(each)}


def arr(id: str, value: str, trace: str = "") -> dict[str, Any]:
    traced = {"objectWriteTraceId": trace} if trace else {}
    return {"id": id, "properties": {"arr": value}, **traced}


def held(account: Account, id: str = ACME) -> str | None:
    value: str | None = account("GET", f"/crm/v3/objects/companies/{id}?properties=arr").json()["properties"]["arr"]
    return value


def test_a_batch_without_trace_ids_is_all_or_nothing(account: Account) -> None:
    """One bad input refuses everything, and what was saved before it is taken back."""
    path = "/crm/v3/objects/companies/batch/update"
    assert account("POST", path, inputs(arr(ACME, "7"), arr(BOLT, "x"))).status_code == 400
    assert held(account) == "1200.5"
    assert account("POST", path, inputs(arr(ACME, "7"), arr(BOLT, "8"))).status_code == 200
    assert (held(account), held(account, BOLT)) == ("7", "8")
    made = "/crm/v3/objects/companies/batch/create"
    before = len(account("GET", "/crm/v3/objects/companies").json()["results"])
    assert account("POST", made, inputs({"properties": {"name": "A"}}, {"properties": {}})).status_code == 400
    assert len(account("GET", "/crm/v3/objects/companies").json()["results"]) == before


def test_a_batch_with_trace_ids_saves_what_is_right(account: Account) -> None:
    """207: results and errors carry the trace ids; a missing record is an error of its own."""
    body = inputs(arr(ACME, "7", "a"), arr(BOLT, "x", "b"), arr("9", "1", "c"))
    answer = account("POST", "/crm/objects/2026-03/companies/batch/update", body)
    assert (answer.status_code, answer.json()["numErrors"]) == (207, 2)
    assert [each["objectWriteTraceId"] for each in answer.json()["results"]] == ["a"]
    told = {each["context"]["objectWriteTraceId"][0]: each["category"] for each in answer.json()["errors"]}
    assert told == {"b": "VALIDATION_ERROR", "c": "OBJECT_NOT_FOUND"}
    assert held(account) == "7"


def test_upserts_say_whether_they_are_new_and_come_in_any_order(account: Account) -> None:
    """200 with `new`; doing it again changes the same records; results are not in the order of inputs."""
    keys = [f"k{n}" for n in range(20)]
    deal = {"dealname": "D", "dealstage": "contractsent"}
    body = inputs(*({"idProperty": "crmpulse_key", "id": key, "properties": deal} for key in keys))
    first, again = (account("POST", "/crm/v3/objects/deals/batch/upsert", body) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert ({each["new"] for each in first.json()["results"]}, {each["new"] for each in again.json()["results"]}) == (
        {True},
        {False},
    )
    shown = [each["properties"]["crmpulse_key"] for each in first.json()["results"]]
    assert (sorted(shown), shown == keys) == (sorted(keys), False)
    wrong = inputs({"idProperty": "dealname", "id": "D", "properties": deal})
    assert (
        "non-unique 0-3 property dealname"
        in account("POST", "/crm/v3/objects/deals/batch/upsert", wrong).json()["message"]
    )


def test_a_batch_takes_a_hundred_different_records(account: Account) -> None:
    """101 inputs and the same id twice are refused as a whole; batch/archive is 204."""
    path = "/crm/v3/objects/companies/batch"
    assert account("POST", f"{path}/update", inputs(*(arr(str(n), "1") for n in range(101)))).status_code == 400
    twice = account("POST", f"{path}/update", inputs(arr(ACME, "1"), arr(ACME, "2")))
    assert twice.json()["message"] == f"Duplicate IDs found in batch input: [{ACME}]. IDs must be unique"
    assert account("POST", f"{path}/archive", inputs({"id": ACME}, {"id": "9"})).status_code == 204
    assert account("GET", f"/crm/v3/objects/companies/{ACME}").status_code == 404
    assert account("POST", f"{path}/update", {}).json()["message"].endswith("were not set: [inputs]")


def test_a_fault_fails_single_records_or_hushes_them_up(account: Account) -> None:
    """Ordered positions fail with 207; with `silent` they are saved and nothing is said of them."""
    path = "/crm/v3/objects/companies/batch/update"
    account.control("faults", path="batch/update", records={"positions": [0], "message": "No Mondays"})
    spoiled = account("POST", path, inputs(arr(ACME, "1", "a"), arr(BOLT, "2", "b")))
    assert (spoiled.status_code, spoiled.json()["errors"][0]["message"]) == (207, "No Mondays")
    account.control("faults", path="batch/update", records={"ids": [ACME], "silent": True})
    hushed = account("POST", path, inputs(arr(ACME, "5", "a"), arr(BOLT, "2", "b")))
    assert (hushed.status_code, [each["id"] for each in hushed.json()["results"]]) == (200, [BOLT])
    assert held(account) == "5"


@pytest.mark.parametrize("body", [b"{", b"", b"[]", b'{"properties": 1}', b'{"name": "x"}'])
def test_a_body_that_cannot_be_read_has_no_category(account: Account, body: bytes) -> None:
    """Malformed JSON, no JSON, another shape: 400 with a message alone."""
    answer = account("POST", "/crm/v3/objects/companies", data=body)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("Invalid input JSON on line 1")
    assert "category" not in answer.json()


def test_texts_come_back_as_they_were_sent(account: Account) -> None:
    """Blanks, line ends, emoji, markup and quotes are kept; e-mail addresses are lower case."""
    for text in ("  x \t", "a\r\nb", "Łódź 🙂 '\"<b>&amp;", "\u202e\u0000", "true", "007"):
        account("PATCH", f"/crm/v3/objects/companies/{ACME}", {"properties": {"description": text}})
        shown = account("GET", f"/crm/v3/objects/companies/{ACME}?properties=description").json()
        assert shown["properties"]["description"] == text
    made = account("POST", "/crm/v3/objects/contacts", {"properties": {"email": "Eve@X.example"}})
    assert made.json()["properties"]["email"] == "eve@x.example"


def test_owners_are_meant_by_their_id(account: Account) -> None:
    """A user id is no owner; the owner's id is kept as it is."""
    path = f"/crm/v3/objects/companies/{BOLT}"
    assert account("PATCH", path, {"properties": {"csm_owner_id": OWNER}}).status_code == 200
    assert codes(account("PATCH", path, {"properties": {"csm_owner_id": "4711"}})) == ["INVALID_OPTION"]
