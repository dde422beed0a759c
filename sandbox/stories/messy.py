"""The CRM as it really is: odd names, missing fields, currencies, families of accounts, time zones, wrong values.

Rank segments: 14 customers have more than 250,000 USD of ARR and five have exactly that; 17 lie between it and 40,000,
ten have exactly 40,000, the rest less. With 73 to 90 ranked accounts the cut for high-touch (20%) falls among the
five and the cut for mid-touch (50%) among the ten, and both groups move upwards together.
"""

from __future__ import annotations

from sandbox.stories.outcomes import healthy
from sandbox.stories.words import SUPPORT, Company, Contract, Ticket, champion, critical, sponsor, user

STORIES = [
    Company(
        'Köhler & Söhne "Fördertechnik" GmbH',
        "Pays in euros: 240,000 EUR are 264,000 USD at the plan rate, above the cut that 240,000 would miss.",
        healthy(100, segment="high_touch"),
        arr=240_000,
        currency="EUR",
        website="www.koehler-foerdertechnik.de",
        time_zone="Europe/Berlin",
    ),
    Company(
        "Zażółć Gęślą 🚀 Labs",
        "Pays in pounds: 35,000 GBP are 44,450 USD, mid-touch; the name survives the way to the CRM and back.",
        healthy(100, segment="mid_touch"),
        arr=35_000,
        currency="GBP",
        website="https://zazolc-labs.co.uk/pl?utm_source=crm",
    ),
    Company(
        "Nordlys Aps",
        "Pays in a currency without a plan rate and lives in a time zone that does not exist: ARR unknown, no segment, "
        "days counted in UTC, two issues.",
        healthy(100, segment="none"),
        arr=900_000,
        currency="SEK",
        time_zone="Mars/Olympus Mons",
    ),
    Company(
        "O'Malley's Pubs",
        "No website and no ARR: linked by its workspace all the same, scored, and without a segment.",
        healthy(100, segment="none"),
        arr=None,
        website=None,
    ),
    Company(
        "  Charity Without Borders  ",
        "Pays nothing, which is known: no rank segment; spaces around the name and 'n/a' as website stay as they are.",
        healthy(100, segment="none"),
        arr=0,
        website="n/a",
    ),
    Company(
        "Harrow & Finch",
        "One of five customers with exactly 250,000, on both sides of the cut: all five are high-touch.",
        healthy(100, segment="high_touch"),
        arr=250_000,
    ),
    Company(
        "Ivy Lane Crafts",
        "One of ten customers with exactly 40,000, on both sides of the cut: all are mid-touch. Its domain is that "
        "of a mail provider, so an organization in Zendesk with the same one is nobody's.",
        healthy(100, segment="mid_touch"),
        arr=40_000,
        website="www.gmail.com",
        also_in_zendesk=("gmail.com",),
    ),
    Company(
        "Meridian Group",
        "The parent of two: high-touch by its own ARR, and the children with it.",
        healthy(100, segment="high_touch"),
        arr=300_000,
    ),
    Company(
        "Meridian Nordic",
        "A small child of a large parent: the parent's segment.",
        healthy(100, segment="high_touch"),
        arr=5_000,
        parent="Meridian Group",
    ),
    Company(
        "Meridian Ibérica",
        "A child without ARR: the parent's segment.",
        healthy(100, segment="high_touch"),
        arr=None,
        parent="Meridian Group",
    ),
    Company(
        "Juno Ferries",
        "Three contracts: the draft does not count, and of the two activated ones the earlier end is the renewal date.",
        healthy(100, segment="low_touch", renewal=-120),
        arr=30_500,
        contracts=(Contract(20, -30, "Draft"), Contract(245, -120), Contract(65, -300)),
    ),
    Company(
        "Karst Hydrology",
        "A priority and a contact role that the mapping does not know: two issues, no critical ticket, no guess.",
        healthy(100),
        arr=16_500,
        contacts=(sponsor(), champion(), user(role="Wizard")),
        tickets=(*SUPPORT, Ticket("Everything burns", opened=15, priority="P0 - drop everything")),
    ),
    Company(
        "Mikado Instruments",
        "In Tokyo the critical ticket of last night, 16:00 UTC, was opened today: it counts from tomorrow.",
        healthy(100),
        arr=49_000,
        time_zone="Asia/Tokyo",
        tickets=(*SUPPORT, critical(1, opened_hour=16)),
    ),
    Company(
        "Redondo Surf",
        "In Los Angeles the critical ticket that was solved at 05:00 UTC today was solved yesterday: it is closed.",
        healthy(100),
        arr=51_000,
        time_zone="America/Los_Angeles",
        tickets=(*SUPPORT, critical(6, solved=0, solved_hour=5)),
    ),
]
