"""What an account's objects look like: Zendesk describes only the fields that people added, the rest stands here.

Fields are named by their path in a record: `organization_fields.plan`, `metric_set.solved_at`. Those that people added
to tickets may be named by id or by title: `custom_fields.360012`, `custom_fields.Severity`. Fields below `derived` are
none of Zendesk's: we work them out, by the rules that stand in zendesk_tickets.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from connectors.base import ConfigError, FieldSchema, ObjectSchema
from connectors.zendesk.api import Api, Raw

TYPES: Mapping[str, str] = {
    "text": "string",
    "textarea": "textarea",
    "regexp": "string",
    "integer": "int",
    "decimal": "double",
    "date": "date",
    "checkbox": "boolean",
    "dropdown": "picklist",
    "tagger": "picklist",
    "multiselect": "multipicklist",
    "lookup": "reference",
}
"""Zendesk's word for a field that people added, and ours."""

_COMMON = "id:id external_id:string created_at:datetime updated_at:datetime tags:multipicklist url:url"
_MINUTES = "reply_time first_resolution_time full_resolution_time agent_wait_time requester_wait_time on_hold_time"
_METRIC_SET = (
    "solved_at:datetime initially_assigned_at:datetime assigned_at:datetime status_updated_at:datetime "
    "latest_comment_added_at:datetime requester_updated_at:datetime assignee_updated_at:datetime "
    "custom_status_updated_at:datetime created_at:datetime updated_at:datetime reopens:int replies:int "
    "group_stations:int assignee_stations:int "
) + " ".join(f"{name}_in_minutes.{hours}:int" for name in _MINUTES.split() for hours in ("calendar", "business"))


class Kind(NamedTuple):
    """One of Zendesk's objects, as far as it is the same in every account."""

    fields: str
    added: str
    """Where the fields that people added are listed, and the key of that list."""
    prefix: str
    """Under which path a record holds them."""
    writable: str = ""


def _below(head: str, fields: str) -> str:
    return " ".join(f"{head}.{field}" for field in fields.split())


KINDS: Mapping[str, Kind] = {
    "organizations": Kind(
        f"{_COMMON} name:string domain_names:multipicklist group_id:reference details:textarea notes:textarea "
        "shared_tickets:boolean shared_comments:boolean deleted_at:datetime organization_fields:object",
        "organization_fields",
        "organization_fields",
        "external_id name details notes",
    ),
    "users": Kind(
        f"{_COMMON} name:string email:email role:string organization_id:reference active:boolean suspended:boolean "
        "alias:string phone:phone verified:boolean locale:string time_zone:string iana_time_zone:string "
        "last_login_at:datetime details:textarea notes:textarea default_group_id:reference "
        "user_fields:object",
        "user_fields",
        "user_fields",
    ),
    "tickets": Kind(
        f"{_COMMON} organization_id:reference requester_id:reference submitter_id:reference assignee_id:reference "
        "group_id:reference brand_id:reference subject:string raw_subject:string description:textarea status:string "
        "custom_status_id:reference priority:string type:string recipient:email ticket_form_id:reference "
        "is_public:boolean has_incidents:boolean problem_id:reference due_at:datetime support_type:string "
        "generated_timestamp:int via.channel:string satisfaction_rating.score:string satisfaction_rating.id:reference "
        "satisfaction_rating.comment:textarea satisfaction_rating.reason:string "
        "satisfaction_rating:object metric_set:object via:object custom_fields:object derived:object "
        f"{_below('metric_set', _METRIC_SET)} "
        "derived.organization_id:reference derived.first_response_at:datetime derived.solved_at:datetime "
        "derived.rating:string derived.rated_at:datetime",
        "ticket_fields",
        "custom_fields",
    ),
}


class Described(NamedTuple):
    """An object of one account."""

    schema: ObjectSchema
    ids: Mapping[str, str]
    """For tickets: the name of an added field -> its id."""
    shared: frozenset[str]
    """Titles that several added fields have."""


def describe(api: Api, object: str) -> Described:
    """The fields that every account has and those that people added to this one."""
    if object not in KINDS:
        known = ", ".join(KINDS)
        raise ConfigError(f"{api.system}: crmpulse knows no object {object} in Zendesk; known are {known}")
    kind = KINDS[object]
    pairs = [field.rsplit(":", 1) for field in kind.fields.split()]
    fields = {name: _standard(name, type, kind) for name, type in pairs}
    added = [
        (name, raw) for page in api.walk(kind.added, kind.added, {404}) for raw in page for name in _names(raw, kind)
    ]
    times = Counter(name for name, _ in added)
    shared = frozenset(name for name, n in times.items() if n > 1)
    alone = {name: raw for name, raw in added if name not in shared}
    fields |= {name: _added(name, raw, object == "organizations") for name, raw in alone.items()}
    return Described(ObjectSchema(object, fields), {name: str(raw.get("id")) for name, raw in alone.items()}, shared)


def known(described: Described, fields: Iterable[str], place: str) -> None:
    """ConfigError lists all asked fields that the account does not have."""
    missing = sorted(field for field in fields if field not in described.schema.fields)
    shared = [field for field in missing if field in described.shared]
    if shared:
        raise ConfigError(f"{place}: several fields of Zendesk are called {', '.join(shared)}; write the field's id")
    if missing:
        raise ConfigError(
            f"{place}: {described.schema.object} has no field {', '.join(missing)}; add it in Zendesk (README, 'Fields "
            "to create'), or change the mapping"
        )


def _standard(name: str, type: str, kind: Kind) -> FieldSchema:
    return FieldSchema(name, type, False, name in kind.writable.split())


def _names(raw: Raw, kind: Kind) -> Iterator[str]:
    """Organizations and users hold added fields by key; tickets by id, which people know by its title."""
    if kind.prefix != "custom_fields":
        yield f"{kind.prefix}.{raw.get('key')}"
    elif raw.get("removable", True):  # the others are the subject, the status ... again
        yield f"custom_fields.{raw.get('id')}"
        yield f"custom_fields.{raw.get('title')}"


def _added(name: str, raw: Raw, writable: bool) -> FieldSchema:
    options = raw.get("custom_field_options") or ()
    kind = str(raw.get("type", ""))
    return FieldSchema(
        name=name,
        type=TYPES.get(kind, kind),
        createable=writable,
        updateable=writable,
        values=tuple(str(option["value"]) for option in options if "value" in option),
        restricted=bool(options),
    )
