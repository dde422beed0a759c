"""The vocabulary in which stories are told.

Every day is written as days before `as_of`: 1 is yesterday, 0 is `as_of`, -30 lies a month ahead. A company that says
nothing but its name and story is in perfect health; its story then says what is different.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.stories.outcomes import Expect

# --- what the product sees --------------------------------------------------------------------------------------------

Usage = Callable[[int], int]
"""Active users on a day, given in days before `as_of`; 0 is a day without a row."""


def steady(users: int) -> Usage:
    return lambda ago: users


def working_days(users: int) -> Usage:
    """Five days on, two days off: exactly 10 of any 14 days."""
    return lambda ago: users if ago % 7 < 5 else 0


def every_other_day(users: int) -> Usage:
    return lambda ago: users if ago % 2 else 0


def changed(before: int, after: int, since: int) -> Usage:
    """`before` users until the day `since`, `after` from that day on."""
    return lambda ago: after if ago <= since else before


def stopped(users: int, last: int) -> Usage:
    """Nobody after the day `last`."""
    return lambda ago: users if ago >= last else 0


def started(users: int, first: int) -> Usage:
    """Nobody before the day `first`."""
    return lambda ago: users if ago <= first else 0


def without(usage: Usage, *missing: int) -> Usage:
    """The same, but the export lost these days."""
    return lambda ago: 0 if ago in missing else usage(ago)


@dataclass(frozen=True, slots=True)
class Limit:
    """A plan limit; `used` may differ from a day on."""

    name: str
    used: float
    allowed: float
    later_used: float | None = None
    since: int = 0

    def used_on(self, ago: int) -> float:
        return self.later_used if self.later_used is not None and ago <= self.since else self.used


@dataclass(frozen=True, slots=True)
class Goal:
    title: str
    stated: int = 200
    advanced: int | None = None
    reached: int | None = None


@dataclass(frozen=True, slots=True)
class Survey:
    kind: str
    score: int
    answered: int


# --- what the CRM sees ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Contact:
    """A person at the customer; `role` is the CRM's picklist value, from the day `named` on where that is given."""

    who: str
    """The story's word for the person; touches and meetings name it."""
    title: str
    role: str | None = None
    named: int | None = None
    left: int | None = None


def sponsor(*, named: int | None = None, left: int | None = None) -> Contact:
    return Contact("sponsor", "Chief Operating Officer", "Executive Sponsor", named, left)


def champion() -> Contact:
    return Contact("champion", "Head of Operations", "Champion")


def user(role: str = "User") -> Contact:
    return Contact("user", "Operations Analyst", role)


@dataclass(frozen=True, slots=True)
class Touch:
    """A logged e-mail; with `done` False a to-do that nobody has got round to."""

    ago: int
    direction: str
    who: str | None = None
    hour: int = 10
    done: bool = True


def answered(*agos: int, after: int = 2) -> tuple[Touch, ...]:
    """E-mails of ours, each answered so many days later."""
    return tuple(touch for ago in agos for touch in (Touch(ago, "Outbound"), Touch(ago - after, "Inbound", hour=14)))


def unanswered(*agos: int) -> tuple[Touch, ...]:
    return tuple(Touch(ago, "Outbound") for ago in agos)


def writes_to_us(*agos: int, who: str = "champion") -> tuple[Touch, ...]:
    return tuple(Touch(ago, "Inbound", who) for ago in agos)


def to_do(ago: int) -> tuple[Touch, ...]:
    return (Touch(ago, "Outbound", done=False),)


@dataclass(frozen=True, slots=True)
class Meeting:
    ago: int
    outcome: str


def held(*agos: int) -> tuple[Meeting, ...]:
    return tuple(Meeting(ago, "Held") for ago in agos)


def no_show(*agos: int) -> tuple[Meeting, ...]:
    return tuple(Meeting(ago, "No show") for ago in agos)


def cancelled_by_us(*agos: int) -> tuple[Meeting, ...]:
    return tuple(Meeting(ago, "Cancelled by us") for ago in agos)


@dataclass(frozen=True, slots=True)
class Ticket:
    subject: str
    opened: int
    solved: int | None = None
    reopened: int | None = None
    priority: str = "Medium"
    rating: str | None = None
    rated: int | None = None
    opened_hour: int = 9
    solved_hour: int = 16


def critical(opened: int, solved: int | None = None, **more: Any) -> Ticket:
    return Ticket("Nightly job stops, nobody can work", opened, solved, priority="Critical", **more)


def rated(rating: str, on: int) -> Ticket:
    """A small question, solved three days after it was asked, and rated."""
    return Ticket("How do I share a dashboard?", on + 4, on + 1, rating=rating, rated=on)


@dataclass(frozen=True, slots=True)
class Contract:
    start: int
    end: int
    status: str = "Activated"


@dataclass(frozen=True, slots=True)
class Deal:
    name: str
    type: str
    stage: str = "Proposal/Price Quote"
    amount: int = 12_000
    created: int = 40
    closes: int = -30
    """The day of its close date; in the past for closed ones."""


# --- where the records are --------------------------------------------------------------------------------------------

Found = Literal["key", "domain"]
"""How two systems' records are recognised as one company: the one names the other's id, or both the same domain."""


@dataclass(frozen=True, slots=True)
class Home:
    """Which systems keep the company's records; the story and what comes of it are the same everywhere."""

    crm: Literal["salesforce", "hubspot"] = "salesforce"
    """Has its contacts, touches, meetings and deals, and gets its tasks and handoffs."""
    twin: Found | None = None
    """A record of the company alone in HubSpot, beside the one in Salesforce."""
    desk: Found | Literal["requester"] | None = None
    """Its tickets are in Zendesk instead of the CRM; with `requester` they name no organization, only who asked."""


# --- the company ------------------------------------------------------------------------------------------------------

EVERYBODY = (sponsor(), champion(), user())
REACHES_OUT = answered(75, 47, 22)
MEETS = held(62, 34, 13)
SUPPORT = (rated("Good", 46),)
GOALS = (Goal("Close the month in three days instead of eight", advanced=35),)
FEATURES = ("dashboards", "automations", "integrations", "exports")
SEATS = (Limit("seats", 40, 100),)


@dataclass(frozen=True, slots=True)
class Company:
    """One story. What it does not say is as good as can be, for a customer of more than a year."""

    name: str
    story: str
    expect: Expect

    arr: float | None = 24_000
    currency: str = "USD"
    type: str = "Customer"
    industry: str = "Manufacturing"
    employees: int = 180
    website: str | None = "auto"
    time_zone: str | None = None
    parent: str | None = None
    csm: str | None = "auto"
    owner: str = "auto"
    created: int = 640
    since: int | None = 500
    """Start of the first subscription; None: none known."""
    contracts: tuple[Contract, ...] | None = None
    """None: one that began at `since` and ends on a coming anniversary."""
    changes: tuple[tuple[int, Mapping[str, Any]], ...] = ()
    """What a person types into the account, and when (at 15:00 UTC)."""
    gone: int | None = None
    """When somebody deleted the account, or merged it into another one."""
    merged_into: str | None = None

    workspace: str | None = "auto"
    """The product's id of the customer; None: the product knows none."""
    linked: bool = True
    """Whether the CRM account names the workspace from the beginning."""
    usage: Usage | None = field(default=steady(20))
    products: tuple[str, ...] = ("core",)
    departments: tuple[str, ...] = ()
    champion_logs_in: bool = False
    features: tuple[str, ...] = FEATURES
    limits: tuple[Limit, ...] = SEATS
    sampled: int = 1
    """Days from one report of feature use and limits to the next ..."""
    sampled_on: int = 0
    """... and on which of them, so that every day has reports of some companies."""
    goals: tuple[Goal, ...] = GOALS
    surveys: tuple[Survey, ...] = ()

    contacts: tuple[Contact, ...] = EVERYBODY
    talks_with: str = "champion"
    """Whom touches and meetings are with, where they do not say."""
    touches: tuple[Touch, ...] = REACHES_OUT
    meetings: tuple[Meeting, ...] = MEETS
    tickets: tuple[Ticket, ...] = SUPPORT
    deals: tuple[Deal, ...] = ()

    home: Home = Home()
    also_in_zendesk: tuple[str, ...] = ()
    """Domains of an organization there that may be the company, or not, and has a critical ticket open."""
