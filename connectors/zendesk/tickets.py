"""What a ticket does not say itself: whose it is, when it was first answered, when it was solved, how it was rated.

The rules of the fields below `derived`:
- organization_id: the ticket's own; else its requester's; else the only organization that the requester is a member of;
  else the only one that claims the domain of the requester's address. Where two are possible there is none.
- first_response_at: creation plus the minutes to the first public reply, which is all that Zendesk keeps of it.
- solved_at: of a ticket that is solved now; a reopened one is not. Where Zendesk does not say when, the ticket's last
  change, because by then it was.
- rating, rated_at: what zendesk_csat.py finds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from connectors.zendesk.api import Api, Raw
from connectors.zendesk.csat import Rating
from connectors.zendesk.records import value

SOLVED = frozenset({"solved", "closed"})
_FREE_MAIL = """
    126.com 163.com aol.com fastmail.com foxmail.com gmail.com gmx.at gmx.de gmx.net googlemail.com hotmail.com
    icloud.com live.com mac.com mail.com mail.ru me.com msn.com outlook.com proton.me protonmail.com qq.com t-online.de
    web.de yahoo.com yandex.ru ymail.com zoho.com
"""
FREE_MAIL = frozenset(_FREE_MAIL.split())
"""Nobody's own domain, whatever an organization claims."""
MOST_KEPT = 50_000


class Homes:
    """Which organization a requester belongs to; every person is looked up once, the domains of all only if needed."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self._of: dict[Any, Any] = {}
        """User id -> organization id or None."""
        self._claims: Mapping[str, set[Any]] | None = None
        """Domain -> organizations that claim it."""

    def of(self, users: set[Any]) -> Mapping[Any, Any]:
        if len(self._of) > MOST_KEPT:
            self._of.clear()
        unknown = sorted(users - self._of.keys())
        self._of |= dict.fromkeys(unknown)
        for user in self.api.by_ids("users/show_many", "users", unknown):
            self._of[user["id"]] = user.get("organization_id") or self._other(user)
        return self._of

    def _other(self, user: Raw) -> Any:
        path, key = f"users/{user['id']}/organization_memberships", "organization_memberships"
        joined = {raw["organization_id"] for page in self.api.walk(path, key) for raw in page}
        domain = str(user.get("email") or "").rpartition("@")[2].lower()
        claimed = joined or self._claimed().get(domain, set())
        return next(iter(claimed)) if len(claimed) == 1 else None

    def _claimed(self) -> Mapping[str, set[Any]]:
        if self._claims is None:
            claims = defaultdict(set)
            for page in self.api.walk("organizations", "organizations"):
                for raw in page:
                    for domain in raw.get("domain_names") or ():
                        claims[str(domain).lower()].add(raw["id"])
            self._claims = {domain: ids for domain, ids in claims.items() if domain and domain not in FREE_MAIL}
        return self._claims


def derive(tickets: Sequence[Raw], homes: Homes | None, ratings: Mapping[str, Rating]) -> None:
    """Add `derived` to each ticket, in place; without `homes` nobody is looked up."""
    lost = {t["requester_id"] for t in tickets if not t.get("organization_id") and t.get("requester_id")}
    found = homes.of(lost) if homes and lost else {}
    for ticket in tickets:
        rating = ratings.get(str(ticket["id"]))
        ticket["derived"] = {
            "organization_id": ticket.get("organization_id") or found.get(ticket.get("requester_id")),
            "first_response_at": _first_response(ticket),
            "solved_at": _solved(ticket),
            "rating": rating.word if rating else None,
            "rated_at": rating.at if rating else None,
        }


def with_metrics(ticket: Raw) -> Raw:
    """Zendesk's documents show the metric set as an object and as a list of one."""
    held = ticket.get("metric_set")
    if isinstance(held, list):
        ticket["metric_set"] = held[0] if held else None
    return ticket


def _first_response(ticket: Raw) -> str | None:
    minutes = value(ticket, "metric_set.reply_time_in_minutes.calendar")
    created = ticket.get("created_at")
    if not isinstance(minutes, int | float) or not created:
        return None
    return (datetime.fromisoformat(created) + timedelta(minutes=minutes)).isoformat()


def _solved(ticket: Raw) -> Any:
    if ticket.get("status") not in SOLVED:
        return None
    return value(ticket, "metric_set.solved_at") or ticket.get("updated_at")
