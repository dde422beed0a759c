"""Cases, tasks and events, as real orgs have them, with the custom fields that our mappings name."""

from __future__ import annotations

from dataclasses import replace

from sandbox.salesforce.fields import (
    Field,
    checkbox,
    create_only,
    date,
    integer,
    key,
    moment,
    picklist,
    read_only,
    reference,
    text,
)
from sandbox.salesforce.objects import currency_code, owner, sobject

CLOSED_CASE = frozenset({"Closed"})
CLOSED_TASK = frozenset({"Completed"})

CASE = sobject(
    "Case",
    "500",
    replace(read_only(text("CaseNumber", 30)), auto_number=True, nillable=False, id_lookup=True, name_field=True),
    reference("AccountId", "Account", children="Cases", on_parent_delete="restrict"),
    reference("ContactId", "Contact", children="Cases"),
    picklist("Status", "New; Working; Waiting on Customer; Escalated; Closed", default="New"),
    picklist("Priority", "Critical; High; Medium; Low", default="Medium"),
    picklist("Origin", "Phone; Email; Web", label_="Case Origin"),
    picklist("Type", "Question; Problem; Feature Request", label_="Case Type"),
    picklist("Reason", "Installation; Performance; Breakdown; Other", label_="Case Reason"),
    text("Subject", 255),
    text("Description", 32000, kind="textarea"),
    text("SuppliedEmail", 80, kind="email", label_="Web Email"),
    text("SuppliedName", 80, label_="Web Name"),
    read_only(checkbox("IsClosed")),
    read_only(moment("ClosedDate")),
    checkbox("IsEscalated"),
    currency_code(),
    owner(),
    picklist("CSAT_Rating__c", "Good; Neutral; Bad", restricted=True),
    moment("CSAT_Rated_At__c"),
    mergeable=True,
)


def _activity(children: str) -> tuple[Field, ...]:
    """What tasks and events share; custom fields of Activity show up on both."""
    return (
        reference("WhoId", "Contact", children=children),
        reference(
            "WhatId", "Account", "Opportunity", "Case", "Contract", children=children, on_parent_delete="cascade"
        ),
        text("Subject", 255, kind="combobox"),
        text("Description", 32000, kind="textarea"),
        picklist("Type", "Call; Email; Meeting; Other"),
        read_only(reference("AccountId", "Account")),
        read_only(checkbox("IsArchived")),
        currency_code(),
        owner(),
        key("Crmpulse_Key__c", 64),
        picklist("Direction__c", "Inbound; Outbound", restricted=True),
        picklist("Outcome__c", "Held; No show; Cancelled by us; Cancelled by customer", restricted=True),
        picklist("Crmpulse_Verdict__c", "Not a risk; Snoozed", restricted=True),
        date("Crmpulse_Snoozed_Until__c"),
    )


TASK = sobject(
    "Task",
    "00T",
    _activity("Tasks"),
    replace(date("ActivityDate"), label="Due Date Only"),
    picklist("Status", "Not Started; In Progress; Completed; Waiting on someone else; Deferred", default="Not Started"),
    picklist("Priority", "High; Normal; Low", default="Normal"),
    create_only(
        picklist("TaskSubtype", "Task; Email; ListEmail; Cadence; Call; LinkedIn", restricted=True, default="Task")
    ),
    read_only(checkbox("IsHighPriority")),
    read_only(checkbox("IsClosed")),
    read_only(moment("CompletedDateTime")),
    integer("CallDurationInSeconds"),
    text("CallDisposition", 255),
    activity=True,
)

EVENT = sobject(
    "Event",
    "00U",
    _activity("Events"),
    moment("StartDateTime"),
    moment("EndDateTime"),
    read_only(date("EndDate")),
    moment("ActivityDateTime"),
    date("ActivityDate"),
    integer("DurationInMinutes"),
    checkbox("IsAllDayEvent"),
    text("Location", 255),
    picklist("ShowAs", "Busy; OutOfOffice; Free", restricted=True, default="Busy"),
    create_only(picklist("EventSubtype", "Event", restricted=True, default="Event")),
    read_only(checkbox("IsChild")),
    read_only(checkbox("IsGroupEvent")),
    activity=True,
)
