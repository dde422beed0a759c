"""Associations: which records belong together, in both directions, with their types and labels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.hubspot.objects import TYPES

HUBSPOT, USER = "HUBSPOT_DEFINED", "USER_DEFINED"
Kind = tuple[str, int]
"""Category and type id of an association."""
Pair = tuple[str, str]
"""Object types, from and to."""

_TYPE_IDS: dict[Pair, int] = {
    ("contacts", "contacts"): 449,
    ("companies", "companies"): 450,
    ("deals", "deals"): 451,
    ("tickets", "tickets"): 452,
    ("contacts", "companies"): 279,
    ("companies", "contacts"): 280,
    ("deals", "companies"): 341,
    ("companies", "deals"): 342,
    ("tickets", "companies"): 339,
    ("companies", "tickets"): 340,
    ("deals", "contacts"): 3,
    ("contacts", "deals"): 4,
    ("tickets", "contacts"): 16,
    ("contacts", "tickets"): 15,
    ("tickets", "deals"): 28,
    ("deals", "tickets"): 27,
}
_ACTIVITY_TYPE_IDS = {
    "calls": {"contacts": 194, "companies": 182, "deals": 206, "tickets": 220},
    "emails": {"contacts": 198, "companies": 186, "deals": 210, "tickets": 224},
    "meetings": {"contacts": 200, "companies": 188, "deals": 212, "tickets": 226},
    "notes": {"contacts": 202, "companies": 190, "deals": 214, "tickets": 228},
    "tasks": {"contacts": 204, "companies": 192, "deals": 216, "tickets": 230},
}
for _activity, _others in _ACTIVITY_TYPE_IDS.items():
    for _other, _type_id in _others.items():
        _TYPE_IDS[_activity, _other] = _type_id
        _TYPE_IDS[_other, _activity] = _type_id - 1
PRIMARY: dict[Pair, int] = {
    ("contacts", "companies"): 1,
    ("companies", "contacts"): 2,
    ("deals", "companies"): 5,
    ("companies", "deals"): 6,
    ("tickets", "companies"): 26,
    ("companies", "tickets"): 25,
}
PARENT_TO_CHILD, CHILD_TO_PARENT = (HUBSPOT, 13), (HUBSPOT, 14)


def default_kind(pair: Pair) -> Kind | None:
    """The unlabelled association of two types; None where they cannot be associated."""
    type_id = _TYPE_IDS.get(pair)
    return (HUBSPOT, type_id) if type_id else None


@dataclass(frozen=True, slots=True)
class Label:
    """A label that people gave to associations of two types, one way."""

    type_id: int
    name: str
    label: str


class Links:
    """Who is associated with whom."""

    def __init__(self) -> None:
        self._to: dict[Pair, dict[int, dict[int, frozenset[Kind]]]] = defaultdict(lambda: defaultdict(dict))
        self.labels: dict[Pair, dict[int, Label]] = defaultdict(dict)
        self._labelled = 35
        self.undo: list[Callable[[], None]] | None = None
        """Where every change leaves how to take it back, while somebody wants to know."""

    def of(self, pair: Pair, record_id: int) -> dict[int, frozenset[Kind]]:
        """The other side's ids in order, with the kinds of each association."""
        found = self._to.get(pair, {}).get(record_id, {})
        return dict(sorted(found.items()))

    def primary(self, type_name: str, record_id: int) -> int | None:
        """The primary company of a record."""
        kind = (HUBSPOT, PRIMARY.get((type_name, "companies"), 0))
        return next((to for to, kinds in self.of((type_name, "companies"), record_id).items() if kind in kinds), None)

    def known(self, pair: Pair) -> dict[Kind, str | None]:
        """The kinds of association that two types can have, with their labels; empty where they can have none."""
        kinds: dict[Kind, str | None] = {}
        if pair in PRIMARY:
            kinds[HUBSPOT, PRIMARY[pair]] = "Primary"
        if plain := default_kind(pair):
            kinds[plain] = None
        if pair == ("companies", "companies"):
            kinds |= {PARENT_TO_CHILD: "Child Company", CHILD_TO_PARENT: "Parent Company"}
        return kinds | {(USER, each.type_id): each.label for each in self.labels.get(pair, {}).values()}

    def add_label(self, pair: Pair, name: str, label: str) -> list[Label]:
        """A label of people's own; between two types it works both ways, under two ids."""
        made = []
        for way in dict.fromkeys((pair, pair[::-1])):
            self._labelled += 1
            self.labels[way][self._labelled] = Label(self._labelled, name, label)
            made.append(self.labels[way][self._labelled])
        return made

    def add(self, pair: Pair, one: int, other: int, kinds: frozenset[Kind], *, replace: bool = False) -> None:
        """Associate both ways. The first company is the primary one, and a new primary one takes the place."""
        if pair[0] == "companies" and pair in PRIMARY:
            back = frozenset(self._reverse(pair, kind) for kind in kinds)
            self.add(pair[::-1], other, one, back, replace=replace)
            return
        plain = default_kind(pair)
        wanted = kinds | ({plain} if plain else set())
        if not replace:
            wanted |= self._to[pair][one].get(other, frozenset())
        self._set(pair, one, other, self._with_primary(pair, one, other, wanted) if pair in PRIMARY else wanted)

    def _with_primary(self, pair: Pair, one: int, company: int, wanted: frozenset[Kind]) -> frozenset[Kind]:
        """What is wanted, with or without being the primary company."""
        kind, before = (HUBSPOT, PRIMARY[pair]), self.primary(pair[0], one)
        if before == company or not self._to[pair][one]:
            return wanted | {kind}
        if before is not None and kind in wanted:
            self.demote(pair, one)
        return wanted

    def demote(self, pair: Pair, one: int) -> None:
        """Leave a record without a primary company."""
        if before := self.primary(pair[0], one):
            self._set(pair, one, before, self._to[pair][one][before] - {(HUBSPOT, PRIMARY[pair])})

    def _set(self, pair: Pair, one: int, other: int, kinds: frozenset[Kind]) -> None:
        self._note(pair, one, other)
        self._to[pair][one][other] = kinds
        self._to[pair[::-1]][other][one] = frozenset(self._reverse(pair, kind) for kind in kinds)

    def _note(self, pair: Pair, one: int, other: int) -> None:
        if self.undo is not None:
            before = self._to[pair][one].get(other)
            back = (lambda: self._set(pair, one, other, before)) if before else (lambda: self._forget(pair, one, other))
            self.undo.append(back)

    def _forget(self, pair: Pair, one: int, other: int) -> None:
        self._to[pair[::-1]][other].pop(one, None)
        self._to[pair][one].pop(other, None)

    def _reverse(self, pair: Pair, kind: Kind) -> Kind:
        """The same association, seen from the other side."""
        back = pair[::-1]
        if kind in {PARENT_TO_CHILD, CHILD_TO_PARENT}:
            return CHILD_TO_PARENT if kind == PARENT_TO_CHILD else PARENT_TO_CHILD
        if kind == (HUBSPOT, PRIMARY.get(pair)):
            return HUBSPOT, PRIMARY[back]
        if kind[0] == USER and pair[0] != pair[1]:
            name = self.labels[pair][kind[1]].name
            return USER, next(each.type_id for each in self.labels[back].values() if each.name == name)
        return default_kind(back) or kind

    def remove(self, pair: Pair, one: int, other: int) -> bool:
        """Whether there was something to remove."""
        there = other in self._to[pair][one]
        self._note(pair, one, other)
        self._forget(pair, one, other)
        return there

    def move(self, type_name: str, old: int, new: int) -> None:
        """Everything that hangs on one record goes over to another (a merge)."""
        for other in TYPES:
            pair = (type_name, other)
            for to, kinds in self.of(pair, old).items():
                self.remove(pair, old, to)
                if not (other == type_name and to == new):
                    self.add(pair, new, to, kinds)
