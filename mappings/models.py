"""The shape of every YAML file that RevOps edit; the JSON Schemas in mappings/schema come from these models."""

from __future__ import annotations

from mappings.models_alerts import AlertRule, Alerts, AlertTask
from mappings.models_care import Audience, Cadence, SuccessPlans, Touch, TouchTask
from mappings.models_company import (
    Company,
    CurrencySettings,
    CustomerSettings,
    Guard,
    Place,
    RankSegments,
    Segments,
    ThresholdSegments,
)
from mappings.models_links import LinkDecision, Links
from mappings.models_playbooks import Ending, Expansion, Playbook, Playbooks, Question, Step
from mappings.models_scorecards import Component, Override, Scorecard, Scorecards, Tiers
from mappings.models_system import (
    Condition,
    Converter,
    Model,
    PullField,
    PullMapping,
    PushField,
    PushKey,
    PushMapping,
    PushRows,
    Role,
    RoleSource,
    Scalar,
    SystemMapping,
)

__all__ = [
    "AlertRule",
    "AlertTask",
    "Alerts",
    "Audience",
    "Cadence",
    "Company",
    "Component",
    "Condition",
    "Converter",
    "CurrencySettings",
    "CustomerSettings",
    "Ending",
    "Expansion",
    "Guard",
    "LinkDecision",
    "Links",
    "Mappings",
    "Model",
    "Override",
    "Place",
    "Playbook",
    "Playbooks",
    "PullField",
    "PullMapping",
    "PushField",
    "PushKey",
    "PushMapping",
    "PushRows",
    "Question",
    "RankSegments",
    "Role",
    "RoleSource",
    "Scalar",
    "Scorecard",
    "Scorecards",
    "Segments",
    "Step",
    "SuccessPlans",
    "SystemMapping",
    "ThresholdSegments",
    "Tiers",
    "Touch",
    "TouchTask",
]


class Mappings(Model):
    """The whole folder, read and checked."""

    company: Company
    systems: dict[str, SystemMapping]
    scorecards: Scorecards
    segments: Segments
    playbooks: Playbooks
    alerts: Alerts = Alerts()
    links: Links = Links()
