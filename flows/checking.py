"""What `check` finds: mistakes in the files, then what the systems say to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connectors.base import ConfigError, LimitReached, ObjectSchema, Source, SystemRefused
from flows.setup import Clock, Setup, mappings_folder, warehouse_url
from mappings import check_live, reader, streams
from mappings.document import Mistake
from warehouse import engine as engines
from warehouse import measures


def check(env: Mapping[str, str], clock: Clock, *, live: bool) -> list[Mistake]:
    """Every mistake at once; the systems are only asked (`live`) when the files are sound."""
    reading = reader.read(mappings_folder(env), measures.load())
    found = [*reading.mistakes, *reading.warnings, *_of_warehouse(env)]
    if reading.mappings is None or not live:
        return found
    setup = Setup(reading.mappings, reading, env, clock)
    return found + [mistake for name in reading.mappings.company.systems for mistake in _said_by(setup, name)]


def _of_warehouse(env: Mapping[str, str]) -> Iterator[Mistake]:
    """An address that cannot be opened, and an engine that schedules cannot share."""
    try:
        engine = engines.open_warehouse(warehouse_url(env))
    except (ConfigError, LimitReached) as error:
        yield Mistake("CRMPULSE_WAREHOUSE_URL", 1, str(error))
        return
    if engine.dialect.name == "duckdb":
        told = "DuckDB serves one process at a time; Prefect deployments need PostgreSQL"
        yield Mistake("CRMPULSE_WAREHOUSE_URL", 1, told, warning=True)
    engine.dispose()


def _said_by(setup: Setup, system: str) -> list[Mistake]:
    """What the system says to its mapping; one that is away says nothing, which is no mistake (exit status 3)."""
    mapping = setup.system(system)
    try:
        source = setup.source(system)
        source.organization()
        schemas = {} if mapping.kind == "files" else _described(setup, source)
    except ConfigError as error:
        return [Mistake(f"{system}.yaml", 1, str(error))]
    return check_live.live(mapping, schemas, setup.reading.where)


def _described(setup: Setup, source: Source) -> dict[str, ObjectSchema]:
    """The schema of each object that exists; the check names the others."""
    found = {}
    for stream in streams.streams(setup.system(source.system)).values():
        try:
            found[stream.object] = source.describe(stream.object)
        except SystemRefused:
            raise
        except ConfigError:
            continue
    return found
