"""Salesforce record ids: a three-character key prefix, twelve characters, and three that repeat the letters' case."""

from __future__ import annotations

from hashlib import sha256

PREFIXES = {
    "Account": "001",
    "Contact": "003",
    "User": "005",
    "Opportunity": "006",
    "OpportunityContactRole": "00K",
    "Case": "500",
    "Task": "00T",
    "Event": "00U",
    "Contract": "800",
}
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CASE_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def named_id(sobject: str, name: str) -> str:
    """The id of a story record: always the same for the same name, wherever the story stands in its list."""
    return numbered_id(sobject, int.from_bytes(sha256(f"{sobject} {name}".encode()).digest()[:5], "big"), pod="Hu")


def numbered_id(sobject: str, number: int, pod: str = "Gn") -> str:
    """The id of the n-th record of an object, 18 characters."""
    tail = ""
    for _ in range(8):
        number, digit = divmod(number, 62)
        tail = DIGITS[digit] + tail
    short = f"{PREFIXES[sobject]}{pod}00{tail}"
    return short + checksum(short)


def checksum(short: str) -> str:
    """The last three characters: one for every five before, a bit for every capital letter among them."""
    return "".join(
        CASE_DIGITS[sum(1 << place for place, letter in enumerate(short[start : start + 5]) if "A" <= letter <= "Z")]
        for start in (0, 5, 10)
    )
