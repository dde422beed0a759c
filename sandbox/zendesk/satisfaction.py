"""What customers thought of their tickets: the old ratings, and the survey responses that follow them."""

from __future__ import annotations

from sandbox.zendesk.answers import Answer, forbidden, invalid_value, listed, no_such_endpoint, not_found
from sandbox.zendesk.calls import Call
from sandbox.zendesk.moments import read, seconds
from sandbox.zendesk.pages import listing
from sandbox.zendesk.shapes import RATINGS, SURVEYS, Body

RECEIVED = frozenset({"good", "bad"})


def ratings(call: Call) -> Answer:
    """GET satisfaction_ratings, filtered by their creation, never by their last change."""
    if not call.who.is_admin or not call.desk.settings.ratings:
        raise forbidden()
    start, end = _number(call, "start_time", 0), _number(call, "end_time", call.desk.seconds)
    rows = [row for row in call.desk.sorted(RATINGS) if start <= seconds(read(row["created_at"])) <= end]
    return listing(call, RATINGS, [row for row in rows if _scored(row, call.query.get("score"))])


def one_rating(call: Call, id: str) -> Answer:
    """GET satisfaction_ratings/{id}."""
    row = call.desk.live(RATINGS, id)
    if row is None:
        raise not_found()
    return Answer(200, {"satisfaction_rating": call.show(RATINGS, row)})


def responses(call: Call) -> Answer:
    """GET guide/survey_responses: times in milliseconds, pages by cursor only."""
    _check_plan(call)
    start = _number(call, "filter[created_at_start]", 0)
    end = _number(call, "filter[created_at_end]", call.desk.seconds * 1000)
    zrns, people = call.ids("filter[subject_zrns]"), call.ids("filter[responder_ids]")
    rows = [
        row
        for row in call.desk.sorted(SURVEYS)
        if start <= seconds(read(row["created_at"])) * 1000 <= end
        and (not zrns or set(zrns) & set(row["subject_zrns"]))
        and (not people or str(row["responder_id"]) in people)
    ]
    return listing(call, SURVEYS, rows, only_cursor=True)


def one_response(call: Call, locale: str, id: str) -> Answer:
    """GET guide/{locale}/survey_responses/{id}."""
    _check_plan(call)
    row = call.desk.live(SURVEYS, id)
    if row is None:
        raise listed(404, "NotFound", "Not found")
    return Answer(200, {"survey_response": call.show(SURVEYS, row)})


def _check_plan(call: Call) -> None:
    if not call.desk.settings.surveys:
        raise no_such_endpoint()
    if not call.who.is_admin:
        raise listed(403, "Forbidden", "You do not have access to this resource")


def _scored(row: Body, score: str | None) -> bool:
    if score in (None, ""):
        return True
    return row["score"] in RECEIVED if score == "received" else bool(row["score"] == score)


def _number(call: Call, name: str, otherwise: int) -> int:
    given = call.query.get(name, str(otherwise))
    if not given.removeprefix("-").isdigit():
        raise invalid_value(f"{name} must be a whole number", 400)
    return int(given)
