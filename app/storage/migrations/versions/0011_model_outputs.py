"""What models say, their records out of sample, drift and when one became the champion.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "model_outputs",
        sa.Column("org", sa.String(length=63), nullable=False),
        sa.Column("name", sa.String(length=63), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("served", sa.String(length=12), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("data_versions", sa.JSON(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("org", "name", "key", "day", name=op.f("pk_model_outputs")),
    )
    op.add_column("model_versions", sa.Column("record_sha256", sa.String(64), nullable=True))
    op.add_column("model_versions", sa.Column("drift", sa.JSON(), nullable=True))
    op.add_column("model_versions", sa.Column("crowned_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("model_versions") as versions:
        versions.drop_column("crowned_at")
        versions.drop_column("drift")
        versions.drop_column("record_sha256")
    op.drop_table("model_outputs")
