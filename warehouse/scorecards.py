"""Scorecards as tables: points over measures, under a version that changes with everything that decides a score."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container, Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from connectors.base import ConfigError
from mappings import conditions
from mappings.models import Component, Scorecard, Scorecards
from warehouse import bulk, tables

DECIDES = ("id", "points", "measure", "at_least", "at_most")
"""What of a component decides; its words may change without making another scorecard of it."""


def version(card: Scorecard, settings: Scorecards) -> str:
    """The name of everything that turns measures into a tier under this card: 12 hex digits."""
    decides = [
        [component.model_dump(include=set(DECIDES), mode="json") for component in card.components],
        settings.model_dump(exclude={"scorecards"}, mode="json"),
    ]
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:12]


def load(conn: Connection, settings: Scorecards) -> None:
    """Keep every configured card under its version; those of earlier days stay."""
    rows = [row for card in settings.scorecards for row in _rows(card, version(card, settings))]
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


def assign(conn: Connection, settings: Scorecards) -> None:
    """Give every scored account the version of the first card whose condition holds; without one it is not scored."""
    scored = tables.scored_accounts
    first = settings.scorecards[0]
    if first.when is None:
        conn.execute(scored.update().values(version=version(first, settings)))
        return
    chosen = list(_chosen(conn, settings))
    columns = {"account_id": [account for account, _ in chosen], "version": [name for _, name in chosen]}
    with bulk.staged(conn, scored, bulk.arrow_columns(scored, **columns)) as stage:
        conn.execute(
            sa.text(
                f"UPDATE scored_accounts AS s SET version = c.version FROM {stage} c "  # noqa: S608
                "WHERE c.account_id = s.account_id"
            )
        )
    conn.execute(scored.delete().where(scored.c.version == ""))


def _chosen(conn: Connection, settings: Scorecards) -> Iterator[tuple[str, str]]:
    scored, accounts = tables.scored_accounts, tables.accounts
    query = sa.select(accounts, scored.c.lifecycle, scored.c.segment).join_from(
        scored, accounts, accounts.c.account_id == scored.c.account_id
    )
    versions = [(card.when, version(card, settings)) for card in settings.scorecards]
    for row in conn.execute(query).mappings():
        for when, name in versions:
            if when is None or conditions.holds(when, dict(row)):
                yield row["account_id"], name
                break


def _rows(card: Scorecard, name: str) -> Iterator[dict[str, Any]]:
    return (
        {"version": name, "scorecard": card.name, "ordinal": n, "component": component.id, **_columns(component)}
        for n, component in enumerate(card.components)
    )


def _columns(component: Component) -> dict[str, Any]:
    return component.model_dump(include={"label", "dimension", "points", "measure", "at_least", "at_most"})
