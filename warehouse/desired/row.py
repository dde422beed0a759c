"""The shape of desired rows, and what every kind of them asks about its target system."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from mappings.models import Mappings, PushRows

Columns = Mapping[str, Any]
"""Our columns, as push mappings name them, with Python values (str, int, Decimal, date, None)."""


class DesiredRow(NamedTuple):
    """One record that should exist or look so."""

    row_key: str
    account_id: str
    external_id: str | None
    """Their record id, where the row is about a record that is theirs (an account); None for what we create."""
    key: str | None
    """The value of the external key on what we create; None for accounts and contact roles."""
    decision: str
    """What we decided, in short; a row whose decision was acknowledged is written again only because of drift."""
    as_of: date | None
    waits_for: str = ""
    """Why it cannot be written yet, in words; empty when it can."""


@dataclass(frozen=True, slots=True)
class DesiredRows:
    """What one push mapping wants."""

    decisions: Callable[[], list[DesiredRow]]
    """Every row, cheaply: what the plan compares with the ledger."""
    columns: Callable[[Sequence[str]], dict[str, Columns]]
    """The columns of these row keys; texts are made here, so ask only for what will be written."""


@dataclass(frozen=True, slots=True)
class Directory:
    """The ids that a system has for our accounts and for people."""

    system: str
    accounts: Mapping[str, str]
    users: Mapping[str, str]

    def account(self, account_id: str) -> str | None:
        return self.accounts.get(account_id)

    def user(self, email: str) -> str | None:
        return self.users.get(email.lower())

    def lacks(self, account_id: str, email: str) -> str:
        """What is missing before a record for this account and owner can be created; empty when nothing is."""
        if self.account(account_id) is None:
            return f"the account is not linked to a record in {self.system}"
        if self.user(email) is None:
            return f"no user in {self.system} has the e-mail {email}"
        return ""


@dataclass(frozen=True, slots=True)
class Target:
    """One system that we write to."""

    conn: Connection
    mappings: Mappings
    system: str

    def push_name(self, kind: PushRows) -> str:
        """Name of the system's push mapping of this kind of rows; empty without one."""
        pushes = self.mappings.systems[self.system].push
        return next((name for name, push in pushes.items() if push.rows == kind), "")

    def account_records(self) -> dict[str, str]:
        """account_id -> the account's record in this system; the one with the first id where several are linked."""
        found = self.conn.execute(
            text(
                "SELECT account_id, min(external_id) AS id FROM account_links "
                "WHERE system = :system GROUP BY account_id"
            ),
            self.bound(),
        )
        return {row.account_id: row.id for row in found}

    def directory(self) -> Directory:
        """The target's own ids of accounts and people, looked up once for many rows."""
        return Directory(self.system, self.account_records(), self.user_ids())

    def user_ids(self) -> dict[str, str]:
        """Lower-case e-mail -> user id in this system, active users before inactive ones."""
        found = self.conn.execute(
            text(
                "SELECT lower(email) AS email, id FROM users WHERE system = :system AND email IS NOT NULL "
                "ORDER BY CASE WHEN active THEN 1 ELSE 0 END, id DESC"
            ),
            self.bound(),
        )
        return {row.email: row.id for row in found}

    def bound(self) -> dict[str, str]:
        return {"system": self.system}
