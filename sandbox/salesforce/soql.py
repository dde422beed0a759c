"""SOQL is read into a tree: the kinds of query that the stand-in answers, and errors that point at their place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NoReturn, TypeVar

from sandbox.salesforce.answers import Refused
from sandbox.salesforce.soql_tokens import Token, tokens
from sandbox.salesforce.soql_tree import (
    Aggregate,
    Comparison,
    Condition,
    FieldsOf,
    Junction,
    Literal,
    Not,
    Order,
    Path,
    Query,
    SemiJoin,
    pointed,
)

LONGEST = 100_000
MOST_OFFSET = 2000
AGGREGATES = frozenset({"count", "count_distinct", "sum", "avg", "min", "max"})
CLAUSES = ("from", "where", "group", "order", "limit", "offset", "with", "using", "having", "for")
COMPARISONS = frozenset({"=", "!=", "<>", "<", "<=", ">", ">="})
T = TypeVar("T")


def parse(text: str) -> Query:
    """The query's tree, or Refused with MALFORMED_QUERY."""
    if len(text) > LONGEST:
        raise Refused("MALFORMED_QUERY", "SOQL statements cannot be longer than 100,000 characters.")
    parser = _Parser(text)
    query = parser.query()
    if parser.next.kind != "end":
        parser.unexpected()
    return query


class _Parser:
    """Holds the place in the text while the tree is built; one method a rule of the grammar."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens(text)
        self.place = 0

    @property
    def next(self) -> Token:
        return self.tokens[self.place]

    def unexpected(self) -> NoReturn:
        token = self.next
        message = f"unexpected token: '{token.text}'"
        raise Refused("MALFORMED_QUERY", message if token.kind == "end" else pointed(self.text, token.at, message))

    def take(self, kind: str) -> Token:
        if self.next.kind != kind:
            self.unexpected()
        self.place += 1
        return self.tokens[self.place - 1]

    def accept(self, *words: str) -> bool:
        """Take these words if they come next."""
        ahead = self.tokens[self.place : self.place + len(words)]
        found = len(ahead) == len(words) and all(t.says(word) for t, word in zip(ahead, words, strict=True))
        self.place += len(words) if found else 0
        return found

    def accept_sign(self, sign: str) -> bool:
        found = self.next.kind == "sign" and self.next.text == sign
        self.place += found
        return found

    def expect(self, *words: str) -> None:
        if not self.accept(*words):
            self.unexpected()

    def expect_sign(self, sign: str) -> None:
        if not self.accept_sign(sign):
            self.unexpected()

    def listed(self, rule: Callable[[], T]) -> tuple[T, ...]:
        """One or more, separated by commas."""
        found = [rule()]
        while self.accept_sign(","):
            found.append(rule())
        return tuple(found)

    def query(self) -> Query:
        self.expect("select")
        selected = self.listed(self.selected)
        self.expect("from")
        object_ = self.take("word")
        self.accept("as")
        alias = self.alias()
        where = self.disjunction() if self.accept("where") else None
        group_by = self.listed(self.path) if self.accept("group", "by") else ()
        self.check_aliases(selected, group_by)
        order_by = self.listed(self.order) if self.accept("order", "by") else ()
        limit = self.whole_number() if self.accept("limit") else None
        offset = self.whole_number() if self.accept("offset") else 0
        if offset > MOST_OFFSET:
            raise Refused("NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {MOST_OFFSET}")
        return Query(self.text, selected, object_.text, object_.at, alias, where, group_by, order_by, limit, offset)

    def check_aliases(self, selected: Sequence[object], group_by: Sequence[Path]) -> None:
        """Plain fields may have another name only in grouped queries."""
        named = [each.alias for each in selected if isinstance(each, Path) and each.alias]
        if named and not group_by:
            raise Refused("MALFORMED_QUERY", f"unexpected token: '{named[0]}'")

    def alias(self) -> str:
        """A word that is not the beginning of the next clause."""
        if self.next.kind != "word" or self.next.says(*CLAUSES) or "." in self.next.text:
            return ""
        return self.take("word").text

    def whole_number(self) -> int:
        if not self.next.text.isdigit():
            self.unexpected()
        return int(self.take("number").text)

    def selected(self) -> Path | Aggregate | FieldsOf | Query:
        if self.accept_sign("("):
            inner = self.query()
            self.expect_sign(")")
            return inner
        if self.next.says("fields") and self.tokens[self.place + 1].text == "(":
            return self.fields_of()
        if self.next.says(*AGGREGATES) and self.tokens[self.place + 1].text == "(":
            return self.aggregate(alias=True)
        path, ahead = self.path(), self.tokens[self.place + 1 : self.place + 2]
        is_alias = ahead and (ahead[0].text == "," or ahead[0].says("from"))
        return Path(path.parts, path.at, self.alias() if is_alias else "")

    def fields_of(self) -> FieldsOf:
        at = self.take("word").at
        self.expect_sign("(")
        if not self.next.says("all", "standard", "custom"):
            self.unexpected()
        which = self.take("word").text.lower()
        self.expect_sign(")")
        return FieldsOf(which, at)

    def aggregate(self, *, alias: bool) -> Aggregate:
        function = self.take("word")
        self.expect_sign("(")
        path = None if self.next.text == ")" and function.says("count") else self.path()
        self.expect_sign(")")
        return Aggregate(function.text.lower(), path, function.at, self.alias() if alias else "")

    def path(self) -> Path:
        word = self.take("word")
        return Path(tuple(word.text.split(".")), word.at)

    def order(self) -> Order:
        is_aggregate = self.next.says(*AGGREGATES) and self.tokens[self.place + 1].text == "("
        path = self.aggregate(alias=False) if is_aggregate else self.path()
        descending = self.accept("desc")
        if not descending:
            self.accept("asc")
        nulls_first = not self.accept("nulls", "last")
        self.accept("nulls", "first")
        return Order(path, descending, nulls_first)

    def disjunction(self) -> Condition:
        return self.junction("or", lambda: self.junction("and", self.negation))

    def junction(self, word: str, rule: Callable[[], Condition]) -> Condition:
        parts = [rule()]
        while self.accept(word):
            parts.append(rule())
        return parts[0] if len(parts) == 1 else Junction(word, tuple(parts))

    def negation(self) -> Condition:
        if self.accept("not"):
            return Not(self.negation())
        if self.accept_sign("("):
            inner = self.disjunction()
            self.expect_sign(")")
            return inner
        return self.comparison()

    def comparison(self) -> Condition:
        path = self.path()
        if self.accept("like"):
            return Comparison(path, "like", (self.literal(),))
        if self.accept("not", "in"):
            return self.membership(path, "not in")
        if self.accept("in"):
            return self.membership(path, "in")
        if self.next.kind != "sign" or self.next.text not in COMPARISONS:
            self.unexpected()
        operator = self.take("sign").text
        return Comparison(path, "!=" if operator == "<>" else operator, (self.literal(),))

    def membership(self, path: Path, operator: str) -> Condition:
        self.expect_sign("(")
        found: Condition = (
            SemiJoin(path, operator, self.query())
            if self.next.says("select")
            else Comparison(path, operator, self.listed(self.literal))
        )
        self.expect_sign(")")
        return found

    def check_day(self, token: Token) -> None:
        try:
            datetime.fromisoformat(token.text)
        except ValueError:
            raise Refused("MALFORMED_QUERY", pointed(self.text, token.at, f"invalid date: {token.text}")) from None

    def literal(self) -> Literal:
        token = self.next
        if token.kind in {"date", "datetime"}:
            self.check_day(token)
        if token.kind in {"string", "number", "date", "datetime"}:
            return Literal(token.kind, self.take(token.kind).text, token.at)
        word = self.take("word").text.lower()
        if word in {"true", "false"}:
            return Literal("boolean", word, token.at)
        if word == "null":
            return Literal("null", word, token.at)
        count = f":{self.whole_number()}" if self.accept_sign(":") else ""
        return Literal("relative", word + count, token.at)
