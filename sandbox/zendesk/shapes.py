"""What the records of every object look like: all fields are always sent, empty ones as null."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """An object of the stand-in."""

    plural: str
    singular: str
    defaults: Body
    """Every field with its value in a new record."""
    hidden: frozenset[str] = frozenset({"generated_timestamp"})
    """Fields that the stand-in keeps for itself."""
    api: str = "/api/v2"
    """Where single records live."""


_STAMPS = {"created_at": None, "updated_at": None}

ORGANIZATIONS = Shape(
    "organizations",
    "organization",
    {
        "id": None,
        "external_id": None,
        "name": None,
        "domain_names": [],
        "tags": [],
        "organization_fields": {},
        "group_id": None,
        "details": None,
        "notes": None,
        "shared_tickets": False,
        "shared_comments": False,
        **_STAMPS,
        "deleted_at": None,
    },
)
USERS = Shape(
    "users",
    "user",
    {
        "id": None,
        "email": None,
        "name": None,
        "role": "end-user",
        "organization_id": None,
        "external_id": None,
        "active": True,
        "suspended": False,
        "verified": True,
        "phone": None,
        "tags": [],
        "user_fields": {},
        "time_zone": "UTC",
        "iana_time_zone": "Etc/UTC",
        "locale": "en-US",
        "last_login_at": None,
        **_STAMPS,
    },
)
TICKETS = Shape(
    "tickets",
    "ticket",
    {
        "id": None,
        "external_id": None,
        "organization_id": None,
        "requester_id": None,
        "submitter_id": None,
        "assignee_id": None,
        "group_id": None,
        "brand_id": None,
        "subject": None,
        "description": None,
        "status": "open",
        "custom_status_id": None,
        "priority": None,
        "type": None,
        "tags": [],
        "custom_fields": [],
        "fields": [],
        "satisfaction_rating": {"score": "unoffered"},
        **_STAMPS,
        "generated_timestamp": None,
        "due_at": None,
        "ticket_form_id": None,
        "via": {"channel": "web", "source": {"from": {}, "to": {}, "rel": None}},
        "is_public": True,
        "has_incidents": False,
        "problem_id": None,
        "support_type": "agent",
    },
    frozenset({"metric_set", "comments", "deletion"}),
)
MEMBERSHIPS = Shape(
    "organization_memberships",
    "organization_membership",
    {"id": None, "user_id": None, "organization_id": None, "default": True, **_STAMPS},
)
RATINGS = Shape(
    "satisfaction_ratings",
    "satisfaction_rating",
    {
        "id": None,
        "ticket_id": None,
        "requester_id": None,
        "assignee_id": None,
        "group_id": None,
        "score": "offered",
        "comment": None,
        "reason": None,
        "reason_id": None,
        **_STAMPS,
    },
)
SURVEYS = Shape(
    "survey_responses",
    "survey_response",
    {
        "id": None,
        "responder_id": None,
        "subject_zrns": [],
        "subjects": [],
        "survey": {"id": "01SANDBOXSURVEY", "version": 1, "state": "enabled"},
        "expires_at": None,
        "answers": [],
        "created_at": None,
    },
    frozenset({"created_at", "generated_timestamp"}),
    api="/api/v2/guide/en-us",
)
ORGANIZATION_FIELDS = Shape(
    "organization_fields",
    "organization_field",
    {
        "id": None,
        "key": None,
        "type": "text",
        "title": None,
        "description": "",
        "position": 0,
        "active": True,
        "system": False,
        "regexp_for_validation": None,
        "custom_field_options": [],
        **_STAMPS,
    },
)
TICKET_FIELDS = Shape(
    "ticket_fields",
    "ticket_field",
    {
        "id": None,
        "type": "text",
        "title": None,
        "description": "",
        "position": 0,
        "active": True,
        "required": False,
        "custom_field_options": [],
        **_STAMPS,
    },
)

SHAPES = {
    shape.plural: shape
    for shape in (
        ORGANIZATION_FIELDS,
        TICKET_FIELDS,
        ORGANIZATIONS,
        USERS,
        MEMBERSHIPS,
        TICKETS,
        RATINGS,
        SURVEYS,
    )
}

DELETED_TICKETS = Shape("deleted_tickets", "deleted_ticket", {}, api="")
TICKET_METRICS = Shape("ticket_metrics", "ticket_metric", {})
"""Both are views of tickets, and no objects of their own."""

METRIC_SET: Body = {
    "id": None,
    "ticket_id": None,
    **_STAMPS,
    "solved_at": None,
    "initially_assigned_at": None,
    "assigned_at": None,
    "status_updated_at": None,
    "latest_comment_added_at": None,
    "requester_updated_at": None,
    "assignee_updated_at": None,
    "custom_status_updated_at": None,
    "reopens": 0,
    "replies": 0,
    "group_stations": 0,
    "assignee_stations": 0,
    "reply_time_in_minutes": {"calendar": None, "business": None},
    "first_resolution_time_in_minutes": {"calendar": None, "business": None},
    "full_resolution_time_in_minutes": {"calendar": None, "business": None},
    "agent_wait_time_in_minutes": {"calendar": None, "business": None},
    "requester_wait_time_in_minutes": {"calendar": None, "business": None},
    "on_hold_time_in_minutes": {"calendar": 0, "business": 0},
}
"""What Zendesk measures of a ticket; solved_at, a ticket's own missing field, stands here."""
