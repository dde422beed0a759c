"""Customers of whom too little is known, or for whom data arrives late: missing is not zero, and stale is not gone."""

from __future__ import annotations

from typing import Any

from sandbox.stories.at_risk import STRAINED
from sandbox.stories.outcomes import (
    ACTIVE,
    ATTENDANCE,
    CORE,
    OUTREACH,
    PROGRESS,
    SENTIMENT,
    SPONSOR,
    TREND,
    at_risk,
    healthy,
    insufficient,
)
from sandbox.stories.words import Company, answered, changed, held, steady, without, writes_to_us

NEVER_USED: dict[str, Any] = {"usage": None, "features": (), "limits": ()}
USAGE = (ACTIVE, CORE, TREND)
TWIN_HARBOUR = "https://www.twin-harbour.com/"

STORIES = [
    Company(
        "Avocet Payments",
        "The CRM names no workspace, so usage and goals are unknown: insufficient data, whatever else is fine.",
        # known: outreach, attendance, ticket, sponsor, champion = 50 (55 if a connected goals source is enough)
        insufficient(unknown=(*USAGE, SENTIMENT, PROGRESS)),
        arr=36_000,
        workspace=None,
        tickets=(),
    ),
    Company(
        "Bluebell Nurseries",
        "The workspace exists and was never used; nobody was reached out to: exactly 60 known points, all earned.",
        # known: attendance 10, ticket 10, sentiment 5, sponsor 10, champion 10, goals 5, progress 10
        healthy(100, unknown=(*USAGE, OUTREACH)),
        arr=13_000,
        touches=(),
        **NEVER_USED,
    ),
    Company(
        "Curlew Consulting",
        "The same, and no ticket was ever rated: 55 known points are too few.",
        insufficient(unknown=(*USAGE, OUTREACH, SENTIMENT)),
        arr=10_000,
        touches=(),
        tickets=(),
        **NEVER_USED,
    ),
    Company(
        "Damson Preserves",
        "Somebody typed the workspace in four days ago: what was insufficient turns out to be 47, and two scores later "
        "the episode opens.",
        # 47 on days 3 and 2; fails trend and the strained four: (200 x 45 + 95) / 190 = 47
        at_risk(47, opened=2, failed=(TREND, OUTREACH, ATTENDANCE, SPONSOR, PROGRESS), unknown=(SENTIMENT,)),
        arr=25_000,
        linked=False,
        changes=((4, {"Workspace_Id__c": "ws-damson-preserves"}),),
        usage=changed(20, 12, since=30),
        tickets=(),
        **STRAINED,
    ),
    Company(
        "Egret Waterworks",
        "The last meeting and e-mail fell out of the 90 days: no score for four days, and the state stands still.",
        # 70 known until day 4, 50 from day 3
        insufficient("healthy", unknown=(*USAGE, OUTREACH, ATTENDANCE)),
        arr=30_000,
        touches=answered(94) + writes_to_us(12),
        meetings=held(94),
        **NEVER_USED,
    ),
    Company(
        "Fescue Turf",
        "The same nine days ago: after seven days of standing still the state is insufficient data, too.",
        # 70 known on day 9, 50 from day 8
        insufficient(unknown=(*USAGE, OUTREACH, ATTENDANCE)),
        arr=9_000,
        touches=answered(99) + writes_to_us(12),
        meetings=held(99),
        **NEVER_USED,
    ),
    Company(
        "Twin Harbour East",
        "Two accounts name the same workspace, and an organization in Zendesk has the domain of both: nobody guesses "
        "whose they are, and a person is asked.",
        insufficient(unknown=(*USAGE, SENTIMENT, PROGRESS)),
        arr=8_000,
        website=TWIN_HARBOUR,
        also_in_zendesk=("twin-harbour.com",),
        workspace="ws-twin-harbour",
        tickets=(),
    ),
    Company(
        "Twin Harbour West",
        "The other of the two.",
        insufficient(unknown=(*USAGE, SENTIMENT, PROGRESS)),
        arr=7_000,
        website=TWIN_HARBOUR,
        workspace=None,
        changes=((600, {"Workspace_Id__c": "ws-twin-harbour"}),),
        tickets=(),
    ),
    Company(
        "Gorse Hill Cycles",
        "The export lost three delivered days: they count as zero, 11 active days and 25 of 28 for the trend.",
        healthy(90, failed=(TREND,)),  # 25 x 20 = 500 < 0.9 x 28 x 20 = 504
        arr=40_000,
        usage=without(steady(20), 4, 5, 6),
    ),
]
