"""The CRM objects of the stand-in: their names, what a plain read shows, and what a new record must have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.hubspot.answers import Refused


@dataclass(frozen=True, slots=True)
class CrmType:
    """One object type. Activities (tasks, notes, calls, meetings, emails) name their creation property differently."""

    name: str
    singular: str
    type_id: str
    defaults: tuple[str, ...]
    """Properties that a read shows unasked, besides the standing ones."""
    required: tuple[tuple[str, ...], ...]
    """A new record needs one property of each group."""
    scopes: str
    """ "crm.objects.companies": with .read and .write; "tickets" is one scope for both."""
    activity: bool = False

    @property
    def created(self) -> str:
        return "hs_createdate" if self.activity else "createdate"

    @property
    def modified(self) -> str:
        return "lastmodifieddate" if self.name == "contacts" else "hs_lastmodifieddate"

    @property
    def standing(self) -> tuple[str, str, str]:
        """Properties that every read shows."""
        return (self.created, self.modified, "hs_object_id")

    @property
    def label(self) -> str:
        """COMPANY, as error texts call it."""
        return self.singular.upper()

    def scope(self, write: bool) -> str:
        return self.scopes if self.scopes == "tickets" else f"{self.scopes}.{'write' if write else 'read'}"


def _activity(name: str, singular: str, type_id: str) -> CrmType:
    return CrmType(name, singular, type_id, (), (("hs_timestamp",),), "crm.objects.contacts", activity=True)


_COMPANIES = CrmType("companies", "company", "0-2", ("name", "domain"), (("name", "domain"),), "crm.objects.companies")
_CONTACTS = CrmType(
    "contacts",
    "contact",
    "0-1",
    ("firstname", "lastname", "email"),
    (("email", "firstname", "lastname"),),
    "crm.objects.contacts",
)
_DEALS = CrmType(
    "deals",
    "deal",
    "0-3",
    ("dealname", "amount", "closedate", "pipeline", "dealstage"),
    (("dealname",), ("dealstage",)),
    "crm.objects.deals",
)
_TICKETS = CrmType(
    "tickets",
    "ticket",
    "0-5",
    ("subject", "content", "hs_pipeline", "hs_pipeline_stage", "hs_ticket_category", "hs_ticket_priority"),
    (("subject",), ("hs_pipeline_stage",)),
    "tickets",
)
TYPES: dict[str, CrmType] = {
    each.name: each
    for each in (
        _COMPANIES,
        _CONTACTS,
        _DEALS,
        _TICKETS,
        _activity("tasks", "task", "0-27"),
        _activity("notes", "note", "0-46"),
        _activity("meetings", "meeting", "0-47"),
        _activity("calls", "call", "0-48"),
        _activity("emails", "email", "0-49"),
    )
}
_NAMED = {key: each for each in TYPES.values() for key in (each.name, each.singular, each.type_id)}
PRESETS = {"tasks": {"hs_task_status": "NOT_STARTED", "hs_task_type": "TODO"}}
"""What a new record has unless it says otherwise."""
PIPELINE: dict[str, tuple[str, str]] = {
    "deals": ("pipeline", "dealstage"),
    "tickets": ("hs_pipeline", "hs_pipeline_stage"),
}
"""Where a record names its pipeline and its stage."""


def crm_type(name: str) -> CrmType:
    """The type of that plural, singular or type id, in any case; Refused where there is none."""
    found = _NAMED.get(name.lower())
    if found is None:
        raise Refused(f"Unable to infer object type from: {name}")
    return found


def seeded_type(name: str) -> CrmType:
    """The same for stories and people, to whom a wrong name is a mistake."""
    if name not in TYPES:
        raise ValueError(f"the HubSpot stand-in has no object {name}; it has {', '.join(TYPES)}")
    return TYPES[name]


def text(value: Any) -> str | None:
    """A story's value as HubSpot keeps it: everything is text, an empty one is nothing."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None or value == "" else str(value)
