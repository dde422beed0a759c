"""The account about itself, and about who is calling."""

from __future__ import annotations

from sandbox.zendesk.answers import Answer, not_logged_in
from sandbox.zendesk.calls import Call
from sandbox.zendesk.desk import ADMIN
from sandbox.zendesk.shapes import USERS

ANONYMOUS = {"id": None, "url": None, "name": "Anonymous user", "email": "invalid@example.com", "role": "end-user"}


def settings(call: Call) -> Answer:
    """GET account/settings."""
    own = call.desk.settings
    features = {"customer_satisfaction": own.ratings, "csat_customizable": own.surveys, "user_org_fields": True}
    shown = {
        "active_features": features,
        "tickets": {"comments_public_by_default": True, "tagging": True},
        "user": {"multiple_organizations": True, "tagging": True},
        "localization": {"locale_ids": [1]},
    }
    return Answer(200, {"settings": shown})


def me(call: Call) -> Answer:
    """GET users/me."""
    user = call.desk.find(USERS, ADMIN)
    if user is None:
        raise not_logged_in()
    return Answer(200, {"user": {**call.show(USERS, user), "role": call.who.role}})


def nobody() -> Answer:
    """GET users/me without credentials: 200 all the same."""
    return Answer(200, {"user": ANONYMOUS})


def job(call: Call, id: str) -> Answer:
    """GET job_statuses/{id}."""
    return Answer(200, {"job_status": call.jobs.poll(id, call.host)})


def jobs(call: Call) -> Answer:
    """GET job_statuses/show_many?ids=..."""
    return Answer(200, {"job_statuses": [call.jobs.poll(each, call.host) for each in call.ids("ids")]})
