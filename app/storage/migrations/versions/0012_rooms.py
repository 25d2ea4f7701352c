"""Rooms, posts with their versions, what people follow.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rooms",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("name_key", sa.String(length=160), nullable=False),
        sa.Column("purpose", sa.String(length=400), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("desk", sa.String(length=200), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.String(length=40), nullable=False),
        sa.Column("created_name", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("org", sa.String(length=63), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rooms")),
        sa.UniqueConstraint("org", "name_key", name=op.f("uq_rooms_org")),
    )
    op.create_index(op.f("ix_rooms_org"), "rooms", ["org"], unique=False)
    op.create_table(
        "room_members",
        sa.Column("room_id", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("added_by", sa.String(length=40), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("org", sa.String(length=63), nullable=False),
        sa.PrimaryKeyConstraint("room_id", "user_id", name=op.f("pk_room_members")),
    )
    op.create_index(op.f("ix_room_members_org"), "room_members", ["org"], unique=False)
    op.create_table(
        "room_posts",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("room_id", sa.String(length=40), nullable=True),
        sa.Column("author_id", sa.String(length=200), nullable=False),
        sa.Column("author_user", sa.String(length=40), nullable=False),
        sa.Column("author_name", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("instrument_ids", sa.JSON(), nullable=False),
        sa.Column("in_reply_to", sa.String(length=200), nullable=True),
        sa.Column("thread_id", sa.String(length=200), nullable=False),
        sa.Column("context_kind", sa.String(length=12), nullable=True),
        sa.Column("context_id", sa.String(length=200), nullable=True),
        sa.Column("account_id", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("hidden_reason", sa.Text(), nullable=True),
        sa.Column("hidden_by", sa.String(length=40), nullable=True),
        sa.Column("hidden_name", sa.String(length=200), nullable=True),
        sa.Column("hidden_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("org", sa.String(length=63), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_room_posts")),
    )
    op.create_index(op.f("ix_room_posts_org"), "room_posts", ["org"], unique=False)
    op.create_index("ix_room_posts_org_created", "room_posts", ["org", "created_at"], unique=False)
    op.create_index("ix_room_posts_org_thread", "room_posts", ["org", "thread_id"], unique=False)
    op.create_index(
        "ix_room_posts_org_writer", "room_posts", ["org", "author_user", "created_at"], unique=False
    )
    op.create_table(
        "room_post_versions",
        sa.Column("post_id", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("instrument_ids", sa.JSON(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("relayed", sa.Boolean(), nullable=False),
        sa.Column("org", sa.String(length=63), nullable=False),
        sa.PrimaryKeyConstraint("post_id", "version", name=op.f("pk_room_post_versions")),
    )
    op.create_index(op.f("ix_room_post_versions_org"), "room_post_versions", ["org"], unique=False)
    op.create_index(
        "ix_room_post_versions_org_relayed", "room_post_versions", ["org", "relayed"], unique=False
    )
    op.create_table(
        "user_follows",
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("target_id", sa.String(length=200), nullable=False),
        sa.Column("follower_id", sa.String(length=200), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("org", sa.String(length=63), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "kind", "target_id", name=op.f("pk_user_follows")),
    )
    op.create_index(op.f("ix_user_follows_org"), "user_follows", ["org"], unique=False)


def downgrade() -> None:
    for name in ("user_follows", "room_post_versions", "room_posts", "room_members", "rooms"):
        op.drop_table(name)
