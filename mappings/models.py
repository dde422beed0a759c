"""The shape of every YAML file that RevOps edits; the JSON Schemas in mappings/schema come from these models."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from mappings import conditions

Scalar = str | int | float | bool | None

Converter = Literal[
    "text", "email", "domain", "date", "datetime", "number", "integer", "decimal", "boolean", "currency", "time_zone"
]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


# --- conditions -------------------------------------------------------------------------------------------------------


def _condition(value: dict[str, Any]) -> dict[str, Any]:
    try:
        return conditions.parse(value)
    except conditions.Unclear as unclear:
        raise PydanticCustomError("condition", "{message}", {"message": str(unclear), "path": unclear.path}) from None


Condition = Annotated[dict[str, Any], AfterValidator(_condition)]
"""`{all: [...]}`, `{any: [...]}`, `{not: ...}` or `{column: {test: value}}`; conditions.holds evaluates it."""

# --- pull -------------------------------------------------------------------------------------------------------------


class PullField(Model):
    """Where a column of ours comes from: a field of theirs, or a constant."""

    from_: str | None = Field(None, alias="from")
    constant: Scalar = None
    as_: Converter = Field("text", alias="as")
    values: dict[str, Scalar] | None = None
    """Their value (as text) -> ours, applied after the converter."""
    else_: Literal["refuse", "keep", "null"] = Field("refuse", alias="else")
    """For a value that `values` does not list: empty with an issue, kept as it is, or just empty."""
    required: bool = False
    """Without a value the row is refused."""
    optional: bool = False
    """A file may come without this column; without `optional` such a file is refused."""

    @model_validator(mode="after")
    def one_origin(self) -> PullField:
        if (self.from_ is None) == ("constant" not in self.model_fields_set):
            raise ValueError("give either `from` (a field of theirs) or `constant`")
        return self


class RoleSource(Model):
    """One place to look for the person in a role: a user field, an e-mail, or the manager of another role."""

    user: str | None = None
    email_from: str | None = None
    email: str | None = None
    manager_of: Literal["csm", "csm_manager", "sales_owner", "sponsor_owner"] | None = None

    @model_validator(mode="after")
    def one_place(self) -> RoleSource:
        if len(self.model_fields_set) != 1:
            raise ValueError("give exactly one of user, email_from, email, manager_of")
        return self


Role = Literal["csm", "csm_manager", "sales_owner", "sponsor_owner"]


class PullMapping(Model):
    """A stream of theirs and the table of ours that it fills."""

    table: str
    object: str | None = None
    """Their name for it where it differs from the stream's name."""
    files: str | None = None
    key: str = "Id"
    where: str = ""
    day: str | None = None
    fields: dict[str, PullField]
    keys: dict[str, PullField] = {}
    roles: dict[Role, list[RoleSource]] = {}
    attributes: dict[str, PullField] = {}
    ours: str | None = None
    """A field that only records of ours carry; those are not rows."""


# --- push -------------------------------------------------------------------------------------------------------------


class PushField(Model):
    """What a field of theirs gets, and who owns it."""

    from_: str | None = Field(None, alias="from")
    constant: Scalar = None
    values: dict[str, Scalar] | None = None
    """Our value (as text) -> theirs; a value that it does not list makes the change invalid."""
    owner: Literal["ours", "crm", "fill_blank"] = "ours"
    on_null: Literal["skip", "clear"] = "skip"
    min_delta: float = 0
    """A number of ours that differs by less from what we wrote last is no change."""

    @model_validator(mode="after")
    def one_origin(self) -> PushField:
        if (self.from_ is None) == ("constant" not in self.model_fields_set):
            raise ValueError("give either `from` (a column of ours) or `constant`")
        return self


class PushKey(Model):
    from_: str = Field(alias="from")


PushRows = Literal["account_health", "tasks", "handoffs", "handoff_contacts", "handoff_notes"]


class PushMapping(Model):
    rows: PushRows
    object: str
    operation: Literal["update", "upsert", "create"]
    key: dict[str, PushKey]
    fields: dict[str, PushField]


class SystemMapping(Model):
    """One file a system: `<system>.yaml`."""

    system: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,30}$")]
    kind: Literal["salesforce", "files"]
    accounts_by: Literal["key", "domain"] = "key"
    pull: dict[str, PullMapping]
    mode: Literal["active", "paused"] = "active"
    push: dict[str, PushMapping] = {}

    @model_validator(mode="before")
    @classmethod
    def lift_mode(cls, values: Any) -> Any:
        """`push: {mode: paused, ...}` or `push: paused` reads as the mode beside the push mappings."""
        if not isinstance(values, dict) or "push" not in values:
            return values
        push = values["push"]
        if isinstance(push, str):
            return {**values, "mode": push, "push": {}}
        if isinstance(push, dict) and "mode" in push:
            return {**values, "mode": push["mode"], "push": {k: v for k, v in push.items() if k != "mode"}}
        return values


# --- company ----------------------------------------------------------------------------------------------------------


class CurrencySettings(Model):
    reporting: str
    fiscal_year_starts: Annotated[int, Field(ge=1, le=12)] = 1
    plan_rates: dict[int, dict[str, Decimal]]


class CustomerSettings(Model):
    customer_when: Condition
    exclude: Condition | None = None
    on_exit: Literal["clear", "keep"] = "clear"


class Place(Model):
    """Where ARR or the renewal date is found (business decision D23)."""

    from_: Literal["account_field", "contract", "opportunity"] = Field("account_field", alias="from")
    where: Condition | None = None
    pick: Literal["earliest", "latest", "sum"] | None = None

    @model_validator(mode="after")
    def pick_needed(self) -> Place:
        if (self.from_ == "account_field") != (self.pick is None):
            raise ValueError("`pick` belongs to contract and opportunity, and they need one")
        return self


class Guard(Model):
    changed_pct: float = 50
    cleared_pct: float = 10
    created: int = 200
    least_records: int = 20


class Company(Model):
    """crmpulse.yaml."""

    installation: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,16}$")]
    systems: list[str]
    currency: CurrencySettings
    customers: CustomerSettings
    arr: Place = Place()
    renewal_date: Place = Place()
    expansion_when: Condition | None = None
    guard: Guard = Guard()
    api_share_pct: Annotated[float, Field(gt=0, le=100)] = 50
    max_new_tasks: int = 10
    retention_days: int = 730
    unknown_wait_seconds: float = 120


# --- scorecards, segments, playbooks ----------------------------------------------------------------------------------


class Component(Model):
    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    label: Annotated[str, Field(max_length=60)]
    dimension: Literal["usage", "engagement", "support", "relationship", "value"]
    points: Annotated[int, Field(gt=0, le=100)]
    measure: str
    at_least: float | None = None
    at_most: float | None = None
    failed: str
    passed: str
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
    name: str
    when: Condition | None = None
    components: list[Component]

    @model_validator(mode="after")
    def adds_up(self) -> Scorecard:
        total = sum(c.points for c in self.components)
        if total != 100:
            raise ValueError(f"the points of scorecard {self.name} add up to {total}, not to 100")
        return self


class Tiers(Model):
    healthy: int = 80
    monitor: int = 60
    at_risk: int = 40
    critical: int = 0


class Scorecards(Model):
    """scorecards.yaml."""

    missing: Literal["unknown", "zero"] = "unknown"
    least_known_points: int = 60
    tiers: Tiers = Tiers()
    core_features: list[str]
    scorecards: list[Scorecard]


class RankSegments(Model):
    high_touch_pct: float = 20
    mid_touch_pct: float = 50


class ThresholdSegments(Model):
    smb: Decimal = Decimal(0)
    mid_market: Decimal = Decimal(10_000)
    enterprise: Decimal = Decimal(50_000)
    strategic: Decimal = Decimal(500_000)


class Segments(Model):
    """segments.yaml."""

    pushed: Literal["rank", "threshold"] = "rank"
    rank: RankSegments = RankSegments()
    threshold: ThresholdSegments = ThresholdSegments()


class FirstTask(Model):
    role: Role = "csm"
    due_in_days: int = 3
    priority: dict[Literal["at_risk", "critical"], Literal["high", "normal", "low"]]
    subject: str
    body: str


class AtRisk(Model):
    opens_on: Literal["state"] = "state"
    first_task: FirstTask


class Expansion(Model):
    least_score: int = 85
    limit_pct: float = 80
    departments: int = 2
    close_in_days: int = 90
    cool_down_days: int = 90
    amount: Literal["empty"] | Decimal = "empty"
    name: str
    contacts: list[Literal["champion", "sponsor"]] = ["champion", "sponsor"]
    context: str


class Playbooks(Model):
    """playbooks.yaml."""

    at_risk: AtRisk
    expansion: Expansion


class Mappings(Model):
    """The whole folder, read and checked."""

    company: Company
    systems: dict[str, SystemMapping]
    scorecards: Scorecards
    segments: Segments
    playbooks: Playbooks
