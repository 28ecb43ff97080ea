"""The calendar of events and deadlines."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("title_en", sa.String(length=300), nullable=False),
        sa.Column("title_ru", sa.String(length=300), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place_en", sa.String(length=120), nullable=False),
        sa.Column("place_ru", sa.String(length=120), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("organiser", sa.String(length=200), nullable=True),
        sa.Column("pillar", sa.String(length=20), nullable=True),
        sa.Column("deadline_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("label", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sa.UniqueConstraint("token", name=op.f("uq_event_token")),
    )
    op.create_index(op.f("ix_event_ends_at"), "event", ["ends_at"], unique=False)
    op.create_index(op.f("ix_event_deadline_at"), "event", ["deadline_at"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_event_deadline_at"), table_name="event")
    op.drop_index(op.f("ix_event_ends_at"), table_name="event")
    op.drop_table("event")
