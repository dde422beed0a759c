"""Conditions as RevOps write them, in three values."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings import conditions

ROW = {"status": "Customer", "name": "[TEST] Acme", "arr_native": Decimal("0.1"), "closed": False, "won": None}


@pytest.mark.parametrize(
    ("condition", "answer"),
    [
        ({"status": {"in": ["Customer", "Partner"]}}, True),
        ({"status": {"in": ["customer"]}}, False),
        ({"status": {"not_in": ["Partner"]}}, True),
        ({"status": {"equals": "Customer"}}, True),
        ({"name": {"starts_with": "[TEST]"}}, True),
        ({"closed": {"is": False}}, True),
        ({"closed": {"is": True}}, False),
        ({"arr_native": {"at_least": 0.1}}, True),
        ({"arr_native": {"equals": 0.1}}, True),
        ({"arr_native": {"at_most": 0.09}}, False),
        ({"arr_native": {"known": True}}, True),
    ],
)
def test_each_test_of_a_column_says_yes_or_no(condition: dict[str, Any], answer: bool) -> None:
    """A column with a value passes or fails its test; amounts compare as they are written."""
    assert conditions.holds(condition, ROW) is answer


@pytest.mark.parametrize("test", [{"is": True}, {"in": ["x"]}, {"not_in": ["x"]}, {"at_least": 1}, {"equals": 0}])
def test_a_column_without_a_value_is_neither_true_nor_false(test: dict[str, Any]) -> None:
    """An empty column and a column that the row does not have are both unknown."""
    assert conditions.holds({"won": test}, ROW) is None
    assert conditions.holds({"employees": test}, ROW) is None


def test_known_is_the_one_test_that_an_empty_column_answers() -> None:
    """`known` asks whether there is a value."""
    assert conditions.holds({"won": {"known": False}}, ROW) is True
    assert conditions.holds({"won": {"known": True}}, ROW) is False


def test_true_is_not_one_and_text_is_not_a_number() -> None:
    """Values of different kinds are different, whatever Python thinks of True == 1."""
    assert conditions.holds({"closed": {"in": [0]}}, ROW) is False
    assert conditions.holds({"zip": {"in": [10115]}}, {"zip": "10115"}) is False


YES, NO, UNKNOWN = {"closed": {"is": False}}, {"closed": {"is": True}}, {"won": {"is": True}}


@pytest.mark.parametrize(
    ("condition", "answer"),
    [
        ({"all": [YES, YES]}, True),
        ({"all": [UNKNOWN, NO]}, False),
        ({"all": [YES, UNKNOWN]}, None),
        ({"any": [NO, UNKNOWN]}, None),
        ({"any": [UNKNOWN, YES]}, True),
        ({"any": [NO, NO]}, False),
        ({"not": YES}, False),
        ({"not": UNKNOWN}, None),
        ({"not": {"any": [NO, {"not": YES}]}}, True),
    ],
)
def test_an_unknown_part_matters_only_where_the_others_do_not_decide(condition: dict[str, Any], answer: Any) -> None:
    """One false part settles `all`, one true part settles `any`."""
    assert conditions.holds(condition, ROW) is answer


def test_columns_lists_what_a_condition_looks_at() -> None:
    """Through every level, each column once."""
    nested = {"all": [YES, {"not": {"any": [UNKNOWN, {"status": {"known": True}}]}}]}
    assert conditions.columns(nested) == {"closed", "won", "status"}


@pytest.mark.parametrize(
    ("condition", "path", "says"),
    [
        ("Customer", (), "one of `all"),
        ({}, (), "one of `all"),
        ({"status": {"in": []}}, ("status", "in"), "at least one"),
        ({"status": {"in": "Customer"}}, ("status", "in"), "takes a list"),
        ({"status": {"in": [None]}}, ("status", "in"), "known: false"),
        ({"status": "Customer"}, ("status",), "as in `status: {in: [A, B]}`"),
        ({"status": {"inn": ["x"]}}, ("status", "inn"), "did you mean `in`?"),
        ({"status": {"is": "yes"}}, ("status", "is"), "true or false"),
        ({"arr_native": {"at_least": "5"}}, ("arr_native", "at_least"), "takes a number"),
        ({"all": [YES, {"closed": {"is": 1}}]}, ("all", 1, "closed", "is"), "true or false"),
        ({"all": YES}, ("all",), "a list of conditions"),
        ({"closed": {"is": True}, "won": {"is": True}}, ("won",), "join several with `all`"),
        ({"not": {"closed": {"is": True, "known": True}}}, ("not", "closed", "known"), "join several"),
    ],
)
def test_a_condition_that_does_not_read_says_where(condition: Any, path: tuple[str | int, ...], says: str) -> None:
    """The complaint leads to the part that must change."""
    with pytest.raises(conditions.Unclear, match=r".+") as complaint:
        conditions.parse(condition)
    assert complaint.value.path == path
    assert says in str(complaint.value)


TESTS = st.sampled_from([YES, NO, UNKNOWN])
TREES = st.recursive(
    TESTS,
    lambda parts: st.one_of(
        st.lists(parts, min_size=1, max_size=3).map(lambda p: {"all": p}),
        st.lists(parts, min_size=1, max_size=3).map(lambda p: {"any": p}),
        parts.map(lambda p: {"not": p}),
    ),
    max_leaves=8,
)


@given(TREES)
def test_learning_an_unknown_value_never_turns_an_answer_round(condition: dict[str, Any]) -> None:
    """What was decided without a value stays decided, whatever the value turns out to be."""
    before = conditions.holds(conditions.parse(condition), ROW)
    for won in (True, False):
        after = conditions.holds(condition, {**ROW, "won": won})
        assert after is not None
        assert before is None or after == before
