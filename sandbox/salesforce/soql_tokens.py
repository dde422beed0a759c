"""SOQL text cut into words, values and signs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandbox.salesforce.answers import Refused
from sandbox.salesforce.soql_tree import pointed

_ESCAPES = {
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "b": "\b",
    "f": "\f",
    "'": "'",
    '"': '"',
    "\\": "\\",
    "%": "\\%",
    "_": "\\_",
}
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))
    | (?P<date>\d{4}-\d\d-\d\d)(?![\dT])
    | (?P<number>[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![A-Za-z_\d])
    | (?P<word>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)
    | (?P<string>'(?:[^'\\]|\\.)*')
    | (?P<sign><=|>=|!=|<>|[=<>(),:])
    )""",
    re.VERBOSE | re.DOTALL,
)


def unescaped(quoted: str, *, like: bool = False) -> str:
    r"""The characters that a quoted SOQL string stands for; in a LIKE pattern \% and \_ stay escaped."""
    return re.sub(r"\\(.)", lambda found: _unescape(found[1], like), quoted[1:-1], flags=re.DOTALL)


def _unescape(char: str, like: bool) -> str:
    if char not in _ESCAPES:
        raise Refused("MALFORMED_QUERY", f"Illegal character sequence '\\{char}' in string literal")
    return _ESCAPES[char] if like or char not in "%_" else char


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    at: int

    def says(self, *words: str) -> bool:
        return self.kind == "word" and self.text.lower() in words


def tokens(text: str) -> list[Token]:
    found, position, end = list[Token](), 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            at = position + len(text[position:]) - len(text[position:].lstrip())
            raise Refused("MALFORMED_QUERY", pointed(text, at, f"unexpected token: '{text[at : at + 1]}'"))
        found.append(Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup)))
        position = match.end()
    return [*found, Token("end", "<EOF>", end)]
