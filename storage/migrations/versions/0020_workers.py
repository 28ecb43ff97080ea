"""The processes that share a database: who works, who does what only one may do, and at which pace all send."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_IN_HAND = "ix_inbox_lease"


def upgrade() -> None:
    op.create_table(
        "worker",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("version", sa.String(20), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("polled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ticked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker")),
    )
    op.create_table(
        "duty",
        sa.Column("name", sa.String(8), nullable=False),
        sa.Column("worker_id", sa.String(32), nullable=False),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.id"], name=op.f("fk_duty_worker_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_duty")),
    )
    op.create_table(
        "pace",
        sa.Column("scope", sa.String(24), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_pace")),
    )
    with op.batch_alter_table("inbox") as inbox:
        inbox.add_column(sa.Column("lease", sa.String(32), nullable=True))
    held = sa.text("lease IS NOT NULL")
    op.create_index(_IN_HAND, "inbox", ["lease", "lane"], postgresql_where=held, sqlite_where=held)


def downgrade() -> None:
    op.drop_index(_IN_HAND, table_name="inbox")
    with op.batch_alter_table("inbox") as inbox:
        inbox.drop_column("lease")
    op.drop_table("pace")
    op.drop_table("duty")
    op.drop_table("worker")
