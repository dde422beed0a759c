"""What customers said about tickets, in the two generations of Zendesk's surveys.

An account uses one of them at a time. The newer one keeps its answers beside the tickets (survey_responses: good,
neutral or bad), the older one shows good or bad on the ticket and the moment in a list of its own
(satisfaction_ratings). An answer of the newer one wins, because the ticket shows it in two words only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from connectors.base import Bookmark
from connectors.zendesk.api import Api, Raw, batches, holds
from connectors.zendesk.records import value

RESPONSES = "guide/survey_responses"
ABSENT = frozenset({400, 403, 404, 422})
"""How an account answers that does not have this generation."""
OVERLAP = timedelta(minutes=2)
"""Answers are looked for from so much earlier on, for two clocks are compared."""
RATED = frozenset({"good", "bad"})
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Rating(NamedTuple):
    word: str
    """good, neutral or bad."""
    at: str | None
    """ISO 8601; None where Zendesk does not tell."""


class Ratings:
    """The answers to one account's surveys, looked up as tickets come by.

    `at` is when the last complete pull began, `open_since` the creation (in ms) of the oldest survey that could still
    be answered then: what is older cannot change any more.
    """

    def __init__(self, api: Api, known: Bookmark) -> None:
        self.api = api
        self.began = api.http.clock()
        self.at = str(known.get("at") or "")
        self.open_since = int(known.get("open_since") or 0) if self.at else _milliseconds(self.began)
        self._newer: bool | None = None
        """Whether the account has the newer generation; None before anybody asked."""
        self._moments: dict[str, str] | None = None
        """Rated ticket -> when, of the older generation."""

    def of(self, tickets: Iterable[Raw]) -> dict[str, Rating]:
        """Ticket id -> what was said last, for the tickets of one page."""
        by_id = {str(ticket["id"]): ticket for ticket in tickets}
        answers: dict[str, Rating] = {}
        for some in batches(by_id):
            subjects = ",".join(f"zen:ticket:{id}" for id in some)
            for responses in self._responses({"filter[subject_zrns]": subjects}):
                self._keep_open(responses)
                for response in responses:
                    _add(answers, response)
        older = {
            id: t for id, t in by_id.items() if id not in answers and value(t, "satisfaction_rating.score") in RATED
        }
        return answers | {id: self._older(id, ticket["satisfaction_rating"]) for id, ticket in older.items()}

    def late(self) -> Iterator[list[str]]:
        """Tickets with an answer that came since the last pull began, whether or not the tickets changed."""
        since = (datetime.fromisoformat(self.at) if self.at else self.began) - OVERLAP
        start, self.open_since = min(self.open_since, _milliseconds(since)), _milliseconds(self.began)
        for responses in self._responses({"filter[created_at_start]": start}):
            self._keep_open(responses)
            fresh = {_ticket(response) for response in responses if _answered(response, since)}
            yield sorted(fresh - {""})

    def while_reading(self) -> Bookmark:
        """Inside a pull: what is known of the answers stays as old as the pull's beginning."""
        return {"at": self.at or self.began.isoformat(), "open_since": self.open_since}

    def at_the_end(self) -> Bookmark:
        return {"at": self.began.isoformat(), "open_since": self.open_since}

    # --- newer --------------------------------------------------------------------------------------------------------

    def _responses(self, params: Mapping[str, Any]) -> Iterator[list[Raw]]:
        if self._newer is False:
            return
        for page in self.api.walk(RESPONSES, "survey_responses", ABSENT, **params):
            self._newer = True
            yield page
        self._newer = bool(self._newer)

    def _keep_open(self, responses: Iterable[Raw]) -> None:
        """A survey can be answered, and an answer changed, until the survey expires."""
        for response in responses:
            expires = response.get("expires_at")
            if expires is None or datetime.fromisoformat(expires) > self.began:
                self.open_since = min(self.open_since, _created(response))

    # --- older --------------------------------------------------------------------------------------------------------

    def _older(self, ticket_id: str, rating: Raw) -> Rating:
        moments = self._all_moments()
        if ticket_id not in moments and rating.get("id"):
            path = f"satisfaction_ratings/{rating['id']}"
            reply = self.api.send("GET", path, readable=holds("satisfaction_rating"))
            if reply.status not in ABSENT and reply.status >= 300:
                raise self.api.refusal(reply, path)
            found = reply.body["satisfaction_rating"] if holds("satisfaction_rating")(reply) else {}
            return Rating(rating["score"], _moment(found))
        return Rating(rating["score"], moments.get(ticket_id))

    def _all_moments(self) -> dict[str, str]:
        """Those since the last pull in one list; older ones are asked for one by one, when their ticket moves again."""
        if self._moments is None:
            self._moments = {}
            since = int((datetime.fromisoformat(self.at) - OVERLAP).timestamp()) if self.at else 0
            params = {"score": "received"} | ({"start_time": since} if since else {})
            for page in self.api.walk("satisfaction_ratings", "satisfaction_ratings", ABSENT, **params):
                self._moments |= {str(raw["ticket_id"]): moment for raw in page if (moment := _moment(raw))}
        return self._moments


def _add(answers: dict[str, Rating], response: Raw) -> None:
    """The latest answer of a ticket counts."""
    said, id = _said(response), _ticket(response)
    if said and (id not in answers or (answers[id].at or "") < (said.at or "")):
        answers[id] = said


def _said(response: Raw) -> Rating | None:
    """Of several questions the one about satisfaction; skipped ones have no category."""
    for answer in response.get("answers") or ():
        asked = answer.get("question") or {}
        satisfied = answer.get("type") == "rating_scale" and asked.get("sub_type") == "customer_satisfaction"
        if satisfied and answer.get("rating_category"):
            return Rating(str(answer["rating_category"]), _moment(answer))
    return None


def _answered(response: Raw, since: datetime) -> bool:
    said = _said(response)
    return bool(said and said.at and datetime.fromisoformat(said.at) >= since)


def _ticket(response: Raw) -> str:
    names = [str(name) for name in response.get("subject_zrns") or ()]
    return next((name.removeprefix("zen:ticket:") for name in names if name.startswith("zen:ticket:")), "")


def _moment(raw: Mapping[str, Any]) -> str | None:
    return raw.get("updated_at") or raw.get("created_at")


def _created(response: Raw) -> int:
    """Milliseconds, from the id (a ULID begins with them); 0, the safe side, where the id is none."""
    id = str(response.get("id", "")).upper()
    if len(id) != 26 or any(letter not in ALPHABET for letter in id):
        return 0
    return sum(ALPHABET.index(letter) << 5 * place for place, letter in enumerate(reversed(id[:10])))


def _milliseconds(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp() * 1_000)
