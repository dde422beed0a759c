"""Customers in good health, each for a reason of its own: the ways in which a component passes or is left out."""

from __future__ import annotations

from sandbox.stories.outcomes import ATTENDANCE, OUTREACH, SENTIMENT, healthy
from sandbox.stories.words import (
    EVERYBODY,
    Company,
    Survey,
    answered,
    cancelled_by_us,
    changed,
    held,
    steady,
    to_do,
    unanswered,
    working_days,
    writes_to_us,
)

STORIES = [
    Company(
        "Halden Robotics",
        "Everything is as it should be and everything is known: 100. No limit is near, so no handoff.",
        healthy(100, segment="high_touch"),
        arr=1_200_000,
        surveys=(Survey("NPS", 9, 30), Survey("CSAT", 5, 12)),
    ),
    Company(
        "Brightwater Logistics",
        "Works five days of seven: exactly 10 active days of any 14, which is enough.",
        healthy(100),
        arr=900_000,
        usage=working_days(18),
    ),
    Company(
        "Copperleaf Energy",
        "Nobody had to be reached and no meeting was due; an open to-do is no outreach. Both components are unknown, "
        "and the other 80 points are all earned.",
        healthy(100, unknown=(OUTREACH, ATTENDANCE)),
        arr=640_000,
        touches=writes_to_us(20, 12) + to_do(30),
        meetings=(),
    ),
    Company(
        "Larkspur Foods",
        "Never opened a ticket: no critical one is open, and the sentiment is unknown rather than good.",
        healthy(100, unknown=(SENTIMENT,)),
        arr=520_000,
        tickets=(),
    ),
    Company(
        "Orchard and Vine",
        "The champion neither writes nor meets, but logs in every day: that counts.",
        healthy(100),
        arr=250_000,
        usage=steady(5),
        champion_logs_in=True,
        talks_with="user",
    ),
    Company(
        "Tidewater Marine",
        "Usage fell to exactly 90% of the 28 days before: stable, by the last user.",
        healthy(100),  # 28 x 90 = 2520 = 0.9 x 28 x 100
        arr=120_000,
        usage=changed(100, 90, since=28),
    ),
    Company(
        "Sable Street Studios",
        "Two of three meetings were cancelled by us: they are left out, and the one that counts was held.",
        healthy(100),
        arr=40_000,
        meetings=held(34) + cancelled_by_us(62, 13),
    ),
    Company(
        "Fernhill Media",
        "Uses two products, and is one account with one score.",
        healthy(100),
        arr=95_000,
        usage=steady(18),
        products=("core", "analytics"),
    ),
    Company(
        "Kestrel Aviation",
        "Answers on the fifth day, just in time; the e-mail of three days ago may still be answered and is left out.",
        healthy(100),
        arr=480_000,
        contacts=EVERYBODY,
        touches=answered(75, 47, 22, after=5) + unanswered(3),
    ),
]
