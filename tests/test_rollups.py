"""Children and products in fields of their own, scorecards by lifecycle and product, and what people say beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, Engine

import mappings
from mappings import reader
from mappings.models import Component, Mappings, Override, Scorecard
from tests import health
from tests.health import AS_OF, NOW
from warehouse import bulk, issues, tables
from warehouse.health import rollups, scores

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def configured() -> Mappings:
    return reader.load(Path(mappings.__file__).parent)


def _with(configured: Mappings, **scorecards: Any) -> Mappings:
    return configured.model_copy(update={"scorecards": configured.scorecards.model_copy(update=scorecards)})


def _stored(conn: Connection, account: str, score: int | None, day: date = AS_OF) -> None:
    row = {
        "account_id": account, "as_of": day, "version": "v", "score": score, "earned_points": 0, "known_points": 100,
        "coverage_pct": 100, "tier": "monitor", "state": "monitor", "state_since": day, "below_60": 0, "below_40": 0,
        "at_least_45": 1, "at_least_65": 1, "lifecycle": "customer", "reasons": "[]", "computed_at": NOW,
    }  # fmt: skip
    bulk.append(conn, tables.score_history, [row])


def _rolled_up(conn: Connection) -> dict[tuple[str, str], tuple[Any, ...]]:
    rows = health.rows(conn, tables.rollups)
    return {
        (r["account_id"], r["kind"]): (r["score"], r["members"], r["worst"], r["worst_score"])
        for r in rows
    }  # fmt: skip


# --- roll-ups ---------------------------------------------------------------------------------------------------------


def test_children_are_weighted_by_arr_and_rounded_half_up(warehouse: Engine) -> None:
    """(80 x 300 + 45 x 100 + 46 x 100) / 500 is 66.2; a child of unknown ARR weighs nothing and may be the worst."""
    with warehouse.begin() as conn:
        health.add_accounts(
            conn,
            "top",
            {"account_id": "a", "parent_id": "top", "arr_reporting": 300},
            {"account_id": "b", "parent_id": "top", "arr_reporting": 100},
            {"account_id": "c", "parent_id": "top", "arr_reporting": 100},
            {"account_id": "unknown", "parent_id": "top"},
            {"account_id": "unscored", "parent_id": "top", "arr_reporting": 9000},
            {"account_id": "left", "parent_id": "top", "arr_reporting": 9000, "customer": False},
        )
        for account, score in (("top", 90), ("a", 80), ("b", 45), ("c", 46), ("unknown", 20), ("left", 10)):
            _stored(conn, account, score)
        _stored(conn, "unscored", None)
        rollups.add_up(conn, AS_OF)
        assert _rolled_up(conn) == {("top", "children"): (66, 4, "unknown", 20)}


@pytest.mark.parametrize(
    ("children", "expected"),
    [
        ([(60, 100), (61, 100)], (61, 2, "a", 60)),
        ([(60, 101), (61, 100)], (60, 2, "a", 60)),
        ([(60, None), (61, None)], (None, 2, "a", 60)),
        ([(60, 0), (61, 0)], (None, 2, "a", 60)),
        ([(60, 1), (60, 5)], (60, 2, "b", 60)),
        ([(33, "1999999999999.9999"), (34, "1999999999999.9999")], (34, 2, "a", 33)),
    ],
)
def test_halves_go_up_and_without_arr_there_is_no_number(
    warehouse: Engine, children: list[tuple[int, Any]], expected: tuple[Any, ...]
) -> None:
    """60.5 is 61, a little less is 60; of two equally bad children the one with the higher ARR is the worst."""
    with warehouse.begin() as conn:
        rows = [
            {"account_id": "ab"[n], "parent_id": "top", "arr_reporting": arr} for n, (_, arr) in enumerate(children)
        ]
        health.add_accounts(conn, "top", *rows)
        for n, (score, _) in enumerate(children):
            _stored(conn, "ab"[n], score)
        rollups.add_up(conn, AS_OF)
        assert _rolled_up(conn) == {("top", "children"): expected}


def test_a_child_whose_day_has_not_begun_counts_with_its_last_score(warehouse: Engine) -> None:
    """Yesterday's score stands in; an older one does not."""
    with warehouse.begin() as conn:
        health.add_accounts(
            conn,
            "top",
            {"account_id": "west", "parent_id": "top", "arr_reporting": 10},
            {"account_id": "silent", "parent_id": "top", "arr_reporting": 10},
        )
        _stored(conn, "west", 50, AS_OF - DAY)
        _stored(conn, "silent", 10, AS_OF - 2 * DAY)
        rollups.add_up(conn, AS_OF)
        assert _rolled_up(conn) == {("top", "children"): (50, 1, "west", 50)}


# --- cards ------------------------------------------------------------------------------------------------------------


def _card(configured: Mappings, points: Mapping[str, int], **more: Any) -> Scorecard:
    known = {c.id: c for c in configured.scorecards.scorecards[0].components}
    components: list[Component] = [known[id_].model_copy(update={"points": n}) for id_, n in points.items()]
    return Scorecard(components=components, **more)


def _deliver(conn: Connection) -> None:
    for name in ("usage_days", "feature_days"):
        health.deliver(conn, name, range(-90, 0))
    for name in ("contacts", "tickets", "goals", "subscriptions"):
        health.deliver(conn, name, [-1])


def test_products_are_scored_on_their_own_and_rolled_up(warehouse: Engine, configured: Mappings) -> None:
    """Usage and core features by product, the sponsor of the account for each; the account's own score stays."""
    cards = [
        _card(configured, {"active_users": 40, "core_features": 40, "executive_sponsor": 20}, name="crm", product="crm",
              core_features=["leads", "deals", "forecast"]),
        _card(configured, {"active_users": 80, "executive_sponsor": 20}, name="desk", product="desk"),
        _card(configured, {"active_users": 50, "executive_sponsor": 50}, name="default"),
    ]  # fmt: skip
    with warehouse.begin() as conn:
        health.add_accounts(conn, "a", "b")
        health.add(conn, "contacts", [{"account": "a", "id": "s", "role": "sponsor"}])
        health.add(
            conn,
            "usage_days",
            [
                {"account": "a", "days": [-14, -1], "product": "crm"},
                {"account": "a", "days": [-3, -1], "product": "desk"},
                {"account": "b", "days": [-3, -1], "product": "desk"},
            ],
        )
        health.add(
            conn,
            "feature_days",
            [{"account": "a", "day": -2, "product": "crm", "feature": f} for f in ("leads", "deals", "macros")],
        )
        health.add(
            conn,
            "subscriptions",
            [
                {"account": "a", "product": "crm", "arr_native": 300, "currency": "USD"},
                {"account": "a", "product": "desk", "arr_native": 100, "currency": "USD"},
                {"account": "a", "product": "old", "arr_native": 900, "currency": "USD"},
                {"account": "b", "product": "crm", "end_date": AS_OF - DAY, "arr_native": 5, "currency": "USD"},
            ],
        )
        _deliver(conn)
        scores.score(conn, _with(configured, scorecards=cards), AS_OF, NOW)
        products = health.rows(conn, tables.product_scores, "account_id", "product")
        found = {(r["account_id"], r["product"]): (r["score"], json.loads(r["reasons"])) for r in products}
        history = health.rows(conn, tables.rollup_history, "account_id")
        accounts = {r["account_id"]: r["score"] for r in health.rows(conn, tables.score_history)}
        components = {r["component"] for r in health.rows(conn, tables.component_history)}
    assert found == {
        ("a", "crm"): (60, ["core_features"]),
        ("a", "desk"): (20, ["active_users"]),
        ("b", "desk"): (0, ["active_users", "executive_sponsor"]),
    }
    assert [(r["account_id"], r["kind"], r["score"], r["worst"], r["worst_score"]) for r in history] == [
        ("a", "products", 50, "desk", 20),
        ("b", "products", None, "desk", 0),
    ]
    assert accounts == {"a": 100, "b": 0}
    assert components == {"active_users", "executive_sponsor"}


def test_the_first_card_that_fits_by_lifecycle_and_segment(warehouse: Engine, configured: Mappings) -> None:
    """Onboarding before segment before everybody; a column without a value fits no card that asks for it."""
    cards = [
        _card(configured, {"goals_defined": 100}, name="new", when={"lifecycle": {"in": ["onboarding"]}}),
        _card(configured, {"executive_sponsor": 100}, name="big", when={"segment": {"in": ["high_touch"]}}),
        _card(configured, {"no_critical_ticket": 100}, name="rest"),
    ]
    with warehouse.begin() as conn:
        health.add_accounts(
            conn,
            {"account_id": "a", "arr_reporting": 900, "first_subscription_start": AS_OF - 10 * DAY},
            {"account_id": "b", "arr_reporting": 900},
            {"account_id": "c", "arr_reporting": 1},
            {"account_id": "d"},
        )
        _deliver(conn)
        scores.score(conn, _with(configured, scorecards=cards), AS_OF, NOW)
        query = sa.text(
            "SELECT h.account_id, c.scorecard FROM score_history h JOIN scorecards c ON c.version = h.version"
        )
        assert dict(conn.execute(query).all()) == {"a": "new", "b": "big", "c": "rest", "d": "rest"}


# --- overrides --------------------------------------------------------------------------------------------------------


def _override(account: str, until: date, **more: Any) -> Any:
    return Override(
        **{
            "account": account,
            "tier": "critical",
            "owner": "dana@example.com",
            "reason": "merger",
            "until": until,
            **more,
        }
    )


def test_an_override_holds_until_its_last_day_and_changes_no_score(warehouse: Engine, configured: Mappings) -> None:
    """It stands beside the score, from the file or from the CRM; the file wins, and an expired one is not shown."""
    said = [_override("a", AS_OF), _override("b", AS_OF - DAY), _override("nobody", AS_OF)]
    card = [_card(configured, {"goals_defined": 100}, name="rest")]
    with warehouse.begin() as conn:
        health.add_accounts(conn, "a", "b", "c", "d", "e")
        record = {"system": "salesforce", "stream": "Account", "seen_at": NOW, "override_until": AS_OF + 9 * DAY}
        whole = {"override_tier": "healthy", "override_owner": "eve@example.com", "override_reason": "signed"}
        bulk.append(
            conn,
            tables.account_records,
            [
                {**record, "id": "a", "account_ref": "a", **whole},
                {**record, "id": "c", "account_ref": "c", **whole},
                {**record, "id": "d", "account_ref": "d", **whole, "override_owner": None},
                {**record, "id": "e", "account_ref": "e", **whole, "override_reason": "x" * 201},
            ],
        )
        _deliver(conn)
        configured = _with(configured, scorecards=card, overrides=said)
        scores.score(conn, configured, AS_OF, NOW)
        scores.score(conn, configured, AS_OF + DAY, NOW + DAY)
        kept = health.rows(conn, tables.override_history, "account_id", "from_day")
        states = {(r["score"], r["tier"]) for r in health.rows(conn, tables.score_history)}
        asked = {(i["kind"], i["subject"]) for i in issues.open(conn) if i["kind"].startswith("override")}
    assert [(r["account_id"], r["tier"], r["owner"], r["source"], r["from_day"], r["to_day"]) for r in kept] == [
        ("a", "critical", "dana@example.com", "scorecards.yaml", AS_OF, AS_OF),
        ("a", "healthy", "eve@example.com", "salesforce", AS_OF + DAY, None),
        ("c", "healthy", "eve@example.com", "salesforce", AS_OF, None),
    ]
    assert states == {(0, "critical")}
    assert asked == {("override_of_nobody", "nobody"), ("override_incomplete", "d"), ("override_incomplete", "e")}


def test_arr_is_kept_from_day_to_day(warehouse: Engine, configured: Mappings) -> None:
    """A new interval begins when the amount changes, in its own currency."""
    with warehouse.begin() as conn:
        health.add_accounts(conn, {"account_id": "a", "arr_native": 100, "currency": "EUR", "arr_reporting": 110})
        _deliver(conn)
        scores.score(conn, configured, AS_OF, NOW)
        scores.score(conn, configured, AS_OF + DAY, NOW + DAY)
        conn.execute(tables.accounts.update().values(arr_native=150, arr_reporting=165))
        scores.score(conn, configured, AS_OF + 2 * DAY, NOW + 2 * DAY)
        kept = health.rows(conn, tables.arr_history, "from_day")
    assert [(r["arr_native"], r["currency"], r["from_day"], r["to_day"]) for r in kept] == [
        (100, "EUR", AS_OF, AS_OF + DAY),
        (150, "EUR", AS_OF + 2 * DAY, None),
    ]
