"""Ideas, their versions and scores, and the paper accounts that mirror an author.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "idea_mirror_trades",
        sa.Column("mirror_id", sa.String(length=40), nullable=False),
        sa.Column("idea_id", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("price", sa.Double(), nullable=True),
        sa.Column("quantity", sa.Numeric(precision=38, scale=12), nullable=True),
        sa.Column("notional", sa.Numeric(precision=38, scale=12), nullable=True),
        sa.Column("at_risk", sa.Numeric(precision=38, scale=12), nullable=True),
        sa.Column("checks", sa.JSON(), nullable=False),
        sa.Column("org", sa.String(length=63), nullable=False),
        sa.PrimaryKeyConstraint("mirror_id", "idea_id", name=op.f("pk_idea_mirror_trades")),
    )
    op.create_index(op.f("ix_idea_mirror_trades_org"), "idea_mirror_trades", ["org"], unique=False)
    op.create_table(
        "idea_mirrors",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("owner_user", sa.String(length=40), nullable=False),
        sa.Column("owner_id", sa.String(length=200), nullable=False),
        sa.Column("owner_name", sa.String(length=200), nullable=False),
        sa.Column("author_id", sa.String(length=200), nullable=False),
        sa.Column("author_name", sa.String(length=200), nullable=False),
        sa.Column("capital", sa.Numeric(precision=38, scale=12), nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("max_loss", sa.Double(), nullable=False),
        sa.Column("adv_share", sa.Double(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_why", sa.String(length=300), nullable=True),
        sa.Column("seeded", sa.Boolean(), nullable=False),
        sa.Column("org", sa.String(length=63), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idea_mirrors")),
    )
    op.create_index(op.f("ix_idea_mirrors_org"), "idea_mirrors", ["org"], unique=False)
    op.create_index("ix_idea_mirrors_org_author", "idea_mirrors", ["org", "author_id"], unique=False)
    op.create_table(
        "idea_scores",
        sa.Column("idea_id", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("entry_date", sa.Date(), nullable=True),
        sa.Column("entry", sa.Double(), nullable=True),
        sa.Column("exit_date", sa.Date(), nullable=True),
        sa.Column("exit", sa.Double(), nullable=True),
        sa.Column("gross", sa.Double(), nullable=True),
        sa.Column("net", sa.Double(), nullable=True),
        sa.Column("won", sa.Boolean(), nullable=True),
        sa.Column("brier", sa.Double(), nullable=True),
        sa.Column("scored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("data_versions", sa.JSON(), nullable=False),
        sa.Column("org", sa.String(length=63), nullable=False),
        sa.PrimaryKeyConstraint("idea_id", name=op.f("pk_idea_scores")),
    )
    op.create_index(op.f("ix_idea_scores_org"), "idea_scores", ["org"], unique=False)
    op.create_table(
        "idea_versions",
        sa.Column("idea_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("org", sa.String(length=63), nullable=False),
        sa.PrimaryKeyConstraint("idea_id", "number", name=op.f("pk_idea_versions")),
    )
    op.create_index(op.f("ix_idea_versions_org"), "idea_versions", ["org"], unique=False)
    op.create_table(
        "ideas",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("author_id", sa.String(length=200), nullable=False),
        sa.Column("author_user", sa.String(length=40), nullable=False),
        sa.Column("author_name", sa.String(length=200), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seeded", sa.Boolean(), nullable=False),
        sa.Column("seal_entry", sa.BigInteger(), nullable=True),
        sa.Column("retracted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retracted_why", sa.Text(), nullable=True),
        sa.Column("hidden_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hidden_by", sa.String(length=40), nullable=True),
        sa.Column("hidden_why", sa.Text(), nullable=True),
        sa.Column("org", sa.String(length=63), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ideas")),
    )
    op.create_index(op.f("ix_ideas_org"), "ideas", ["org"], unique=False)
    op.create_index("ix_ideas_org_author", "ideas", ["org", "author_id"], unique=False)
    op.create_index("ix_ideas_org_sealed", "ideas", ["org", "sealed_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_ideas_org_sealed", table_name="ideas")
    op.drop_index("ix_ideas_org_author", table_name="ideas")
    op.drop_index(op.f("ix_ideas_org"), table_name="ideas")
    op.drop_table("ideas")
    op.drop_index(op.f("ix_idea_versions_org"), table_name="idea_versions")
    op.drop_table("idea_versions")
    op.drop_index(op.f("ix_idea_scores_org"), table_name="idea_scores")
    op.drop_table("idea_scores")
    op.drop_index("ix_idea_mirrors_org_author", table_name="idea_mirrors")
    op.drop_index(op.f("ix_idea_mirrors_org"), table_name="idea_mirrors")
    op.drop_table("idea_mirrors")
    op.drop_index(op.f("ix_idea_mirror_trades_org"), table_name="idea_mirror_trades")
    op.drop_table("idea_mirror_trades")
