"""The shape of the company's own files: crmpulse, segments, playbooks."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from mappings.models_care import Audience, Cadence, SuccessPlans
from mappings.models_system import Condition, Model

Percent = Annotated[float, Field(ge=0, le=100)]
Days = Annotated[int, Field(ge=0)]
Score = Annotated[int, Field(ge=0, le=100)]
CurrencyCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]

# --- crmpulse.yaml ----------------------------------------------------------------------------------------------------


class CurrencySettings(Model):
    """Money: amounts stay in their own currency and are compared in one, at rates fixed for a fiscal year."""

    reporting: CurrencyCode
    """The currency in which accounts are compared."""
    fiscal_year_starts: Annotated[int, Field(ge=1, le=12)] = 1
    """Its first month."""
    plan_rates: dict[int, dict[str, Decimal]]
    """Fiscal year -> currency -> units of the reporting currency for one unit of it."""


class CustomerSettings(Model):
    """Who counts as a customer."""

    customer_when: Condition
    """True for active customers; over columns and attributes of accounts."""
    exclude: Condition | None = None
    """True for test and partner accounts, which are never scored."""
    on_exit: Literal["clear", "keep"] = "clear"
    """What happens to pushed score fields when a customer leaves."""


class Place(Model):
    """Where an account's ARR or renewal date is found."""

    from_: Literal["account_field", "contract", "opportunity"] = Field("account_field", alias="from")
    """A field of the account, its contracts, or its opportunities."""
    where: Condition | None = None
    """Which contracts or opportunities count."""
    pick: Literal["earliest", "latest", "sum"] | None = None
    """Which one of several, or their sum."""

    @model_validator(mode="after")
    def pick_needed(self) -> Place:
        if (self.from_ == "account_field") != (self.pick is None):
            raise ValueError("`pick` belongs to contract and opportunity, and they need one")
        return self


class Guard(Model):
    """When a push stops before its first write; counted over records that the CRM acknowledged before."""

    changed_pct: Percent = 50
    """More records changed than this."""
    cleared_pct: Percent = 10
    """More records with a field emptied than this."""
    created: Annotated[int, Field(ge=0)] = 200
    """More new records than this."""
    least_records: Annotated[int, Field(ge=0)] = 20
    """Percentages are not judged below this many acknowledged records."""


class Company(Model):
    """crmpulse.yaml."""

    installation: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,16}$")]
    """Begins every key that we write into a CRM; never change it."""
    systems: Annotated[list[str], Field(min_length=1)]
    """The files `<name>.yaml`, in the order in which they decide account fields and the CRM of record."""
    field_sources: dict[str, Annotated[list[str], Field(min_length=1)]] = Field(default_factory=dict)
    """Account field or attribute -> the systems that decide it first, in their order; then the others as usual."""
    currency: CurrencySettings
    customers: CustomerSettings
    arr: Place = Place()
    """Where ARR is found."""
    renewal_date: Place = Place()
    """Where the renewal date is found."""
    expansion_when: Condition | None = None
    """True for opportunities that are open expansions: no second one is created beside them."""
    guard: Guard = Guard()
    api_share_pct: Annotated[float, Field(gt=0, le=100)] = 50
    """The part of the vendor's allowance of calls that we may use."""
    max_new_tasks: Annotated[int, Field(ge=0)] = 10
    """New tasks for one owner on one day; the rest waits."""
    retention_days: Days = 730
    """Superseded versions of records older than this may be deleted."""
    unknown_wait_seconds: Annotated[float, Field(ge=0)] = 120
    """How long after an unanswered request its outcome is read back."""


# --- segments.yaml ----------------------------------------------------------------------------------------------------


class RankSegments(Model):
    """Shares of the active, paying, top-level accounts by ARR; what is left is low_touch."""

    high_touch_pct: Percent = 20
    mid_touch_pct: Percent = 50
    """High-touch and mid-touch together."""


class ThresholdSegments(Model):
    """The least ARR of each segment, in the reporting currency."""

    smb: Decimal = Decimal(0)
    mid_market: Decimal = Decimal(10_000)
    enterprise: Decimal = Decimal(50_000)
    strategic: Decimal = Decimal(500_000)


class Segments(Model):
    """segments.yaml."""

    pushed: Literal["rank", "threshold"] = "rank"
    """The scheme that the CRM shows; both are computed."""
    rank: RankSegments = RankSegments()
    threshold: ThresholdSegments = ThresholdSegments()
    cadence: Cadence = Cadence()
    """Regular touches by people."""
    audiences: Sequence[Audience] = ()
    """Accounts that get automated touches."""
    success_plans: SuccessPlans = SuccessPlans()
    """What each segment's success plan is."""
