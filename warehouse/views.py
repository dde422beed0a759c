"""The facts as measures see them: with the account that they belong to, limited to the accounts being scored."""

from __future__ import annotations

from sqlalchemy import Connection


def create(conn: Connection) -> None:
    """Create the views account_<table>; they follow links and merges by themselves."""
