"""Validity of limits, how much of them was used, and episodes above them.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("limits", sa.Column("valid_from", sa.Date(), nullable=True))
    op.add_column("limits", sa.Column("valid_to", sa.Date(), nullable=True))
    op.create_table(
        "limit_uses",
        sa.Column("org", sa.String(63), nullable=False),
        sa.Column("limit_id", sa.String(40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("utilisation", sa.Float(), nullable=True),
        sa.Column("driver", sa.String(200), nullable=True),
        sa.Column("reason", sa.String(300), nullable=True),
        sa.Column("data_versions", sa.JSON(), nullable=False),
        sa.Column("measured_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("org", "limit_id", "day", name=op.f("pk_limit_uses")),
    )
    op.create_table(
        "limit_breaches",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("org", sa.String(63), nullable=False),
        sa.Column("limit_id", sa.String(40), nullable=False),
        sa.Column("opened", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("closed", sa.Date(), nullable=True),
        sa.Column("closed_why", sa.String(40), nullable=True),
        sa.Column("bound", sa.Numeric(38, 12, asdecimal=True), nullable=False),
        sa.Column("hard", sa.Boolean(), nullable=False),
        sa.Column("peak", sa.Float(), nullable=False),
        sa.Column("peak_day", sa.Date(), nullable=False),
        sa.Column("current", sa.Float(), nullable=False),
        sa.Column("driver", sa.String(200), nullable=True),
        sa.Column("alert_id", sa.String(80), nullable=True),
        sa.Column("data_versions", sa.JSON(), nullable=False),
        sa.Column("acknowledged_by", sa.String(40), nullable=True),
        sa.Column("acknowledged_person", sa.String(200), nullable=True),
        sa.Column("acknowledged_name", sa.String(200), nullable=True),
        sa.Column("acknowledged_at", _INSTANT, nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("confirmed_by", sa.String(40), nullable=True),
        sa.Column("confirmed_name", sa.String(200), nullable=True),
        sa.Column("confirmed_at", _INSTANT, nullable=True),
        sa.Column("confirm_comment", sa.Text(), nullable=True),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("updated_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_limit_breaches")),
    )
    op.create_index(op.f("ix_limit_breaches_org"), "limit_breaches", ["org"])
    op.create_index("ix_limit_breaches_org_limit", "limit_breaches", ["org", "limit_id", "opened"])


def downgrade() -> None:
    op.drop_table("limit_breaches")
    op.drop_table("limit_uses")
    with op.batch_alter_table("limits") as limits:
        limits.drop_column("valid_to")
        limits.drop_column("valid_from")
