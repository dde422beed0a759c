"""Links by people, and what several CRMs need."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account_ids", sa.Column("merged_by", sa.String()))
    op.add_column("changes", sa.Column("associations", sa.Text()))
