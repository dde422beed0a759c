"""One way to call a vendor: timeouts, patience with busy answers, and a clear word on what happened to each request.

A request ends in one of three ways: a `Reply` (the vendor spoke, whatever it said), `Unavailable` (it never left, or
the vendor stayed busy: nothing was done) or `Unanswered` (it left, and no readable answer came back: it may have been
done).
"""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from ssl import SSLCertVerificationError
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

import orjson
import requests
from requests.adapters import HTTPAdapter
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, stop_after_delay
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from connectors.base import ConfigError, LimitReached, Unavailable

TIMEOUT = (10.0, 150.0)
"""Seconds to connect, and between two bytes of an answer; longer than the 120 s that a query may run at a vendor."""


class Unreachable(Unavailable):
    """No connection came about, so the request has not left."""


class Busy(Unavailable):
    """The vendor refused the request for now, without doing it."""

    def __init__(self, message: str, after: float = 0.0) -> None:
        super().__init__(message)
        self.after = after
        """Seconds that the vendor asks us to wait; 0 when it does not say."""


class Unanswered(Busy):
    """The request went out and no readable answer came back: whether it was done is unknown."""


class Reply(NamedTuple):
    """What the vendor said."""

    status: int
    headers: Mapping[str, str]
    body: Any
    """The parsed JSON; None when there was no body or it is no JSON."""
    text: str
    """The first 500 characters, for messages."""
    requested_at: datetime
    unsure: bool = False
    """An earlier attempt went unanswered, so the request may have been done before this answer."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one HTTP call is tried: seconds. Minutes are the business of the flows."""

    attempts: int = 7
    knocks: int = 4
    """How often an address is tried at which nobody answers at all."""
    first: float = 0.5
    longest: float = 20.0
    longest_in_all: float = 240.0
    longest_asked: float = 90.0
    """A vendor that asks for more than this is left alone until the next run."""


ALWAYS = 1_000
"""How often an unanswered request may be sent again when doing it twice does no harm."""


def anything(reply: Reply) -> bool:
    return True


def never(reply: Reply) -> bool:
    return False


def nothing(reply: Reply) -> None:
    return None


def at_once(url: str) -> None:
    """Requests may leave as fast as they come."""


@dataclass(slots=True)
class Http:
    """The connection to one host, with a count of the requests that it has sent."""

    base_url: str
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    busy: Callable[[Reply], bool] = never
    """The vendor's own ways of saying "later", beyond 429."""
    refuse: Callable[[Reply], None] = nothing
    """Raises for what the vendor's own words ask for: a pause of a certain length, or no more calls today."""
    patience: Patience = Patience()
    pace: Callable[[str], None] = at_once
    """Called with the address before every single request, repeated ones too; returns when it may leave."""
    calls: int = 0
    session: requests.Session = None  # type: ignore[assignment]  # made from base_url below

    def __post_init__(self) -> None:
        self.session = open_session(self.base_url)

    def send(
        self,
        method: str,
        url: str,
        *,
        resends: int = ALWAYS,
        readable: Callable[[Reply], bool] = anything,
        final: Collection[int] = (),
        **request: Any,
    ) -> Reply:
        """The vendor's answer.

        `resends` bounds how often an unanswered request goes out again; `readable` tells data from a cut-off 2xx;
        statuses in `final` are an answer to the caller, who asks for something else then.
        """
        unanswered = knocked = 0

        def again(error: BaseException) -> bool:
            nonlocal unanswered, knocked
            unanswered += isinstance(error, Unanswered)
            knocked += isinstance(error, Unreachable)
            patient = getattr(error, "after", 0.0) <= self.patience.longest_asked and knocked < self.patience.knocks
            return isinstance(error, Unavailable) and unanswered <= resends and patient

        tries = Retrying(
            sleep=self.sleep,
            stop=stop_after_attempt(self.patience.attempts) | stop_after_delay(self.patience.longest_in_all),
            wait=self._pause,
            retry=retry_if_exception(again),
            reraise=True,
        )
        try:
            reply = tries(self._once, method, url, readable, final, request)
        except Unanswered:
            raise
        except Unavailable as error:
            if unanswered:
                raise Unanswered(str(error)) from error
            raise
        except LimitReached as error:
            if unanswered and resends < ALWAYS:
                raise Unanswered(str(error)) from error
            raise
        return reply._replace(unsure=unanswered > 0)

    def _pause(self, state: RetryCallState) -> float:
        """What the vendor asks for, or twice as long as last time, with jitter so that workers do not march in step."""
        error = state.outcome.exception() if state.outcome else None
        doubled = min(self.patience.longest, self.patience.first * 2.0 ** (state.attempt_number - 1))
        return max(getattr(error, "after", 0.0), doubled * random.uniform(0.75, 1.25))

    def _once(
        self,
        method: str,
        url: str,
        readable: Callable[[Reply], bool],
        final: Collection[int],
        request: Mapping[str, Any],
    ) -> Reply:
        self.pace(url)
        requested_at = self.clock()
        self.calls += 1
        try:
            response = self.session.request(method, url, allow_redirects=False, **request)
        except requests.RequestException as error:
            raise _explained(error, self._place(method, url)) from error
        reply = Reply(
            response.status_code,
            response.headers,
            _json(response.content),
            response.content[:500].decode("utf-8", "replace") if response.status_code >= 300 else "",
            requested_at,
        )
        if reply.status not in final:
            self._refuse_unusable(reply, readable, self._place(method, url))
        return reply

    def _refuse_unusable(self, reply: Reply, readable: Callable[[Reply], bool], place: str) -> None:
        self.refuse(reply)
        after = retry_after(reply)
        if reply.status == 429 or (reply.status < 500 and self.busy(reply)):
            raise Busy(
                f"{place} answers that it is busy ({reply.status} {reply.text[:200]}); the next run resumes", after
            )
        if reply.status >= 500:
            raise Unanswered(f"{place} answers {reply.status}: {reply.text[:200]}; the next run resumes", after)
        if 300 < reply.status < 400 and reply.status != 304:
            raise ConfigError(f"{place} redirects to {reply.headers.get('Location', 'nowhere')}; correct the address")
        if reply.status < 300 and not readable(reply):
            raise Unanswered(f"{place} answers {reply.status} with a body that is cut off or not what was asked for")

    def _place(self, method: str, url: str) -> str:
        """Method and path without the query, which may hold what customers typed."""
        return f"{method} {self.base_url}{urlsplit(url).path}"


def open_session(base_url: str) -> requests.Session:
    """A session whose every request goes to `base_url`'s scheme and host, with timeouts, TLS verified.

    Client libraries that insist on https or on a host of their own are led to the configured place by the adapter.
    """
    base = urlsplit(base_url)
    session = requests.Session()
    session.auth = _unchanged  # without it requests puts the password of a ~/.netrc entry over our token
    session.headers["User-Agent"] = "crmpulse"
    adapter = _Toward(base.scheme, base.netloc, direct=is_loopback(base.hostname or ""))
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def checked_url(variable: str, url: str) -> str:
    """Scheme and host of a configured address; ConfigError unless it is https, or http to this machine."""
    parts = urlsplit(url if "://" in url else f"https://{url}")
    if not parts.hostname or parts.scheme not in {"http", "https"} or parts.username:
        raise ConfigError(f"{variable} is no web address; it should look like https://example.my.salesforce.com")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ConfigError(f"{variable} uses plain http to {parts.hostname}; use https (http is for this machine only)")
    return f"{parts.scheme}://{parts.netloc}"


def is_loopback(host: str) -> bool:
    """Whether a host name can only mean this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _Toward(HTTPAdapter):
    """Sends a request to one scheme and host, whichever it names, and never waits for ever."""

    def __init__(self, scheme: str, netloc: str, *, direct: bool) -> None:
        super().__init__()
        self.scheme = scheme
        self.netloc = netloc
        self.direct = direct
        """Past any proxy: none has business between us and this machine."""

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        parts = urlsplit(request.url or "")
        request.url = urlunsplit((self.scheme, self.netloc, str(parts.path), str(parts.query), ""))
        options["timeout"] = options.get("timeout") or TIMEOUT
        options["proxies"] = None if self.direct else options.get("proxies")
        return super().send(request, *args, **options)


def _unchanged(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _explained(error: requests.RequestException, place: str) -> Exception:
    """The error by what it means for the request: it never left, or it left and is unanswered."""
    reason = _innermost(error)
    if isinstance(reason, SSLCertVerificationError):
        return ConfigError(
            f"{place}: the certificate cannot be verified ({reason.verify_message}); see REQUESTS_CA_BUNDLE"
        )
    if isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError | ConnectTimeoutError):
        return Unreachable(f"{place} cannot be reached; the next run resumes")
    if isinstance(error, requests.exceptions.ProxyError):
        return Unreachable(f"{place} cannot be reached through the proxy; the next run resumes")
    return Unanswered(f"{place}: the connection broke before the answer was complete ({type(error).__name__})")


def _innermost(error: BaseException) -> BaseException:
    """requests wraps urllib3, which wraps the socket's own error in `reason` or as its first argument."""
    inner = getattr(error, "reason", None) or (error.args[0] if error.args else None)
    known = isinstance(error, NewConnectionError | ConnectTimeoutError | SSLCertVerificationError)
    return _innermost(inner) if isinstance(inner, BaseException) and not known else error


def _json(content: bytes) -> Any:
    try:
        return orjson.loads(content) if content else None
    except orjson.JSONDecodeError:
        return None


def retry_after(reply: Reply) -> float:
    """Seconds from the header, in either of its two spellings; 0 when it is absent or unreadable."""
    value = reply.headers.get("Retry-After", "").strip()
    if value.replace(".", "", 1).isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - reply.requested_at).total_seconds()) if value else 0.0
    except (ValueError, TypeError):
        return 0.0
