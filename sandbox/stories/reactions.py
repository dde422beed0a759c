"""What people do with the records that crmpulse creates for them: the other half of a story that goes on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox.store import Record
from sandbox.stories.setting import account_id

KEY = "Crmpulse_Key__c"
"""The field that only records of ours carry."""
TITLES = {"Task": "Subject", "Opportunity": "Name"}
ACCOUNTS = {"Task": "WhatId", "Opportunity": "AccountId"}


@dataclass(frozen=True, slots=True)
class Reaction:
    """What happens to each record of ours on the evening of so many days after it was created."""

    object: str
    after: int
    fields: Mapping[str, Any] = field(default_factory=dict)
    """What somebody types into it."""
    deleted: bool = False
    about: str = ""
    """Only records with this in their subject or name."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that a person does: a record as the control endpoint takes it, or the id of one to delete."""

    object: str
    id: str
    fields: Mapping[str, Any]
    deleted: bool


def due(
    reactions: Mapping[str, Sequence[Reaction]], records: Mapping[str, Sequence[Record]], now: datetime
) -> Iterator[Deed]:
    """What is done today about the records of ours, by company name; `records` are the CRM's, by object."""
    for company, planned in reactions.items():
        for reaction in planned:
            for record in records[reaction.object]:
                if _meant(record, company, reaction) and _age(record, now) == reaction.after:
                    yield Deed(reaction.object, str(record["Id"]), reaction.fields, reaction.deleted)


def _meant(record: Record, company: str, reaction: Reaction) -> bool:
    ours = record.get(KEY) and record[ACCOUNTS[reaction.object]] == account_id(company)
    return bool(ours) and reaction.about in str(record[TITLES[reaction.object]])


def _age(record: Record, now: datetime) -> int:
    """Days since it was created, by the calendar."""
    created = datetime.strptime(str(record["CreatedDate"]), "%Y-%m-%dT%H:%M:%S.%f%z")
    return (now.date() - created.date()) // timedelta(days=1)
