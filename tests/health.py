"""Rows for tests of health: accounts with links, facts by day before as_of, deliveries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from warehouse import bulk, tables

AS_OF = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
SYSTEM_OF = {
    "usage_days": ("product", "usage"),
    "feature_days": ("product", "features"),
    "limit_days": ("product", "limits"),
    "goals": ("product", "goals"),
    "subscriptions": ("product", "subscriptions"),
    "surveys": ("product", "surveys"),
    "plan_features": ("product", "plan_features"),
    "contacts": ("salesforce", "Contact"),
    "tickets": ("salesforce", "Case"),
    "touchpoints": ("salesforce", "Event"),
    "opportunities": ("salesforce", "Opportunity"),
    "opportunity_contacts": ("salesforce", "OpportunityContactRole"),
}
DEFAULTS: dict[str, dict[str, Any]] = {
    "usage_days": {"product": "", "department": "", "user_email": "", "active_users": 1},
    "feature_days": {"product": "", "uses": 1},
    "limit_days": {"product": ""},
    "opportunities": {"expansion": False},
}


MOMENTS = ("opened_at", "first_response_at", "solved_at")
"""Given in hours from the noon of as_of."""


def at(as_of: date, offset: Any) -> Any:
    """A day before as_of from its offset (-1 is yesterday); what is no number stays as it is."""
    return as_of + timedelta(days=offset) if isinstance(offset, int) else offset


def dated(row: Mapping[str, Any], as_of: date) -> dict[str, Any]:
    """The row with its days where it holds offsets."""
    return {key: at(as_of, value) if _is_day(key) else value for key, value in row.items()}


def _is_day(column: str) -> bool:
    return column == "day" or column.endswith(("_day", "_date"))


def noon(day: date, hour: float = 12) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour)


def add_accounts(
    conn: Connection, *accounts: Mapping[str, Any] | str, systems: Iterable[str] = ("salesforce", "product")
) -> None:
    """Customers named like their id, linked under that id in every system unless `linked` says otherwise."""
    rows = [{"account_id": a} if isinstance(a, str) else dict(a) for a in accounts]
    bulk.append(
        conn,
        tables.accounts,
        [
            {"name": r["account_id"], "time_zone": "UTC", "customer": True, "excluded": False, "sources": "{}", **r}
            for r in rows
        ],
    )
    links = [(r["account_id"], system) for r in rows for system in r.get("linked", systems)]
    bulk.append(
        conn,
        tables.links,
        [
            {
                "account_id": a,
                "system": s,
                "object": "Account",
                "external_id": a,
                "rule": "key",
                "valid_from": noon(AS_OF) - timedelta(days=900),
            }
            for a, s in links
        ],
    )
    bulk.append(conn, tables.account_ids, [{"account_id": r["account_id"], "minted_at": NOW} for r in rows])


def add(conn: Connection, table_name: str, rows: Iterable[Mapping[str, Any]], as_of: date = AS_OF) -> None:
    """Facts; `account` is the account's id, day columns are offsets from as_of, `days: [from, to]` makes one row a day."""
    if table_name == "arr_history":
        named = [{"account_id" if k == "account" else k: v for k, v in row.items()} for row in rows]
        bulk.append(conn, tables.arr_history, [dated(row, as_of) for row in named])
        return
    table = tables.DAY_GRAINED.get(table_name, tables.FACTS.get(table_name))
    assert table is not None, table_name
    spread = [one for row in rows for one in _each_day(row)]
    bulk.append(conn, table, [_complete(table_name, n, row, as_of) for n, row in enumerate(spread)])


def deliver(
    conn: Connection, table_name: str, days: Iterable[int], as_of: date = AS_OF, stream: str | None = None
) -> None:
    """The table's stream is delivered for these days, offsets from as_of."""
    system, usual = SYSTEM_OF[table_name]
    row = {"system": system, "stream": stream or usual, "table_name": table_name, "seen_at": NOW}
    bulk.append(conn, tables.deliveries, [{**row, "day": at(as_of, day)} for day in days])


def rows(conn: Connection, table: sa.Table, *order: str) -> list[dict[str, Any]]:
    ordered = sa.select(table).order_by(*(table.c[name] for name in order))
    return [dict(row) for row in conn.execute(ordered).mappings()]


def _each_day(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    if "days" not in row:
        return [dict(row)]
    first, last = row["days"]
    rest = {key: value for key, value in row.items() if key != "days"}
    return [{**rest, "day": day} for day in range(first, last + 1)]


def _complete(table_name: str, n: int, row: Mapping[str, Any], as_of: date) -> dict[str, Any]:
    system, stream = SYSTEM_OF[table_name]
    known = dated(row, as_of)
    hour = known.pop("hour", 12)
    if "day" in known:
        known.setdefault("occurred_at", noon(known["day"], hour))
    for moment in MOMENTS:
        if moment in known:
            known[moment] = noon(as_of) + timedelta(hours=known[moment])
    return {
        "system": system,
        "stream": stream,
        "id": f"{stream}-{n}",
        "account_ref": known.pop("account", None),
        "file_hash": "",
        "line": n,
        "seen_at": NOW,
        **DEFAULTS.get(table_name, {}),
        **known,
    }
