"""Salesforce ids: three characters of key prefix, twelve of number, and three that tell the case of the others."""

from __future__ import annotations

import re

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SUFFIXES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
SHAPE = re.compile(r"[a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?")


def long(id: str) -> str:
    """The 18 characters of a 15-character id; an id that is long already stays."""
    if len(id) != 15:
        return id
    chunks = (id[start : start + 5] for start in (0, 5, 10))
    return id + "".join(SUFFIXES[sum(1 << bit for bit, char in enumerate(c) if char.isupper())] for c in chunks)


def new(prefix: str, number: int) -> str:
    """The id of the n-th record that the sandbox itself makes; story data use other ranges."""
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = ALPHABET[digit] + digits
    return long(f"{prefix}SB{digits.rjust(10, '0')}")


def well_formed(value: object) -> bool:
    return isinstance(value, str) and SHAPE.fullmatch(value) is not None
