"""Alerts: once when a situation begins, once when it is over, and never because a source is late."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, RowMapping, text

from mappings.models import Mappings
from tests.alert_days import DAY, day, decide, fresh, measured, rules, with_shipped_rules
from tests.decision_rows import ACCOUNT, AS_OF, NOW, account, customers, put, role, score, scorecard, user
from warehouse import tables
from warehouse.work import decisions

QUIET = {
    "id": "no_login_14",
    "when": {"days_since_login": {"at_least": 14}},
    "says": "no login for {{ days_since_login }} days",
}


@pytest.fixture
def conn(warehouse: Engine) -> Iterator[Connection]:
    """One customer with a CSM, in a transaction."""
    with warehouse.begin() as connection:
        customers(connection, account())
        put(connection, tables.users, user("005A", "cara@example.com"))
        put(connection, tables.account_roles, role("001A", "csm", user_ref="005A"))
        put(connection, tables.scorecards, *scorecard())
        yield connection


def rows(conn: Connection, table: str) -> list[RowMapping]:
    return list(conn.execute(text(f"SELECT * FROM {table} ORDER BY 1")).mappings())


def test_an_alert_opens_once_and_says_its_recovery_once(conn: Connection) -> None:
    """However many runs see the condition, people hear of it once; a task opens with it and closes with it."""
    mappings = rules(QUIET)
    heard = [day(conn, mappings, AS_OF + n * DAY, {"days_since_login": 13.0 + n}) for n in range(5)]
    assert heard == [[], ["no_login_14 opened"], [], [], []]
    (task,) = rows(conn, "tasks")
    (alert,) = rows(conn, "alerts")
    assert task["key"] == f"demo:{alert['alert']}:0"
    assert (task["owner_email"], task["colour"], task["capped"]) == ("cara@example.com", "yellow", True)
    assert task["subject"] == "Globex: no login for 14 days"
    assert day(conn, mappings, AS_OF + 5 * DAY, {"days_since_login": 1.0}) == ["no_login_14 recovered"]
    assert day(conn, mappings, AS_OF + 6 * DAY, {"days_since_login": 1.0}) == []
    (task,) = rows(conn, "tasks")
    assert task["closed_because"] == "condition_met"


def test_a_day_is_decided_with_everything_that_the_house_ships(conn: Connection) -> None:
    """Playbooks, alerts, audiences, plans and touches of the shipped files run on both engines, twice a day."""
    put(conn, tables.score_history, score(segment="mid_touch"))
    put(
        conn,
        tables.segment_history,
        {"account_id": ACCOUNT, "scheme": "rank", "from_day": AS_OF, "segment": "mid_touch"},
    )
    mappings = with_shipped_rules()
    first = decisions.take(conn, mappings, AS_OF, NOW)
    assert (first.told, first.counts["alert tasks"]) == ([], 0)
    assert {row["audience"] for row in rows(conn, "audience_history")} == {"webinars"}
    assert decisions.take(conn, mappings, AS_OF, NOW).counts == first.counts


# --- once -------------------------------------------------------------------------------------------------------------


def logins(conn: Connection, mappings: Mappings, days: Sequence[float | None], late: int = 0) -> list[list[str]]:
    """One day after the other, with these days since the last login."""
    begun = len(rows(conn, "score_history"))
    return [
        day(conn, mappings, AS_OF + (begun + n) * DAY, {"days_since_login": value}, late=late)
        for n, value in enumerate(days)
    ]


def test_it_opens_again_only_after_seven_days_of_peace(conn: Connection) -> None:
    """A condition that comes back within its cool-down stays silent, and the count of quiet days begins anew (D17)."""
    mappings = rules(QUIET)
    assert logins(conn, mappings, [14, 1, 1, 1, 14, 14]) == [
        ["no_login_14 opened"],
        ["no_login_14 recovered"],
        [],
        [],
        [],
        [],
    ]
    assert logins(conn, mappings, [1] * 6 + [14]) == [[]] * 7
    assert logins(conn, mappings, [1] * 7 + [14]) == [[]] * 7 + [["no_login_14 opened"]]
    assert len(rows(conn, "alerts")) == len(rows(conn, "tasks")) == 2


def test_a_second_run_of_a_day_takes_nothing_back(conn: Connection) -> None:
    """What a day opened stays open on that day, whatever late facts say, and what is open is not opened again."""
    mappings = rules(QUIET)
    assert logins(conn, mappings, [14]) == [["no_login_14 opened"]]
    measured(conn, AS_OF, {"days_since_login": 1.0})
    assert decide(conn, mappings, AS_OF) == []
    assert logins(conn, mappings, [1]) == [["no_login_14 recovered"]]


# --- late and missing -------------------------------------------------------------------------------------------------


def test_a_late_source_opens_nothing_and_closes_nothing(conn: Connection) -> None:
    """With facts two days late a bad value opens no alert, and a good one closes none; one day late is in time."""
    mappings = rules(QUIET)
    assert logins(conn, mappings, [14, 15], late=2) == [[], []]
    assert logins(conn, mappings, [16], late=1) == [["no_login_14 opened"]]
    assert logins(conn, mappings, [1, 1], late=2) == [[], []]
    assert logins(conn, mappings, [1]) == [["no_login_14 recovered"]]


def test_what_is_unknown_opens_nothing_and_closes_nothing(conn: Connection) -> None:
    """A measure without a value is neither good nor bad."""
    mappings = rules(QUIET)
    assert logins(conn, mappings, [14, None, None, 1]) == [["no_login_14 opened"], [], [], ["no_login_14 recovered"]]
    assert logins(conn, mappings, [None] * 3) == [[]] * 3


def test_an_outage_does_not_stand_in_for_quiet_days_that_were_bad(conn: Connection) -> None:
    """Days that nobody can judge neither break the quiet nor hide that it was broken."""
    mappings = rules(QUIET)
    logins(conn, mappings, [14, 1])
    assert logins(conn, mappings, [None] * 6 + [14]) == [[]] * 6 + [["no_login_14 opened"]]
    logins(conn, mappings, [1])
    assert logins(conn, mappings, [14] + [None] * 9 + [14]) == [[]] * 11


# --- who, and in which order ------------------------------------------------------------------------------------------


def test_onboarding_hears_only_what_is_meant_for_it(conn: Connection) -> None:
    """A rule says whom it is about: a warning for customers is none for a newcomer (D7)."""
    both = {**QUIET, "id": "for_all", "lifecycle": ["onboarding", "customer"]}
    told = day(conn, rules(QUIET, both), AS_OF, {"days_since_login": 20.0}, lifecycle="onboarding")
    assert told == ["for_all opened"]


def test_a_red_event_is_never_held_back_and_a_warning_waits(conn: Connection) -> None:
    """The cap of an owner's day holds warnings back, red events not; the alert itself is open and known (D17)."""
    event = {**QUIET, "id": "event", "colour": "red", "event": True}
    mappings = rules(event, QUIET)
    company = mappings.company.model_copy(update={"max_new_tasks": 0})
    capped = mappings.model_copy(update={"company": company})
    assert day(conn, capped, AS_OF, {"days_since_login": 14.0}) == ["event opened", "no_login_14 opened"]
    assert [task["rule"] for task in rows(conn, "tasks")] == ["event"]
    assert [waiting["playbook"] for waiting in rows(conn, "waiting_tasks")] == ["no_login_14"]
    assert day(conn, mappings, AS_OF + DAY, {"days_since_login": 15.0}) == []
    assert sorted(task["rule"] for task in rows(conn, "tasks")) == ["event", "no_login_14"]


def test_no_second_task_while_somebody_is_at_it(conn: Connection) -> None:
    """While an at-risk episode is open a warning is known and counted, but its task opens only when that has ended."""
    mappings = rules({**QUIET, "no_task_while": ["at_risk"]})
    episode = {
        "episode": "01EPISODE", "account_id": ACCOUNT, "playbook": "at_risk", "opened_as_of": AS_OF, "opened_at": NOW,
        "state_at_opening": "at_risk", "reasons": "[]",
    }  # fmt: skip
    put(conn, tables.episodes, episode)
    assert logins(conn, mappings, [14]) == [["no_login_14 opened"]]
    assert rows(conn, "tasks") == []
    conn.execute(tables.episodes.update().values(closed_as_of=AS_OF))
    assert logins(conn, mappings, [15]) == [[]]
    assert len(rows(conn, "tasks")) == 1


def test_who_leaves_has_no_alerts(conn: Connection) -> None:
    """When the account is no customer any more its alerts close with their tasks."""
    mappings = rules(QUIET)
    logins(conn, mappings, [14])
    conn.execute(tables.accounts.update().values(customer=False))
    assert [told.change for told in decide(conn, mappings, AS_OF + DAY)] == ["account_left"]
    assert [task["closed_because"] for task in rows(conn, "tasks")] == ["account_left"]


def test_an_alert_follows_a_merged_account(conn: Connection) -> None:
    """After a merge the alert belongs to the account that stands for it: it is not opened a second time."""
    mappings = rules(QUIET)
    logins(conn, mappings, [14])
    customers(conn, account("01OTHER", "001B"))
    conn.execute(
        tables.account_ids.update().where(tables.account_ids.c.account_id == ACCOUNT).values(merged_into="01OTHER")
    )
    conn.execute(tables.accounts.delete().where(tables.accounts.c.account_id == ACCOUNT))
    put(conn, tables.score_history, score("01OTHER", AS_OF + DAY))
    measured(conn, AS_OF + DAY, {"days_since_login": 15.0}, "01OTHER")
    fresh(conn, ["days_since_login"], AS_OF + DAY)
    assert decide(conn, mappings, AS_OF + DAY) == []


# --- what people say --------------------------------------------------------------------------------------------------


def said(conn: Connection, **columns: Any) -> None:
    """What a person said on the newest task of an alert."""
    key = rows(conn, "tasks")[-1]["key"]
    feedback = {
        "system": "salesforce",
        "stream": "Feedback",
        "id": f"00T{len(rows(conn, 'task_feedback'))}",
        "seen_at": NOW,
    }
    put(conn, tables.task_feedback, {**feedback, "key": key, "closed": False, **columns})


def test_not_a_risk_closes_it_until_it_was_good_again(conn: Connection) -> None:
    """Somebody says that it is no risk: it closes, stays closed while it is so, and may come back after it was good."""
    mappings = rules(QUIET)
    logins(conn, mappings, [14])
    said(conn, verdict="not_a_risk")
    assert logins(conn, mappings, [15, 16, 17]) == [["no_login_14 not_a_risk"], [], []]
    assert logins(conn, mappings, [1] * 7 + [14]) == [[]] * 7 + [["no_login_14 opened"]]


def test_a_snoozed_alert_comes_back_on_its_day(conn: Connection) -> None:
    """Snoozed until a day: nothing before it, and on it once more, if it is still so."""
    mappings = rules(QUIET)
    logins(conn, mappings, [14])
    said(conn, verdict="snoozed", snoozed_until=AS_OF + 4 * DAY)
    assert logins(conn, mappings, [15, 16, 17, 18, 19]) == [["no_login_14 snoozed"], [], [], ["no_login_14 opened"], []]
    assert len(rows(conn, "tasks")) == 2


def test_a_field_of_the_account_silences_warnings_but_no_opportunities(conn: Connection) -> None:
    """An account that its people call no risk, or snooze, has no red or yellow alerts; green ones are no warnings."""
    green = {**QUIET, "id": "chance", "colour": "green"}
    mappings = rules(QUIET, green, account_fields={"not_a_risk": "calm", "snoozed_until": "snoozed"})
    base = {"system": "salesforce", "stream": "Account", "id": "001A", "name": "calm", "text": "true"}
    put(conn, tables.attributes, base)
    assert logins(conn, mappings, [1, 14]) == [[], ["chance opened"]]
    conn.execute(tables.attributes.delete())
    put(conn, tables.attributes, {**base, "name": "snoozed", "text": None, "date": AS_OF + 4 * DAY})
    assert logins(conn, mappings, [15, 16, 17]) == [[], [], ["no_login_14 opened"]]


def test_a_deleted_or_completed_task_does_not_come_back(conn: Connection) -> None:
    """The alert stays open while it is so, and asks nobody a second time."""
    mappings = rules(QUIET)
    logins(conn, mappings, [14])
    conn.execute(tables.tasks.update().values(closed_as_of=AS_OF, closed_because="deleted_by_person"))
    assert logins(conn, mappings, [15, 16]) == [[], []]
    assert [alert["closed_as_of"] for alert in rows(conn, "alerts")] == [None]
    assert len(rows(conn, "tasks")) == 1
