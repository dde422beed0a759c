"""Pages and pulls for the intake tests: records go in as a connector would bring them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from connectors.base import Page, Record
from mappings import reader, streams
from mappings.models import Mappings
from warehouse import conform
from warehouse.conform import Conformed
from warehouse.intake import days, raw
from warehouse.intake.raw import Landed

START = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)

MAPPINGS = reader.load(Path(reader.__file__).parent)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def page(records: Sequence[Record], minutes: float = 0, **more: Any) -> Page:
    """A page that was asked for so many minutes after the start; its bookmark counts them."""
    return Page(records, {"minutes": minutes}, at(minutes), **more)


def land(
    engine: Engine,
    stream: str,
    records: Sequence[Record | Mapping[str, Any]],
    minutes: float = 0,
    system: str = "salesforce",
    mappings: Mappings = MAPPINGS,
    **more: Any,
) -> Landed:
    """Land one page of a stream of the mappings; a plain mapping is a record with an Id."""
    full = [r if isinstance(r, Record) else Record(str(r["Id"]), r) for r in records]
    mapping = mappings.systems[system]
    asked = streams.streams(mapping)[stream]
    pushed, key = streams.pushed_fields(mapping, asked.object), streams.key_field(mapping, asked.object)
    pages = [page(full, minutes, **more)]
    with engine.begin() as conn:
        return raw.land(conn, system, asked, mapping.pull[stream], pushed, key, pages, at(minutes), "run")


def land_lines(
    engine: Engine,
    stream: str,
    lines: Sequence[Mapping[str, Any]],
    minutes: float = 0,
    file: str = "usage/a.csv",
    first_line: int = 2,
    file_hash: str = "",
    mappings: Mappings = MAPPINGS,
) -> Landed:
    """Land a page of lines of a product file; its hash is its name unless told."""
    records = [Record("", line, line=n) for n, line in enumerate(lines, first_line)]
    delivered = page(records, minutes, file=file, file_hash=file_hash or file)
    with engine.begin() as conn:
        return days.land(
            conn, "product", stream, mappings.systems["product"].pull[stream], delivered, at(minutes), "run"
        )


def conformed(engine: Engine, minutes: float = 60, mappings: Mappings = MAPPINGS) -> Conformed:
    with engine.begin() as conn:
        return conform.conform(conn, mappings, at(minutes))
