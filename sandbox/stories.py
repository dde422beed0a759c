"""The story accounts: one company, one line, one expected outcome. Start reading at the lists of `ALL`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sandbox import (
    story_at_risk,
    story_expansion,
    story_files,
    story_gaps,
    story_healthy,
    story_lifecycle,
    story_messy,
    story_one_thing_wrong,
    story_records,
    story_recovery,
    story_setting,
)
from sandbox.story_people import PEOPLE
from sandbox.story_words import Company
from sandbox.world import Expectation, World

ALL: Sequence[Company] = (
    *story_healthy.STORIES,
    *story_one_thing_wrong.STORIES,
    *story_at_risk.STORIES,
    *story_recovery.STORIES,
    *story_expansion.STORIES,
    *story_gaps.STORIES,
    *story_lifecycle.STORIES,
    *story_messy.STORIES,
)


def build(as_of: date) -> World:
    """All stories around one `as_of`; the same day gives the same world, byte by byte."""
    setting = story_setting.Setting(as_of, PEOPLE)
    return World(
        as_of=as_of,
        salesforce=story_records.records(ALL, setting),
        deliver=story_files.deliver(ALL, setting),
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
