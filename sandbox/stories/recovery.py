"""Customers on the way back: three scores of 65 or more (45 from critical) and a stay of seven days make it count."""

from __future__ import annotations

from sandbox.stories.at_risk import ABANDONED, SILENT, STRAINED, STRAINED_FAILS
from sandbox.stories.outcomes import (
    ACTIVE,
    ATTENDANCE,
    CORE,
    OUTREACH,
    PROGRESS,
    SENTIMENT,
    SPONSOR,
    TREND,
    Expect,
    at_risk,
    monitor,
)
from sandbox.stories.words import SUPPORT, Company, champion, critical, rated, sponsor, user

# 65 points: outreach, attendance, sponsor (10 each) and sentiment (5) fail
SORE_FAILS = (OUTREACH, ATTENDANCE, SENTIMENT, SPONSOR)

STORIES = [
    Company(
        "Quarrel Sports",
        "Recovered to 60 a week ago: out of the band, not out of trouble.",
        # 50, 50 (at risk on day 8), then 60: never 65
        Expect(60, "monitor", "at_risk", failed=STRAINED_FAILS, episode=True, task=True, opened=8),
        arr=275_000,
        tickets=(*SUPPORT, critical(30, solved=8)),
        **STRAINED,
    ),
    Company(
        "Rookery Books",
        "Ticket solved and sponsor found eight days ago: 70 since, and free after the seventh day.",
        # 50, 50 (at risk on day 8), 70 from day 7: third on day 5, seven days over on day 1
        monitor(70, failed=(OUTREACH, ATTENDANCE, PROGRESS), opened=8, episode_closed=True),
        arr=58_000,
        contacts=(sponsor(named=8), champion(), user()),
        tickets=(*SUPPORT, critical(30, solved=8)),
        goals=STRAINED["goals"],
        **SILENT,
    ),
    Company(
        "Sandpiper Resorts",
        "Ticket solved two days ago: 65 twice is not three times.",
        # 55 until day 2, 65 on days 1 and 0
        Expect(65, "monitor", "at_risk", failed=SORE_FAILS, episode=True, task=True, opened=8),
        arr=40_000,
        contacts=(champion(), user()),
        tickets=(rated("Bad", 46), critical(30, solved=2)),
        **SILENT,
    ),
    Company(
        "Thistledown Yarns",
        "Ticket solved three days ago: the third 65 falls on as_of and ends the episode.",
        # 55 until day 3, 65 on days 2, 1 and 0; at risk since day 8
        monitor(65, failed=SORE_FAILS, opened=8, episode_closed=True),
        arr=265_000,
        contacts=(champion(), user()),
        tickets=(rated("Bad", 46), critical(30, solved=3)),
        **SILENT,
    ),
    Company(
        "Umberhill Ceramics",
        "Fell for two days and is back at 65 for five: the stay of seven days is not over.",
        # 65, 55 on days 6 and 5 (at risk on day 5), 65 from day 4
        Expect(65, "monitor", "at_risk", failed=SORE_FAILS, episode=True, task=True, opened=5),
        arr=23_000,
        contacts=(champion(), user()),
        tickets=(rated("Bad", 46), critical(7, solved=5)),
        **SILENT,
    ),
    Company(
        "Vellum Archives",
        "From 30 to 50: after three scores of 45 and seven days no longer critical, still at risk, the same episode.",
        # 30, 30 (critical on day 8), 50 from day 7; seven days over on day 1
        at_risk(50, opened=8, failed=(ACTIVE, CORE, TREND, OUTREACH, ATTENDANCE)),
        arr=290_000,
        usage=ABANDONED,
        contacts=(sponsor(named=8), champion(), user()),
        tickets=(*SUPPORT, critical(30, solved=8)),
        **SILENT,
    ),
    Company(
        "Wagtail Couriers",
        "Three critical tickets, each solved on the next day: below 60 three times, never twice in a row.",
        monitor(60, failed=STRAINED_FAILS),  # 50 on days 7, 4 and 1, 60 between
        arr=20_000,
        tickets=(*SUPPORT, critical(8, solved=7), critical(5, solved=4), critical(2, solved=1)),
        **STRAINED,
    ),
]
