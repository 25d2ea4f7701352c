"""Insights: the family of tests of a day, runs of rules, feedback, links followed, visits.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None
_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "insight_tests",
        sa.Column("org", sa.String(63), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("insight_id", sa.String(80), nullable=False),
        sa.Column("look", sa.String(24), nullable=False),
        sa.Column("rule", sa.String(63), nullable=False),
        sa.Column("p", sa.Float(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("said", sa.JSON()),
        sa.PrimaryKeyConstraint("org", "day", "insight_id", "look", name="pk_insight_tests"),
    )
    op.create_index("ix_insight_tests_rule", "insight_tests", ["rule"])
    op.create_table(
        "insight_runs",
        sa.Column("org", sa.String(63), nullable=False),
        sa.Column("rule", sa.String(63), nullable=False),
        sa.Column("rule_version", sa.String(40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("candidates", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("data_versions", sa.JSON(), nullable=False),
        sa.Column("ran_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("org", "rule", name="pk_insight_runs"),
    )
    op.create_table(
        "insight_follows",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("insight_id", sa.String(80), nullable=False),
        sa.Column("rule", sa.String(63), nullable=False),
        sa.Column("user_id", sa.String(40), nullable=False),
        sa.Column("href", sa.String(500), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("org", sa.String(63), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_insight_follows"),
    )
    op.create_index("ix_insight_follows_org", "insight_follows", ["org"])
    op.create_index("ix_insight_follows_org_created_at", "insight_follows", ["org", "created_at"])
    op.create_table(
        "insight_visits",
        sa.Column("org", sa.String(63), nullable=False),
        sa.Column("user_id", sa.String(40), nullable=False),
        sa.Column("seen_at", _INSTANT, nullable=False),
        sa.Column("digest_at", _INSTANT),
        sa.PrimaryKeyConstraint("org", "user_id", name="pk_insight_visits"),
    )
    for column in (
        sa.Column("rule_version", sa.String(40), server_default="", nullable=False),
        sa.Column("story", sa.String(200)),
        sa.Column("chart", sa.JSON()),
        sa.Column("fresh", sa.JSON(), server_default="{}", nullable=False),
        sa.Column("changed_at", _INSTANT),
    ):
        op.add_column("insights", column)
    with op.batch_alter_table("insight_feedback") as feedback:
        feedback.add_column(sa.Column("rule", sa.String(63), server_default="", nullable=False))
        feedback.add_column(sa.Column("snoozed_until", _INSTANT))
        feedback.create_unique_constraint("uq_insight_feedback_org", ["org", "user_id", "insight_id"])


def downgrade() -> None:
    """Take them away again."""
    with op.batch_alter_table("insight_feedback") as feedback:
        feedback.drop_constraint("uq_insight_feedback_org", type_="unique")
        feedback.drop_column("snoozed_until")
        feedback.drop_column("rule")
    with op.batch_alter_table("insights") as insights:
        for name in ("changed_at", "fresh", "chart", "story", "rule_version"):
            insights.drop_column(name)
    for name in ("insight_visits", "insight_follows", "insight_runs", "insight_tests"):
        op.drop_table(name)
