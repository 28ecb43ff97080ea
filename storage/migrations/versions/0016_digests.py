"""Digests as edited issues, in each member's rhythm, also by mail."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_LONG_AGO = "1970-01-01 00:00:00+00:00"
_WEEK = ["member_id", "iso_year", "iso_week"]
_WAITS = "state IN ('queued', 'leased', 'held')"
_ON_ITS_WAY = f"notice = 'digest:issue' AND {_WAITS}"


def _number(name: str, default: str = "0") -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=False, server_default=default)


def _text(name: str, length: int, default: str) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length=length), nullable=False, server_default=default)


def _refers(table: str, column: str, to: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"), ondelete=ondelete)


def _schedule() -> tuple[sa.Column[Any], ...]:
    return (
        _text("frequency", 32, "weekly"),
        sa.Column("even", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("paused_until", _MOMENT, nullable=True),
        sa.Column("quiet_line", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("covered_until", _MOMENT, nullable=True),
        _number("edited_upto"),
        sa.Column("waits_for", sa.Integer(), nullable=True),
    )


def _digest() -> tuple[sa.Column[Any], ...]:
    return (
        _number("number"),
        _number("iso_day", "1"),
        _number("slot"),
        sa.Column("items", sa.JSON(), nullable=False, server_default="{}"),
        sa.Column("breaks", sa.JSON(), nullable=False, server_default="[]"),
    )


def _member() -> tuple[sa.Column[Any], ...]:
    return _text("quiet_from", 5, "21:00"), _text("quiet_until", 5, "08:00"), _text("channel", 32, "telegram")


def upgrade() -> None:
    _issues()
    with op.batch_alter_table("digest_schedule") as schedules:
        for column in _schedule():
            schedules.add_column(column)
        schedules.drop_column("last_sent_at")
    _make_anew()
    op.execute(
        "UPDATE digest_schedule SET covered_until = (SELECT max(digest.period_end) FROM digest "
        "WHERE digest.member_id = digest_schedule.member_id AND digest.state <> 'skipped')"
    )
    with op.batch_alter_table("digest") as digests:
        for column in _digest():
            digests.add_column(column)
        digests.drop_constraint("uq_digest_member_id_iso_year_iso_week", type_="unique")
        digests.create_unique_constraint("uq_digest_member_id_iso_year_iso_week_slot", [*_WEEK, "slot"])
    for column in _member():
        op.add_column("member", column)
    op.add_column("event", sa.Column("added_at", _MOMENT, nullable=False, server_default=_LONG_AGO))
    op.add_column("directory_entry", sa.Column("introduced_at", _MOMENT, nullable=True))
    op.execute("UPDATE directory_entry SET introduced_at = published_at")
    _mail()


def _make_anew() -> None:
    """Let a digest that is on its way be due again: what its promise says is not understood any more."""
    theirs = f"member_id IN (SELECT member_id FROM outbox WHERE {_ON_ITS_WAY})"  # noqa: S608 - words of ours
    last = (
        "(SELECT max(period_end) FROM digest WHERE digest.member_id = digest_schedule.member_id AND state = 'queued')"
    )
    op.execute(f"UPDATE digest_schedule SET next_due_at = coalesce({last}, next_due_at) WHERE {theirs}")  # noqa: S608 - words of ours
    due = "(SELECT next_due_at FROM digest_schedule WHERE digest_schedule.member_id = digest.member_id)"
    op.execute(f"DELETE FROM digest WHERE period_end >= {due} AND {theirs}")  # noqa: S608 - words of ours
    op.execute(f"DELETE FROM outbox WHERE {_ON_ITS_WAY}")  # noqa: S608 - words of ours


def _issues() -> None:
    op.create_table(
        "digest_issue",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("iso_year", sa.Integer(), nullable=False),
        sa.Column("iso_week", sa.Integer(), nullable=False),
        sa.Column("deadline_at", _MOMENT, nullable=False),
        sa.Column("note", sa.JSON(), nullable=False),
        sa.Column("approved_by", sa.Integer(), nullable=True),
        sa.Column("approved_at", _MOMENT, nullable=True),
        sa.Column("told_at", _MOMENT, nullable=True),
        _refers("digest_issue", "approved_by", "member", "SET NULL"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_digest_issue")),
        sa.UniqueConstraint("iso_year", "iso_week", name=op.f("uq_digest_issue_iso_year_iso_week")),
    )
    op.create_table(
        "desk_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("titles", sa.JSON(), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("label", sa.String(length=32), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("submitted_at", _MOMENT, nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", _MOMENT, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("planned", sa.Integer(), nullable=False),
        sa.Column("issue", sa.Integer(), nullable=True),
        _refers("desk_item", "author_id", "member", "SET NULL"),
        _refers("desk_item", "organisation_id", "organisation"),
        _refers("desk_item", "decided_by", "member", "SET NULL"),
        sa.ForeignKeyConstraint(["issue"], ["digest_issue.number"], name=op.f("fk_desk_item_issue")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_item")),
    )
    for column in ("state", "author_id", "issue"):
        op.create_index(op.f(f"ix_desk_item_{column}"), "desk_item", [column])


def _mail() -> None:
    op.create_table(
        "mail_address",
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("verified_at", _MOMENT, nullable=True),
        sa.Column("code", sa.String(length=64), nullable=True),
        sa.Column("code_until", _MOMENT, nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sent_at", _MOMENT, nullable=True),
        _refers("mail_address", "member_id", "member", "CASCADE"),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_mail_address")),
    )
    op.create_table(
        "signing_key",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_signing_key")),
    )


def downgrade() -> None:
    op.execute("DELETE FROM member_role WHERE role = 'editor'")
    told = "notice = 'digest:issue' OR notice LIKE 'mail:%' OR notice LIKE 'desk:%'"
    op.execute(sa.text(f"DELETE FROM outbox WHERE {_WAITS} AND ({told})"))  # noqa: S608 - words of ours
    op.drop_table("signing_key")
    op.drop_table("mail_address")
    op.drop_column("directory_entry", "introduced_at")
    op.drop_column("event", "added_at")
    for column in _member():
        op.drop_column("member", column.name)
    op.execute("DELETE FROM digest WHERE slot > 0")
    with op.batch_alter_table("digest") as digests:
        digests.drop_constraint("uq_digest_member_id_iso_year_iso_week_slot", type_="unique")
        digests.create_unique_constraint("uq_digest_member_id_iso_year_iso_week", _WEEK)
        for column in _digest():
            digests.drop_column(column.name)
    with op.batch_alter_table("digest_schedule") as schedules:
        schedules.add_column(sa.Column("last_sent_at", _MOMENT, nullable=True))
        for column in _schedule():
            schedules.drop_column(column.name)
    for name in ("issue", "author_id", "state"):
        op.drop_index(op.f(f"ix_desk_item_{name}"), table_name="desk_item")
    op.drop_table("desk_item")
    op.drop_table("digest_issue")
