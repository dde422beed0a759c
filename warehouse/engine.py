"""Opening the warehouse: kept tables are migrated, derived ones are rebuilt when their definition changed.

DuckDB is one file for one process at a time; PostgreSQL serves many, and a lease keeps two syncs apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.ddl.impl import DefaultImpl
from sqlalchemy import Connection, Engine

from connectors.base import ConfigError, LimitReached
from warehouse import definitions, migrations
from warehouse.tables import leases

MIGRATION_LOCK = 7_215_301
"""Any number, as long as every process of ours takes the same."""


class Held(LimitReached):
    """Another process works in the warehouse; nothing was done. Exit status 3."""


class DuckDB(DefaultImpl):
    """Makes alembic accept DuckDB, whose DDL is transactional."""

    __dialect__ = "duckdb"
    transactional_ddl = True


def open_warehouse(url: str) -> Engine:
    """The warehouse at the address, brought up to this version. ConfigError or Held when it cannot be opened."""
    engine = _engine(url)
    try:
        with engine.begin() as conn:
            if conn.dialect.name == "postgresql":  # one process migrates, the others wait and find nothing to do
                conn.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
            migrate(conn)
            definitions.rebuild_if_changed(conn)
    except sa.exc.DBAPIError as error:
        engine.dispose()
        raise _unopened(engine.url, error) from error
    return engine


def migrate(conn: Connection) -> None:
    """Apply the numbered migrations of the kept tables that are missing, in the connection's transaction."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = conn
    command.upgrade(config, "head")


def _engine(url: str) -> Engine:
    try:
        address = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise ConfigError("CRMPULSE_WAREHOUSE_URL is no address; see .env.example") from error
    if address.drivername not in ("duckdb", "postgresql+psycopg"):
        raise ConfigError(
            f"CRMPULSE_WAREHOUSE_URL begins with {address.drivername}://; "
            "use duckdb:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/DATABASE"
        )
    if address.drivername == "duckdb" and address.database not in (None, "", ":memory:"):
        _make_folder(Path(address.database).parent)
    return sa.create_engine(address)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"CRMPULSE_WAREHOUSE_URL: {folder} cannot be made ({error.strerror})") from error


def _unopened(address: sa.URL, error: sa.exc.DBAPIError) -> ConfigError | Held:
    """What stopped us, without the password."""
    said = str(error.orig)
    holder = re.search(r"Conflicting lock is held in (.*?)\s*\(PID (\d+)\)", said)
    if holder:
        return Held(
            f"the warehouse file {address.database} is in use by process {holder[2]} ({Path(holder[1]).name}); "
            "wait for it, or end it; DuckDB serves one process at a time, PostgreSQL many"
        )
    shown = address.render_as_string(hide_password=True)
    return ConfigError(f"the warehouse {shown} cannot be opened: {said.strip()}; check CRMPULSE_WAREHOUSE_URL")


# --- one sync at a time -----------------------------------------------------------------------------------------------


@contextmanager
def lease(engine: Engine, name: str, holder: str, now: datetime) -> Iterator[None]:
    """Keep others out of `name` until the block ends or our process does; Held names who is at work.

    On PostgreSQL the lease is a lock of a session of its own: it ends with the process, however that ends, and within a
    minute of a lost network. On DuckDB the lock on the file is the lease.
    """
    if engine.dialect.name == "duckdb":
        yield
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as session:
        _take(session, name, holder, now)
        try:
            yield
        finally:
            session.execute(sa.delete(leases).where(leases.c.name == name))
            session.execute(sa.text("SELECT pg_advisory_unlock(hashtext(:name))"), {"name": name})


def _take(session: Connection, name: str, holder: str, now: datetime) -> None:
    for setting in ("idle = 30", "interval = 10", "count = 3"):  # how the server notices that we are gone
        session.execute(sa.text(f"SET tcp_keepalives_{setting}"))
    if not session.scalar(sa.text("SELECT pg_try_advisory_lock(hashtext(:name))"), {"name": name}):
        raise _held_by(session, name)
    session.execute(sa.delete(leases).where(leases.c.name == name))
    session.execute(sa.insert(leases).values(name=name, holder=holder, taken_at=now))


def _held_by(session: Connection, name: str) -> Held:
    held = session.execute(sa.select(leases).where(leases.c.name == name)).one_or_none()
    if held is None:
        return Held(f"the lease {name} was taken a moment ago; try again")
    return Held(f"{held.holder} is at work ({name}) since {held.taken_at:%Y-%m-%d %H:%M} UTC; try again later")
