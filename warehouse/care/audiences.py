"""Audiences of automated touches: who is in, since when, and until when."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy import Connection, text

from mappings.models import Audience, Mappings
from warehouse import tables
from warehouse.health import history
from warehouse.work import predicates

_ENTER = """
INSERT INTO audience_members (account_id, audience)
SELECT s.account_id, CAST(:audience AS VARCHAR)
FROM signals s
LEFT JOIN audience_history h ON h.account_id = s.account_id AND h.audience = :audience AND h.to_day IS NULL
WHERE {of_segment} AND s.lifecycle IN :lifecycles AND ({when} OR (({when}) IS NULL AND h.account_id IS NOT NULL))"""
"""Who fits; and who was in already while nobody can tell, because a source is late."""


def place(conn: Connection, mappings: Mappings, as_of: date) -> int:
    """Record who is in which audience on as_of, for which the signals are gathered; returns how many memberships."""
    history.reopen(conn, history.AUDIENCES, as_of)
    conn.execute(tables.audience_members.delete())
    for audience in mappings.segments.audiences:
        _fill(conn, audience)
    history.record(conn, history.AUDIENCES, as_of)
    members = sa.select(sa.func.count()).select_from(tables.audience_members)
    return int(conn.scalar(members) or 0)


def _fill(conn: Connection, audience: Audience) -> None:
    binds: predicates.Binds = {}
    when = "TRUE" if audience.when is None else predicates.sql(audience.when, str, binds)
    of_segment = "(s.segment_rank IN :segments OR s.segment_threshold IN :segments)" if audience.segments else "TRUE"
    query = text(_ENTER.format(of_segment=of_segment, when=when)).bindparams(
        sa.bindparam("audience", audience.id, sa.String),
        sa.bindparam("lifecycles", audience.lifecycle, sa.String, expanding=True),
        *([sa.bindparam("segments", audience.segments, sa.String, expanding=True)] if audience.segments else []),
    )
    conn.execute(query, binds)
