"""What Prefect automations get to see of alerts: one event a change, the most urgent first, and never a flood."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from prefect.events import Event

from flows.announcing import MOST_EVENTS, events
from warehouse.alerts.alerts import Told

TOLD = Told(
    alert="01ALERT", change="opened", account_id="01ACCOUNT", account="Globex", rule="sponsor_left", colour="red",
    label="Executive sponsor left", says="the executive sponsor left", action="ask the champion", playbook="at_risk",
    role="csm", owner_email="cara@example.com", as_of=date(2026, 11, 20),
)  # fmt: skip


def test_an_event_says_who_should_do_what() -> None:
    """Prefect takes it; colour and rule are labels to match, the payload holds sentence, action and the owner's e-mail."""
    (event,) = (Event(**told) for told in events([TOLD]))
    assert event.event == "crmpulse.alert.opened"
    assert (event.resource["crmpulse.colour"], event.resource["crmpulse.rule"]) == ("red", "sponsor_left")
    assert event.resource.name == "Globex"
    assert event.payload["says"] == "the executive sponsor left"
    assert event.payload["owner_email"] == "cara@example.com"


def test_the_same_change_is_the_same_event() -> None:
    """An event that is sent twice has the same id; opening and closing are two."""
    first, again, closed = events([TOLD, TOLD, replace(TOLD, change="recovered")])
    assert first["id"] == again["id"] != closed["id"]
    assert closed["event"] == "crmpulse.alert.closed"


def test_a_flood_is_summed_up() -> None:
    """The first day of a large company sends a bounded number of events, and says how many more there are."""
    sent = events([replace(TOLD, alert=str(n), colour="green") for n in range(MOST_EVENTS + 3)])
    assert len(sent) == MOST_EVENTS + 1
    assert sent[-1]["payload"] == {"green": 3}
