"""What people say about whose record is whose: the open questions, and their answers into links.yaml."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import Connection

from connectors.base import ConfigError
from flows.setup import Setup
from mappings import links
from mappings.models import LinkDecision
from warehouse import explanation, tables
from warehouse.identity import questions
from warehouse.identity.questions import Question


def open_questions(setup: Setup) -> list[Question]:
    """Records that the rules left open, as of the last pull or score."""
    with setup.engine.connect() as conn:
        return questions.open_questions(conn, setup.mappings)


def documents(found: list[Question]) -> list[dict[str, Any]]:
    """The questions for machines."""
    return [asdict(question) for question in found]


def decide(
    setup: Setup, decision: Literal["accept", "reject"], system: str, record: str, account: str, note: str
) -> str:
    """Write the decision into links.yaml; returns what that means, in words. `account` may be what `explain` takes."""
    setup.system(system)
    with setup.engine.connect() as conn:
        account_id = explanation.find(conn, account)
        _exists(conn, setup, system, record)
    told = {"decision": decision, "system": system, "record": record, "account": account_id}
    link = LinkDecision.model_validate(told | ({"note": note} if note else {}))
    if not links.append(setup.reading.folder, setup.mappings.links, link):
        return f"{links.FILE} says so already"
    means = "is from now on" if decision == "accept" else "will never be"
    return f"{system} {record} {means} account {account_id}; the next pull or score carries it out"


def _exists(conn: Connection, setup: Setup, system: str, record: str) -> None:
    """A slip of the keyboard is no decision; what files name may come later."""
    c = tables.account_records.c
    there = conn.scalar(sa.select(c.id).where(c.system == system, c.id == record))
    if there is None and setup.system(system).kind != "files":
        raise ConfigError(f"{system} has no account record {record}; `crmpulse links` lists what is open")
