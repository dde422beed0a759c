"""Record ids of invented data, apart from the ranges in which the stand-ins number what they create themselves."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from hashlib import sha256

from sandbox.salesforce.ids import ALPHABET, long
from sandbox.salesforce.schema import OBJECTS

HUBSPOT, ZENDESK = 20_000_000_000, 360_000_000_000
"""Where the invented ids of the two begin."""
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@lru_cache(maxsize=4096)
def named_id(sobject: str, name: str) -> str:
    """The id of a Salesforce record: always the same for the same name, wherever its story stands in the list."""
    return long(f"{OBJECTS[sobject].prefix}Hu{_digits(_number(f'{sobject} {name}', 7), ALPHABET).rjust(10, '0')}")


@lru_cache(maxsize=4096)
def hubspot_id(object: str, name: str) -> str:
    """The same for HubSpot, where ids are numbers, written as text."""
    return str(HUBSPOT + _number(f"hubspot {object} {name}", 7) % 10_000_000_000)


@lru_cache(maxsize=4096)
def zendesk_id(object: str, name: str) -> int:
    """The same for Zendesk, where ids are numbers."""
    return ZENDESK + _number(f"zendesk {object} {name}", 7) % 10_000_000_000


def dated_id(at: datetime, name: str) -> str:
    """A ULID: it begins with the moment in milliseconds, as the ids of survey responses do."""
    moment = _digits(int(at.timestamp() * 1000), CROCKFORD).rjust(10, "0")
    return moment + _digits(_number(name, 10), CROCKFORD).rjust(16, "0")


def _number(text: str, bytes: int) -> int:
    return int.from_bytes(sha256(text.encode()).digest()[:bytes], "big")


def _digits(number: int, alphabet: str) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, len(alphabet))
        digits = alphabet[digit] + digits
    return digits
