"""One row per account of ours: what its systems say, in source order, with amounts at the plan rate of the year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection

from mappings import conditions
from mappings.models import Mappings
from warehouse import account_places, bulk, issues, plan_rates
from warehouse.account_places import Found
from warehouse.issues import Issue
from warehouse.tables import accounts

PICKED = ("name", "domain", "parent_ref", "status", "industry", "time_zone", "renewal_date", "arr_native", "currency")
"""Columns of account_records that are taken from the first system that knows them; the currency after its amount."""

Record = Sequence[Any]
"""account_id, system, id, and the picked columns of an account record."""

SYSTEM, ID, FIRST_PICKED = 1, 2, 3

KINDS = ("missing_rate", "missing_currency", "enormous_amount")
CHUNK = 20_000

Row = dict[str, Any]

_RECORDS = f"""
    SELECT l.account_id, r.system, r.id, {", ".join(PICKED)} FROM account_links l
    JOIN account_records r ON r.system = l.system AND r.id = l.external_id
    WHERE l.account_id >= :first AND l.account_id <= :last
    ORDER BY l.account_id, r.system, r.id
"""  # noqa: S608
_IDS = """
    SELECT DISTINCT l.account_id FROM account_links l
    JOIN account_records r ON r.system = l.system AND r.id = l.external_id
    ORDER BY l.account_id
"""
_STARTS = """
    SELECT l.account_id, MIN(s.start_date) AS start_date FROM subscriptions s
    JOIN account_links l ON l.system = s.system AND l.external_id = s.account_ref
    WHERE s.start_date IS NOT NULL GROUP BY l.account_id
"""
_PARENTS = """
    SELECT p.system, p.external_id, p.account_id FROM account_links p
    WHERE EXISTS (SELECT 1 FROM account_records r WHERE r.system = p.system AND r.parent_ref = p.external_id)
"""
_ATTRIBUTES = """
    SELECT l.account_id, a.system, a.id, a.name, a.text, a.number, a.date FROM attributes a
    JOIN account_records r ON r.system = a.system AND r.stream = a.stream AND r.id = a.id
    JOIN account_links l ON l.system = a.system AND l.external_id = a.id
    ORDER BY l.account_id, a.system, a.id
"""


@dataclass
class Surroundings:
    """What accounts get from beside their own records, by account id."""

    arr: Mapping[str, Found] | None
    renewal: Mapping[str, Found] | None
    starts: Mapping[str, date]
    parents: Mapping[tuple[str, str], str]
    attributes: Mapping[str, Row]


def build(conn: Connection, mappings: Mappings, as_of: date, now: datetime) -> int:
    """Make the accounts anew, in the connection's transaction; returns how many. `as_of` names the plan year."""
    conn.execute(sa.delete(accounts))
    rates = plan_rates.of(mappings.company.currency, as_of)
    around = _surroundings(conn, mappings, rates)
    found: list[Issue] = []
    built = 0
    ids = list(conn.scalars(sa.text(_IDS)))
    for n in range(0, len(ids), CHUNK):
        chunk = ids[n : n + CHUNK]
        records = conn.execute(sa.text(_RECORDS), {"first": chunk[0], "last": chunk[-1]}).all()
        rows = [_account(id, list(of), mappings, around) for id, of in groupby(records, itemgetter(0))]
        for row in rows:
            _convert(row, around.arr, rates, found)
        built += bulk.append(conn, accounts, rows)
    issues.restate(conn, KINDS, plan_rates.distinct(found), now)
    return built


def _account(account_id: str, records: list[Record], mappings: Mappings, around: Surroundings) -> Row:
    order = mappings.company.systems
    ranked = sorted(records, key=lambda r: (_rank(order, r[SYSTEM]), r[ID])) if len(records) > 1 else records
    row, sources = _picked(account_id, ranked, mappings.company.field_sources)
    _from_places(row, around, sources)
    parent = around.parents.get((sources.get("parent_ref", ""), row.pop("parent_ref")))
    row["parent_id"] = None if parent == account_id else parent
    row["time_zone"] = row["time_zone"] or "UTC"
    row["first_subscription_start"] = around.starts.get(account_id)
    row["crm"] = next((r[SYSTEM] for r in ranked if mappings.systems[r[SYSTEM]].is_crm), None)
    _judge(row, around.attributes.get(account_id, {}), mappings)
    row["sources"] = orjson.dumps(sources).decode()
    return row


def _picked(
    account_id: str, ranked: Sequence[Record], first: Mapping[str, Sequence[str]]
) -> tuple[Row, dict[str, str]]:
    """Each column from the first record that knows it, and whose that was; an amount brings its own currency.

    `first` names the systems that come before the usual order, by column.
    """
    row: Row = {"account_id": account_id}
    sources: dict[str, str] = {}
    for n, column in enumerate(PICKED, FIRST_PICKED):
        row[column] = None
        for record in _asked(ranked, first[column]) if column in first else ranked:
            if record[n] is not None:
                row[column] = record[n]
                sources[column] = record[SYSTEM]
                if column == "arr_native":
                    ranked, first = [record], {}  # the currency comes next
                break
    return row, sources


def _asked(ranked: Sequence[Record], first: Sequence[str]) -> Sequence[Record]:
    return sorted(ranked, key=lambda record: _rank(first, record[SYSTEM])) if len(ranked) > 1 else ranked


def _rank(order: Sequence[str], system: str) -> int:
    return order.index(system) if system in order else len(order)


def _from_places(row: Row, around: Surroundings, sources: dict[str, str]) -> None:
    """ARR and renewal date from contracts or opportunities, where the configuration says so."""
    if around.arr is not None:
        place = around.arr.get(row["account_id"], Found())
        row["arr_native"] = place.amount
        _credit(sources, "arr_native", place)
        if place.amounts:
            row["currency"] = place.currency
            _credit(sources, "currency", place)
    if around.renewal is not None:
        place = around.renewal.get(row["account_id"], Found())
        row["renewal_date"] = place.day
        _credit(sources, "renewal_date", place)


def _credit(sources: dict[str, str], column: str, place: Found) -> None:
    sources.pop(column, None)
    if place.system:
        sources[column] = place.system


def _judge(row: Row, own: Row, mappings: Mappings) -> None:
    """Whether it is a customer, by its columns and by the attributes that RevOps added."""
    rules = mappings.company.customers
    known = {**own, **row}
    row["customer"] = conditions.holds(rules.customer_when, known)
    row["excluded"] = rules.exclude is not None and conditions.holds(rules.exclude, known) is True


def _convert(row: Row, places: Mapping[str, Found] | None, rates: plan_rates.Rates, found: list[Issue]) -> None:
    """ARR in the reporting currency; unknown without a rate, which is an issue."""
    place = None if places is None else places.get(row["account_id"])
    amounts = place.amounts if place is not None else ((row["arr_native"], row["currency"]),)
    row["arr_reporting"] = plan_rates.total(amounts, rates, row["account_id"], found)


# --- what stands beside the records -----------------------------------------------------------------------------------


def _surroundings(conn: Connection, mappings: Mappings, rates: plan_rates.Rates) -> Surroundings:
    company = mappings.company
    return Surroundings(
        arr=account_places.arr(conn, company.arr),
        renewal=account_places.renewal(conn, company.renewal_date),
        starts=dict(conn.execute(sa.text(_STARTS).columns(start_date=sa.Date)).all()),
        parents={(r.system, r.external_id): r.account_id for r in conn.execute(sa.text(_PARENTS))},
        attributes=_attributes(conn, mappings) if _needs_attributes(mappings) else {},
    )


def _needs_attributes(mappings: Mappings) -> bool:
    rules = mappings.company.customers
    named = conditions.columns(rules.customer_when) | (conditions.columns(rules.exclude) if rules.exclude else set())
    return bool(named - set(accounts.columns.keys()))


def _attributes(conn: Connection, mappings: Mappings) -> dict[str, Row]:
    """Attributes by account; the first system in source order that has one wins."""
    flags = {
        (system.system, name)
        for system in mappings.systems.values()
        for pull in system.pull.values()
        for name, field in pull.attributes.items()
        if field.as_ == "boolean"
    }
    order, first = mappings.company.systems, mappings.company.field_sources
    told = conn.execute(sa.text(_ATTRIBUTES).columns(date=sa.Date)).all()
    by_account: dict[str, Row] = {}
    for row in sorted(told, key=lambda r: (_rank(first.get(r.name, ()), r.system), _rank(order, r.system))):
        value = row.text == "true" if (row.system, row.name) in flags else _known(row.text, row.number, row.date)
        by_account.setdefault(row.account_id, {}).setdefault(row.name, value)
    return by_account


def _known(*values: Any) -> Any:
    return next((v for v in values if v is not None), None)
