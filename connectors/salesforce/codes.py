"""The vendor's words that we act on, and its limits. What no document or recording confirms is marked unverified.

Everything that may turn out otherwise in a real org stands here, so that it is corrected in one place.
"""

from __future__ import annotations

# --- calls ------------------------------------------------------------------------------------------------------------

EXPIRED = "INVALID_SESSION_ID"
UNSUPPORTED_VERSION = "UNSUPPORTED_API_VERSION"
API_OFF = "API_DISABLED_FOR_ORG"
LIMIT = "REQUEST_LIMIT_EXCEEDED"
"""Of the day, or of concurrent long requests; only the words tell which."""
CONCURRENT = "concurrent"
"""Unverified: a word in the message about concurrent requests ("ConcurrentRequests Limit exceeded.")."""
BUSY = frozenset({"SERVER_UNAVAILABLE", "TXN_SECURITY_METERING_ERROR"})
"""Refusals that pass. Unverified: the status of the second."""

# --- queries ----------------------------------------------------------------------------------------------------------

TOO_SLOW = "QUERY_TIMEOUT"
LOST_CURSOR = "INVALID_QUERY_LOCATOR"
LOST_CURSOR_STATUSES = frozenset({400, 404})
"""Unverified: how an expired cursor is answered. Any such status counts, for the query can be asked again."""
TOO_LONG_STATUSES = frozenset({414, 431})
LONGEST_ADDRESS = 10_000
"""Bytes of an encoded query that fit a URI: all of it and the headers (token and cookies too) share 16,384."""
LONGEST_WHERE = 3_900
"""Characters of a list of values; documents allow 4,000 in a WHERE clause, practice often more."""

# --- deletions --------------------------------------------------------------------------------------------------------

TOO_MANY_DELETIONS = "EXCEEDED_ID_LIMIT"
TOO_EARLY = "INVALID_REPLICATION_DATE"
"""Unverified: the code for a window that begins before what the vendor keeps."""

# --- writes -----------------------------------------------------------------------------------------------------------

BATCH = 200
"""Records of one Collections request."""
LOCK = "UNABLE_TO_LOCK_ROW"
LOCK_WORDS = "unable to obtain exclusive access"
"""Also inside the message of a trigger that met the lock."""
GONE = frozenset({"ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "NOT_FOUND"})
"""On an update they speak of the record itself, unless they name a field: then of the record that it points to."""
DIVISIBLE_STATUSES = frozenset({400, 413})
"""A whole batch refused with one of these may hold a single culprit."""
