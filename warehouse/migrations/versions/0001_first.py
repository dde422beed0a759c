"""The kept tables as they were first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


INDEXES = [
    ("ix_acknowledged_system_push_row_key", "acknowledged", ["system", "push", "row_key"]),
    ("ix_change_fields_change_id", "change_fields", ["change_id"]),
    ("ix_changes_run", "changes", ["run"]),
    ("ix_changes_system_push_row_key", "changes", ["system", "push", "row_key"]),
    ("ix_component_history_account_id", "component_history", ["account_id"]),
    ("ix_feature_days_system_account_ref", "feature_days", ["system", "account_ref"]),
    ("ix_feature_days_system_stream_day", "feature_days", ["system", "stream", "day"]),
    ("ix_limit_days_system_account_ref", "limit_days", ["system", "account_ref"]),
    ("ix_limit_days_system_stream_day", "limit_days", ["system", "stream", "day"]),
    ("ix_links_account_id", "links", ["account_id"]),
    ("ix_links_system_external_id", "links", ["system", "external_id"]),
    ("ix_measure_history_account_id", "measure_history", ["account_id"]),
    ("ix_raw_records_system_stream_id", "raw_records", ["system", "stream", "id"]),
    ("ix_raw_records_system_stream_landing", "raw_records", ["system", "stream", "landing"]),
    ("ix_score_history_account_id_as_of", "score_history", ["account_id", "as_of"]),
    ("ix_score_history_as_of", "score_history", ["as_of"]),
    ("ix_seen_values_system_object_external_id", "seen_values", ["system", "object", "external_id"]),
    ("ix_segment_history_account_id", "segment_history", ["account_id"]),
    ("ix_usage_days_system_account_ref", "usage_days", ["system", "account_ref"]),
    ("ix_usage_days_system_stream_day", "usage_days", ["system", "stream", "day"]),
]


def upgrade() -> None:
    op.create_table(
        "systems",
        sa.Column("system", sa.String(), primary_key=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("organization", sa.String(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(), nullable=False),
    )
    op.create_table(
        "runs",
        sa.Column("run", sa.String(), primary_key=True),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("as_of", sa.Date()),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("finished_at", sa.DateTime()),
        sa.Column("exit_status", sa.Integer()),
        sa.Column("summary", sa.Text()),
    )
    op.create_table(
        "bookmarks",
        sa.Column("system", sa.String(), primary_key=True),
        sa.Column("stream", sa.String(), primary_key=True),
        sa.Column("bookmark", sa.Text(), nullable=False),
        sa.Column("definition", sa.String(), nullable=False),
        sa.Column("committed_at", sa.DateTime(), nullable=False),
    )
    op.create_table(
        "raw_records",
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("merged_into", sa.String()),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("file_hash", sa.String(), nullable=False),
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("landing", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
        sa.Column("superseded_at", sa.DateTime()),
    )
    op.create_table(
        "seen_values",
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("object", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("key", sa.String()),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("requested_at", sa.DateTime(), nullable=False),
    )
    op.create_table(
        "deliveries",
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("table_name", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
    )
    op.create_table(
        "files",
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("file_hash", sa.String(), nullable=False),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
    )
    op.create_table(
        "usage_days",
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("account_ref", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("user_email", sa.String(), nullable=False),
        sa.Column("active_users", sa.Integer(), nullable=False),
        sa.Column("file_hash", sa.String(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
        sa.Column("superseded_at", sa.DateTime()),
    )
    op.create_table(
        "feature_days",
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("account_ref", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("feature", sa.String(), nullable=False),
        sa.Column("uses", sa.BigInteger(), nullable=False),
        sa.Column("file_hash", sa.String(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
        sa.Column("superseded_at", sa.DateTime()),
    )
    op.create_table(
        "limit_days",
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("account_ref", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("limit_name", sa.String(), nullable=False),
        sa.Column("used", sa.Double(), nullable=False),
        sa.Column("allowed", sa.Double(), nullable=False),
        sa.Column("file_hash", sa.String(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
        sa.Column("superseded_at", sa.DateTime()),
    )
    op.create_table(
        "issues",
        sa.Column("issue", sa.String(), primary_key=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(), nullable=False),
        sa.Column("resolved_at", sa.DateTime()),
    )
    op.create_table(
        "account_ids",
        sa.Column("account_id", sa.String(), primary_key=True),
        sa.Column("minted_at", sa.DateTime(), nullable=False),
        sa.Column("merged_into", sa.String()),
    )
    op.create_table(
        "links",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("object", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("valid_from", sa.DateTime(), nullable=False),
        sa.Column("valid_to", sa.DateTime()),
    )
    op.create_table(
        "changed_accounts",
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("account_ref", sa.String(), nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
    )
    op.create_table(
        "measure_history",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("to_day", sa.Date()),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("observed_at", sa.DateTime()),
    )
    op.create_table(
        "scorecards",
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("scorecard", sa.String(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("component", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("dimension", sa.String(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("at_least", sa.Double()),
        sa.Column("at_most", sa.Double()),
    )
    op.create_table(
        "component_history",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("component", sa.String(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("to_day", sa.Date()),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("value", sa.Double()),
        sa.Column("stale_since", sa.Date()),
        sa.Column("reason", sa.String(), nullable=False),
    )
    op.create_table(
        "score_history",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("score", sa.Integer()),
        sa.Column("earned_points", sa.Integer(), nullable=False),
        sa.Column("known_points", sa.Integer(), nullable=False),
        sa.Column("coverage_pct", sa.Integer(), nullable=False),
        sa.Column("tier", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("state_since", sa.Date(), nullable=False),
        sa.Column("below_60", sa.Integer(), nullable=False),
        sa.Column("below_40", sa.Integer(), nullable=False),
        sa.Column("at_least_45", sa.Integer(), nullable=False),
        sa.Column("at_least_65", sa.Integer(), nullable=False),
        sa.Column("insufficient_since", sa.Date()),
        sa.Column("previous_score", sa.Integer()),
        sa.Column("lifecycle", sa.String(), nullable=False),
        sa.Column("segment", sa.String()),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("computed_at", sa.DateTime(), nullable=False),
    )
    op.create_table(
        "reconstructed_scores",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("score", sa.Integer()),
        sa.Column("known_points", sa.Integer(), nullable=False),
        sa.Column("tier", sa.String(), nullable=False),
        sa.Column("computed_at", sa.DateTime(), nullable=False),
    )
    op.create_table(
        "decided_days",
        sa.Column("as_of", sa.Date(), primary_key=True),
        sa.Column("decided_at", sa.DateTime(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
    )
    op.create_table(
        "segment_cuts",
        sa.Column("as_of", sa.Date(), primary_key=True),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("high_touch_arr", sa.Numeric(20, 4)),
        sa.Column("mid_touch_arr", sa.Numeric(20, 4)),
    )
    op.create_table(
        "segment_history",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("scheme", sa.String(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("to_day", sa.Date()),
        sa.Column("segment", sa.String(), nullable=False),
        sa.Column("arr_rank", sa.Integer()),
        sa.Column("population", sa.Integer()),
    )
    op.create_table(
        "episodes",
        sa.Column("episode", sa.String(), primary_key=True),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("playbook", sa.String(), nullable=False),
        sa.Column("opened_as_of", sa.Date(), nullable=False),
        sa.Column("opened_at", sa.DateTime(), nullable=False),
        sa.Column("score_at_opening", sa.Integer()),
        sa.Column("state_at_opening", sa.String(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("previous_episode", sa.String()),
        sa.Column("closed_as_of", sa.Date()),
        sa.Column("closed_because", sa.String()),
    )
    op.create_table(
        "tasks",
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("episode", sa.String(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("owner_email", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("due_date", sa.Date(), nullable=False),
        sa.Column("opened_as_of", sa.Date(), nullable=False),
        sa.Column("closed_as_of", sa.Date()),
        sa.Column("closed_because", sa.String()),
    )
    op.create_table(
        "waiting_tasks",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("playbook", sa.String(), nullable=False),
        sa.Column("owner_email", sa.String(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
    )
    op.create_table(
        "handoffs",
        sa.Column("handoff", sa.String(), primary_key=True),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("opened_as_of", sa.Date(), nullable=False),
        sa.Column("opened_at", sa.DateTime(), nullable=False),
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("note_on", sa.String()),
        sa.Column("owner_email", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("context", sa.Text(), nullable=False),
        sa.Column("amount_native", sa.Numeric(20, 4)),
        sa.Column("currency", sa.String()),
        sa.Column("close_date", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("closed_as_of", sa.Date()),
    )
    op.create_table(
        "handoff_contacts",
        sa.Column("handoff", sa.String(), nullable=False),
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("contact_ref", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
    )
    op.create_table(
        "approvals",
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("push", sa.String(), nullable=False),
        sa.Column("approved_at", sa.DateTime(), nullable=False),
    )
    op.create_table(
        "changes",
        sa.Column("change_id", sa.String(), primary_key=True),
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("push", sa.String(), nullable=False),
        sa.Column("object", sa.String(), nullable=False),
        sa.Column("operation", sa.String(), nullable=False),
        sa.Column("row_key", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("external_id", sa.String()),
        sa.Column("key", sa.String()),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("as_of", sa.Date()),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("definition", sa.String(), nullable=False),
        sa.Column("planned_at", sa.DateTime(), nullable=False),
        sa.Column("sent_at", sa.DateTime()),
        sa.Column("outcome", sa.String()),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.DateTime()),
        sa.Column("resolved_at", sa.DateTime()),
    )
    op.create_table(
        "change_fields",
        sa.Column("change_id", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("before", sa.Text()),
        sa.Column("after", sa.Text()),
        sa.Column("why", sa.String(), nullable=False),
    )
    op.create_table(
        "acknowledged",
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("push", sa.String(), nullable=False),
        sa.Column("row_key", sa.String(), nullable=False),
        sa.Column("object", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("as_of", sa.Date()),
        sa.Column("definition", sa.String(), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(), nullable=False),
        sa.Column("verified_at", sa.DateTime()),
        sa.Column("gone", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "drifts",
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("object", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("ours", sa.Text()),
        sa.Column("theirs", sa.Text()),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
    )
    op.create_table(
        "definitions",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("taken_at", sa.DateTime(), nullable=False),
    )
    if op.get_context().dialect.name == "postgresql":
        for name, table, columns in INDEXES:
            op.create_index(name, table, columns)
