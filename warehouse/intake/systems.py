"""Which organization stands behind a configured name: exchanged credentials must not write into another company."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select

from connectors.base import ConfigError
from warehouse.tables import systems


def meet(conn: Connection, system: str, kind: str, organization: str, now: datetime) -> None:
    """Remember the organization at first contact; another one later is a ConfigError."""
    known = conn.scalar(select(systems.c.organization).where(systems.c.system == system))
    if known is None:
        row = {"system": system, "kind": kind, "organization": organization, "first_seen_at": now}
        conn.execute(insert(systems).values(row))
    elif known != organization:
        raise ConfigError(
            f"{system} leads to organization {organization}, but this warehouse knows it as {known}; "
            f"correct {system.upper()}_* in the environment, or use another warehouse or another system name"
        )
