"""Which accounts do not live in UTC, by their id in each system: local days depend on it."""

from __future__ import annotations

from collections import defaultdict
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import Connection

from mappings.models import Mappings
from warehouse import bulk
from warehouse.tables import local_zones

_ZONES = """
    SELECT of.system, of.external_id, r.system AS told_by, r.time_zone
    FROM account_links of
    JOIN account_links same ON same.account_id = of.account_id
    JOIN account_records r ON r.system = same.system AND r.id = same.external_id
    WHERE r.time_zone IS NOT NULL
    ORDER BY of.system, of.external_id, r.id
"""


def refresh(conn: Connection, mappings: Mappings) -> tuple[dict[str, dict[str, ZoneInfo]], dict[str, set[str]]]:
    """Time zones by system and account_ref, and the accounts whose zone is another than at the last refresh."""
    zones = _zones(conn, mappings.company.systems)
    before = {(row.system, row.account_ref): row.time_zone for row in conn.execute(sa.select(local_zones))}
    moved: dict[str, set[str]] = defaultdict(set)
    for system, ref in {*zones, *before}:
        if zones.get((system, ref)) != before.get((system, ref)):
            moved[system].add(ref)
    if moved:
        conn.execute(sa.delete(local_zones))
        rows = [{"system": s, "account_ref": ref, "time_zone": zone} for (s, ref), zone in zones.items()]
        bulk.append(conn, local_zones, rows)
    return _by_system(zones), moved


def _zones(conn: Connection, order: list[str]) -> dict[tuple[str, str], str]:
    """The zone of the first system in source order that knows one; UTC is left out."""
    rank = {system: n for n, system in enumerate(order)}
    told: dict[tuple[str, str], tuple[int, str]] = {}
    for system, ref, told_by, zone in conn.execute(sa.text(_ZONES)):
        by = rank.get(told_by, len(rank))
        if (system, ref) not in told or by < told[system, ref][0]:
            told[system, ref] = (by, zone)
    return {key: zone for key, (_, zone) in told.items() if zone != "UTC"}


def _by_system(zones: dict[tuple[str, str], str]) -> dict[str, dict[str, ZoneInfo]]:
    by_system: dict[str, dict[str, ZoneInfo]] = defaultdict(dict)
    for (system, ref), zone in zones.items():
        by_system[system][ref] = ZoneInfo(zone)
    return by_system
