"""What lists say of their entries, screening of names, requests for private trades.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("list_entries", sa.Column("project", sa.String(length=200), nullable=True))
    op.add_column("list_entries", sa.Column("source_id", sa.String(length=200), nullable=True))
    op.add_column("list_entries", sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("list_entries", sa.Column("removed_reason", sa.Text(), nullable=True))
    op.create_table(
        "screening_hits",
        sa.Column("org", sa.String(length=63), nullable=False),
        sa.Column("hit_id", sa.String(length=40), nullable=False),
        sa.Column("subject_kind", sa.String(length=12), nullable=False),
        sa.Column("subject_id", sa.String(length=200), nullable=False),
        sa.Column("list_name", sa.String(length=200), nullable=False),
        sa.Column("entry_id", sa.String(length=200), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("explanation", sa.JSON(), nullable=False),
        sa.Column("subject_digest", sa.String(length=64), nullable=False),
        sa.Column("entry_digest", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=63), nullable=True),
        sa.Column("rationale", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.String(length=40), nullable=True),
        sa.Column("decided_name", sa.String(length=200), nullable=True),
        sa.Column("decided_person", sa.String(length=200), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("second_by", sa.String(length=40), nullable=True),
        sa.Column("second_name", sa.String(length=200), nullable=True),
        sa.Column("second_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("alert_id", sa.String(length=80), nullable=True),
        sa.Column("data_versions", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("org", "hit_id", name=op.f("pk_screening_hits")),
    )
    op.create_index(
        "ix_screening_hits_org_status", "screening_hits", ["org", "status", "score"], unique=False
    )
    op.create_table(
        "preclearance_requests",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.String(length=200), nullable=False),
        sa.Column("account_id", sa.String(length=200), nullable=True),
        sa.Column("instrument_id", sa.String(length=200), nullable=False),
        sa.Column("side", sa.String(length=12), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=38, scale=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("asked_by", sa.String(length=40), nullable=False),
        sa.Column("asked_name", sa.String(length=200), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("waives", sa.JSON(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.String(length=40), nullable=True),
        sa.Column("decided_name", sa.String(length=200), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("org", sa.String(length=63), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_preclearance_requests")),
    )
    op.create_index(op.f("ix_preclearance_requests_org"), "preclearance_requests", ["org"], unique=False)
    op.create_index(
        "ix_preclearance_requests_org_status", "preclearance_requests", ["org", "status"], unique=False
    )


def downgrade() -> None:
    for name in ("preclearance_requests", "screening_hits"):
        op.drop_table(name)
    with op.batch_alter_table("list_entries") as entries:
        for name in ("removed_reason", "removed_at", "source_id", "project"):
            entries.drop_column(name)
