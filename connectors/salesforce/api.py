"""Calls to one org's REST API: one renewal of an expired token, the allowance, errors sorted by what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urljoin

from simple_salesforce.api import Salesforce as Client

from connectors.base import Budget, ConfigError, LimitReached, SystemRefused, Unavailable
from connectors.http import ALWAYS, Http, Reply, anything
from connectors.salesforce import codes
from connectors.salesforce.auth import Credentials, Token


class Error(NamedTuple):
    """One of the vendor's errors."""

    code: str
    message: str


class Api:
    """One org behind simple-salesforce's addresses and headers.

    We send its requests ourselves: on a 401 simple-salesforce forgets headers, parses without looking and, through
    SFType, logs in until the stack overflows; it has no timeouts, and a write must not be repeated behind our back.
    """

    def __init__(self, system: str, http: Http, credentials: Credentials) -> None:
        self.system = system
        self.http = http
        self.credentials = credentials
        self._client: Client | None = None
        self._token: Token | None = None
        self._used: int | None = None
        self._allowed: int | None = None

    def send(
        self,
        method: str,
        path: str,
        *,
        resends: int = ALWAYS,
        readable: Callable[[Reply], bool] = anything,
        **request: Any,
    ) -> Reply:
        """The vendor's answer to a path below /services/data/vNN.0/; SystemRefused when it does not know us."""
        reply = self._send(method, path, resends, readable, request)
        if _is_expired(reply) and self.credentials.renewable:
            self._client = None
            again = self._send(method, path, resends, readable, request)
            reply = again._replace(unsure=again.unsure or reply.unsure)
        if _is_expired(reply):
            raise SystemRefused(
                f"{self.system}: {self.credentials.instance_url} refuses our token ({words(errors(reply))}); check the "
                f"{self.system.upper()}_ credentials, the integration user and its API access"
            )
        return reply

    def refusal(self, reply: Reply, doing: str) -> ConfigError | LimitReached | Unavailable:
        """The vendor's no as one of our errors."""
        said = f"{self.system}: {doing}: {words(errors(reply)) or f'status {reply.status} {reply.text[:200]}'}"
        if says(reply, codes.LIMIT):
            return LimitReached(f"{said}; the daily allowance of API calls is spent, the next run resumes")
        if says(reply, codes.TOO_SLOW):
            return Unavailable(f"{said}; the next run resumes")
        if reply.status == 410 or says(reply, codes.UNSUPPORTED_VERSION):
            return SystemRefused(f"{said}; set {self.system.upper()}_API_VERSION to a version that the org offers")
        if says(reply, codes.API_OFF):
            return SystemRefused(f"{said}; ask the org's administrator for API access")
        return ConfigError(said)

    def organization(self) -> str:
        """The org id that came with the token, or "" when it came without; logs in when that has not happened yet."""
        self._connected()
        return self._token.organization if self._token else ""

    def budget(self) -> Budget:
        """What the last answer's header said; asks limits/ once if no answer carried one."""
        if self._allowed is None:
            self._ask_limits()
        return Budget(self._allowed, self._used, self.http.calls)

    def _ask_limits(self) -> None:
        """Only users who may view the set-up are told; for others the allowance stays unknown."""
        reply = self.send("GET", "limits/")
        daily = reply.body.get("DailyApiRequests") if isinstance(reply.body, dict) and reply.status < 300 else None
        if self._allowed is None and isinstance(daily, dict) and {"Max", "Remaining"} <= daily.keys():
            self._allowed = int(daily["Max"])
            self._used = self._allowed - int(daily["Remaining"])

    def _send(
        self, method: str, path: str, resends: int, readable: Callable[[Reply], bool], request: dict[str, Any]
    ) -> Reply:
        client = self._connected()
        headers = {**client.headers, **request.get("headers", {})}
        del headers["X-PrettyPrint"]  # a quarter more bytes, for nobody's eyes

        def usable(reply: Reply) -> bool:
            return bool(errors(reply)) or readable(reply)

        url = urljoin(client.base_url, path)
        reply = self.http.send(method, url, resends=resends, readable=usable, **{**request, "headers": headers})
        self._note_allowance(reply)
        return reply

    def _connected(self) -> Client:
        if self._client is None:
            self._token = self.credentials.login(self.http)
            self._client = Client(
                session_id=self._token.access_token,
                instance_url=self.credentials.instance_url,
                session=self.http.session,
                version=self.credentials.version,
            )
        return self._client

    def _note_allowance(self, reply: Reply) -> None:
        usage = Client.parse_api_usage(reply.headers.get("Sforce-Limit-Info", "")).get("api-usage")
        if usage:
            self._used, self._allowed = usage.used, usage.total


def errors(reply: Reply) -> list[Error]:
    """The errors in an answer, whatever its status says: a 200 that holds an error is no data.

    A Collections answer is no error list: its items carry `success`, and their codes stand one level deeper.
    """
    items = reply.body if isinstance(reply.body, list) else [reply.body]
    found = [item for item in items if isinstance(item, dict) and item.get("errorCode") and "success" not in item]
    return [Error(str(item["errorCode"]), str(item.get("message", ""))) for item in found]


def says(reply: Reply, code: str) -> bool:
    return any(error.code == code for error in errors(reply))


def words(found: list[Error]) -> str:
    """The vendor's own words, in one line."""
    return "; ".join(f"{e.code}: {' '.join(e.message.split())}" for e in found)


def is_busy(reply: Reply) -> bool:
    """Salesforce's ways of saying "later" without a 429 or a 503."""
    return any(
        error.code in codes.BUSY or (error.code == codes.LIMIT and codes.CONCURRENT in error.message.lower())
        for error in errors(reply)
    )


def _is_expired(reply: Reply) -> bool:
    return reply.status == 401 or says(reply, codes.EXPIRED)
