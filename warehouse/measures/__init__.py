"""One SQL file a measure: what it says about itself in its header, and how it is run for a day."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from connectors.base import ConfigError
from mappings.models import Mappings
from warehouse import tables

FOLDER = Path(__file__).parent
DEFAULT_WINDOW_DAYS = 7

HEADER = re.compile(r"^-- (\w+): (.+)$")
DAYS_BEFORE = re.compile(r":as_of_minus_(\d+)\b")
WORD = re.compile(r"\w+")
REQUIRED = ("measure", "unit", "sources", "direction")
ALLOWED = {
    "direction": ("up", "down"),
    "needs": ("every day", "last day"),
    "known": ("linked", "connected"),
    "grain": ("account", "product"),
    "run": ("when used", "always"),
}


@dataclass(frozen=True, slots=True)
class SourceColumn:
    """A table of ours that must be fed, and the column that its mapping must fill ("" where any will do)."""

    table: str
    column: str = ""


@dataclass(frozen=True, slots=True)
class Measure:
    """A number per account and day, as its file declares it."""

    name: str
    unit: str
    sources: tuple[SourceColumn, ...]
    also: tuple[SourceColumn, ...]
    """Read where they are connected, and then as fresh as the sources; their absence leaves the measure known."""
    window_days: int
    """How long the last fresh value is kept while a source is late."""
    every_day: bool
    """Each day of the window must have been delivered (it is counted over), not only the last one."""
    connected_is_enough: bool
    """Known for accounts without a link into a source too."""
    higher_is_better: bool
    by_product: bool
    """It has a value for each product that is scored on its own, beside the one for the account."""
    always: bool
    """Measured in every run, whether a file names it or not: decisions or later reports read its history."""
    sql: str


@cache
def load(folder: Path = FOLDER) -> Mapping[str, Measure]:
    """Every measure of the folder by name, or one ConfigError that lists what is wrong with their headers."""
    mistakes: list[str] = []
    found = {path.stem: _read(path, mistakes) for path in sorted(folder.glob("*.sql"))}
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    return {name: measure for name, measure in found.items() if measure}


def used(known: Mapping[str, Measure], mappings: Mappings) -> dict[str, Measure]:
    """The measures that the company's rules name, as in `nps_365` or `nps_365_rise_30`, and those that always run."""
    files = mappings.model_dump(mode="json", exclude={"company", "systems", "links"})
    words = {word for text in _texts(files) for word in WORD.findall(text)}
    return {
        name: measure
        for name, measure in known.items()
        if measure.always or name in words or any(word.startswith(f"{name}_") for word in words)
    }


def _texts(tree: Any) -> Iterator[str]:
    """Every text and every key of a file."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield str(key)
            yield from _texts(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _texts(value)
    elif isinstance(tree, str):
        yield tree


def binds(measure: Measure, as_of: date) -> list[sa.BindParameter[Any]]:
    """Everything that the measure's SQL names by a colon, bound for a day."""
    days = {f"as_of_minus_{n}": as_of - timedelta(days=int(n)) for n in DAYS_BEFORE.findall(measure.sql)}
    bound: list[sa.BindParameter[Any]] = [sa.bindparam(name, day, sa.Date) for name, day in days.items()]
    if ":as_of" in DAYS_BEFORE.sub("", measure.sql):
        bound.append(sa.bindparam("as_of", as_of, sa.Date))
    return bound


def _read(path: Path, mistakes: list[str]) -> Measure | None:
    lines = path.read_text(encoding="utf-8").splitlines()
    header = {m[1]: m[2].strip() for line in lines if (m := HEADER.match(line))}
    wrong = list(_mistakes(path.stem, header))
    mistakes += [f"{path.name}: {mistake}" for mistake in wrong]
    if wrong:
        return None
    return Measure(
        name=header["measure"],
        unit=header["unit"],
        sources=_columns(header["sources"]),
        also=_columns(header.get("also", "")),
        window_days=_window(header.get("window")) or DEFAULT_WINDOW_DAYS,
        every_day=header.get("needs") == "every day",
        connected_is_enough=header.get("known") == "connected",
        higher_is_better=header["direction"] == "up",
        by_product=header.get("grain") == "product",
        always=header.get("run") == "always",
        sql="\n".join(line for line in lines if not line.startswith("--")),
    )


def _mistakes(stem: str, header: Mapping[str, str]) -> list[str]:
    missing = [f"the header lacks `-- {name}: ...`" for name in REQUIRED if name not in header]
    if missing:
        return missing
    wrong = [
        f"`{name}` is one of {', '.join(values)}, not {header[name]}"
        for name, values in ALLOWED.items()
        if header.get(name, values[0]) not in values
    ]
    if header["measure"] != stem:
        wrong.append(f"the header names the measure {header['measure']}; it must be called like its file")
    if "window" in header and _window(header["window"]) is None:
        wrong.append(f"`window` is a number of days (`14 days`), not {header['window']}")
    wrong += [
        f"there is no table or column {source.table}.{source.column} to read from"
        for source in _columns(header["sources"]) + _columns(header.get("also", ""))
        if not _exists(source)
    ]
    return wrong


def _window(text: str | None) -> int | None:
    found = re.fullmatch(r"(\d+)( days)?", text or "")
    return int(found[1]) if found else None


def _columns(text: str) -> tuple[SourceColumn, ...]:
    return tuple(SourceColumn(*part.strip().split(".", 1)) for part in text.split(",") if part.strip())


def _exists(source: SourceColumn) -> bool:
    table = tables.account_records if source.table == "accounts" else _fed(source.table)
    return table is not None and (not source.column or source.column in table.columns)


def _fed(name: str) -> sa.Table | None:
    return tables.DAY_GRAINED.get(name, tables.FACTS.get(name))
