"""What a SOQL query is made of once it has been read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Path:
    """A field, perhaps through parents: ("Account", "Owner", "Name"); `at` is its place in the query's text."""

    parts: tuple[str, ...]
    at: int
    alias: str = ""


@dataclass(frozen=True, slots=True)
class Aggregate:
    """COUNT(Id), SUM(Amount) total; COUNT() has no path."""

    function: str
    path: Path | None
    at: int
    alias: str = ""


@dataclass(frozen=True, slots=True)
class FieldsOf:
    """FIELDS(ALL), FIELDS(STANDARD) or FIELDS(CUSTOM)."""

    which: str
    at: int


@dataclass(frozen=True, slots=True)
class Literal:
    """A value in the query; `kind` is string, number, boolean, null, date, datetime or relative (LAST_N_DAYS:30)."""

    kind: str
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Name LIKE 'A%': `operator` is one of = != < <= > >= like in, not in."""

    path: Path
    operator: str
    values: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class SemiJoin:
    """Id IN (SELECT AccountId FROM Contact)."""

    path: Path
    operator: str
    query: Query


@dataclass(frozen=True, slots=True)
class Not:
    inner: Condition


@dataclass(frozen=True, slots=True)
class Junction:
    """All parts (and) or any of them (or)."""

    word: str
    parts: tuple[Condition, ...]


Condition = Comparison | SemiJoin | Not | Junction


@dataclass(frozen=True, slots=True)
class Order:
    path: Path | Aggregate
    descending: bool
    nulls_first: bool


@dataclass(frozen=True, slots=True)
class Query:
    """One SELECT; in a child query `object` is the parent's word for its children."""

    text: str
    selected: tuple[Path | Aggregate | FieldsOf | Query, ...]
    object: str
    at: int
    alias: str = ""
    where: Condition | None = None
    group_by: tuple[Path, ...] = ()
    order_by: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0

    @property
    def only_counts(self) -> bool:
        """SELECT COUNT() FROM X."""
        first = self.selected[0]
        return isinstance(first, Aggregate) and first.path is None

    @property
    def aggregates(self) -> bool:
        return bool(self.group_by) or any(isinstance(each, Aggregate) for each in self.selected)


def pointed(text: str, at: int, message: str) -> str:
    """The vendor's way of showing the place of a mistake: some of the query, a caret below it, row and column."""
    start = max(0, text.rfind("\n", 0, at) + 1, at - 40)
    shown = text[start : at + 30].replace("\n", " ")
    row, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
    return f"\n{shown}\n{' ' * (at - start)}^\nERROR at Row:{row}:Column:{column}\n{message}"
