"""Playbooks with steps and escalations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("opened_by", sa.String()),
        sa.Column("rule", sa.String()),
        sa.Column("colour", sa.String()),
        sa.Column("capped", sa.Boolean()),
        sa.Column("done_by", sa.String()),
    ):
        op.add_column("tasks", column)
    op.add_column("episodes", sa.Column("anchor", sa.Date()))
    op.create_table(
        "episode_steps",
        sa.Column("episode", sa.String(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("decided_as_of", sa.Date(), nullable=False),
        sa.Column("result", sa.String(), nullable=False),
    )
    if op.get_context().dialect.name == "postgresql":
        op.create_index("ix_episode_steps_episode", "episode_steps", ["episode"])
