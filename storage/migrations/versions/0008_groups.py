"""Bound groups."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bound_group",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("bound_by", sa.Integer(), nullable=False),
        sa.Column("bound_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["bound_by"], ["member.id"], name=op.f("fk_bound_group_bound_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bound_group")),
        sa.UniqueConstraint("chat_id", name=op.f("uq_bound_group_chat_id")),
    )


def downgrade() -> None:
    op.drop_table("bound_group")
