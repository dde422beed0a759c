"""One account's way, read from the tables: if a step cannot be explained from a table, the step is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, text

from connectors.base import ConfigError
from warehouse.merged import ACCOUNT_NOW

Binds = Mapping[str, Any]

_JSON = frozenset({"after", "before", "ours", "signals", "sources", "theirs", "why_now"})


@dataclass(frozen=True, slots=True)
class Section:
    """One step of the account's way as a small table."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    empty: str
    """What to say where there are no rows."""


_REFS = """
SELECT l.system, l.external_id FROM account_links l WHERE l.account_id = :account
"""

_SECTIONS: list[tuple[str, str, str]] = [
    (
        "1 pull: what each system delivered through",
        "nothing was pulled yet",
        """SELECT d.system, d.stream, d.table_name AS fills, max(d.day) AS delivered_through, max(d.seen_at) AS seen_at
           FROM deliveries d GROUP BY d.system, d.stream, d.table_name ORDER BY 1, 2""",
    ),
    (
        "2 raw: versions of the account's own records",
        "no record of this account was received",
        """SELECT r.system, r.stream, r.id, r.seen_at, r.superseded_at, r.deleted, r.run
           FROM raw_records r JOIN links l ON l.system = r.system AND l.object = r.stream AND l.external_id = r.id
           WHERE l.account_id = :account ORDER BY r.seen_at DESC, r.id LIMIT 10""",
    ),
    (
        "3 conform: the account as we understand it",
        "not conformed yet",
        """SELECT name, domain, status, customer, excluded, arr_native, currency, arr_reporting, renewal_date,
           time_zone, sources FROM accounts WHERE account_id = :account""",
    ),
    (
        "4 identity: whose id is whose",
        "no links",
        """SELECT system, object, external_id, rule, valid_from, valid_to FROM links
           WHERE account_id = :account ORDER BY valid_from, system""",
    ),
    (
        "5 measure: values in force",
        "no measure has a value",
        """SELECT measure, product, value, observed_at, from_day AS since FROM measure_history
           WHERE account_id = :account AND to_day IS NULL ORDER BY measure, product""",
    ),
    (
        "6 score: the components in force",
        "never scored",
        """SELECT c.label, c.points, h.result, h.value, h.reason, h.stale_since, h.from_day AS since
           FROM component_history h JOIN scorecards c ON c.version = h.version AND c.component = h.component
           WHERE h.account_id = :account AND h.to_day IS NULL ORDER BY c.ordinal""",
    ),
    (
        "6 score: the last days",
        "never scored",
        """SELECT as_of, score, earned_points AS earned, known_points AS known, tier, state, state_since, segment
           FROM score_history WHERE account_id = :account ORDER BY as_of DESC LIMIT 10""",
    ),
    (
        "6 score: children and products",
        "none are scored",
        """SELECT r.kind, r.score, r.members, COALESCE(a.name, r.worst) AS worst, r.worst_score, r.from_day AS since
           FROM rollup_history r LEFT JOIN accounts a ON r.kind = 'children' AND a.account_id = r.worst
           WHERE r.account_id = :account AND r.to_day IS NULL ORDER BY r.kind""",
    ),
    (
        "6 score: what people say beside it",
        "nothing",
        """SELECT tier, owner, reason, until, source, from_day AS since FROM override_history
           WHERE account_id = :account AND to_day IS NULL""",
    ),
    (
        "7 decisions: episodes",
        "none opened",
        """SELECT playbook, episode, opened_as_of, score_at_opening, state_at_opening, previous_episode, closed_as_of,
           closed_because FROM episodes WHERE account_id = :account ORDER BY opened_as_of DESC""",
    ),
    (
        "7 decisions: tasks",
        "none opened",
        """SELECT subject, owner_email, due_date, opened_as_of, closed_as_of, closed_because, key FROM tasks
           WHERE account_id = :account ORDER BY opened_as_of DESC""",
    ),
    (
        "7 decisions: handoffs to sales",
        "none proposed",
        """SELECT name, state, owner_email, opened_as_of, close_date, note_on, key FROM handoffs
           WHERE account_id = :account ORDER BY opened_as_of DESC""",
    ),
    (
        "7 decisions: what waits, and for what",
        "nothing waits",
        """SELECT w.playbook AS what, w.owner_email AS owner, w.as_of AS since, 'daily cap of new tasks' AS waits_for
           FROM waiting_tasks w WHERE w.account_id = :account
           UNION ALL SELECT i.kind, NULL, NULL, i.message FROM issues i
           WHERE i.subject = :account AND i.resolved_at IS NULL AND i.kind IN ('no_task_owner', 'no_handoff_owner')
           ORDER BY 1, 2""",
    ),
    (
        "7 decisions: alerts, the open ones first",
        "none opened",
        f"""SELECT e.colour, e.rule, e.says, e.signals, e.opened_as_of, e.closed_as_of, e.closed_because,
             e.snoozed_until, COALESCE(t.owner_email, 'nobody') AS task_of
           FROM alerts e JOIN ({ACCOUNT_NOW}) n ON n.decided_for = e.account_id
           LEFT JOIN tasks t ON t.episode = e.alert AND t.opened_by = 'alert'
           WHERE n.account_id = :account
           ORDER BY e.closed_as_of DESC NULLS FIRST, e.opened_as_of DESC, e.alert LIMIT 30""",  # noqa: S608
    ),
    (
        "7 decisions: regular touches, when the next ones are due",
        "its segment has none",
        """SELECT kind AS touch, last_day, due_day FROM touch_history
           WHERE account_id = :account AND to_day IS NULL ORDER BY due_day, kind""",
    ),
    (
        "7 decisions: audiences",
        "in none",
        """SELECT audience, from_day AS since FROM audience_history
           WHERE account_id = :account AND to_day IS NULL ORDER BY audience""",
    ),
    (
        "7 decisions: success plan",
        "its segment has none",
        """SELECT plan, status, goals, goals_reached, blockers, adoption_gap, from_day AS since FROM plan_history
           WHERE account_id = :account AND to_day IS NULL""",
    ),
    (
        "9 guard: what may be written where",
        "no push mapping was approved yet: `crmpulse push --approve`",
        f"""SELECT a.system, a.push, a.approved_at FROM approvals a
           WHERE a.system IN (SELECT r.system FROM ({_REFS}) r) ORDER BY a.system, a.push""",  # noqa: S608
    ),
    (
        "8 to 10 plan, guard, apply: the last writes, and what was held back",
        "nothing was written",
        """SELECT c.planned_at, c.system, c.object, c.external_id, f.field, f.before, f.after, f.why, c.outcome,
           c.code, c.message
           FROM changes c LEFT JOIN change_fields f ON f.change_id = c.change_id
           WHERE c.account_id = :account
             AND c.change_id IN (SELECT x.change_id FROM changes x WHERE x.account_id = :account
                                 ORDER BY x.planned_at DESC LIMIT 4)
           ORDER BY c.planned_at DESC, c.change_id, f.field""",
    ),
    (
        "issues about it",
        "none",
        f"""SELECT i.system, i.stream, i.subject, i.field, i.message, i.last_seen_at FROM issues i
           WHERE i.resolved_at IS NULL AND (i.subject = :account
             OR EXISTS (SELECT 1 FROM ({_REFS}) r WHERE r.system = i.system AND r.external_id = i.subject))
           ORDER BY i.last_seen_at DESC""",  # noqa: S608
    ),
]


def find(conn: Connection, wanted: str) -> str:
    """The account_id behind our id, a vendor's id, a domain or a name; ConfigError when none or several fit."""
    if not wanted.strip():
        raise ConfigError("name an account: our id, a CRM id, a domain or (part of) the name")
    found = conn.execute(
        text(
            """SELECT DISTINCT a.account_id, a.name, a.domain FROM accounts a
               LEFT JOIN account_links l ON l.account_id = a.account_id
               WHERE a.account_id = :exact OR l.external_id = :exact OR substr(l.external_id, 1, 15) = :exact
                 OR lower(a.domain) = :lower OR lower(a.name) = :lower OR position(:lower IN lower(a.name)) > 0
               ORDER BY a.name NULLS LAST"""
        ),
        {"exact": wanted, "lower": wanted.lower()},
    ).all()
    exact = [row for row in found if wanted.lower() in {(row.name or "").lower(), row.domain, row.account_id.lower()}]
    fitting = exact or list(found)
    if len(fitting) == 1:
        return str(fitting[0].account_id)
    if not fitting:
        raise ConfigError(f"no account is called {wanted}; give our id, a CRM id, a domain or (part of) the name")
    several = "; ".join(f"{row.name} ({row.account_id})" for row in fitting[:10])
    raise ConfigError(f"{len(fitting)} accounts fit {wanted}: {several}. Give the id of one")


def sections(conn: Connection, account_id: str) -> list[Section]:
    """Steps 1 to 10 for one account, each from its table."""
    return [section(conn, title, empty, query, {"account": account_id}) for title, empty, query in _SECTIONS]


def section(conn: Connection, title: str, empty: str, query: str, binds: Binds) -> Section:
    needed = {name: value for name, value in binds.items() if f":{name}" in query}
    result = conn.execute(text(query), needed)
    columns = list(result.keys())
    return Section(title, columns, [tuple(map(_told, columns, row)) for row in result], empty)


def _told(column: str, value: Any) -> Any:
    """What the column means; some hold JSON, and the summary of a run says why it stopped."""
    if column == "stopped" and value:
        return [step["stopped"] for step in orjson.loads(value)["steps"] if step["stopped"]]
    return orjson.loads(value) if column in _JSON and isinstance(value, str) else value
