"""Record ids of invented data, apart from the ranges in which the stand-in numbers what it creates itself."""

from __future__ import annotations

from hashlib import sha256

from sandbox.salesforce_ids import ALPHABET, long
from sandbox.salesforce_schema import OBJECTS


def named_id(sobject: str, name: str) -> str:
    """The id of a story record: always the same for the same name, wherever the story stands in its list."""
    return _id(sobject, "Hu", int.from_bytes(sha256(f"{sobject} {name}".encode()).digest()[:5], "big"))


def numbered_id(sobject: str, number: int) -> str:
    """The id of the n-th generated record of an object."""
    return _id(sobject, "Gn", number)


def _id(sobject: str, pod: str, number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = ALPHABET[digit] + digits
    return long(f"{OBJECTS[sobject].prefix}{pod}{digits.rjust(10, '0')}")
