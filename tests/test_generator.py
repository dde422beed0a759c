"""The generator makes as many companies as it is asked for, the same ones for the same seed."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from sandbox import generator
from sandbox.salesforce.schema import OBJECTS
from sandbox.world import HISTORY_DAYS, World

AS_OF = date(2026, 11, 22)
DIGEST = """
import sys
from datetime import date
from tests.test_generator import digest
from sandbox import generator
sys.stdout.write(digest(generator.build(120, 7, date(2026, 11, 22))))
"""


def digest(world: World) -> str:
    """A hash over everything that a world contains."""
    total = hashlib.sha256(repr(world.records()).encode())
    for day in world.days:
        for path, content in sorted(world.files(day).items()):
            total.update(path.encode() + content)
    return total.hexdigest()


def test_the_same_seed_gives_the_same_world() -> None:
    """Two builds are equal byte by byte, also in another process with other hash seeds; another seed differs."""
    here = digest(generator.build(120, 7, AS_OF))
    there = subprocess.run(
        [sys.executable, "-c", DIGEST],
        env={**os.environ, "PYTHONHASHSEED": "4711"},
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    assert here == there
    assert here != digest(generator.build(120, 8, AS_OF))


@pytest.mark.parametrize("accounts", [1, 7, 500])
def test_it_makes_exactly_as_many_accounts(accounts: int) -> None:
    """So many accounts with so many names, and every reference points to a record of this world."""
    world = generator.build(accounts, 1, AS_OF, spread=False)
    assert len(world.salesforce["Account"]) == accounts
    assert len({record["Name"] for record in world.salesforce["Account"]}) == accounts
    ids = [record["Id"] for records in world.salesforce.values() for record in records]
    assert len(set(ids)) == len(ids)
    known = set(ids)
    for sobject, records in world.salesforce.items():
        references = [field.name for field in OBJECTS[sobject].fields.values() if field.type == "reference"]
        assert all(record[name] in known for record in records for name in references if record.get(name))


def test_companies_spread_over_the_vendors() -> None:
    """Every company lives in one CRM, some are known to a second one and to Zendesk; families stay together."""
    world = generator.build(400, 1, AS_OF)
    names = {record["Name"] for record in world.salesforce["Account"]}
    told = [company["properties"] for company in world.hubspot["companies"]]
    alone = {company["name"] for company in told if "account_status" in company}
    twins = {company["name"] for company in told} - alone
    assert len(names) + len(alone) == 400
    assert twins
    assert twins <= names
    assert not alone & names
    assert world.zendesk["organizations"]
    assert world.zendesk["survey_responses"]
    ids = {record["Id"] for record in world.salesforce["Account"]}
    assert all(a["ParentId"] in ids for a in world.salesforce["Account"] if a["ParentId"])


def test_shares_are_as_promised() -> None:
    """Of 4,000 companies, every tier has its share to within three points of a hundred."""
    drawn = Counter(company.story for company in generator.companies(4_000, 3))
    for kind, share in generator.SHARES.items():
        assert abs(drawn[f"Drawn as {kind}."] / 40 - share) < 3, kind


@pytest.mark.parametrize("accounts", [50, generator.MANY])
def test_every_day_is_delivered(accounts: int) -> None:
    """No morning brings an empty file, and the history of every day-grained file has every day."""
    world = generator.build(accounts, 1, AS_OF)
    for path, content in world.files(world.first_day).items():
        lines = (gzip.decompress(content) if path.endswith(".gz") else content).decode()
        if "until" in path:
            assert len(set(re.findall(r"\d{4}-\d{2}-\d{2}", lines))) == HISTORY_DAYS, path
    for day in world.days[1:]:
        for path, content in world.files(day).items():
            text = (gzip.decompress(content) if path.endswith(".gz") else content).decode()
            assert len(text.splitlines()) > 1, path


def test_names_go_on_after_the_words_are_used_up() -> None:
    """50,000 numbers have 50,000 names, and names make 50,000 workspaces."""
    assert len({generator.name(number) for number in range(50_000)}) == 50_000


def test_every_csm_has_an_active_manager_and_a_bearable_number_of_accounts() -> None:
    """Tasks find somebody: each account has an active CSM who has a manager and at most 80 accounts."""
    world = generator.build(500, 1, AS_OF, spread=False)
    users = {user["Id"]: user for user in world.salesforce["User"]}
    load = Counter(account["CSM__c"] for account in world.salesforce["Account"])
    assert max(load.values()) <= generator.ACCOUNTS_PER_CSM
    assert all(users[csm]["IsActive"] and users[csm]["ManagerId"] in users for csm in load)
