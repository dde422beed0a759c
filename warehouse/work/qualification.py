"""Budget, authority, need and timeline: what sales must know before it can work on a lead, and who still owes it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

import pyarrow as pa
from sqlalchemy import Connection, String, bindparam, text

from mappings.models import Expansion, Question
from warehouse import bulk, tables

QUESTIONS = ("budget", "authority", "need", "timeline")

ANSWERED = """
SELECT l.account_id, t.name, min(COALESCE(t.text, CAST(t.number AS VARCHAR), CAST(t.date AS VARCHAR))) AS answer
FROM attributes t
JOIN account_links l ON l.system = t.system AND l.external_id = t.id
WHERE t.name IN :questions
GROUP BY l.account_id, t.name"""
"""One answer an account and question; where two systems answer, the first in the alphabet stands for both."""

_ASKED = f"SELECT q.account_id, q.name, q.answer FROM ({ANSWERED}) q JOIN {{stage}} s ON s.account_id = q.account_id"  # noqa: S608


def questions(rules: Expansion) -> dict[str, Question]:
    """The four by name, in the order in which people say them."""
    return {name: getattr(rules.qualification, name) for name in QUESTIONS}


def attributes(rules: Expansion) -> list[str]:
    """The attributes of accounts that hold the answers."""
    return [question.from_ for question in questions(rules).values()]


def answers(conn: Connection, rules: Expansion, account_ids: Collection[str]) -> dict[str, dict[str, str]]:
    """account_id -> question -> its answer, where there is one."""
    names = {question.from_: name for name, question in questions(rules).items()}
    asked = pa.table({"account_id": pa.array(sorted(account_ids), pa.string())})
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    with bulk.staged(conn, tables.account_ids, asked) as stage:
        query = text(_ASKED.format(stage=stage)).bindparams(bindparam("questions", type_=String, expanding=True))
        for row in conn.execute(query, {"questions": list(names)}):
            found[row.account_id][names[row.name]] = row.answer
    return found


def missing(rules: Expansion, answered: Mapping[str, str]) -> list[dict[str, str]]:
    """The questions without an answer, for templates: `name` and `ask`."""
    return [{"name": name, "ask": q.ask} for name, q in questions(rules).items() if name not in answered]


def in_words(answered: Mapping[str, str]) -> list[dict[str, str]]:
    """The answers that there are, for templates: `name` and `answer`."""
    return [{"name": name, "answer": answered[name]} for name in QUESTIONS if name in answered]
