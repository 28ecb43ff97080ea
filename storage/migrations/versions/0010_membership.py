"""Membership: states, nominations, vouches, roles with a reach, the directory, introductions and removals."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_WHOLE = sa.text("topic_id IS NULL AND country IS NULL AND organisation_id IS NULL")
_MOMENT = sa.DateTime(timezone=True)
_OF_MEMBERS: dict[str, Any] = {
    "state_since": _MOMENT,
    "state_reason": sa.Text(),
    "email": sa.String(length=254),
    "validated_at": _MOMENT,
    "reminded_at": _MOMENT,
    "vouches_from": _MOMENT,
    "last_seen_at": _MOMENT,
    "terms_version": sa.String(length=20),
    "terms_due_at": _MOMENT,
}
_OF_APPLICATIONS: dict[str, Any] = {
    "email": sa.String(length=254),
    "motive": sa.Text(),
    "window_until": _MOMENT,
    "lapses_at": _MOMENT,
    "vetted_at": _MOMENT,
    "reminded_at": _MOMENT,
}
_REFERENCES = {
    "organisation_id": "organisation (id)",
    "nomination_id": "nomination (id)",
    "claimed_by": "member (id)",
}
_OF_ROLES: dict[str, Any] = {
    "topic_id": sa.Integer(),
    "country": sa.String(length=2),
    "organisation_id": sa.Integer(),
    "alternate": sa.Boolean(),
    "letter": sa.String(length=120),
    "given_by": sa.Integer(),
    "since": _MOMENT,
    "until": _MOMENT,
    "warned_at": _MOMENT,
}


def upgrade() -> None:
    _new_tables()
    for name, kind in _OF_MEMBERS.items():
        op.add_column("member", sa.Column(name, kind, nullable=True))
    op.add_column("member", sa.Column("read_only", sa.Boolean(), nullable=False, server_default=sa.false()))
    for name, kind in _OF_APPLICATIONS.items():
        op.add_column("application", sa.Column(name, kind, nullable=True))
    op.add_column("application", sa.Column("kind", sa.String(length=32), nullable=False, server_default="join"))
    op.add_column("application", sa.Column("circulated", sa.Boolean(), nullable=False, server_default=sa.false()))
    for name, target in _REFERENCES.items():  # a table that others refer to cannot be made anew on SQLite
        named = f"CONSTRAINT fk_application_{name} REFERENCES {target}"
        op.execute(f"ALTER TABLE application ADD COLUMN {name} INTEGER {named}")
    op.drop_column("application", "topics")
    with op.batch_alter_table("member_role") as roles:
        for name, kind in _OF_ROLES.items():
            roles.add_column(sa.Column(name, kind, nullable=True))
        roles.drop_constraint("uq_member_role_member_id_role", type_="unique")
        for columns in (
            ["member_id", "role", "topic_id"],
            ["role", "country", "alternate"],
            ["role", "organisation_id", "alternate"],
        ):
            roles.create_unique_constraint(f"uq_member_role_{'_'.join(columns)}", columns)
        roles.create_foreign_key("fk_member_role_topic_id", "topic", ["topic_id"], ["id"])
        roles.create_foreign_key("fk_member_role_given_by", "member", ["given_by"], ["id"], ondelete="SET NULL")
        roles.create_foreign_key("fk_member_role_organisation_id", "organisation", ["organisation_id"], ["id"])
    op.create_index(
        "uq_member_role_whole",
        "member_role",
        ["member_id", "role"],
        unique=True,
        sqlite_where=_WHOLE,
        postgresql_where=_WHOLE,
    )
    _carry_over()


def _carry_over() -> None:
    """Bring those who are there already into the new states: they came by plain review."""
    op.execute("UPDATE application SET state = 'vetted', vetted_at = submitted_at WHERE state = 'submitted'")
    op.execute("UPDATE member SET state = 'vetted' WHERE state = 'nominated'")
    op.execute(
        "UPDATE member SET state_since = CURRENT_TIMESTAMP, last_seen_at = CURRENT_TIMESTAMP, "
        "validated_at = joined_at, vouches_from = joined_at, terms_version = ("
        "SELECT c.version FROM consent c WHERE c.member_id = member.id AND c.kind = 'terms' ORDER BY c.id DESC LIMIT 1)"
    )


def downgrade() -> None:
    op.drop_index("uq_member_role_whole", table_name="member_role")
    op.execute(
        "DELETE FROM member_role WHERE topic_id IS NOT NULL OR country IS NOT NULL OR organisation_id IS NOT NULL"
    )
    with op.batch_alter_table("member_role") as roles:
        for name in ("topic_id", "given_by", "organisation_id"):
            roles.drop_constraint(f"fk_member_role_{name}", type_="foreignkey")
        for name in ("member_id_role_topic_id", "role_country_alternate", "role_organisation_id_alternate"):
            roles.drop_constraint(f"uq_member_role_{name}", type_="unique")
        for name in _OF_ROLES:
            roles.drop_column(name)
        roles.create_unique_constraint("uq_member_role_member_id_role", ["member_id", "role"])
    op.add_column("application", sa.Column("topics", sa.JSON(), nullable=False, server_default="[]"))
    with op.batch_alter_table("application") as applications:
        for name in (*_REFERENCES, *_OF_APPLICATIONS, "kind", "circulated"):
            applications.drop_column(name)
    for name in ("read_only", *_OF_MEMBERS):
        op.drop_column("member", name)
    for table in (
        "vouch",
        "objection",
        "application_remark",
        "removal",
        "nomination",
        "introduction",
        "directory_lookup",
        "directory_entry",
    ):
        op.drop_table(table)


def _new_tables() -> None:
    op.create_table(
        "directory_entry",
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("shows_name", sa.Boolean(), nullable=False),
        sa.Column("shows_organisation", sa.Boolean(), nullable=False),
        sa.Column("shows_category", sa.Boolean(), nullable=False),
        sa.Column("shows_country", sa.Boolean(), nullable=False),
        sa.Column("shows_topics", sa.Boolean(), nullable=False),
        sa.Column("shows_email", sa.Boolean(), nullable=False),
        sa.Column("contactable", sa.Boolean(), nullable=False),
        sa.Column("languages", sa.String(length=60), nullable=False),
        sa.Column("about", sa.Text(), nullable=True),
        sa.Column("named", sa.String(length=120), nullable=True),
        sa.Column("name_key", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_directory_entry_member_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_directory_entry")),
        sa.UniqueConstraint("number", name=op.f("uq_directory_entry_number")),
    )
    op.create_table(
        "directory_lookup",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("filters", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_directory_lookup_member_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directory_lookup")),
    )
    op.create_index("ix_directory_lookup_member_at", "directory_lookup", ["member_id", "at"])
    op.create_table(
        "introduction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("asker_id", sa.Integer(), nullable=False),
        sa.Column("target_id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("named", sa.String(length=120), nullable=True),
        sa.Column("bars", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["asker_id"], ["member.id"], name=op.f("fk_introduction_asker_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["target_id"], ["member.id"], name=op.f("fk_introduction_target_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_introduction")),
    )
    op.create_index("ix_introduction_asker_id", "introduction", ["asker_id"])
    op.create_index("ix_introduction_told_closes", "introduction", ["told", "closes_at"])
    op.create_index("ix_introduction_target_id", "introduction", ["target_id"])
    op.create_table(
        "nomination",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("secret_sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("organisation", sa.String(length=150), nullable=True),
        sa.Column("category", sa.String(length=32), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_by", sa.Integer(), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["member.id"], name=op.f("fk_nomination_by_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["used_by"], ["member.id"], name=op.f("fk_nomination_used_by"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nomination")),
        sa.UniqueConstraint("secret_sha256", name=op.f("uq_nomination_secret_sha256")),
    )
    op.create_index("ix_nomination_by_id", "nomination", ["by_id"])
    op.create_index("ix_nomination_state", "nomination", ["state"])
    op.create_index("ix_nomination_used_by", "nomination", ["used_by"])
    op.create_table(
        "removal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("telegram_id", sa.BigInteger(), nullable=True),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("asked_by", sa.Integer(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reported", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["asked_by"], ["member.id"], name=op.f("fk_removal_asked_by"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_removal_member_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_removal")),
    )
    op.create_index("ix_removal_member_id", "removal", ["member_id"])
    op.create_index("ix_removal_state_due", "removal", ["state", "due_at"])
    op.create_table(
        "application_remark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["application.id"],
            name=op.f("fk_application_remark_application_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_application_remark_member_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application_remark")),
    )
    op.create_index("ix_application_remark_application_id", "application_remark", ["application_id"])
    op.create_index("ix_application_remark_member_id", "application_remark", ["member_id"])
    op.create_table(
        "objection",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("judged_by", sa.Integer(), nullable=True),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_objection_application_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["judged_by"], ["member.id"], name=op.f("fk_objection_judged_by")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_objection_member_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objection")),
        sa.UniqueConstraint("application_id", "member_id", name=op.f("uq_objection_application_id_member_id")),
    )
    op.create_index("ix_objection_member_id", "objection", ["member_id"])
    op.create_table(
        "vouch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("attestation", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_vouch_application_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_vouch_member_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vouch")),
        sa.UniqueConstraint("application_id", "member_id", name=op.f("uq_vouch_application_id_member_id")),
    )
    op.create_index("ix_vouch_member_id", "vouch", ["member_id"])
