"""Accounts and what is sold to them, as real orgs have them, with the custom fields that our mappings name."""

from __future__ import annotations

from dataclasses import replace

from sandbox.salesforce.fields import (
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
from sandbox.salesforce.objects import currency_code, name, owner, sobject

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


CONTACT_ROLES = (
    "Business User; Decision Maker; Economic Buyer; Economic Decision Maker; Evaluator; Executive Sponsor; Influencer;"
    " Technical Buyer; Other"
)


def _health() -> tuple[Field, ...]:
    """What crmpulse writes on an account, and what people answer it there (README, "Fields to create")."""
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
        *(number(f"Crmpulse_Open_{colour}__c", 4, 0) for colour in ("Red", "Yellow", "Green")),
        text("Crmpulse_Alerts__c", 255),
        text("Crmpulse_Audiences__c", 255),
        text("Crmpulse_Plan_Status__c", 40),
        text("Crmpulse_Plan_Blockers__c", 32768, kind="textarea"),
        text("Crmpulse_Adoption_Gap__c", 32768, kind="textarea"),
        text("Crmpulse_Next_Touch__c", 80),
        date("Crmpulse_Next_Touch_Due__c"),
        *(text(f"Expansion_{question}__c", 255) for question in ("Budget", "Authority", "Need", "Timeline")),
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
    text("Declined_Reason__c", 255),
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
