"""Conditions in SQL say what they say in Python, unknown included, on both engines."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from mappings import conditions
from warehouse.work import predicates

numbers = st.integers(-3, 3) | st.sampled_from([0.5, -1.25])
words = st.sampled_from(["a", "ab", "b", "it's", "%", ":x", "ä"])
tests = st.one_of(
    st.builds(lambda t, v: {"n": {t: v}}, st.sampled_from(["equals", "at_least", "at_most"]), numbers),
    st.builds(lambda t, v: {"n": {t: v}}, st.sampled_from(["in", "not_in"]), st.lists(numbers, min_size=1, max_size=3)),
    st.builds(lambda t, v: {"w": {t: v}}, st.sampled_from(["equals", "starts_with"]), words),
    st.builds(lambda t, v: {"w": {t: v}}, st.sampled_from(["in", "not_in"]), st.lists(words, min_size=1, max_size=3)),
    st.builds(lambda v: {"b": {"is": v}}, st.booleans()),
    st.builds(lambda c, v: {c: {"known": v}}, st.sampled_from(["n", "w", "b"]), st.booleans()),
)
trees = st.recursive(
    tests,
    lambda inner: st.one_of(
        st.builds(lambda word, parts: {word: parts}, st.sampled_from(["all", "any"]), st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=6,
)  # fmt: skip
rows = st.fixed_dictionaries(
    {"n": st.none() | numbers, "w": st.none() | words, "b": st.none() | st.booleans()},
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(condition=trees, row=rows)
def test_both_languages_agree(warehouse: Engine, condition: dict[str, Any], row: dict[str, Any]) -> None:
    """True, false or unknown: the same for every condition and row."""
    binds: predicates.Binds = {"n": row["n"], "w": row["w"], "b": row["b"]}
    said = predicates.sql(conditions.parse(condition), "r.{}".format, binds)
    of_row = "SELECT CAST(:n AS NUMERIC(9, 4)) AS n, CAST(:w AS VARCHAR) AS w, CAST(:b AS BOOLEAN) AS b"
    with warehouse.connect() as conn:
        found = conn.scalar(sa.text(f"SELECT {said} FROM ({of_row}) r"), binds)
    assert found is conditions.holds(condition, row)
