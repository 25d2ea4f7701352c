"""Thresholds for a segment of the business, and their withdrawal.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("parameter_sets", sa.Column("segment", sa.String(80), server_default="", nullable=False))
    op.add_column(
        "parameter_sets", sa.Column("withdrawn", sa.Boolean(), server_default=sa.false(), nullable=False)
    )


def downgrade() -> None:
    with op.batch_alter_table("parameter_sets") as sets:
        sets.drop_column("withdrawn")
        sets.drop_column("segment")
