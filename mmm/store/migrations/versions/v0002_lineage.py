"""Lineage and the assembled table of a version, annotations, what a data key is for; append-only on PostgreSQL too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

APPEND_ONLY_FUNCTION = """
CREATE FUNCTION audit_event_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'audit rows are never changed or removed'; END $$
"""
APPEND_ONLY_TRIGGER = """
CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event
FOR EACH STATEMENT EXECUTE FUNCTION audit_event_append_only()
"""


def upgrade() -> None:
    """Apply."""
    op.add_column("dataset_version", sa.Column("lineage_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("dataset_version", sa.Column("table_sealed", sa.LargeBinary(), nullable=True))
    _purposes()
    _annotations()
    if op.get_bind().dialect.name == "postgresql":  # SQLite has had its triggers from the beginning
        op.execute(APPEND_ONLY_FUNCTION)
        op.execute(APPEND_ONLY_TRIGGER)


def _purposes() -> None:
    """Every key so far seals rows."""
    with op.batch_alter_table("data_key") as keys:
        keys.add_column(sa.Column("purpose", sa.String(length=20), nullable=True))
    op.execute("UPDATE data_key SET purpose = 'rows'")
    with op.batch_alter_table("data_key") as keys:
        keys.alter_column("purpose", existing_type=sa.String(length=20), nullable=False)


def _annotations() -> None:
    """What happened when, as people note it."""
    op.create_table(
        "annotation",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("workspace_id", sa.String(length=32), nullable=False),
        sa.Column("dataset_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("created_by", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payload_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], name=op.f("fk_annotation_dataset_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_annotation_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annotation")),
    )
    op.create_index("ix_annotation_workspace_dataset", "annotation", ["workspace_id", "dataset_id"], unique=False)
