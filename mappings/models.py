"""The shape of every YAML file that RevOps edit; the JSON Schemas in mappings/schema come from these models."""

from __future__ import annotations

from mappings.models_company import (
    AtRisk,
    Company,
    CurrencySettings,
    CustomerSettings,
    Expansion,
    FirstTask,
    Guard,
    Place,
    Playbooks,
    RankSegments,
    Segments,
    ThresholdSegments,
)
from mappings.models_links import LinkDecision, Links
from mappings.models_scorecards import Component, Override, Scorecard, Scorecards, Tiers
from mappings.models_system import (
    Association,
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
    "Association",
    "AtRisk",
    "Company",
    "Component",
    "Condition",
    "Converter",
    "CurrencySettings",
    "CustomerSettings",
    "Expansion",
    "FirstTask",
    "Guard",
    "LinkDecision",
    "Links",
    "Mappings",
    "Model",
    "Override",
    "Place",
    "Playbooks",
    "PullField",
    "PullMapping",
    "PushField",
    "PushKey",
    "PushMapping",
    "PushRows",
    "RankSegments",
    "Role",
    "RoleSource",
    "Scalar",
    "Scorecard",
    "Scorecards",
    "Segments",
    "SystemMapping",
    "ThresholdSegments",
    "Tiers",
]


class Mappings(Model):
    """The whole folder, read and checked."""

    company: Company
    systems: dict[str, SystemMapping]
    scorecards: Scorecards
    segments: Segments
    playbooks: Playbooks
    links: Links = Links()
