"""What readers do with an announcement: versions whose words are known, guesses of codes, and acknowledgements."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_GUESSED = "ix_announcement_guess_member_id_at"


def upgrade() -> None:
    with op.batch_alter_table("announcement") as announcements:
        announcements.add_column(sa.Column("asked_version", sa.Integer(), nullable=True))
        announcements.add_column(sa.Column("chased_version", sa.Integer(), nullable=True))
    op.create_table(
        "announcement_version",
        sa.Column("announcement_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["announcement_id"],
            ["announcement.id"],
            name=op.f("fk_announcement_version_announcement_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("announcement_id", "version", "language", name=op.f("pk_announcement_version")),
    )
    op.create_table(
        "announcement_guess",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_announcement_guess_member_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_announcement_guess")),
    )
    op.create_index(_GUESSED, "announcement_guess", ["member_id", "at"])


def downgrade() -> None:
    op.drop_index(_GUESSED, table_name="announcement_guess")
    op.drop_table("announcement_guess")
    op.drop_table("announcement_version")
    with op.batch_alter_table("announcement") as announcements:
        announcements.drop_column("chased_version")
        announcements.drop_column("asked_version")
