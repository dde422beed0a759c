"""Records by id or key, deleted ones too, and all ids of a stream: the questions that are no pull."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from simple_salesforce.format import quote_soql_value

from connectors.base import ConfigError, Record
from connectors.salesforce import codes
from connectors.salesforce.api import Api
from connectors.salesforce.query import Answer, Place, select, walk
from connectors.salesforce.records import Selection


def ids(api: Api, chosen: Selection) -> Iterator[Sequence[str]]:
    """All ids that exist, in pages; archived activities do, and only the query that sees deleted records shows them."""
    alive = "IsDeleted = false" if chosen.sobject.has("IsDeleted") else ""

    def soql(place: Place, limit: int) -> str:
        return select(
            chosen.object, ["Id"], [alive, chosen.where, f"Id > '{place.id}'" if place.id else ""], "Id", limit
        )

    for answer, _ in walk(api, soql, Place(), _behind_last):
        yield [str(raw["Id"]) for raw in answer.records]


def read(api: Api, chosen: Selection, asked: Sequence[str]) -> Mapping[str, Record]:
    """Records by id, under the ids that were asked for (15 and 18 characters name the same record)."""
    by_start = {id[:15]: id for id in asked}
    return {by_start[record.id[:15]]: record for record in read_by(api, chosen, "Id", list(by_start.values()))}


def find(api: Api, chosen: Selection, key_field: str, keys: Sequence[str]) -> Mapping[str, Record]:
    """Records by unique key; what exists goes before what is deleted, and two that exist are a ConfigError.

    Salesforce compares such keys without regard to case unless the field says otherwise.
    """
    found: dict[str, list[Record]] = defaultdict(list)
    for record in read_by(api, chosen, key_field, keys):
        found[str(record.fields[key_field]).casefold()].append(record)
    return {key: _one(chosen.object, key_field, key, found[key.casefold()]) for key in keys if key.casefold() in found}


def read_by(api: Api, chosen: Selection, field: str, values: Sequence[str]) -> list[Record]:
    """All records whose field holds one of the values, asked for in queries that fit a URI."""
    column = chosen.sobject.canonical.get(field.lower(), field)
    records: list[Record] = []
    for some in _chunks(list(dict.fromkeys(values))):

        def soql(place: Place, limit: int, some: Sequence[str] = some) -> str:
            behind = f"Id > '{place.id}'" if place.id else ""
            tests = [chosen.where, f"{column} IN {quote_soql_value(list(some))}", behind]
            return select(chosen.object, chosen.columns, tests, "Id", limit)

        for answer, _ in walk(api, soql, Place(), _behind_last):
            records += chosen.records(answer.records)
    return records


def _one(object: str, key_field: str, key: str, records: list[Record]) -> Record:
    alive = [record for record in records if not record.deleted]
    if len(alive) > 1:
        ids = ", ".join(record.id for record in alive)
        raise ConfigError(f"{object}: {key_field} {key!r} stands on several records ({ids}); make the field unique")
    return alive[0] if alive else records[-1]


def _behind_last(place: Place, answer: Answer, by_cursor: bool) -> Place:
    return Place("", str(answer.records[-1]["Id"])) if answer.records else place


def _chunks(values: Sequence[str]) -> Iterator[list[str]]:
    """As many values at a time as one WHERE clause takes."""
    chunk: list[str] = []
    size = 0
    for value in values:
        length = len(quote_soql_value(value)) + 1  # and the comma
        if chunk and size + length > codes.LONGEST_WHERE:
            yield chunk
            chunk, size = [], 0
        chunk.append(value)
        size += length
    if chunk:
        yield chunk
