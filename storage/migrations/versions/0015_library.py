"""The library: kinds, audiences by name, versions, care of links, and search by folded words."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def _columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("titles", sa.JSON(), nullable=False, server_default="{}"),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("archive_url", sa.Text(), nullable=True),
        sa.Column("file_kind", sa.String(length=20), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("read_at", _MOMENT, nullable=True),
        sa.Column("read_tries", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("kind", sa.String(length=32), nullable=False, server_default="other"),
        sa.Column("pillars", sa.String(length=20), nullable=False, server_default=""),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("stage", sa.String(length=32), nullable=False, server_default="published"),
        sa.Column("comments_until", _MOMENT, nullable=True),
        sa.Column("successor_id", sa.Integer(), nullable=True),
        sa.Column("review_at", _MOMENT, nullable=True),
        sa.Column("review_asked_at", _MOMENT, nullable=True),
        sa.Column("hidden_at", _MOMENT, nullable=True),
    ]


_INDEXED = ("sha256", "owner_id", "successor_id", "review_at")
_FTS = (
    """CREATE VIRTUAL TABLE document_index USING fts5(
        title, rest, body, content='document_words', content_rowid='document_id',
        tokenize='unicode61 remove_diacritics 0', prefix='2 3')""",
    """CREATE TRIGGER document_words_added AFTER INSERT ON document_words BEGIN
        INSERT INTO document_index(rowid, title, rest, body)
        VALUES (new.document_id, new.title, new.rest, new.body); END""",
    """CREATE TRIGGER document_words_gone AFTER DELETE ON document_words BEGIN
        INSERT INTO document_index(document_index, rowid, title, rest, body)
        VALUES ('delete', old.document_id, old.title, old.rest, old.body); END""",
    """CREATE TRIGGER document_words_changed AFTER UPDATE ON document_words BEGIN
        INSERT INTO document_index(document_index, rowid, title, rest, body)
        VALUES ('delete', old.document_id, old.title, old.rest, old.body);
        INSERT INTO document_index(rowid, title, rest, body)
        VALUES (new.document_id, new.title, new.rest, new.body); END""",
)
_TSVECTOR = (
    """CREATE TABLE document_index (
        document_id integer CONSTRAINT pk_document_index PRIMARY KEY
            CONSTRAINT fk_document_index_document_id REFERENCES document_words ON DELETE CASCADE,
        titles tsvector NOT NULL, words tsvector NOT NULL)""",
    "CREATE INDEX ix_document_index_titles ON document_index USING gin (titles)",
    "CREATE INDEX ix_document_index_words ON document_index USING gin (words)",
    """CREATE FUNCTION document_words_index() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO document_index (document_id, titles, words) VALUES (new.document_id,
            strip(to_tsvector('simple', new.title)),
            strip(to_tsvector('simple', new.title || ' ' || new.rest || ' ' || new.body)))
        ON CONFLICT (document_id) DO UPDATE SET titles = excluded.titles, words = excluded.words;
        RETURN NULL; END $$""",
    """CREATE TRIGGER document_words_changed AFTER INSERT OR UPDATE ON document_words
        FOR EACH ROW EXECUTE FUNCTION document_words_index()""",
)
"""No weights and no positions: a query for those would read every hit again."""


def upgrade() -> None:
    with op.batch_alter_table("document") as batch:
        for column in _columns():
            batch.add_column(column)
        batch.drop_column("search")
        batch.create_foreign_key(op.f("fk_document_owner_id"), "member", ["owner_id"], ["id"])
        batch.create_foreign_key(op.f("fk_document_successor_id"), "document", ["successor_id"], ["id"])
    for name in _INDEXED:
        op.create_index(op.f(f"ix_document_{name}"), "document", [name])
    op.execute("UPDATE document SET owner_id = shared_by")
    with op.batch_alter_table("document_audience") as batch:
        batch.alter_column("organisation_id", existing_type=sa.Integer(), nullable=True)
        batch.add_column(sa.Column("member_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(
            op.f("fk_document_audience_member_id"), "member", ["member_id"], ["id"], ondelete="CASCADE"
        )
        batch.create_unique_constraint(op.f("uq_document_audience_document_id_member_id"), ["document_id", "member_id"])
    op.create_index(op.f("ix_document_audience_member_id"), "document_audience", ["member_id"])
    op.create_table(
        "document_topic",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("topic_id", sa.Integer(), nullable=False),
        _of_document("document_topic"),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name=op.f("fk_document_topic_topic_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_topic")),
        sa.UniqueConstraint("document_id", "topic_id", name=op.f("uq_document_topic_document_id_topic_id")),
    )
    op.create_index(op.f("ix_document_topic_topic_id"), "document_topic", ["topic_id"])
    _of_members(
        "document_mark",
        sa.Column("saved_at", _MOMENT, nullable=True),
        sa.Column("follow", sa.Boolean(), nullable=False),
    )
    _of_members(
        "document_flag",
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("closed_at", _MOMENT, nullable=True),
    )
    op.create_table(
        "document_link",
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("problem", sa.String(length=40), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("checked_at", _MOMENT, nullable=True),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.Column("since", _MOMENT, nullable=False),
        sa.Column("told", sa.String(length=32), nullable=True),
        _of_document("document_link"),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_document_link")),
    )
    op.create_index("ix_document_link_due_at", "document_link", ["due_at"])
    op.create_table(
        "document_words",
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("rest", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        _of_document("document_words"),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_document_words")),
    )
    op.create_index(op.f("ix_document_words_version"), "document_words", ["version"])
    op.create_table(
        "document_term",
        sa.Column("term", sa.String(length=60), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("term", name=op.f("pk_document_term")),
    )
    op.create_index("ix_document_term_size", "document_term", ["size"])
    for statement in _FTS if _on_sqlite() else _TSVECTOR:
        op.execute(statement)


def _on_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _of_document(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["document_id"], ["document.id"], name=op.f(f"fk_{table}_document_id"), ondelete="CASCADE"
    )


def _of_members(table: str, *columns: sa.Column[object]) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        *columns,
        _of_document(table),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f(f"fk_{table}_member_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("document_id", "member_id", name=op.f(f"uq_{table}_document_id_member_id")),
    )
    op.create_index(op.f(f"ix_{table}_member_id"), table, ["member_id"])


def downgrade() -> None:
    op.drop_table("document_index")
    op.drop_table("document_words")
    if not _on_sqlite():
        op.execute("DROP FUNCTION document_words_index")
    for table in ("document_term", "document_link", "document_flag", "document_mark", "document_topic"):
        op.drop_table(table)
    op.execute("DELETE FROM document_audience WHERE organisation_id IS NULL")
    op.drop_index(op.f("ix_document_audience_member_id"), "document_audience")
    with op.batch_alter_table("document_audience") as batch:
        batch.drop_constraint(op.f("uq_document_audience_document_id_member_id"), type_="unique")
        batch.drop_constraint(op.f("fk_document_audience_member_id"), type_="foreignkey")
        batch.drop_column("member_id")
        batch.alter_column("organisation_id", existing_type=sa.Integer(), nullable=False)
    for name in _INDEXED:
        op.drop_index(op.f(f"ix_document_{name}"), "document")
    with op.batch_alter_table("document") as batch:
        batch.drop_constraint(op.f("fk_document_owner_id"), type_="foreignkey")
        batch.drop_constraint(op.f("fk_document_successor_id"), type_="foreignkey")
        for column in reversed(_columns()):
            batch.drop_column(column.name)
        batch.add_column(sa.Column("search", sa.Text(), nullable=False, server_default=""))
