"""Eleven customers, one for every component of the scorecard: it fails, and nothing else does.

All stay healthy, at 85 or more and without an expansion signal, so that no handoff may appear either.
"""

from __future__ import annotations

from sandbox.stories.outcomes import (
    ACTIVE,
    ATTENDANCE,
    CHAMPION,
    CORE,
    GOALS_DEFINED,
    NO_CRITICAL,
    OUTREACH,
    PROGRESS,
    SENTIMENT,
    SPONSOR,
    TREND,
    healthy,
)
from sandbox.stories.words import (
    SUPPORT,
    Company,
    Goal,
    answered,
    champion,
    changed,
    critical,
    every_other_day,
    held,
    no_show,
    rated,
    sponsor,
    user,
    writes_to_us,
)

STORIES = [
    Company(
        "Drumlin Software",
        "Active every other day: 7 of 14, with a steady trend.",
        healthy(90, failed=(ACTIVE,)),  # 100 - 10
        arr=250_000,
        usage=every_other_day(20),
    ),
    Company(
        "Easterly Hotels",
        "Uses two core features; a third one, exports, is not on the core list.",
        healthy(90, failed=(CORE,)),  # 100 - 10
        arr=88_000,
        features=("dashboards", "reports", "exports"),
    ),
    Company(
        "Foxglove Pharma",
        "Still active every day, but with 12 users where there were 20.",
        healthy(90, failed=(TREND,)),  # 100 - 10
        arr=40_000,
        usage=changed(20, 12, since=30),
    ),
    Company(
        "Greywacke Mining",
        "Answers every e-mail, always on the sixth day: a day too late.",
        healthy(90, failed=(OUTREACH,)),  # 100 - 10
        arr=31_000,
        touches=answered(75, 47, 22, after=6),
    ),
    Company(
        "Hollow Oak Furniture",
        "Missed one of three meetings: 67% held.",
        healthy(90, failed=(ATTENDANCE,)),  # 100 - 10
        arr=150_000,
        meetings=held(62, 13) + no_show(34),
    ),
    Company(
        "Inkwell Press",
        "A critical ticket has been open for twelve days; all else is well.",
        healthy(90, failed=(NO_CRITICAL,)),  # 100 - 10
        arr=330_000,
        tickets=(*SUPPORT, critical(12)),
    ),
    Company(
        "Juniper Analytics",
        "One bad rating six weeks ago, between good ones.",
        healthy(95, failed=(SENTIMENT,)),  # 100 - 5
        arr=22_000,
        tickets=(*SUPPORT, rated("Bad", 42), rated("Neutral", 20)),
    ),
    Company(
        "Kelpie Shipping",
        "Nobody at the top knows us: no contact is an executive sponsor.",
        healthy(90, failed=(SPONSOR,)),  # 100 - 10
        arr=40_000,
        contacts=(champion(), user()),
    ),
    Company(
        "Lodestar Education",
        "Has a champion of whom nothing was heard; everything goes through somebody else.",
        healthy(90, failed=(CHAMPION,)),  # 100 - 10
        arr=18_000,
        talks_with="user",
    ),
    Company(
        "Mistral Wind",
        "Never stated a goal, so there is no progress to judge: 85 of 90 known points.",
        healthy(94, failed=(GOALS_DEFINED,), unknown=(PROGRESS,)),  # (200 x 85 + 90) / 180 = 94.9, cut to 94
        arr=67_000,
        goals=(),
    ),
    Company(
        "Northgate Clinics",
        "Stated a goal that last moved more than four months ago.",
        healthy(90, failed=(PROGRESS,)),  # 100 - 10
        arr=29_000,
        contacts=(sponsor(), champion(), user()),
        touches=answered(75, 47, 22) + writes_to_us(12),
        goals=(Goal("One report for all sites", advanced=130),),
    ),
]
