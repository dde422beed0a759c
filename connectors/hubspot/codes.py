"""The vendor's words that we act on, and its limits. What no document or recording confirms is marked unverified.

Everything that may turn out otherwise in a real portal stands here, so that it is corrected in one place.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

# --- calls ------------------------------------------------------------------------------------------------------------

DAILY = "DAILY"
"""The policy whose end is midnight in the portal's time zone."""
PAUSES: Mapping[str, float] = {"SECONDLY": 1.0, "TEN_SECONDLY_ROLLING": 10.0}
"""Policy of a 429 -> seconds to wait where the answer names none. Unverified: whether a 429 ever names some."""
OTHER_PAUSE = 10.0
"""Seconds after a 429 of a policy that we do not know."""
LOCKED, LOCK_PAUSE = 423, 2.0
"""A lock lasts two seconds."""
MOVING, LONGEST_MOVE = 477, 24 * 3600.0
"""The account moves to another data centre; `Retry-After` says for how many seconds, a day at most."""
MALFORMED_TOKEN = 530
"""What the network in front of HubSpot answers to a token that cannot be one."""
MISSING_SCOPES = "MISSING_SCOPES"
WINDOW = timedelta(seconds=10)
"""In which calls are counted, where no header says otherwise."""
SEARCHES_A_SECOND, SEARCH_WINDOW = 5, timedelta(seconds=1)
"""Of the whole account; search answers carry no header about it."""

# --- reads ------------------------------------------------------------------------------------------------------------

LIST_PAGE = 100
SEARCH_PAGE = 200
ASSOCIATION_BATCH = 1_000
LONGEST_PROPERTIES = 6_000
"""Characters of property names that go into an address; longer lists go into the body of a batch read."""
LONGEST_ID = 19
"""Digits."""
MERGED = "hs_merged_object_ids"
"""Ids that a record swallowed, separated by semicolons; on objects that can be merged."""
CONTACTS_STAMP, STAMP = "lastmodifieddate", "hs_lastmodifieddate"
PRIMARY: Mapping[tuple[str, str], int] = {
    ("contacts", "companies"): 1,
    ("deals", "companies"): 5,
    ("tickets", "companies"): 26,
}
"""The association type that marks the one company that counts."""

# --- writes -----------------------------------------------------------------------------------------------------------

BATCH = 100
"""Records of one batch request."""
DIVISIBLE_STATUSES = frozenset({400, 404, 409, 413})
"""A whole batch refused with one of these may hold a single culprit."""
GONE = "OBJECT_NOT_FOUND"
TAKEN = ("already has that value", "CONFLICTING_UNIQUE_VALUE")
"""A unique value stands on another record already. Unverified: the code."""
ACTIVITIES: Mapping[str, str] = {"tasks": "hs_task_body", "notes": "hs_note_body"}
"""Objects that have no unique property, and the text in which a key can stand as the last line."""
HANGS_ON: Mapping[tuple[str, str], int] = {
    ("tasks", "contacts"): 204, ("tasks", "companies"): 192, ("tasks", "deals"): 216, ("tasks", "tickets"): 230,
    ("notes", "contacts"): 202, ("notes", "companies"): 190, ("notes", "deals"): 214, ("notes", "tickets"): 228,
    ("deals", "contacts"): 3, ("deals", "companies"): 5, ("deals", "tickets"): 27,
    ("tickets", "contacts"): 16, ("tickets", "companies"): 26, ("tickets", "deals"): 28,
    ("contacts", "companies"): 1, ("contacts", "deals"): 4, ("contacts", "tickets"): 15,
}  # fmt: skip
"""The type of association that a new record gets; to a company the primary one where there is such."""
