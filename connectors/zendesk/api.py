"""Calls to one Zendesk account: paced, an expired token renewed once, errors in all their shapes sorted by what to do.

Addresses in answers (`next_page`, `after_url`) are never followed: we go on with the cursor, on the configured host.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from connectors.base import ConfigError, SystemRefused
from connectors.http import ALWAYS, Http, Reply, anything
from connectors.zendesk.auth import Credentials
from connectors.zendesk.pace import Limits

PAGE = 100
"""Records of a list, of a look-up by ids and of a bulk update."""
Raw = dict[str, Any]
"""A record as the vendor's JSON holds it."""


class Error(NamedTuple):
    """One of the vendor's errors."""

    code: str
    message: str


class Api:
    """One account behind its token."""

    def __init__(self, system: str, http: Http, credentials: Credentials, limits: Limits) -> None:
        self.system = system
        self.http = http
        self.credentials = credentials
        self._authorization = ""
        self._limits = limits

    def send(
        self,
        method: str,
        path: str,
        *,
        resends: int = ALWAYS,
        readable: Callable[[Reply], bool] = anything,
        final: Collection[int] = (),
        **request: Any,
    ) -> Reply:
        """The vendor's answer to a path below /api/v2/; SystemRefused when it does not know us."""
        reply = self._send(method, path, resends, readable, final, request)
        if reply.status == 401 and self.credentials.renewable:
            self._authorization = ""
            again = self._send(method, path, resends, readable, final, request)
            reply = again._replace(unsure=again.unsure or reply.unsure)
        if reply.status == 401:
            raise SystemRefused(
                f"{self.system}: {self.credentials.base_url} refuses our credentials ({words(reply)}); check the "
                f"{self.system.upper()}_ variables"
            )
        return reply

    def get(self, path: str, key: str, **params: Any) -> Any:
        """What stands below `key` in the answer; ConfigError with the vendor's words when it says no."""
        reply = self.send("GET", path, params=params, readable=holds(key))
        if reply.status >= 300 or not holds(key)(reply):
            raise self.refusal(reply, path)
        return reply.body[key]

    def walk(self, path: str, key: str, absent: Collection[int] = (), **params: Any) -> Iterator[list[Raw]]:
        """All pages of a list, by cursor: page numbers end after 10,000 records.

        Statuses in `absent` mean that the account has no such list: then there is no page at all.
        """
        params = {"page[size]": PAGE, **params}
        while True:
            reply = self.send("GET", path, params=params, readable=holds(key))
            if reply.status in absent:
                return
            if reply.status >= 300 or not holds(key)(reply):
                raise self.refusal(reply, path)
            yield reply.body[key]
            meta = reply.body.get("meta") or {}
            after = meta.get("after_cursor")
            if not after or meta.get("has_more") is False or after == params.get("page[after]"):
                return
            params["page[after]"] = after

    def by_ids(self, path: str, key: str, ids: Iterable[Any], name: str = "ids", **params: Any) -> Iterator[Raw]:
        """Records by up to 100 ids a call; what does not exist is left out."""
        for some in batches(ids):
            yield from self.get(path, key, **{name: ",".join(str(id) for id in some), **params})

    def refusal(self, reply: Reply, doing: str) -> ConfigError:
        """The vendor's no as one of our errors: a missing right concerns all calls, the rest this one."""
        said = f"{self.system}: {doing}: {words(reply) or f'status {reply.status} {reply.text[:200]}'}"
        if reply.status == 403:
            return SystemRefused(f"{said}; crmpulse reads and writes as an admin with the scopes read and write")
        return ConfigError(said)

    def _send(
        self,
        method: str,
        path: str,
        resends: int,
        readable: Callable[[Reply], bool],
        final: Collection[int],
        request: Mapping[str, Any],
    ) -> Reply:
        self._authorization = self._authorization or self.credentials.login(self.http)
        headers = {"Authorization": self._authorization, "Accept": "application/json", **request.get("headers", {})}

        def usable(reply: Reply) -> bool:
            self._limits.note(url, reply)
            return bool(errors(reply)) or readable(reply)

        url = f"{self.credentials.base_url}/api/v2/{path}"
        request = {**request, "headers": headers}
        return self.http.send(method, url, resends=resends, readable=usable, final=final, **request)


def holds(key: str) -> Callable[[Reply], bool]:
    """Whether an answer is what was asked for: an object with that key and no error beside it."""
    return lambda reply: isinstance(reply.body, dict) and key in reply.body and not errors(reply)


def in_conflict(reply: Reply) -> bool:
    """Somebody changed the same thing at this moment: nothing was done, and asking again helps."""
    return reply.status == 409


def batches(ids: Iterable[Any]) -> Iterator[Sequence[Any]]:
    """By the hundred."""
    ahead = iter(ids)
    while some := list(islice(ahead, PAGE)):
        yield some


def errors(reply: Reply) -> list[Error]:
    """The errors in an answer, whatever its status says; Zendesk has half a dozen shapes for them."""
    body = reply.body
    if not isinstance(body, dict):
        return []
    if isinstance(body.get("errors"), list):
        return [_error(item) for item in body["errors"] if isinstance(item, dict)]
    found = body.get("error")
    if isinstance(found, dict):
        return [_error(found)]
    if isinstance(found, str):
        told = [body.get("description") or body.get("message") or "", *_details(body.get("details"))]
        return [Error(found, "; ".join(part for part in told if isinstance(part, str) and part))]
    return []


def _error(item: Mapping[str, Any]) -> Error:
    code = str(item.get("code") or item.get("title") or "")
    told = [item.get("detail"), item.get("message"), item.get("description"), item.get("title")]
    return Error(code, next((part for part in told if isinstance(part, str) and part != code), ""))


def _details(details: Any) -> Iterator[str]:
    """`{field: [{description, error}]}` of a record that was refused."""
    if isinstance(details, dict):
        for field, found in details.items():
            for item in found if isinstance(found, list) else [found]:
                yield f"{field}: {item.get('description') or item.get('error')}" if isinstance(item, dict) else ""


def words(reply: Reply) -> str:
    """The vendor's own words, in one line."""
    return "; ".join(": ".join(part for part in error if part) for error in errors(reply))
