"""What a CRM should hold because of us: rows in, desired rows out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import Connection, Engine, Table

from mappings.models import Mappings
from warehouse import bulk, desired, tables
from warehouse.desired import DesiredRows

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


def user(id_: str, email: str, active: bool = True, **columns: Any) -> dict[str, Any]:
    return {
        "system": "salesforce",
        "stream": "User",
        "id": id_,
        "name": email.split("@", maxsplit=1)[0].title(),
        "email": email,
        "active": active,
        "seen_at": NOW,
        **columns,
    }


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
    """Score, change against the nearest stored day a week ago, segment of the pushed scheme, reasons in words."""
    with warehouse.begin() as conn:
        customers(conn, account())
        put(
            conn,
            tables.score_history,
            score(score=55, previous_score=65, tier="at_risk", reasons='["no_critical_ticket", "usage_trend"]'),
            score(as_of=AS_OF - timedelta(days=6), score=90),
            score(as_of=AS_OF - timedelta(days=9), score=80),
            score(as_of=AS_OF - timedelta(days=30), score=20),
        )
        put(
            conn,
            tables.segment_history,
            {"account_id": ACCOUNT, "scheme": "rank", "from_day": date(2026, 11, 1), "segment": "high_touch"},
            {"account_id": ACCOUNT, "scheme": "threshold", "from_day": date(2026, 11, 1), "segment": "smb"},
        )
        card = read().scorecards.scorecards[0]
        put(
            conn,
            tables.scorecards,
            *(
                {
                    "version": "v1",
                    "scorecard": card.name,
                    "ordinal": n,
                    "component": c.id,
                    "label": c.label,
                    "dimension": c.dimension,
                    "points": c.points,
                    "measure": c.measure,
                    "at_least": c.at_least,
                    "at_most": c.at_most,
                }
                for n, c in enumerate(card.components)
            ),
        )
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
