"""Scorecards as tables: points over measures, under a version that changes with everything that decides a score."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container, Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from connectors.base import ConfigError
from mappings.models import Component, Scorecard, Scorecards
from warehouse import bulk, tables
from warehouse.work import predicates

DECIDES = ("id", "points", "measure", "at_least", "at_most")
"""What of a component decides; its words may change without making another scorecard of it."""

SITUATIONS = f"""
    SELECT {", ".join(f"a.{column.name}" for column in tables.accounts.columns)}, s.lifecycle, s.segment
    FROM scored_accounts s
    JOIN accounts a ON a.account_id = s.account_id
"""  # noqa: S608
"""What the conditions of scorecards may look at."""

ASSIGN = """
    UPDATE scored_accounts AS s SET version = c.version
    FROM (SELECT account_id, {version} AS version FROM ({situations}) t) c
    WHERE c.account_id = s.account_id AND c.version IS NOT NULL
"""


def version(card: Scorecard, settings: Scorecards) -> str:
    """The name of everything that turns measures into a tier under this card: 12 hex digits."""
    decides = [
        [component.model_dump(include=set(DECIDES), mode="json") for component in card.components],
        settings.model_dump(exclude={"scorecards", "overrides"}, mode="json"),
        *([card.core_features] if card.core_features else []),
    ]
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:12]


def load(conn: Connection, settings: Scorecards) -> None:
    """Keep every configured card under its version; those of earlier days stay."""
    sums = {"assumed_known": assumed_known(settings), "least_known": settings.least_known_points}
    rows = [{**row, **sums} for card in settings.scorecards for row in _rows(card, version(card, settings))]
    bulk.replace(conn, tables.scorecards, rows, on=["version"])


def require_measures(settings: Scorecards, names: Container[str]) -> None:
    """ConfigError when a component asks for a measure that has no file."""
    for card in settings.scorecards:
        for component in card.components:
            if component.measure not in names:
                raise ConfigError(
                    f"scorecards.yaml: component {component.id} asks for the measure {component.measure}, "
                    f"and there is no warehouse/measures/{component.measure}.sql"
                )


def assumed_known(settings: Scorecards) -> int:
    """The points that count as known at least: all of them where what is missing scores nothing."""
    return 100 if settings.missing == "zero" else 0


def products(settings: Scorecards) -> list[str]:
    """The products that cards score on their own."""
    return sorted({card.product for card in settings.scorecards if card.product})


def assign(conn: Connection, settings: Scorecards) -> None:
    """Give every scored account the version of the first card whose condition holds; without one it is not scored."""
    version_of, binds = _first_that_fits([card for card in settings.scorecards if card.product is None], settings)
    conn.execute(sa.text(ASSIGN.format(version=version_of, situations=SITUATIONS)), binds)
    conn.execute(tables.scored_accounts.delete().where(tables.scored_accounts.c.version == ""))


def choice_of_product(settings: Scorecards) -> tuple[str, dict[str, Any]]:
    """The version of the card for `owned`, a product, of an account in its situation, as SQL; NULL without one."""
    return _first_that_fits([card for card in settings.scorecards if card.product], settings)


def _first_that_fits(cards: Sequence[Scorecard], settings: Scorecards) -> tuple[str, dict[str, Any]]:
    """A CASE over the cards in their order, with what it binds."""
    binds: predicates.Binds = {}
    chosen = []
    for card in cards:
        tests = [predicates.sql(card.when, str, binds)] if card.when else []
        if card.product:
            tests.append(f"owned = {predicates.bind(card.product, binds)}")
        chosen.append(f"WHEN {' AND '.join(tests) or 'TRUE'} THEN '{version(card, settings)}'")
    return f"CASE {' '.join(chosen)} END", binds


def _rows(card: Scorecard, name: str) -> Iterator[dict[str, Any]]:
    return (
        {"version": name, "scorecard": card.name, "ordinal": n, "component": component.id, **_columns(component)}
        for n, component in enumerate(card.components)
    )


def _columns(component: Component) -> dict[str, Any]:
    return component.model_dump(include={"label", "dimension", "points", "measure", "at_least", "at_most"})
