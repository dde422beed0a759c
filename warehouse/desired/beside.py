"""What stands beside an account's own score: its children and products in one number each, and what people say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from mappings.models import PushMapping
from warehouse.health.words import STATE_WORDS
from warehouse.work.templates import day

COLUMNS = (
    "children_score",
    "worst_child",
    "worst_child_score",
    "products_score",
    "worst_product",
    "worst_product_score",
    "override_tier",
    "override",
)

NOTHING: Mapping[str, Any] = dict.fromkeys(COLUMNS)

_WORST = {"children": "worst_child", "products": "worst_product"}

_ROLLUPS = """
SELECT r.account_id, r.kind, r.score, COALESCE(a.name, r.worst) AS worst, r.worst_score
FROM rollup_history r
LEFT JOIN accounts a ON r.kind = 'children' AND a.account_id = r.worst
WHERE r.from_day <= :as_of AND (r.to_day IS NULL OR r.to_day >= :as_of)
"""
_OVERRIDES = """
SELECT account_id, tier, owner, reason, until FROM override_history
WHERE from_day <= :as_of AND (to_day IS NULL OR to_day >= :as_of)
"""


def mapped(push: PushMapping | None) -> bool:
    """Whether the CRM shows any of it; only then does a change of it write an account."""
    return push is not None and any(field.from_ in COLUMNS for field in push.fields.values())


def columns(conn: Connection, as_of: date) -> Mapping[str, Mapping[str, Any]]:
    """The columns of every account that has something beside its score on a day; NULL for what an account lacks."""
    found: defaultdict[str, dict[str, Any]] = defaultdict(lambda: dict(NOTHING))
    for row in conn.execute(text(_ROLLUPS), {"as_of": as_of}):
        worst = _WORST[row.kind]
        found[row.account_id] |= {f"{row.kind}_score": row.score, worst: row.worst, f"{worst}_score": row.worst_score}
    for row in conn.execute(text(_OVERRIDES), {"as_of": as_of}):
        found[row.account_id] |= {"override_tier": row.tier, "override": said(row)}
    return found


def said(override: Any) -> str:
    """An override in words."""
    return f"{STATE_WORDS[override.tier]} until {day(override.until)}, says {override.owner}: {override.reason}"


def section(shown: Mapping[str, Any]) -> str:
    """The same as a paragraph of the long text, with the empty line before it; nothing where there is nothing."""
    said = [_rolled_up("Children", "children_score", "worst_child", shown)]
    said.append(_rolled_up("Products", "products_score", "worst_product", shown))
    if shown["override"]:
        said.append(f"- A person's view: {shown['override']}")
    lines = [line for line in said if line]
    return "\n\nBeside the score:\n" + "\n".join(lines) if lines else ""


def _rolled_up(title: str, score: str, worst: str, shown: Mapping[str, Any]) -> str:
    if shown[worst] is None:
        return ""
    mean = "no ARR known to weigh them by" if shown[score] is None else f"{shown[score]} of 100, weighted by ARR"
    return f"- {title}: {mean}; the worst is {shown[worst]} with {shown[f'{worst}_score']}"
