"""The handoff to sales: a healthy account that outgrows its plan becomes an opportunity, or a note on an open one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, text
from ulid import ULID

from mappings.models import Expansion, Mappings
from warehouse import bulk, issues, tables
from warehouse.merged import ACCOUNT_NOW
from warehouse.work import briefing, opportunities, qualification, roles, templates
from warehouse.work.briefing import Briefing
from warehouse.work.opportunities import OpenExpansion
from warehouse.work.roles import Owner, People

NOBODY = "no_handoff_owner"
"""The kind of issue for accounts that are ready to grow and have no sales owner."""


@dataclass(frozen=True, slots=True)
class HandedOff:
    """What one day's handoffs were."""

    opened: int
    as_notes: int
    """Of the opened ones, those that are notes on an opportunity which sales has open already."""
    closed: int
    unowned: int
    unqualified: int = 0
    """Accounts that are ready and held back by the gate, because a question has no answer yet."""

    def counts(self) -> dict[str, int]:
        """What happened, by the words in which a report shows it."""
        return {
            "handoffs opened": self.opened,
            "handoffs closed": self.closed,
            "handoffs without owner": self.unowned,
            "handoffs not qualified": self.unqualified,
        }


def decide(conn: Connection, mappings: Mappings, as_of: date, now: datetime) -> HandedOff:
    """Decide as_of, in the connection's transaction; again on the same day it opens only what came since."""
    rules = mappings.playbooks.expansion
    closed = opportunities.read_back(conn, rules, as_of)
    ready = _ready(conn, rules, as_of)
    account_ids = [row["account_id"] for row in ready]
    answered = qualification.answers(conn, rules, account_ids)
    people = roles.people(conn, mappings, account_ids)
    told = briefing.briefings(conn, mappings, as_of, account_ids)
    open_ones = opportunities.open_expansions(conn, mappings.company.installation, account_ids)
    opened, unowned = [], []
    unqualified = 0
    for row in ready:
        account_id = row["account_id"]
        answers = answered.get(account_id, {})
        if rules.gate == "closed" and qualification.missing(rules, answers):
            unqualified += 1
            continue
        handoff = _handoff(mappings, row, people, told[account_id], open_ones.get(account_id), answers)
        opened.append(handoff) if handoff else unowned.append(row)
    _store(conn, mappings, opened, as_of, now)
    if any(handoff.note_on is not None for handoff in opened):  # sales may be at work on that opportunity already
        closed += opportunities.read_back(conn, rules, as_of)
    found = [roles.nobody(people, row, "sales_owner", NOBODY) for row in unowned]
    issues.restate(conn, [NOBODY], found, now)
    return HandedOff(len(opened), sum(h.note_on is not None for h in opened), closed, len(unowned), unqualified)


# --- who is ready -----------------------------------------------------------------------------------------------------

_READY = f"""
SELECT s.account_id, a.name, a.crm, a.currency, u.value AS limit_used_pct, d.value AS departments
FROM score_history s
JOIN accounts a ON a.account_id = s.account_id AND NOT a.excluded AND a.customer IS NOT FALSE
LEFT JOIN measure_history u ON u.account_id = s.account_id AND u.product = '' AND u.measure = 'limit_used_pct'
  AND u.from_day <= :as_of AND (u.to_day IS NULL OR u.to_day >= :as_of)
LEFT JOIN measure_history d ON d.account_id = s.account_id AND d.product = '' AND d.measure = 'departments_active_28'
  AND d.from_day <= :as_of AND (d.to_day IS NULL OR d.to_day >= :as_of)
WHERE s.as_of = :as_of AND s.score >= :least_score AND a.crm IS NOT NULL
  AND (u.value >= :limit_pct OR d.value >= :departments)
  AND s.account_id NOT IN (
    SELECT n.account_id FROM handoffs h JOIN ({ACCOUNT_NOW}) n ON n.decided_for = h.account_id
    WHERE h.closed_as_of IS NULL OR h.closed_as_of > :cooled_since)
ORDER BY s.account_id"""  # noqa: S608
"""D4's trigger; an account has one handoff at a time, and rests for the cool-down after one has ended."""


def _ready(conn: Connection, rules: Expansion, as_of: date) -> Sequence[RowMapping]:
    bound = {
        "as_of": as_of,
        "least_score": rules.least_score,
        "limit_pct": rules.limit_pct,
        "departments": rules.departments,
        "cooled_since": as_of - timedelta(days=rules.cool_down_days),
    }
    return conn.execute(text(_READY), bound).mappings().all()


def reasons(rules: Expansion, row: RowMapping, told: Briefing) -> list[str]:
    """Why now, in words: the limits that are near, and the departments that take part."""
    near = [str(limit) for limit in told.limits if 100 * limit.used >= rules.limit_pct * limit.allowed]
    if not near and (row["limit_used_pct"] or 0) >= rules.limit_pct:
        near = [f"{int(row['limit_used_pct'])}% of a plan limit used"]
    count = int(row["departments"] or 0)
    if count < rules.departments:
        return near
    named = f": {', '.join(briefing.first(told.departments))}" if len(told.departments) == count else ""
    return [*near, f"{count} departments active in 28 days{named}"]


# --- what is handed off -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Handoff:
    """An expansion as sales will read it."""

    row: RowMapping
    told: Briefing
    owner: Owner
    system: str
    """The account's CRM of record, or the one with the opportunity that it becomes a note on."""
    note_on: str | None
    name: str
    reasons: Sequence[str]
    missing: Sequence[str]
    """Questions without an answer: budget, authority, need, timeline."""
    context: str


def _handoff(
    mappings: Mappings,
    row: RowMapping,
    people: People,
    told: Briefing,
    existing: OpenExpansion | None,
    answers: Mapping[str, str],
) -> Handoff | None:
    """The handoff of a ready account; None where nobody in sales would own it."""
    account_id, rules = row["account_id"], mappings.playbooks.expansion
    owner = people.owner(account_id, "sales_owner")
    if existing:
        owner = people.by_id(account_id, existing.owner_ref, "sales_owner") or owner
    if owner is None:
        return None
    csm = people.owner(account_id, "csm")
    why = reasons(rules, row, told)
    missing = qualification.missing(rules, answers)
    names = {
        **told.names(),
        "reasons": why,
        "owner": owner.name,
        "csm": f"{csm.name} ({csm.email})" if csm else "",
        "missing": missing,
        "answers": qualification.in_words(answers),
    }
    where = "playbooks.yaml: expansion"
    return Handoff(
        row=row,
        told=told,
        owner=owner,
        system=existing.system if existing else row["crm"],
        note_on=existing.id if existing else None,
        name=" ".join(templates.render(rules.name, names, f"{where}.name").split()),
        reasons=why,
        missing=[question["name"] for question in missing],
        context=templates.render(rules.context, names, f"{where}.context"),
    )


def _store(conn: Connection, mappings: Mappings, opened: Sequence[Handoff], as_of: date, now: datetime) -> None:
    minted = {handoff.row["account_id"]: str(ULID.from_datetime(now)) for handoff in opened}
    bulk.append(conn, tables.handoffs, [_row(mappings, h, minted[h.row["account_id"]], as_of, now) for h in opened])
    roles_wanted = mappings.playbooks.expansion.contacts
    contacts = [
        {"handoff": minted[h.row["account_id"]], "system": c.system, "contact_ref": c.id, "role": c.role}
        for h in opened
        if h.note_on is None
        for c in h.told.contacts
        if c.system == h.row["crm"] and c.role in roles_wanted
    ]
    bulk.append(conn, tables.handoff_contacts, contacts)


def _row(mappings: Mappings, handoff: Handoff, minted: str, as_of: date, now: datetime) -> dict[str, Any]:
    rules = mappings.playbooks.expansion
    return {
        "handoff": minted,
        "key": f"{mappings.company.installation}:{minted}",
        "account_id": handoff.row["account_id"],
        "opened_as_of": as_of,
        "opened_at": now,
        "system": handoff.system,
        "note_on": handoff.note_on,
        "owner_email": handoff.owner.email,
        "name": handoff.name,
        "reasons": json.dumps(list(handoff.reasons), ensure_ascii=False),
        "context": handoff.context,
        "amount_native": None if rules.amount == "empty" else rules.amount,
        "currency": handoff.row["currency"],
        "close_date": as_of + timedelta(days=rules.close_in_days),
        "state": "proposed",
        "missing": json.dumps(list(handoff.missing)),
    }
