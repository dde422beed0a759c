"""The story accounts: one company, one line, one expected outcome. Start reading at the lists of `ALL`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from sandbox.stories import (
    at_risk,
    expansion,
    files,
    gaps,
    healthy,
    hubspot,
    messy,
    one_thing_wrong,
    records,
    recovery,
    zendesk,
)
from sandbox.stories import lifecycle as story_lifecycle
from sandbox.stories import setting as story_setting
from sandbox.stories.homes import HOMES
from sandbox.stories.ids import hubspot_id, zendesk_id
from sandbox.stories.people import PEOPLE
from sandbox.stories.words import Company, Home
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


def build(as_of: date, homes: Mapping[str, Home] = HOMES) -> World:
    """All stories around one `as_of`; the same day gives the same world, byte by byte."""
    setting = story_setting.Setting(as_of, PEOPLE)
    told = at_home(homes)
    return World(
        as_of=as_of,
        salesforce=records.records(told, setting),
        hubspot=hubspot.records(told, setting),
        zendesk=zendesk.records(told, setting),
        deliver=files.deliver(told, setting),
        expectations=[_expectation(company, as_of) for company in told],
    )


def at_home(homes: Mapping[str, Home]) -> list[Company]:
    """The companies of all stories, each in the systems that keep its records."""
    return [replace(company, home=homes.get(company.name, company.home)) for company in ALL]


def _expectation(company: Company, as_of: date) -> Expectation:
    expect = company.expect
    return Expectation(
        account=company.name,
        crm=company.home.crm,
        id=story_setting.record_id(company),
        ids=_ids(company),
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


def _ids(company: Company) -> dict[str, str]:
    """Every system that has a record of the account, and its id there."""
    ids: dict[str, str] = {company.home.crm: story_setting.record_id(company)}
    if company.home.twin:
        ids["hubspot"] = hubspot_id("companies", company.name)
    if company.home.desk:
        ids["zendesk"] = str(zendesk_id("organizations", company.name))
    return ids
