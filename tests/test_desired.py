"""What a CRM should hold because of us: rows in, desired rows out."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from mappings.models import Mappings
from tests.decision_rows import ACCOUNT, AS_OF, account, customers, link, put, read, score, scorecard
from warehouse import desired, tables
from warehouse.desired import DesiredRows


def wanted(conn: Connection, push: str, mappings: Mappings | None = None) -> DesiredRows:
    mappings = mappings or read()
    return desired.rows(conn, mappings, "salesforce", mappings.systems["salesforce"].push[push])


def test_every_linked_record_of_a_customer_gets_the_score(warehouse: Engine) -> None:
    """An account with two records in the CRM has two rows; one without a record has none."""
    with warehouse.begin() as conn:
        customers(conn, account(), account("02", record="", name="Nowhere"))
        put(conn, tables.links, link(ACCOUNT, "001B"))
        put(conn, tables.score_history, score(), score("02"))
        rows = wanted(conn, "account_health").decisions()
    assert sorted((r.row_key, r.account_id, r.external_id) for r in rows) == [
        (f"{ACCOUNT}:001A", ACCOUNT, "001A"),
        (f"{ACCOUNT}:001B", ACCOUNT, "001B"),
    ]


@pytest.mark.parametrize(
    ("later", "same"),
    [
        ({"coverage_pct": 90}, True),
        ({"previous_score": 60}, True),
        ({"reasons": '["usage_trend", "champion"]'}, True),
        ({"score": 75}, False),
        ({"tier": "healthy"}, False),
        ({"state": "healthy"}, False),
        ({"reasons": '["champion"]'}, False),
    ],
)
def test_only_a_new_decision_is_written(warehouse: Engine, later: dict[str, Any], same: bool) -> None:
    """Coverage, wording, order of reasons and the passing of a day alone change nothing; score, tier, state and reasons do."""
    first = score(as_of=AS_OF - timedelta(days=1), reasons='["champion", "usage_trend"]')
    with warehouse.begin() as conn:
        customers(conn, account())
        put(conn, tables.score_history, first)
        before = wanted(conn, "account_health").decisions()[0]
        put(conn, tables.score_history, {**first, "as_of": AS_OF, **later})
        after = wanted(conn, "account_health").decisions()[0]
    assert (before.decision == after.decision) is same
    assert (before.as_of, after.as_of) == (AS_OF - timedelta(days=1), AS_OF)


def test_the_columns_of_an_account(warehouse: Engine) -> None:
    """Score, change against the nearest stored day a week ago, segment, reasons in words."""
    with warehouse.begin() as conn:
        customers(conn, account())
        put(
            conn,
            tables.score_history,
            score(
                score=55,
                previous_score=65,
                tier="at_risk",
                segment="high_touch",
                reasons='["no_critical_ticket", "usage_trend"]',
            ),
            score(as_of=AS_OF - timedelta(days=6), score=90),
            score(as_of=AS_OF - timedelta(days=9), score=80),
            score(as_of=AS_OF - timedelta(days=30), score=20),
        )
        put(conn, tables.scorecards, *scorecard())
        put(
            conn,
            tables.component_history,
            {
                "account_id": ACCOUNT,
                "component": "no_critical_ticket",
                "from_day": AS_OF,
                "version": "v1",
                "result": "failed",
                "value": 2.0,
                "reason": "",
            },
            {
                "account_id": ACCOUNT,
                "component": "usage_trend",
                "from_day": date(2026, 11, 3),
                "version": "v1",
                "result": "failed",
                "value": 0.66,
                "reason": "",
            },
            {
                "account_id": ACCOUNT,
                "component": "champion",
                "from_day": date(2026, 11, 3),
                "to_day": date(2026, 11, 19),
                "version": "v1",
                "result": "failed",
                "value": 0.0,
                "reason": "",
            },
        )
        rows = wanted(conn, "account_health")
        columns = rows.columns([f"{ACCOUNT}:001A"])[f"{ACCOUNT}:001A"]
    detail = columns.pop("detail") if isinstance(columns, dict) else ""
    assert columns == {
        "account_id": ACCOUNT, "external_id": "001A", "score": 55, "previous_score": 65, "tier": "at_risk",
        "state": "monitor", "coverage_pct": 100, "segment": "high_touch", "reason_1": "2 critical tickets open",
        "reason_2": "active users down 34% in 28 days", "reason_3": None, "weekly_change": -25, "as_of": AS_OF,
    }  # fmt: skip
    assert "No critical ticket (0 of 10): 2 critical tickets open" in detail
    assert "hampion" not in detail
