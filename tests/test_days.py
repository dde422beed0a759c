"""Lines of usage become typed rows; a day that comes again supersedes and never adds."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from tests.intake import at, land_lines
from warehouse import issues
from warehouse.intake.raw import Landed
from warehouse.tables import changed_accounts, deliveries, files, usage_days

DAY, NEXT = date(2026, 11, 18), date(2026, 11, 19)


def line(users: object = 5, day: object = "2026-11-18", workspace: object = "w1", **more: Any) -> dict[str, Any]:
    return {"workspace_id": workspace, "date": day, "active_users": users, **more}


def current(engine: Engine) -> list[tuple[Any, ...]]:
    c = usage_days.c
    rows = sa.select(c.account_ref, c.day, c.active_users, c.line).where(c.superseded_at.is_(None))
    with engine.connect() as conn:
        return [tuple(row) for row in conn.execute(rows.order_by(c.day, c.account_ref, c.line))]


def found(engine: Engine) -> list[tuple[str, str, str]]:
    with engine.connect() as conn:
        return sorted((row["kind"], row["subject"], row["field"]) for row in issues.open(conn))


def days_delivered(engine: Engine) -> list[date]:
    with engine.connect() as conn:
        return list(conn.scalars(sa.select(deliveries.c.day).order_by(deliveries.c.day)))


def test_a_redelivered_day_supersedes(warehouse: Engine) -> None:
    """The new file's lines are the day; the old ones stay with the moment at which they ended."""
    land_lines(warehouse, "usage", [line(5), line(6, workspace="w2"), line(7, day="2026-11-19")])
    assert land_lines(warehouse, "usage", [line(50)], minutes=1, file="usage/b.csv") == Landed(new=1)
    assert current(warehouse) == [("w1", DAY, 50, 2), ("w1", NEXT, 7, 4)]
    with warehouse.connect() as conn:
        ended = conn.execute(sa.select(usage_days.c.account_ref).where(usage_days.c.superseded_at == at(1))).scalars()
        assert sorted(ended) == ["w1", "w2"]
        assert sorted(conn.scalars(sa.select(changed_accounts.c.account_ref))) == ["w1", "w2"]
    assert days_delivered(warehouse) == [DAY, NEXT]


def test_pages_of_one_file_belong_together(warehouse: Engine) -> None:
    """The second page of a day adds to the first; landing both again adds nothing."""
    for expected in (Landed(new=2), Landed(unchanged=2)):
        assert land_lines(warehouse, "usage", [line(1), line(2, workspace="w2")]) == expected
        assert land_lines(warehouse, "usage", [line(3, workspace="w3")], first_line=4).refused == 0
    assert [row[0] for row in current(warehouse)] == ["w1", "w2", "w3"]
    with warehouse.connect() as conn:
        assert conn.execute(sa.select(files.c.rows, files.c.run)).all() == [(3, "run")]


def test_an_earlier_file_that_comes_again_counts_again(warehouse: Engine) -> None:
    """A correction taken back: the first file delivered once more is the newest delivery."""
    land_lines(warehouse, "usage", [line(5)])
    land_lines(warehouse, "usage", [line(50)], minutes=1, file="usage/b.csv")
    land_lines(warehouse, "usage", [line(5)], minutes=2)
    assert current(warehouse) == [("w1", DAY, 5, 2)]


@pytest.mark.parametrize(
    ("broken", "column"),
    [
        (line("many"), "active_users"),
        (line("-1"), "active_users"),
        (line("1.5"), "active_users"),
        (line(""), "active_users"),
        (line("99999999999"), "active_users"),
        (line(day="18.11.2026"), "date"),
        (line(day="2026-02-30"), "date"),
        (line(day=""), "date"),
        (line(workspace=""), "workspace_id"),
        (line(workspace="nul\0"), "workspace_id"),
        (line(user_email="nobody"), "user_email"),
    ],
)
def test_a_broken_line_is_refused_and_the_rest_loads(warehouse: Engine, broken: dict[str, Any], column: str) -> None:
    """The issue names file, line and column; the lines around it are stored."""
    lines = [line(1), broken, line(3, workspace="w3")]
    assert land_lines(warehouse, "usage", lines) == Landed(new=2, refused=1)
    assert [row[0] for row in current(warehouse)] == ["w1", "w3"]
    assert found(warehouse) == [("refused_line", "usage/a.csv:3", column)]


def test_a_repeated_key_is_refused(warehouse: Engine) -> None:
    """The second line about the same user of the same day would count it twice, also when it comes on another page."""
    lines = [line(1), line(2), line(3, department="Sales"), line(4, user_email="Ann@Acme.com")]
    assert land_lines(warehouse, "usage", lines) == Landed(new=3, refused=1)
    assert land_lines(warehouse, "usage", [line(5, user_email="ann@acme.com")], first_line=6) == Landed(refused=1)
    assert [row[2] for row in current(warehouse)] == [1, 3, 4]
    assert [subject for _, subject, _ in found(warehouse)] == ["usage/a.csv:3", "usage/a.csv:6"]


def test_a_day_without_a_good_line_is_not_replaced(warehouse: Engine) -> None:
    """A file that brings nothing usable for a day leaves the delivery before it as it was; an empty one leaves none."""
    land_lines(warehouse, "usage", [line(5)])
    land_lines(warehouse, "usage", [line("?")], minutes=1, file="usage/b.csv")
    land_lines(warehouse, "usage", [], minutes=2, file="usage/c.csv")
    assert current(warehouse) == [("w1", DAY, 5, 2)]
    assert days_delivered(warehouse) == [DAY]


def test_a_repaired_file_has_only_its_own_issues(warehouse: Engine) -> None:
    """The file comes again under its name: what was wrong with it before is resolved, what still is stays open."""
    land_lines(warehouse, "usage", [line("?"), line("?", workspace="w2")])
    land_lines(warehouse, "usage", [line(5), line("?", workspace="w2")], minutes=1, file_hash="repaired")
    assert found(warehouse) == [("refused_line", "usage/a.csv:3", "active_users")]


def test_features_and_limits_load_likewise(warehouse: Engine) -> None:
    """Every day-grained table has its own values and keys; numbers may have decimals where the column has."""
    use = {"workspace_id": "w1", "date": "2026-11-18", "feature": "reports", "uses": "9007199254740993"}
    assert land_lines(warehouse, "features", [use, use | {"feature": ""}]) == Landed(new=1, refused=1)
    limit = {"workspace_id": "w1", "date": "2026-11-18", "limit": "seats", "used": "8.5", "allowed": "10"}
    assert land_lines(warehouse, "limits", [limit, limit | {"allowed": "-1", "limit": "x"}]) == Landed(new=1, refused=1)
    with warehouse.connect() as conn:
        assert conn.scalar(sa.text("SELECT uses FROM feature_days")) == 9007199254740993
        assert conn.execute(sa.text("SELECT limit_name, used, allowed, product FROM limit_days")).one() == (
            "seats",
            8.5,
            10,
            "",
        )
