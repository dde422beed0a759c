"""Derived tables and views are made anew when their definition is not the one that the warehouse holds."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.schema import CreateIndex, CreateTable, ExecutableDDLElement

from connectors.base import ConfigError
from warehouse import views
from warehouse.tables import definitions, derived

Row = dict[str, Any]


def rebuild_if_changed(conn: Connection) -> bool:
    """Drop and create all of them, in the connection's transaction, if one changed; `conform` then starts from scratch.

    Returns whether it did.
    """
    wanted = _wanted(conn)
    standing = [dict(r) for r in conn.execute(sa.select(definitions).order_by(definitions.c.ordinal)).mappings()]
    if standing == wanted:
        return False
    _drop(conn, [row["name"] for row in reversed(standing)])
    derived.create_all(conn, checkfirst=False)
    views.create(conn)
    conn.execute(sa.delete(definitions))
    conn.execute(sa.insert(definitions), wanted)
    return True


def _wanted(conn: Connection) -> list[Row]:
    """Tables and views in the order in which they are made, each with the hash of its definition."""
    made = {f"TABLE {table.name}": _ddl(conn, table) for table in derived.sorted_tables}
    made |= {f"VIEW {name}": select for name, select in views.definitions().items()}
    return [
        {"name": name, "ordinal": n, "hash": sha256(ddl.encode()).hexdigest()}
        for n, (name, ddl) in enumerate(made.items())
    ]


def _ddl(conn: Connection, table: sa.Table) -> str:
    statements: list[ExecutableDDLElement] = [
        CreateTable(table),
        *(CreateIndex(i) for i in sorted(table.indexes, key=lambda i: str(i.name))),
    ]
    return ";".join(str(statement.compile(dialect=conn.dialect)) for statement in statements)


def _drop(conn: Connection, names: list[str]) -> None:
    """Drop what we made, under the names of the version that made it; never what others built on it."""
    try:
        for name in names:
            conn.execute(sa.text(f"DROP {name.replace(' ', ' IF EXISTS ', 1)}"))
    except sa.exc.DBAPIError as error:
        raise ConfigError(
            f"the tables of this version cannot replace the ones before: {error.orig}; "
            "drop what was built on them (views of your own), and make it again afterwards"
        ) from error
