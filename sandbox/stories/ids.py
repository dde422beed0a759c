"""Record ids of invented data, apart from the ranges in which the stand-in numbers what it creates itself."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256

from sandbox.salesforce.ids import ALPHABET, long
from sandbox.salesforce.schema import OBJECTS


@lru_cache(maxsize=4096)
def named_id(sobject: str, name: str) -> str:
    """The id of a record: always the same for the same name, wherever its story stands in the list."""
    number, digits = int.from_bytes(sha256(f"{sobject} {name}".encode()).digest()[:7], "big"), ""
    while number:
        number, digit = divmod(number, 62)
        digits = ALPHABET[digit] + digits
    return long(f"{OBJECTS[sobject].prefix}Hu{digits.rjust(10, '0')}")
