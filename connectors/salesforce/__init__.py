"""Salesforce, read and written; one object a run, for it remembers the token, the schema and the allowance."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from connectors.base import Bookmark, Budget, ObjectSchema, Outcome, Page, Record, Stream, Write
from connectors.http import Http, is_loopback
from connectors.salesforce import codes, pulling, reading, writing
from connectors.salesforce.api import Api, is_busy
from connectors.salesforce.auth import eighteen, from_environment
from connectors.salesforce.query import ask
from connectors.salesforce.records import of_fields, of_stream
from connectors.salesforce.schema import SObject, describe


class Salesforce:
    """One org under the name that the company gave it."""

    batch_size = codes.BATCH

    def __init__(
        self, system: str, env: Mapping[str, str], clock: Callable[[], datetime], sleep: Callable[[float], None]
    ) -> None:
        credentials = from_environment(system, env)
        self.system = system
        self.loopback = is_loopback(urlsplit(credentials.instance_url).hostname or "")
        self._api = Api(system, Http(credentials.instance_url, clock, sleep, is_busy), credentials)
        self._objects: dict[str, SObject] = {}

    def organization(self) -> str:
        """The org's id, from the token's own address or from the org itself."""
        named = self._api.organization()
        return named or eighteen(str(ask(self._api, "SELECT Id FROM Organization").records[0]["Id"]))

    def describe(self, object: str) -> ObjectSchema:
        return self._described(object).schema

    def pull(self, stream: Stream, bookmark: Bookmark | None) -> Iterator[Page]:
        chosen = of_stream(self._described, stream, self.system)
        return pulling.pull(self._api, chosen, bookmark)

    def ids(self, stream: Stream) -> Iterator[Sequence[str]]:
        return reading.ids(self._api, of_stream(self._described, stream, self.system))

    def budget(self) -> Budget:
        return self._api.budget()

    def write(self, writes: Sequence[Write]) -> list[Outcome]:
        return writing.write(self._api, writes)

    def find(
        self,
        object: str,
        key_field: str,
        keys: Sequence[str],
        fields: Sequence[str],
        parents: Mapping[str, Sequence[str]] | None = None,
    ) -> Mapping[str, Record]:
        chosen = of_fields(self._described, object, [*{*fields, key_field}], f"{self.system}, find by {key_field}")
        return reading.find(self._api, chosen, key_field, keys)

    def read(self, object: str, ids: Sequence[str], fields: Sequence[str]) -> Mapping[str, Record]:
        chosen = of_fields(self._described, object, fields, f"{self.system}, read by id")
        return reading.read(self._api, chosen, ids)

    def _described(self, object: str) -> SObject:
        name = object.lower()
        if name not in self._objects:
            self._objects[name] = describe(self._api, object)
        return self._objects[name]
