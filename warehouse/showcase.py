"""What somebody who sees crmpulse for the first time wants to see: what came in, who is in danger, what was written."""

from __future__ import annotations

from sqlalchemy import Connection

from warehouse.explanation import Section, section

_QUERIES: list[tuple[str, str, str]] = [
    (
        "what was pulled",
        "nothing",
        """SELECT system, stream, count(*) AS records, count(DISTINCT run) AS runs FROM raw_records
           GROUP BY system, stream
           UNION ALL SELECT system, stream, count(*), count(DISTINCT file_hash) FROM usage_days GROUP BY system, stream
           UNION ALL SELECT system, stream, count(*), count(DISTINCT file_hash) FROM feature_days
           GROUP BY system, stream
           UNION ALL SELECT system, stream, count(*), count(DISTINCT file_hash) FROM limit_days GROUP BY system, stream
           ORDER BY 1 DESC, 2""",
    ),
    (
        "health today",
        "nobody was scored",
        """SELECT tier, count(*) AS accounts, min(score) AS lowest, max(score) AS highest FROM score_history
           WHERE as_of = (SELECT max(as_of) FROM decided_days) GROUP BY tier ORDER BY max(score) DESC NULLS LAST""",
    ),
    (
        "three accounts in danger, as their CSM reads them",
        "nobody is in danger",
        """SELECT a.name AS account, h.score, h.previous_score AS score_before, h.state, t.owner_email AS task_for,
             t.due_date AS due, string_agg(replace(r.after, '"', ''), '; ' ORDER BY r.field) AS reasons
           FROM score_history h
           JOIN accounts a ON a.account_id = h.account_id
           JOIN episodes e ON e.account_id = h.account_id AND e.closed_as_of IS NULL AND e.playbook = 'at_risk'
           JOIN tasks t ON t.episode = e.episode AND t.step = 1
           JOIN changes c ON c.account_id = h.account_id AND c.push = 'account_health' AND c.system = t.system
           JOIN change_fields r ON r.change_id = c.change_id AND lower(r.field) LIKE '%reason_%' AND r.after <> 'null'
           WHERE h.as_of = (SELECT max(as_of) FROM decided_days)
           GROUP BY a.name, h.score, h.previous_score, h.state, t.owner_email, t.due_date
           ORDER BY h.score, a.name LIMIT 3""",
    ),
    (
        "what was written, by object",
        "nothing",
        """SELECT c.system, c.object, c.operation, c.outcome, count(*) AS records FROM changes c
           GROUP BY c.system, c.object, c.operation, c.outcome ORDER BY 1, 2, 3, 4""",
    ),
    (
        "one account's write, before and after",
        "nothing",
        """SELECT c.object, c.external_id AS record, f.field, f.before, f.after, f.why
           FROM changes c JOIN change_fields f ON f.change_id = c.change_id
           WHERE c.change_id = (SELECT max(c2.change_id) FROM changes c2
                                JOIN episodes e ON e.account_id = c2.account_id AND e.playbook = 'at_risk'
                                JOIN accounts a ON a.account_id = e.account_id AND a.crm = c2.system
                                WHERE c2.push = 'account_health' AND c2.outcome = 'succeeded')
             AND lower(f.field) NOT LIKE '%detail%' ORDER BY f.field""",
    ),
    (
        "leads for sales",
        "none",
        """SELECT a.name AS account, h.name AS opportunity, h.owner_email AS sales_rep, h.close_date,
             h.reasons AS why_now, h.note_on
           FROM handoffs h JOIN accounts a ON a.account_id = h.account_id ORDER BY a.name""",
    ),
]


def sections(conn: Connection) -> list[Section]:
    """The state after the first push, in the order in which one asks."""
    return [section(conn, title, empty, query, {}) for title, empty, query in _QUERIES]
