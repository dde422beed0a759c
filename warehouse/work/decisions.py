"""The decisions of a day, in order; everything that asks for a task asks at once, so that red goes first (D17)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from mappings.models import Mappings
from warehouse.alerts import alert_tasks, alerts, signals
from warehouse.alerts.alerts import Told
from warehouse.care import audiences, cadence, success_plans
from warehouse.work import handoffs, openings, playbooks


@dataclass(frozen=True, slots=True)
class Decided:
    """What one day's decisions did."""

    counts: Mapping[str, int]
    """By the words in which a report shows it."""
    told: Sequence[Told]
    """The alerts that opened or closed, for those who want to hear of them at once."""


def take(conn: Connection, mappings: Mappings, as_of: date, now: datetime) -> Decided:
    """Decide as_of, in the connection's transaction; again on the same day it decides only what came since."""
    handed = handoffs.decide(conn, mappings, as_of, now)
    asked = playbooks.ask(conn, mappings, as_of, now)
    with signals.gathered(conn, mappings, as_of, now):
        told = alerts.decide(conn, mappings, as_of, now)
        members = audiences.place(conn, mappings, as_of)
        success_plans.place(conn, mappings, as_of)
    of_alerts = alert_tasks.asked(conn, mappings, as_of)
    of_touches = cadence.decide(conn, mappings, as_of, now)
    opened = openings.open(conn, mappings, as_of, now, [*asked.openings, *of_alerts, *of_touches])
    played = playbooks.settle(conn, asked, opened)
    by_whom = Counter(task.opened_by for task in opened.tasks)
    changes = Counter(f"{one.colour} alerts {'opened' if one.change == 'opened' else 'closed'}" for one in told)
    counts = {
        **played.counts(),
        **handed.counts(),
        **changes,
        "alert tasks": by_whom["alert"],
        "touch tasks": by_whom["touch"],
        "other tasks waiting": len(opened.waiting) - played.waiting,
        "audience memberships": members,
    }
    return Decided(counts, told)
