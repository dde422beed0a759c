"""The ledger of a score's changes: worked-out days, and sums that always come out."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine

import mappings
from mappings import reader
from mappings.models import Mappings
from tests import health
from tests.health import AS_OF
from warehouse import bulk, tables
from warehouse.health import change_words, score_changes
from warehouse.health.score_changes import Component, Judged, Picture

RESULTS = ("passed", "failed", "unknown")
REASONS = ("", "expired", "not_delivered", "not_linked", "nothing_in_window")


@pytest.fixture(scope="module")
def configured() -> Mappings:
    return reader.load(Path(mappings.__file__).parent)


def _card(*points: int, at_least: float = 1) -> list[Component]:
    return [Component(f"c{n}", p, f"m{n}", at_least, None) for n, p in enumerate(points)]


def _picture(
    version: str, card: list[Component], judged: dict[str, Judged], assumed: int = 0, day: date = AS_OF
) -> Picture:
    """A day whose stored score is what its components come to; under 60 known points there is none."""
    known = sum(c.points for c in card if judged[c.component].result != "unknown")
    earned = sum(c.points for c in card if judged[c.component].result == "passed")
    basis = max(known, assumed)
    score = (200 * earned + basis) // (2 * basis) if basis >= 60 else None
    return Picture(day, version, score, card, judged, assumed, {})


# --- the replay -------------------------------------------------------------------------------------------------------


def test_steps_are_replayed_in_their_order() -> None:
    """Late data, expired data, then flips as the scorecard lists them, whatever their size."""
    card = _card(40, 30, 20, 10)
    before = _picture(
        "v1",
        card,
        {
            "c0": Judged("passed", 1),
            "c1": Judged("passed", 1),
            "c2": Judged("failed", 0, AS_OF - timedelta(days=2)),
            "c3": Judged("passed", 1),
        },
    )
    after = _picture(
        "v1",
        card,
        {
            "c0": Judged("failed", 0),
            "c1": Judged("unknown", None, None, "expired"),
            "c2": Judged("passed", 1),
            "c3": Judged("failed", 0),
        },
    )
    found = score_changes.changes(before, after)
    assert (before.score, after.score) == (80, 29)
    assert [(c.kind, c.component, c.points) for c in found] == [
        ("late", "c2", 20),  # 80 -> 100 of 100
        ("expired", "c1", 0),  # 70 of 70 known points are still 100
        ("flip", "c0", -57),  # 30 of 70: 43
        ("flip", "c3", -14),  # 20 of 70: 29
    ]


def test_a_new_scorecard_judges_the_earlier_facts_first() -> None:
    """Its own step is what it makes of the facts of the earlier day; what happened since comes behind it."""
    before = _picture("v1", _card(60, 40), {"c0": Judged("passed", 5), "c1": Judged("failed", 0)})
    stricter = [Component("c0", 50, "m0", 10, None), Component("c1", 50, "m1", 1, None)]
    after = _picture("v2", stricter, {"c0": Judged("failed", 5), "c1": Judged("passed", 1)})
    found = score_changes.changes(before, after)
    assert [(c.kind, c.component, c.points) for c in found] == [("scorecard", "", -60), ("flip", "c1", 50)]


def test_a_component_that_was_not_measured_before_comes_with_its_scorecard() -> None:
    """Where the measure was stored the earlier value counts, else the new component belongs to the scorecard's step."""
    before = Picture(AS_OF, "v1", 100, _card(100), {"c0": Judged("passed", 1)}, 0, {"m2": 0.0})
    card = _card(40, 30, 30)
    judged = {"c0": Judged("passed", 1), "c1": Judged("failed", 0), "c2": Judged("passed", 1)}
    found = score_changes.changes(before, _picture("v2", card, judged))
    assert [(c.kind, c.component, c.points) for c in found] == [("scorecard", "", -60), ("flip", "c2", 30)]


def test_without_a_score_on_both_days_changes_have_no_numbers() -> None:
    """They are listed all the same."""
    card = _card(50, 50)
    before = _picture("v1", card, {"c0": Judged("unknown", None, None, "not_delivered"), "c1": Judged("passed", 1)})
    after = _picture("v1", card, {"c0": Judged("passed", 1), "c1": Judged("passed", 1)})
    assert before.score is None
    assert [(c.kind, c.component, c.points) for c in score_changes.changes(before, after)] == [("late", "c0", None)]


@st.composite
def _days(draw: st.DrawFn) -> tuple[Picture, Picture]:
    """Two days of any results, under one scorecard or two."""
    pictures = []
    cards = [_drawn_card(draw), _drawn_card(draw)]
    same = draw(st.booleans())
    for n, version in enumerate(("v1", "v1" if same else "v2")):
        card = cards[0] if same else cards[n]
        judged = {c.component: _drawn_judged(draw, c) for c in card}
        pictures.append(_picture(version, card, judged, 0 if same else draw(st.sampled_from([0, 100]))))
    return pictures[0], pictures[1]


def _drawn_card(draw: st.DrawFn) -> list[Component]:
    cuts = sorted(draw(st.sets(st.integers(1, 99), max_size=11)))
    points = [b - a for a, b in zip([0, *cuts], [*cuts, 100], strict=True)]
    names = draw(st.permutations(range(12)))
    bounds = st.sampled_from([0.0, 1.0, 2.0])
    return [Component(f"c{n}", p, f"m{n}", draw(bounds), None) for n, p in zip(names, points, strict=False)]


def _drawn_judged(draw: st.DrawFn, component: Component) -> Judged:
    value = draw(st.sampled_from([None, 0.0, 1.0, 2.0]))
    stale = draw(st.sampled_from([None, AS_OF - timedelta(days=3)]))
    if value is None:
        return Judged("unknown", None, None, draw(st.sampled_from(REASONS)))
    return Judged("failed" if value < (component.at_least or 0) else "passed", value, stale)


@given(_days())
@settings(max_examples=400, deadline=None)
def test_the_steps_add_up_to_the_difference_whatever_happened(days: tuple[Picture, Picture]) -> None:
    """For any two days with scores the points sum exactly, and no component changes twice."""
    before, after = days
    found = score_changes.changes(before, after)
    named = [change.component for change in found]
    assert len(named) == len(set(named))
    order = [("scorecard", "late", "expired", "flip").index(change.kind) for change in found]
    assert order == sorted(order)
    if before.score is None or after.score is None:
        assert {change.points for change in found} <= {None}
    else:
        assert sum(change.points or 0 for change in found) == after.score - before.score


# --- from the tables --------------------------------------------------------------------------------------------------


def _stored(conn: Connection, configured: Mappings) -> None:
    """An account that scored 90 ten days ago and 80 today, because a champion fell silent."""
    card = configured.scorecards.scorecards[0]
    health.add_accounts(conn, "a")
    bulk.append(
        conn,
        tables.scorecards,
        [
            {"version": "v1", "scorecard": card.name, "ordinal": n, **c.model_dump(include=set(Component.__annotations__))}
            | {"component": c.id, "label": c.label, "dimension": c.dimension}
            for n, c in enumerate(card.components)
        ],
    )  # fmt: skip
    intervals = [{"component": c.id, "from_day": AS_OF - timedelta(days=60)} for c in card.components]
    flipped = AS_OF - timedelta(days=4)
    for row in intervals:
        if row["component"] == "champion":
            row["to_day"] = flipped - timedelta(days=1)
    failed = {"component": "champion", "result": "failed", "value": 0.0}
    intervals.append({**failed, "from_day": flipped, "to_day": AS_OF - timedelta(days=2)})
    intervals.append({**failed, "from_day": AS_OF - timedelta(days=1), "value": 0.5})
    same = {"account_id": "a", "version": "v1", "result": "passed", "value": 1.0, "reason": ""}
    bulk.append(conn, tables.component_history, [{**same, **row} for row in intervals])
    bulk.append(conn, tables.score_history, [_score(-10, 100), _score(0, 90)])


def _score(day: int, score: int) -> dict[str, object]:
    return {
        "account_id": "a", "as_of": AS_OF + timedelta(days=day), "version": "v1", "score": score,
        "earned_points": score, "known_points": 100, "coverage_pct": 100, "tier": "healthy", "state": "healthy",
        "state_since": AS_OF, "below_60": 0, "below_40": 0, "at_least_45": 1, "at_least_65": 1,
        "lifecycle": "customer", "reasons": "[]", "computed_at": health.NOW,
    }  # fmt: skip


def test_the_ledger_is_told_in_sentences_with_sources(warehouse: Engine, configured: Mappings) -> None:
    """What changed since a day, by how much, since when and on which facts it rests."""
    with warehouse.begin() as conn:
        _stored(conn, configured)
        told = change_words.since(conn, configured, "a", AS_OF - timedelta(days=7)).lines()
    assert told == [
        "Health 100 on 10 Nov 2026, health 90 on 20 Nov 2026: down 10, which is the sum of",
        "-10  Champion since 16 Nov 2026: no champion heard from in 30 days; before, champion active "
        "(champions_engaged_30: salesforce Contact)",
    ]


def test_a_single_day_leaves_nothing_to_compare(warehouse: Engine, configured: Mappings) -> None:
    """An account that was scored once, or only since that day, says so."""
    with warehouse.begin() as conn:
        _stored(conn, configured)
        told = change_words.since(conn, configured, "a", AS_OF).lines()
    assert told == ["Nothing to compare: no two days since 20 Nov 2026 were scored."]
