"""Reports of posts and their reviews, mutes, breaches, and documents that are frozen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def _refers(table: str, column: str, to: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"), ondelete=ondelete)


def upgrade() -> None:
    op.add_column("document", sa.Column("frozen_at", _MOMENT, nullable=True))
    op.create_table(
        "mute",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("until", _MOMENT, nullable=False),
        sa.Column("lifted_at", _MOMENT, nullable=True),
        sa.Column("lifted_by", sa.Integer(), nullable=True),
        _refers("mute", "member_id", "member", "CASCADE"),
        _refers("mute", "topic_id", "topic"),
        _refers("mute", "by_id", "member"),
        _refers("mute", "lifted_by", "member"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mute")),
    )
    op.create_index(op.f("ix_mute_member_id"), "mute", ["member_id"])
    op.create_table(
        "review",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("opened_at", _MOMENT, nullable=False),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.Column("reminded_at", _MOMENT, nullable=True),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.Column("consequence", sa.String(length=32), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", _MOMENT, nullable=True),
        _refers("review", "post_id", "post", "CASCADE"),
        _refers("review", "member_id", "member", "CASCADE"),
        _refers("review", "decided_by", "member"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
    )
    op.create_index("ix_review_state_due_at", "review", ["state", "due_at"])
    op.create_index(op.f("ix_review_post_id"), "review", ["post_id"])
    op.create_index(op.f("ix_review_member_id"), "review", ["member_id"])
    op.create_table(
        "report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        _refers("report", "review_id", "review", "CASCADE"),
        _refers("report", "member_id", "member", "CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
        sa.UniqueConstraint("review_id", "member_id", name=op.f("uq_report_review_id_member_id")),
    )
    op.create_index(op.f("ix_report_member_id"), "report", ["member_id"])
    op.create_table(
        "breach",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.Column("post_id", sa.Integer(), nullable=True),
        sa.Column("document_id", sa.Integer(), nullable=True),
        sa.Column("link", sa.Text(), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", _MOMENT, nullable=True),
        _refers("breach", "member_id", "member", "SET NULL"),
        _refers("breach", "post_id", "post", "SET NULL"),
        _refers("breach", "document_id", "document", "SET NULL"),
        _refers("breach", "decided_by", "member"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_breach")),
    )
    for column in ("member_id", "post_id", "document_id"):
        op.create_index(op.f(f"ix_breach_{column}"), "breach", [column])


def downgrade() -> None:
    for table in ("breach", "report", "review", "mute"):
        op.drop_table(table)
    with op.batch_alter_table("document") as batch:
        batch.drop_column("frozen_at")
