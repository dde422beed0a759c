"""The HubSpot stand-in as HubSpot's own Python client sees it: statuses, models and pages that it did not write."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hubspot import HubSpot

from tests.hubspot_account import ACME, ANNA, BOLT, DEAL, OWNER, Account, companies, served


@pytest.fixture
def account() -> Iterator[Account]:
    with served() as running:
        yield running


def client(account: Account) -> Any:
    url = account.sandbox.url
    return HubSpot(access_token=account.sandbox.access_token("hubspot"), host=url, base_url=url)


def test_everything_is_listed() -> None:
    """get_all goes through all pages, however long they are."""
    with served(companies(230), page_seed=4) as account:
        found = client(account).crm.companies.get_all(properties=["name"])
        assert [each.properties["name"] for each in found] == [f"N{n}" for n in range(230)]
        assert client(account).crm.objects.get_all("companies")[0].created_at.isoformat()[:10] == "2026-11-01"


def test_records_are_made_read_changed_and_merged(account: Account) -> None:
    """Create, read by a unique property, update, archive; each answer becomes a model, none is silently None."""
    api = client(account).crm.companies.basic_api
    made = api.create({"properties": {"name": "New", "crmpulse_key": "k9"}})
    assert api.get_by_id("k9", id_property="crmpulse_key").id == made.id
    assert api.update(made.id, {"properties": {"name": "Newer"}}).properties["name"] == "Newer"
    assert api.merge({"primaryObjectId": made.id, "objectIdToMerge": BOLT}).id == made.id
    api.archive(made.id)
    with pytest.raises(Exception) as gone:
        api.get_by_id(made.id)
    assert getattr(gone.value, "status", None) == 404


def test_batches_become_the_models_of_their_status(account: Account) -> None:
    """200 and 201 are whole, 207 has errors with their trace ids."""
    api = client(account).crm.companies.batch_api
    good = {"id": ACME, "objectWriteTraceId": "a", "properties": {"arr": "7"}}
    bad = {"id": BOLT, "objectWriteTraceId": "b", "properties": {"arr": "x"}}
    part = api.update({"inputs": [good, bad]})
    assert (part.num_errors, part.errors[0].context) == (1, {"objectWriteTraceId": ["b"]})
    assert [each.id for each in part.results] == [ACME]
    assert len(api.read({"inputs": [{"id": ACME}, {"id": BOLT}], "properties": ["name"]}).results) == 2
    made = client(account).crm.objects.tasks.batch_api.create(
        {"inputs": [{"properties": {"hs_timestamp": "2026-12-01T09:00:00Z"}, "associations": []}]}
    )
    assert made.status == "COMPLETE"
    deal = {"idProperty": "crmpulse_key", "id": "k1", "properties": {"dealname": "D", "dealstage": "closedwon"}}
    assert client(account).crm.deals.batch_api.upsert({"inputs": [deal]}).results[0].new


def test_search_owners_pipelines_and_properties(account: Account) -> None:
    """The other interfaces that a sync needs."""
    crm = client(account).crm
    asked = {"filterGroups": [{"filters": [{"propertyName": "name", "operator": "EQ", "value": "acme"}]}]}
    assert [each.id for each in crm.companies.search_api.do_search(asked).results] == [ACME]
    assert [each.id for each in crm.owners.get_all()] == [OWNER]
    assert crm.pipelines.pipelines_api.get_all("deals").results[0].stages[5].metadata["probability"] == "1.0"
    assert crm.properties.core_api.get_by_name("companies", "crmpulse_key").has_unique_value
    assert "companies" not in [each.name for each in crm.schemas.core_api.get_all().results]


def test_associations(account: Account) -> None:
    """Default and typed, read one by one and in batches."""
    v4 = client(account).crm.associations.v4
    v4.basic_api.create_default("contacts", ANNA, "companies", BOLT)
    found = v4.basic_api.get_page("contacts", ANNA, "companies").results
    assert {str(each.to_object_id) for each in found} == {ACME, BOLT}
    read = v4.batch_api.get_page("companies", "deals", {"inputs": [{"id": ACME}]})
    assert str(read.results[0].to[0].to_object_id) == DEAL
    spec = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]
    made = v4.basic_api.create("contacts", ANNA, "companies", BOLT, spec)
    assert made.labels == ["Primary"]
    v4.basic_api.archive("contacts", ANNA, "companies", BOLT)
    assert len(v4.basic_api.get_page("contacts", ANNA, "companies").results) == 1
