"""Alerts, cadence, audiences and success plans."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alerts",
        sa.Column("alert", sa.String(), primary_key=True),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("colour", sa.String(), nullable=False),
        sa.Column("opened_as_of", sa.Date(), nullable=False),
        sa.Column("opened_at", sa.DateTime(), nullable=False),
        sa.Column("says", sa.Text(), nullable=False),
        sa.Column("signals", sa.Text(), nullable=False),
        sa.Column("closed_as_of", sa.Date()),
        sa.Column("closed_because", sa.String()),
        sa.Column("false_since", sa.Date()),
        sa.Column("snoozed_until", sa.Date()),
    )
    op.create_table(
        "touches",
        sa.Column("touch", sa.String(), primary_key=True),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("due_day", sa.Date(), nullable=False),
        sa.Column("opened_as_of", sa.Date(), nullable=False),
        sa.Column("closed_as_of", sa.Date()),
        sa.Column("closed_because", sa.String()),
    )
    op.create_table(
        "touch_history",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("to_day", sa.Date()),
        sa.Column("last_day", sa.Date()),
        sa.Column("due_day", sa.Date(), nullable=False),
    )
    op.create_table(
        "audience_history",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("to_day", sa.Date()),
    )
    op.create_table(
        "plan_history",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("to_day", sa.Date()),
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("goals", sa.Integer(), nullable=False),
        sa.Column("goals_reached", sa.Integer(), nullable=False),
        sa.Column("blockers", sa.Text(), nullable=False),
        sa.Column("adoption_gap", sa.Text(), nullable=False),
    )
    if op.get_context().dialect.name == "postgresql":
        for table in ("alerts", "touches", "touch_history", "audience_history", "plan_history"):
            op.create_index(f"ix_{table}_account_id", table, ["account_id"])
