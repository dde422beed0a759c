"""Reading HubSpot: everything arrives once, however the index lags, ties, sorts or pages; nothing is guessed."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.base import ConfigError, Stream
from tests.portal import NOW, Portal, ago, by_id, records, stream

COMPANIES = stream("companies", "name", "domain")


def company(id: int | str, minutes: float = 600, **properties: Any) -> dict[str, Any]:
    return {"id": str(id), "createdAt": ago(minutes=minutes), "properties": {"name": f"Company {id}", **properties}}


def companies(*ids: int) -> list[dict[str, Any]]:
    return [company(id, 600 - n) for n, id in enumerate(ids)]


# --- changes ----------------------------------------------------------------------------------------------------------


def test_a_change_comes_as_the_record_is_even_where_the_index_is_behind() -> None:
    """The index says that something changed; what the record holds by now is read from the record."""
    with Portal({"companies": companies(1, 2, 3)}) as portal:
        bookmark = portal.pull(COMPANIES)[-1].bookmark
        portal.control("records/hubspot/companies", id="2", properties={"name": "First edit"})
        portal.later(seconds=6)
        portal.control("records/hubspot/companies", id="2", properties={"name": "Second edit"})
        pages = portal.pull(COMPANIES, bookmark)
        assert {id: r.fields["name"] for id, r in by_id(pages).items()} == {"2": "Second edit"}


def test_a_change_that_the_index_does_not_show_yet_comes_with_the_next_pull() -> None:
    """A pull right after an edit misses it; its bookmark does not."""
    with Portal({"companies": companies(1, 2, 3)}) as portal:
        first = portal.pull(COMPANIES)
        portal.control("records/hubspot/companies", id="2", properties={"name": "Early"})
        portal.later(seconds=6)
        portal.control("records/hubspot/companies", id="1", properties={"name": "Late"})
        second = portal.pull(COMPANIES, first[-1].bookmark)
        portal.later(seconds=6)
        third = portal.pull(COMPANIES, second[-1].bookmark)
        assert set(by_id(second)) | set(by_id(third)) == {"1", "2"}
        portal.later(minutes=1)
        assert records(portal.pull(COMPANIES, third[-1].bookmark)) == []


def test_a_record_that_changes_while_the_first_load_is_read_comes_again() -> None:
    """The list goes by id and has passed it already; the first incremental pull brings it."""
    with Portal({"companies": companies(*range(1_000, 1_400))}) as portal:
        source = portal.hub().pull(COMPANIES, None)
        pages = [next(source)]
        portal.control("records/hubspot/companies", id="1000", properties={"name": "Meanwhile"})
        pages += source
        assert set(by_id(pages)) == {str(id) for id in range(1_000, 1_400)}
        portal.later(minutes=1)
        assert by_id(portal.pull(COMPANIES, pages[-1].bookmark))["1000"].fields["name"] == "Meanwhile"


def test_a_second_edit_in_the_same_millisecond_comes_too() -> None:
    """The newest millisecond was perhaps not over when we read its records; they are looked at once more."""
    with Portal({"companies": companies(1, 2)}, search_lag=0.0) as portal:
        bookmark = portal.pull(COMPANIES)[-1].bookmark
        for name in ("One", "Another"):
            portal.control("records/hubspot/companies", id="2", properties={"name": name})
            pages = portal.pull(COMPANIES, bookmark)
            bookmark = pages[-1].bookmark
            assert [r.fields["name"] for r in records(pages)] == [name]
        assert records(portal.pull(COMPANIES, bookmark)) == []


@pytest.mark.parametrize(
    "settings",
    [{}, {"ids_sort_as_text": True}, {"stale_hits": 450}, {"page_seed": None}, {"uncounted_hits": 10_000}],
)
def test_thousands_of_changes_of_one_millisecond_all_arrive(settings: dict[str, Any]) -> None:
    """A bulk edit gives them one stamp; ids of many lengths, sorted as text or as numbers, with empty pages between."""
    ids = [7, 8, 71, 719, 7_198, 7_199, 71_986, *range(40_000, 40_600), 719_869, 719_869_649_082]
    changed = {"at": ago(minutes=-5), "properties": {"domain": "all.example"}}
    seeds = [{**seed, "_changes": [changed]} for seed in companies(*ids)]
    with Portal({"companies": seeds}, **settings) as portal:
        bookmark = portal.pull(COMPANIES)[-1].bookmark
        portal.later(minutes=10)
        pages = portal.pull(COMPANIES, bookmark)
        assert set(by_id(pages)) == {str(id) for id in ids}
        assert records(portal.pull(COMPANIES, pages[-1].bookmark)) == []


def test_more_changes_than_a_search_may_show_all_arrive() -> None:
    """No query is followed to its ten-thousandth result, and a crash in between loses none."""
    count = 10_300
    seeds = [
        {**company(1_000 + n), "_changes": [{"at": ago(minutes=-5, milliseconds=-(n // 3)), "properties": {"arr": n}}]}
        for n in range(count)
    ]
    with Portal({"companies": seeds}) as portal:
        bookmark = portal.pull(COMPANIES)[-1].bookmark
        portal.later(minutes=30)
        source = portal.hub().pull(COMPANIES, bookmark)
        before = [next(source) for _ in range(20)]
        rest = portal.pull(COMPANIES, before[-1].bookmark)
        assert len({*by_id(before), *by_id(rest)}) == count


def test_an_unchanged_portal_costs_three_calls_a_stream() -> None:
    """A look into the index, at the newest records and into the recycle bin; and the object's properties once a run."""
    with Portal({"companies": companies(1, 2, 3)}) as portal:
        bookmark = portal.pull(COMPANIES)[-1].bookmark
        portal.calls()
        portal.pull(COMPANIES, bookmark)
        assert sum(portal.calls().values()) == 1 + 3


def test_records_without_a_property_can_be_left_out() -> None:
    """HubSpot's lists know no filter; tasks of ours are those that carry our key."""
    tasks = [
        {"id": id, "createdAt": ago(hours=9), "properties": {"hs_timestamp": ago(hours=9), **properties}}
        for id, properties in (("1", {"crmpulse_key": "demo:x"}), ("2", {}), ("3", {"crmpulse_key": "demo:y"}))
    ]
    with Portal({"tasks": tasks}) as portal:
        fields = ("crmpulse_key", "hs_task_subject", "id")
        asked = Stream("ours", "tasks", fields, key="id", where="HAS_PROPERTY crmpulse_key")
        pages = portal.pull(asked)
        assert set(by_id(pages)) == {"1", "3"}
        assert sorted(id for some in portal.hub().ids(asked) for id in some) == ["1", "3"]
        portal.control("records/hubspot/tasks", id="2", properties={"hs_task_subject": "theirs"})
        portal.control("records/hubspot/tasks", id="3", properties={"hs_task_subject": "ours"})
        portal.control("records/hubspot/tasks/1/delete")
        portal.later(minutes=1)
        assert {id: r.deleted for id, r in by_id(portal.pull(asked, pages[-1].bookmark)).items()} == {
            "1": True,
            "3": False,
        }


# --- deletions and merges ---------------------------------------------------------------------------------------------


def test_an_archived_record_is_followed_once() -> None:
    """The index and the list forget it; the recycle bin shows it."""
    with Portal({"companies": companies(1, 2, 3)}) as portal:
        bookmark = portal.pull(COMPANIES)[-1].bookmark
        portal.later(hours=3)
        portal.control("records/hubspot/companies/2/delete")
        pages = portal.pull(COMPANIES, bookmark)
        assert [(r.id, r.deleted) for r in records(pages)] == [("2", True)]
        portal.later(days=1)
        assert records(portal.pull(COMPANIES, pages[-1].bookmark)) == []
        assert sorted(id for some in portal.hub().ids(COMPANIES) for id in some) == ["1", "3"]


@pytest.mark.parametrize("new_id", [False, True])
def test_a_merge_says_which_record_it_went_into(new_id: bool) -> None:
    """Also where the merged record gets an id of its own and both old ones lead to it."""
    with Portal({"companies": companies(1, 2, 3)}, merge_makes_new_id=new_id) as portal:
        bookmark = portal.pull(COMPANIES)[-1].bookmark
        portal.later(hours=1)
        portal.control("records/hubspot/companies/2/merge", into="1")
        portal.later(minutes=1)
        found = by_id(portal.pull(COMPANIES, bookmark))
        winner = found["2"].merged_into
        assert found["2"].deleted and winner is not None and not found[winner].deleted
        assert (winner == "1") is not new_id
        assert ("1" in found and found["1"].merged_into == winner) is new_id or winner == "1"


def test_records_are_read_by_the_ids_that_were_asked_for() -> None:
    """Alive, archived, merged, and never there."""
    with Portal({"companies": companies(1, 2, 3, 4)}) as portal:
        portal.control("records/hubspot/companies/2/delete")
        portal.control("records/hubspot/companies/3/merge", into="4")
        found = portal.hub().read("companies", ["1", "2", "3", "99"], ["name"])
        assert found["1"].fields == {"name": "Company 1"} and not found["1"].deleted
        assert found["2"].deleted and found["2"].merged_into is None
        assert found["3"].deleted and found["3"].merged_into == "4"
        assert "99" not in found


# --- associations, pipelines, owners ----------------------------------------------------------------------------------

DEAL = {"dealname": "Renewal", "dealstage": "contractsent", "closedate": "2026-12-31T03:00:00.000Z"}


def deal(id: int, **associations: Any) -> dict[str, Any]:
    return {"id": str(id), "createdAt": ago(hours=9), "properties": DEAL, "associations": associations}


def test_the_primary_company_counts_and_several_without_one_are_refused() -> None:
    """Nothing is picked: the record arrives without an account, and the reason names the candidates."""
    none_primary = [{"id": "1", "primary": False}, {"id": "2", "primary": False}]
    seeds = {
        "companies": companies(1, 2),
        "deals": [deal(11, companies=["2", "1"]), deal(12, companies=none_primary), deal(13)],
    }
    with Portal(seeds) as portal:
        pages = portal.pull(stream("deals", "associations.companies"))
        shown = {id: r.fields["associations.companies"] for id, r in by_id(pages).items()}
        assert shown == {"11": "2", "12": None, "13": None}
        (refusal,) = [r for page in pages for r in page.refusals]
        assert refusal.where == "12" and "1, 2" in refusal.reason


def test_associations_are_records_of_their_own_with_their_labels() -> None:
    """Each contact of a deal, under an id that names both."""
    contacts = [{"id": str(n), "createdAt": ago(hours=9), "properties": {"email": f"p{n}@x.example"}} for n in (51, 52)]
    labelled = [{"id": "51", "label": "Decision maker"}, {"id": "52"}]
    with Portal({"contacts": contacts, "deals": [deal(11, contacts=labelled)]}) as portal:
        asked = stream("deals/contacts", "from", "to", "label")
        pages = portal.pull(asked)
        assert {id: r.fields["label"] for id, r in by_id(pages).items()} == {"11:51": "Decision maker", "11:52": None}
        assert by_id(pages)["11:52"].fields["to"] == "52"
        assert sorted(id for some in portal.hub().ids(asked) for id in some) == ["11:51", "11:52"]
        assert list(portal.hub().read("deals/contacts", ["11:52", "11:53"], ["to"])) == ["11:52"]


def test_a_ticket_is_closed_where_its_pipeline_says_so() -> None:
    """Never by the stage's id: in this pipeline stage 1 is the closed one."""
    stages = [
        {"id": "9", "label": "New", "metadata": {"ticketState": "OPEN", "isClosed": "false"}},
        {"id": "1", "label": "Solved", "metadata": {"ticketState": "CLOSED", "isClosed": "true"}},
    ]
    pipeline = {"id": "77", "objectType": "tickets", "label": "Support", "stages": stages}
    closed_date = {"closed_date": "2026-11-19T10:00:00.000Z"}
    tickets = [
        {
            "id": id,
            "createdAt": ago(hours=9),
            "properties": {"subject": "x", "hs_pipeline": "77", "hs_pipeline_stage": stage, **closed_date},
        }
        for id, stage in (("81", "9"), ("82", "1"))
    ]
    with Portal({"pipelines": [pipeline], "tickets": tickets}) as portal:
        found = by_id(portal.pull(stream("tickets", "pipeline.closed", "pipeline.closed_at", "pipeline.stage")))
        assert [found[id].fields["pipeline.closed"] for id in ("81", "82")] == ["false", "true"]
        assert [found[id].fields["pipeline.stage"] for id in ("81", "82")] == ["New", "Solved"]
        assert found["81"].fields["pipeline.closed_at"] is None
        assert str(found["82"].fields["pipeline.closed_at"]).startswith("2026-11-19T10:00")


def test_the_day_of_a_moment_is_the_portals() -> None:
    """Three o'clock in the morning in Greenwich is still the day before in New York."""
    with Portal({"deals": [deal(11)]}, time_zone="US/Eastern") as portal:
        assert by_id(portal.pull(stream("deals", "closedate.day")))["11"].fields["closedate.day"] == "2026-12-30"


def test_owners_come_with_archived_ones_and_only_once() -> None:
    """An archived owner is a person who left, not a record that vanished."""
    owners = [
        {"id": "901", "email": "casey@us.example", "firstName": "Casey", "lastName": "Lee"},
        {"id": "902", "email": "gone@us.example", "archived": True},
    ]
    with Portal({"owners": owners}) as portal:
        asked = stream("owners", "email", "full_name", "archived")
        pages = portal.pull(asked)
        assert by_id(pages)["901"].fields["full_name"] == "Casey Lee"
        assert {id: r.fields["archived"] for id, r in by_id(pages).items()} == {"901": False, "902": True}
        assert not any(r.deleted for r in records(pages))
        assert sorted(id for some in portal.hub().ids(asked) for id in some) == ["901", "902"]
        assert records(portal.pull(asked, pages[-1].bookmark)) == []


# --- what is asked for ------------------------------------------------------------------------------------------------


def test_properties_that_do_not_exist_are_named_before_any_record_is_read() -> None:
    """HubSpot would leave them out without a word."""
    with Portal({"companies": companies(1)}) as portal:
        with pytest.raises(ConfigError, match=r"pull companies: companies has no property arrr, namee"):
            portal.pull(stream("companies", "namee", "name", "arrr"))
        with pytest.raises(ConfigError, match="no object galaxies"):
            portal.pull(stream("galaxies", "name"))
        with pytest.raises(ConfigError, match="HAS_PROPERTY name"):
            portal.pull(Stream("companies", "companies", ("id",), key="id", where="name = 'x'"))


def test_more_properties_than_an_address_holds_are_read_in_a_body() -> None:
    """None is left out for want of room."""
    with Portal({"companies": companies(1, 2)}) as portal:
        names = [f"a_property_with_quite_a_long_name_{n:04}" for n in range(200)]
        for name in names:
            portal.define("companies", name)
        portal.control("records/hubspot/companies", id="2", properties={names[-1]: "here"})
        found = by_id(portal.pull(stream("companies", *names)))
        assert found["2"].fields[names[-1]] == "here" and found["1"].fields[names[-1]] is None


def test_the_schema_says_what_may_be_written() -> None:
    """Read-only properties, closed lists, unique keys, and the fields that the connector makes."""
    with Portal({}) as portal:
        deals, tasks = portal.hub().describe("deals").fields, portal.hub().describe("tasks").fields
        assert not deals["hs_is_closed"].createable and deals["dealname"].updateable
        assert deals["dealtype"].restricted and deals["dealtype"].values == ("newbusiness", "existingbusiness")
        assert not deals["hubspot_owner_id"].restricted
        assert deals["crmpulse_key"].unique and deals["crmpulse_key"].external_id
        assert deals["closedate.day"].type == "date" and deals["closedate.day"].createable
        assert not deals["associations.companies"].createable
        assert tasks["hs_task_body.key"].external_id


def test_the_portal_and_its_allowance_are_known() -> None:
    """The id is stored at first contact; the allowance of the day is what pushes are judged by."""
    with Portal({}, daily_limit=500) as portal:
        hub = portal.hub()
        assert hub.organization() == "48000001"
        budget = hub.budget()
        assert (budget.allowed, budget.used) == (500, 1)
        assert NOW.year == 2026 and hub.loopback
