"""Rows that the tests of decisions start from: an ordinary customer with its owner, scores and scorecard."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import Connection, Table

from mappings.models import Mappings
from warehouse import bulk, tables

AS_OF = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)
ACCOUNT = "01ACCOUNT00000000000000001"


def read(**company: Any) -> Mappings:
    """The mappings of the house, with these settings of the company changed."""
    folder = Path(__file__).parent.parent / "mappings"
    files = {
        name: yaml.safe_load((folder / f"{name}.yaml").read_text())
        for name in ("crmpulse", "scorecards", "segments", "playbooks", "salesforce", "product")
    }
    return Mappings.model_validate(
        {
            "company": {**files["crmpulse"], **company},
            "systems": {name: files[name] for name in ("salesforce", "product")},
            **{name: files[name] for name in ("scorecards", "segments", "playbooks")},
        }
    )


def put(conn: Connection, table: Table, *rows: Mapping[str, Any]) -> None:
    bulk.append(conn, table, rows)


def score(account_id: str = ACCOUNT, as_of: date = AS_OF, **columns: Any) -> dict[str, Any]:
    """A stored score of an ordinary customer, with these columns changed."""
    return {
        "account_id": account_id, "as_of": as_of, "version": "v1", "score": 70, "earned_points": 70, "known_points": 100,
        "coverage_pct": 100, "tier": "monitor", "state": "monitor", "state_since": as_of, "below_60": 0, "below_40": 0,
        "at_least_45": 1, "at_least_65": 1, "lifecycle": "customer", "reasons": "[]", "computed_at": NOW, **columns,
    }  # fmt: skip


def account(account_id: str = ACCOUNT, record: str = "001A", **columns: Any) -> dict[str, Any]:
    return {
        "account_id": account_id, "name": "Globex", "time_zone": "UTC", "customer": True, "excluded": False,
        "crm": "salesforce", "sources": "{}", "record": record, **columns,
    }  # fmt: skip


def customers(conn: Connection, *rows: Mapping[str, Any]) -> None:
    """Accounts with an id of ours and a linked Salesforce record each."""
    put(conn, tables.accounts, *rows)
    put(conn, tables.account_ids, *({"account_id": r["account_id"], "minted_at": NOW} for r in rows))
    put(conn, tables.links, *(link(r["account_id"], r["record"]) for r in rows if r["record"]))


def link(account_id: str, record: str, system: str = "salesforce") -> dict[str, Any]:
    return {
        "account_id": account_id,
        "system": system,
        "object": "Account",
        "external_id": record,
        "rule": "minted",
        "valid_from": NOW,
    }


def user(id_: str, email: str | None, active: bool = True, **columns: Any) -> dict[str, Any]:
    return {
        "system": "salesforce",
        "stream": "User",
        "id": id_,
        "name": (email or id_).split("@", maxsplit=1)[0].title(),
        "email": email,
        "active": active,
        "seen_at": NOW,
        **columns,
    }


def scorecard() -> list[dict[str, Any]]:
    """The first scorecard of the house as version v1."""
    card = read().scorecards.scorecards[0]
    return [
        {
            "version": "v1", "scorecard": card.name, "ordinal": n, "component": c.id, "label": c.label,
            "dimension": c.dimension, "points": c.points, "measure": c.measure, "at_least": c.at_least, "at_most": c.at_most,
        }
        for n, c in enumerate(card.components)
    ]  # fmt: skip


def component(
    id_: str, result: str, value: float | None = None, account_id: str = ACCOUNT, **columns: Any
) -> dict[str, Any]:
    """How a component stands from long ago on."""
    return {
        "account_id": account_id,
        "component": id_,
        "from_day": AS_OF - timedelta(days=60),
        "version": "v1",
        "result": result,
        "value": value,
        "reason": "",
        **columns,
    }


def role(record: str, role: str, ordinal: int = 0, **place: Any) -> dict[str, Any]:
    return {"system": "salesforce", "stream": "Account", "id": record, "role": role, "ordinal": ordinal, **place}


def contact(id_: str, name: str, role: str, record: str = "001A", **columns: Any) -> dict[str, Any]:
    return {
        "system": "salesforce",
        "stream": "Contact",
        "id": id_,
        "account_ref": record,
        "name": name,
        "role": role,
        "seen_at": NOW,
        **columns,
    }
