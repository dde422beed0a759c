"""The words that mappings may use: our tables with their columns, what can be pushed, and the names in templates.

The reader checks a folder without a warehouse; a test compares this page with warehouse/tables.py.
"""

from __future__ import annotations

from collections.abc import Mapping

from mappings.models import Converter, PushRows

Kind = Converter
"""A column holds what the converter of that name makes."""

Columns = Mapping[str, Kind]

TABLES: Mapping[str, Columns] = {
    "accounts": {
        "link_key": "text",
        "name": "text",
        "domain": "domain",
        "parent_ref": "text",
        "status": "text",
        "industry": "text",
        "time_zone": "time_zone",
        "arr_native": "decimal",
        "currency": "currency",
        "renewal_date": "date",
        "override_tier": "text",
        "override_owner": "text",
        "override_reason": "text",
        "override_until": "date",
    },
    "contacts": {
        "account_ref": "text",
        "name": "text",
        "email": "email",
        "title": "text",
        "role": "text",
        "active": "boolean",
    },
    "users": {
        "name": "text",
        "email": "email",
        "active": "boolean",
        "manager_ref": "text",
    },
    "opportunities": {
        "account_ref": "text",
        "key": "text",
        "name": "text",
        "stage": "text",
        "type": "text",
        "amount_native": "decimal",
        "currency": "currency",
        "close_date": "date",
        "closed": "boolean",
        "won": "boolean",
        "declined_reason": "text",
        "owner_ref": "text",
    },
    "opportunity_contacts": {
        "account_ref": "text",
        "opportunity_ref": "text",
        "contact_ref": "text",
        "role": "text",
    },
    "tickets": {
        "account_ref": "text",
        "subject": "text",
        "severity": "text",
        "opened_at": "datetime",
        "opened_day": "date",
        "first_response_at": "datetime",
        "solved_at": "datetime",
        "solved_day": "date",
        "rating": "text",
        "rated_at": "datetime",
        "rated_day": "date",
    },
    "touchpoints": {
        "account_ref": "text",
        "kind": "text",
        "direction": "text",
        "outcome": "text",
        "contact_ref": "text",
        "contact_email": "email",
        "owner_ref": "text",
        "subject": "text",
        "occurred_at": "datetime",
        "day": "date",
    },
    "subscriptions": {
        "account_ref": "text",
        "product": "text",
        "status": "text",
        "start_date": "date",
        "end_date": "date",
        "arr_native": "decimal",
        "currency": "currency",
    },
    "goals": {
        "account_ref": "text",
        "title": "text",
        "stated_day": "date",
        "progress_day": "date",
        "reached_day": "date",
        "status": "text",
    },
    "plan_features": {
        "account_ref": "text",
        "product": "text",
        "feature": "text",
        "plan": "text",
    },
    "task_feedback": {
        "account_ref": "text",
        "key": "text",
        "closed": "boolean",
        "closed_at": "datetime",
        "closed_day": "date",
        "done_by_ref": "text",
        "verdict": "text",
        "snoozed_until": "date",
    },
    "surveys": {
        "account_ref": "text",
        "kind": "text",
        "score": "number",
        "contact_email": "email",
        "answered_day": "date",
    },
    "usage_days": {
        "account_ref": "text",
        "day": "date",
        "product": "text",
        "department": "text",
        "user_email": "email",
        "active_users": "integer",
    },
    "feature_days": {
        "account_ref": "text",
        "day": "date",
        "product": "text",
        "feature": "text",
        "uses": "integer",
    },
    "limit_days": {
        "account_ref": "text",
        "day": "date",
        "product": "text",
        "limit_name": "text",
        "used": "number",
        "allowed": "number",
    },
}
"""What a pull mapping may fill. Local days (opened_day, day ...) follow from their moments where those are mapped."""

DAY_TABLES = ("usage_days", "feature_days", "limit_days")
"""Filled by files a day at a time; each of them needs the stream's `day`."""

NEEDED: Mapping[str, tuple[str, ...]] = {
    "accounts": ("name",),
    "contacts": ("account_ref",),
    "users": ("email",),
    "opportunities": ("account_ref",),
    "opportunity_contacts": ("opportunity_ref", "contact_ref"),
    "tickets": ("account_ref", "opened_at"),
    "touchpoints": ("account_ref", "occurred_at"),
    "subscriptions": ("account_ref",),
    "goals": ("account_ref",),
    "plan_features": ("account_ref", "feature", "plan"),
    "task_feedback": ("key", "closed"),
    "surveys": ("account_ref", "kind", "answered_day"),
    "usage_days": ("account_ref", "day", "active_users"),
    "feature_days": ("account_ref", "day", "feature", "uses"),
    "limit_days": ("account_ref", "day", "limit_name", "used", "allowed"),
}
"""Columns without which the rows of a table say nothing."""

INSTEAD: Mapping[tuple[str, str], str] = {
    ("tickets", "opened_at"): "opened_day",
    ("touchpoints", "occurred_at"): "day",
}
"""A needed column that another one may stand in for, where a source knows days only."""

CLOSED_LISTS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("tickets", "severity"): ("critical", "high", "normal", "low"),
    ("tickets", "rating"): ("good", "neutral", "bad"),
    ("touchpoints", "direction"): ("inbound", "outbound"),
    ("touchpoints", "outcome"): ("held", "no_show", "cancelled_by_us", "cancelled_by_customer", "planned"),
    ("task_feedback", "verdict"): ("not_a_risk", "snoozed"),
    ("surveys", "kind"): ("nps", "csat", "renewal_intent", "referral", "churn_intent"),
    ("plan_features", "plan"): ("subscription", "success"),
    ("accounts", "override_tier"): ("healthy", "monitor", "at_risk", "critical"),
}
"""Columns that measures compare with fixed words: a pull mapping must translate into exactly these."""

ACCOUNT_EXTRAS: Columns = {
    "account_id": "text",
    "parent_id": "text",
    "arr_reporting": "decimal",
    "first_subscription_start": "date",
    "customer": "boolean",
    "excluded": "boolean",
    "crm": "text",
}
"""What an account has beyond what is mapped into it, once all systems are joined."""

PUSH: Mapping[PushRows, Columns] = {
    "account_health": {
        "account_id": "text",
        "external_id": "text",
        "score": "integer",
        "previous_score": "integer",
        "tier": "text",
        "state": "text",
        "coverage_pct": "integer",
        "segment": "text",
        "reason_1": "text",
        "reason_2": "text",
        "reason_3": "text",
        "reasons": "text",
        "weekly_change": "integer",
        "as_of": "date",
        "detail": "text",
        "children_score": "integer",
        "worst_child": "text",
        "worst_child_score": "integer",
        "products_score": "integer",
        "worst_product": "text",
        "worst_product_score": "integer",
        "override_tier": "text",
        "override": "text",
    },
    "account_care": {
        "account_id": "text",
        "external_id": "text",
        "open_red": "integer",
        "open_yellow": "integer",
        "open_green": "integer",
        "alerts": "text",
        "audiences": "text",
        "plan": "text",
        "plan_status": "text",
        "goals": "integer",
        "goals_reached": "integer",
        "plan_blockers": "text",
        "adoption_gap": "text",
        "next_touch": "text",
        "next_touch_due": "date",
    },
    "tasks": {
        "key": "text",
        "account_id": "text",
        "subject": "text",
        "body": "text",
        "account_external_id": "text",
        "owner_external_id": "text",
        "due_date": "date",
        "priority": "text",
        "state": "text",
    },
    "handoffs": {
        "key": "text",
        "account_id": "text",
        "name": "text",
        "account_external_id": "text",
        "owner_external_id": "text",
        "close_date": "date",
        "amount_native": "decimal",
        "currency": "text",
        "context": "text",
    },
    "handoff_contacts": {
        "account_id": "text",
        "opportunity_external_id": "text",
        "contact_ref": "text",
        "role": "text",
    },
    "handoff_notes": {
        "key": "text",
        "account_id": "text",
        "name": "text",
        "context": "text",
        "account_external_id": "text",
        "opportunity_external_id": "text",
        "owner_external_id": "text",
    },
}
"""What a push mapping may read from, by its `rows`."""

PUSHED_WORDS: Mapping[tuple[PushRows, str], tuple[str, ...]] = {
    ("account_health", "tier"): ("healthy", "monitor", "at_risk", "critical", "insufficient_data"),
    ("account_health", "override_tier"): ("healthy", "monitor", "at_risk", "critical"),
    ("account_health", "state"): ("healthy", "monitor", "at_risk", "critical", "insufficient_data"),
    ("account_care", "plan"): ("custom", "template"),
    ("account_care", "plan_status"): ("missing", "on_track", "stalled", "blocked", "reached"),
    ("tasks", "priority"): ("high", "normal", "low"),
    ("tasks", "state"): ("open", "closed"),
    ("handoff_contacts", "role"): ("champion", "sponsor"),
}
"""Every word that such a column can hold: a value map must know them all, and a restricted picklist too."""

LONGEST: Mapping[str, int] = {
    "account_id": 26,
    "key": 64,
    "reason_1": 200,
    "reason_2": 200,
    "reason_3": 200,
    "reasons": 610,
    "detail": 32_000,
    "audiences": 255,
    "alerts": 250,
}
"""Most characters of the texts that we write, where there is such a bound."""

KEYS = ("account_id", "key")
"""Columns whose values must always fit."""

OPERATIONS: Mapping[PushRows, tuple[str, ...]] = {
    "account_health": ("update",),
    "account_care": ("update",),
    "tasks": ("upsert", "create"),
    "handoffs": ("upsert", "create"),
    "handoff_contacts": ("create", "upsert"),
    "handoff_notes": ("upsert", "create"),
}
"""Accounts are never created, and what we create is never only updated."""

COMPONENT_NAMES = ("value", "value_pct", "drop_pct")
"""What the words of a scorecard component may use."""

BRIEFING_NAMES = (
    "account",
    "champions",
    "contacts",
    "coverage_pct",
    "critical_tickets",
    "departments",
    "findings",
    "goals_reached",
    "limits",
    "other_contacts",
    "previous_score",
    "reasons",
    "score",
    "sponsors",
    "state",
    "state_words",
    "tier",
    "unknown",
)
TASK_NAMES = (*BRIEFING_NAMES, "day", "handoff", "missing", "opened", "owner", "relapse", "score_at_opening")
HANDOFF_NAMES = (*BRIEFING_NAMES, "answers", "csm", "missing", "owner")
"""What the texts of a playbook's step and of an expansion handoff may use."""

ALERT_NAMES = (*BRIEFING_NAMES, "action", "colour", "label", "owner", "playbook", "says", "signals", "since")
TOUCH_NAMES = (*BRIEFING_NAMES, "due_day", "label", "last_day", "owner")
"""What the texts of the task of an alert and of an overdue touch may use."""

BRIEFED_ACCOUNT = ("arr", "currency", "domain", "industry", "name", "renewal_date", "renewal_in_days", "segment")
"""What these texts may use of `account`, as in `account.name`."""

FILTERS = ("day",)
"""Filters of ours beside Jinja's own."""

SITUATION: Columns = {
    "score": "integer",
    "tier": "text",
    "state": "text",
    "state_days": "integer",
    "coverage_pct": "integer",
    "lifecycle": "text",
    "segment": "text",
    "status": "text",
    "industry": "text",
    "arr_reporting": "decimal",
    "customer_days": "integer",
    "renewal_in_days": "integer",
    "days_since_recovery": "integer",
    "handoff": "text",
    "handoff_days": "integer",
    "questions_open": "integer",
}
"""What a playbook may ask about an account, beside every measure."""

STANDING: Columns = {
    "day": "integer",
    "score_gain": "integer",
    "responded": "boolean",
    "meeting_held": "boolean",
    "progressed": "boolean",
    "steps_done": "integer",
    "renewed": "boolean",
    "contract_ended": "boolean",
}
"""What it may ask about an episode too."""

SIGNALS: Columns = {
    **dict.fromkeys(("tier", "state", "lifecycle", "segment", "segment_rank", "segment_threshold"), "text"),
    **dict.fromkeys(("industry", "status"), "text"),
    **dict.fromkeys(("score", "coverage_pct", "renewal_in_days", "customer_days"), "number"),
    **dict.fromkeys(("score_drop", "usage_drop", "engagement_drop", "support_drop"), "number"),
    **dict.fromkeys(("relationship_drop", "value_drop"), "number"),
    **dict.fromkeys(("usage_pct", "engagement_pct", "support_pct", "relationship_pct", "value_pct"), "number"),
    **dict.fromkeys(("critical_tickets_now", "churn_intents_now", "renewal_intent_now", "referrals_now"), "number"),
}
"""What conditions of alerts and audiences may ask beside measures, their changes, and attributes of accounts."""

HANDOFF = "handoff"
"""In `no_task_while`: a handoff to sales, from its opening to the end of its cool-down."""

CHANGE_OF_A_MEASURE = r"([a-z][a-z0-9_]*)_(rise|fall)_([1-9][0-9]{0,2})"
"""`sponsors_left_rise_30`: today's value against the lowest (rise) or highest (fall) of the 30 days before."""
