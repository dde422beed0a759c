"""What came in and could not be used as it was, and every question that only a person can answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection, RowMapping

from warehouse import bulk
from warehouse.tables import issues


class Issue(NamedTuple):
    """One finding; the same finding again counts up instead of adding a row."""

    kind: str
    """One word for grouping: missing_key, unmapped_value, duplicate_key, ambiguous_domain..."""
    system: str
    stream: str
    subject: str
    """What it is about: record id, "file:line", account id."""
    field: str
    message: str
    """What is wrong and what to do, for a person."""


_RECORD = """
    MERGE INTO issues i USING {stage} s ON i.issue = s.issue
    WHEN MATCHED THEN UPDATE SET
        times = i.times + s.times, last_seen_at = s.last_seen_at, message = s.message, resolved_at = NULL
    WHEN NOT MATCHED THEN INSERT ({columns}) VALUES ({values})
"""


def record(conn: Connection, found: Iterable[Issue], seen_at: datetime) -> int:
    """Store findings; one that was resolved and occurs again is open again. Returns how many different ones."""
    rows: dict[str, dict[str, object]] = {}
    for issue in found:
        row = _row(issue, seen_at)
        rows.setdefault(str(row["issue"]), {**row, "times": 0})["times"] += 1  # type: ignore[operator]
    if not rows:
        return 0
    columns = issues.columns.keys()
    with bulk.staged(conn, issues, list(rows.values())) as stage:
        values = ", ".join(f"s.{c}" for c in columns)
        conn.execute(sa.text(_RECORD.format(stage=stage, columns=", ".join(columns), values=values)))
    return len(rows)


def restate(conn: Connection, kinds: Sequence[str], found: Iterable[Issue], now: datetime) -> int:
    """These are all findings of these kinds that exist now: every other open one is resolved."""
    _resolve(conn, issues.c.kind.in_(kinds), now)
    return record(conn, found, now)


def settle(
    conn: Connection,
    kinds: Sequence[str],
    system: str,
    stream: str,
    subjects: Sequence[str],
    found: Iterable[Issue],
    now: datetime,
) -> int:
    """These are all findings of these kinds about these subjects: their other open ones are resolved."""
    same = sa.and_(issues.c.kind.in_(kinds), issues.c.system == system, issues.c.stream == stream)
    is_open = sa.and_(same, issues.c.resolved_at.is_(None))
    if subjects and conn.scalar(sa.select(sa.func.count()).select_from(issues).where(is_open)):
        with bulk.staged(conn, issues, bulk.arrow_columns(issues, subject=subjects)) as stage:
            _resolve(conn, sa.and_(same, issues.c.subject.in_(sa.text(f"SELECT subject FROM {stage}"))), now)  # noqa: S608
    return record(conn, found, now)


def resolve_file(conn: Connection, system: str, stream: str, file: str, now: datetime) -> None:
    """A file that came anew has only the findings that it has now."""
    same = sa.and_(issues.c.system == system, issues.c.stream == stream)
    in_file = sa.or_(issues.c.subject == file, sa.func.substr(issues.c.subject, 1, len(file) + 1) == f"{file}:")
    _resolve(conn, sa.and_(same, in_file), now)


def open(conn: Connection) -> list[RowMapping]:
    """Every open issue, the newest first."""
    newest = (issues.c.last_seen_at.desc(), issues.c.kind, issues.c.subject, issues.c.field)
    return list(conn.execute(sa.select(issues).where(issues.c.resolved_at.is_(None)).order_by(*newest)).mappings())


def _resolve(conn: Connection, which: sa.ColumnElement[bool], now: datetime) -> None:
    conn.execute(sa.update(issues).where(which, issues.c.resolved_at.is_(None)).values(resolved_at=now))


def _row(issue: Issue, seen_at: datetime) -> dict[str, object]:
    kind, system, stream, subject, field, message = (_storable(text) for text in issue)
    identity = "\x1f".join((kind, system, stream, subject, field)).encode()
    return {
        "issue": blake2b(identity, digest_size=16).hexdigest(),
        "kind": kind,
        "system": system,
        "stream": stream,
        "subject": subject,
        "field": field,
        "message": message,
        "times": 1,
        "first_seen_at": seen_at,
        "last_seen_at": seen_at,
    }


def _storable(text: str) -> str:
    """What no database takes (lone surrogates, NUL) is spelled out, because it may be the very finding."""
    if text.isascii() and "\0" not in text:
        return text
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
