"""Feeds of topics, and the items that they brought."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "feed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=True),
        sa.Column("added_by", sa.Integer(), nullable=True),
        sa.Column("target", sa.String(length=32), nullable=False),
        sa.Column("approval", sa.String(length=32), nullable=False),
        sa.Column("daily_cap", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("modified", sa.String(length=100), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(length=40), nullable=True),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("read_at", _MOMENT, nullable=True),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name=op.f("fk_feed_topic_id")),
        sa.ForeignKeyConstraint(["added_by"], ["member.id"], name=op.f("fk_feed_added_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed")),
        sa.UniqueConstraint("topic_id", "url", name=op.f("uq_feed_topic_id_url")),
    )
    op.create_index("ix_feed_state_due", "feed", ["state", "due_at"])
    op.create_table(
        "feed_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("feed_id", sa.Integer(), nullable=True),
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.Column("guid", sa.String(length=80), nullable=False),
        sa.Column("url_key", sa.String(length=80), nullable=False),
        sa.Column("title_key", sa.String(length=80), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("published_at", _MOMENT, nullable=True),
        sa.Column("seen_at", _MOMENT, nullable=False),
        sa.Column("listed_at", _MOMENT, nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("offered_at", _MOMENT, nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name=op.f("fk_feed_item_feed_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name=op.f("fk_feed_item_topic_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["member.id"], name=op.f("fk_feed_item_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_item")),
        sa.UniqueConstraint("topic_id", "guid", name=op.f("uq_feed_item_topic_id_guid")),
        sa.UniqueConstraint("topic_id", "url_key", name=op.f("uq_feed_item_topic_id_url_key")),
        sa.UniqueConstraint("topic_id", "title_key", name=op.f("uq_feed_item_topic_id_title_key")),
    )
    op.create_index("ix_feed_item_feed_state", "feed_item", ["feed_id", "state"])
    op.create_index("ix_feed_item_state_seen", "feed_item", ["state", "seen_at"])


def downgrade() -> None:
    op.drop_table("feed_item")
    op.drop_table("feed")
