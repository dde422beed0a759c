"""What stands beside a score in the CRM: roll-ups and overrides, in fields of their own."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from mappings.models import Mappings, PushField
from tests.decision_rows import ACCOUNT, AS_OF, account, customers, put, read, score, scorecard
from warehouse import desired, tables

DAY = timedelta(days=1)
ROW = f"{ACCOUNT}:001A"


def _showing(*columns: str) -> Mappings:
    """The mappings of the house, with these columns mapped into fields of the account."""
    mappings = read()
    salesforce = mappings.systems["salesforce"]
    push = salesforce.push["account_health"]
    fields = {**push.fields, **{f"Crmpulse_{c}__c": PushField(from_=c, on_null="clear") for c in columns}}
    pushes = {**salesforce.push, "account_health": push.model_copy(update={"fields": fields})}
    systems = {**mappings.systems, "salesforce": salesforce.model_copy(update={"push": pushes})}
    return mappings.model_copy(update={"systems": systems})


def _wanted(conn: Connection, mappings: Mappings) -> Any:
    return desired.rows(conn, mappings, "salesforce", mappings.systems["salesforce"].push["account_health"])


def _stand_beside(conn: Connection) -> None:
    customers(conn, account(), account("02", record="", name="Globex Benelux"))
    put(conn, tables.scorecards, *scorecard())
    put(conn, tables.score_history, score())
    rollup = {"account_id": ACCOUNT, "from_day": AS_OF - 3 * DAY, "members": 2}
    put(
        conn,
        tables.rollup_history,
        {**rollup, "kind": "children", "score": 66, "worst": "02", "worst_score": 20},
        {**rollup, "kind": "products", "score": None, "worst": "desk", "worst_score": 35},
        {**rollup, "kind": "products", "score": 9, "worst": "old", "worst_score": 1, "to_day": AS_OF - DAY},
    )
    put(
        conn,
        tables.override_history,
        {
            "account_id": ACCOUNT, "from_day": AS_OF, "tier": "at_risk", "owner": "dana@example.com",
            "reason": "new CFO", "until": date(2026, 12, 31), "source": "salesforce",
        },
    )  # fmt: skip


def test_roll_ups_and_overrides_are_columns_of_their_own(warehouse: Engine) -> None:
    """The worst child by its name, the override in words; the score of the account is what it was."""
    with warehouse.begin() as conn:
        _stand_beside(conn)
        columns = _wanted(conn, read()).columns([ROW])[ROW]
    expected = {
        "score": 70, "tier": "monitor", "children_score": 66, "worst_child": "Globex Benelux", "worst_child_score": 20,
        "products_score": None, "worst_product": "desk", "worst_product_score": 35, "override_tier": "at_risk",
        "override": "at risk until 31 Dec 2026, says dana@example.com: new CFO",
    }  # fmt: skip
    assert {name: columns[name] for name in expected} == expected
    assert columns["detail"].endswith(
        "Beside the score:\n"
        "- Children: 66 of 100, weighted by ARR; the worst is Globex Benelux with 20\n"
        "- Products: no ARR known to weigh them by; the worst is desk with 35\n"
        "- A person's view: at risk until 31 Dec 2026, says dana@example.com: new CFO"
    )


def test_a_change_beside_the_score_is_written_only_where_it_is_shown(warehouse: Engine) -> None:
    """Without a field for it nothing is written because a child got worse; with one it is."""
    shown, hidden = _showing("worst_child_score"), read()
    with warehouse.begin() as conn:
        _stand_beside(conn)
        before = [_wanted(conn, mappings).decisions()[0].decision for mappings in (shown, hidden)]
        conn.execute(sa.update(tables.rollup_history).values(worst_score=10))
        after = [_wanted(conn, mappings).decisions()[0].decision for mappings in (shown, hidden)]
    assert [was == now for was, now in zip(before, after, strict=True)] == [False, True]
