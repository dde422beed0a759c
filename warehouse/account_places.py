"""Where an account's ARR and renewal date stand when they are no fields of it: its contracts, or its opportunities."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from mappings import conditions
from mappings.models import Place
from warehouse.tables import attributes, opportunities, subscriptions

TABLES = {"contract": subscriptions, "opportunity": opportunities}
DAYS = {
    "contract": {"arr": "start_date", "renewal": "end_date"},
    "opportunity": dict.fromkeys(("arr", "renewal"), "close_date"),
}
AMOUNTS = {"contract": "arr_native", "opportunity": "amount_native"}


Row = dict[str, Any]


class Found(NamedTuple):
    """What the contracts or opportunities of an account came to."""

    amount: Decimal | None = None
    """In `currency`; None where they are in several currencies."""
    currency: str | None = None
    day: date | None = None
    system: str | None = None
    amounts: tuple[tuple[Decimal | None, str | None], ...] = ()
    """Each amount that counts, with its currency."""


def arr(conn: Connection, place: Place) -> dict[str, Found] | None:
    """ARR by account; None where it is a field of the account."""
    if place.from_ == "account_field":
        return None
    day, amount = DAYS[place.from_]["arr"], AMOUNTS[place.from_]
    return {id: _amounts(_picked(rows, place, day), amount) for id, rows in _counting(conn, place, amount).items()}


def renewal(conn: Connection, place: Place) -> dict[str, Found] | None:
    """Renewal date by account; None where it is a field of the account."""
    if place.from_ == "account_field":
        return None
    day = DAYS[place.from_]["renewal"]
    by_account = {id: _picked(rows, place, day) for id, rows in _counting(conn, place, day).items()}
    return {id: Found(day=rows[0][day], system=rows[0]["system"]) for id, rows in by_account.items()}


def _counting(conn: Connection, place: Place, needed: str) -> dict[str, list[Row]]:
    """The rows that `where` lets through, by account; those without the needed value say nothing."""
    table = TABLES[place.from_]
    links = sa.table("account_links", *(sa.column(n, sa.String) for n in ("system", "external_id", "account_id")))
    of_account = sa.and_(links.c.system == table.c.system, links.c.external_id == table.c.account_ref)
    select = sa.select(links.c.account_id, *_asked(table, place)).join(links, of_account)
    if table is opportunities:
        select = select.where(sa.not_(_is_echo()))
    rows = conn.execute(select.where(table.c[needed].is_not(None)).order_by(table.c.system, table.c.id))
    own = _attributes(conn, place)
    counting: dict[str, list[Row]] = {}
    for values in rows.mappings().all():
        row = {**own.get((values["system"], values["stream"], values["id"]), {}), **values}
        if place.where is None or conditions.holds(place.where, row) is True:
            counting.setdefault(row["account_id"], []).append(row)
    return counting


def _is_echo() -> sa.ColumnElement[bool]:
    """A deal that two CRMs sync between each other counts once."""
    echoes = sa.table("opportunity_echoes", sa.column("system", sa.String), sa.column("id", sa.String))
    same = sa.and_(echoes.c.system == opportunities.c.system, echoes.c.id == opportunities.c.id)
    return sa.exists(sa.select(sa.literal(1)).select_from(echoes).where(same))


def _asked(table: sa.Table, place: Place) -> list[sa.Column[Any]]:
    """The columns that the place and its condition look at."""
    names = {"system", "stream", "id", "currency", AMOUNTS[place.from_], *DAYS[place.from_].values()}
    if place.where is not None:
        names |= conditions.columns(place.where) & set(table.columns.keys())
    return [table.c[name] for name in sorted(names)]


def _picked(rows: list[Row], place: Place, day: str) -> list[Row]:
    """The earliest or latest row by its day, or all of them for a sum; rows without a day come last."""
    if place.pick == "sum":
        return rows
    dated = [r for r in rows if r[day] is not None]
    pick: Callable[..., Row] = min if place.pick == "earliest" else max
    return [pick(dated, key=lambda r: r[day])] if dated else [rows[0]]


def _amounts(rows: list[Row], amount: str) -> Found:
    amounts = tuple((r[amount], r["currency"]) for r in rows)
    currencies = {currency for _, currency in amounts}
    one = currencies.pop() if len(currencies) == 1 else None
    total = sum((a for a, _ in amounts), Decimal(0)) if len({c for _, c in amounts}) == 1 else None
    return Found(amount=total, currency=one, system=rows[0]["system"], amounts=amounts)


def _attributes(conn: Connection, place: Place) -> dict[tuple[str, str, str], dict[str, Any]]:
    """What RevOps added to these rows, where `where` asks for it."""
    table = TABLES[place.from_]
    named = conditions.columns(place.where) - set(table.columns.keys()) if place.where else set()
    own: dict[tuple[str, str, str], dict[str, Any]] = {}
    if named:
        for row in conn.execute(sa.select(attributes).where(attributes.c.name.in_(sorted(named)))).mappings():
            value = next((row[kind] for kind in ("text", "number", "date") if row[kind] is not None), None)
            own.setdefault((row["system"], row["stream"], row["id"]), {})[row["name"]] = value
    return own
