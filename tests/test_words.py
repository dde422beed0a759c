"""What a CSM reads: components in words, what is unknown and why, and the long text."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import Engine

from connectors.base import ConfigError
from tests.decision_rows import AS_OF, put, read, scorecard
from warehouse import tables
from warehouse.health import words
from warehouse.health.words import Health, Judged, Line


def line(component: str = "c", points: int = 10, **changes: object) -> Line:
    fields = {
        "scorecard": "default", "component": component, "label": component.title(), "points": points, "at_least": None,
        "failed": "{{ value }} lost", "passed": "{{ value }} kept", "advice": "", "facts": "meetings", "nothing": "no meeting in 90 days",
        "window_days": 14, **changes,
    }  # fmt: skip
    return Line(**fields)  # type: ignore[arg-type]


def judged(
    result: str, value: float | None = None, reason: str = "", stale: date | None = None, component: str = "c"
) -> Judged:
    return Judged(component, result, value, stale, reason)


@pytest.mark.parametrize(
    ("component", "result", "value", "said"),
    [
        ("active_users", "failed", 3.0, "active on only 3 of the last 14 days"),
        ("usage_trend", "failed", 0.66, "active users down 34% in 28 days"),
        ("usage_trend", "failed", 0.0, "active users down 100% in 28 days"),
        ("usage_trend", "failed", 0.897, "active users down 11% in 28 days"),
        ("usage_trend", "passed", 1.255, "active users at 126% of the 28 days before"),
        ("outreach_response", "failed", 2 / 3, "only 67% of outreach answered within 5 days"),
        ("outreach_response", "failed", 0.799, "only 79% of outreach answered within 5 days"),
        ("meeting_attendance", "passed", 0.8, "80% of meetings held in 90 days"),
        ("no_critical_ticket", "failed", 1.0, "1 critical ticket open"),
        ("no_critical_ticket", "failed", 2.0, "2 critical tickets open"),
        ("core_features", "failed", 1.0, "only 1 core feature used in 28 days"),
        ("core_features", "failed", 0.0, "no core feature used in 28 days"),
        ("active_users", "failed", 0.0, "nobody active on any of the last 14 days"),
        ("outreach_response", "failed", 0.0, "no outreach answered within 5 days"),
        ("meeting_attendance", "failed", 0.0, "no meeting held in 90 days"),
        ("goals_defined", "passed", 1.0, "1 goal stated"),
    ],
)
def test_the_words_of_the_house(warehouse: Engine, component: str, result: str, value: float, said: str) -> None:
    """Numbers are whole and half rounds up, but what missed its bound is never rounded up to it."""
    with warehouse.begin() as conn:
        put(conn, tables.scorecards, *scorecard())
        card = words.lines(conn, read())["v1"]
    found = next(li for li in card if li.component == component)
    assert words.phrase(found, judged(result, value)) == said


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("not_connected", "not connected: no system delivers meetings"),
        ("not_linked", "not linked: nothing in the system that delivers meetings belongs to this account"),
        ("not_delivered", "not delivered yet: no meetings for this account so far"),
        ("expired", "older than 14 days: meetings stopped arriving"),
        ("nothing_in_window", "no meeting in 90 days"),
    ],
)
def test_every_reason_for_not_knowing_has_words(reason: str, said: str) -> None:
    """A CSM learns whether to ask the customer or the administrator."""
    assert words.phrase(line(), judged("unknown", reason=reason)) == said


def test_late_facts_carry_their_day() -> None:
    """A component that rests on late facts says up to which day they go."""
    assert words.phrase(line(), judged("failed", 2.0, stale=date(2026, 11, 18))) == "2 lost (as of 18 Nov 2026)"


def test_a_component_that_the_mapping_lost_speaks_by_its_label(warehouse: Engine) -> None:
    """A score of an old scorecard can still be read."""
    with warehouse.begin() as conn:
        put(conn, tables.scorecards, {**scorecard()[0], "component": "gone", "label": "Old thing", "measure": "gone"})
        (old,) = words.lines(conn, read())["v1"]
    assert words.phrase(old, judged("failed", 1.0, component="gone")) == "Old thing: not reached"


def test_the_long_text() -> None:
    """Every component, what is unknown and why, and how the score adds up."""
    card = [line("first"), line("second", points=5), line("third"), line("fourth", points=15)]
    health = Health(AS_OF, "0123456789abcdef", 40, 10, 25, 25, "at_risk", "critical", date(2026, 11, 12))
    components = [
        judged("passed", 4.0, component="first"),
        judged("failed", 2.0, component="second"),
        judged("unknown", reason="not_connected", component="third"),
        judged("failed", 1.0, component="fourth", stale=date(2026, 11, 18)),
    ]
    assert (
        words.detail(health, card, components, "unknown", 60)
        == """\
Health 40 of 100 on 20 Nov 2026, state critical since 12 Nov 2026. 25% of the picture is known.

Needs attention:
- Second (0 of 5): 2 lost
- Fourth (0 of 15): 1 lost (as of 18 Nov 2026)

In order:
- First (10 of 10): 4 kept

Unknown, left out of the score:
- Third (10 points): not connected: no system delivers meetings

10 of 25 known points. Scorecard default, version 0123456789ab."""
    )


def test_the_long_text_without_a_score() -> None:
    """Too little known is said, not shown as a zero."""
    health = Health(AS_OF, "v1", None, 10, 25, 25, "insufficient_data", "monitor", AS_OF)
    detail = words.detail(health, [line()], [judged("unknown", reason="not_connected")], "zero", 60)
    assert detail.startswith(
        "No score on 20 Nov 2026: only 25 of 100 points are known, and it takes 60; state monitor since"
    )
    assert "Unknown, counted as zero:" in detail


def test_the_longest_text_fits_the_crm() -> None:
    """A hundred components with the longest words that are let through stay below 32,000 characters."""
    longest = "x" * words.MOST_CHARACTERS
    card = [line(f"c{n:0>59}", points=1, failed=longest) for n in range(100)]
    health = Health(AS_OF, "v" * 64, 0, 0, 100, 100, "critical", "critical", AS_OF)
    components = [judged("failed", 1.0, component=li.component, stale=AS_OF) for li in card]
    assert len(words.detail(health, card, components, "unknown", 60)) < 32_000


@pytest.mark.parametrize(
    ("template", "complaint"),
    [
        ("{{ nonsense }}", "'nonsense' is undefined; the names that it may use are drop_pct, value, value_pct"),
        ("{{ value", "unexpected"),
        ("{{ value / 0 }}", "zero"),
        ("{{ 'x' * 200 }}", "200 characters"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
    ],
)
def test_a_template_that_does_not_work_is_named(template: str, complaint: str) -> None:
    """The error says which component of which file, and what may be used."""
    with pytest.raises(ConfigError, match=r"scorecards.yaml: default: c: failed: ") as error:
        words.phrase(line(failed=template), judged("failed", 1.0))
    assert complaint in str(error.value)
