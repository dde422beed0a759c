"""Any number of invented companies of the same shape as the stories: `crmpulse sandbox --accounts 50000`.

Every company is drawn with a tier in mind and made to fail as many components as that tier takes. The same number of
accounts and the same seed give the same companies, whatever the day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from random import Random

from sandbox.stories import files, hubspot, records, zendesk
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
    insufficient,
    not_scored,
)
from sandbox.stories.people import FAMILY, GIVEN, Colleague
from sandbox.stories.setting import Setting
from sandbox.stories.words import (
    FEATURES,
    Company,
    Contact,
    Contract,
    Deal,
    Goal,
    Home,
    Limit,
    Survey,
    Ticket,
    Touch,
    Usage,
    answered,
    champion,
    changed,
    critical,
    every_other_day,
    held,
    no_show,
    rated,
    sponsor,
    steady,
    stopped,
    unanswered,
    user,
    writes_to_us,
)
from sandbox.world import World

SHARES = {  # of all accounts
    "healthy": 55,
    "monitor": 20,
    "at_risk": 12,
    "critical": 5,
    "prospect": 3,
    "churned": 3,
    "unknown": 2,
}
FAILURES = {"healthy": (0, 0, 0, 1, 1, 2), "monitor": (3, 3, 4), "at_risk": (5, 6), "critical": (7, 8)}
"""How many of the components worth 10 points fail."""
TENS = (ACTIVE, CORE, TREND, OUTREACH, ATTENDANCE, NO_CRITICAL, SPONSOR, CHAMPION, PROGRESS)
ACCOUNTS_PER_CSM = 80
MANY = 1_000
"""From here on a company's feature use and limits are reported weekly: the same scores from a seventh of the rows."""
CSMS_PER_MANAGER = 8
HOMES = (
    (Home(), 45),
    (Home(desk="key"), 15),
    (Home(twin="key"), 5),
    (Home(twin="domain", desk="domain"), 5),
    (Home("hubspot"), 20),
    (Home("hubspot", desk="domain"), 10),
)
"""Where companies live, in percent of all."""
ACCOUNTS_PER_SELLER = 250

COLOURS = ("Amber", "Azure", "Bronze", "Coral", "Crimson", "Dusky", "Golden", "Indigo", "Ivory", "Jade", "Russet")
THINGS = ("Anchor", "Badger", "Beacon", "Bridge", "Canyon", "Comet", "Falcon", "Garden", "Lantern", "Otter", "Thicket")
TRADES = ("Analytics", "Apparel", "Bakery", "Clinics", "Foods", "Freight", "Games", "Hotels", "Media", "Optics")


def build(accounts: int, seed: int, as_of: date, *, spread: bool = True) -> World:
    """A world of so many accounts; it is large, so it expects nothing of single ones.

    With `spread` they live in all vendors, otherwise in Salesforce alone.
    """
    setting = Setting(as_of, colleagues(accounts))
    invented = companies(accounts, seed)
    if spread:
        invented = at_home(invented, seed)
    return World(
        as_of=as_of,
        salesforce=records.records(invented, setting),
        hubspot=hubspot.records(invented, setting) if spread else {},
        zendesk=zendesk.records(invented, setting),
        deliver=files.deliver(invented, setting),
        expectations=[],
    )


def colleagues(accounts: int) -> dict[str, Colleague]:
    """As many CSMs, managers and sellers as so many accounts need."""
    csms = -(-accounts // ACCOUNTS_PER_CSM)
    managers = -(-csms // CSMS_PER_MANAGER)
    sellers = -(-accounts // ACCOUNTS_PER_SELLER)
    found = {f"manager-{n}": _colleague(n, "Manager Customer Success", None) for n in range(managers)}
    for n in range(csms):
        manager = f"manager-{n // CSMS_PER_MANAGER}"
        found[f"csm-{n}"] = _colleague(managers + n, "Customer Success Manager", manager)
    for n in range(sellers):
        found[f"seller-{n}"] = _colleague(managers + csms + n, "Account Executive", None)
    return found


def companies(accounts: int, seed: int) -> list[Company]:
    """The companies themselves, in the order of their numbers."""
    draw = Random(seed)
    kinds = draw.choices(list(SHARES), list(SHARES.values()), k=accounts)
    sampled = 7 if accounts >= MANY else 1
    return [
        replace(_company(number, kind, draw), sampled=sampled, sampled_on=number % sampled)
        for number, kind in enumerate(kinds)
    ]


def at_home(invented: Sequence[Company], seed: int) -> list[Company]:
    """The same companies, each in the systems that keep its records; families stay together in Salesforce."""
    draw = Random(f"homes {seed}")
    homes = draw.choices([home for home, _ in HOMES], [share for _, share in HOMES], k=len(invented))
    family = {company.parent for company in invented if company.parent}
    return [
        company if company.parent or company.name in family else replace(company, home=home)
        for company, home in zip(invented, homes, strict=True)
    ]


def name(number: int) -> str:
    """A name that no other number has."""
    rest, colour = divmod(number, len(COLOURS))
    rest, thing = divmod(rest, len(THINGS))
    again, trade = divmod(rest, len(TRADES))
    return f"{COLOURS[colour]} {THINGS[thing]} {TRADES[trade]}" + (f" {again + 1}" if again else "")


def _colleague(number: int, title: str, manager: str | None) -> Colleague:
    given, family = GIVEN[number % len(GIVEN)], FAMILY[number // len(GIVEN) % len(FAMILY)]
    return Colleague(f"{given} {family} {number + 1}", title, manager)


def _company(number: int, kind: str, draw: Random) -> Company:
    failed = frozenset(draw.sample(TENS, draw.choice(FAILURES[kind]))) if kind in FAILURES else frozenset[str]()
    if kind == "monitor" and len(failed) == 3 and draw.random() < 0.4:
        failed |= {SENTIMENT}
    known = kind != "unknown"
    return Company(
        name(number),
        f"Drawn as {kind}.",
        _expect(kind, failed),
        arr=_arr(kind, draw),
        currency=draw.choices(("USD", "EUR", "GBP"), (80, 12, 8))[0],
        type={"prospect": "Prospect", "churned": "Former Customer"}.get(kind, "Customer"),
        employees=draw.randrange(10, 5_000),
        website="auto" if draw.random() < 0.97 else None,
        parent=name(number - 1) if number and draw.random() < 0.02 else None,
        csm=f"csm-{number // ACCOUNTS_PER_CSM}",
        owner=f"seller-{number // ACCOUNTS_PER_SELLER}",
        since=None if kind == "prospect" else draw.randrange(120, 600),
        contracts=(Contract(560, 195, "Expired"),) if kind == "churned" else None,
        workspace="auto" if known else None,
        usage=_usage(kind, failed, draw.randrange(5, 200)),
        features=("dashboards", "reports") if CORE in failed else FEATURES[:3],
        limits=(Limit("seats", draw.choices((40, 65, 85), (60, 32, 8))[0], 100),),
        goals=(Goal("Reach what we signed up for", advanced=130 if PROGRESS in failed else 35),),
        contacts=_contacts(failed),
        talks_with="user" if CHAMPION in failed else "champion",
        touches=_touches(failed),
        meetings=no_show(34) if ATTENDANCE in failed else held(34),
        tickets=_tickets(failed, draw) if known else (),
        surveys=(Survey("NPS", draw.randrange(11), 40),) if number % 10 == 0 else (),
        deals=(Deal("More seats", "Existing Customer - Upgrade"),) if draw.random() < 0.02 else (),
    )


def _expect(kind: str, failed: frozenset[str]) -> Expect:
    if kind in ("prospect", "churned"):
        return not_scored(kind)
    if kind == "unknown":
        return insufficient()
    points = 100 - sum(5 if component == SENTIMENT else 10 for component in failed)
    return Expect(points, kind, kind, failed=tuple(sorted(failed)))


def _arr(kind: str, draw: Random) -> float | None:
    """Many small customers and few large ones; one in 30 without a number."""
    amount = round(draw.lognormvariate(9.8, 1.2), -2)
    return None if kind == "prospect" or draw.random() < 1 / 30 else amount


def _usage(kind: str, failed: frozenset[str], users: int) -> Usage:
    if kind == "churned":
        return stopped(users, last=200)
    if ACTIVE in failed:
        return stopped(users, last=20) if TREND in failed else every_other_day(users)
    return changed(users, users * 3 // 5, since=30) if TREND in failed else steady(users)


def _contacts(failed: frozenset[str]) -> tuple[Contact, ...]:
    lead = () if SPONSOR in failed else (sponsor(),)
    colleague = (user(),) if CHAMPION in failed else ()
    return (*lead, champion(), *colleague)


def _touches(failed: frozenset[str]) -> tuple[Touch, ...]:
    """One e-mail of ours; where it stays unanswered, an engaged champion still writes on another day."""
    if OUTREACH not in failed:
        return answered(22)
    return unanswered(22) + (() if CHAMPION in failed else writes_to_us(12))


def _tickets(failed: frozenset[str], draw: Random) -> tuple[Ticket, ...]:
    """A rated one, and perhaps a critical one that was opened up to two months ago, the last days included."""
    small = rated("Bad" if SENTIMENT in failed else "Good", 46)
    return (small, critical(draw.randrange(3, 60))) if NO_CRITICAL in failed else (small,)
