"""People edit, archive and merge at random while pulls are cut off at random: in the end we hold what the portal holds."""

from __future__ import annotations

import random
from typing import Any

import pytest

from connectors.base import Bookmark, Page, Unavailable
from tests.portal import Portal, ago, records, stream

DEALS = stream("deals", "dealname", "associations.companies")
FAULTS = ({"status": 502}, {"truncate": True}, {"drop": "after"}, {"status": 429, "body": {"policyName": "SECONDLY"}})
COMPANIES = [str(n) for n in range(1, 6)]


class Ours:
    """What a warehouse would hold, and where its pull stands."""

    def __init__(self) -> None:
        self.names: dict[str, tuple[object, object]] = {}
        self.merged: dict[str, str] = {}
        self.bookmark: Bookmark | None = None

    def take(self, page: Page) -> None:
        for record in records([page]):
            if record.deleted:
                self.names.pop(record.id, None)
                self.merged |= {record.id: record.merged_into} if record.merged_into else {}
            else:
                self.names[record.id] = (record.fields["dealname"], record.fields["associations.companies"])
        self.bookmark = page.bookmark

    def pull(self, portal: Portal, pages: int) -> None:
        """As many pages as we get before we die, or all of them."""
        try:
            for _, page in zip(range(pages), portal.hub().pull(DEALS, self.bookmark), strict=False):
                self.take(page)
        except Unavailable:
            return


def deal(id: int) -> dict[str, Any]:
    told = {"dealname": f"Deal {id}", "dealstage": "contractsent"}
    return {"id": str(id), "createdAt": ago(minutes=id), "properties": told, "associations": {"companies": ["1"]}}


def people_work(portal: Portal, chance: random.Random, alive: list[str]) -> None:
    """Some edits of one moment or several, an archived deal, a merge."""
    for id in chance.sample(alive, min(len(alive), chance.choice([1, 3, 260]))):
        edit = {"dealname": f"Edit {chance.random()}"}
        company = {"associations": {"companies": [chance.choice(COMPANIES)]}} if chance.random() < 0.1 else {}
        portal.control("records/hubspot/deals", id=id, properties=edit, **company)
        if chance.random() < 0.05:
            portal.later(seconds=chance.randint(1, 90))
    if chance.random() < 0.6:
        portal.control(f"records/hubspot/deals/{alive.pop(chance.randrange(len(alive)))}/delete")
    if chance.random() < 0.6:
        loser, winner = chance.sample(alive, 2)
        portal.control(f"records/hubspot/deals/{loser}/merge", into=winner)
        alive.remove(loser)


@pytest.mark.parametrize("seed", range(4))
def test_in_the_end_we_hold_what_the_portal_holds(seed: int) -> None:
    """Whatever was lost on the way, no record is missing, stale or still there."""
    chance = random.Random(seed)
    seeds: dict[str, list[dict[str, Any]]] = {
        "companies": [{"id": id, "createdAt": ago(days=9), "properties": {"name": id}} for id in COMPANIES],
        "deals": [deal(n) for n in (*range(1, 250), *range(9_000, 9_060), 71_986)],
    }
    settings = {"page_seed": seed, "stale_hits": 300 * (seed % 2), "ids_sort_as_text": seed > 1}
    with Portal(seeds, **settings) as portal:
        ours, alive = Ours(), [str(one["id"]) for one in seeds["deals"]]
        for _ in range(6):
            portal.control(
                "faults",
                path="/objects/2026-03/deals",
                times=1,
                after_calls=chance.randint(0, 6),
                **chance.choice(FAULTS),
            )
            people_work(portal, chance, alive)
            ours.pull(portal, chance.choice([1, 2, 4, 1_000]))
            portal.later(seconds=chance.choice([0, 3, 30, 4_000]))
        portal.later(minutes=1)
        ours.pull(portal, 1_000)
        truth = portal.hub().read("deals", alive, ["dealname", "associations.companies"])
        assert ours.names == {id: (r.fields["dealname"], r.fields["associations.companies"]) for id, r in truth.items()}
        assert all(into in alive or into in ours.merged for into in ours.merged.values())
