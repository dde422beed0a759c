"""Many rows at once, on both engines: Arrow into DuckDB, COPY into PostgreSQL, never row by row."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import sqlalchemy as sa
from sqlalchemy import Connection, Table

from warehouse.tables import Instant

Row = Mapping[str, Any]

_ARROW: list[tuple[type[Any], pa.DataType]] = [  # first match wins
    (sa.Text, pa.string()),
    (sa.String, pa.string()),
    (sa.Boolean, pa.bool_()),
    (sa.BigInteger, pa.int64()),
    (sa.Integer, pa.int32()),
    (sa.Double, pa.float64()),
    (sa.Numeric, pa.decimal128(20, 4)),
    (sa.Date, pa.date32()),
]


def _arrow_type(column: sa.Column[Any]) -> pa.DataType:
    return next(arrow for kind, arrow in _ARROW if isinstance(column.type, kind))


def _array(column: sa.Column[Any], values: Sequence[Any]) -> pa.Array:
    if isinstance(column.type, Instant):
        return pa.array(values, pa.timestamp("us", tz="UTC")).cast(pa.timestamp("us"))
    if isinstance(column.type, sa.Numeric) and not isinstance(column.type, sa.Float):
        values = [None if v is None else Decimal(v).quantize(Decimal("0.0001")) for v in values]
    return pa.array(values, _arrow_type(column))


def arrow_table(table: Table, rows: Sequence[Row]) -> pa.Table:
    """Rows as Arrow columns of the table's types; a key that a row lacks is NULL."""
    return pa.table({c.name: _array(c, [row.get(c.name) for row in rows]) for c in table.columns})


def arrow_columns(table: Table, **columns: Sequence[Any]) -> pa.Table:
    """Some columns of the table as Arrow, given a list each; for `staged`."""
    return pa.table({name: _array(table.c[name], values) for name, values in columns.items()})


def append(conn: Connection, table: Table, rows: Iterable[Row] | pa.Table) -> int:
    """Insert rows in the connection's transaction; returns how many."""
    incoming = rows if isinstance(rows, pa.Table) else arrow_table(table, list(rows))
    if incoming.num_rows:
        _load(conn, table.name, incoming)
    return int(incoming.num_rows)


def replace(conn: Connection, table: Table, rows: Iterable[Row] | pa.Table, on: Sequence[str]) -> int:
    """Delete what agrees with the rows in the `on` columns, then insert them, in the connection's transaction."""
    incoming = rows if isinstance(rows, pa.Table) else arrow_table(table, list(rows))
    if not incoming.num_rows:
        return 0
    with staged(conn, table, incoming.select(list(on))) as stage:
        same = " AND ".join(f"{table.name}.{c} = s.{c}" for c in on)
        conn.execute(sa.text(f"DELETE FROM {table.name} WHERE EXISTS (SELECT 1 FROM {stage} s WHERE {same})"))  # noqa: S608
    return append(conn, table, incoming)


@contextmanager
def staged(conn: Connection, like: Table, rows: Iterable[Row] | pa.Table) -> Iterator[str]:
    """The rows as a temporary table, by its name; its columns are those of an Arrow table, or all of `like`."""
    incoming = rows if isinstance(rows, pa.Table) else arrow_table(like, list(rows))
    name = f"stage_{like.name}"
    types = ", ".join(f"{c} {like.c[c].type.compile(dialect=conn.dialect)}" for c in incoming.column_names)
    conn.execute(sa.text(f"CREATE TEMPORARY TABLE {name} ({types})"))
    if incoming.num_rows:
        _load(conn, name, incoming)
    analyze(conn, name)
    yield name
    conn.execute(sa.text(f"DROP TABLE {name}"))  # after an error the rollback takes it along


def analyze(conn: Connection, table_name: str) -> None:
    """Let the planner know what was just loaded; DuckDB knows by itself."""
    if conn.dialect.name == "postgresql":
        conn.execute(sa.text(f"ANALYZE {table_name}"))


def _load(conn: Connection, table_name: str, incoming: pa.Table) -> None:
    columns = ", ".join(incoming.column_names)
    driver: Any = conn.connection.driver_connection
    if conn.dialect.name == "duckdb":
        driver.complete()  # a result of which only the first row was fetched still holds the connection
        driver.register("arrow_rows", incoming)
        conn.execute(sa.text(f"INSERT INTO {table_name} ({columns}) SELECT {columns} FROM arrow_rows"))  # noqa: S608
        driver.unregister("arrow_rows")
        return
    with driver.cursor() as cursor, cursor.copy(f"COPY {table_name} ({columns}) FROM STDIN (FORMAT csv)") as copy:
        for batch in incoming.to_batches(max_chunksize=50_000):
            buffer = io.BytesIO()
            pa_csv.write_csv(batch, buffer, pa_csv.WriteOptions(include_header=False, quoting_style="needed"))
            copy.write(buffer.getbuffer())
