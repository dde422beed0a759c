"""Where everything stands: the last runs, how fresh each source is, what waits for a person."""

from __future__ import annotations

from sqlalchemy import Connection

from warehouse.explanation import Section, section

_QUERIES: list[tuple[str, str, str]] = [
    (
        "last runs",
        "nothing ran yet: `crmpulse sync`",
        """SELECT verb, as_of, started_at, finished_at, exit_status, run FROM runs ORDER BY started_at DESC LIMIT 5""",
    ),
    (
        "what stopped the last run",
        "nothing",
        """SELECT verb, run, exit_status, summary AS stopped FROM runs
           WHERE run = (SELECT max(run) FROM runs) AND exit_status IN (2, 3)""",
    ),
    (
        "sources",
        "nothing was pulled yet",
        """SELECT d.system, d.stream, max(d.day) AS delivered_through, max(d.seen_at) AS last_pull FROM deliveries d
           GROUP BY d.system, d.stream ORDER BY 1, 2""",
    ),
    (
        "accounts by tier, last decided day",
        "nobody was scored yet",
        """SELECT tier, count(*) AS accounts, min(score) AS lowest, max(score) AS highest FROM score_history
           WHERE as_of = (SELECT max(as_of) FROM decided_days) GROUP BY tier ORDER BY max(score) DESC NULLS LAST""",
    ),
    (
        "open work",
        "no open tasks or handoffs",
        """SELECT 'task' AS kind, owner_email AS owner, count(*) AS open FROM tasks WHERE closed_as_of IS NULL
           GROUP BY owner_email
           UNION ALL SELECT 'handoff', owner_email, count(*) FROM handoffs WHERE closed_as_of IS NULL
           GROUP BY owner_email ORDER BY 1, 2""",
    ),
    (
        "open alerts",
        "none",
        """SELECT colour, rule, count(*) AS accounts, min(opened_as_of) AS oldest FROM alerts WHERE closed_as_of IS NULL
           GROUP BY colour, rule
           ORDER BY CASE colour WHEN 'red' THEN 0 WHEN 'yellow' THEN 1 ELSE 2 END, 3 DESC, rule""",
    ),
    (
        "overdue touches",
        "none",
        """SELECT kind AS touch, count(*) AS accounts, min(due_day) AS due_since FROM touches WHERE closed_as_of IS NULL
           GROUP BY kind ORDER BY 2 DESC, kind""",
    ),
    (
        "held back by the daily cap",
        "nothing waits",
        """SELECT a.name AS account, w.playbook, w.owner_email AS owner, w.as_of FROM waiting_tasks w
           JOIN accounts a ON a.account_id = w.account_id ORDER BY w.owner_email, a.name LIMIT 20""",
    ),
    (
        "writes of the last push",
        "nothing was pushed yet",
        """SELECT system, push, outcome, count(*) AS records FROM changes
           WHERE run = (SELECT max(run) FROM changes) GROUP BY system, push, outcome ORDER BY 1, 2, 3""",
    ),
    (
        "refused or unanswered writes of the last push",
        "none",
        """SELECT c.system, c.object, count(*) AS records, min(COALESCE(c.external_id, c.row_key)) AS at, c.code,
             c.message
           FROM changes c
           WHERE c.run = (SELECT max(run) FROM changes) AND c.outcome IN ('rejected', 'invalid', 'unknown', 'blocked')
           GROUP BY c.system, c.object, c.code, c.message ORDER BY 3 DESC LIMIT 20""",
    ),
    (
        "fields of ours that people changed, restored",
        "none",
        """SELECT system, object, external_id, field, theirs, ours, seen_at FROM drifts
           ORDER BY seen_at DESC LIMIT 20""",
    ),
    (
        "open issues",
        "none",
        """SELECT kind, system, stream, field, count(*) AS records, min(subject) AS at, min(message) AS example
           FROM issues WHERE resolved_at IS NULL GROUP BY kind, system, stream, field
           ORDER BY 5 DESC, 1, 2, 3 LIMIT 40""",
    ),
]


def sections(conn: Connection) -> list[Section]:
    """The state of the whole service."""
    return [section(conn, title, empty, query, {}) for title, empty, query in _QUERIES]
