"""Whose id is whose account: decided once, followed through merges, never guessed."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from ulid import ULID

from connectors.base import Record
from mappings.models import Mappings
from tests.intake import MAPPINGS, START, at, conformed, land
from warehouse import issues, tables
from warehouse.tables import account_ids, links

ACME = {"Id": "001A", "Name": "Acme", "Website": "acme.com", "Workspace_Id__c": "w1"}
GLOBEX = {"Id": "001B", "Name": "Globex", "Website": "globex.com", "Workspace_Id__c": "w2"}


def two_crms() -> Mappings:
    """A second org that knows the ids of the first in a field."""
    first = MAPPINGS.systems["salesforce"]
    account = first.pull["Account"]
    keys = {**account.keys, "salesforce": account.keys["product"].model_copy(update={"from_": "Other_Id__c"})}
    pull = {"Account": account.model_copy(update={"keys": keys})}
    second = first.model_copy(update={"system": "emea", "pull": pull, "push": {}})
    company = MAPPINGS.company.model_copy(update={"systems": ["salesforce", "emea", "product"]})
    return MAPPINGS.model_copy(update={"company": company, "systems": {**MAPPINGS.systems, "emea": second}})


TWO = two_crms()


def account_of(engine: Engine, external_id: str, system: str = "salesforce") -> str | None:
    """The account that the id belongs to now, merges followed."""
    select = sa.text("SELECT account_id FROM account_links WHERE system = :system AND external_id = :id")
    with engine.connect() as conn:
        return conn.scalars(select, {"system": system, "id": external_id}).one_or_none()


def rule_of(engine: Engine, external_id: str, system: str = "salesforce") -> str | None:
    where = (links.c.system == system, links.c.external_id == external_id, links.c.valid_to.is_(None))
    with engine.connect() as conn:
        return conn.scalars(sa.select(links.c.rule).where(*where)).one_or_none()


def found(engine: Engine) -> list[tuple[str, str]]:
    with engine.connect() as conn:
        return sorted((row["kind"], row["subject"]) for row in issues.open(conn))


def emptied(engine: Engine) -> None:
    """The warehouse is lost; what remains is what the CRM holds."""
    with engine.begin() as conn:
        for table in (*tables.kept.tables.values(), *tables.derived.tables.values()):
            conn.execute(table.delete())


def test_an_account_is_minted_once(warehouse: Engine) -> None:
    """However often a record changes and tables are rebuilt, its account keeps the id of its first day."""
    land(warehouse, "Account", [ACME, GLOBEX])
    assert conformed(warehouse).minted == 2
    first = account_of(warehouse, "001A")
    assert first is not None
    assert ULID.from_str(first).datetime == at(60)
    land(warehouse, "Account", [ACME | {"Name": "Acme Inc", "Website": "acme.io"}], minutes=1)
    with warehouse.begin() as conn:
        for table in tables.derived.tables.values():
            conn.execute(table.delete())
    assert conformed(warehouse).minted == 0
    assert account_of(warehouse, "001A") == first != account_of(warehouse, "001B")


def test_a_lost_warehouse_recovers_its_ids(warehouse: Engine) -> None:
    """Our link key in the CRM says which account it was; a key that is none of ours is not followed."""
    land(warehouse, "Account", [ACME, GLOBEX])
    conformed(warehouse)
    before = account_of(warehouse, "001A")
    emptied(warehouse)
    land(warehouse, "Account", [ACME | {"Crmpulse_Key__c": before}, GLOBEX | {"Crmpulse_Key__c": "somebody's"}])
    conformed(warehouse)
    assert (account_of(warehouse, "001A"), rule_of(warehouse, "001A")) == (before, "link_key")
    assert rule_of(warehouse, "001B") == "minted"
    assert account_of(warehouse, "w1", "product") == before
    assert found(warehouse) == [("foreign_link_key", "001B")]


def test_a_copied_record_is_an_account_of_its_own(warehouse: Engine) -> None:
    """The record that had the key keeps it; the copy is told, and is settled once our own key has replaced the copied."""
    land(warehouse, "Account", [ACME])
    conformed(warehouse)
    key = account_of(warehouse, "001A")
    copy = GLOBEX | {"Crmpulse_Key__c": key}
    land(warehouse, "Account", [ACME | {"Crmpulse_Key__c": key, "Name": "Acme Inc"}, copy], minutes=1)
    conformed(warehouse)
    assert account_of(warehouse, "001A") == key
    assert rule_of(warehouse, "001B") == "minted"
    assert found(warehouse) == [("copied_link_key", "001B")]
    land(warehouse, "Account", [copy | {"Crmpulse_Key__c": account_of(warehouse, "001B")}], minutes=2)
    conformed(warehouse)
    assert found(warehouse) == []


def test_a_key_on_two_records_recovers_nothing(warehouse: Engine) -> None:
    """After a loss nobody knows which of the two was the original: both get new ids, and both are told."""
    key = str(ULID.from_datetime(START))
    land(warehouse, "Account", [ACME | {"Crmpulse_Key__c": key}, GLOBEX | {"Crmpulse_Key__c": key}])
    conformed(warehouse)
    assert {rule_of(warehouse, "001A"), rule_of(warehouse, "001B")} == {"minted"}
    assert found(warehouse) == [("copied_link_key", "001A"), ("copied_link_key", "001B")]


def test_a_merge_is_followed(warehouse: Engine) -> None:
    """The loser's account points at the winner's, also through a second merge; what it had counts for the winner."""
    land(warehouse, "Account", [ACME, GLOBEX, {"Id": "001C", "Name": "Initech"}])
    conformed(warehouse)
    loser = account_of(warehouse, "001A")
    land(warehouse, "Account", [Record("001A", {}, deleted=True, merged_into="001B")], minutes=1)
    conformed(warehouse, 61)
    assert account_of(warehouse, "001A") is None
    assert account_of(warehouse, "w1", "product") == account_of(warehouse, "001B")
    land(warehouse, "Account", [Record("001B", {}, deleted=True, merged_into="001C")], minutes=2)
    conformed(warehouse, 62)
    with warehouse.connect() as conn:
        merged = sa.select(account_ids.c.merged_into).where(account_ids.c.account_id == loser)
        assert conn.scalar(merged) == account_of(warehouse, "001C")
        ended = sa.select(links.c.valid_to).where(links.c.external_id == "001A")
        assert conn.scalars(ended).all() == [at(61)]


def test_two_merges_in_one_pull_arrive_at_the_last(warehouse: Engine) -> None:
    """A into B and B into C, seen at once: both are C."""
    land(warehouse, "Account", [ACME, GLOBEX, {"Id": "001C", "Name": "Initech"}])
    conformed(warehouse)
    gone = [
        Record("001A", {}, deleted=True, merged_into="001B"),
        Record("001B", {}, deleted=True, merged_into="001C"),
    ]
    land(warehouse, "Account", gone, minutes=1)
    conformed(warehouse)
    with warehouse.connect() as conn:
        merged = conn.scalars(sa.select(account_ids.c.merged_into).where(account_ids.c.merged_into.is_not(None))).all()
    assert merged == [account_of(warehouse, "001C")] * 2


def test_a_merge_waits_for_its_winner(warehouse: Engine) -> None:
    """The winner arrives a pull later; then the merge is followed."""
    land(warehouse, "Account", [ACME])
    conformed(warehouse)
    land(warehouse, "Account", [Record("001A", {}, deleted=True, merged_into="001B")], minutes=1)
    conformed(warehouse)
    land(warehouse, "Account", [GLOBEX], minutes=2)
    conformed(warehouse)
    assert account_of(warehouse, "w1", "product") == account_of(warehouse, "001B") is not None


def test_a_deleted_account_leaves_and_comes_back(warehouse: Engine) -> None:
    """Its links end; when the record is undeleted it is the same account again."""
    land(warehouse, "Account", [ACME])
    conformed(warehouse)
    account = account_of(warehouse, "001A")
    land(warehouse, "Account", [Record("001A", {}, deleted=True)], minutes=1)
    conformed(warehouse)
    assert account_of(warehouse, "001A") is None is account_of(warehouse, "w1", "product")
    with warehouse.connect() as conn:
        assert conn.scalar(sa.select(sa.func.count()).select_from(tables.accounts)) == 0
    land(warehouse, "Account", [ACME], minutes=2)
    conformed(warehouse)
    assert account_of(warehouse, "001A") == account == account_of(warehouse, "w1", "product")


def test_a_key_that_two_accounts_name_is_linked_to_neither(warehouse: Engine) -> None:
    """It is a question for a person; a link that stood before stays, and the answer settles it."""
    land(warehouse, "Account", [ACME, GLOBEX | {"Workspace_Id__c": "w1"}])
    conformed(warehouse)
    assert account_of(warehouse, "w1", "product") is None
    assert found(warehouse) == [("ambiguous_key", "w1")]
    land(warehouse, "Account", [GLOBEX], minutes=1)
    conformed(warehouse)
    assert account_of(warehouse, "w1", "product") == account_of(warehouse, "001A")
    assert found(warehouse) == []
    land(warehouse, "Account", [GLOBEX | {"Workspace_Id__c": "w1"}], minutes=2)
    conformed(warehouse)
    assert account_of(warehouse, "w1", "product") == account_of(warehouse, "001A")
    assert found(warehouse) == [("ambiguous_key", "w1")]


def test_a_changed_key_moves_the_link(warehouse: Engine) -> None:
    """The usage of a workspace belongs to the account that names it; the one that lost it is scored again too."""
    land(warehouse, "Account", [ACME, GLOBEX])
    conformed(warehouse)
    with warehouse.begin() as conn:
        conn.execute(tables.changed_accounts.delete())
    land(warehouse, "Account", [ACME | {"Workspace_Id__c": "w9"}, GLOBEX | {"Workspace_Id__c": "w1"}], minutes=1)
    conformed(warehouse, 61)
    assert account_of(warehouse, "w1", "product") == account_of(warehouse, "001B")
    assert account_of(warehouse, "w9", "product") == account_of(warehouse, "001A")
    assert account_of(warehouse, "w2", "product") is None
    with warehouse.connect() as conn:
        ended = sa.select(links.c.external_id).where(links.c.valid_to == at(61))
        assert sorted(conn.scalars(ended)) == ["w1", "w2"]
        marked = set(conn.execute(sa.select(tables.changed_accounts.c.system, tables.changed_accounts.c.account_ref)))
    assert {("salesforce", "001A"), ("product", "w1"), ("product", "w9")} <= {tuple(row) for row in marked}


@pytest.mark.parametrize("website", ["gmail.com", "www.facebook.com/acme"])
def test_a_shared_domain_says_nothing(warehouse: Engine, website: str) -> None:
    """Two companies with free-mail domains are two accounts in every system."""
    land(warehouse, "Account", [{"Id": "001A", "Name": "A", "Website": website}], mappings=TWO)
    land(warehouse, "Account", [{"Id": "9A", "Name": "B", "Website": website}], system="emea", mappings=TWO)
    conformed(warehouse, mappings=TWO)
    assert account_of(warehouse, "001A") != account_of(warehouse, "9A", "emea")


def test_a_second_crm_links_by_key_then_by_domain(warehouse: Engine) -> None:
    """An explicit key beats the domain; without either the account is new; each system adds to one account."""
    land(warehouse, "Account", [ACME, GLOBEX], mappings=TWO)
    others: list[dict[str, Any]] = [
        {"Id": "9A", "Name": "Acme", "Website": "elsewhere.com", "Other_Id__c": "001A"},
        {"Id": "9B", "Name": "Globex", "Website": "https://www.globex.com/about"},
        {"Id": "9C", "Name": "New", "Website": "new.com"},
    ]
    land(warehouse, "Account", others, system="emea", mappings=TWO)
    conformed(warehouse, mappings=TWO)
    assert [rule_of(warehouse, id, "emea") for id in ("9A", "9B", "9C")] == ["key", "domain", "minted"]
    assert account_of(warehouse, "9A", "emea") == account_of(warehouse, "001A")
    assert account_of(warehouse, "9B", "emea") == account_of(warehouse, "001B")
    assert found(warehouse) == []


def test_an_ambiguous_domain_is_a_question(warehouse: Engine) -> None:
    """Two accounts share the domain, or two records claim the one that has it: nobody is linked by a guess."""
    land(warehouse, "Account", [ACME, {"Id": "001C", "Name": "Acme Labs", "Website": "acme.com"}, GLOBEX], mappings=TWO)
    others = [
        {"Id": "9A", "Website": "acme.com"},
        {"Id": "9B", "Website": "globex.com"},
        {"Id": "9C", "Website": "globex.com"},
    ]
    land(warehouse, "Account", others, system="emea", mappings=TWO)
    conformed(warehouse, mappings=TWO)
    assert [account_of(warehouse, id, "emea") for id in ("9A", "9B", "9C")] == [None, None, None]
    assert found(warehouse) == [("ambiguous_domain", id) for id in ("9A", "9B", "9C")]
    with warehouse.connect() as conn:
        (about,) = [row["message"] for row in issues.open(conn) if row["subject"] == "9A"]
    assert {account_of(warehouse, "001A"), account_of(warehouse, "001C")} <= set(about.replace(",", "").split())


def test_product_files_can_name_accounts_by_domain(warehouse: Engine) -> None:
    """Where the files hold domains, the account that has the domain has the usage."""
    product = MAPPINGS.systems["product"].model_copy(update={"accounts_by": "domain"})
    by_domain = MAPPINGS.model_copy(update={"systems": {**MAPPINGS.systems, "product": product}})
    land(warehouse, "Account", [ACME, GLOBEX, GLOBEX | {"Id": "001C"}])
    conformed(warehouse, mappings=by_domain)
    assert account_of(warehouse, "acme.com", "product") == account_of(warehouse, "001A")
    assert account_of(warehouse, "globex.com", "product") is None
    assert found(warehouse) == [("ambiguous_domain", "globex.com")]
