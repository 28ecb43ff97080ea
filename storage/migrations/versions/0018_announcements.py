"""Announcements as drafts in several languages, for a frozen list of recipients of whom each is known."""

from __future__ import annotations

import secrets
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TABLE = "announcement"


def _refers(table: str, column: str, to: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}")
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=name, ondelete=ondelete)


def _columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("language", sa.String(8), nullable=False, server_default="en"),
        sa.Column("titles", sa.JSON(), nullable=False, server_default="{}"),
        sa.Column("texts", sa.JSON(), nullable=False, server_default="{}"),
        sa.Column("media", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("apart", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("poll", sa.JSON(), nullable=True),
        sa.Column("urgent", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("code", sa.String(8), nullable=True),
        sa.Column("send_at", _MOMENT, nullable=True),
        sa.Column("local_at", sa.String(16), nullable=True),
        sa.Column("repeats", sa.String(32), nullable=True),
        sa.Column("repeat_until", sa.Date(), nullable=True),
        sa.Column("next_at", _MOMENT, nullable=True),
        sa.Column("series_id", sa.Integer(), nullable=True),
        sa.Column("expires_at", _MOMENT, nullable=True),
        sa.Column("acknowledge_by", _MOMENT, nullable=True),
        sa.Column("created_at", _MOMENT, nullable=False, server_default="1970-01-01 00:00:00+00:00"),
        sa.Column("corrected_at", _MOMENT, nullable=True),
        sa.Column("retracted_at", _MOMENT, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
    ]


def upgrade() -> None:
    with op.batch_alter_table(_TABLE) as announcements:
        for column in _columns():
            announcements.add_column(column)
    _convert()
    with op.batch_alter_table(_TABLE) as announcements:
        announcements.alter_column("code", existing_type=sa.String(8), nullable=False)
        announcements.alter_column("submitted_at", existing_type=_MOMENT, nullable=True)
        announcements.alter_column("reported", existing_type=sa.String(80), type_=sa.String(200))
        announcements.drop_column("title")
        announcements.drop_column("text")
        announcements.create_unique_constraint("uq_announcement_code", ["code"])
        announcements.create_foreign_key("fk_announcement_series_id", _TABLE, ["series_id"], ["id"])
    op.create_table(
        "announcement_recipient",
        sa.Column("announcement_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("member_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("also", sa.JSON(), nullable=True),
        sa.Column("settled_at", _MOMENT, nullable=True),
        sa.Column("acknowledged_version", sa.Integer(), nullable=True),
        sa.Column("acknowledged_at", _MOMENT, nullable=True),
        sa.Column("reminders", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("reminded_at", _MOMENT, nullable=True),
        sa.Column("vote", sa.JSON(), nullable=True),
        _refers("announcement_recipient", "announcement_id", _TABLE, "CASCADE"),
        _refers("announcement_recipient", "member_id", "member", "CASCADE"),
        sa.PrimaryKeyConstraint("announcement_id", "member_id", name=op.f("pk_announcement_recipient")),
    )
    op.create_index(
        "ix_announcement_recipient_member_id_announcement_id",
        "announcement_recipient",
        ["member_id", "announcement_id"],
    )
    op.create_table(
        "announcement_remark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("announcement_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        _refers("announcement_remark", "announcement_id", _TABLE, "CASCADE"),
        _refers("announcement_remark", "member_id", "member", "CASCADE"),
        _refers("announcement_remark", "author_id", "member", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_announcement_remark")),
    )
    for name in ("announcement_id", "member_id"):
        op.create_index(op.f(f"ix_announcement_remark_{name}"), "announcement_remark", [name])
    op.create_table(
        "audience_list",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", _MOMENT, nullable=False),
        _refers("audience_list", "by_id", "member", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audience_list")),
        sa.UniqueConstraint("name", name=op.f("uq_audience_list_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "announcement_revision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("announcement_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("language", sa.String(8), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("submitted_at", _MOMENT, nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("pending", sa.JSON(), nullable=True),
        _refers("announcement_revision", "announcement_id", _TABLE, "CASCADE"),
        _refers("announcement_revision", "author_id", "member", "SET NULL"),
        _refers("announcement_revision", "decided_by", "member", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_announcement_revision")),
    )
    index = op.f("ix_announcement_revision_announcement_id")
    op.create_index(index, "announcement_revision", ["announcement_id"])
    op.add_column("outbox", sa.Column("also", sa.JSON(), nullable=True))
    _recipients()


def _convert() -> None:
    """Write what is there as the new columns say it; a release that is awaited has to be asked for again."""
    bind = op.get_bind()
    added = (sa.column(column.name, column.type) for column in _columns())
    table = sa.table(_TABLE, sa.column("id"), sa.column("submitted_at", _MOMENT), *added)
    old = sa.table(_TABLE, sa.column("id"), sa.column("title"), sa.column("text"), sa.column("audience", sa.JSON()))
    for row in bind.execute(sa.select(old)).all():
        meant = row.audience
        values = [meant["value"]] if meant["value"] else []
        code = "".join(secrets.choice(_ALPHABET) for _ in range(8))
        bind.execute(
            sa.update(table)
            .where(table.c.id == row.id)
            .values(titles={"en": row.title}, texts={"en": row.text}, code=code, created_at=table.c.submitted_at)
        )
        bind.execute(sa.update(old).where(old.c.id == row.id).values(audience=[[[meant["kind"], values, False]]]))
    op.execute("UPDATE announcement SET state = 'returned' WHERE state = 'awaiting'")


def _recipients() -> None:
    """Take over from the outbox who was to get what was sent."""
    op.execute(
        "INSERT INTO announcement_recipient (announcement_id, member_id, state, reason, message_id, settled_at, reminders) "
        "SELECT a.id, o.member_id, CASE WHEN o.settled_at IS NULL THEN 'queued' ELSE o.state END, o.reason, "
        "o.message_id, o.settled_at, 0 FROM announcement a JOIN outbox o ON o.subject = 'announcement:' || a.id "
        "WHERE o.notice = 'announcement:text' AND o.member_id IS NOT NULL"
    )


def downgrade() -> None:
    op.drop_column("outbox", "also")
    for table in ("audience_list", "announcement_revision", "announcement_remark", "announcement_recipient"):
        op.drop_table(table)
    with op.batch_alter_table(_TABLE) as announcements:
        announcements.add_column(sa.Column("title", sa.String(120), nullable=False, server_default=""))
        announcements.add_column(sa.Column("text", sa.Text(), nullable=False, server_default=""))
        announcements.drop_constraint("uq_announcement_code", type_="unique")
        announcements.drop_constraint("fk_announcement_series_id", type_="foreignkey")
        for column in _columns():
            announcements.drop_column(column.name)
