"""Topics as data, groups with their threads and who is in them, posts, and errands in chats."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_WORDS = ("title_en", "title_ru", "description_en", "description_ru")
_OF_TOPICS: dict[str, dict[str, Any]] = {
    "titles": {"type_": sa.JSON(), "nullable": False, "server_default": "{}"},
    "descriptions": {"type_": sa.JSON(), "nullable": False, "server_default": "{}"},
    "label": {"type_": sa.String(length=32), "nullable": False, "server_default": "TLP:GREEN"},
    "icon_color": {"type_": sa.Integer(), "nullable": True},
    "closed_at": {"type_": _MOMENT, "nullable": True},
}
_OF_GROUPS: dict[str, dict[str, Any]] = {
    "kind": {"type_": sa.String(length=32), "nullable": False, "server_default": "supergroup"},
    "username": {"type_": sa.String(length=40), "nullable": True},
    "forum": {"type_": sa.Boolean(), "nullable": False, "server_default": sa.false()},
    "missing": {"type_": sa.JSON(), "nullable": False, "server_default": "[]"},
    "strangers": {"type_": sa.Integer(), "nullable": True},
    "lost_at": {"type_": _MOMENT, "nullable": True},
}
_COLORS = {
    "jpoa": 7322096, "dialogue": 9367192, "media": 16766590, "border": 16478047, "justice": 13338331,
    "financing": 16766590, "rehab": 9367192, "prison": 13338331, "online": 7322096, "victims": 16749490,
    "youth-edu": 16749490, "capacity": 7322096,
}  # fmt: skip


def upgrade() -> None:
    for name, facts in _OF_TOPICS.items():
        op.add_column("topic", sa.Column(name, **facts))
    _gather_words()
    with op.batch_alter_table("topic") as batch:
        for name in _WORDS:
            batch.drop_column(name)
    op.execute("UPDATE subscription SET level = 'digest' WHERE level = 'follow'")
    op.add_column("member", sa.Column("night", sa.String(length=32), nullable=False, server_default="hold"))
    op.add_column("outbox", sa.Column("thread_id", sa.BigInteger(), nullable=True))
    for name, facts in _OF_GROUPS.items():
        op.add_column("bound_group", sa.Column(name, **facts))
    with op.batch_alter_table("bound_group") as batch:
        batch.add_column(sa.Column("topic_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(op.f("fk_bound_group_topic_id"), "topic", ["topic_id"], ["id"])
    with op.batch_alter_table("removal") as batch:
        batch.alter_column("member_id", existing_type=sa.Integer(), nullable=True)
    _new_tables()


def downgrade() -> None:
    for table in ("errand", "post", "group_member", "thread"):
        op.drop_table(table)
    op.execute("DELETE FROM removal WHERE member_id IS NULL")
    with op.batch_alter_table("removal") as batch:
        batch.alter_column("member_id", existing_type=sa.Integer(), nullable=False)
    with op.batch_alter_table("bound_group") as batch:
        batch.drop_constraint(op.f("fk_bound_group_topic_id"), type_="foreignkey")
        for name in ("topic_id", *_OF_GROUPS):
            batch.drop_column(name)
    with op.batch_alter_table("outbox") as batch:
        batch.drop_column("thread_id")
    with op.batch_alter_table("member") as batch:
        batch.drop_column("night")
    op.execute("UPDATE subscription SET level = 'follow' WHERE level <> 'mute'")
    for name in _WORDS:
        op.add_column("topic", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    _spread_words()
    with op.batch_alter_table("topic") as batch:
        for name in _OF_TOPICS:
            batch.drop_column(name)


def _topic() -> Any:
    words = (sa.column(name, sa.Text()) for name in _WORDS)
    told = (sa.column("titles", sa.JSON()), sa.column("descriptions", sa.JSON()))
    return sa.table("topic", sa.column("id"), sa.column("code"), sa.column("icon_color"), *words, *told)


def _gather_words() -> None:
    topic = _topic()
    read = [topic.c.id, topic.c.code, *(topic.c[name] for name in _WORDS)]
    for row in op.get_bind().execute(sa.select(*read)).mappings().all():
        told = {f"{kind}s": {code: row[f"{kind}_{code}"] for code in ("en", "ru")} for kind in ("title", "description")}
        values = {**told, "icon_color": _COLORS.get(row["code"])}
        op.execute(topic.update().where(topic.c.id == row["id"]).values(values))


def _spread_words() -> None:
    topic = _topic()
    for row in op.get_bind().execute(sa.select(topic.c.id, topic.c.titles, topic.c.descriptions)).mappings().all():
        told = {"title": row["titles"], "description": row["descriptions"]}
        values = {
            f"{kind}_{code}": words.get(code) or words.get("en", "")
            for kind, words in told.items()
            for code in ("en", "ru")
        }
        op.execute(topic.update().where(topic.c.id == row["id"]).values(values))


def _new_tables() -> None:
    op.create_table(
        "thread",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.Column("thread_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("asked_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["bound_group.id"], name=op.f("fk_thread_group_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name=op.f("fk_thread_topic_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thread")),
        sa.UniqueConstraint("group_id", "topic_id", name=op.f("uq_thread_group_id_topic_id")),
        sa.UniqueConstraint("group_id", "thread_id", name=op.f("uq_thread_group_id_thread_id")),
    )
    op.create_table(
        "group_member",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("since", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["bound_group.id"], name=op.f("fk_group_member_group_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_group_member_member_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_member")),
        sa.UniqueConstraint("group_id", "member_id", name=op.f("uq_group_member_group_id_member_id")),
    )
    op.create_index(op.f("ix_group_member_member_id"), "group_member", ["member_id"])
    op.create_table(
        "post",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("label", sa.String(length=32), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("html", sa.Text(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("file_id", sa.Text(), nullable=True),
        sa.Column("album", sa.String(length=40), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("group_id", sa.Integer(), nullable=True),
        sa.Column("thread_id", sa.BigInteger(), nullable=True),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("reply_to_id", sa.Integer(), nullable=True),
        sa.Column("replies", sa.Integer(), nullable=False),
        sa.Column("reactions", sa.Integer(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name=op.f("fk_post_topic_id")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_post_member_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_post_organisation_id")),
        sa.ForeignKeyConstraint(["group_id"], ["bound_group.id"], name=op.f("fk_post_group_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["reply_to_id"], ["post.id"], name=op.f("fk_post_reply_to_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post")),
        sa.UniqueConstraint("group_id", "message_id", name=op.f("uq_post_group_id_message_id")),
    )
    op.create_index(op.f("ix_post_topic_id_at"), "post", ["topic_id", "at"])
    op.create_index(op.f("ix_post_member_id"), "post", ["member_id"])
    op.create_table(
        "errand",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("after", sa.String(length=120), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("asked_at", _MOMENT, nullable=False),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_errand")),
    )
    op.create_index("ix_errand_state_due", "errand", ["state", "due_at"])
