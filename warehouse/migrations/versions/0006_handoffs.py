"""Handoffs that are accepted or declined."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("handoffs", sa.Column("accepted_as_of", sa.Date()))
    op.add_column("handoffs", sa.Column("declined_reason", sa.String()))
    op.add_column("handoffs", sa.Column("missing", sa.Text()))
