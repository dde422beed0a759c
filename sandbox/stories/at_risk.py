"""Customers in trouble, or nearly so: how at risk and critical are entered, and what does not count as entering.

Days of a story that lasts: the first score is day 9 before as_of; a score below 60 there gives `monitor` and counts as
the first of two, so day 8 is the day on which the episode opens.
"""

from __future__ import annotations

from typing import Any

from sandbox.stories.outcomes import (
    ACTIVE,
    ATTENDANCE,
    CHAMPION,
    CORE,
    NO_CRITICAL,
    OUTREACH,
    PROGRESS,
    SENTIMENT,
    SPONSOR,
    TREND,
    Expect,
    at_risk,
    critical_state,
    healthy,
    monitor,
)
from sandbox.stories.people import PEOPLE
from sandbox.stories.words import (
    SUPPORT,
    Company,
    Goal,
    Ticket,
    champion,
    changed,
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

SILENT: dict[
    str, Any
] = {  # outreach and attendance fail (-20); the champion wrote once, on a day when nobody had asked
    "talks_with": "user",
    "touches": unanswered(75, 47, 22) + writes_to_us(12),
    "meetings": held(62) + no_show(34, 13),
}
STRAINED: dict[str, Any] = {  # 60 points: outreach, attendance, sponsor and progress fail
    **SILENT,
    "contacts": (champion(), user()),
    "goals": (Goal("Cut manual checks by half", advanced=130),),
}
STRAINED_FAILS = (OUTREACH, ATTENDANCE, SPONSOR, PROGRESS)
ABANDONED = stopped(20, last=40)  # active users, core features and trend fail (-30)

STORIES = [
    Company(
        "Ashgrove Textiles",
        "Usage stopped twenty days ago: no active day and a falling trend, 80, which is still healthy.",
        healthy(80, failed=(ACTIVE, TREND)),  # 100 - 10 - 10; core features were used 20 to 28 days ago
        arr=250_000,
        usage=stopped(20, last=20),
    ),
    Company(
        "Bellwether Farms",
        "A critical ticket, a bad rating and no sponsor: 75, monitor.",
        monitor(75, failed=(NO_CRITICAL, SENTIMENT, SPONSOR)),  # 100 - 10 - 5 - 10
        arr=52_000,
        contacts=(champion(), user()),
        tickets=(critical(25), rated("Bad", 40)),
    ),
    Company(
        "Coldwater Canning",
        "Four components fail: exactly 60, and 60 is not below 60.",
        monitor(60, failed=STRAINED_FAILS),  # 100 - 4 x 10
        arr=16_000,
        **STRAINED,
    ),
    Company(
        "Dovetail Joinery",
        "50 of 80 known points are 62.5, which rounds up to 63.",
        # outreach and attendance unknown; fails trend, ticket, sponsor: (200 x 50 + 80) / 160 = 63
        monitor(63, failed=(TREND, NO_CRITICAL, SPONSOR), unknown=(OUTREACH, ATTENDANCE)),
        arr=21_000,
        contacts=(champion(), user()),
        touches=writes_to_us(12),
        meetings=(),
        usage=changed(20, 12, since=30),
        tickets=(*SUPPORT, critical(30)),
    ),
    Company(
        "Emberline Steel",
        "People stopped working with it nine days ago: first the trend falls, then the active days, and it opens.",
        # 70 until day 6; trend fails from day 5 (25 of 28 days): 60; active days from day 3 (9 of 14): 50, 50 on day 2
        at_risk(50, opened=2, failed=(ACTIVE, TREND, OUTREACH, ATTENDANCE, SPONSOR)),
        arr=410_000,
        usage=stopped(20, last=9),
        contacts=(champion(), user()),
        **SILENT,
    ),
    Company(
        "Fallow Creek Dairy",
        "A critical ticket four days ago pushed a strained account from 60 to 50.",
        at_risk(50, opened=2, failed=(OUTREACH, ATTENDANCE, NO_CRITICAL, SPONSOR, PROGRESS)),  # 50 on days 3 and 2
        arr=73_000,
        tickets=(*SUPPORT, critical(4)),
        **STRAINED,
    ),
    Company(
        "Gannet Insurance",
        "Low all along at 55; its CSM has left, so the account owner gets the task.",
        # 100 - outreach - attendance - sentiment (5) - sponsor - champion
        at_risk(
            55,
            opened=8,
            failed=(OUTREACH, ATTENDANCE, SENTIMENT, SPONSOR, CHAMPION),
            owner=PEOPLE["dario"].email,
        ),
        arr=27_000,
        csm="gus",
        owner="dario",
        contacts=(champion(), user()),
        talks_with="user",
        touches=unanswered(75, 47, 22),
        meetings=no_show(34, 13),
        tickets=(rated("Bad", 40),),
    ),
    Company(
        "Hobnail Tools",
        "Almost nothing works any more: 30, critical, and the task is urgent.",
        # fails active, core, trend, outreach, attendance, ticket, sponsor
        critical_state(30, opened=8, failed=(ACTIVE, CORE, TREND, OUTREACH, ATTENDANCE, NO_CRITICAL, SPONSOR)),
        arr=110_000,
        usage=ABANDONED,
        contacts=(champion(), user()),
        tickets=(*SUPPORT, critical(20)),
        **SILENT,
    ),
    Company(
        "Ironbark Timber",
        "40 on every day is at risk, not critical; no CSM and an owner who left: an episode, and nobody for its task.",
        at_risk(40, opened=8, task=False, failed=(ACTIVE, CORE, TREND, OUTREACH, ATTENDANCE, SPONSOR)),
        arr=14_000,
        csm=None,
        owner="petra",
        usage=ABANDONED,
        contacts=(champion(), user()),
        **SILENT,
    ),
    Company(
        "Jackdaw Security",
        "At risk at 50, then a critical ticket and a bad rating on one day: 35 twice, critical, in the same episode.",
        # 50 from day 9; 35 on days 4 and 3
        critical_state(35, opened=8, failed=(ACTIVE, CORE, TREND, OUTREACH, ATTENDANCE, NO_CRITICAL, SENTIMENT)),
        arr=40_000,
        usage=ABANDONED,
        tickets=(*SUPPORT, critical(5), rated("Bad", 5)),
        **SILENT,
    ),
    Company(
        "Knotweed Landscaping",
        "Three things are unknown and three fail: 40 of 70 known points are 57.",
        # (200 x 40 + 70) / 140 = 57.6, cut to 57
        at_risk(
            57,
            opened=8,
            failed=(TREND, NO_CRITICAL, SPONSOR),
            unknown=(OUTREACH, ATTENDANCE, PROGRESS),
        ),
        arr=12_000,
        contacts=(champion(), user()),
        touches=writes_to_us(12),
        meetings=(),
        usage=changed(20, 12, since=30),
        tickets=(*SUPPORT, critical(30)),
        goals=(Goal("Find out what to aim for"),),
    ),
    Company(
        "Lapwing Travel",
        "The executive sponsor left six days ago: 60 becomes 50.",
        at_risk(50, opened=4, failed=(OUTREACH, ATTENDANCE, NO_CRITICAL, SPONSOR, PROGRESS)),  # 50 on days 5 and 4
        arr=135_000,
        contacts=(sponsor(left=6), champion(), user()),
        tickets=(*SUPPORT, critical(30)),
        goals=STRAINED["goals"],
        **SILENT,
    ),
    Company(
        "Marlstone Quarries",
        "The champion fell silent: the last word is 30 days old on day 6, and too old from day 5 on.",
        at_risk(50, opened=4, failed=(OUTREACH, ATTENDANCE, SPONSOR, CHAMPION, PROGRESS)),  # 60 until day 6, then 50
        arr=40_000,
        **{**STRAINED, "touches": unanswered(75, 47, 22) + writes_to_us(36)},
    ),
    Company(
        "Nightjar Audio",
        "A bad rating three days ago: 60 becomes 55.",
        at_risk(55, opened=1, failed=(OUTREACH, ATTENDANCE, SENTIMENT, SPONSOR, PROGRESS)),  # 55 on days 2 and 1
        arr=19_000,
        tickets=(*SUPPORT, rated("Bad", 3)),
        **STRAINED,
    ),
    Company(
        "Oxbow Rentals",
        "A critical ticket since yesterday: the first score below 60 changes the tier, not the state.",
        Expect(50, "at_risk", "monitor", failed=(OUTREACH, ATTENDANCE, NO_CRITICAL, SPONSOR, PROGRESS)),
        arr=33_000,
        tickets=(*SUPPORT, critical(1)),
        **STRAINED,
    ),
    Company(
        "Pebble Lane Toys",
        "A critical ticket that was solved long ago was reopened four days ago.",
        at_risk(50, opened=2, failed=(OUTREACH, ATTENDANCE, NO_CRITICAL, SPONSOR, PROGRESS)),  # 50 on days 3 and 2
        arr=15_000,
        tickets=(*SUPPORT, Ticket("Import fails again", opened=30, solved=20, reopened=4, priority="Critical")),
        **STRAINED,
    ),
]
