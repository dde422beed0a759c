"""The shape of desired rows, and what every kind of them asks about its target system."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import pyarrow as pa
from sqlalchemy import Connection, text

from mappings.models import Mappings, PushRows
from warehouse import bulk, tables

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


_RECORDS = """
SELECT l.account_id, min(l.external_id) AS id
FROM account_links l JOIN {stage} s ON s.account_id = l.account_id
WHERE l.system = :system GROUP BY l.account_id"""


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

    def directory(self, account_ids: Collection[str]) -> Directory:
        """The target's own ids of these accounts and of people, looked up once for many rows."""
        if not account_ids:
            return Directory(self.system, {}, {})
        return Directory(self.system, self.account_records(account_ids), self.user_ids())

    def account_records(self, account_ids: Collection[str]) -> dict[str, str]:
        """account_id -> the account's record in this system; the one with the first id where several are linked."""
        with bulk.staged(self.conn, tables.account_ids, pa.table({"account_id": sorted(set(account_ids))})) as stage:
            found = self.conn.execute(text(_RECORDS.format(stage=stage)), self.bound()).all()
        return {row.account_id: row.id for row in found}

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
