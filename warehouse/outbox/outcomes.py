"""How the changes of a run ended, from the ledger: for tables, `--json` and the exit status."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import orjson
from sqlalchemy import Connection, RowMapping, select, text

from warehouse.tables import change_fields, changes, drifts

_COUNTS = """
SELECT system, COALESCE(outcome, 'unknown') AS ended, count(*) FROM changes WHERE run = :run GROUP BY 1, 2
"""


def outcomes_of(conn: Connection, run: str) -> dict[str, Counter[str]]:
    """System -> outcome -> changes of the run; one that was cut off has no known outcome yet."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for system, ended, count in conn.execute(text(_COUNTS), {"run": run}):
        counts[system][ended] = count
    return dict(counts)


def changes_of(conn: Connection, run: str) -> list[dict[str, Any]]:
    """Every change of the run with its fields, before and after, by mapping and row."""
    of_run = changes.c.run == run
    in_order = (changes.c.push, changes.c.row_key, changes.c.change_id)
    found = conn.execute(select(changes).where(of_run).order_by(*in_order)).mappings().all()
    asked = select(change_fields).join(changes, changes.c.change_id == change_fields.c.change_id).where(of_run)
    fields: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in conn.execute(asked).mappings():
        fields[row["change_id"]].append(_with_values(row, "before", "after"))
    return [{**row, "fields": fields[row["change_id"]]} for row in found]


def drifts_of(conn: Connection, run: str) -> list[dict[str, Any]]:
    """Foreign edits that the run found in fields of ours: their value, and ours that was put back."""
    found = conn.execute(
        select(drifts).where(drifts.c.run == run).order_by(drifts.c.object, drifts.c.external_id, drifts.c.field)
    )
    return [_with_values(row, "ours", "theirs") for row in found.mappings()]


def _with_values(row: RowMapping, *columns: str) -> dict[str, Any]:
    return {**row, **{c: None if row[c] is None else orjson.loads(row[c]) for c in columns}}
