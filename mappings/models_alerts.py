"""The shape of alerts.yaml: which situation of an account somebody should know of, who, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, model_validator

from mappings.models_system import Condition, Flag, Model, Role

Days = Annotated[int, Field(ge=0)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]

Colour = Literal["red", "yellow", "green"]
Lifecycle = Literal["onboarding", "customer"]
Priority = Literal["high", "normal", "low"]


class AlertRule(Model):
    """One situation: when it is there, who hears of it, and what that person does."""

    id: Name
    """Its name in tables, events and task keys; a new one starts a new history."""
    colour: Colour
    """red: at once. yellow: a warning. green: an opportunity."""
    label: Annotated[str, Field(max_length=80)]
    """Its name for people."""
    when: Condition
    """Over signals of the account: measures by name, and what README lists under "Signals"."""
    until: Condition | None = None
    """What ends it, where that is more than `when` not being true any more."""
    says: str
    """What happened, in one sentence; a template over the signals that `when` and `until` name."""
    action: str
    """The recommended action, for the task and the notification."""
    playbook: str = ""
    """The playbook to follow, by its name."""
    role: Role = "csm"
    """Who gets the task and is named in the notification."""
    task: Flag = False
    """Whether somebody must act, so that it becomes a CRM task; every alert becomes a notification."""
    event: Flag = False
    """It fires at once: its facts are read up to this moment, and a red one is not held back by the cap of a day."""
    lifecycle: Annotated[Sequence[Lifecycle], Field(min_length=1)] = ("customer",)
    """Whom it is about."""
    cool_down_days: Days | None = None
    """How long its condition must have been false before it may open again; else as for all rules."""
    suppressed_by: Sequence[str] = ()
    """Rules that say the same more urgently: while one of them is open or cools down, this one is not."""
    no_task_while: Sequence[str] = ()
    """The same as `no_task_while` of the file, for this rule besides those of its colour."""


class AlertTask(Model):
    """The words and the urgency of the tasks that alerts become."""

    due_in_days: dict[Colour, Days] = Field(default={"red": 1, "yellow": 3, "green": 7})
    priority: dict[Colour, Priority] = Field(default={"red": "high", "yellow": "normal", "green": "low"})
    subject: str
    """A template."""
    body: str
    """A template."""


class AccountFields(Model):
    """Attributes of accounts by which people silence alerts in the CRM; yellow and red ones."""

    snoozed_until: str | None = None
    """An attribute with a day: nothing opens before it."""
    not_a_risk: str | None = None
    """An attribute that is true where the account is no risk, whatever the signals say."""


class Alerts(Model):
    """alerts.yaml."""

    cool_down_days: Days = 7
    """How long a condition must have been false before its alert may open again."""
    late_days: Annotated[int, Field(ge=0, le=7)] = 1
    """A source may be late by so many days; later, what it says neither opens nor closes anything."""
    account_fields: AccountFields = AccountFields()
    no_task_while: dict[Colour, Sequence[str]] = Field(default={})
    """Colours, rules and playbooks, or `handoff`: while one of them is open for the account somebody is at it, and
    alerts of this colour are told and shown, but ask for no task. A handoff counts until its cool-down is over."""
    verdict_days: Days = 7
    """What a person says of an alert answers also for those that waited for it and began within so many days of it."""
    task: AlertTask | None = None
    """Needed by rules with `task: true`."""
    rules: Sequence[AlertRule] = ()

    @model_validator(mode="after")
    def words_for_tasks(self) -> Alerts:
        if self.task is None and any(rule.task for rule in self.rules):
            raise ValueError("rules with `task: true` need the words of `task`: subject and body")
        return self

    def somebody_is_at_it(self, rule: AlertRule) -> list[str]:
        """What keeps the rule's alerts from asking for a task."""
        return [*self.no_task_while.get(rule.colour, ()), *rule.no_task_while]

    def cool_down(self, rule: AlertRule) -> int:
        """Days for which the rule's condition must have been false."""
        return self.cool_down_days if rule.cool_down_days is None else rule.cool_down_days
