"""Segments: rank cut once a month with ties upwards, thresholds half-open, children as their parents (D9, D10)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

import mappings
from mappings import reader
from mappings.models import Mappings
from tests import health
from warehouse import tables
from warehouse.health import segments

FIRST = date(2026, 11, 20)


@pytest.fixture(scope="module")
def configured() -> Mappings:
    return reader.load(Path(mappings.__file__).parent)


def _add(conn: Connection, **arr: Any) -> None:
    """Customers by name with their ARR in the reporting currency, or with more columns than that."""
    health.add_accounts(
        conn, *({"account_id": a, **(v if isinstance(v, dict) else {"arr_reporting": v})} for a, v in arr.items())
    )


def _set(conn: Connection, account: str, **values: Any) -> None:
    conn.execute(tables.accounts.update().where(tables.accounts.c.account_id == account).values(**values))


def _now(conn: Connection, scheme: str = "rank") -> dict[str, str]:
    rows = health.rows(conn, tables.segment_history, "account_id")
    return {row["account_id"]: row["segment"] for row in rows if row["scheme"] == scheme and row["to_day"] is None}


def test_the_top_fifth_and_the_next_three_tenths(warehouse: Engine, configured: Mappings) -> None:
    """Of ten accounts two are high-touch and three mid-touch; rank, cut-offs and population are kept."""
    with warehouse.begin() as conn:
        _add(conn, **{f"a{n}": 1000 * (10 - n) for n in range(10)})
        segments.place(conn, configured, FIRST)
        assert _now(conn) == {
            **dict.fromkeys(["a0", "a1"], "high_touch"),
            **dict.fromkeys(["a2", "a3", "a4"], "mid_touch"),
            **dict.fromkeys(["a5", "a6", "a7", "a8", "a9"], "low_touch"),
        }
        (cut,) = health.rows(conn, tables.segment_cuts)
        assert cut == {
            "as_of": FIRST,
            "population": 10,
            "high_touch_arr": Decimal(9000),
            "mid_touch_arr": Decimal(6000),
        }
        ranks = {
            r["account_id"]: (r["arr_rank"], r["population"])
            for r in health.rows(conn, tables.segment_history)
            if r["scheme"] == "rank"
        }
        assert ranks["a0"] == (1, 10)
        assert ranks["a9"] == (10, 10)


def test_equal_arr_moves_together_upwards(warehouse: Engine, configured: Mappings) -> None:
    """The second and third of six have equal ARR: rank 2 of ceil(1.2) = 2 takes both along."""
    with warehouse.begin() as conn:
        _add(conn, a=900, b=500, c=500, d=400, e=300, f=200)
        segments.place(conn, configured, FIRST)
        assert _now(conn) == {
            "a": "high_touch",
            "b": "high_touch",
            "c": "high_touch",
            "d": "low_touch",
            "e": "low_touch",
            "f": "low_touch",
        }


def test_only_active_paying_top_level_accounts_with_known_arr_are_ranked(
    warehouse: Engine, configured: Mappings
) -> None:
    """Children take the segment of their top; nobody else has one, and nobody else counts."""
    with warehouse.begin() as conn:
        _add(
            conn,
            big=1000,
            small=10,
            unknown={},
            free=0,
            partner={"arr_reporting": 9999, "excluded": True},
            churned={"arr_reporting": 9999, "customer": False},
            undecided={"arr_reporting": 9999, "customer": None},
            child={"arr_reporting": 5, "parent_id": "big"},
            grandchild={"arr_reporting": 99999, "parent_id": "child"},
            orphan={"arr_reporting": 99999, "parent_id": "churned"},
        )
        segments.place(conn, configured, FIRST)
        assert _now(conn) == {
            "big": "high_touch",
            "child": "high_touch",
            "grandchild": "high_touch",
            "small": "low_touch",
        }
        assert health.rows(conn, tables.segment_cuts)[0]["population"] == 2


def test_parents_in_a_circle_have_no_segment(warehouse: Engine, configured: Mappings) -> None:
    """Two accounts that name each other as parent end nothing but their own segment."""
    with warehouse.begin() as conn:
        _add(conn, a={"arr_reporting": 5, "parent_id": "b"}, b={"arr_reporting": 5, "parent_id": "a"}, c=7)
        segments.place(conn, configured, FIRST)
        assert _now(conn) == {"c": "high_touch"}


def test_between_cuts_only_newcomers_are_placed(warehouse: Engine, configured: Mappings) -> None:
    """A newcomer goes by the stored cut-offs, whose ARR changed stays, until the first run of the next month."""
    with warehouse.begin() as conn:
        _add(conn, a=1000, b=800, c=600, d=400, e=200)
        segments.place(conn, configured, FIRST)
        _set(conn, "e", arr_reporting=5000)
        _add(conn, new=900, rich=1000)
        segments.place(conn, configured, date(2026, 11, 30))
        between = _now(conn)
        segments.place(conn, configured, date(2026, 12, 3))
        after = _now(conn)
        assert [cut["as_of"] for cut in health.rows(conn, tables.segment_cuts, "as_of")] == [FIRST, date(2026, 12, 3)]
    assert between == {
        "a": "high_touch",
        "b": "mid_touch",
        "c": "mid_touch",
        "d": "low_touch",
        "e": "low_touch",
        "new": "mid_touch",
        "rich": "high_touch",
    }
    assert after == {
        "e": "high_touch",
        "a": "high_touch",
        "rich": "high_touch",
        "new": "mid_touch",
        "b": "low_touch",
        "c": "low_touch",
        "d": "low_touch",
    }


def test_a_segment_ends_the_day_before_the_account_is_gone(warehouse: Engine, configured: Mappings) -> None:
    """A churned account has no segment; its last interval says until when it had one."""
    with warehouse.begin() as conn:
        _add(conn, a=1000, b=800)
        segments.place(conn, configured, FIRST)
        _set(conn, "b", customer=False)
        segments.place(conn, configured, date(2026, 11, 25))
        ended = [r for r in health.rows(conn, tables.segment_history, "scheme") if r["account_id"] == "b"]
        assert [(r["scheme"], r["to_day"]) for r in ended] == [
            ("rank", date(2026, 11, 24)),
            ("threshold", date(2026, 11, 24)),
        ]
        assert _now(conn) == {"a": "high_touch"}


def test_running_a_day_again_gives_what_one_run_would_have(warehouse: Engine, configured: Mappings) -> None:
    """The second run of the day replaces the first: the cut too, and without leaving traces."""
    with warehouse.begin() as conn:
        _add(conn, a=1000, b=800)
        segments.place(conn, configured, FIRST)
        _set(conn, "b", arr_reporting=2000)
        segments.place(conn, configured, FIRST)
        assert _now(conn) == {"a": "low_touch", "b": "high_touch"}
        assert len(health.rows(conn, tables.segment_history)) == 4
        assert health.rows(conn, tables.segment_cuts)[0]["high_touch_arr"] == Decimal(2000)


def test_thresholds_are_half_open(warehouse: Engine, configured: Mappings) -> None:
    """The least ARR of a segment belongs to it; without ARR there is none; a child goes by its own."""
    with warehouse.begin() as conn:
        _add(
            conn,
            zero=0,
            almost="9999.9999",
            mid=10_000,
            below=Decimal("49999.99"),
            enterprise=50_000,
            strategic=500_000,
            unknown={},
            child={"arr_reporting": 20_000, "parent_id": "strategic"},
        )
        segments.place(conn, configured, FIRST)
        assert _now(conn, "threshold") == {
            "zero": "smb",
            "almost": "smb",
            "mid": "mid_market",
            "below": "mid_market",
            "enterprise": "enterprise",
            "strategic": "strategic",
            "child": "mid_market",
        }


def test_without_anybody_to_rank_the_cut_waits(warehouse: Engine, configured: Mappings) -> None:
    """A first run without customers (their source was down) cuts nothing; the first one with customers does."""
    with warehouse.begin() as conn:
        segments.place(conn, configured, FIRST)
        assert health.rows(conn, tables.segment_cuts) == []
        _add(conn, a=1000, b=900)
        segments.place(conn, configured, date(2026, 11, 21))
        assert _now(conn) == {"a": "high_touch", "b": "low_touch"}
