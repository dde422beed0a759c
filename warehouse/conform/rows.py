"""One stream's payloads become rows: the mapping is compiled once and then applied to each record."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import orjson
import sqlalchemy as sa
from sqlalchemy import Table

from mappings import conditions, convert
from mappings.convert import Converted
from mappings.models import Company, PullField, PullMapping, RoleSource
from warehouse.conform.versions import Version
from warehouse.intake import fits
from warehouse.issues import Issue
from warehouse.tables import FACTS, account_records, opportunities

Row = dict[str, Any]
Zones = Mapping[str, ZoneInfo]
"""Time zone by account_ref; UTC for those that are missing."""


class Reader(NamedTuple):
    """How one column is read."""

    column: str
    from_: str | None
    read: Callable[[Any], Converted]
    required: bool


@dataclass
class Rows:
    """What a chunk of records came to."""

    facts: list[Row] = field(default_factory=list)
    keys: list[Row] = field(default_factory=list)
    roles: list[Row] = field(default_factory=list)
    attributes: list[Row] = field(default_factory=list)
    domains: list[Row] = field(default_factory=list)
    found: list[Issue] = field(default_factory=list)


@dataclass(frozen=True)
class Reading:
    """A stream's mapping, ready to be applied."""

    system: str
    stream: str
    table: Table
    columns: list[Reader]
    keys: list[Reader]
    attributes: list[Reader]
    roles: list[tuple[str, int, RoleSource]]
    days: list[tuple[str, str]]
    """Columns of local days, each with the moment that it follows from."""
    domains: list[Reader]
    """Fields with further domains of an account record."""
    ours: str | None
    expansion_when: Mapping[str, Any] | None


def compile(system: str, stream: str, pull: PullMapping, company: Company) -> Reading:
    """The mapping with its converters built and its columns looked up."""
    table = table_of(pull)
    return Reading(
        system=system,
        stream=stream,
        table=table,
        columns=[_reader(name, field, table.c[name]) for name, field in pull.fields.items()],
        keys=[_reader(other, field, account_records.c.id) for other, field in pull.keys.items()],
        attributes=[
            Reader(name, field.from_, convert.converter(field), field.required)
            for name, field in pull.attributes.items()
        ],
        roles=[(role, n, source) for role, sources in pull.roles.items() for n, source in enumerate(sources)],
        days=list(_days(table, pull)),
        domains=[_reader("domain", _DOMAIN, account_records.c.domain)._replace(from_=name) for name in pull.domains],
        ours=pull.ours,
        expansion_when=company.expansion_when if table is opportunities else None,
    )


def table_of(pull: PullMapping) -> Table:
    """Account records of a system stay apart until all systems are joined."""
    return account_records if pull.table == "accounts" else FACTS[pull.table]


def rows(reading: Reading, versions: list[Version], zones: Zones) -> Rows:
    """Rows of the records that are facts; what could not be read is found, and its column stays NULL."""
    made = Rows()
    for version in versions:
        if version.deleted:
            continue
        fields = orjson.loads(version.payload)
        if reading.ours is not None and fields.get(reading.ours):
            continue
        row = _row(reading, version, fields, made.found)
        if row is None:
            continue
        _add_local_days(reading, row, zones)
        own = _attributes(reading, row, fields, made)
        if reading.table is opportunities:
            row["expansion"] = _holds(reading.expansion_when, {**own, **row})
        made.facts.append(row)
        made.keys += _keys(reading, version.id, fields, made.found)
        made.roles += _roles(reading, version.id, fields)
        if reading.table is account_records:
            made.domains += _domains(reading, row, fields, made.found)
    return made


# --- columns ----------------------------------------------------------------------------------------------------------


def _reader(name: str, field: PullField, column: sa.Column[Any]) -> Reader:
    return Reader(name, field.from_, fits.reader(column, field), field.required)


def _row(reading: Reading, version: Version, fields: Mapping[str, Any], found: list[Issue]) -> Row | None:
    """The row, or None where it lacks a required value."""
    row: Row = {"system": reading.system, "stream": reading.stream, "id": version.id, "seen_at": version.seen_at}
    for column, from_, read, required in reading.columns:
        value, reason = read(fields.get(from_) if from_ is not None else None)
        row[column] = value
        if required and value is None:
            found.append(_issue("refused_row", reading, version.id, from_, reason or f"{column} is required"))
            return None
        if reason is not None:
            found.append(_issue("refused_value", reading, version.id, from_, f"{column} stays empty: {reason}"))
    if reading.table is account_records:
        row["account_ref"] = version.id
    return row


def _issue(kind: str, reading: Reading, id: str, from_: str | None, message: str) -> Issue:
    return Issue(kind, reading.system, reading.stream, id, from_ or "", message)


def _holds(condition: Mapping[str, Any] | None, row: Mapping[str, Any]) -> bool:
    return condition is not None and conditions.holds(condition, row) is True


# --- local days -------------------------------------------------------------------------------------------------------


def _days(table: Table, pull: PullMapping) -> Iterator[tuple[str, str]]:
    """Days that follow from a moment; where the mapping fills the day itself, that is the day."""
    for column in (c.name for c in table.columns):
        moment = "occurred_at" if column == "day" else f"{column.removesuffix('_day')}_at"
        if column.endswith("day") and moment in pull.fields and column not in pull.fields:
            yield column, moment


def _add_local_days(reading: Reading, row: Row, zones: Zones) -> None:
    if not reading.days:
        return
    zone = zones.get(row.get("account_ref") or "", UTC)
    for day, moment in reading.days:
        row[day] = _local_day(row[moment], zone)


def _local_day(moment: datetime | None, zone: Any) -> date | None:
    return None if moment is None else moment.astimezone(zone).date()


# --- what accounts have beside their columns --------------------------------------------------------------------------


def _attributes(reading: Reading, row: Row, fields: Mapping[str, Any], made: Rows) -> Row:
    """Store what RevOps added; returns it by name, for conditions."""
    own: Row = {}
    for name, from_, read, _ in reading.attributes:
        value, reason = read(fields.get(from_) if from_ is not None else None)
        if reason is not None:
            made.found.append(_issue("refused_value", reading, row["id"], from_, f"{name} stays empty: {reason}"))
        if value is not None:
            own[name] = value
            stored = {"account_ref": row.get("account_ref"), "name": name, **_stored(value)}
            made.attributes.append(_base(reading, row["id"]) | stored)
    return own


def _stored(value: Any) -> Row:
    """The value in the column of its kind: a day, a number, or text as value maps spell it."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return {"date": value}
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return {"number": float(value)}
    return {"text": convert.as_text(value)}


def _base(reading: Reading, id: str) -> Row:
    return {"system": reading.system, "stream": reading.stream, "id": id}


def _keys(reading: Reading, id: str, fields: Mapping[str, Any], found: list[Issue]) -> Iterator[Row]:
    for other, from_, read, _ in reading.keys:
        value, reason = read(fields.get(from_) if from_ is not None else None)
        if reason is not None:
            found.append(_issue("refused_value", reading, id, from_, f"the key in {other} stays empty: {reason}"))
        if value is not None:
            yield _base(reading, id) | {"other_system": other, "other_id": value}


_DOMAIN = PullField.model_validate({"from": "", "as": "domain"})


def _domains(reading: Reading, row: Row, fields: Mapping[str, Any], found: list[Issue]) -> list[Row]:
    """Every domain once, the one of the column too; shared ones are none."""
    domains = {row["domain"]} if row.get("domain") else set()
    for _, from_, read, _ in reading.domains:
        for one in _several(fields.get(from_ or "")):
            domain, reason = read(one)
            if reason is not None:
                found.append(_issue("refused_value", reading, row["id"], from_, f"one domain is left out: {reason}"))
            domains |= {domain} - {None}
    return [_base(reading, row["id"]) | {"domain": domain} for domain in sorted(domains)]


def _several(value: Any) -> list[Any]:
    """The parts of a list, or of a text with `;` or `,` between them."""
    if isinstance(value, str):
        return [part.strip() for part in re.split("[;,]", value) if part.strip()]
    return value if isinstance(value, list) else [] if value is None else [value]


def _roles(reading: Reading, id: str, fields: Mapping[str, Any]) -> Iterator[Row]:
    for role, ordinal, source in reading.roles:
        user = fields.get(source.user) if source.user else None
        email = fields.get(source.email_from) if source.email_from else source.email
        if user or email or source.manager_of:
            yield _base(reading, id) | {
                "role": role,
                "ordinal": ordinal,
                "user_ref": user or None,
                "email": email or None,
                "manager_of": source.manager_of,
            }
