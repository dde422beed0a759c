"""What somebody who takes an account in hand needs to know about it: the names that templates may use."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, RowMapping, text

from mappings.models import Mappings
from warehouse import bulk, tables
from warehouse.health import words
from warehouse.health.words import Judged, Line
from warehouse.work import templates

LIMITS_VALID_DAYS = 7
MOST_NAMED = 10
ROLES_IN_WORDS = {"champion": "champion", "sponsor": "executive sponsor"}

_ACCOUNTS = """
SELECT a.account_id, a.name, a.domain, a.industry, a.arr_native, a.currency, a.renewal_date, a.crm,
  s.score, s.previous_score, s.coverage_pct, s.tier, s.state, s.version, s.segment
FROM accounts a JOIN {stage} t ON t.account_id = a.account_id
JOIN score_history s ON s.account_id = a.account_id AND s.as_of = :as_of"""

_CONTACTS = """
SELECT l.account_id, c.system, c.id, c.name, c.email, c.title, c.role
FROM contacts c JOIN account_links l ON l.system = c.system AND l.external_id = c.account_ref
JOIN {stage} t ON t.account_id = l.account_id
WHERE c.role IN ('champion', 'sponsor') AND COALESCE(c.active, TRUE)
ORDER BY c.role, c.name, c.id"""

_OTHER_CONTACTS = """
SELECT l.account_id, c.system, c.id, c.name, c.email, c.title
FROM contacts c JOIN account_links l ON l.system = c.system AND l.external_id = c.account_ref
JOIN {stage} t ON t.account_id = l.account_id
WHERE COALESCE(c.role, '') NOT IN ('champion', 'sponsor') AND COALESCE(c.active, TRUE)
ORDER BY c.name, c.id"""

_TICKETS = """
SELECT l.account_id, c.id, c.subject
FROM tickets c JOIN account_links l ON l.system = c.system AND l.external_id = c.account_ref
JOIN {stage} t ON t.account_id = l.account_id
WHERE c.severity = 'critical' AND c.opened_day < :as_of AND (c.solved_day IS NULL OR c.solved_day >= :as_of)
ORDER BY c.opened_day, c.id"""

_GOALS = """
SELECT l.account_id, g.id, g.title, g.reached_day
FROM goals g JOIN account_links l ON l.system = g.system AND l.external_id = g.account_ref
JOIN {stage} t ON t.account_id = l.account_id
WHERE g.reached_day < :as_of ORDER BY g.reached_day, g.id"""

_LIMITS = """
SELECT l.account_id, d.limit_name, d.product, d.day, d.used, d.allowed
FROM limit_days d JOIN account_links l ON l.system = d.system AND l.external_id = d.account_ref
JOIN {stage} t ON t.account_id = l.account_id
WHERE d.superseded_at IS NULL AND d.allowed > 0 AND d.day >= :limits_since AND d.day < :as_of
ORDER BY d.day"""

_DEPARTMENTS = """
SELECT DISTINCT l.account_id, u.department
FROM usage_days u JOIN account_links l ON l.system = u.system AND l.external_id = u.account_ref
JOIN {stage} t ON t.account_id = l.account_id
WHERE u.superseded_at IS NULL AND u.department <> '' AND u.active_users > 0 AND u.day >= :month_ago AND u.day < :as_of
ORDER BY l.account_id, u.department"""


def first(named: Sequence[str]) -> list[str]:
    """The first ten, and how many more there are: what people read stays short, and within what a CRM field holds."""
    rest = len(named) - MOST_NAMED
    return [*named[:MOST_NAMED], f"and {rest} more"] if rest > 0 else list(named)


@dataclass(frozen=True, slots=True)
class Contact:
    """A champion or sponsor who has not left."""

    system: str
    id: str
    name: str
    email: str | None
    role: str

    def __str__(self) -> str:
        role = ROLES_IN_WORDS[self.role]
        return f"{self.name} ({role}, {self.email})" if self.email else f"{self.name} ({role})"


@dataclass(frozen=True, slots=True)
class Limit:
    """A plan limit as last seen."""

    name: str
    used: float
    allowed: float

    @property
    def pct(self) -> int:
        return int(100 * self.used // self.allowed)

    def __str__(self) -> str:
        return f"{self.name}: {self.used:,.12g} of {self.allowed:,.12g} used ({self.pct}%)"


@dataclass(frozen=True, slots=True)
class Briefing:
    """One account on one day."""

    account: Mapping[str, Any]
    health: RowMapping
    reasons: Sequence[str]
    advice: Sequence[str]
    """Where to begin, beside each reason; empty where the scorecard says nothing."""
    unknown: Sequence[str]
    contacts: Sequence[Contact]
    other_contacts: Sequence[str]
    """Everybody else at the account whom we know, with what they do there."""
    critical_tickets: Sequence[str]
    goals_reached: Sequence[str]
    limits: Sequence[Limit]
    departments: Sequence[str]

    def names(self) -> dict[str, Any]:
        """The names that a template may use; the README lists them under "Words in templates"."""
        return {
            "account": self.account,
            "score": self.health["score"],
            "previous_score": self.health["previous_score"],
            "coverage_pct": self.health["coverage_pct"],
            "tier": self.health["tier"],
            "state": self.health["state"],
            "state_words": words.STATE_WORDS[self.health["state"]],
            "reasons": self.reasons,
            "findings": [{"reason": r, "advice": a} for r, a in zip(self.reasons, self.advice, strict=True)],
            "unknown": self.unknown,
            "contacts": first(_once(str(contact) for contact in self.contacts)),
            "champions": first(_once(c.name for c in self.contacts if c.role == "champion")),
            "other_contacts": first(self.other_contacts),
            "sponsors": first(_once(c.name for c in self.contacts if c.role == "sponsor")),
            "critical_tickets": self.critical_tickets,
            "goals_reached": self.goals_reached,
            "limits": first([str(limit) for limit in self.limits]),
            "departments": first(self.departments),
        }


def _once(names: Iterable[str]) -> list[str]:
    """A person who is in two systems is named once."""
    return list(dict.fromkeys(names))


def briefings(conn: Connection, mappings: Mappings, as_of: date, account_ids: Collection[str]) -> dict[str, Briefing]:
    """What is known on as_of about the accounts asked for that have a score row on it."""
    asked = pa.table({"account_id": pa.array(sorted(account_ids), pa.string())})
    cards = words.lines(conn, mappings)
    with bulk.staged(conn, tables.account_ids, asked) as stage:
        by_account = _Reader(conn, stage, as_of)
        contacts, others = by_account(_CONTACTS), by_account(_OTHER_CONTACTS)
        tickets, goals = by_account(_TICKETS), by_account(_GOALS)
        limits, departments = by_account(_LIMITS), by_account(_DEPARTMENTS)
        accounts = by_account(_ACCOUNTS)
        judged = words.judged_components(conn, stage, as_of)
    return {
        account_id: Briefing(
            account=_account(row, as_of),
            health=row,
            **_judgement(cards.get(row["version"], []), judged[account_id]),
            contacts=[_contact(contact) for contact in contacts[account_id]],
            other_contacts=_others(others[account_id], contacts[account_id]),
            critical_tickets=first([ticket["subject"] or ticket["id"] for ticket in tickets[account_id]]),
            goals_reached=first([goal["title"] or goal["id"] for goal in goals[account_id]]),
            limits=_last_seen(limits[account_id]),
            departments=[row["department"] for row in departments[account_id]],
        )
        for account_id, (row, *_) in accounts.items()
    }


def _judgement(card: Sequence[Line], judged: Sequence[Judged]) -> dict[str, list[str]]:
    lost = words.failed(card, judged)
    return {
        "reasons": words.reasons(card, judged, lost),
        "advice": words.advice(card, lost),
        "unknown": words.unknown(card, judged),
    }


def _contact(row: RowMapping) -> Contact:
    return Contact(row["system"], row["id"], row["name"] or row["email"] or row["id"], row["email"], row["role"])


def _others(rows: Sequence[RowMapping], named: Sequence[RowMapping]) -> list[str]:
    """Everybody else, a person of two systems once: with the title, where only one of them knows it."""
    people = {str(row["email"] or row["id"]).lower(): row for row in sorted(rows, key=lambda row: row["title"] or "")}
    already = {str(row["email"]).lower() for row in named if row["email"]}
    others = [row for person, row in people.items() if person not in already]
    return [_other(row) for row in sorted(others, key=lambda row: (row["name"] or "", row["id"]))]


def _other(row: RowMapping) -> str:
    beside = ", ".join(part for part in (row["title"], row["email"]) if part)
    name = row["name"] or row["email"] or row["id"]
    return f"{name} ({beside})" if beside and beside != name else str(name)


@dataclass(frozen=True, slots=True)
class _Reader:
    conn: Connection
    stage: str
    as_of: date

    def __call__(self, query: str) -> defaultdict[str, list[RowMapping]]:
        days = {
            "as_of": self.as_of,
            "month_ago": self.as_of - timedelta(days=28),
            "limits_since": self.as_of - timedelta(days=2 * LIMITS_VALID_DAYS),
        }
        statement = text(query.format(stage=self.stage))
        found: defaultdict[str, list[RowMapping]] = defaultdict(list)
        for row in self.conn.execute(statement, {n: d for n, d in days.items() if f":{n}" in query}).mappings():
            found[row["account_id"]].append(row)
        return found


def _account(row: RowMapping, as_of: date) -> dict[str, Any]:
    renewal = row["renewal_date"]
    return {
        "name": row["name"] or row["domain"] or row["account_id"],
        "domain": row["domain"],
        "industry": row["industry"],
        "segment": row["segment"],
        "currency": row["currency"],
        "arr": templates.money(row["arr_native"], row["currency"]),
        "renewal_date": templates.day(renewal) if renewal else "",
        "renewal_in_days": (renewal - as_of).days if renewal else None,
    }


def _last_seen(rows: Sequence[RowMapping]) -> list[Limit]:
    """Each limit as last seen, fullest first; one that is missing for a week beside newer ones is gone."""
    latest = {(row["product"], row["limit_name"]): row for row in rows}
    newest = max((row["day"] for row in rows), default=date.min)
    limits = [
        Limit(f"{product} {name}".strip(), row["used"], row["allowed"])
        for (product, name), row in latest.items()
        if (newest - row["day"]).days < LIMITS_VALID_DAYS
    ]
    return sorted(limits, key=lambda limit: (-limit.used / limit.allowed, limit.name))
