"""The at-risk playbook: when an episode opens and closes, whose task it is, and what the task says."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from mappings.models import Mappings
from tests.decision_rows import (
    ACCOUNT,
    AS_OF,
    NOW,
    account,
    component,
    contact,
    customers,
    put,
    read,
    role,
    score,
    scorecard,
    user,
)
from warehouse import tables
from warehouse.health import words
from warehouse.work import playbooks, templates
from warehouse.work.playbooks import Decided

DAY = timedelta(days=1)


@pytest.fixture
def conn(warehouse: Engine) -> Iterator[Connection]:
    """One customer with a CSM, in a transaction."""
    with warehouse.begin() as connection:
        customers(connection, account(arr_native=Decimal(48000), currency="USD", renewal_date=AS_OF + 61 * DAY))
        put(connection, tables.users, user("005A", "cara@example.com"))
        put(connection, tables.account_roles, role("001A", "csm", user_ref="005A"))
        put(connection, tables.scorecards, *scorecard())
        yield connection


def at_risk_only(**company: Any) -> Mappings:
    """The house's mappings with one playbook; the others have tests of their own."""
    mappings = read(**company)
    only = mappings.playbooks.model_copy(update={"playbooks": {"at_risk": mappings.playbooks.playbooks["at_risk"]}})
    return mappings.model_copy(update={"playbooks": only})


def decide(conn: Connection, day: date, state: str, account_id: str = ACCOUNT, **columns: Any) -> Decided:
    """Store one score of the day and take its decisions."""
    put(conn, tables.score_history, score(account_id, day, **{"score": 45, "state": state, "tier": state, **columns}))
    return playbooks.decide(conn, at_risk_only(), day, NOW)


def decided(opened: int = 0, closed: int = 0, tasks: int = 0, waiting: int = 0, unowned: int = 0) -> Decided:
    return Decided(opened, closed, tasks, waiting, unowned)


def episodes(conn: Connection) -> list[Mapping[str, Any]]:
    return list(conn.execute(text("SELECT * FROM episodes ORDER BY opened_as_of, episode")).mappings())


def tasks(conn: Connection) -> list[Mapping[str, Any]]:
    return list(conn.execute(text("SELECT * FROM tasks ORDER BY opened_as_of, key")).mappings())


def see(conn: Connection, key: str, deleted: bool = False, **fields: Any) -> None:
    """What the last pull found in the CRM's copy of a task."""
    seen = {"system": "salesforce", "object": "Task", "external_id": f"00T{key[-5:]}", "key": key}
    put(conn, tables.seen_values, {**seen, "fields": json.dumps(fields), "deleted": deleted, "requested_at": NOW})


@pytest.mark.parametrize(("state", "priority"), [("at_risk", "normal"), ("critical", "high")])
def test_trouble_opens_an_episode_with_a_task_for_the_csm(conn: Connection, state: str, priority: str) -> None:
    """Entering at_risk or critical opens one episode and one task, due in three days, under a key that is found again."""
    decide(conn, AS_OF - DAY, "monitor", score=65)
    assert decide(conn, AS_OF, state) == decided(opened=1, tasks=1)
    (episode,), (task,) = episodes(conn), tasks(conn)
    assert (episode["account_id"], episode["playbook"], episode["opened_as_of"]) == (ACCOUNT, "at_risk", AS_OF)
    assert (episode["score_at_opening"], episode["state_at_opening"], episode["previous_episode"]) == (45, state, None)
    assert task["key"] == f"demo:{episode['episode']}:1"
    assert len(episode["episode"]) == 26
    assert (task["system"], task["role"], task["owner_email"]) == ("salesforce", "csm", "cara@example.com")
    assert task["priority"] == priority
    assert task["due_date"] == AS_OF + 3 * DAY


def test_running_a_day_again_opens_nothing_again(conn: Connection) -> None:
    """The second run of a day finds the episode of the first."""
    decide(conn, AS_OF, "at_risk")
    assert playbooks.decide(conn, at_risk_only(), AS_OF, NOW) == decided()
    assert len(episodes(conn)) == len(tasks(conn)) == 1


def test_an_opened_episode_stays_on_its_day(conn: Connection) -> None:
    """Late facts that lift the account on the same day do not close what was decided; the next day does."""
    decide(conn, AS_OF, "at_risk")
    conn.execute(text("DELETE FROM score_history"))
    decide(conn, AS_OF, "healthy", score=85)
    assert episodes(conn)[0]["closed_as_of"] is None
    decide(conn, AS_OF + DAY, "healthy", score=85)
    assert episodes(conn)[0]["closed_as_of"] == AS_OF + DAY


def test_from_at_risk_to_critical_and_back_is_one_episode(conn: Connection) -> None:
    """Nothing opens or closes between the two states of trouble."""
    for n, state in enumerate(["at_risk", "critical", "at_risk"]):
        decide(conn, AS_OF + n * DAY, state)
    assert [e["closed_as_of"] for e in episodes(conn)] == [None]
    assert len(tasks(conn)) == 1


@pytest.mark.parametrize("state", ["monitor", "healthy"])
def test_recovery_closes_the_episode_and_its_open_task(conn: Connection, state: str) -> None:
    """Out of trouble means over, for the task too."""
    decide(conn, AS_OF, "at_risk")
    assert decide(conn, AS_OF + DAY, state, score=70).closed == 1
    assert [(e["closed_as_of"], e["closed_because"]) for e in episodes(conn)] == [(AS_OF + DAY, "recovered")]
    assert [(t["closed_as_of"], t["closed_because"]) for t in tasks(conn)] == [(AS_OF + DAY, "condition_met")]


def test_a_relapse_names_the_episode_before(conn: Connection) -> None:
    """The second episode knows the first, and its task says when the recovery was."""
    decide(conn, AS_OF, "at_risk")
    decide(conn, AS_OF + DAY, "monitor", score=70)
    decide(conn, AS_OF + 5 * DAY, "critical", score=30)
    first, second = episodes(conn)
    assert second["previous_episode"] == first["episode"]
    assert "had recovered on 21 Nov 2026" in tasks(conn)[1]["body"]


@pytest.mark.parametrize("state", ["at_risk", "insufficient_data", "monitor"])
def test_a_day_without_a_score_decides_nothing(conn: Connection, state: str) -> None:
    """On an insufficient day nothing opens, and what is open stays."""
    decide(conn, AS_OF, state, score=None)
    assert episodes(conn) == []
    decide(conn, AS_OF + DAY, "at_risk")
    decide(conn, AS_OF + 2 * DAY, state, score=None)
    assert [e["closed_as_of"] for e in episodes(conn)] == [None]


def test_onboarding_opens_no_episode_and_its_end_does(conn: Connection) -> None:
    """During onboarding the at-risk playbook keeps still; who leaves onboarding in trouble gets it then."""
    decide(conn, AS_OF, "at_risk", lifecycle="onboarding")
    assert episodes(conn) == []
    decide(conn, AS_OF + DAY, "at_risk")
    assert [e["opened_as_of"] for e in episodes(conn)] == [AS_OF + DAY]


@pytest.mark.parametrize("change", ["customer = FALSE", "excluded = TRUE"])
def test_who_leaves_takes_episode_and_task_along(conn: Connection, change: str) -> None:
    """A churned or excluded account has no open episode and no open task; an unknown one keeps them."""
    decide(conn, AS_OF, "at_risk")
    conn.execute(text("UPDATE accounts SET customer = NULL"))
    playbooks.decide(conn, at_risk_only(), AS_OF + DAY, NOW)
    assert episodes(conn)[0]["closed_as_of"] is None
    conn.execute(text(f"UPDATE accounts SET {change}"))
    playbooks.decide(conn, at_risk_only(), AS_OF + 2 * DAY, NOW)
    assert [e["closed_because"] for e in episodes(conn)] == ["account_left"]
    assert [t["closed_because"] for t in tasks(conn)] == ["account_left"]


def test_a_merged_account_hands_its_episode_on(conn: Connection) -> None:
    """The account that an account was merged into has its episode: nothing opens twice, and it closes with it."""
    decide(conn, AS_OF, "at_risk")
    customers(conn, account("01SURVIVOR", record="001Z"))
    conn.execute(text("DELETE FROM accounts WHERE account_id = :old"), {"old": ACCOUNT})
    conn.execute(text("UPDATE account_ids SET merged_into = '01SURVIVOR' WHERE account_id = :old"), {"old": ACCOUNT})
    assert decide(conn, AS_OF + DAY, "at_risk", "01SURVIVOR") == decided()
    assert decide(conn, AS_OF + 2 * DAY, "healthy", "01SURVIVOR", score=85).closed == 1


def crowd(conn: Connection, *states: str) -> list[str]:
    """Accounts of the same CSM in these states, each poorer than the one before; the last of unknown ARR."""
    ids = [f"02ACCOUNT{n}" for n in range(len(states))]
    arrs = [Decimal(1000 - n) for n in range(len(states) - 1)] + [None]
    customers(conn, *(account(i, record=f"001{n}", name=f"A{n}", arr_reporting=arrs[n]) for n, i in enumerate(ids)))
    put(conn, tables.account_roles, *(role(f"001{n}", "csm", user_ref="005A") for n in range(len(states))))
    put(conn, tables.score_history, *(score(i, AS_OF, score=30, state=s) for i, s in zip(ids, states, strict=True)))
    return ids


def test_nobody_gets_more_new_tasks_a_day_than_the_cap(conn: Connection) -> None:
    """Critical before at_risk, then the highest ARR; the rest is shown as waiting and opens on the following days."""
    ids = crowd(conn, "at_risk", "at_risk", "critical", "at_risk", "critical")
    capped = at_risk_only(max_new_tasks=2)
    assert playbooks.decide(conn, capped, AS_OF, NOW) == decided(opened=2, tasks=2, waiting=3)
    assert {e["account_id"] for e in episodes(conn)} == {ids[2], ids[4]}
    waiting = conn.execute(text("SELECT account_id, owner_email, as_of FROM waiting_tasks ORDER BY account_id")).all()
    assert [tuple(w) for w in waiting] == [(i, "cara@example.com", AS_OF) for i in (ids[0], ids[1], ids[3])]
    assert playbooks.decide(conn, capped, AS_OF, NOW).opened == 0
    put(conn, tables.score_history, *(score(i, AS_OF + DAY, score=45, state="at_risk") for i in ids))
    assert playbooks.decide(conn, capped, AS_OF + DAY, NOW) == decided(opened=2, tasks=2, waiting=1)
    assert {e["account_id"] for e in episodes(conn) if e["opened_as_of"] > AS_OF} == {ids[0], ids[1]}


def test_who_recovers_while_waiting_is_left_alone(conn: Connection) -> None:
    """A task that waited is not opened after its reason is gone."""
    ids = crowd(conn, "at_risk", "at_risk")
    capped = at_risk_only(max_new_tasks=1)
    playbooks.decide(conn, capped, AS_OF, NOW)
    put(conn, tables.score_history, *(score(i, AS_OF + DAY, score=85, state="healthy") for i in ids))
    assert playbooks.decide(conn, capped, AS_OF + DAY, NOW) == decided(closed=1)
    assert conn.execute(text("SELECT count(*) FROM waiting_tasks")).scalar() == 0


def test_an_account_without_an_owner_is_a_question_and_no_task(conn: Connection) -> None:
    """The episode opens, the missing person is an issue; once somebody is named the task comes and the issue goes."""
    conn.execute(text("UPDATE users SET active = FALSE"))
    assert decide(conn, AS_OF, "at_risk") == decided(opened=1, unowned=1)
    assert tasks(conn) == []
    issue = conn.execute(text("SELECT kind, subject, field, message FROM issues WHERE resolved_at IS NULL")).one()
    assert tuple(issue[:3]) == ("no_task_owner", ACCOUNT, "csm")
    assert "Globex" in issue.message
    conn.execute(text("UPDATE users SET active = TRUE"))
    assert decide(conn, AS_OF + DAY, "at_risk") == decided(tasks=1)
    assert [(t["episode"], t["opened_as_of"]) for t in tasks(conn)] == [(episodes(conn)[0]["episode"], AS_OF + DAY)]
    assert conn.execute(text("SELECT count(*) FROM issues WHERE resolved_at IS NULL")).scalar() == 0


@pytest.mark.parametrize(
    ("deleted", "status", "because"),
    [(False, "Completed", "done_by_person"), (True, "Not Started", "deleted_by_person"), (False, "In Progress", None)],
)
def test_what_a_person_did_with_the_task_is_read_back(
    conn: Connection, deleted: bool, status: str, because: str | None
) -> None:
    """Completed and deleted tasks are over for us too, and no other one takes their place."""
    decide(conn, AS_OF, "at_risk")
    see(conn, tasks(conn)[0]["key"], deleted, Status=status)
    decide(conn, AS_OF + DAY, "at_risk")
    assert [t["closed_because"] for t in tasks(conn)] == [because]
    assert [e["closed_as_of"] for e in episodes(conn)] == [None]


def test_the_task_says_what_is_wrong_and_what_to_do(conn: Connection) -> None:
    """Somebody who reads the task can act on it: reasons, stakes, whom to call, the first steps."""
    put(
        conn,
        tables.contacts,
        contact("003A", "Ana Ruiz", "champion", email="ana@globex.example"),
        contact("003B", "Tom Berg", "sponsor", active=False),
    )
    put(
        conn,
        tables.component_history,
        component("no_critical_ticket", "failed", 2.0),
        component("usage_trend", "failed", 0.66),
        component("ticket_sentiment", "failed", 1.0),
        component("meeting_attendance", "unknown", reason="nothing_in_window"),
        component("executive_sponsor", "passed", 1.0),
    )
    put(
        conn,
        tables.tickets,
        {
            "system": "salesforce",
            "stream": "Case",
            "id": "500A",
            "account_ref": "001A",
            "subject": "Export fails",
            "severity": "critical",
            "opened_day": AS_OF - 5 * DAY,
            "seen_at": NOW,
        },
        {
            "system": "salesforce",
            "stream": "Case",
            "id": "500B",
            "account_ref": "001A",
            "subject": "Solved",
            "severity": "critical",
            "opened_day": AS_OF - 9 * DAY,
            "solved_day": AS_OF - DAY,
            "seen_at": NOW,
        },
    )
    decide(conn, AS_OF, "at_risk", previous_score=65, coverage_pct=90)
    (task,) = tasks(conn)
    assert task["subject"] == "Globex is at risk (health 45): active users down 34% in 28 days"
    assert (
        task["body"]
        == """\
Globex is at risk: health 45 of 100, down from 65. 90% of the picture is known.

What is wrong, and where to begin
- active users down 34% in 28 days: find the team or feature that fell away before you call
- 2 critical tickets open: get the next step and its date from support before you call
- 1 bad ticket rating in 90 days: read the rated ticket and answer it in person

Critical tickets open
- Export fails

What we cannot see
- Meeting attendance: no meeting with an outcome in 90 days

What is at stake: ARR 48,000 USD, renewal 20 Jan 2027 (61 days from the opening of this task).
Whom to call: Ana Ruiz (champion, ana@globex.example).

What to do
- Days 1 to 3: look at usage and engagement, read the recent tickets, name the likely cause, judge how severe it is.
- Days 3 to 7: call the primary contact, write down concerns and blockers, agree on a plan with dates.
Complete this task when the assessment is done. The episode closes by itself when the account is out of danger."""
    )


@pytest.mark.parametrize("name", ["Incorporated " * 19, "x" * 55, "x" * 255])
def test_the_longest_subject_fits_a_crm(name: str) -> None:
    """The longest names and the longest reason stay within the 255 that a task's subject holds."""
    longest = "x" * words.MOST_CHARACTERS
    names = {
        "account": {"name": name},
        "state_words": "critical",
        "score": 39,
        "reasons": [f"{longest} (as of 18 Nov 2026)"],
    }
    subject = templates.render(read().playbooks.playbooks["at_risk"].steps[0].subject, names, "")
    assert len(subject) <= 255
    assert subject.endswith(f"{longest} (as of 18 Nov 2026)")


class OneAccount:
    """What should become of one account, told a second time: in trouble, out of it, or a day that does not count."""

    def __init__(self) -> None:
        self.open: date | None = None
        self.closed: date | None = None
        self.opened: list[date] = []

    def day(self, day: date, state: str, known: bool, lifecycle: str) -> None:
        in_trouble = state in ("at_risk", "critical")
        if not known:
            return
        if self.open and not in_trouble and state != "insufficient_data":
            self.open, self.closed = None, day
        elif not self.open and in_trouble and lifecycle == "customer" and self.closed != day:
            self.open = day
            self.opened.append(day)


def test_three_weeks_of_any_days(conn: Connection) -> None:
    """Sixty accounts live twenty random days, some of them decided twice: episodes and tasks are those of the plain telling."""
    dice = random.Random(20)
    ids = [f"03ACCOUNT{n:02}" for n in range(60)]
    customers(conn, *(account(i, record=f"001{i}") for i in ids))
    put(conn, tables.account_roles, *(role(f"001{i}", "csm", user_ref="005A") for i in ids))
    told = {i: OneAccount() for i in ids}
    uncapped = at_risk_only(max_new_tasks=1000)
    for n in range(20):
        day, rows = AS_OF + n * DAY, []
        for i in ids:
            state = dice.choice(["healthy", "monitor", "at_risk", "critical", "insufficient_data"])
            known = state != "insufficient_data" and dice.random() < 0.8
            lifecycle = dice.choice(["customer", "customer", "onboarding"])
            rows.append(score(i, day, score=50 if known else None, state=state, lifecycle=lifecycle))
            told[i].day(day, state, known, lifecycle)
        put(conn, tables.score_history, *rows)
        for _ in range(dice.choice([1, 2])):
            playbooks.decide(conn, uncapped, day, NOW)
    found: dict[str, list[Any]] = {i: [] for i in ids}
    for episode in episodes(conn):
        found[episode["account_id"]].append(episode)
    assert {i: [e["opened_as_of"] for e in found[i]] for i in ids} == {i: told[i].opened for i in ids}
    assert {i: [e["opened_as_of"] for e in found[i] if e["closed_as_of"] is None] for i in ids} == {
        i: [told[i].open] if told[i].open else [] for i in ids
    }
    for chain in found.values():
        assert [e["previous_episode"] for e in chain] == [None, *(e["episode"] for e in chain)][: len(chain)]
    assert {t["episode"]: t["closed_as_of"] for t in tasks(conn)} == {
        e["episode"]: e["closed_as_of"] for e in episodes(conn)
    }
