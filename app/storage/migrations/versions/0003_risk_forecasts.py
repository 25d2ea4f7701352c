"""Forecasts of value at risk, made by a job.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "risk_forecasts",
        sa.Column("org", sa.String(63), nullable=False),
        sa.Column("book_kind", sa.String(20), nullable=False),
        sa.Column("book_id", sa.String(80), nullable=False),
        sa.Column("method", sa.String(40), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("version", sa.String(40), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("data_versions", sa.JSON(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("org", "book_kind", "book_id", "method", name=op.f("pk_risk_forecasts")),
    )


def downgrade() -> None:
    op.drop_table("risk_forecasts")
