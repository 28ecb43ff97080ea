"""What a document is, what is kept beside it, and the one condition under which a viewer sees it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    Text,
    UniqueConstraint,
    and_,
    exists,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Mapped, aliased, mapped_column

from storage import access, topics
from storage.access import Action, Viewer
from storage.database import Base, Moment, one_of
from storage.tlp import Label
from storage.topics import Topic


class Kind(StrEnum):
    """What sort of document it is."""

    RESOLUTION = "resolution"
    STRATEGY = "strategy"
    LAW = "law"
    REPORT = "report"
    HANDBOOK = "handbook"
    RESEARCH = "research"
    TRAINING = "training"
    NEWS = "news"
    FORM = "form"
    OTHER = "other"


class Stage(StrEnum):
    """How far a document has come (R-17); one that a newer version stands for has a `successor_id` besides."""

    COMMENT = "comment"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class Document(Base):
    """A shared link or file; `token` opens it by link.

    `title` is in the document's own language, `titles` holds translations by language. `languages` and `pillars` are
    codes with spaces between. `shared_by` brought it, `organisation_id` is the source, `owner_id` answers for it now.
    `sha256` and `file_kind` are what its content told, `read_at` when its text was read, at which of the `read_tries`.
    `review_at` is when its owner looks at it anew, `review_asked_at` when they were asked. `frozen_at` is since when a
    breach that was reported keeps it from everybody but administrators, `hidden_at` since when reports hide it until
    decided; on a withdrawn one it tells that moderators withdrew it, and that they alone may bring it back.
    """

    __tablename__ = "document"

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(24), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    titles: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    description: Mapped[str | None] = mapped_column(Text)
    url: Mapped[str | None] = mapped_column(Text)
    url_key: Mapped[str | None] = mapped_column(Text, index=True)
    archive_url: Mapped[str | None] = mapped_column(Text)
    file_id: Mapped[str | None] = mapped_column(Text)
    file_unique_id: Mapped[str | None] = mapped_column(String(64), index=True)
    file_name: Mapped[str | None] = mapped_column(String(200))
    file_size: Mapped[int | None] = mapped_column(BigInteger)
    file_kind: Mapped[str | None] = mapped_column(String(20))
    sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    pages: Mapped[int | None]
    read_at: Mapped[datetime | None] = mapped_column(Moment)
    read_tries: Mapped[int] = mapped_column(default=0)
    publisher: Mapped[str | None] = mapped_column(String(120))
    year: Mapped[int | None]
    languages: Mapped[str | None] = mapped_column(String(40))
    kind: Mapped[Kind] = mapped_column(one_of(Kind), default=Kind.OTHER)
    pillars: Mapped[str] = mapped_column(String(20), default="")
    country: Mapped[str | None] = mapped_column(String(2))
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"), index=True)
    label: Mapped[Label] = mapped_column(one_of(Label))
    shared_by: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    shared_at: Mapped[datetime] = mapped_column(Moment, index=True)
    stage: Mapped[Stage] = mapped_column(one_of(Stage), default=Stage.PUBLISHED)
    comments_until: Mapped[datetime | None] = mapped_column(Moment)
    successor_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"), index=True)
    review_at: Mapped[datetime | None] = mapped_column(Moment, index=True)
    review_asked_at: Mapped[datetime | None] = mapped_column(Moment)
    frozen_at: Mapped[datetime | None] = mapped_column(Moment)
    hidden_at: Mapped[datetime | None] = mapped_column(Moment)

    def title_in(self, language: str) -> str:
        """Return the title in a language, or as the document itself has it."""
        return self.titles.get(language) or self.title


class DocumentTopic(Base):
    """Another topic in which a document is found besides its own; whose topic it is decides its own alone."""

    __tablename__ = "document_topic"
    __table_args__ = (UniqueConstraint("document_id", "topic_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id", ondelete="CASCADE"))
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"), index=True)


class DocumentAudience(Base):
    """An organisation or a member that the source named as audience (TLP 2.0 §4, AMBER)."""

    __tablename__ = "document_audience"
    __table_args__ = (
        UniqueConstraint("document_id", "organisation_id"),
        UniqueConstraint("document_id", "member_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id", ondelete="CASCADE"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)


class DocumentMark(Base):
    """What a member keeps of a document: `follow` tells them of its changes, without it the shelf alone."""

    __tablename__ = "document_mark"
    __table_args__ = (UniqueConstraint("document_id", "member_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    saved_at: Mapped[datetime | None] = mapped_column(Moment)
    follow: Mapped[bool] = mapped_column(default=False)


class DocumentFlag(Base):
    """One member's word that something is wrong with a document (R-19); nobody but the log knows whose it was."""

    __tablename__ = "document_flag"
    __table_args__ = (UniqueConstraint("document_id", "member_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    reason: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(Moment)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)


class LinkState(StrEnum):
    """How the link of a document was found: a wall asks for a login or for access, and once is not yet dead."""

    UNKNOWN = "unknown"
    WELL = "well"
    WALL = "wall"
    FAILING = "failing"
    DEAD = "dead"


class DocumentLink(Base):
    """The health of a document's link, looked at weekly.

    `url` is where permanent redirects led, `problem` what was found last, `since` when the state began (of a dead
    link: when it failed first), and `told` the state that the owner knows of.
    """

    __tablename__ = "document_link"
    __table_args__ = (Index("ix_document_link_due_at", "due_at"),)

    document_id: Mapped[int] = mapped_column(ForeignKey("document.id", ondelete="CASCADE"), primary_key=True)
    state: Mapped[LinkState] = mapped_column(one_of(LinkState), default=LinkState.UNKNOWN)
    url: Mapped[str | None] = mapped_column(Text)
    problem: Mapped[str | None] = mapped_column(String(40))
    failures: Mapped[int] = mapped_column(default=0)
    checked_at: Mapped[datetime | None] = mapped_column(Moment)
    due_at: Mapped[datetime] = mapped_column(Moment)
    since: Mapped[datetime] = mapped_column(Moment)
    told: Mapped[LinkState | None] = mapped_column(one_of(LinkState))


class DocumentWords(Base):
    """The words of a document as search knows them; `version` is that of the recipe which folded them.

    The engines' own indexes follow this table by themselves: by triggers.
    `body` holds the words of its text, as read from a PDF; `text` is kept so that a new recipe can fold it anew.
    """

    __tablename__ = "document_words"

    document_id: Mapped[int] = mapped_column(ForeignKey("document.id", ondelete="CASCADE"), primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    rest: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    text: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(index=True)


class DocumentTerm(Base):
    """A word that titles are made of, by its search key, for “did you mean”; which titles, nothing tells."""

    __tablename__ = "document_term"
    __table_args__ = (Index("ix_document_term_size", "size"),)

    term: Mapped[str] = mapped_column(String(60), primary_key=True)
    size: Mapped[int]


OPEN = tuple(label for label in Label if not label.named_audience)
"""The labels of what may be fetched: who reads along on the way learns of nothing that has a named audience."""


def visible(viewer: Viewer) -> Select[Document]:
    """Return the documents that are the viewer's to see; every question about documents begins here.

    Frozen ones are for administrators; withdrawn and hidden ones for who answers for them and for the moderators.
    """
    thawed = true() if access.allowed(viewer, Action.JUDGE_BREACH) else Document.frozen_at.is_(None)
    return permitted(viewer).where(thawed, or_(standing(Document), _kept_by(viewer)))


def permitted(viewer: Viewer) -> Select[Document]:
    """Return the documents whose label and topic are open to the viewer, frozen and withdrawn ones too."""
    return select(Document).where(_permitted(viewer, Document))


def _permitted(viewer: Viewer, row: type[Document]) -> ColumnElement[bool]:
    mine = DocumentAudience.document_id == row.id
    house = exists().where(mine, DocumentAudience.organisation_id == viewer.organisation_id)
    person = exists().where(mine, DocumentAudience.member_id == viewer.id)
    shelved = select(Topic.id).where(topics.known(viewer))
    return and_(access.visible(viewer, row.label, house, person), row.topic_id.in_(shelved))


def carried() -> ColumnElement[bool]:
    """Return which documents the network carries now, whoever may see them: newest versions that stand, unfrozen."""
    return and_(Document.successor_id.is_(None), standing(Document), Document.frozen_at.is_(None))


def standing(row: type[Document]) -> ColumnElement[bool]:
    """Return which documents are neither withdrawn nor hidden."""
    return and_(row.stage != Stage.WITHDRAWN, row.hidden_at.is_(None))


def _kept_by(viewer: Viewer) -> ColumnElement[bool]:
    mine: ColumnElement[bool] = Document.owner_id == viewer.id
    return or_(mine, access.moderated(viewer, Document.topic_id))


def current(viewer: Viewer) -> Select[Document]:
    """Return what lists, searches and digests show: the newest versions, while they stand, of what is the viewer's.

    A newer version that is not theirs to see replaces nothing for them: that it is gone would tell of it.
    """
    newer = aliased(Document)
    stands = (_permitted(viewer, newer), standing(newer), newer.frozen_at.is_(None))
    newest = or_(Document.successor_id.is_(None), ~exists().where(newer.id == Document.successor_id, *stands))
    return visible(viewer).where(newest, standing(Document))
