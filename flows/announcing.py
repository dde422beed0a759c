"""Alerts as Prefect events, so that automations bring them to Slack or e-mail; nothing is decided here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID, uuid5

from prefect.events import emit_event

from warehouse.alerts.alerts import Told

MOST_EVENTS = 500
"""Of one run; beyond them one event says how many more there are of each colour."""

_NAMES = UUID("5b0c1f0e-3d6e-4c1c-9a57-0e6f6f5b1a11")
"""Makes the same event of the same change, so that one that is sent twice arrives once."""


def announce(told: Sequence[Told]) -> None:
    """Emit an event per alert that opened or closed in the run."""
    for event in events(told):
        emit_event(**event)


def events(told: Sequence[Told]) -> list[dict[str, Any]]:
    """What Prefect gets to know, the most urgent first, and never a flood."""
    listed = [_event(one) for one in told[:MOST_EVENTS]]
    rest = Counter(one.colour for one in told[MOST_EVENTS:])
    if rest:
        resource = {"prefect.resource.id": "crmpulse.alerts", "prefect.resource.name": "crmpulse alerts"}
        listed.append({"event": "crmpulse.alerts.more", "resource": resource, "payload": dict(rest)})
    return listed


def _event(one: Told) -> dict[str, Any]:
    """`crmpulse.alert.opened` or `crmpulse.alert.closed`; colour and rule are labels that automations can match."""
    change = "opened" if one.change == "opened" else "closed"
    return {
        "event": f"crmpulse.alert.{change}",
        "id": uuid5(_NAMES, f"{one.alert} {change}"),
        "resource": {
            "prefect.resource.id": f"crmpulse.account.{one.account_id}",
            "prefect.resource.name": one.account,
            "crmpulse.colour": one.colour,
            "crmpulse.rule": one.rule,
        },
        "payload": {**asdict(one), "as_of": one.as_of.isoformat()},
    }
