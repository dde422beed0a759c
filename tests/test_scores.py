"""Scoring runs: worked-out scores, late sources, days that are run again, days that are over (D1, D16, D18, D19, D21)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, Table

import mappings
from connectors.base import ConfigError
from mappings import reader
from mappings.models import Mappings, Scorecard
from tests import health
from tests.health import AS_OF, NOW
from warehouse import bulk, tables
from warehouse.health import scorecards, scores

DAY = timedelta(days=1)
EVERYTHING = ("usage_days", "feature_days", "limit_days", "contacts", "tickets", "touchpoints", "goals")


@pytest.fixture(scope="module")
def configured() -> Mappings:
    return reader.load(Path(mappings.__file__).parent)


def _deliver(conn: Connection, through: int = -1, tables_: tuple[str, ...] = EVERYTHING) -> None:
    """Everything is delivered, by day from day -90 on, through a day before AS_OF."""
    for name in tables_:
        health.deliver(conn, name, range(-90, through + 1) if name in tables.DAY_GRAINED else [through])
    if "touchpoints" in tables_:
        health.deliver(conn, "touchpoints", [through], stream="Task")


def _perfect(conn: Connection, account: str, *without: str) -> None:
    """Facts that pass all eleven components, but for the tables named."""
    facts: dict[str, list[dict[str, Any]]] = {
        "usage_days": [{"account": account, "days": [-80, -1], "active_users": 5}],
        "feature_days": [{"account": account, "day": -2, "feature": f} for f in ("dashboards", "api", "reports")],
        "contacts": [
            {"account": account, "id": f"{account}-s", "role": "sponsor"},
            {"account": account, "id": f"{account}-c", "role": "champion"},
        ],
        "touchpoints": [
            {"account": account, "kind": "email", "direction": "outbound", "day": -20, "contact_ref": f"{account}-c"},
            {"account": account, "kind": "meeting", "outcome": "held", "day": -18},
        ],
        "tickets": [{"account": account, "severity": "low", "opened_day": -30, "rating": "good", "rated_day": -20}],
        "goals": [{"account": account, "stated_day": -100, "progress_day": -10}],
    }
    for name, rows in facts.items():
        if name not in without:
            health.add(conn, name, rows)


def _score(conn: Connection, configured: Mappings, days: int = 0, hours: float = 0) -> scores.Scored:
    return scores.score(conn, configured, AS_OF + days * DAY, NOW + days * DAY + timedelta(hours=hours))


def _latest(conn: Connection, account: str) -> dict[str, Any]:
    return [row for row in health.rows(conn, tables.score_history, "as_of") if row["account_id"] == account][-1]


def _components(conn: Connection, account: str) -> dict[str, tuple[str, str]]:
    """The components that hold now: result and reason."""
    rows = health.rows(conn, tables.component_history, "component")
    return {
        r["component"]: (r["result"], r["reason"]) for r in rows if r["account_id"] == account and r["to_day"] is None
    }


def _history(conn: Connection, but: Mapping[str, Any] | None = None) -> dict[str, list[dict[str, Any]]]:
    """Everything that a run leaves behind, without the moment at which it ran."""
    kept: list[tuple[Table, tuple[str, ...]]] = [
        (tables.score_history, ("account_id", "as_of")),
        (tables.component_history, ("account_id", "component", "from_day")),
        (tables.measure_history, ("account_id", "measure", "from_day")),
        (tables.segment_history, ("account_id", "scheme", "from_day")),
    ]
    return {
        table.name: [{k: v for k, v in row.items() if k != "computed_at"} for row in health.rows(conn, table, *order)]
        for table, order in kept
    }


def _changed(conn: Connection, account: str, system: str = "product") -> None:
    bulk.append(conn, tables.changed_accounts, [{"system": system, "account_ref": account, "seen_at": NOW}])


# --- the score --------------------------------------------------------------------------------------------------------


def test_everything_passed_is_one_hundred(warehouse: Engine, configured: Mappings) -> None:
    """All eleven components passed: 100 of 100, healthy from the first day, no reasons."""
    with warehouse.begin() as conn:
        health.add_accounts(conn, "a")
        _perfect(conn, "a")
        _deliver(conn)
        scored = _score(conn, configured)
        row = _latest(conn, "a")
        assert (scored.accounts, scored.tiers, scored.rescored_all, scored.decides) == (1, {"healthy": 1}, True, True)
        assert (row["score"], row["coverage_pct"], row["tier"], row["state"]) == (100, 100, "healthy", "healthy")
        assert (row["reasons"], row["previous_score"], row["lifecycle"], row["segment"]) == (
            "[]",
            None,
            "customer",
            None,
        )


def test_a_half_is_rounded_up(warehouse: Engine, configured: Mappings) -> None:
    """50 of 80 known points are 62.5 percent, and that is 63 on every engine."""
    with warehouse.begin() as conn:
        health.add_accounts(conn, "a")
        _perfect(conn, "a", "touchpoints", "feature_days", "usage_days")
        health.add(conn, "usage_days", [{"account": "a", "days": [-80, -20], "active_users": 5}])
        health.add(conn, "feature_days", [{"account": "a", "day": -2, "feature": "api"}])
        health.add(conn, "touchpoints", [{"account": "a", "kind": "note", "day": -2, "contact_ref": "a-c"}])
        _deliver(conn)
        _score(conn, configured)
        row = _latest(conn, "a")
        assert (row["earned_points"], row["known_points"], row["score"], row["tier"]) == (50, 80, 63, "monitor")
        assert json.loads(row["reasons"]) == ["active_users", "core_features", "usage_trend"]


def test_sixty_known_points_are_enough_and_fifty_five_are_not(warehouse: Engine, configured: Mappings) -> None:
    """Without a link to the product 60 points are known; without a rating on top 55, and that is no score."""
    with warehouse.begin() as conn:
        health.add_accounts(conn, "enough", "short", systems=("salesforce",))
        for account in ("enough", "short"):
            _perfect(conn, account, "usage_days", "feature_days", "goals", *(["tickets"] if account == "short" else []))
        _deliver(conn)
        _score(conn, configured)
        enough, short = _latest(conn, "enough"), _latest(conn, "short")
        assert (enough["earned_points"], enough["known_points"], enough["score"]) == (55, 60, 92)
        assert (short["known_points"], short["score"], short["tier"]) == (55, None, "insufficient_data")
        assert short["state"] == "insufficient_data"
        assert _components(conn, "short")["active_users"] == ("unknown", "not_linked")
        assert _components(conn, "short")["ticket_sentiment"] == ("unknown", "nothing_in_window")
        assert _components(conn, "short")["goals_defined"] == ("failed", "")


def test_missing_zero_is_the_literal_model(warehouse: Engine, configured: Mappings) -> None:
    """With `missing: zero` what is not known scores nothing, and coverage still says how much is known."""
    literal = configured.model_copy(update={"scorecards": configured.scorecards.model_copy(update={"missing": "zero"})})
    with warehouse.begin() as conn:
        health.add_accounts(conn, "a", systems=("salesforce",))
        _perfect(conn, "a", "usage_days", "feature_days", "goals", "tickets")
        _deliver(conn)
        _score(conn, literal)
        row = _latest(conn, "a")
        assert (row["score"], row["coverage_pct"], row["tier"]) == (50, 55, "at_risk")


def test_reasons_are_the_three_dearest_failures_in_scorecard_order(warehouse: Engine, configured: Mappings) -> None:
    """Most points first, ties as the scorecard lists them: sentiment (5) comes after the sponsor (10)."""
    with warehouse.begin() as conn:
        health.add_accounts(conn, "a")
        _perfect(conn, "a", "contacts", "tickets", "goals")
        health.add(
            conn,
            "tickets",
            [{"account": "a", "severity": "critical", "opened_day": -3, "rating": "bad", "rated_day": -1}],
        )
        health.add(conn, "contacts", [{"account": "a", "id": "a-c", "role": "champion"}])
        _deliver(conn)
        _score(conn, configured)
        assert json.loads(_latest(conn, "a")["reasons"]) == [
            "no_critical_ticket",
            "executive_sponsor",
            "ticket_sentiment",
        ]


def test_the_previous_score_is_the_one_before_the_last_change(warehouse: Engine, configured: Mappings) -> None:
    """It stays while the score stays, whatever the number of days."""
    with warehouse.begin() as conn:
        health.add_accounts(conn, "a")
        _perfect(conn, "a")
        _deliver(conn, through=5)
        found = []
        for day in range(3):
            if day == 1:
                health.add(conn, "tickets", [{"account": "a", "severity": "critical", "opened_day": 0}])
            _score(conn, configured, day)
            row = _latest(conn, "a")
            found.append((row["score"], row["previous_score"]))
    assert found == [(100, None), (90, 100), (90, 100)]


def test_the_first_card_whose_condition_holds_scores_the_account(warehouse: Engine, configured: Mappings) -> None:
    """Cards by lifecycle, segment or any account column; an account without a card is not scored."""
    sponsor = next(c for c in configured.scorecards.scorecards[0].components if c.id == "executive_sponsor")
    only_sponsor = [sponsor.model_copy(update={"points": 100})]
    cards = [
        Scorecard(name="big", when={"segment": {"in": ["high_touch"]}}, components=only_sponsor),
        Scorecard(
            name="bank",
            when={"industry": {"in": ["Banking"]}},
            components=configured.scorecards.scorecards[0].components,
        ),
    ]
    several = configured.model_copy(
        update={"scorecards": configured.scorecards.model_copy(update={"scorecards": cards})}
    )
    with warehouse.begin() as conn:
        health.add_accounts(
            conn,
            {"account_id": "a", "arr_reporting": 900},
            {"account_id": "b", "arr_reporting": 100, "industry": "Banking"},
            {"account_id": "c", "arr_reporting": 100},
        )
        for account in "abc":
            _perfect(conn, account, "touchpoints")
        _deliver(conn)
        _score(conn, several)
        found = {row["account_id"]: row["known_points"] for row in health.rows(conn, tables.score_history)}
    assert found == {"a": 100, "b": 80}


def test_words_make_no_new_scorecard_and_points_do(configured: Mappings) -> None:
    """The version follows what decides: bounds, points, core features; not labels and sentences."""
    settings = configured.scorecards
    (card,) = settings.scorecards

    def changed(**values: Any) -> str:
        first = card.components[0].model_copy(update=values)
        return scorecards.version(card.model_copy(update={"components": [first, *card.components[1:]]}), settings)

    assert changed(label="Logins", failed="too few logins") == changed()
    assert len({changed(), changed(points=5), changed(at_least=9), changed(measure="usage_trend_28")}) == 4
    assert scorecards.version(card, settings.model_copy(update={"core_features": ["api"]})) != changed()


def test_a_component_without_its_measure_is_refused(warehouse: Engine, configured: Mappings) -> None:
    """A scorecard that names a measure without a file stops before anything is stored."""
    (card,) = configured.scorecards.scorecards
    first = card.components[0].model_copy(update={"measure": "mood"})
    cards = [card.model_copy(update={"components": [first, *card.components[1:]]})]
    wrong = configured.model_copy(update={"scorecards": configured.scorecards.model_copy(update={"scorecards": cards})})
    with warehouse.begin() as conn, pytest.raises(ConfigError, match="active_users asks for the measure mood"):
        _score(conn, wrong)


# --- late sources -----------------------------------------------------------------------------------------------------


def test_a_late_source_keeps_its_results_and_then_expires(warehouse: Engine, configured: Mappings) -> None:
    """Usage stops arriving: its components stay as they were, marked stale, until their windows end one by one."""
    with warehouse.begin() as conn:
        health.add_accounts(conn, "a")
        _perfect(conn, "a")
        _deliver(conn)
        _deliver(conn, through=40, tables_=("contacts", "tickets", "touchpoints", "goals"))
        found = {}
        for day in (0, 1, 14, 15, 28, 29):
            _score(conn, configured, day)
            components = _components(conn, "a")
            found[day] = [components[name] for name in ("active_users", "core_features", "usage_trend")]
        stale = [
            r["stale_since"]
            for r in health.rows(conn, tables.component_history, "from_day")
            if r["component"] == "active_users"
        ]
    kept = ("passed", "")
    gone = ("unknown", "expired")
    assert found == {
        0: [kept] * 3,
        1: [kept] * 3,
        14: [kept] * 3,
        15: [gone, kept, kept],
        28: [gone, kept, kept],
        29: [gone] * 3,
    }
    assert stale == [None, AS_OF, None]


def test_a_late_delivery_replaces_the_stale_day(warehouse: Engine, configured: Mappings) -> None:
    """The file of yesterday arrives at noon: everybody is scored again, and the day reads as if it had been there."""
    with warehouse.begin() as conn:
        health.add_accounts(conn, "a")
        _perfect(conn, "a")
        _deliver(conn)
        _score(conn, configured)
        _deliver(conn, through=0, tables_=("contacts", "tickets", "touchpoints", "goals"))
        _score(conn, configured, 1)
        health.add(conn, "usage_days", [{"account": "a", "day": 0, "active_users": 5}])
        for name in tables.DAY_GRAINED:
            health.deliver(conn, name, [0])
        assert _score(conn, configured, 1, hours=6).rescored_all
        stale = {r["stale_since"] for r in health.rows(conn, tables.component_history)}
    assert stale == {None}


def test_late_and_missing_sources_raise_no_false_alarm(warehouse: Engine, configured: Mappings) -> None:
    """Files and pulls come days late, one file never: a perfect account stays at one hundred."""
    files_of = {8: range(5, 8), 12: [], **{n: [n - 1] for n in (1, 2, 3, 4, 5, 9, 10, 11, *range(13, 23))}}
    with warehouse.begin() as conn:
        health.add_accounts(conn, "a")
        _perfect(conn, "a")
        health.add(
            conn, "feature_days", [{"account": "a", "day": -1, "feature": f} for f in ("dashboards", "api", "reports")]
        )
        health.add(
            conn,
            "touchpoints",
            [{"account": "a", "kind": "email", "direction": "inbound", "day": 3, "contact_ref": "a-c"}],
        )
        _deliver(conn)
        found = []
        for day in range(23):
            for arrived in files_of.get(day, []):
                health.add(conn, "usage_days", [{"account": "a", "day": arrived, "active_users": 5}])
                for name in tables.DAY_GRAINED:
                    health.deliver(conn, name, [arrived])
            if day not in (10, 11, 12, 13):
                _deliver(conn, day - 1, ("contacts", "tickets", "touchpoints", "goals"))
            if day in (0, 5, 7, 8, 10, 12, 13, 14, 22):
                _score(conn, configured, day)
                found.append(_latest(conn, "a")["score"])
        stale = {
            r["component"]: r["stale_since"] for r in health.rows(conn, tables.component_history) if r["to_day"] is None
        }
    assert found == [100] * 9
    assert stale["active_users"] == stale["champion"] == AS_OF + 11 * DAY  # the file of day 11 never came
    assert stale["no_critical_ticket"] is None


# --- who is scored ----------------------------------------------------------------------------------------------------


def test_onboarding_lasts_through_day_90(warehouse: Engine, configured: Mappings) -> None:
    """Day 90 of the first subscription is still onboarding, day 91 is not, and without a start it is customer."""
    with warehouse.begin() as conn:
        starts = {"day90": AS_OF - 90 * DAY, "day91": AS_OF - 91 * DAY, "unknown": None}
        health.add_accounts(conn, *({"account_id": a, "first_subscription_start": s} for a, s in starts.items()))
        _score(conn, configured)
        found = {row["account_id"]: row["lifecycle"] for row in health.rows(conn, tables.score_history)}
    assert found == {"day90": "onboarding", "day91": "customer", "unknown": "customer"}


def test_only_active_accounts_are_scored(warehouse: Engine, configured: Mappings) -> None:
    """Prospects, churned, excluded and undecided accounts have no score."""
    with warehouse.begin() as conn:
        health.add_accounts(
            conn,
            "active",
            {"account_id": "churned", "customer": False, "first_subscription_start": date(2024, 1, 1)},
            {"account_id": "undecided", "customer": None},
            {"account_id": "partner", "excluded": True},
        )
        assert _score(conn, configured).accounts == 1


def test_an_account_waits_for_its_own_day(warehouse: Engine, configured: Mappings) -> None:
    """At 06:00 UTC the day has not begun in Los Angeles; at 09:00 it has, and the account is scored then."""
    with warehouse.begin() as conn:
        health.add_accounts(conn, "utc", {"account_id": "la", "time_zone": "America/Los_Angeles"})
        assert _score(conn, configured).accounts == 1
        later = _score(conn, configured, hours=3)
        assert (later.accounts, later.rescored_all) == (1, False)
        assert _latest(conn, "la")["as_of"] == AS_OF


def test_a_day_that_has_not_begun_anywhere_is_refused(warehouse: Engine, configured: Mappings) -> None:
    """Deciding a day of the future would close all days before it."""
    tomorrow = datetime(2026, 11, 19, 9, 59, tzinfo=UTC)
    with warehouse.begin() as conn:
        with pytest.raises(ConfigError, match="2026-11-20 has not begun anywhere"):
            scores.score(conn, configured, AS_OF, tomorrow)
        scores.score(conn, configured, AS_OF, tomorrow + timedelta(minutes=1))


def test_what_left_is_not_stored_any_more(warehouse: Engine, configured: Mappings) -> None:
    """A churned account keeps its history, whose intervals end on its last day."""
    with warehouse.begin() as conn:
        health.add_accounts(conn, "a", "b")
        for account in "ab":
            _perfect(conn, account)
        _deliver(conn, through=5)
        _score(conn, configured)
        conn.execute(tables.accounts.update().where(tables.accounts.c.account_id == "b").values(customer=False))
        _score(conn, configured, 2)
        assert _latest(conn, "b")["as_of"] == AS_OF
        ends = {
            r["to_day"]
            for t in (tables.component_history, tables.measure_history)
            for r in health.rows(conn, t)
            if r["account_id"] == "b"
        }
        assert ends == {AS_OF + DAY}
        assert _components(conn, "a")


# --- days that are run again ------------------------------------------------------------------------------------------


def test_scoring_only_what_changed_gives_what_scoring_everybody_gives(warehouse: Engine, configured: Mappings) -> None:
    """Facts, links, customers and exits of the day, in several runs and in one: the same histories."""

    def begin(conn: Connection) -> None:
        health.add_accounts(conn, *({"account_id": a, "arr_reporting": 100 * n} for n, a in enumerate("abcde", 1)))
        health.add_accounts(conn, {"account_id": "late", "arr_reporting": 50, "customer": False})
        health.add_accounts(conn, {"account_id": "unlinked", "arr_reporting": 20}, systems=("salesforce",))
        for account in ("a", "b", "c", "d", "e", "late", "unlinked"):
            _perfect(conn, account)
        _deliver(conn, through=5)

    def happen(conn: Connection) -> None:
        health.add(conn, "tickets", [{"account": "b", "severity": "critical", "opened_day": 0}])
        _changed(conn, "b", "salesforce")
        health.add(conn, "usage_days", [{"account": "c", "day": 0, "active_users": 100}])
        _changed(conn, "c")
        accounts, at_noon = tables.accounts, NOW + DAY + timedelta(hours=1)
        conn.execute(accounts.update().where(accounts.c.account_id == "late").values(customer=True))
        conn.execute(accounts.update().where(accounts.c.account_id == "e").values(excluded=True))
        link = {"account_id": "unlinked", "system": "product", "object": "account", "external_id": "unlinked"}
        bulk.append(conn, tables.links, [{**link, "rule": "key", "valid_from": at_noon}])

    with warehouse.begin() as conn:
        begin(conn)
        _score(conn, configured)
        _score(conn, configured, 1)
        happen(conn)
        assert _score(conn, configured, 1, hours=2).accounts == 4
        several = _history(conn)
    for table in [*tables.kept.tables.values(), *tables.derived.tables.values()]:
        with warehouse.begin() as conn:
            conn.execute(table.delete())
    with warehouse.begin() as conn:
        begin(conn)
        _score(conn, configured)
        happen(conn)
        _score(conn, configured, 1, hours=3)
        once = _history(conn)
    assert several == once
    assert {row["account_id"] for row in once["score_history"] if row["as_of"] > AS_OF} == {*"abcd", "late", "unlinked"}


def test_an_unchanged_day_scores_nobody_again(warehouse: Engine, configured: Mappings) -> None:
    """Nothing new since the last run of the day: no account is scored, and nothing is different."""
    with warehouse.begin() as conn:
        health.add_accounts(conn, "a", "b")
        for account in "ab":
            _perfect(conn, account)
        _deliver(conn)
        _score(conn, configured)
        before = _history(conn)
        again = _score(conn, configured, hours=1)
        assert (again.accounts, again.tiers, again.rescored_all) == (0, {"healthy": 2}, False)
        assert _history(conn) == before


def test_another_configuration_scores_everybody_again(warehouse: Engine, configured: Mappings) -> None:
    """A changed scorecard shows the same day, under its own version."""
    least = configured.model_copy(
        update={"scorecards": configured.scorecards.model_copy(update={"core_features": ["x"]})}
    )
    with warehouse.begin() as conn:
        health.add_accounts(conn, "a")
        _perfect(conn, "a")
        _deliver(conn)
        _score(conn, configured)
        first = _latest(conn, "a")
        assert _score(conn, least, hours=1).rescored_all
        second = _latest(conn, "a")
        assert (first["score"], second["score"]) == (100, 90)
        assert first["version"] != second["version"]
        assert len(health.rows(conn, tables.score_history)) == 1
        assert len({r["version"] for r in health.rows(conn, tables.scorecards)}) == 2


def test_several_runs_a_day_count_once(warehouse: Engine, configured: Mappings) -> None:
    """The state of a day follows from the last earlier day: three bad runs of one day are one bad score."""
    with warehouse.begin() as conn:
        health.add_accounts(conn, "a")
        _deliver(conn, through=5)
        _perfect(conn, "a", "goals", "contacts", "tickets", "feature_days")
        health.add(conn, "feature_days", [{"account": "a", "day": -2, "feature": "api"}])
        health.add(
            conn,
            "tickets",
            [{"account": "a", "severity": "critical", "opened_day": -2, "rating": "bad", "rated_day": -2}],
        )
        for hour in range(3):
            _changed(conn, "a")
            _score(conn, configured, hours=hour)
        first = _latest(conn, "a")
        _score(conn, configured, 1)
        second = _latest(conn, "a")
    assert first["score"] < 60
    assert (first["state"], first["below_60"]) == ("monitor", 1)
    assert (second["state"], second["below_60"], second["state_since"]) == ("at_risk", 2, AS_OF + DAY)


def test_intervals_begin_only_on_change(warehouse: Engine, configured: Mappings) -> None:
    """Three equal days are one row; a change ends it on the day before."""
    with warehouse.begin() as conn:
        health.add_accounts(conn, "a")
        _perfect(conn, "a")
        _deliver(conn, through=5)
        for day in range(3):
            _score(conn, configured, day)
        health.add(conn, "tickets", [{"account": "a", "severity": "critical", "opened_day": 2}])
        _score(conn, configured, 3)
        rows = [
            r for r in health.rows(conn, tables.component_history, "from_day") if r["component"] == "no_critical_ticket"
        ]
    assert [(r["from_day"], r["to_day"], r["result"], r["value"]) for r in rows] == [
        (AS_OF, AS_OF + 2 * DAY, "passed", 0),
        (AS_OF + 3 * DAY, None, "failed", 1),
    ]


def test_a_day_that_is_over_is_recomputed_beside_what_was_stored(warehouse: Engine, configured: Mappings) -> None:
    """An earlier day, or the last one after its end, goes into reconstructed_scores and decides nothing."""
    with warehouse.begin() as conn:
        health.add_accounts(conn, "a")
        _perfect(conn, "a")
        _deliver(conn, through=5)
        _score(conn, configured)
        _score(conn, configured, 1)
        before = _history(conn)
        health.add(conn, "tickets", [{"account": "a", "severity": "critical", "opened_day": -1}])
        _changed(conn, "a", "salesforce")
        for day, now in ((0, NOW + DAY), (1, NOW + 2 * DAY)):
            scored = scores.score(conn, configured, AS_OF + day * DAY, now)
            assert (scored.decides, scored.accounts, scored.tiers) == (False, 1, {"healthy": 1})
        assert _history(conn) == before
        rebuilt = health.rows(conn, tables.reconstructed_scores, "as_of")
        assert [(r["as_of"], r["score"]) for r in rebuilt] == [(AS_OF, 90), (AS_OF + DAY, 90)]
        assert len(health.rows(conn, tables.changed_accounts)) == 1


def test_a_skipped_day_is_decided_late_but_a_passed_one_never(warehouse: Engine, configured: Mappings) -> None:
    """A day later than the last decided one is decided whatever the calendar says; one before it is not."""
    with warehouse.begin() as conn:
        health.add_accounts(conn, "a")
        for as_of, decides in (
            (AS_OF - 5 * DAY, True),
            (AS_OF - 2 * DAY, True),
            (AS_OF - 3 * DAY, False),
            (AS_OF, True),
        ):
            assert scores.score(conn, configured, as_of, NOW).decides is decides
        assert len(health.rows(conn, tables.decided_days)) == 3
