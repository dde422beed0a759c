"""The shape of the care that a segment gets: touches by people, audiences of automated ones, success plans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, model_validator

from mappings.models_alerts import Days, Lifecycle, Name
from mappings.models_system import Condition, Flag, Model, Role

Segment = Literal["high_touch", "mid_touch", "low_touch", "strategic", "enterprise", "mid_market", "smb"]
TouchKind = Literal["email", "call", "meeting", "event"]
Channel = Literal["email", "in_product", "community", "self_serve"]


class Touch(Model):
    """A regular touch by a person."""

    id: Name
    """Its name in tables; a new one starts anew."""
    label: Annotated[str, Field(max_length=60)]
    """Its name for people."""
    every_days: Annotated[int, Field(ge=1)]
    """From one to the next."""
    kinds: Annotated[list[TouchKind], Field(min_length=1)]
    """Which touchpoints of the CRM count as it, when they took place."""
    subject_has: Sequence[str] = ()
    """Words of which the subject must hold one, where not every such touchpoint counts."""
    task: Flag = True
    """Whether an overdue one becomes a task; false where a playbook plans it."""
    role: Role = "csm"
    grace_days: Days = 0
    """How long after the due day it is overdue."""


class TouchTask(Model):
    """The words of the task for an overdue touch."""

    due_in_days: Days = 5
    subject: str
    """A template."""
    body: str
    """A template."""


class Cadence(Model):
    """How often people are in touch, by segment of either scheme."""

    by_segment: dict[Segment, Sequence[Touch]] = Field(default={})
    no_task_while: Sequence[str] = ("at_risk",)
    """Playbooks whose open episode brings touches of its own."""
    task: TouchTask | None = None
    """Needed by touches with `task: true`."""

    @model_validator(mode="after")
    def words_for_tasks(self) -> Cadence:
        if self.task is None and any(touch.task for touches in self.by_segment.values() for touch in touches):
            raise ValueError("touches that become tasks need the words of `task`: subject and body")
        return self


class Audience(Model):
    """Accounts that get an automated touch, from the day on which they fit until they do not any more."""

    id: Name
    """Its name in tables and in the CRM."""
    label: Annotated[str, Field(max_length=80)]
    """Its name for people."""
    channel: Channel
    segments: Sequence[Segment] = ()
    """Whom it is for; empty: every segment."""
    lifecycle: Annotated[Sequence[Lifecycle], Field(min_length=1)] = ("onboarding", "customer")
    when: Condition | None = None
    """Over signals of the account, as in alerts.yaml; without it everybody of the segments."""


class GoalTemplate(Model):
    """A goal that the template plan proposes."""

    title: str
    measure: str
    """The signal by which progress is seen."""
    at_least: float
    """It is reached from this value on."""


class SuccessPlans(Model):
    """What a success plan is, by segment, and when it is on track."""

    custom: Sequence[Segment] = ("high_touch", "strategic", "enterprise")
    """Segments whose plan is made with the customer: goals that they stated."""
    template: Sequence[Segment] = ("mid_touch", "mid_market")
    """Segments that get the goals below until they state their own."""
    goals: Sequence[GoalTemplate] = ()
    blocked_statuses: Sequence[str] = ("blocked",)
    """Statuses of goals (in any case of letters) that mean that something is in the way."""
    stalled_after_days: Days = 90
    """Without progress for so long a plan is stalled."""
