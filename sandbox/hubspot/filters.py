"""What a search asks for: filters over the properties of a record, read once and then applied to many."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.hubspot.answers import Refused
from sandbox.hubspot.associating import live_others
from sandbox.hubspot.moments import moment_of, stamp
from sandbox.hubspot.objects import CrmType, crm_type
from sandbox.hubspot.portal import Portal
from sandbox.hubspot.properties import Property
from sandbox.hubspot.shapes import objects, texts
from sandbox.hubspot.table import Held

Test = Callable[[Held], bool]
Comparable = Callable[[str], Any]
MOST_GROUPS, MOST_IN_GROUP, MOST_FILTERS = 5, 6, 18
_TOKEN = re.compile(r"[\w.+@'-]+")


def matcher(portal: Portal, type: CrmType, groups: Any) -> Test:
    """Whether a record fits one of the groups, all filters of it; without groups all do."""
    asked = [objects(group.get("filters"), "filters") for group in objects(groups, "filterGroups")]
    _check_size(asked)
    tests = [[_test(portal, type, each) for each in group] for group in asked]
    if not tests:
        return lambda record: True
    if len(tests) == 1 and len(tests[0]) == 1:
        return tests[0][0]
    return lambda record: any(all(test(record) for test in group) for group in tests)


def _check_size(groups: list[list[dict[str, Any]]]) -> None:
    counts = [len(group) for group in groups]
    if len(counts) > MOST_GROUPS or max(counts, default=0) > MOST_IN_GROUP or sum(counts) > MOST_FILTERS:
        words = f"at most {MOST_GROUPS} filterGroups, {MOST_IN_GROUP} filters in each and {MOST_FILTERS} in all"
        raise Refused(f"There was a problem with the request: {words}")


def _test(portal: Portal, type: CrmType, asked: Mapping[str, Any]) -> Test:
    name, operator = str(asked.get("propertyName", "")), str(asked.get("operator", ""))
    if name.startswith("associations."):
        return _associated(portal, type, name.partition(".")[2], operator, asked)
    prop = portal.schema(type).get(name)
    if prop is None or prop.archived_at:
        raise Refused(f"There was a problem with the request: there is no property {name} of {type.name}")
    if operator in {"HAS_PROPERTY", "NOT_HAS_PROPERTY"}:
        return lambda record: (name in record.properties) == (operator == "HAS_PROPERTY")
    if operator in {"CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"}:
        return _tokens(name, str(asked.get("value", "")), wanted=operator == "CONTAINS_TOKEN")
    return _compared(prop, operator, asked, comparable(prop, as_text=portal.settings.ids_sort_as_text))


def comparable(prop: Property, *, as_text: bool = False) -> Comparable:
    """How values of a property are compared: numbers by size, texts in any case, choices and stamps to the letter."""
    if prop.name == "hs_object_id":
        return str if as_text else int
    if prop.type == "number":
        return float
    return str if prop.type in {"enumeration", "date", "datetime"} else str.lower


def _asked(prop: Property, key: Comparable) -> Comparable:
    """How the values of a filter become comparable: moments come as milliseconds since 1970, or as ISO."""
    if prop.type == "datetime":
        return lambda text: stamp(moment_of(text))
    if prop.type == "date":
        return lambda text: moment_of(text).date().isoformat()
    return key


def _compared(prop: Property, operator: str, asked: Mapping[str, Any], key: Comparable) -> Test:
    name, read = prop.name, _asked(prop, key)
    try:
        low, high = read(str(asked.get("value") or "0")), read(str(asked.get("highValue") or "0"))
        many = _many(asked, read)
    except ValueError:
        raise Refused(f"There was a problem with the request: {name} takes no such value") from None
    tests: dict[str, Callable[[Any], bool]] = {
        "EQ": lambda value: bool(value == low),
        "LT": lambda value: bool(value < low),
        "LTE": lambda value: bool(value <= low),
        "GT": lambda value: bool(value > low),
        "GTE": lambda value: bool(value >= low),
        "BETWEEN": lambda value: bool(low <= value <= high),
        "IN": lambda value: value in many,
    }
    opposite = {"NEQ": "EQ", "NOT_IN": "IN"}.get(operator)
    test = tests.get(opposite or operator)
    if test is None:
        raise Refused(f"There was a problem with the request: {operator} is no operator")
    if opposite:
        return lambda record: name not in record.properties or not test(key(record.properties[name]))
    return lambda record: name in record.properties and test(key(record.properties[name]))


def _many(asked: Mapping[str, Any], read: Comparable) -> frozenset[Any]:
    """The values of IN; texts are compared with what was sent, so that they must be sent in lower case."""
    values = texts(asked.get("values"), "values")
    return frozenset(values if read is str.lower else map(read, values))


def _tokens(name: str, wanted_token: str, *, wanted: bool) -> Test:
    """Whether a word of the text is the asked one; * stands for anything."""
    pattern = re.compile(re.escape(wanted_token.lower()).replace(r"\*", ".*"))

    def test(record: Held) -> bool:
        text = record.properties.get(name, "").lower()
        return any(pattern.fullmatch(each) for each in (*_TOKEN.findall(text), text)) == wanted

    return test


def _associated(portal: Portal, type: CrmType, other: str, operator: str, asked: Mapping[str, Any]) -> Test:
    """associations.contact: records that hang together with one of these."""
    pair = (type.name, crm_type(other).name)
    values = {*texts(asked.get("values"), "values"), str(asked.get("value"))}
    if operator not in {"EQ", "IN"}:
        raise Refused(f"There was a problem with the request: associations cannot be compared by {operator}")
    return lambda record: any(str(to) in values for to in live_others(portal, pair, record.id))


def words(type: CrmType, query: str) -> Test:
    """`query`: all words begin a word of one of the usual text properties."""
    asked = query.lower().split()
    names = [*type.defaults, "phone", "website", "hs_task_subject", "hs_note_body"]

    def test(record: Held) -> bool:
        text = " ".join(record.properties.get(name, "") for name in names).lower()
        tokens = [*_TOKEN.findall(text), *text.split()]
        return all(any(token.startswith(each) for token in tokens) for each in asked)

    return test
