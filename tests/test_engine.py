"""The warehouse opens migrated and rebuilt, says who holds it, and lets one sync at a time work."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from ulid import ULID

from connectors.base import ConfigError
from tests.intake import at, conformed, land
from warehouse import definitions, engine, tables, views
from warehouse.tables import derived, kept, leases


@pytest.fixture(params=["duckdb", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without any table."""
    if request.param == "duckdb":
        yield f"duckdb:///{tmp_path / 'new folder' / 'warehouse.duckdb'}"
        return
    yield request.getfixturevalue("empty_postgresql")


@pytest.fixture
def empty_postgresql(postgresql_url: str) -> Iterator[str]:
    server = sa.make_url(postgresql_url)
    name = f"w{ULID()}".lower()
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as conn:
        conn.execute(sa.text(f"CREATE DATABASE {name}"))
    yield server.set(database=name).render_as_string(hide_password=False)
    with admin.connect() as conn:
        conn.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


def shape(opened: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """Columns, keys and indexes of every table, as the database tells them."""
    columns = "SELECT table_name, column_name, data_type, is_nullable, numeric_precision, numeric_scale"
    of = "FROM information_schema.columns WHERE table_schema IN ('public', 'main')"
    keys = "SELECT table_name, constraint_type FROM information_schema.table_constraints WHERE constraint_type = 'PRIMARY KEY'"
    asked = {"columns": f"{columns} {of}", "keys": keys}
    if opened.dialect.name == "postgresql":
        asked["indexes"] = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
    with opened.connect() as conn:
        told = {what: sorted(map(tuple, conn.execute(sa.text(sql))), key=str) for what, sql in asked.items()}
    return {what: [row for row in rows if "alembic_version" not in str(row)] for what, rows in told.items()}


def test_migrations_arrive_at_the_tables(empty_url: str) -> None:
    """What the numbered migrations make is what warehouse/tables.py says, to the last column and index."""
    Path(sa.make_url(empty_url).database or "").parent.mkdir(exist_ok=True)
    fresh = sa.create_engine(empty_url)
    kept.create_all(fresh)
    derived.create_all(fresh)
    expected = shape(fresh)
    derived.drop_all(fresh)
    kept.drop_all(fresh)
    fresh.dispose()
    opened = engine.open_warehouse(empty_url)
    migrated = shape(opened)
    opened.dispose()
    views_aside = [row for row in migrated["columns"] if row[0] in {*kept.tables, *derived.tables}]
    assert {**migrated, "columns": views_aside} == expected


def test_opening_again_changes_nothing(empty_url: str) -> None:
    """The second start finds everything in place and keeps what is in it."""
    for rows in (2, 0):
        opened = engine.open_warehouse(empty_url)
        land(opened, "Account", [{"Id": "001A", "Name": "Acme"}, {"Id": "001B", "Name": "Globex"}])
        assert conformed(opened).rows == rows
        opened.dispose()


def test_changed_definitions_rebuild_what_is_derived(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new column of a derived table makes all of them anew from raw; links stay; a dropped table is gone."""
    opened = engine.open_warehouse(empty_url)
    land(opened, "Account", [{"Id": "001A", "Name": "Acme"}])
    conformed(opened)
    older = sa.Table("older_facts", derived, sa.Column("id", sa.String))
    monkeypatch.setattr(
        views, "definitions", lambda f=views.definitions: {**f(), "older": "SELECT id FROM older_facts"}
    )
    with opened.begin() as conn:
        assert definitions.rebuild_if_changed(conn)
        assert not definitions.rebuild_if_changed(conn)
    monkeypatch.undo()
    derived.remove(older)
    with opened.begin() as conn:
        assert definitions.rebuild_if_changed(conn)
        assert conn.scalar(sa.text("SELECT COUNT(*) FROM accounts")) == 0
    assert "older_facts" not in sa.inspect(opened).get_table_names()
    done = conformed(opened)
    assert (done.rows, done.minted, done.accounts) == (1, 0, 1)
    opened.dispose()


def test_views_that_others_built_are_not_dropped(empty_postgresql: str) -> None:
    """PostgreSQL refuses to drop what somebody's report stands on; we say so instead of taking it along."""
    opened = engine.open_warehouse(empty_postgresql)
    with opened.begin() as conn:
        conn.execute(sa.text("CREATE VIEW their_report AS SELECT name FROM accounts"))
        conn.execute(sa.update(tables.definitions).values(hash="of an older version"))
    with pytest.raises(ConfigError, match="their_report"), opened.begin() as conn:
        definitions.rebuild_if_changed(conn)
    with opened.begin() as conn:
        assert conn.scalar(sa.text("SELECT COUNT(*) FROM their_report")) == 0
    opened.dispose()


def test_many_processes_may_start_at_once(empty_postgresql: str) -> None:
    """One migrates, the others wait for it and find nothing to do."""
    with ThreadPoolExecutor(4) as threads:
        opened = list(threads.map(engine.open_warehouse, [empty_postgresql] * 4))
    for one in opened:
        with one.connect() as conn:
            assert conn.scalar(sa.text("SELECT COUNT(*) FROM alembic_version")) == 1
        one.dispose()


OPEN = "import sys; from warehouse import engine; e = engine.open_warehouse(sys.argv[1]); c = e.connect(); print('open', flush=True); input()"


def test_a_file_in_use_names_its_holder(tmp_path: Path) -> None:
    """DuckDB serves one process; the second is told which one has the file."""
    url = f"duckdb:///{tmp_path / 'warehouse.duckdb'}"
    with subprocess.Popen(
        [sys.executable, "-c", OPEN, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(engine.__file__).parents[1],
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == b"open\n"
        with pytest.raises(engine.Held, match=f"in use by process {holder.pid} "):
            engine.open_warehouse(url)
        holder.stdin.write(b"\n")
    engine.open_warehouse(url).dispose()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite:///x.db", "begins with sqlite"),
        ("postgresql://u:secret@localhost/x", r"use duckdb:///FILE or postgresql\+psycopg"),
        ("nonsense", "no address"),
        ("postgresql+psycopg://u:secret@127.0.0.1:1/x", r"u:\*\*\*@127.0.0.1:1/x cannot be opened"),
    ],
)
def test_an_address_that_does_not_work_is_explained_without_its_password(url: str, said: str) -> None:
    """What is wrong and what to change, never the secret."""
    with pytest.raises(ConfigError, match=said) as caught:
        engine.open_warehouse(url)
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_warehouse_is_explained(tmp_path: Path) -> None:
    """A wrong path is a mistake of the configuration, and the file is left alone."""
    file = tmp_path / "notes.txt"
    file.write_text("not a database " * 1000)
    with pytest.raises(ConfigError, match="cannot be opened"):
        engine.open_warehouse(f"duckdb:///{file}")
    assert file.read_text().startswith("not a database")


def test_one_sync_at_a_time(postgresql_engine: Engine) -> None:
    """Who is at work is named until the lease is given back."""
    served = postgresql_engine
    with engine.lease(served, "sync", "first", at(0)):
        with pytest.raises(engine.Held, match="first is at work"), engine.lease(served, "sync", "second", at(1)):
            pass
        with engine.lease(served, "another", "second", at(1)):
            pass
    with engine.lease(served, "sync", "second", at(2)), served.connect() as conn:
        assert conn.scalar(sa.select(leases.c.holder)) == "second"
    with served.connect() as conn:
        assert conn.scalar(sa.select(sa.func.count()).select_from(leases)) == 0


def test_a_lease_ends_with_the_process_that_held_it(postgresql_url: str, postgresql_engine: Engine) -> None:
    """A killed sync keeps nobody out: what it held is free as soon as its connection is."""
    script = (
        "import sys, time, datetime, sqlalchemy as sa\n"
        "from warehouse import engine\n"
        "with engine.lease(sa.create_engine(sys.argv[1]), 'sync', 'killed', datetime.datetime.now(datetime.UTC)):\n"
        "    print('held', flush=True)\n"
        "    time.sleep(60)\n"
    )
    served = postgresql_engine
    process = subprocess.Popen([sys.executable, "-c", script, postgresql_url], stdout=subprocess.PIPE)
    assert process.stdout and process.stdout.readline() == b"held\n"
    with pytest.raises(engine.Held, match="killed is at work"), engine.lease(served, "sync", "next", at(1)):
        pass
    process.kill()
    process.wait()
    assert _free_within(served, seconds=10)


def _free_within(served: Engine, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            with engine.lease(served, "sync", "next", at(2)):
                return True
        except engine.Held:
            time.sleep(0.1)
    return False


def test_the_lock_of_the_file_is_the_lease(tmp_path: Path) -> None:
    """On DuckDB nobody else can be at work, so nothing has to be kept."""
    opened = engine.open_warehouse(f"duckdb:///{tmp_path / 'warehouse.duckdb'}")
    with engine.lease(opened, "sync", "first", at(0)), opened.connect() as conn:
        assert conn.scalar(sa.select(sa.func.count()).select_from(leases)) == 0
    opened.dispose()


def test_kept_and_derived_share_no_name() -> None:
    """A table is either kept or can be made again."""
    assert not set(kept.tables) & set(derived.tables)
