"""The shape of scorecards.yaml: components over measures, tiers, and what people say beside them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from mappings.models_company import Score
from mappings.models_system import Condition, Model


class Component(Model):
    """One line of a scorecard: a measure and its bound."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    """Its name in tables; a new one starts a new history."""
    label: Annotated[str, Field(max_length=60)]
    """Its name for people."""
    dimension: Literal["usage", "engagement", "support", "relationship", "value"]
    points: Annotated[int, Field(gt=0, le=100)]
    measure: str
    """A file of warehouse/measures."""
    at_least: float | None = None
    """It passes from this value on."""
    at_most: float | None = None
    """It passes up to this value."""
    failed: str
    """What a CSM reads when it failed; a template."""
    passed: str
    """What a CSM reads when it passed; a template."""
    advice: str = ""
    """Where a CSM begins when it failed; stands beside the reason in the task."""
    facts: str = "facts"
    """What a system must deliver for it, in a word or two: "no system delivers meetings"."""
    nothing: str = "nothing to judge by in its window"
    """What a CSM reads when the facts arrive and none of them falls into the window."""

    @model_validator(mode="after")
    def one_bound(self) -> Component:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("give either at_least or at_most")
        return self


class Scorecard(Model):
    """Components whose points add up to 100."""

    name: str
    product: str | None = None
    """The product that it scores on its own, beside the account; without it the card scores accounts."""
    when: Condition | None = None
    """Which accounts it scores, over columns of accounts, lifecycle and segment; the first that fits counts."""
    core_features: Annotated[list[str], Field(min_length=1)] | None = None
    """Of the product; without them those of the company count."""
    components: list[Component]

    @model_validator(mode="after")
    def adds_up(self) -> Scorecard:
        if self.core_features and not self.product:
            raise ValueError("`core_features` of a scorecard belong to a `product`; those of accounts stand above")
        total = sum(c.points for c in self.components)
        if total != 100:
            raise ValueError(f"the points of scorecard {self.name} add up to {total}, not to 100")
        return self


class Tiers(Model):
    """The least score of each tier."""

    healthy: Score = 80
    monitor: Score = 60
    at_risk: Score = 40
    critical: Score = 0


class Override(Model):
    """What a person says about an account's health: shown beside the machine's score, never instead of it."""

    account: Annotated[str, Field(min_length=1)]
    """Its id in one of the systems, or our id."""
    tier: Literal["healthy", "monitor", "at_risk", "critical"]
    owner: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")]
    """The e-mail address of whoever answers for it."""
    reason: Annotated[str, Field(min_length=1, max_length=200)]
    until: date
    """The last day on which it holds."""


class Scorecards(Model):
    """scorecards.yaml."""

    missing: Literal["unknown", "zero"] = "unknown"
    """What is not known is left out and shown as unknown, or scores nothing."""
    least_known_points: Score = 60
    """With fewer points known there is no score."""
    tiers: Tiers = Tiers()
    core_features: Annotated[list[str], Field(min_length=1)]
    """The features whose use counts as adoption."""
    scorecards: Annotated[list[Scorecard], Field(min_length=1)]
    overrides: list[Override] = Field(default_factory=list)
    """What people say beside the machine."""
