"""The shape of a system's file: what is pulled from it, what is pushed into it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from mappings import conditions

CRMS = ("salesforce", "hubspot")
"""Kinds of systems in which a company keeps its customers; the others know some of them too."""

Scalar = str | int | float | bool | None
Flag = Annotated[bool, Strict()]
"""true or false; `yes` is text."""

Converter = Literal[
    "text", "email", "domain", "date", "datetime", "number", "integer", "decimal", "boolean", "currency", "time_zone"
]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, use_attribute_docstrings=True)


# --- conditions -------------------------------------------------------------------------------------------------------


def _condition(value: dict[str, Any]) -> dict[str, Any]:
    try:
        return conditions.parse(value)
    except conditions.Unclear as unclear:
        raise PydanticCustomError("condition", "{message}", {"message": str(unclear), "path": unclear.path}) from None


Condition = Annotated[
    dict[str, Any], AfterValidator(_condition), WithJsonSchema({"type": "object", "title": "Condition"})
]
"""`{all: [...]}`, `{any: [...]}`, `{not: ...}` or `{column: {test: value}}`; conditions.holds evaluates it."""

# --- pull -------------------------------------------------------------------------------------------------------------


class PullField(Model):
    """Where a column of ours comes from: a field of theirs, or a constant."""

    from_: str | None = Field(None, alias="from")
    """Their field, or the column of a file."""
    constant: Scalar = None
    """The same value for every row, instead of `from`."""
    as_: Converter = Field("text", alias="as")
    """How their value is read; one that does not read is refused with its reason and never bent."""
    values: dict[str, Scalar] | None = None
    """Their value (as text, after `as`) -> ours."""
    else_: Literal["refuse", "keep", "null"] = Field("refuse", alias="else")
    """For a value that `values` does not list: empty with an issue, kept as it is, or just empty."""
    required: Flag = False
    """Without a value the row is refused."""
    optional: Flag = False
    """A file may come without this column; without `optional` such a file is refused."""

    @model_validator(mode="after")
    def one_origin(self) -> PullField:
        if (self.from_ is None) == ("constant" not in self.model_fields_set):
            raise ValueError("give either `from` (a field of theirs) or `constant`")
        return self


Role = Literal["csm", "csm_manager", "sales_owner", "sponsor_owner"]


class RoleSource(Model):
    """One place to look for the person in a role; exactly one key."""

    user: str | None = None
    """A field of theirs that holds a user's id."""
    email_from: str | None = None
    """A field of theirs that holds an e-mail address."""
    email: str | None = None
    """The same address for every account."""
    manager_of: Role | None = None
    """The manager of whoever has that role."""

    @model_validator(mode="after")
    def one_place(self) -> RoleSource:
        if len(self.model_fields_set) != 1:
            raise ValueError("give exactly one of user, email_from, email, manager_of")
        return self


class PullMapping(Model):
    """A stream of theirs and the table of ours that it fills."""

    table: str
    """The table of ours."""
    object: str | None = None
    """Their name for it where it differs from the stream's name."""
    files: str | None = None
    """For files: which ones, below the system's folder, as in `usage/*`."""
    key: str = "Id"
    """Their field (or column) that identifies a record."""
    where: str = ""
    """A filter in the vendor's own language, passed on unchanged."""
    day: str | None = None
    """For files that come by the day: the column that holds it. A day that comes again replaces the earlier one."""
    fields: dict[str, PullField]
    """Our column -> where it comes from."""
    keys: dict[str, PullField] = {}
    """Other system -> their field that holds the id there: of the account, or of an opportunity that is synced."""
    domains: list[str] = []
    """Their fields with further domains of the account: several in one text, with `;` or `,` between, or a list."""
    roles: dict[Role, Annotated[list[RoleSource], Field(min_length=1)]] = {}
    """Who looks after the account; the first place with an active user wins."""
    attributes: dict[str, PullField] = {}
    """Columns of your own, usable in conditions."""
    ours: str | None = None
    """A field that only records of ours carry; those are not rows."""


# --- push -------------------------------------------------------------------------------------------------------------


class PushField(Model):
    """What a field of theirs gets, and who owns it."""

    from_: str | None = Field(None, alias="from")
    """A column of ours."""
    constant: Scalar = None
    """The same value in every record, instead of `from`."""
    values: dict[str, Scalar] | None = None
    """Our value (as text) -> theirs; a change with a value that it does not list is never sent."""
    owner: Literal["ours", "crm", "fill_blank"] = "ours"
    """ours: a person's edit of an account is restored and reported. crm: never written. fill_blank: while empty."""
    on_null: Literal["skip", "clear"] = "skip"
    """When we have no value: leave the field as it is, or empty it."""
    min_delta: Annotated[float, Field(ge=0)] = 0
    """A number of ours that differs by less from what we wrote last is no change."""

    @model_validator(mode="after")
    def one_origin(self) -> PushField:
        if (self.from_ is None) == ("constant" not in self.model_fields_set):
            raise ValueError("give either `from` (a column of ours) or `constant`")
        return self


class PushKey(Model):
    """Their field by which a record is found, and our column with its value."""

    from_: str = Field(alias="from")
    """A column of ours."""


PushRows = Literal["account_health", "account_care", "tasks", "handoffs", "handoff_contacts", "handoff_notes"]


class PushMapping(Model):
    """Rows of ours and the records of theirs that they become."""

    rows: PushRows
    """What is pushed."""
    object: str
    """Their name for the records."""
    operation: Literal["update", "upsert", "create"]
    """update: by record id. upsert: by a unique external key. create: read by the key first, then insert."""
    key: dict[str, PushKey]
    """Their field -> our column, by which a record is found."""
    fields: dict[str, PushField]
    """Their field -> what it gets."""
    associations: dict[str, PushKey] = {}
    """Their object -> our column with the id of the record there that a new record hangs on."""


class SystemMapping(Model):
    """One file a system: `<system>.yaml`; its name in upper case begins its environment variables."""

    system: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,30}$")]
    """The file's own name."""
    kind: Literal["salesforce", "hubspot", "zendesk", "files"]
    """Which connector speaks with it."""
    accounts_by: Literal["key", "domain"] = "key"
    """What `account_ref` of files holds: an id that a CRM account names under `keys`, or a domain."""
    pull: Annotated[dict[str, PullMapping], Field(min_length=1)]
    """Stream -> what it fills."""
    mode: Literal["active", "paused"] = "active"
    """paused: the kill switch; every change is planned and none is sent. Written as `mode` below `push`."""
    push: dict[str, PushMapping] = {}
    """Name of the push -> what it writes."""

    @property
    def is_crm(self) -> bool:
        """Its account records are accounts of ours, also when no other system knows them; work can go there."""
        return self.kind in CRMS

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
