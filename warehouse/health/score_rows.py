"""What is stored of a scoring run: one row an account and day, with its standing; products and other days beside it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import cache, partial
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection, RowMapping

from mappings.models import Tiers
from warehouse import bulk, tables
from warehouse.health import history
from warehouse.health.states import Standing, next_state, tier_of

STANDING = ("state", "state_since", "below_60", "below_40", "at_least_45", "at_least_65", "insufficient_since")
"""Columns of score_history, in the order of a Standing."""

REMEMBERED = ", ".join(f"h.{column}" for column in ("account_id", "score", "previous_score", *STANDING))

EARLIER = f"""
    SELECT {REMEMBERED}
    FROM score_history h
    JOIN scored_accounts s ON s.account_id = h.account_id
    WHERE h.as_of = :last_day
    UNION ALL
    SELECT {REMEMBERED}
    FROM score_history h
    JOIN (
        SELECT o.account_id, MAX(o.as_of) AS as_of
        FROM score_history o
        JOIN scored_accounts s ON s.account_id = o.account_id
        WHERE o.as_of < :last_day
            AND s.account_id NOT IN (SELECT account_id FROM score_history WHERE as_of = :last_day)
        GROUP BY o.account_id
    ) last ON last.account_id = h.account_id AND last.as_of = h.as_of
"""  # noqa: S608
"""Each account's last score before the day: nearly always that of the last decided day, else an older one."""


Settle = Callable[[Standing | None, int | None], Standing]
"""What a score makes of the standing before it."""


class Earlier(NamedTuple):
    """What the next day needs to know of an account's last score."""

    score: int | None
    previous_score: int | None
    standing: Standing


def keep(conn: Connection, added_up: Sequence[RowMapping], tiers: Tiers, as_of: date, now: datetime) -> None:
    """Store the scores of as_of with their states, replacing those of an earlier run of the day."""
    earlier = _earlier(conn, as_of)
    settle = cache(partial(next_state, as_of=as_of, tiers=tiers))  # accounts with the same past and score share it
    same = {"as_of": as_of, "computed_at": now}
    rows = [_row(row, earlier.get(row["account_id"]), settle, tiers) | same for row in added_up]
    history.replace_scores(conn, tables.score_history.name, as_of)
    bulk.append(conn, tables.score_history, rows)
    bulk.analyze(conn, tables.score_history.name)


def keep_products(conn: Connection, added_up: Sequence[RowMapping], tiers: Tiers, as_of: date, now: datetime) -> None:
    """Store the scores of products on as_of, replacing those of an earlier run of the day."""
    history.replace_scores(conn, tables.product_scores.name, as_of)
    bulk.append(conn, tables.product_scores, [_product_row(row, tiers, as_of, now) for row in added_up])


def keep_reconstructed(
    conn: Connection, added_up: Sequence[RowMapping], tiers: Tiers, as_of: date, now: datetime
) -> None:
    """Store the scores of a day that is over beside those that were decided on."""
    table = tables.reconstructed_scores
    conn.execute(table.delete().where(table.c.as_of == as_of))
    bulk.append(conn, table, [_reconstructed(row, tiers, as_of, now) for row in added_up])


def _earlier(conn: Connection, as_of: date) -> Mapping[str, Earlier]:
    days = tables.decided_days
    last = conn.scalar(sa.select(sa.func.max(days.c.as_of)).where(days.c.as_of < as_of))
    if last is None:
        return {}
    query = sa.text(EARLIER).bindparams(sa.bindparam("last_day", last, sa.Date))
    found = conn.execute(query.columns(state_since=sa.Date, insufficient_since=sa.Date))
    return {row[0]: Earlier(row[1], row[2], Standing(*row[3:])) for row in found}


def _row(
    added_up: RowMapping,
    earlier: Earlier | None,
    settle: Callable[[Standing | None, int | None], Standing],
    tiers: Tiers,
) -> dict[str, Any]:
    score = added_up["score"]
    standing = settle(earlier.standing if earlier else None, score)
    return {
        "account_id": added_up["account_id"],
        "version": added_up["version"],
        "score": score,
        "earned_points": added_up["earned"],
        "known_points": added_up["known"],
        "coverage_pct": added_up["known"],
        "tier": tier_of(score, tiers),
        **dict(zip(STANDING, standing, strict=True)),
        "previous_score": _previous_score(score, earlier),
        "lifecycle": added_up["lifecycle"],
        "segment": added_up["segment"],
        "reasons": _reasons(added_up["reason_1"], added_up["reason_2"], added_up["reason_3"]),
    }


@cache
def _reasons(*components: str | None) -> str:
    return json.dumps([component for component in components if component])


def _previous_score(score: int | None, earlier: Earlier | None) -> int | None:
    """The value before the score last changed; a day without a score is skipped over."""
    if earlier is None:
        return None
    changed = earlier.score is not None and earlier.score != score
    return earlier.score if changed else earlier.previous_score


def _product_row(added_up: RowMapping, tiers: Tiers, as_of: date, now: datetime) -> dict[str, Any]:
    return {
        **_reconstructed(added_up, tiers, as_of, now),
        "product": added_up["product"],
        "earned_points": added_up["earned"],
        "reasons": _reasons(added_up["reason_1"], added_up["reason_2"], added_up["reason_3"]),
        "arr_reporting": added_up["arr_reporting"],
    }


def _reconstructed(added_up: RowMapping, tiers: Tiers, as_of: date, now: datetime) -> dict[str, Any]:
    return {
        "account_id": added_up["account_id"],
        "as_of": as_of,
        "version": added_up["version"],
        "score": added_up["score"],
        "known_points": added_up["known"],
        "tier": tier_of(added_up["score"], tiers),
        "computed_at": now,
    }
