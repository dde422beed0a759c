"""Every measure against rows worked out by hand (tests/measures/*.yaml), and the rules that keep its SQL portable."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from sqlalchemy import Connection, Engine

import mappings
from connectors.base import ConfigError
from mappings import reader
from tests import health
from warehouse import bulk, measures, tables
from warehouse.health import measuring, scored_products

FOLDER = Path(__file__).parent / "measures"
CORE_FEATURES = ["dashboards", "automations", "integrations", "reports", "api"]


def _cases() -> list[Any]:
    files = {path.stem: yaml.safe_load(path.read_text()) for path in sorted(FOLDER.glob("*.yaml"))}
    return [pytest.param(name, case, id=f"{name}: {case['name']}") for name, cases in files.items() for case in cases]


@pytest.mark.parametrize(("name", "case"), _cases())
def test_a_measure_returns_what_was_worked_out_by_hand(warehouse: Engine, name: str, case: dict[str, Any]) -> None:
    """Given rows and a day, a measure returns exactly the expected values; accounts that it leaves out are unknown.

    A value of a product that is scored on its own stands under `account/product`.
    """
    as_of = case.get("as_of", health.AS_OF)
    accounts = [{"account_id": a} if isinstance(a, str) else a for a in case.get("accounts", ["a"])]
    with warehouse.begin() as conn:
        health.add_accounts(conn, *(health.dated(account, as_of) for account in accounts))
        _score_them(conn, [account["account_id"] for account in accounts], case.get("products", []))
        for table, rows in case["rows"].items():
            if table == "deliveries":
                for delivery in rows:
                    first, last = delivery["days"]
                    health.deliver(conn, delivery["table"], range(first, last + 1), as_of)
            else:
                health.add(conn, table, rows, as_of)
        measure = measures.load()[name]
        ready = {
            "measure": name,
            "linked": "",
            "evaluated_as_of": as_of,
            "reason": "",
            "by_product": measure.by_product,
        }
        bulk.append(conn, tables.measure_readiness, [ready])
        measuring.run(conn, {name: measure}, lambda _what, _done, _of: None)
        found = health.rows(conn, tables.measure_values)
    values = {"/".join(filter(None, (row["account_id"], row["product"]))): row["value"] for row in found}
    assert values == pytest.approx(case["expected"])
    assert measure.by_product or not any(row["product"] for row in found)


def _score_them(conn: Connection, accounts: list[str], products: list[str]) -> None:
    """These accounts are scored, and these products of each of them on their own."""
    rows = [{"account_id": a, "lifecycle": "customer", "version": "", "linked": ""} for a in accounts]
    bulk.append(conn, tables.scored_accounts, rows)
    grains = [{"account_id": a, "product": p, "version": ""} for a in accounts for p in ("", *products)]
    bulk.append(conn, tables.scored_products, grains)
    conn.execute(sa.text(scored_products.LINKS))
    core = [{"product": p, "feature": feature} for p in ("", *products) for feature in CORE_FEATURES]
    bulk.append(conn, tables.core_features, core)


def test_every_measure_has_cases() -> None:
    """A measure without worked-out rows is not finished."""
    assert {path.stem for path in FOLDER.glob("*.yaml")} == set(measures.load())


def test_a_header_that_does_not_say_enough_is_refused_with_its_file(tmp_path: Path) -> None:
    """All mistakes of all headers come at once, each with its file."""
    (tmp_path / "logins.sql").write_text(
        "-- measure: login\n-- unit: days\n-- sources: usage_dayz\n-- direction: high\nSELECT 1"
    )
    (tmp_path / "bare.sql").write_text("SELECT 1")
    with pytest.raises(ConfigError) as refused:
        measures.load(tmp_path)
    message = str(refused.value)
    assert "bare.sql: the header lacks `-- measure: ...`" in message
    assert "logins.sql: `direction` is one of up, down, not high" in message
    assert "logins.sql: the header names the measure login" in message
    assert "logins.sql: there is no table or column usage_dayz" in message


FORBIDDEN = {
    "reading the clock": r"\b(now\(|current_date|current_timestamp|current_time|localtimestamp|today\(|getdate\()",
    "interval arithmetic": r"\binterval\b",
    "date functions": r"\b(date_diff|datediff|date_add|dateadd|date_sub|date_part|date_trunc|age|strftime|to_char|make_date)\b",
    "parts of dates other than the seconds of a duration": r"\bextract\((?!epoch from \()",
    "casts by colons": r"::",
    "QUALIFY": r"\bqualify\b",
    "FILTER": r"\bfilter\s*\(",
    "DISTINCT ON": r"\bdistinct\s+on\b",
    "GROUP BY ALL": r"\b(group|order)\s+by\s+all\b",
    "ILIKE and regular expressions": r"\b(ilike|similar\s+to|regexp_\w+)\b|~",
    "lists, structs and JSON": r"\[|\{|\bunnest\b|\barray\b|->|\bjson",
    "approximate or engine-only aggregates": r"\b(approx_\w+|arg_max|arg_min|max_by|min_by|any_value|first|last|mode|median|quantile\w*)\s*\(",
    "IF and IFNULL": r"\b(if|ifnull|nvl|iif)\s*\(",
    "SELECT *": r"select\s+\*",
    "LIMIT": r"\blimit\b",
    "reading the raw tables instead of the views": r"\b(from|join)\s+(usage_days|feature_days|limit_days|tickets|touchpoints|contacts|goals|plan_features|surveys|subscriptions|opportunities)\b",
    "writing": r"\b(insert|update|delete|merge|create|drop)\b",
}
ORDERED_WITHOUT_NULLS = re.compile(r"order\s+by\s+[\w.]+(\s+(asc|desc))?(?!\s+(asc|desc|nulls)|[\w.])", re.I)


@pytest.mark.parametrize("name", sorted(measures.load()))
def test_measures_stay_in_the_sql_that_both_engines_share(name: str) -> None:
    """No measure reads the clock or uses what only one engine understands, and NULL order is always spelled out."""
    sql = measures.load()[name].sql
    found = [rule for rule, pattern in FORBIDDEN.items() if re.search(pattern, sql, re.I)]
    assert found == []
    assert not ORDERED_WITHOUT_NULLS.search(sql), "say NULLS FIRST or NULLS LAST"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT x::int",
        "SELECT day - INTERVAL 1 DAY",
        "SELECT now()",
        "SELECT COUNT(*) FILTER (WHERE a)",
        "SELECT * FROM t",
        "SELECT 1 FROM usage_days",
        "SELECT EXTRACT(DAY FROM (a - b))",
    ],
)
def test_the_portability_rules_notice(sql: str) -> None:
    """The rules find what they forbid."""
    assert [rule for rule, pattern in FORBIDDEN.items() if re.search(pattern, sql, re.I)]


def test_a_window_that_leaves_null_order_open_is_noticed() -> None:
    """The rule about NULL order finds an ORDER BY without one and lets one with it pass."""
    assert ORDERED_WITHOUT_NULLS.search("OVER (ORDER BY day DESC)")
    assert not ORDERED_WITHOUT_NULLS.search("OVER (ORDER BY day DESC NULLS LAST)")


def test_a_measure_sees_only_the_rows_that_are_valid_now(warehouse: Engine) -> None:
    """Superseded rows, ended links and unscored accounts are invisible; two merges in a row are followed."""
    with warehouse.begin() as conn:
        health.add_accounts(conn, "kept", "first", "second", "unscored")
        for old, new in (("first", "second"), ("second", "kept")):
            ids = tables.account_ids
            conn.execute(ids.update().where(ids.c.account_id == old).values(merged_into=new))
        bulk.append(
            conn, tables.scored_accounts, [{"account_id": "kept", "lifecycle": "customer", "version": "", "linked": ""}]
        )
        health.add(conn, "usage_days", [{"account": a, "day": -1} for a in ("first", "second", "kept", "unscored")])
        health.add(conn, "usage_days", [{"account": "kept", "day": -2, "superseded_at": health.NOW}])
        links = tables.links
        conn.execute(links.update().where(links.c.account_id == "second").values(valid_to=health.NOW))
        seen = conn.execute(sa.text("SELECT account_ref, account_id FROM account_usage ORDER BY account_ref")).all()
    assert [tuple(row) for row in seen] == [("first", "kept"), ("kept", "kept")]


def test_only_what_a_file_names_is_measured() -> None:
    """A measure runs where a scorecard, an alert or a playbook names it or a change of it, or where it always runs."""
    known = measures.load()
    configured = reader.load(Path(mappings.__file__).parent)
    components = {c.measure for card in configured.scorecards.scorecards for c in card.components}
    assert components <= set(measures.used(known, configured))
    assert {"limit_used_pct", "departments_active_28", "csat_90", "nps_365"} <= set(measures.used(known, configured))
    assert "stickiness_28" not in measures.used(known, configured)
    (card,) = configured.scorecards.scorecards
    sticky = card.components[0].model_copy(update={"measure": "stickiness_28"})
    cards = [card.model_copy(update={"components": [sticky, *card.components[1:]]})]
    named = configured.model_copy(update={"scorecards": configured.scorecards.model_copy(update={"scorecards": cards})})
    assert "stickiness_28" in measures.used(known, named)
