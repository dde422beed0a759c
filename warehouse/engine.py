"""Opening the warehouse: kept tables are migrated, derived ones are rebuilt when their definition changed.

DuckDB is one file for one process at a time; PostgreSQL serves many, and a lease keeps two syncs apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
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
        Path(address.database).parent.mkdir(parents=True, exist_ok=True)
    return sa.create_engine(address)


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
def lease(engine: Engine, name: str, holder: str, now: datetime, seconds: float) -> Iterator[None]:
    """Keep others out of `name` until the block ends, or until the time is over and nobody renewed it.

    Held names who has it. On DuckDB the lock on the file is the lease.
    """
    if engine.dialect.name == "duckdb":
        yield
        return
    _take(engine, name, holder, now, seconds)
    try:
        yield
    finally:
        with engine.begin() as conn:
            conn.execute(sa.delete(leases).where(leases.c.name == name, leases.c.holder == holder))


def renew(engine: Engine, name: str, holder: str, now: datetime, seconds: float) -> None:
    """Keep the lease for longer; Held when somebody else took it over meanwhile."""
    if engine.dialect.name == "duckdb":
        return
    with engine.begin() as conn:
        ours = sa.update(leases).where(leases.c.name == name, leases.c.holder == holder)
        kept = conn.execute(ours.values(expires_at=now + timedelta(seconds=seconds))).rowcount
    if not kept:
        raise Held(f"the lease {name} ran out and was taken over; what is left is for the next run")


def _take(engine: Engine, name: str, holder: str, now: datetime, seconds: float) -> None:
    until = now + timedelta(seconds=seconds)
    try:
        with engine.begin() as conn:
            free = sa.or_(leases.c.expires_at <= now, leases.c.holder == holder)
            taken = sa.update(leases).where(leases.c.name == name, free).values(holder=holder, expires_at=until)
            if not conn.execute(taken).rowcount:
                conn.execute(sa.insert(leases).values(name=name, holder=holder, expires_at=until))
    except sa.exc.IntegrityError:
        raise _held_by(engine, name) from None


def _held_by(engine: Engine, name: str) -> Held:
    with engine.connect() as conn:
        held = conn.execute(sa.select(leases.c.holder, leases.c.expires_at).where(leases.c.name == name)).one_or_none()
    if held is None:
        return Held(f"the lease {name} was held a moment ago; try again")
    return Held(f"{held.holder} is at work ({name}) until {held.expires_at:%Y-%m-%d %H:%M} UTC at the latest")
