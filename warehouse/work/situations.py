"""What playbooks may ask about every account on a day, side by side in one table; measures are looked up beside it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from sqlalchemy import Connection, String, bindparam, text

from mappings import vocabulary
from mappings.models import Mappings
from warehouse import tables
from warehouse.merged import ACCOUNT_NOW
from warehouse.work import qualification
from warehouse.work.predicates import Binds

_FILL = f"""
INSERT INTO situations
SELECT s.account_id, a.name, a.crm, s.score, s.tier, s.state, :as_of - s.state_since, s.coverage_pct, s.lifecycle,
  s.segment, a.status, a.industry, s.reasons, a.arr_reporting,
  a.first_subscription_start, :as_of - a.first_subscription_start,
  a.renewal_date, a.renewal_date - :as_of,
  :as_of - r.recovered, h.state, :as_of - h.opened_as_of, :questions_asked - COALESCE(q.answered, 0)
FROM score_history s
JOIN accounts a ON a.account_id = s.account_id AND NOT a.excluded AND a.customer IS NOT FALSE
LEFT JOIN (
  SELECT n.account_id, max(e.closed_as_of) AS recovered
  FROM episodes e JOIN ({ACCOUNT_NOW}) n ON n.decided_for = e.account_id
  WHERE e.playbook = 'at_risk' AND e.closed_because = 'recovered' AND e.closed_as_of < :as_of GROUP BY n.account_id
) r ON r.account_id = s.account_id
LEFT JOIN (
  SELECT n.account_id, o.state, o.opened_as_of,
    row_number() OVER (PARTITION BY n.account_id ORDER BY o.opened_as_of DESC, o.handoff DESC) AS newest
  FROM handoffs o JOIN ({ACCOUNT_NOW}) n ON n.decided_for = o.account_id
) h ON h.account_id = s.account_id AND h.newest = 1
LEFT JOIN (
  SELECT account_id, count(*) AS answered FROM ({qualification.ANSWERED}) f GROUP BY account_id
) q ON q.account_id = s.account_id
WHERE s.as_of = :as_of"""  # noqa: S608
"""An account of which we do not know whether it is a customer is still asked about: it has not left.

A recovery of this very day is one from tomorrow on, so that a second run of a day sees what the first one saw.
"""

MEASURED = """(SELECT max(m.value) FROM measure_history m
    WHERE m.account_id = {account}.account_id AND m.product = '' AND m.measure = :{name}
      AND m.from_day <= :as_of AND (m.to_day IS NULL OR m.to_day >= :as_of))"""


def fill(conn: Connection, mappings: Mappings, as_of: date) -> None:
    """Every account that has a score row of as_of and has not left."""
    conn.execute(tables.situations.delete())
    asked = qualification.attributes(mappings.playbooks.expansion)
    query = text(_FILL).bindparams(bindparam("questions", type_=String, expanding=True))
    conn.execute(query, {"as_of": as_of, "questions": asked, "questions_asked": len(asked)})


def columns(binds: Binds, situation: str = "s", standing: str = "e") -> Callable[[str], str]:
    """How a condition's names read in SQL: of the situation, of the episode's standing, or a measure of the account."""

    def column(name: str) -> str:
        if name in vocabulary.SITUATION:
            return f"{situation}.{name}"
        if name in vocabulary.STANDING:
            return f"{standing}.{name}"
        bind = f"measure_{name}"
        binds[bind] = name
        return MEASURED.format(account=situation, name=bind)

    return column
