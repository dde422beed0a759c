"""States: what enters, what leaves, what waits (D15), by example and for every history of scores."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.models import Tiers
from warehouse.health.states import Standing, next_state, tier_of

DAY_0 = date(2026, 3, 1)
TIERS = Tiers()


def _play(scores: Sequence[int | None], tiers: Tiers = TIERS) -> list[Standing]:
    """The standings after a score a day."""
    standings: list[Standing] = []
    for n, score in enumerate(scores):
        standings.append(next_state(standings[-1] if standings else None, score, DAY_0 + timedelta(days=n), tiers))
    return standings


def _states(scores: Sequence[int | None]) -> list[str]:
    return [standing.state for standing in _play(scores)]


@pytest.mark.parametrize(
    ("score", "tier"),
    [
        (100, "healthy"),
        (80, "healthy"),
        (79, "monitor"),
        (60, "monitor"),
        (59, "at_risk"),
        (40, "at_risk"),
        (39, "critical"),
        (0, "critical"),
        (None, "insufficient_data"),
    ],
)
def test_the_tier_is_the_band_of_the_score(score: int | None, tier: str) -> None:
    """80, 60 and 40 are the least scores of their bands; no score has no band."""
    assert tier_of(score, TIERS) == tier


@pytest.mark.parametrize(
    ("sentence", "scores", "states"),
    [
        ("healthy and monitor follow the tier", [85, 75, 80], ["healthy", "monitor", "healthy"]),
        ("a single score under 60 leaves the state as it was", [85, 55, 85], ["healthy"] * 3),
        ("two in a row under 60 are at risk", [85, 55, 59], ["healthy", "healthy", "at_risk"]),
        ("two that are not in a row are not", [85, 55, 60, 55, 85], ["healthy", "healthy", "monitor", "monitor", "healthy"]),
        ("a first score under 60 gives monitor and is the first of two", [30, 50], ["monitor", "at_risk"]),
        ("two in a row under 40 are critical", [85, 30, 30], ["healthy", "healthy", "critical"]),
        ("one under 40 and one under 60 are at risk", [85, 30, 50], ["healthy", "healthy", "at_risk"]),
        ("at risk falls to critical without waiting", [50, 50, 30, 30], ["monitor", "at_risk", "at_risk", "critical"]),
    ],
)  # fmt: skip
def test_worsening(sentence: str, scores: list[int], states: list[str]) -> None:
    """Two consecutive scores worsen a state; one never does."""
    assert _states(scores) == states, sentence


def test_at_risk_is_left_after_three_scores_of_65_and_seven_days() -> None:
    """65 on three days is enough only once the stay has lasted seven days; then the tier decides."""
    entered = [50, 50]  # at_risk since day 1
    assert _states([*entered, *[90] * 6])[-1] == "at_risk"
    assert _states([*entered, *[90] * 7])[-1] == "healthy"
    assert _states([*entered, *[50] * 10, 65, 65])[-1] == "at_risk"
    assert _states([*entered, *[50] * 10, 65, 65, 65])[-1] == "monitor"
    assert _states([*entered, *[64] * 30])[-1] == "at_risk"
    assert _states([*entered, *[50] * 10, 65, 65, 64, 65, 65])[-1] == "at_risk"


def test_critical_is_left_to_at_risk_by_45_and_to_the_tier_by_65() -> None:
    """Three of 45 or more lead to at_risk, three of 65 or more straight to the tier; each after a stay of seven days."""
    entered = [30, 30]  # critical since day 1
    assert _states([*entered, *[50] * 6])[-1] == "critical"
    assert _states([*entered, *[50] * 7])[-1] == "at_risk"
    assert _states([*entered, *[85] * 7])[-1] == "healthy"
    assert _states([*entered, *[44] * 30])[-1] == "critical"
    assert _states([*entered, *[30] * 7, 50, 70, 70])[-1] == "at_risk"
    assert _states([*entered, *[30] * 7, 50, 70, 70, *[70] * 6])[-1] == "at_risk"
    assert _states([*entered, *[30] * 7, 50, 70, 70, *[70] * 7])[-1] == "monitor"


def test_a_state_outlives_its_data_for_seven_days() -> None:
    """Seven insufficient days change nothing, the eighth gives insufficient_data; counts stand still meanwhile."""
    assert _states([85, *[None] * 7]) == ["healthy"] * 8
    assert _states([85, *[None] * 8])[-1] == "insufficient_data"
    assert _states([85, 55, None, None, 55])[-1] == "at_risk"
    assert _states([None])[-1] == "insufficient_data"


def test_after_insufficient_data_a_score_is_a_first_score() -> None:
    """The first score under 60 gives monitor and counts as day 1; a better one gives its tier at once."""
    assert _states([30, 30, *[None] * 8, 30, 30])[-2:] == ["monitor", "critical"]
    assert _states([30, 30, *[None] * 8, 85])[-1] == "healthy"


def test_skipped_days_do_not_count_as_scores() -> None:
    """Consecutive means consecutive stored scores; only stays are counted in days."""
    first = next_state(Standing("healthy", DAY_0), 50, DAY_0 + timedelta(days=1), TIERS)
    assert next_state(first, 50, DAY_0 + timedelta(days=30), TIERS).state == "at_risk"


def test_bands_are_configurable() -> None:
    """Other bands move the thresholds of the states with them."""
    strict = Tiers(healthy=90, monitor=70, at_risk=50, critical=0)
    assert [s.state for s in _play([95, 69, 69], strict)][-1] == "at_risk"
    assert [s.state for s in _play([69, 69, *[74] * 20], strict)][-1] == "at_risk"
    assert [s.state for s in _play([69, 69, *[75] * 20], strict)][-1] == "monitor"


HISTORIES = st.lists(st.one_of(st.none(), st.integers(0, 20).map(lambda n: 5 * n)), min_size=1, max_size=60)
TROUBLED = ("at_risk", "critical")


@given(HISTORIES)
def test_trouble_needs_two_scores_and_leaves_after_seven_days(scores: list[int | None]) -> None:
    """For every history: two scores under the band before trouble, three above the margin and seven days after it."""
    standings = _play(scores)
    for n in range(1, len(standings)):
        before, after, day = standings[n - 1], standings[n], DAY_0 + timedelta(days=n)
        known = [score for score in scores[: n + 1] if score is not None]
        if after.state == before.state or after.state == "insufficient_data":
            continue
        assert after.since == day
        if after.state == "critical":
            assert max(known[-2:]) < 40 and len(known) >= 2
        elif after.state == "at_risk" and before.state != "critical":
            assert max(known[-2:]) < 60 and len(known) >= 2
        elif before.state in TROUBLED:
            assert (day - before.since).days >= 7
            assert min(known[-3:]) >= (45 if after.state == "at_risk" else 65)
        else:
            assert after.state == ("monitor" if known[-1] < 60 else tier_of(known[-1], TIERS))


@given(HISTORIES)
def test_without_a_score_nothing_moves_but_to_insufficient_data(scores: list[int | None]) -> None:
    """For every history: a day without a score keeps state and counts, for seven days and no longer."""
    standings = _play(scores)
    for n in range(1, len(standings)):
        before, after = standings[n - 1], standings[n]
        if scores[n] is not None:
            assert after.insufficient_since is None
            continue
        assert after.insufficient_since is not None
        waited = (DAY_0 + timedelta(days=n) - after.insufficient_since).days
        if waited < 7 or before.state == "insufficient_data":
            assert after._replace(insufficient_since=None) == before._replace(insufficient_since=None)
        else:
            assert after.state == "insufficient_data"


@given(HISTORIES, st.integers(0, 20).map(lambda n: 5 * n))
def test_a_steady_score_ends_in_a_steady_state(scores: list[int | None], steady: int) -> None:
    """Whatever came before, twenty equal scores lead to the band of the score, or to at_risk between the margins."""
    state = _states([*scores, *[steady] * 20])[-1]
    tier = tier_of(steady, TIERS)
    if steady == 60:
        assert state in ("monitor", "at_risk")
    elif steady == 40:
        assert state in ("at_risk", "critical")
    else:
        assert state == tier
