"""The properties that the stand-in's account has from the beginning: HubSpot's own, and those of ours (README)."""

from __future__ import annotations

from sandbox.hubspot.properties import Option, Property

_FIELD_TYPES = {"string": "text", "number": "number", "bool": "booleancheckbox", "enumeration": "select"}
_YES_NO = (Option("Yes", "true"), Option("No", "false"))


def _own(text: str, type: str = "string", *, read_only: bool = False) -> list[Property]:
    """HubSpot's properties of one type, separated by blanks."""
    options = _YES_NO if type == "bool" else ()
    kind = _FIELD_TYPES.get(type, type)
    return [
        Property(name, name, type, kind, "", options, read_only=read_only, hubspot_defined=True)
        for name in text.split()
    ]


def _chosen(name: str, values: str, *, own: bool = True, several: bool = False) -> list[Property]:
    """An enumeration with its values, separated by commas."""
    options = tuple(Option(value.replace("_", " ").title(), value) for value in values.split(","))
    kind = "checkbox" if several else "select"
    return [Property(name, name, "enumeration", kind, "", options, hubspot_defined=own)]


def _people(text: str, *, own: bool = True) -> list[Property]:
    """Properties that hold an owner's id."""
    return [
        Property(name, name, "enumeration", "select", "", (), hubspot_defined=own, external_options=True)
        for name in text.split()
    ]


def _custom(text: str, type: str = "string", kind: str = "") -> list[Property]:
    options = _YES_NO if type == "bool" else ()
    return [
        Property(name, name, type, kind or _FIELD_TYPES.get(type, type), "", options, hubspot_defined=False)
        for name in text.split()
    ]


def _key(name: str) -> list[Property]:
    """A text that no two records share."""
    return [Property(name, name, "string", "text", "", (), hubspot_defined=False, unique=True)]


def _standing(created: str, modified: str) -> list[Property]:
    stamps = _own(f"{created} {modified} hs_createdate", "datetime", read_only=True)
    return [*stamps, *_own("hs_object_id", "number", read_only=True), *_own("hs_merged_object_ids", read_only=True)]


_CRM = _standing("createdate", "hs_lastmodifieddate")
_PUSHED = [
    *_custom("crmpulse_score crmpulse_previous_score crmpulse_coverage crmpulse_weekly_change", "number"),
    *_custom("crmpulse_tier crmpulse_state crmpulse_segment crmpulse_reason_1 crmpulse_reason_2 crmpulse_reason_3"),
    *_custom("crmpulse_as_of crmpulse_next_touch_due", "date"),
    *_custom("crmpulse_open_red crmpulse_open_yellow crmpulse_open_green", "number"),
    *_custom("crmpulse_alerts crmpulse_audiences crmpulse_plan_status crmpulse_next_touch"),
    *_custom("crmpulse_detail crmpulse_plan_blockers crmpulse_adoption_gap", kind="textarea"),
]
_LIFECYCLE = "subscriber,lead,marketingqualifiedlead,salesqualifiedlead,opportunity,customer,evangelist,other"
_ACTIVITY = [
    *_standing("hs_createdate", "hs_lastmodifieddate"),
    *_own("hs_timestamp", "datetime"),
    *_people("hubspot_owner_id"),
]

SCHEMA: dict[str, list[Property]] = {
    "companies": [
        *_CRM,
        *_own("name domain website hs_additional_domains phone city country description"),
        *_own("industry type"),
        *_chosen("lifecyclestage", _LIFECYCLE),
        *_own("numberofemployees annualrevenue", "number"),
        *_people("hubspot_owner_id"),
        *_own("hs_parent_company_id", "number"),
        *_own("notes_last_updated", "datetime", read_only=True),
        *_custom("salesforceaccountid account_currency time_zone workspace_id"),
        *_custom("arr", "number"),
        *_people("csm_owner_id", own=False),
        *_chosen("account_status", "Customer,Prospect,Former Customer,Partner", own=False),
        *_key("crmpulse_key"),
        *_PUSHED,
    ],
    "contacts": [
        *_standing("createdate", "lastmodifieddate"),
        *_own("firstname lastname email phone jobtitle company"),
        *_own("associatedcompanyid", "number"),
        *_chosen("lifecyclestage", _LIFECYCLE),
        *_people("hubspot_owner_id"),
        *_chosen("cs_role", "Executive Sponsor,Champion,User", own=False),
        *_custom("left_company", "bool"),
    ],
    "deals": [
        *_CRM,
        *_own("dealname pipeline dealstage deal_currency_code description"),
        *_own("amount", "number"),
        *_own("closedate", "datetime"),
        *_chosen("dealtype", "newbusiness,existingbusiness"),
        *_people("hubspot_owner_id"),
        *_own("hs_is_closed hs_is_closed_won hs_is_closed_lost", "bool", read_only=True),
        *_own("hs_deal_stage_probability days_to_close", "number", read_only=True),
        *_custom("salesforceopportunityid"),
        *_key("crmpulse_key"),
    ],
    "tickets": [
        *_CRM,
        *_own("subject content hs_pipeline hs_pipeline_stage hs_ticket_category"),
        *_chosen("hs_ticket_priority", "LOW,MEDIUM,HIGH,URGENT"),
        *_own("closed_date", "datetime"),
        *_people("hubspot_owner_id"),
        *_custom("csat_rating"),
        *_custom("csat_rated_at", "datetime"),
    ],
    "tasks": [
        *_ACTIVITY,
        *_own("hs_task_subject hs_task_body"),
        *_chosen("hs_task_status", "NOT_STARTED,IN_PROGRESS,WAITING,DEFERRED,COMPLETED"),
        *_chosen("hs_task_priority", "NONE,LOW,MEDIUM,HIGH"),
        *_chosen("hs_task_type", "EMAIL,CALL,TODO"),
        *_own("hs_task_completion_date", "datetime", read_only=True),
        *_own("hs_task_reminders"),
        *_custom("crmpulse_key"),
        *_chosen("crmpulse_verdict", "Not a risk,Snoozed", own=False),
        *_custom("crmpulse_snoozed_until", "date"),
    ],
    "notes": [*_ACTIVITY, *_own("hs_note_body")],
    "meetings": [
        *_ACTIVITY,
        *_own("hs_meeting_title hs_meeting_body"),
        *_chosen("hs_meeting_outcome", "SCHEDULED,COMPLETED,RESCHEDULED,NO_SHOW,CANCELED"),
        *_own("hs_meeting_start_time hs_meeting_end_time", "datetime"),
        *_custom("touch_direction"),
    ],
    "calls": [
        *_ACTIVITY,
        *_own("hs_call_title hs_call_body"),
        *_chosen("hs_call_direction", "INBOUND,OUTBOUND"),
    ],
    "emails": [
        *_ACTIVITY,
        *_own("hs_email_subject hs_email_text"),
        *_chosen("hs_email_direction", "EMAIL,INCOMING_EMAIL,FORWARDED_EMAIL"),
    ],
}
