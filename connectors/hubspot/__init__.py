"""HubSpot, read and written; one object a run, for it remembers the portal, its properties and the allowance."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from connectors.base import Bookmark, Budget, ObjectSchema, Outcome, Page, Record, Stream, Write
from connectors.http import Http, is_loopback
from connectors.hubspot import codes, owners, pulling, reading, writing
from connectors.hubspot.api import Api
from connectors.hubspot.client import from_environment
from connectors.hubspot.records import of_fields, of_stream
from connectors.hubspot.schema import OWNERS, describe, missing


class HubSpot:
    """One portal under the name that the company gave it."""

    batch_size = codes.BATCH

    def __init__(
        self,
        system: str,
        env: Mapping[str, str],
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
        share_pct: float,
    ) -> None:
        credentials = from_environment(system, env)
        self.system = system
        self.loopback = is_loopback(urlsplit(credentials.base_url).hostname or "")
        self._api = Api(system, Http(credentials.base_url, clock, sleep), credentials, share_pct)
        self._schemas: dict[str, ObjectSchema] = {}

    def organization(self) -> str:
        """The portal's id."""
        return str(self._api.details()["portalId"])

    def describe(self, object: str) -> ObjectSchema:
        if object not in self._schemas:
            self._schemas[object] = describe(self._api, object)
        return self._schemas[object]

    def pull(self, stream: Stream, bookmark: Bookmark | None) -> Iterator[Page]:
        if stream.object == OWNERS:
            missing(self.describe(OWNERS), stream.fields, f"{self.system}.yaml, pull {stream.name}")
            return owners.pull(self._api, stream, bookmark)
        return pulling.pull(self._api, of_stream(self._api, self.describe, stream), bookmark)

    def ids(self, stream: Stream) -> Iterator[Sequence[str]]:
        if stream.object == OWNERS:
            return owners.ids(self._api)
        return reading.ids(self._api, of_stream(self._api, self.describe, stream))

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
        place = f"{self.system}, find by {key_field}"
        chosen = of_fields(self._api, self.describe, object, [*{*fields, key_field}], place)
        return reading.find(self._api, chosen, key_field, keys, parents)

    def read(self, object: str, ids: Sequence[str], fields: Sequence[str]) -> Mapping[str, Record]:
        chosen = of_fields(self._api, self.describe, object, fields, f"{self.system}, read by id")
        return reading.read(self._api, chosen, ids)
