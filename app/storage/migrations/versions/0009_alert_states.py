"""States of alerts that grew, runs of canaries, a deadline for alerts that never had one.

Revision ID: 0009
Revises: 0008
"""

from datetime import datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_DAYS = {"critical": 1, "high": 1, "medium": 3, "low": 10}  # business days, as for new alerts
_NOT_OPEN = (
    "closed_no_issue", "closed_false_positive", "no_action", "near_miss", "breach_internal", "closed", "suppressed",
)  # fmt: skip
_SATURDAY = 5


def upgrade() -> None:
    op.create_table(
        "alert_states",
        sa.Column("org", sa.String(63), nullable=False),
        sa.Column("alert_id", sa.String(80), nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("finding_id", sa.String(80), nullable=False),
        sa.Column("detector_version", sa.String(40), nullable=False),
        sa.Column("parameters_version", sa.String(40), nullable=False),
        sa.Column("severity", sa.String(10), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("actors", sa.JSON(), nullable=False),
        sa.Column("instrument_ids", sa.JSON(), nullable=False),
        sa.Column("window_start", sa.DateTime(timezone=True), nullable=True),
        sa.Column("window_end", sa.DateTime(timezone=True), nullable=True),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("metrics", sa.JSON(), nullable=False),
        sa.Column("story", sa.JSON(), nullable=False),
        sa.Column("regulation", sa.JSON(), nullable=False),
        sa.Column("data_versions", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(30), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("org", "alert_id", "state", name=op.f("pk_alert_states")),
    )
    op.add_column("alerts", sa.Column("finding_id", sa.String(80), nullable=True))
    op.add_column("alerts", sa.Column("state", sa.Integer(), server_default="1", nullable=False))
    op.add_column("alerts", sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "canary_runs",
        sa.Column("org", sa.String(63), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("answered", sa.JSON(), nullable=False),
        sa.Column("silent", sa.JSON(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("ran_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("org", name=op.f("pk_canary_runs")),
    )
    _give_deadlines()


def downgrade() -> None:
    op.drop_table("canary_runs")
    op.drop_table("alert_states")
    with op.batch_alter_table("alerts") as alerts:
        for name in ("finding_id", "state", "gone_at"):
            alerts.drop_column(name)


def _give_deadlines() -> None:
    """Make open alerts from before revision 0006 due: so many weekdays after they were found, in UTC."""
    alerts = sa.table(
        "alerts",
        sa.column("org", sa.String),
        sa.column("alert_id", sa.String),
        sa.column("severity", sa.String),
        sa.column("status", sa.String),
        sa.column("created_at", sa.DateTime(timezone=True)),
        sa.column("due_at", sa.DateTime(timezone=True)),
    )
    bind = op.get_bind()
    wanting = bind.execute(
        sa.select(alerts).where(alerts.c.due_at.is_(None), alerts.c.status.not_in(_NOT_OPEN))
    ).all()
    for row in wanting:
        key = (alerts.c.org == row.org) & (alerts.c.alert_id == row.alert_id)
        due = _weekdays_after(row.created_at, _DAYS.get(row.severity, 10))
        bind.execute(sa.update(alerts).where(key).values(due_at=due))


def _weekdays_after(moment: datetime, days: int) -> datetime:
    while days:
        moment += timedelta(days=1)
        days -= moment.weekday() < _SATURDAY
    return moment
