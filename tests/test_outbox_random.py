"""Whatever happens in whatever order: the CRM ends as the rules say, nothing is made twice, and people keep their edits."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import _create as create
from tests.outbox_world import TODAY, Crash, World
from warehouse import tables

TIERS = ("healthy", "monitor", "critical")
TASKS, HANDOFFS, ACCOUNTS = ("demo:t1:0", "demo:t2:0"), ("h1",), ("Acme", "Bolt")

events = st.one_of(
    st.tuples(st.just("score"), st.sampled_from(ACCOUNTS), st.integers(0, 100)),
    st.tuples(st.just("next_day")),
    st.tuples(st.just("open"), st.sampled_from(TASKS)),
    st.tuples(st.just("close"), st.sampled_from(TASKS)),
    st.tuples(st.just("hand_over"), st.sampled_from(HANDOFFS)),
    st.tuples(st.just("edit_score"), st.sampled_from(ACCOUNTS), st.integers(0, 100)),
    st.tuples(st.just("edit_task"), st.sampled_from(TASKS), st.sampled_from(["Status", "Subject", "Priority"])),
    st.tuples(st.just("delete_task"), st.sampled_from(TASKS)),
    st.tuples(st.just("push"), st.booleans()),
    st.tuples(st.just("crash"), st.integers(0, 14)),
    st.tuples(st.just("lose"), st.sampled_from(["lose_before", "lose_after"]), st.integers(1, 3)),
)


class Story:
    """A world, and beside it what a person would expect of it."""

    def __init__(self, engine: sa.Engine) -> None:
        self.world, self.day = World(engine), TODAY
        self.scores: dict[str, int] = {}
        self.open: dict[str, bool] = {}
        self.handed_over: set[str] = set()
        self.edits: dict[tuple[str, str], str] = {}
        self.foreign_scores: set[float] = set()
        for name in ACCOUNTS:
            self.world.account(name)

    def happens(self, what: str, *of: Any) -> None:
        getattr(self, f"_{what}")(*of)

    def _score(self, account: str, score: int) -> None:
        self.scores[account] = score
        self.world.score(account, score, TIERS[score % 3], day=self.day)

    def _next_day(self) -> None:
        self.day += timedelta(days=1)
        for account, score in self.scores.items():
            self.world.score(account, score, TIERS[score % 3], day=self.day)

    def _open(self, key: str) -> None:
        if key not in self.open:
            self.open[key] = True
            self.world.task(key)

    def _close(self, key: str) -> None:
        if self.open.get(key):
            self.open[key] = False
            self.world.close_task(key)

    def _hand_over(self, handoff: str) -> None:
        if handoff not in self.handed_over:
            self.handed_over.add(handoff)
            self.world.handoff(handoff, contacts=["003A", "003B"])

    def _edit_score(self, account: str, score: int) -> None:
        self.world.crm.edit("Account", account, Crmpulse_Score__c=float(score))

    def _edit_task(self, key: str, field: str) -> None:
        for id, task in self.world.crm.of("Task").items():
            if task["Crmpulse_Key__c"] == key:
                self.edits[key, field] = f"{field} by a person {len(self.edits)}"
                self.world.crm.edit("Task", id, **{field: self.edits[key, field]})

    def _delete_task(self, key: str) -> None:
        self.world.crm.deleted.update(
            id for id, task in self.world.crm.of("Task").items() if task["Crmpulse_Key__c"] == key
        )

    def _push(self, pull: bool) -> None:
        self.world.push(pull=pull)

    def _crash(self, point: int) -> None:
        self.world.crash_at = point
        with contextlib.suppress(Crash):
            self.world.push()
        self.world.crash_at = None

    def _lose(self, how: str, requests: int) -> None:
        setattr(self.world.crm, how, requests)
        self.world.push()
        self.world.crm.lose_before = self.world.crm.lose_after = 0

    # --- what must be so at the end ------------------------------------------------------------------------------------

    def ends(self) -> None:
        """After a quiet day with two pushes nothing is left to write, and everything is as it should be."""
        self._next_day()
        for _ in range(3):
            self.world.push()
        sent = len(self.world.crm.writes)
        ended = self.world.push()
        assert set(ended) <= {"unchanged"}, ended
        assert len(self.world.crm.writes) == sent
        assert all(times == 1 for times in self.world.crm.created.values()), self.world.crm.created
        self._accounts_are_ours()
        self._tasks_are_theirs()
        assert len(self.world.crm.of("Opportunity")) == len(self.handed_over)
        assert len(self.world.crm.of("OpportunityContactRole")) == 2 * len(self.handed_over)

    def _accounts_are_ours(self) -> None:
        for account, score in self.scores.items():
            record = self.world.crm.records["Account"][account]
            assert (record["Crmpulse_Score__c"], record["Crmpulse_Tier__c"]) == (score, TIERS[score % 3])

    def _tasks_are_theirs(self) -> None:
        tasks = {task["Crmpulse_Key__c"]: task for task in self.world.crm.of("Task").values()}
        for key, opened in self.open.items():
            if opened and key not in tasks:
                assert self.world.crm.created[key] == 1  # a person deleted it
            elif key in tasks:
                ours = {"Status": "Not Started" if opened else "Completed", "Subject": "Call Acme", "Priority": "High"}
                expected = {field: self.edits.get((key, field), value) for field, value in ours.items()}
                assert {field: tasks[key][field] for field in ours} == expected


def _emptied(engine: sa.Engine) -> None:
    with engine.begin() as conn:
        for table in (*tables.kept.tables, *tables.derived.tables):
            if conn.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar():
                conn.execute(sa.text(f"DELETE FROM {table}"))


@pytest.fixture
def memory() -> Iterator[sa.Engine]:
    """A DuckDB that never touches the disk: what is tested here are decisions, not durability."""
    engine = sa.create_engine("duckdb:///:memory:", poolclass=sa.pool.StaticPool)
    with engine.begin() as conn:
        create(conn)
    yield engine
    engine.dispose()


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(happened=st.lists(events, min_size=3, max_size=9))
def test_every_story_ends_well(memory: sa.Engine, happened: list[tuple[Any, ...]]) -> None:
    """Scores, tasks, crashes, lost answers and people in random order: nothing twice, nothing lost, nobody overruled."""
    _emptied(memory)
    story = Story(memory)
    for event in happened:
        story.happens(*event)
    story.ends()
