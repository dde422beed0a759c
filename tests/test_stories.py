"""The story accounts and the generator are themselves in order: what the product is checked against must be right."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox import stories
from sandbox.salesforce.org import Org, Settings
from sandbox.salesforce.schema import OBJECTS
from sandbox.salesforce.seed import sow
from sandbox.store import Store
from sandbox.stories.files import FEATURES, GOALS, LIMITS, SUBSCRIPTIONS, SURVEYS, USAGE
from sandbox.stories.words import Company
from sandbox.world import HISTORY_DAYS, Record, World, morning

AS_OF = date(2026, 11, 22)
MAPPINGS = Path(__file__).parent.parent / "mappings"
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
SURVEY_ID = re.compile(r"01[0-9A-Z]{24}")
"""It begins with the moment of the survey."""


@cache
def world(as_of: date = AS_OF) -> World:
    return stories.build(as_of)


@cache
def mapping(name: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((MAPPINGS / f"{name}.yaml").read_text())
    return document


def seeds(built: World) -> Iterator[tuple[str, Record]]:
    return ((sobject, record) for sobject, records in built.salesforce.items() for record in records)


def text(path: str, content: bytes) -> str:
    return (gzip.decompress(content) if path.endswith(".gz") else content).decode()


def rows(path: str, content: bytes) -> list[dict[str, Any]]:
    lines = text(path, content)
    if ".jsonl" in path:
        return [json.loads(line) for line in lines.splitlines()]
    return list(csv.DictReader(io.StringIO(lines)))


def aged(anything: str, as_of: date) -> str:
    """A text with every day in it written as days before `as_of`."""
    return DAY.sub(lambda found: f"<{(as_of - date.fromisoformat(found[0])).days}>", anything)


def played_org(until: date) -> Org:
    """The stand-in's records after its clock went through the played mornings."""
    store = Store()
    org = Org(store, Settings())
    sow(org, world().salesforce, morning(world().first_day))
    for day in world().days:
        if day <= until:
            store.move(morning(day))
    return org


# --- records ----------------------------------------------------------------------------------------------------------


def test_ids_look_like_salesforce_ids() -> None:
    """Every record has its own 18-character id with its object's prefix and the checksum of its capitals."""
    ids = [(sobject, str(record["Id"])) for sobject, record in seeds(world())]
    assert len({record_id for _, record_id in ids}) == len(ids)
    for sobject, record_id in ids:
        assert re.fullmatch(r"[0-9A-Za-z]{15}[A-Z0-5]{3}", record_id)
        assert record_id.startswith(OBJECTS[sobject].prefix)
        for group in range(3):
            bits = "".join("1" if c.isupper() else "0" for c in reversed(record_id[group * 5 : group * 5 + 5]))
            assert record_id[15 + group] == "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[int(bits, 2)]


def test_references_point_to_records_that_exist_by_then() -> None:
    """No record names another one that does not exist, or that appears only later."""
    created = {str(record["Id"]): str(record["CreatedDate"]) for _, record in seeds(world())}
    for sobject, record in seeds(world()):
        for field in OBJECTS[sobject].fields.values():
            if field.type == "reference" and record.get(field.name) is not None:
                target = str(record[field.name])
                assert created[target] <= str(record["CreatedDate"]), (sobject, record["Id"], field.name)


def test_fields_are_mapped_or_standard() -> None:
    """Seeds use fields that the stand-in has, and of the custom ones only those that the mapping reads."""
    pulled = mapping("salesforce")["pull"]
    for sobject, record in seeds(world()):
        used = {*record, *(name for change in record.get("_changes", ()) for name in change)} - {"at"}
        for name in (name for name in used if not name.startswith("_")):
            assert OBJECTS[sobject].field(name) is not None, (sobject, name)
            assert not name.endswith("__c") or f"'{name}'" in str(pulled[sobject]), (sobject, name)


def test_everything_happens_before_the_last_morning() -> None:
    """What a story tells is in the CRM by as_of: no record or change waits beyond it, and changes come in order."""
    last = morning(AS_OF)
    for sobject, record in seeds(world()):
        moments = [record["CreatedDate"], *(change["at"] for change in record.get("_changes", ()))]
        read = [datetime.fromisoformat(moment) for moment in moments]
        assert read == sorted(read), (sobject, record["Id"])
        assert read[-1] < last, (sobject, record["Id"])


def test_the_stand_in_plays_the_stories() -> None:
    """A seeded stand-in shows a ticket open before it is solved, and gives a merged account's champion to the winner."""
    ids = {e.account: e.id for e in world().expectations}
    winner, loser = ids["Quillon Paper"], ids["Quillon Paper Inc."]
    before, after = played_org(AS_OF - timedelta(days=4)), played_org(AS_OF)

    def champions(org: Org) -> list[object]:
        contacts = org.table("Contact").values()
        return [c["AccountId"] for c in contacts if c["CS_Role__c"] == "Champion" and c["AccountId"] in (winner, loser)]

    def open_critical(org: Org, account: str) -> int:
        cases = org.table("Case").values()
        return sum(c["AccountId"] == account and c["Priority"] == "Critical" and not c["IsClosed"] for c in cases)

    assert champions(before) == [loser]
    assert champions(after) == [winner]
    assert after.table("Account")[loser]["MasterRecordId"] == winner
    assert after.table("Account")[ids["Yellowhammer Tours"]]["IsDeleted"]
    assert open_critical(played_org(AS_OF - timedelta(days=9)), ids["Quarrel Sports"]) == 1
    assert open_critical(after, ids["Quarrel Sports"]) == 0


# --- time -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("other", [date(2026, 3, 1), date(2027, 1, 4)])
def test_stories_never_age(other: date) -> None:
    """Another as_of gives the same world with every date shifted: records, files and expectations."""

    def everything(as_of: date) -> list[str]:
        built = world(as_of)
        everybody = (record for kinds in built.records().values() for each in kinds.values() for record in each)
        told = [SURVEY_ID.sub("<survey>", json.dumps(record, ensure_ascii=False)) for record in everybody]
        told += [f"{path} {text(path, content)}" for day in built.days for path, content in built.files(day).items()]
        return [aged(one, as_of) for one in (*told, *map(str, built.expectations))]

    # datetime.date(y, m, d) of an expectation is no ISO date: compare the renewal by its distance
    def plain(lines: list[str]) -> list[str]:
        return [re.sub(r"datetime\.date\([^)]*\)", "<renewal>", line) for line in lines]

    assert plain(everything(other)) == plain(everything(AS_OF))
    renewals = [{e.account: as_of - e.renewal_date for e in world(as_of).expectations if e.renewal_date}
                for as_of in (AS_OF, other)]  # fmt: skip
    assert renewals[0] == renewals[1]


# --- files ------------------------------------------------------------------------------------------------------------


def test_files_bring_the_history_once_and_then_a_day_each() -> None:
    """The first morning brings 70 days up to the day before, every later one the day before; no day comes twice."""
    for stream in ("usage", "features", "limits"):
        delivered: list[str] = []
        for number, day in enumerate(world().days):
            ((path, content),) = [item for item in world().files(day).items() if item[0].startswith(f"{stream}/")]
            days = {row["date"] for row in rows(path, content)}
            assert max(days) == (day - timedelta(days=1)).isoformat()
            assert len(days) == (HISTORY_DAYS if number == 0 else 1)
            delivered += days
        assert len(delivered) == len(set(delivered))
    assert world().files(world().first_day - timedelta(days=1)) == {}


@pytest.mark.parametrize(
    ("stream", "columns"),
    [
        ("usage", USAGE),
        ("features", FEATURES),
        ("limits", LIMITS),
        ("subscriptions", SUBSCRIPTIONS),
        ("goals", GOALS),
        ("surveys", SURVEYS),
    ],
)
def test_files_have_exactly_the_mapped_columns(stream: str, columns: tuple[str, ...]) -> None:
    """What the mapping of the product reads is in the files, and nothing else but the key."""
    pull = mapping("product")["pull"][stream]
    mapped = {field["from"] for field in pull["fields"].values()}
    assert set(columns) == mapped | ({pull["key"]} if "key" in pull else set())
    for day in (world().first_day, AS_OF):
        ((path, content),) = [item for item in world().files(day).items() if item[0].startswith(f"{stream}/")]
        found = rows(path, content)
        assert found
        assert all(tuple(row) == columns for row in found)
        if "key" in pull:
            assert len({row[pull["key"]] for row in found}) == len(found)


def test_files_know_nothing_of_the_future() -> None:
    """A file of a morning holds no progress, subscription or answer of that day or later."""
    for day in world().days:
        for path, content in world().files(day).items():
            if path.startswith(("goals", "subscriptions", "surveys")):
                ended = re.compile(r"end_date|stated_on|progressed_on|reached_on|answered_on|start_date")
                days = [v for row in rows(path, content) for k, v in row.items() if ended.fullmatch(k) and v]
                assert all(date.fromisoformat(found) < day for found in days), path


def test_usage_has_one_grain_an_account() -> None:
    """No (workspace, day, product, department, user) comes twice in one delivery: sums count nobody twice."""
    ((path, content),) = [i for i in world().files(world().first_day).items() if i[0].startswith("usage/")]
    grain = Counter(tuple(row[c] for c in USAGE if c != "active_users") for row in rows(path, content))
    assert max(grain.values()) == 1


# --- expectations -----------------------------------------------------------------------------------------------------


def test_every_expectation_is_of_an_account() -> None:
    """Names and ids of the expectations are those of the seeded accounts, one each, every one with a sentence."""
    accounts = {record["Id"]: record["Name"] for record in world().salesforce["Account"]}
    twins = {e.ids["hubspot"] for e in world().expectations if e.crm == "salesforce" and "hubspot" in e.ids}
    own = (record for record in world().hubspot["companies"] if record["id"] not in twins)
    accounts |= {record["id"]: record["properties"]["name"] for record in own}
    assert {e.id: e.account for e in world().expectations} == accounts
    assert len({e.account for e in world().expectations}) == len(world().expectations) == len(accounts)
    assert all(e.line.endswith(".") for e in world().expectations)


def test_expected_scores_follow_from_the_scorecard() -> None:
    """Each expected score is earned over known points, half up, of the components that fail and are unknown."""
    card = {c["id"]: c["points"] for c in mapping("scorecards")["scorecards"][0]["components"]}
    scored = [e for e in world().expectations if e.score is not None]
    for expected in scored:
        known = sum(card.values()) - sum(card[c] for c in expected.unknown)
        earned = known - sum(card[c] for c in expected.failed)
        assert expected.score == int(Decimal(100 * earned) / known + Decimal("0.5")), expected.account
        assert known >= 60, expected.account
        assert [*expected.failed] == [c for c in card if c in expected.failed], expected.account
    assert {c for e in scored for c in e.failed} == set(card)


def test_expected_tiers_follow_from_the_scores() -> None:
    """The tier is the band of the score, insufficient data without one, and nothing for who is not scored."""
    bands = mapping("scorecards")["tiers"]
    for expected in world().expectations:
        if expected.score is None:
            assert expected.tier in (None, "insufficient_data"), expected.account
        else:
            assert expected.tier == next(t for t in bands if expected.score >= bands[t]), expected.account
        assert (expected.tier is None) == (expected.lifecycle not in ("onboarding", "customer")), expected.account


def test_stories_cover_what_may_happen() -> None:
    """Every tier, state and lifecycle, open and closed episodes, handoffs and notes are somebody's story."""
    told = world().expectations
    assert {e.state for e in told} == {"healthy", "monitor", "at_risk", "critical", "insufficient_data", None}
    assert {e.lifecycle for e in told} == {"prospect", "onboarding", "customer", "churned", None}
    for component in [c["id"] for c in mapping("scorecards")["scorecards"][0]["components"]]:
        assert any(e.failed == (component,) and e.score in (90, 94, 95) for e in told), component
    assert all(sum(getattr(e, what) for e in told) for what in ("expects_episode", "expects_note", "episode_closed"))
    assert sum(e.expects_handoff for e in told) >= 5


def test_ties_lie_on_both_sides_of_the_rank_cuts() -> None:
    """The stories of the rank segments hold for every number of ranked accounts that the played days can have."""
    rates = {"USD": Decimal(1), "EUR": Decimal("1.10"), "GBP": Decimal("1.27")}

    def ranked(company: Company) -> bool:
        paying = bool(company.arr) and company.currency in rates and company.parent is None
        return (
            paying
            and company.type != "Partner"
            and not company.name.startswith("[TEST]")
            and company.type != "Former Customer"
        )

    # prospects become customers and customers leave while the days are played: the number moves between the two
    amounts = [Decimal(str(c.arr)) * rates[c.currency] for c in stories.ALL if ranked(c)]
    above = {cut: sum(a > cut for a in amounts) for cut in (250_000, 40_000)}
    ties = {cut: amounts.count(Decimal(cut)) for cut in (250_000, 40_000)}
    for population in range(len(amounts) - 5, len(amounts) + 1):
        assert above[250_000] + 1 <= -(-population * 20 // 100) < above[250_000] + ties[250_000]
        assert above[40_000] + 1 <= -(-population * 50 // 100) < above[40_000] + ties[40_000]
