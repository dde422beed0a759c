"""Customers who may want more: the signals that make a handoff, and what keeps one from being made."""

from __future__ import annotations

from sandbox.stories.outcomes import CORE, SENTIMENT, SPONSOR, healthy
from sandbox.stories.people import PEOPLE
from sandbox.stories.words import Company, Deal, Goal, Limit, champion, rated, steady, user

FULL = (Limit("seats", 92, 100), Limit("projects", 10, 50))

STORIES = [
    Company(
        "Alderbrook Capital",
        "100 points and exactly 80% of the seats used: a handoff to the account owner, from the first day on.",
        healthy(100, handoff=True, opened=9, owner=PEOPLE["kim"].email),
        arr=350_000,
        owner="kim",
        limits=(Limit("seats", 80, 100), Limit("projects", 10, 50)),
        goals=(Goal("Month-end in three days", advanced=35, reached=30), Goal("One source of numbers", advanced=50)),
    ),
    Company(
        "Birchfield Retail",
        "79% of the seats: healthy and not near any limit.",
        healthy(100),
        arr=40_000,
        limits=(Limit("seats", 79, 100),),
    ),
    Company(
        "Cedar and Salt",
        "Two departments work with it; limits are unknown, and one true side is enough.",
        healthy(100, handoff=True, opened=9),
        arr=700_000,
        departments=("Sales", "Support"),
        limits=(),
    ),
    Company(
        "Dunmore Optics",
        "One department, 40% of the seats: no signal.",
        healthy(100),
        arr=81_000,
        usage=steady(20),
        departments=("Sales",),
    ),
    Company(
        "Elmswell Brewing",
        "Two core features and a bad rating leave exactly 85, and the seats are nearly full.",
        healthy(85, failed=(CORE, SENTIMENT), handoff=True, opened=9),  # 100 - 10 - 5
        arr=26_000,
        features=("dashboards", "reports"),
        tickets=(rated("Bad", 46),),
        limits=FULL,
    ),
    Company(
        "Farrow Lighting",
        "Seats nearly full, but 80 points are too few.",
        healthy(80, failed=(CORE, SPONSOR)),  # 100 - 10 - 10
        arr=17_000,
        features=("dashboards", "reports"),
        contacts=(champion(), user()),
        limits=FULL,
    ),
    Company(
        "Glasswing Biotech",
        "Ready, but sales has an upgrade open already: a note on that opportunity instead of a second one.",
        healthy(100, note=True, opened=9),
        arr=160_000,
        limits=FULL,
        deals=(Deal("Second laboratory", "Existing Customer - Upgrade"),),
    ),
    Company(
        "Heronsgate Legal",
        "Bought an upgrade last quarter and has a renewal open: neither is an open expansion, so a handoff.",
        healthy(100, handoff=True, opened=9),
        arr=62_000,
        limits=FULL,
        deals=(
            Deal("More seats", "Existing Customer - Upgrade", stage="Closed Won", created=160, closes=100),
            Deal("Renewal", "Renewal"),
        ),
    ),
    Company(
        "Isthmus Freight",
        "Ready, but the account owner has left: the CSM's manager gets the handoff.",
        healthy(100, handoff=True, opened=9, owner=PEOPLE["helga"].email),
        arr=250_000,
        csm="ines",
        owner="petra",
        limits=FULL,
    ),
    Company(
        "Jutland Bakeries",
        "Grew from 78% to 83% of its seats five days ago: the handoff opens the day after.",
        healthy(100, handoff=True, opened=4),
        arr=40_000,
        limits=(Limit("seats", 78, 100, later_used=83, since=5),),
    ),
    Company(
        "Kingsmere Estates",
        "Ready, but its owner left, and neither owner nor the CSM has a manager: an issue for a person, no handoff.",
        healthy(100),
        arr=28_000,
        csm="mira",
        owner="sven",
        limits=FULL,
    ),
]
