"""For whom a source is there: accounts that are known in the same systems are late together."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy import Connection

from mappings.models import Mappings
from warehouse.health import freshness
from warehouse.measures import Measure

LINKED = """
    SELECT account_id, string_agg(DISTINCT system, ',' ORDER BY system) AS linked
    FROM account_links
    GROUP BY account_id
"""
"""The systems in which an account is known, as measure_readiness names them."""


def in_time(conn: Connection, mappings: Mappings, readers: Mapping[str, Measure], as_of: date) -> dict[str, list[str]]:
    """Name of a reader -> the groups of systems in which what it reads is at most `late_days` late."""
    groups = conn.scalars(sa.text(f"SELECT DISTINCT linked FROM ({LINKED}) k")).all()  # noqa: S608
    feeding = freshness.feeds(mappings)
    delivered = freshness.deliveries(conn, feeding)
    earliest = as_of - timedelta(days=mappings.alerts.late_days)

    def is_there(reader: Measure, group: str) -> bool:
        ready = freshness.readiness(reader, group.split(","), feeding, delivered, as_of).evaluated_as_of
        return ready is not None and ready >= earliest

    return {name: [group for group in groups if is_there(reader, group)] for name, reader in readers.items()}
