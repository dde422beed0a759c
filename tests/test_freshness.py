"""Late, missing and incomplete deliveries: from which day a measure is judged, and why it cannot be (D19)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

import mappings
from mappings import reader
from warehouse import measures
from warehouse.health import freshness
from warehouse.health.freshness import Delivered, Deliveries, Feed, Readiness
from warehouse.measures import Measure

AS_OF = date(2026, 11, 20)
USAGE = Feed("product", "usage", "usage_days", frozenset({"account_ref", "user_email"}))
TASKS = Feed("salesforce", "Task", "touchpoints", frozenset({"direction"}))
EVENTS = Feed("salesforce", "Event", "touchpoints", frozenset({"outcome"}))
CONTACTS = Feed("salesforce", "Contact", "contacts", frozenset({"role"}))
HUBSPOT_CALLS = Feed("hubspot", "calls", "touchpoints", frozenset({"direction"}))
GOALS = Feed("product", "goals", "goals", frozenset())


def _day(offset: int) -> date:
    return AS_OF + timedelta(days=offset)


def _files(offsets: Iterable[int]) -> Delivered:
    return Delivered(frozenset(_day(n) for n in offsets), day_by_day=True)


def _through(offset: int) -> Delivered:
    return Delivered(frozenset({_day(offset)}), day_by_day=False)


def _ready(measure: str, linked: str, delivered: Deliveries, *more: Feed) -> Readiness:
    feeding = [*delivered, *more]
    return freshness.readiness(measures.load()[measure], linked.split(), feeding, delivered, AS_OF)


def test_a_delivery_through_yesterday_is_fresh() -> None:
    """Everything through the day before as_of is there: judged at as_of."""
    assert _ready("active_days_14", "product", {USAGE: _files(range(-20, 0))}) == Readiness(AS_OF)
    assert _ready("outreach_answered_90", "salesforce", {TASKS: _through(-1)}) == Readiness(AS_OF)
    assert _ready("outreach_answered_90", "salesforce", {TASKS: _through(3)}) == Readiness(AS_OF)


@pytest.mark.parametrize(("late", "evaluated"), [(1, -1), (5, -5), (14, -14), (15, None)])
def test_a_late_source_keeps_its_last_fresh_day_for_a_window(late: int, evaluated: int | None) -> None:
    """The last fresh day is kept for as many days as the window has, then the measure has expired."""
    ready = _ready("active_days_14", "product", {USAGE: _files(range(-60, -late))})
    assert ready == (Readiness(None, "expired") if evaluated is None else Readiness(_day(evaluated)))


@pytest.mark.parametrize(("late", "fresh"), [(7, True), (8, False)])
def test_a_measure_without_a_window_keeps_for_seven_days(late: int, fresh: bool) -> None:
    """Seven days is the window of what has none."""
    measure: Measure = replace(measures.load()["critical_tickets_open"], window_days=measures.DEFAULT_WINDOW_DAYS)
    cases = Feed("salesforce", "Case", "tickets", frozenset({"severity"}))
    delivered = {cases: _through(-1 - late)}
    ready = freshness.readiness(measure, ["salesforce"], [cases], delivered, AS_OF)
    assert ready == (Readiness(_day(-late)) if fresh else Readiness(None, "expired"))


def test_a_missing_day_in_the_middle_is_as_bad_as_a_late_one() -> None:
    """What is counted over days waits at the gap, until the gap has left the window; a level needs only its last day."""
    gap = _files([n for n in range(-60, 0) if n != -3])
    assert _ready("active_days_14", "product", {USAGE: gap}) == Readiness(_day(-3))
    assert _ready("active_days_14", "product", {USAGE: _files([n for n in range(-60, 0) if n != -15])}) == Readiness(
        AS_OF
    )
    limits = Feed("product", "limits", "limit_days", frozenset())
    assert _ready("limit_used_pct", "product", {limits: gap}) == Readiness(AS_OF)


def test_what_came_before_the_first_delivery_is_no_gap() -> None:
    """A source that began five days ago is fresh."""
    assert _ready("active_days_14", "product", {USAGE: _files(range(-5, 0))}) == Readiness(AS_OF)


def test_the_least_fresh_of_all_streams_and_systems_counts() -> None:
    """All streams of the account's systems that fill the table are waited for; those of other systems are not."""
    delivered = {TASKS: _through(-1), EVENTS: _through(-3), HUBSPOT_CALLS: _through(-6)}
    assert _ready("outreach_answered_90", "salesforce", delivered) == Readiness(_day(-2))
    assert _ready("outreach_answered_90", "hubspot salesforce", delivered) == Readiness(_day(-5))
    assert _ready("outreach_answered_90", "salesforce", {TASKS: _through(-1)}, EVENTS).reason == "not_delivered"


def test_the_reasons_for_not_knowing_are_told_apart() -> None:
    """No system has the column; none of the account's systems has; it has, and delivered nothing."""
    no_severity = Feed("salesforce", "Case", "tickets", frozenset({"subject"}))
    assert _ready("critical_tickets_open", "salesforce", {no_severity: _through(-1)}).reason == "not_connected"
    assert _ready("active_days_14", "salesforce", {USAGE: _files([-1])}).reason == "not_linked"
    assert _ready("active_days_14", "product", {}, USAGE).reason == "not_delivered"


def test_goals_are_known_where_a_goals_source_is_connected() -> None:
    """No goal is a fact about an account without a link too, as long as the source is fresh."""
    assert _ready("goals_stated", "salesforce", {GOALS: _through(-1)}) == Readiness(AS_OF)
    assert _ready("goals_stated", "salesforce", {GOALS: _through(-20)}).reason == "expired"
    assert _ready("goals_advanced_90", "salesforce", {GOALS: _through(-1)}).reason == "not_linked"


def test_a_champion_is_as_fresh_as_what_tells_of_it() -> None:
    """Touches of the CRM have to be there; usage counts where it ever came, and its lateness then too."""
    crm = {CONTACTS: _through(-1), TASKS: _through(-1)}
    assert _ready("champions_engaged_30", "salesforce product", crm, USAGE) == Readiness(AS_OF)
    assert _ready("champions_engaged_30", "salesforce product", {**crm, USAGE: _files([-9, -8])}) == Readiness(_day(-7))
    assert _ready("champions_engaged_30", "salesforce", {CONTACTS: _through(-1)}, TASKS).reason == "not_delivered"
    assert _ready("champions_engaged_30", "salesforce", {CONTACTS: _through(-1)}) == Readiness(AS_OF)


def test_the_shipped_mappings_feed_every_measure() -> None:
    """With the files that come along, no measure lacks a source."""
    configured = reader.load(Path(mappings.__file__).parent)
    feeding = freshness.feeds(configured)
    linked = sorted(configured.systems)
    reasons = {freshness.readiness(m, linked, feeding, {}, AS_OF).reason for m in measures.load().values()}
    assert reasons == {"not_delivered"}
