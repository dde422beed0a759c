"""The shape of playbooks.yaml: what opens when, step by step, and what sales is handed."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from mappings.models_system import Condition, Flag, Model, Role

Days = Annotated[int, Field(ge=0)]
Score = Annotated[int, Field(ge=0, le=100)]
Level = Literal["high", "normal", "low"]
Colour = Literal["red", "yellow", "green"]
Trouble = Literal["healthy", "monitor", "at_risk", "critical"]
HandoffContact = Literal["champion", "sponsor"]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")]


class Step(Model):
    """One thing that somebody should do, from one day of the episode on."""

    step: Annotated[int, Field(ge=1)]
    """Its number for ever: part of the task's key, so a number is never used for something else."""
    label: Annotated[str, Field(max_length=60)]
    """Its name in reports."""
    on_day: int = 0
    """The first day on which it opens, in the count of the playbook; negative before the renewal."""
    until_day: int | None = None
    """The last one: a step whose time passed while nobody looked is not opened any more."""
    when: Condition | None = None
    """It opens when this is true too."""
    escalation: Flag = False
    """Judged once, in the first run on or after its day that can tell, and exempt from the daily cap."""
    role: Role = "csm"
    due_in_days: Days = 3
    """From the day on which it opens."""
    priority: Level | dict[Trouble, Level] = "normal"
    """Fixed, or by the state on that day (normal where the state is not named)."""
    subject: str
    """A template."""
    body: str
    """A template."""
    done_when: Condition | None = None
    """Once this is true the task closes by itself; it does not open when it is true already."""


class Ending(Model):
    """A way in which an episode ends; what is still open of it closes with it."""

    outcome: Name
    when: Condition


class Playbook(Model):
    """Steps over days for one account, from a reason to an outcome."""

    label: Annotated[str, Field(max_length=60)]
    opens_when: Condition
    """True of accounts that need it; every customer and every onboarding account is asked."""
    counts_from: Literal["opening", "subscription_start", "renewal_date"] = "opening"
    """The day 0 of its steps."""
    every_days: Annotated[int, Field(ge=7)] | None = None
    """Again and again: the count from the subscription's start begins anew after this many days."""
    from_day: int = 0
    """It opens from this day of its count on ..."""
    to_day: int | None = None
    """... up to this one."""
    needs_score: Flag = True
    """Without a score nothing of it opens, and nothing ends."""
    rests_days: Days = 0
    """How long after an episode ended none is opened for the same account; never on the same day."""
    colour: Colour | dict[Trouble, Colour] = "green"
    """Who goes first when an owner's day is full: red, yellow, green; fixed, or by state."""
    steps: Annotated[list[Step], Field(min_length=1)]
    ends: Annotated[list[Ending], Field(min_length=1)]
    """The first one that is true ends it, from the day after its opening on; an account that leaves ends it too."""

    @model_validator(mode="after")
    def counts(self) -> Playbook:
        if self.counts_from == "opening" and (self.from_day, self.to_day) != (0, None):
            raise ValueError("from_day and to_day belong to a playbook that counts from a date")
        if self.every_days and self.counts_from != "subscription_start":
            raise ValueError("every_days needs `counts_from: subscription_start`")
        return self


class Question(Model):
    """One thing that must be known before sales can work on a lead."""

    from_: Annotated[str, Field(alias="from")]
    """The attribute of the account that holds the answer; customer success fills it in in the CRM."""
    ask: str
    """What to find out, in a few words."""


class Qualification(Model):
    """Budget, authority, need and timeline."""

    budget: Question
    authority: Question
    need: Question
    timeline: Question


class Expansion(Model):
    """When sales gets a lead, what it says, and what became of it."""

    least_score: Score = 85
    limit_pct: Annotated[float, Field(ge=0)] = 80
    """Use of any one plan limit from which on an account is ready, or ..."""
    departments: Annotated[int, Field(ge=1)] = 2
    """... this many departments active in 28 days."""
    gate: Literal["shown", "closed"] = "shown"
    """shown: sales gets the lead with what is missing. closed: sales gets none before every question has its answer."""
    qualification: Qualification
    close_in_days: Days = 90
    """From the opening to the close date."""
    cool_down_days: Days = 90
    """How long after a handoff ended none is opened."""
    accepted_when: Condition
    """True of an opportunity that sales works on."""
    declined_when: Condition
    """True of an opportunity that sales turned down; other closed ones were won or lost."""
    amount: Literal["empty"] | Decimal = "empty"
    """empty, or a fixed amount in the account's currency."""
    name: str
    """A template."""
    contacts: Sequence[HandoffContact] = ("champion", "sponsor")
    """Who becomes a contact role of the opportunity."""
    context: str
    """A template: what a sales rep reads."""


class Playbooks(Model):
    """playbooks.yaml."""

    playbooks: dict[Name, Playbook]
    """By name; names and step numbers stay for ever, because episodes and tasks are known by them."""
    expansion: Expansion
