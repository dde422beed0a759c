"""Zendesk Support, read, and its organizations written; one object a run remembers the token and the fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from connectors.base import (
    Bookmark,
    Budget,
    ConfigError,
    ObjectSchema,
    Outcome,
    Page,
    Record,
    Stream,
    SystemRefused,
    Write,
)
from connectors.http import Http, Patience, is_loopback
from connectors.zendesk import pulling
from connectors.zendesk.api import PAGE, Api, in_conflict
from connectors.zendesk.auth import from_environment
from connectors.zendesk.pace import Limits
from connectors.zendesk.records import Selection, of_fields, of_stream
from connectors.zendesk.schema import Described, describe
from connectors.zendesk.writing import Writer

LONGEST_ASKED = 120.0
"""Seconds; Zendesk has been seen to ask for 93."""


class Zendesk:
    """One account under the name that the company gave it."""

    batch_size = PAGE

    def __init__(
        self,
        system: str,
        env: Mapping[str, str],
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
        share_pct: float,
    ) -> None:
        credentials = from_environment(system, env)
        limits = Limits(share_pct, clock, sleep)
        patience = replace(Patience(), longest_asked=LONGEST_ASKED)
        http = Http(credentials.base_url, clock, sleep, busy=in_conflict, patience=patience, pace=limits.wait)
        self.system = system
        self.loopback = is_loopback(urlsplit(credentials.base_url).hostname or "")
        self._api = Api(system, http, credentials, limits)
        self._writer = Writer(self._api)
        self._objects: dict[str, Described] = {}

    def organization(self) -> str:
        """The account's host name. Zendesk answers everybody here, so a user without id means that we are nobody."""
        user = self._api.get("users/me", "user")
        if not isinstance(user, dict) or user.get("id") is None:
            raise SystemRefused(
                f"{self.system}: Zendesk takes us for an anonymous visitor; check the {self.system.upper()}_ variables"
            )
        return urlsplit(self._api.credentials.base_url).hostname or ""

    def describe(self, object: str) -> ObjectSchema:
        return self._described(object).schema

    def pull(self, stream: Stream, bookmark: Bookmark | None) -> Iterator[Page]:
        return pulling.pull(self._api, self._chosen(stream), bookmark)

    def ids(self, stream: Stream) -> Iterator[Sequence[str]]:
        return pulling.ids(self._api, self._chosen(stream))

    def budget(self) -> Budget:
        """Zendesk counts by the minute only, and minutes are waited for: nothing bounds a whole run."""
        return Budget(calls=self._api.http.calls)

    def write(self, writes: Sequence[Write]) -> list[Outcome]:
        return self._writer.write(writes)

    def find(
        self,
        object: str,
        key_field: str,
        keys: Sequence[str],
        fields: Sequence[str],
        parents: Mapping[str, Sequence[str]] | None = None,
    ) -> Mapping[str, Record]:
        """Organizations by their external id, which Zendesk compares without regard to case."""
        if (object, key_field) != ("organizations", "external_id"):
            raise ConfigError(f"{self.system}: Zendesk finds organizations by external_id, not {object} by {key_field}")
        chosen = of_fields(self._described(object), fields, f"{self.system}, find by {key_field}")
        asked = {key.casefold(): key for key in keys}
        found: dict[str, Record] = {}
        for raw in self._api.by_ids("organizations/show_many", object, keys, name="external_ids"):
            key = asked.get(str(raw.get("external_id")).casefold())
            if key is not None and key in found:
                raise ConfigError(f"{self.system}: several organizations have the external id {key}")
            if key is not None:
                found[key] = chosen.record(raw)
        return found

    def read(self, object: str, ids: Sequence[str], fields: Sequence[str]) -> Mapping[str, Record]:
        chosen = of_fields(self._described(object), fields, f"{self.system}, read by id")
        known = [id for id in ids if id.isdigit()]
        records = (chosen.record(raw) for raw in self._api.by_ids(f"{object}/show_many", object, known))
        return {record.id: record for record in records}

    def _chosen(self, stream: Stream) -> Selection:
        return of_stream(self._described(stream.object), stream, self.system)

    def _described(self, object: str) -> Described:
        if object not in self._objects:
            self._objects[object] = describe(self._api, object)
        return self._objects[object]
