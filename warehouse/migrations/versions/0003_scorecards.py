"""Scorecards by lifecycle, roll-ups, overrides and the change ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("scorecards", sa.Column("assumed_known", sa.Integer()))
    op.add_column("scorecards", sa.Column("least_known", sa.Integer()))
    op.create_table(
        "product_scores",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("score", sa.Integer()),
        sa.Column("earned_points", sa.Integer(), nullable=False),
        sa.Column("known_points", sa.Integer(), nullable=False),
        sa.Column("tier", sa.String(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("arr_reporting", sa.Numeric(20, 4)),
        sa.Column("computed_at", sa.DateTime(), nullable=False),
    )
    op.create_table(
        "rollup_history",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("to_day", sa.Date()),
        sa.Column("score", sa.Integer()),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("worst", sa.String(), nullable=False),
        sa.Column("worst_score", sa.Integer(), nullable=False),
    )
    op.create_table(
        "override_history",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("to_day", sa.Date()),
        sa.Column("tier", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
    )
    op.create_table(
        "arr_history",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("to_day", sa.Date()),
        sa.Column("arr_native", sa.Numeric(20, 4)),
        sa.Column("currency", sa.String()),
        sa.Column("arr_reporting", sa.Numeric(20, 4)),
    )
    if op.get_context().dialect.name == "postgresql":
        op.create_index("ix_product_scores_account_id_as_of", "product_scores", ["account_id", "as_of"])
        for table in ("rollup_history", "override_history", "arr_history"):
            op.create_index(f"ix_{table}_account_id", table, ["account_id"])
