"""Stories that take weeks: what happens on which day, and what people do with the tasks and handoffs that they get.

Days count from the first played one, which is day 1; day 0 and negative ones lie before it. Everything a story does not
say is as good as can be and stays so: outreach is answered, meetings are held, goals advance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sandbox.stories import files, records
from sandbox.stories.outcomes import Expect
from sandbox.stories.people import PEOPLE
from sandbox.stories.reactions import Reaction
from sandbox.stories.setting import Setting
from sandbox.stories.words import (
    Company,
    Contract,
    Goal,
    Limit,
    Ticket,
    Touch,
    answered,
    champion,
    critical,
    held,
    no_show,
    rated,
    sponsor,
    stopped,
    unanswered,
    user,
    writes_to_us,
)
from sandbox.world import World

DONE: Mapping[str, Any] = {"Status": "Completed"}
LOST: Mapping[str, Any] = {"StageName": "Closed Lost"}
WON: Mapping[str, Any] = {"StageName": "Closed Won"}


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days of a play as the words of stories count them: before its last day."""

    days: int

    def ago(self, day: int) -> int:
        return self.days - day

    def every(self, step: int, first: int) -> list[int]:
        """Every so many days from a first one on, to the end of the play."""
        return [self.ago(day) for day in range(first, self.days + 1, step)]

    def healthy(self, name: str, story: str, **different: Any) -> Company:
        """A customer of more than a year for whom everything goes well, unless it says what is different."""
        as_ever: dict[str, Any] = {
            "created": self.ago(-640),
            "since": self.ago(-500),
            "contracts": (Contract(self.ago(-500), self.ago(230)),),
            "touches": answered(*self.every(20, -80)),
            "meetings": held(*self.every(25, -85)),
            "tickets": self.small_questions(),
            "goals": (Goal("Close the month in three days instead of eight", self.ago(-200), self.ago(-10)),),
        }
        return Company(name, story, Expect(), **{**as_ever, **different})

    def small_questions(self) -> tuple[Ticket, ...]:
        return tuple(rated("Good", on) for on in self.every(40, -60))

    def strained(self) -> dict[str, Any]:
        """60 points: nobody answers or comes, there is no sponsor, goals stand still; the champion writes at times."""
        return {
            "contacts": (champion(), user()),
            "talks_with": "user",
            "touches": unanswered(*self.every(20, -80)) + writes_to_us(*self.every(20, -70)),
            "meetings": no_show(*self.every(25, -85)),
            "goals": (Goal("Cut manual checks by half", self.ago(-200), self.ago(-130)),),
        }


def build(as_of: date, days: int) -> World:
    """The stories played for so many days up to and with `as_of`."""
    setting = Setting(as_of, PEOPLE)
    told = companies(days)
    return World(
        as_of=as_of,
        salesforce=records.records(told, setting),
        deliver=files.deliver(told, setting, days),
        expectations=[],
        played_days=days,
    )


def companies(days: int) -> list[Company]:
    """Everybody who plays, in the order of the alphabet."""
    calendar = Calendar(days)
    ago = calendar.ago
    return [
        calendar.healthy(
            "Alder Freight",
            "A critical ticket stays open, the users leave on day 12, nobody says or does anything: every escalation.",
            arr=180_000,
            usage=stopped(20, last=ago(12)),
            **{
                **calendar.strained(),
                "touches": unanswered(*calendar.every(20, -80)) + writes_to_us(ago(-10)),
                "tickets": (*calendar.small_questions(), critical(ago(3))),
            },
        ),
        calendar.healthy(
            "Birch Clinics",
            "The same ticket, but its CSM acts: the task is done in two days, a meeting is held, the account recovers.",
            arr=95_000,
            **{
                **calendar.strained(),
                "tickets": (*calendar.small_questions(), critical(ago(3), ago(16))),
                "touches": unanswered(ago(-80), ago(-60), ago(-40))
                + writes_to_us(*calendar.every(20, -70))
                + answered(*(ago(day) for day in range(7, 40, 3))),
                "meetings": no_show(ago(-60), ago(-35)) + held(*(ago(day) for day in range(9, 44, 4))),
                "goals": (Goal("Cut manual checks by half", ago(-200), ago(14)),),
            },
        ),
        calendar.healthy(
            "Cedar Optics",
            "The sponsor leaves on day 5, and the CSM knows better: not a risk.",
            arr=60_000,
            contacts=(sponsor(left=ago(5)), champion(), user()),
        ),
        calendar.healthy(
            "Dogwood Media",
            "A critical ticket comes on day 8 and is solved on day 10: one alert, and one word when it is over.",
            arr=48_000,
            tickets=(*calendar.small_questions(), critical(ago(8), ago(10))),
        ),
        calendar.healthy(
            "Elm Robotics",
            "The seats run out on day 4; sales says no on the sixth day after, and is not asked again.",
            arr=220_000,
            limits=(Limit("seats", 60, 100, later_used=91, since=ago(4)),),
        ),
        calendar.healthy(
            "Fir Analytics",
            "The seats run out on day 4; sales takes it up and wins it three weeks later.",
            arr=150_000,
            limits=(Limit("seats", 60, 100, later_used=91, since=ago(4)),),
        ),
        calendar.healthy(
            "Ginkgo Labs",
            "A new customer since day -2: the onboarding steps, each on its day.",
            arr=36_000,
            created=ago(-20),
            since=ago(-2),
            contracts=(Contract(ago(-2), ago(363)),),
            touches=answered(*calendar.every(10, 0)),
            meetings=held(*calendar.every(10, 4)),
            tickets=(),
            goals=(Goal("Go live in both labs", ago(2), ago(10)),),
        ),
        calendar.healthy(
            "Hazel Foods",
            "The renewal is 95 days away on day 1: the review at 90 days, the risk assessment at 60.",
            arr=82_000,
            contracts=(Contract(ago(-270), ago(96)),),
        ),
        calendar.healthy(
            "Juniper Cruises",
            "Nobody logs in for the winter break from day 2 on; its CSM lets the alert rest until they are back.",
            arr=30_000,
            usage=lambda at: 0 if ago(24) <= at <= ago(2) else 20,
        ),
        calendar.healthy(
            "Maple Post",
            "In trouble since a ticket on day 3, and gone on day 10: everything about it stops.",
            arr=26_000,
            changes=((ago(10), {"Type": "Former Customer"}),),
            **{**calendar.strained(), "tickets": (*calendar.small_questions(), critical(ago(3)))},
        ),
        calendar.healthy("Oak Ridge Mills", "Nothing happens, and nothing is said about it.", arr=44_000),
        calendar.healthy(
            "Poplar Energy",
            "An e-mail of the champion asks for a reference call: nobody is bothered, and the CSM hears of it.",
            arr=110_000,
            touches=(*answered(*calendar.every(20, -80)), Touch(ago(6), "Inbound", "champion")),
        ),
    ]


REACTIONS: Mapping[str, Sequence[Reaction]] = {
    "Birch Clinics": [Reaction("Task", 2, DONE)],
    "Cedar Optics": [Reaction("Task", 1, {"Status": "Completed", "Crmpulse_Verdict__c": "Not a risk"})],
    "Elm Robotics": [Reaction("Opportunity", 6, LOST)],
    "Fir Analytics": [
        Reaction("Opportunity", 2, {"StageName": "Qualification"}),
        Reaction("Opportunity", 21, WON),
    ],
    "Ginkgo Labs": [Reaction("Task", 3, DONE)],
    "Hazel Foods": [Reaction("Task", 4, DONE)],
    "Juniper Cruises": [Reaction("Task", 1, {"Crmpulse_Verdict__c": "Snoozed"})],
}
"""By company; who is not named here ignores whatever comes."""
