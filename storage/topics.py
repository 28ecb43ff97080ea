"""Topics: the catalogue, who follows what, and who asks to be let in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from storage import access, audit, members
from storage.access import Action, Viewer
from storage.database import Base, Moment, Transaction, one_of
from storage.members import Member, Role
from storage.outbox import Promise, promise, shown
from storage.refusals import Refusal


class Policy(StrEnum):
    """How a member comes into a topic. A closed one looks as if it did not exist."""

    OPEN = "open"
    REQUEST = "request"
    CLOSED = "closed"


class Level(StrEnum):
    """What a member gets of a topic: `follow` puts it into the digest, `mute` keeps it out for a while."""

    FOLLOW = "follow"
    MUTE = "mute"


class RequestState(StrEnum):
    """What became of a wish to join."""

    WAITING = "waiting"
    ADMITTED = "admitted"
    REFUSED = "refused"


class Topic(Base):
    """A subject of the network (a working group), with titles in each language."""

    __tablename__ = "topic"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    emoji: Mapped[str] = mapped_column(String(8))
    title_en: Mapped[str] = mapped_column(String(120))
    title_ru: Mapped[str] = mapped_column(String(120))
    description_en: Mapped[str] = mapped_column(Text)
    description_ru: Mapped[str] = mapped_column(Text)
    pillar: Mapped[str] = mapped_column(String(20))
    policy: Mapped[Policy] = mapped_column(one_of(Policy))
    position: Mapped[int]

    def title(self, language: str) -> str:
        """Return the title in a language, in English where there is none."""
        return str(getattr(self, f"title_{language}", self.title_en))

    def description(self, language: str) -> str:
        return str(getattr(self, f"description_{language}", self.description_en))


class Subscription(Base):
    """One member's standing in one topic."""

    __tablename__ = "subscription"
    __table_args__ = (UniqueConstraint("member_id", "topic_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"), index=True)
    level: Mapped[Level] = mapped_column(one_of(Level))
    since: Mapped[datetime] = mapped_column(Moment)


class TopicRequest(Base):
    """A member's wish to join a topic that is on request."""

    __tablename__ = "topic_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"))
    state: Mapped[RequestState] = mapped_column(one_of(RequestState))
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    at: Mapped[datetime] = mapped_column(Moment)


async def catalogue(tx: Transaction) -> list[Topic]:
    """Return the topics that members may know of, in their order."""
    return list(await tx.scalars(select(Topic).where(Topic.policy != Policy.CLOSED).order_by(Topic.position)))


async def by_id(tx: Transaction, topic_id: int) -> Topic:
    """Return a topic; a closed one and one that never was are refused alike with `topic:unknown`."""
    topic = await tx.get(Topic, topic_id)
    if topic is None or topic.policy is Policy.CLOSED:
        raise Refusal("topic:unknown")
    return topic


async def levels(tx: Transaction, member_id: int) -> dict[int, Level]:
    """Return the member's level in each topic they belong to, by topic id."""
    rows = await tx.execute(
        select(Subscription.topic_id, Subscription.level).where(Subscription.member_id == member_id)
    )
    return {row[0]: row[1] for row in rows}


async def followed(tx: Transaction, member_id: int) -> set[int]:
    """Return the ids of the topics that the member follows and has not muted."""
    return {topic for topic, level in (await levels(tx, member_id)).items() if level is Level.FOLLOW}


async def subscribe(tx: Transaction, member_id: int, topic_ids: Iterable[int], now: datetime) -> None:
    """Let a member follow topics; what they follow or mute already stays as it is."""
    held = await levels(tx, member_id)
    for topic_id in set(topic_ids) - set(held):
        tx.add(Subscription(member_id=member_id, topic_id=topic_id, level=Level.FOLLOW, since=now))
    await tx.flush()


async def follow(tx: Transaction, viewer: Viewer, topic_id: int, now: datetime) -> None:
    """Follow an open topic. Refusals: `topic:unknown`, `topic:on-request`."""
    access.require(viewer, Action.BELONG)
    topic = await by_id(tx, topic_id)
    if topic.policy is not Policy.OPEN:
        raise Refusal("topic:on-request")
    await subscribe(tx, viewer.id, [topic_id], now)


async def set_level(tx: Transaction, viewer: Viewer, topic_id: int, level: Level) -> None:
    """Mute or unmute a topic that the member belongs to."""
    access.require(viewer, Action.BELONG)
    row = await _subscription(tx, viewer.id, topic_id)
    if row is None:
        raise Refusal("topic:unknown")
    row.level = level


async def leave(tx: Transaction, viewer: Viewer, topic_id: int) -> None:
    """Leave a topic."""
    access.require(viewer, Action.BELONG)
    mine = (Subscription.member_id == viewer.id) & (Subscription.topic_id == topic_id)
    await tx.execute(delete(Subscription).where(mine))


async def waits(tx: Transaction, member_id: int, topic_id: int) -> bool:
    """Tell whether the member's wish to join waits for a decision."""
    mine = (TopicRequest.member_id == member_id) & (TopicRequest.topic_id == topic_id)
    found = select(TopicRequest.id).where(mine, TopicRequest.state == RequestState.WAITING)
    return await tx.scalar(found) is not None


async def ask(tx: Transaction, viewer: Viewer, topic_id: int, now: datetime) -> None:
    """Ask to join a topic on request; its moderators get a card. Asking twice asks once. Refusal: `topic:open`."""
    access.require(viewer, Action.BELONG)
    if (await by_id(tx, topic_id)).policy is not Policy.REQUEST:
        raise Refusal("topic:open")
    if await waits(tx, viewer.id, topic_id) or await _subscription(tx, viewer.id, topic_id):
        return
    row = TopicRequest(member_id=viewer.id, topic_id=topic_id, state=RequestState.WAITING, at=now)
    tx.add(row)
    await tx.flush()  # gives the request its id
    staff = await members.holders(tx, Role.ADMINISTRATOR, Role.MODERATOR)
    moderating = [
        v.id for v in (await access.viewers(tx, [m.id for m in staff])).values() if access.moderates(v, topic_id)
    ]
    others = [member_id for member_id in sorted(moderating) if member_id != viewer.id]
    await promise(tx, _cards(row.id, dict.fromkeys(others or moderating)), now)


async def request(tx: Transaction, request_id: int) -> tuple[TopicRequest, Topic, Member]:
    """Return a wish to join with its topic and member, or refuse with `topic:no-request`."""
    row = await tx.get(TopicRequest, request_id, with_for_update=True)
    topic = await tx.get(Topic, row.topic_id) if row else None
    member = await tx.get(Member, row.member_id) if row else None
    if row is None or topic is None or member is None:
        raise Refusal("topic:no-request")
    return row, topic, member


async def decide(tx: Transaction, viewer: Viewer, request_id: int, now: datetime, *, admit: bool) -> None:
    """Let a member into a topic or not; tell the member and redraw every card.

    Refusals: `topic:no-request`, `topic:decided` (with `by`).
    """
    access.require(viewer, Action.MODERATE)
    row, topic, member = await request(tx, request_id)
    if not access.moderates(viewer, topic.id):
        raise Refusal("access:denied")
    if row.state is not RequestState.WAITING:
        decider = await members.by_id(tx, row.decided_by) if row.decided_by else None
        raise Refusal("topic:decided", by=members.called(decider))
    row.state = RequestState.ADMITTED if admit else RequestState.REFUSED
    row.decided_by = viewer.id
    event = audit.Event.TOPIC_ADMITTED if admit else audit.Event.TOPIC_REFUSED
    await audit.record(tx, event, now, actor=viewer.id, subject=member.id, topic=topic.code)
    if admit:
        await subscribe(tx, member.id, [topic.id], now)
    await promise(tx, [Promise(member.id, f"topic:{row.state.value}", {"topic": topic.id})], now)
    await _redraw(tx, row.id, now)


async def forget(tx: Transaction, member_id: int, now: datetime) -> None:
    """Delete what a person follows and asked for, and let the cards that administrators have of it say so."""
    await tx.execute(delete(Subscription).where(Subscription.member_id == member_id))
    rows = list(await tx.scalars(select(TopicRequest.id).where(TopicRequest.member_id == member_id)))
    await tx.execute(delete(TopicRequest).where(TopicRequest.id.in_(rows)))
    for request_id in rows:
        await _redraw(tx, request_id, now)


async def _redraw(tx: Transaction, request_id: int, now: datetime) -> None:
    await promise(tx, _cards(request_id, await shown(tx, f"topic-request:{request_id}")), now)


def _cards(request_id: int, staff: Mapping[int, int | None]) -> list[Promise]:
    facts = {"request": request_id}
    return [
        Promise(member_id, "topic:card", facts, subject=f"topic-request:{request_id}", replaces=message_id)
        for member_id, message_id in staff.items()
    ]


async def titles(tx: Transaction, topic_ids: Sequence[int], language: str) -> dict[int, str]:
    """Return titles by topic id."""
    found = await tx.scalars(select(Topic).where(Topic.id.in_(topic_ids)))
    return {topic.id: topic.title(language) for topic in found}


async def _subscription(tx: Transaction, member_id: int, topic_id: int) -> Subscription | None:
    mine = (Subscription.member_id == member_id) & (Subscription.topic_id == topic_id)
    return await tx.scalar(select(Subscription).where(mine).with_for_update())
