"""The library."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "document",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=24), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("url_key", sa.Text(), nullable=True),
        sa.Column("file_id", sa.Text(), nullable=True),
        sa.Column("file_unique_id", sa.String(length=64), nullable=True),
        sa.Column("file_name", sa.String(length=200), nullable=True),
        sa.Column("file_size", sa.BigInteger(), nullable=True),
        sa.Column("publisher", sa.String(length=120), nullable=True),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("languages", sa.String(length=40), nullable=True),
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(32), nullable=False),
        sa.Column("shared_by", sa.Integer(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("shared_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_document_organisation_id")),
        sa.ForeignKeyConstraint(["shared_by"], ["member.id"], name=op.f("fk_document_shared_by")),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name=op.f("fk_document_topic_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint("token", name=op.f("uq_document_token")),
    )
    op.create_index(op.f("ix_document_file_unique_id"), "document", ["file_unique_id"], unique=False)
    op.create_index(op.f("ix_document_shared_at"), "document", ["shared_at"], unique=False)
    op.create_index(op.f("ix_document_topic_id"), "document", ["topic_id"], unique=False)
    op.create_index(op.f("ix_document_url_key"), "document", ["url_key"], unique=False)
    op.create_table(
        "document_audience",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name=op.f("fk_document_audience_document_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_document_audience_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_audience")),
        sa.UniqueConstraint(
            "document_id", "organisation_id", name=op.f("uq_document_audience_document_id_organisation_id")
        ),
    )


def downgrade() -> None:
    op.drop_table("document_audience")
    op.drop_index(op.f("ix_document_url_key"), table_name="document")
    op.drop_index(op.f("ix_document_topic_id"), table_name="document")
    op.drop_index(op.f("ix_document_shared_at"), table_name="document")
    op.drop_index(op.f("ix_document_file_unique_id"), table_name="document")
    op.drop_table("document")
