"""What a document is, and the one condition under which a viewer sees it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Select, String, Text, UniqueConstraint, exists, select, true
from sqlalchemy.orm import Mapped, mapped_column

from storage import access, topics
from storage.access import Action, Viewer
from storage.database import Base, Moment, one_of
from storage.tlp import Label
from storage.topics import Topic


class Document(Base):
    """A shared link or file. `search` holds its folded words, the title's before ` |`; `token` opens it by link.

    `frozen_at` is since when a breach that was reported keeps it from everybody but administrators.
    """

    __tablename__ = "document"

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(24), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    url: Mapped[str | None] = mapped_column(Text)
    url_key: Mapped[str | None] = mapped_column(Text, index=True)
    file_id: Mapped[str | None] = mapped_column(Text)
    file_unique_id: Mapped[str | None] = mapped_column(String(64), index=True)
    file_name: Mapped[str | None] = mapped_column(String(200))
    file_size: Mapped[int | None] = mapped_column(BigInteger)
    publisher: Mapped[str | None] = mapped_column(String(120))
    year: Mapped[int | None]
    languages: Mapped[str | None] = mapped_column(String(40))
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"), index=True)
    label: Mapped[Label] = mapped_column(one_of(Label))
    shared_by: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    search: Mapped[str] = mapped_column(Text)
    shared_at: Mapped[datetime] = mapped_column(Moment, index=True)
    frozen_at: Mapped[datetime | None] = mapped_column(Moment)


class DocumentAudience(Base):
    """An organisation that the source named as audience (TLP 2.0 §4, AMBER)."""

    __tablename__ = "document_audience"
    __table_args__ = (UniqueConstraint("document_id", "organisation_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id", ondelete="CASCADE"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))


def visible(viewer: Viewer) -> Select[Document]:
    """Return the documents that are the viewer's to see; every question about documents begins here."""
    thawed = true() if access.allowed(viewer, Action.JUDGE_BREACH) else Document.frozen_at.is_(None)
    return permitted(viewer).where(thawed)


def permitted(viewer: Viewer) -> Select[Document]:
    """Return the documents whose label and topic are open to the viewer, frozen ones too."""
    named = exists().where(
        DocumentAudience.document_id == Document.id, DocumentAudience.organisation_id == viewer.organisation_id
    )
    shelved = select(Topic.id).where(topics.known(viewer))
    return select(Document).where(access.visible(viewer, Document.label, named), Document.topic_id.in_(shelved))
