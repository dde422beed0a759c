"""From the fields that somebody asks for to columns of a query, and from its answers back to records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from connectors.base import ConfigError, Record, Stream
from connectors.salesforce.schema import Described, SObject, spelled

Raw = dict[str, Any]
"""A record as the vendor's JSON holds it."""


class Selection(NamedTuple):
    """What is asked of one object, and how an answer becomes a record."""

    sobject: SObject
    columns: Sequence[str]
    fields: Callable[[Raw], Raw]
    """The asked fields, in the asker's spelling."""
    where: str = ""

    @property
    def object(self) -> str:
        return self.sobject.name

    def records(self, answers: Iterable[Raw]) -> list[Record]:
        """Uses the answers up: their dicts become the records' fields, because a copy costs more than all the rest."""
        return [self._record(raw) for raw in answers if raw.get("Id")]

    def _record(self, raw: Raw) -> Record:
        id, deleted, winner = raw["Id"], raw.get("IsDeleted") is True, raw.get("MasterRecordId")
        return Record(id, self.fields(raw), deleted, winner or None)


def of_stream(described: Described, stream: Stream, system: str) -> Selection:
    """The stream against describe; ConfigError names what our user does not see, before any query."""
    place = f"{system}.yaml, pull {stream.name}"
    if stream.key.lower() != "id":
        raise ConfigError(f"{place}: Salesforce records are known by Id, not by {stream.key}")
    return of_fields(described, stream.object, stream.fields, place)._replace(where=stream.where)


def of_fields(described: Described, object: str, fields: Sequence[str], place: str) -> Selection:
    """Named fields of an object, with what tells its changes, deletions and merges where it has that."""
    sobject = described(object)
    paths = spelled(described, object, fields, place)
    extra = [name for name in ("IsDeleted", "MasterRecordId") if sobject.has(name)]
    columns = sorted({"Id", sobject.stamp, *extra, *paths.values()})
    return Selection(sobject, columns, _reader(paths, columns))


def _reader(paths: Mapping[str, str], columns: Sequence[str]) -> Callable[[Raw], Raw]:
    """Built once a stream, because it runs once a record."""
    if any(name != path or "." in path for name, path in paths.items()):
        routes = [(name, path.split(".")) for name, path in paths.items()]
        return lambda raw: {name: _reach(raw, route) for name, route in routes}
    wanted = set(paths)
    unasked = ("attributes", *(column for column in columns if column not in wanted))

    def stripped(raw: Raw) -> Raw:
        for name in unasked:
            raw.pop(name, None)
        return raw if raw.keys() == wanted else {name: raw.get(name) for name in paths}

    return stripped


def _reach(raw: Any, route: Sequence[str]) -> Any:
    """Account.Owner.Name: null as soon as one of the parents is."""
    for name in route:
        raw = raw.get(name) if raw else None
    return raw
