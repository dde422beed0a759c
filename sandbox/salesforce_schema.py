"""The objects of the Salesforce stand-in: standard fields as real orgs have them, and our custom ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sandbox.salesforce_fields import (
    Field,
    address,
    checkbox,
    create_only,
    date,
    integer,
    key,
    moment,
    number,
    picklist,
    read_only,
    reference,
    text,
)
from sandbox.salesforce_objects import SObject, currency_code, name, owner, sobject

STAGES = {  # MasterLabel: (probability, closed, won, forecast category)
    "Prospecting": (10, False, False, "Pipeline"),
    "Qualification": (10, False, False, "Pipeline"),
    "Needs Analysis": (20, False, False, "Pipeline"),
    "Value Proposition": (50, False, False, "Pipeline"),
    "Id. Decision Makers": (60, False, False, "Pipeline"),
    "Perception Analysis": (70, False, False, "Pipeline"),
    "Proposal/Price Quote": (75, False, False, "Best Case"),
    "Negotiation/Review": (90, False, False, "Commit"),
    "Closed Won": (100, True, True, "Closed"),
    "Closed Lost": (0, True, False, "Omitted"),
}
CLOSED_CASE = frozenset({"Closed"})
CLOSED_TASK = frozenset({"Completed"})
CONTACT_ROLES = (
    "Business User; Decision Maker; Economic Buyer; Economic Decision Maker; Evaluator; Executive Sponsor; Influencer;"
    " Technical Buyer; Other"
)


def _health() -> tuple[Field, ...]:
    """What crmpulse writes on an account (README, "Fields to create")."""
    return (
        key("Crmpulse_Key__c", 64),
        number("Crmpulse_Score__c", 3, 0),
        number("Crmpulse_Previous_Score__c", 3, 0),
        text("Crmpulse_Tier__c", 32),
        text("Crmpulse_State__c", 32),
        number("Crmpulse_Coverage__c", 3, 0),
        text("Crmpulse_Segment__c", 64),
        text("Crmpulse_Reason_1__c", 255),
        text("Crmpulse_Reason_2__c", 255),
        text("Crmpulse_Reason_3__c", 255),
        number("Crmpulse_Weekly_Change__c", 3, 0),
        date("Crmpulse_As_Of__c"),
        text("Crmpulse_Detail__c", 32768, kind="textarea"),
    )


ACCOUNT = sobject(
    "Account",
    "001",
    name(255, "Account Name"),
    picklist("Type", "Prospect; Customer - Direct; Customer - Channel; Channel Partner / Reseller; Partner; Other;"
             " Technology Partner; Installation Partner; Customer; Former Customer", label_="Account Type"),
    reference("ParentId", "Account", children="ChildAccounts"),
    address("BillingAddress"),
    address("ShippingAddress"),
    text("Phone", 40, kind="phone", label_="Account Phone"),
    text("Website", 255, kind="url"),
    text("AccountNumber", 40),
    picklist("Industry", "Agriculture; Banking; Biotechnology; Construction; Consulting; Education; Electronics;"
             " Energy; Finance; Government; Healthcare; Hospitality; Insurance; Manufacturing; Media; Retail;"
             " Technology; Telecommunications; Transportation; Utilities; Other"),
    picklist("Rating", "Hot; Warm; Cold", label_="Account Rating"),
    picklist("AccountSource", "Web; Phone Inquiry; Partner Referral; Purchased List; Other"),
    number("AnnualRevenue", 18, 0, kind="currency"),
    integer("NumberOfEmployees"),
    text("Description", 32000, kind="textarea", label_="Account Description"),
    currency_code(),
    owner(),
    read_only(date("LastActivityDate")),
    number("ARR__c", 18, 2, kind="currency"),
    reference("CSM__c", "User"),
    text("Workspace_Id__c", 64),
    text("Time_Zone__c", 64),
    date("Renewal_Date__c"),
    _health(),
    mergeable=True,
)  # fmt: skip

CONTACT = sobject(
    "Contact",
    "003",
    reference("AccountId", "Account", children="Contacts", on_parent_delete="cascade"),
    text("LastName", 80, required=True),
    text("FirstName", 40),
    picklist("Salutation", "Mr.; Ms.; Mrs.; Dr.; Prof.; Mx."),
    name(121, "Full Name", writable=False),
    address("MailingAddress"),
    text("Phone", 40, kind="phone", label_="Business Phone"),
    text("MobilePhone", 40, kind="phone"),
    replace(text("Email", 80, kind="email"), id_lookup=True),
    text("Title", 128),
    text("Department", 80),
    reference("ReportsToId", "Contact"),
    text("Description", 32000, kind="textarea", label_="Contact Description"),
    currency_code(),
    owner(),
    read_only(checkbox("IsEmailBounced")),
    read_only(date("LastActivityDate")),
    picklist("CS_Role__c", "Executive Sponsor; Champion; User", restricted=True),
    checkbox("Left_Company__c"),
    mergeable=True,
)

USER = sobject(
    "User",
    "005",
    replace(text("Username", 80, required=True), unique=True, id_lookup=True),
    text("LastName", 80, required=True),
    text("FirstName", 40),
    name(121, "Full Name", writable=False),
    text("Email", 128, kind="email", required=True),
    text("Title", 80),
    text("Department", 80),
    text("Alias", 8),
    checkbox("IsActive", default=True),
    reference("ManagerId", "User"),
    picklist(
        "TimeZoneSidKey", "Europe/Berlin; Europe/London; America/New_York; America/Los_Angeles; UTC", default="UTC"
    ),
    picklist("UserType", "Standard", default="Standard"),
    writable=False,
)

OPPORTUNITY = sobject(
    "Opportunity",
    "006",
    reference("AccountId", "Account", children="Opportunities", on_parent_delete="cascade"),
    name(120, "Name"),
    text("Description", 32000, kind="textarea"),
    picklist("StageName", ";".join(STAGES), label_="Stage", required=True),
    number("Amount", 18, 2, kind="currency"),
    number("Probability", 3, 0, kind="percent"),
    read_only(number("ExpectedRevenue", 18, 2, kind="currency")),
    date("CloseDate", required=True),
    picklist("Type", "New Customer; Existing Customer - Upgrade; Existing Customer - Replacement;"
             " Existing Customer - Downgrade; Renewal", label_="Opportunity Type"),
    text("NextStep", 255),
    picklist("LeadSource", "Web; Phone Inquiry; Partner Referral; Purchased List; Other"),
    read_only(checkbox("IsClosed")),
    read_only(checkbox("IsWon")),
    read_only(picklist("ForecastCategory", "Omitted; Pipeline; BestCase; MostLikely; Forecast; Closed",
                       restricted=True)),
    picklist("ForecastCategoryName", "Omitted; Pipeline; Best Case; Commit; Closed", restricted=True),
    create_only(reference("ContactId", "Contact")),
    currency_code(),
    owner(),
    read_only(moment("LastStageChangeDate")),
    read_only(date("LastActivityDate")),
    key("Crmpulse_Key__c", 64),
    plural="Opportunities",
)  # fmt: skip

OPPORTUNITY_CONTACT_ROLE = sobject(
    "OpportunityContactRole",
    "00K",
    create_only(reference("OpportunityId", "Opportunity", children="OpportunityContactRoles", required=True,
                          on_parent_delete="cascade")),
    reference("ContactId", "Contact", children="OpportunityContactRoles", on_parent_delete="cascade"),
    picklist("Role", CONTACT_ROLES),
    checkbox("IsPrimary"),
)  # fmt: skip

OPPORTUNITY_STAGE = sobject(
    "OpportunityStage",
    "01J",
    text("MasterLabel", 255, required=True),
    text("ApiName", 255, required=True),
    checkbox("IsActive", default=True),
    integer("SortOrder"),
    checkbox("IsClosed"),
    checkbox("IsWon"),
    picklist("ForecastCategoryName", "Omitted; Pipeline; Best Case; Commit; Closed", restricted=True),
    number("DefaultProbability", 3, 0, kind="percent"),
    writable=False,
)

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

CONTRACT = sobject(
    "Contract",
    "800",
    reference("AccountId", "Account", children="Contracts", required=True, on_parent_delete="cascade"),
    replace(read_only(text("ContractNumber", 30)), auto_number=True, nillable=False, id_lookup=True, name_field=True),
    picklist("Status", "Draft; In Approval Process; Activated; Expired; Terminated", default="Draft"),
    date("StartDate"),
    read_only(date("EndDate")),
    integer("ContractTerm"),
    picklist("OwnerExpirationNotice", "15; 30; 45; 60; 90; 120"),
    read_only(moment("ActivatedDate")),
    text("Description", 32000, kind="textarea"),
    currency_code(),
    owner(),
)

ORGANIZATION = sobject(
    "Organization",
    "00D",
    name(80, "Name"),
    text("InstanceName", 5),
    checkbox("IsSandbox"),
    moment("TrialExpirationDate"),
    text("NamespacePrefix", 15),
    picklist("OrganizationType", "Enterprise Edition", default="Enterprise Edition"),
    text("TimeZoneSidKey", 40),
    writable=False,
)

OBJECTS: Mapping[str, SObject] = {
    each.name: each
    for each in (
        ORGANIZATION,
        USER,
        OPPORTUNITY_STAGE,
        ACCOUNT,
        CONTACT,
        OPPORTUNITY,
        OPPORTUNITY_CONTACT_ROLE,
        CASE,
        CONTRACT,
        TASK,
        EVENT,
    )
}
"""Parents before children, so that records of one moment appear in an order that works."""

BY_LOWER_NAME: Mapping[str, SObject] = {each.name.lower(): each for each in OBJECTS.values()}
BY_PREFIX: Mapping[str, SObject] = {each.prefix: each for each in OBJECTS.values()}


@dataclass(frozen=True, slots=True)
class Child:
    """A list of children as their parent sees it."""

    object: str
    field: Field


def children_of(parent: str) -> list[Child]:
    """Every field of every object that may point to the parent."""
    return [
        Child(each.name, field) for each in OBJECTS.values() for field in each.fields.values() if parent in field.to
    ]
