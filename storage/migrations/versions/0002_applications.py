"""Applications, approvals and consents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "application",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("organisation", sa.String(length=150), nullable=False),
        sa.Column("category", sa.String(32), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["decided_by"], ["member.id"], name=op.f("fk_application_decided_by")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_application_member_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application")),
    )
    op.create_index(op.f("ix_application_member_id"), "application", ["member_id"], unique=False)
    op.create_index(op.f("ix_application_state"), "application", ["state"], unique=False)
    op.create_table(
        "consent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("version", sa.String(length=20), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_consent_member_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index(op.f("ix_consent_member_id"), "consent", ["member_id"], unique=False)
    op.create_table(
        "application_vote",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("reviewer_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_application_vote_application_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["reviewer_id"], ["member.id"], name=op.f("fk_application_vote_reviewer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application_vote")),
        sa.UniqueConstraint(
            "application_id", "reviewer_id", name=op.f("uq_application_vote_application_id_reviewer_id")
        ),
    )


def downgrade() -> None:
    op.drop_table("application_vote")
    op.drop_index(op.f("ix_consent_member_id"), table_name="consent")
    op.drop_table("consent")
    op.drop_index(op.f("ix_application_state"), table_name="application")
    op.drop_index(op.f("ix_application_member_id"), table_name="application")
    op.drop_table("application")
