"""What people say about an account's health: beside the machine's score, with owner, reason and last day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from mappings.models import Mappings, Override
from warehouse import bulk, issues, tables
from warehouse.issues import Issue

KINDS = ("override_incomplete", "override_of_nobody")
IN_FILE = "scorecards.yaml"
LONGEST_REASON = 200
"""Characters, as in scorecards.yaml: it stands in the long text that a CRM holds."""

IN_SYSTEMS = """
    SELECT l.account_id, r.system, r.stream, r.id, r.override_tier AS tier, r.override_owner AS owner,
        r.override_reason AS reason, r.override_until AS until
    FROM account_records r
    JOIN account_links l ON l.system = r.system AND l.external_id = r.id
    WHERE r.override_tier IS NOT NULL
    ORDER BY r.system, r.id
"""
WHOSE = """
    SELECT DISTINCT account_id FROM account_links WHERE external_id = :account OR account_id = :account
"""

Row = dict[str, Any]


def gather(conn: Connection, mappings: Mappings, as_of: date, now: datetime) -> None:
    """Fill overrides with those that hold on as_of; the file wins over the systems, and these in their order."""
    found: list[Issue] = []
    rows: dict[str, Row] = {}
    for row in (*_in_file(conn, mappings, found), *_in_systems(conn, mappings, found)):
        if as_of <= row["until"]:
            rows.setdefault(row["account_id"], row)
    conn.execute(tables.overrides.delete())
    bulk.append(conn, tables.overrides, list(rows.values()))
    issues.restate(conn, KINDS, found, now)


def _in_file(conn: Connection, mappings: Mappings, found: list[Issue]) -> Iterator[Row]:
    for override in mappings.scorecards.overrides:
        accounts = conn.scalars(sa.text(WHOSE), {"account": override.account}).all()
        if len(accounts) == 1:
            yield {"account_id": accounts[0], "source": IN_FILE, **_said(override)}
        else:
            found.append(_of_nobody(override, len(accounts)))


def _said(override: Override) -> Row:
    return override.model_dump(exclude={"account"})


def _of_nobody(override: Override, accounts: int) -> Issue:
    many = "several accounts have" if accounts else "no account has"
    message = f"{many} the id {override.account}, so its override in {IN_FILE} is not shown; give the id of one account"
    return Issue("override_of_nobody", "", IN_FILE, override.account, "overrides", message)


def _in_systems(conn: Connection, mappings: Mappings, found: list[Issue]) -> list[Row]:
    order = {name: n for n, name in enumerate(mappings.company.systems)}
    query = sa.text(IN_SYSTEMS).columns(until=sa.Date)
    complete = []
    for row in sorted(conn.execute(query).mappings(), key=lambda row: order.get(row["system"], len(order))):
        missing = [name for name in ("owner", "reason", "until") if row[name] is None]
        if missing:
            fields = " and ".join(f"override_{name}" for name in missing)
            found.append(_incomplete(row, f"{fields} is empty; say who, why and until when"))
        elif len(row["reason"]) > LONGEST_REASON:
            found.append(_incomplete(row, f"its reason has more than {LONGEST_REASON} characters; say it shorter"))
        else:
            kept = {name: row[name] for name in ("account_id", "tier", "owner", "reason", "until")}
            complete.append({**kept, "source": row["system"]})
    return complete


def _incomplete(row: sa.RowMapping, because: str) -> Issue:
    message = f"the override {row['tier']} is not shown: {because}"
    return Issue("override_incomplete", row["system"], row["stream"], row["id"], "override_tier", message)
