"""What the stand-ins hold: the vendors' records over time, the product's nightly files, and what should come out.

A world is played: its vendors move from `first_day` to `as_of`, one morning a day, and every morning brings the files
that a nightly export would have dropped by then. Everything is dated relative to `as_of`, so that no world ever ages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

PLAYED_DAYS = 10
"""Days from the first score of a world to its last, where it says nothing else."""
HISTORY_DAYS = 70
"""Days of product data that lie before the first played day: two windows of 28 days, and some to spare."""

Record = dict[str, Any]
"""One seed record, as the vendor's seed.py describes it. Salesforce: its fields, `CreatedDate` (it does not exist
before), `_changes` (later versions: `at` and what changed), `_deleted_at` and, for a merge, `_merged_into`."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What should be true of one account on `as_of` after all days were played, worked out by hand from the rules."""

    account: str
    """The account's name in the CRM, to the letter."""
    crm: str
    """The system of record: it gets the account's tasks and handoffs."""
    id: str
    """Its record id there."""
    ids: Mapping[str, str]
    """Its record id in every system that is to be linked."""
    line: str
    """The story in one line: what happens, and what should come out."""
    lifecycle: str | None
    """prospect, onboarding, customer, churned; None for accounts that are excluded, deleted or merged away."""
    tier: str | None
    """None where the account is not scored at all."""
    state: str | None
    score: int | None
    """None without a score: insufficient data, or not scored at all."""
    failed: tuple[str, ...]
    """Components that fail, in scorecard order."""
    unknown: tuple[str, ...]
    """Components that are surely unknown; a component that business.md leaves open is in neither of the two."""
    expects_episode: bool
    """Whether an at-risk episode is open on `as_of`."""
    expects_task: bool
    """Whether that episode's first task went to somebody."""
    expects_handoff: bool
    """Whether the expansion became an opportunity of its own."""
    expects_note: bool
    """Whether the expansion became a note on an opportunity that was open already."""
    opened_days_ago: int | None
    """How many days before `as_of` the episode, handoff or note was opened."""
    episode_closed: bool
    """Whether an episode was opened and closed again while the days were played."""
    owner: str | None
    """E-mail of the person who gets the task or the handoff, where the story is about that person."""
    segment: str | None
    """high_touch, mid_touch, low_touch, or none for an account without a segment; None where the story is silent."""
    renewal_date: date | None
    """Where the story is about it."""


@dataclass(frozen=True, slots=True)
class World:
    """Seed records, nightly files and expectations around one `as_of`."""

    as_of: date
    salesforce: Mapping[str, list[Record]]
    """Records by object, in the order of creation that their references need."""
    deliver: Callable[[date], dict[str, bytes]] = field(repr=False)
    expectations: list[Expectation]
    hubspot: Mapping[str, list[Record]] = field(default_factory=dict)
    zendesk: Mapping[str, list[Record]] = field(default_factory=dict)
    played_days: int = PLAYED_DAYS
    """Days from its first score to its last."""

    def records(self) -> dict[str, Mapping[str, list[Record]]]:
        """Seeds by vendor and object, as the sandbox takes them."""
        return {"salesforce": self.salesforce, "hubspot": self.hubspot, "zendesk": self.zendesk}

    @property
    def first_day(self) -> date:
        """The first played day."""
        return self.as_of - timedelta(days=self.played_days - 1)

    @property
    def days(self) -> list[date]:
        """All played days, oldest first."""
        return [self.first_day + timedelta(days=n) for n in range(self.played_days)]

    def files(self, day: date) -> dict[str, bytes]:
        """The files that lie in the folder by the morning of `day`, path -> content, rows up to the day before.

        The first played day brings the whole history; subscriptions, goals and surveys keep their names, and every
        morning replaces them by their current state.
        """
        if day < self.first_day:
            return {}
        return self.deliver(day)


def morning(day: date) -> datetime:
    """The moment at which a day is played: noon UTC, when it has begun everywhere that the stories care about."""
    return datetime.combine(day, time(12), UTC)
