"""The story accounts: one company, one line, one expected outcome. Start reading at the lists of `ALL`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sandbox.stories import at_risk, expansion, files, gaps, healthy, messy, one_thing_wrong, records, recovery
from sandbox.stories import lifecycle as story_lifecycle
from sandbox.stories import setting as story_setting
from sandbox.stories.people import PEOPLE
from sandbox.stories.words import Company
from sandbox.world import Expectation, World

ALL: Sequence[Company] = (
    *healthy.STORIES,
    *one_thing_wrong.STORIES,
    *at_risk.STORIES,
    *recovery.STORIES,
    *expansion.STORIES,
    *gaps.STORIES,
    *story_lifecycle.STORIES,
    *messy.STORIES,
)


def build(as_of: date) -> World:
    """All stories around one `as_of`; the same day gives the same world, byte by byte."""
    setting = story_setting.Setting(as_of, PEOPLE)
    return World(
        as_of=as_of,
        salesforce=records.records(ALL, setting),
        deliver=files.deliver(ALL, setting),
        expectations=[_expectation(company, as_of) for company in ALL],
    )


def _expectation(company: Company, as_of: date) -> Expectation:
    expect = company.expect
    return Expectation(
        account=company.name,
        id=story_setting.account_id(company.name),
        line=company.story,
        lifecycle=expect.lifecycle,
        tier=expect.tier,
        state=expect.state,
        score=expect.score,
        failed=expect.failed,
        unknown=expect.unknown,
        expects_episode=expect.episode,
        expects_task=expect.task,
        expects_handoff=expect.handoff,
        expects_note=expect.note,
        opened_days_ago=expect.opened,
        episode_closed=expect.episode_closed,
        owner=expect.owner,
        segment=expect.segment,
        renewal_date=None if expect.renewal is None else as_of - timedelta(days=expect.renewal),
    )
