"""Calls to one portal: paced, its allowance noted, its errors sorted by what to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson

from connectors.base import Budget, ConfigError, LimitReached, SystemRefused
from connectors.http import Busy, Http, Reply, Unanswered, retry_after
from connectors.hubspot import codes
from connectors.hubspot.client import Credentials, tamed
from connectors.pace import Pace, wait

Raw = dict[str, Any]
"""A record as the vendor's JSON holds it."""
DETAILS = re.compile(r"Property values were not valid: (\[.*\])", re.DOTALL)


class Error(NamedTuple):
    """One of the vendor's errors."""

    code: str
    message: str
    fields: tuple[str, ...] = ()


class Api:
    """One portal behind its token."""

    def __init__(self, system: str, http: Http, credentials: Credentials, share_pct: float) -> None:
        self.system = system
        self.http = http
        self.credentials = credentials
        self.client = tamed(http, credentials).crm
        http.refuse = self._refuse
        http.pace = self._wait
        self._calls = Pace(share_pct / 100, codes.WINDOW)
        self._searches = Pace(share_pct / 100, codes.SEARCH_WINDOW)
        self._daily: int | None = None
        self._daily_left: int | None = None
        self._details: Raw = {}
        self._closed: LimitReached | None = None

    def send(self, call: Callable[..., Reply], *arguments: Any, **options: Any) -> Reply:
        """The vendor's answer to a method of the client; SystemRefused when it does not know us."""
        if self._closed:
            raise self._closed
        reply = call(*arguments, _preload_content=False, **options)
        self._note(reply.headers)
        if reply.status == 401:
            raise SystemRefused(
                f"{self.system}: {self.credentials.base_url} refuses our token ({words(reply)}); check "
                f"{self.system.upper()}_ACCESS_TOKEN"
            )
        return reply

    def search(self, object: str, question: Mapping[str, Any]) -> Reply:
        """As `get`, of the search index."""
        return self.got(self.send(self.client.objects.search_api.do_search, object, question), f"search {object}")

    def get(self, call: Callable[..., Reply], *arguments: Any, **options: Any) -> Reply:
        """As `send`; ConfigError with the vendor's words when it says no."""
        return self.got(
            self.send(call, *arguments, **options), " ".join(str(a) for a in arguments if isinstance(a, str))
        )

    def got(self, reply: Reply, doing: str) -> Reply:
        if reply.status >= 300 or is_error(reply):
            raise self.refusal(reply, doing)
        return reply

    def refusal(self, reply: Reply, doing: str) -> ConfigError:
        """The vendor's no as one of our errors."""
        said = f"{self.system}: {doing}: {words(reply) or f'status {reply.status} {reply.text[:200]}'}"
        if _says(reply, codes.MISSING_SCOPES):
            return ConfigError(f"{said}; add the scopes to the key of {self.system.upper()}_ACCESS_TOKEN")
        if reply.status == 404 and not words(reply):
            return ConfigError(f"{said}; there is no such object, or {self.system.upper()}_API_VERSION is not offered")
        return ConfigError(said)

    # --- the portal ---------------------------------------------------------------------------------------------------

    def details(self) -> Raw:
        """The portal's id, time zone and more; asked once."""
        if not self._details:
            api = self.client.objects.basic_api.api_client
            options = {"header_params": {"Accept": "application/json"}, "auth_settings": ["oauth2"]}
            self._details = self.get(api.call_api, "/account-info/v3/details", "GET", **options).body
        return self._details

    def zone(self) -> ZoneInfo:
        """In which the portal's days begin and end."""
        name = str(self.details().get("timeZone") or "UTC")
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ConfigError(
                f"{self.system}: the portal's time zone {name!r} is unknown here; install tzdata"
            ) from error

    def budget(self) -> Budget:
        """What the last answer's headers said; asks for the portal's details if no answer carried one."""
        if self._daily is None:
            self.details()
        left = self._daily_left
        used = None if self._daily is None or left is None else self._daily - left
        return Budget(self._daily, used, self.http.calls)

    # --- each call ----------------------------------------------------------------------------------------------------

    def _wait(self, url: str) -> None:
        """Searches have an allowance of their own."""
        pace = self._searches if url.endswith("/search") else self._calls
        wait([pace], self.http.clock, self.http.sleep)

    def _note(self, headers: Mapping[str, str]) -> None:
        """Searches carry no such headers, but a portal that sends them elsewhere counts searches too."""
        told = {name: _number(headers.get(f"X-HubSpot-RateLimit-{name}")) for name in _TOLD}
        if told["Max"]:
            self._calls.most = told["Max"]
            self._calls.window = timedelta(milliseconds=told["Interval-Milliseconds"] or 10_000)
            self._searches.most = codes.SEARCHES_A_SECOND
        if told["Daily"] is not None and told["Daily-Remaining"] is not None:
            self._daily, self._daily_left = told["Daily"], told["Daily-Remaining"]

    def _refuse(self, reply: Reply) -> None:
        """The vendor's ways to say "later", each with its own time; an error under 200 without a kind is one."""
        after, said = (
            retry_after(reply),
            f"{self.system}: HubSpot answers {reply.status}: {words(reply) or reply.text[:200]}",
        )
        if reply.status < 300 and is_error(reply) and not said_by(reply.body).code:
            raise Unanswered(f"{said}; the next run resumes", after)
        if reply.status == 429 and _policy(reply) == codes.DAILY:
            self._closed = LimitReached(f"{said}; {self._until()}")
            raise self._closed
        if reply.status == 429:
            raise Busy(f"{said}; the next run resumes", after or codes.PAUSES.get(_policy(reply), codes.OTHER_PAUSE))
        if reply.status == codes.LOCKED:
            raise Busy(f"{said}; the next run resumes", max(after, codes.LOCK_PAUSE))
        if reply.status == codes.MOVING:
            pause = after or codes.LONGEST_MOVE
            back = reply.requested_at + timedelta(seconds=pause)
            raise Busy(f"{said}; the account is being moved and asks for rest until {_minute(back)}", pause)
        if reply.status == codes.MALFORMED_TOKEN:
            raise SystemRefused(
                f"{said}; that means a token of the wrong form: check {self.system.upper()}_ACCESS_TOKEN"
            )

    def _until(self) -> str:
        """When the day of the portal ends; its time zone is known unless the very first call was one too many."""
        if not self._details:
            return "the allowance of the day is spent until midnight in the portal's time zone; a later run resumes"
        zone = self.zone()
        tomorrow = self.http.clock().astimezone(zone).date() + timedelta(days=1)
        midnight = datetime.combine(tomorrow, time(), zone)
        return f"the allowance of the day is spent until {_minute(midnight)} ({zone.key}); a later run resumes"


_TOLD = ("Max", "Interval-Milliseconds", "Daily", "Daily-Remaining")


def _number(text: str | None) -> int | None:
    return int(text) if text and text.strip().isdigit() else None


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M %z}"


def is_error(reply: Reply) -> bool:
    """Whatever its status says: a 200 that holds an error is no data."""
    return isinstance(reply.body, dict) and reply.body.get("status") == "error"


def words(reply: Reply) -> str:
    """The vendor's own words, in one line."""
    return said_by(reply.body).message if isinstance(reply.body, dict) else ""


def said_by(error: Mapping[str, Any]) -> Error:
    """An error body, or one of a batch's errors: the closest code, the whole message, the properties that it names.

    Every part may be missing. Details stand in `errors`, or as JSON inside the message.
    """
    message = " ".join(str(error.get("message") or "").split())
    details = [d for d in error.get("errors") or _inside(str(error.get("message") or "")) if isinstance(d, dict)]
    code = next((str(d.get("code") or d.get("error")) for d in details if d.get("code") or d.get("error")), "")
    fields = tuple(dict.fromkeys(name for d in details for name in _names(d)))
    category = str(error.get("category") or "")
    told = "; ".join(str(d["message"]) for d in details if d.get("message"))
    if told and DETAILS.search(message):
        message = told
    scopes = [s for d in details for s in (d.get("context") or {}).get("requiredGranularScopes") or ()]
    return Error(code or category, f"{message} ({', '.join(scopes)})" if scopes else message, fields)


def _inside(message: str) -> list[Any]:
    found = DETAILS.search(message)
    try:
        return list(orjson.loads(found[1])) if found else []
    except orjson.JSONDecodeError:
        return []


def _names(detail: Mapping[str, Any]) -> list[str]:
    named = (detail.get("context") or {}).get("propertyName") or detail.get("name") or ()
    return [named] if isinstance(named, str) else [str(name) for name in named]


def _policy(reply: Reply) -> str:
    return str(reply.body.get("policyName") or "") if isinstance(reply.body, dict) else ""


def _says(reply: Reply, category: str) -> bool:
    return isinstance(reply.body, dict) and reply.body.get("category") == category
