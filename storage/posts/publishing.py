"""Publishing: what is written to the bot goes into its topic's group, and nowhere else, or is held."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from html import escape

from sqlalchemy import select

from storage import access, audit, errands, groups, mutes
from storage.access import Action, Viewer
from storage.database import Transaction
from storage.errands import ErrandKind
from storage.groups import BoundGroup, GroupKind, Thread
from storage.outbox import Lane, Leased, OutboxState, Promise, Settlement, promise, shown
from storage.posts.live import tell_live
from storage.posts.tables import Post, PostDraft, PostState, Source, may_read
from storage.refusals import Refusal
from storage.tlp import Label
from storage.topics import Policy, Topic, by_id, levels, moderators

ELSEWHERE = "elsewhere"
"""Why a post is held that Telegram put into another thread than the one asked for."""
_BROKEN = ("message thread not found", "topic_closed", "topic_deleted", "topic_id_invalid")


@dataclass(frozen=True)
class Place:
    """Where posts of a topic stand: a group of its own, or its thread in the forum of all."""

    group: BoundGroup
    thread: Thread | None = None

    @property
    def thread_id(self) -> int | None:
        return self.thread.thread_id if self.thread else None


async def place_of(tx: Transaction, topic: Topic) -> Place | None:
    """Return where a topic's posts go; None where they only reach its followers in private."""
    own = [group for group in await groups.everyone(tx) if group.topic_id == topic.id]
    talking = sorted(own, key=lambda group: group.kind is GroupKind.CHANNEL)
    if talking:
        return Place(talking[0])
    threads = await groups.threads.of_topic(tx, topic.id)
    usable = [Place(group, row) for row, group in threads if row.thread_id is not None]
    return usable[0] if usable else None


async def submit(tx: Transaction, viewer: Viewer, draft: PostDraft, highest: Label, now: datetime) -> Post:
    """Say something in a topic from the private chat.

    Refusals: `topic:unknown`, `post:closed`, `post:not-in` (ask to join first), `post:muted` (with `until`),
    `post:label`.
    """
    topic = await check(tx, viewer, draft.topic_id, now)
    check_label(topic, draft.label, highest)
    post = _row(topic, draft, Source.PRIVATE, now)
    post.member_id, post.organisation_id = viewer.id, viewer.organisation_id
    await _publish(tx, post, topic, now)
    await audit.record(tx, audit.Event.POST_MADE, now, actor=viewer.id, post=post.id, label=draft.label.value)
    return post


async def check(tx: Transaction, viewer: Viewer, topic_id: int, now: datetime | None = None) -> Topic:
    """Return a topic in which `viewer` may say something. Refusals: as `submit`, but for the label.

    Without `now` nobody is asked whether they are muted: a form that is open is read without a clock.
    """
    access.require(viewer, Action.POST)
    if now is not None:
        await mutes.require_voice(tx, viewer.id, now)
    topic = await by_id(tx, viewer, topic_id)
    if topic.closed_at is not None:
        raise Refusal("post:closed")
    level = (await levels(tx, viewer.id)).get(topic.id)
    if level is None and not access.moderates(viewer, topic.id):
        raise Refusal("post:not-in")
    return topic


def labels(topic: Topic, highest: Label) -> list[Label]:
    """Return the labels that a post of a topic can carry: its own, or one that restricts more.

    AMBER needs a named audience, which only a topic has that lets its readers in (TLP 2.0 §4).
    """
    most = Label.GREEN if topic.policy is Policy.OPEN else Label.AMBER
    return [label for label in Label if topic.label.rank <= label.rank <= min(most.rank, highest.rank)]


def check_label(topic: Topic, label: Label, highest: Label) -> None:
    """Refuse with `post:label` a label that a post of this topic cannot carry."""
    if label not in labels(topic, highest):
        raise Refusal("post:label", label=label.value)


async def from_feed(
    tx: Transaction, topic: Topic, *, title: str, url: str, summary: str, label: Label, now: datetime, digest_only: bool
) -> Post:
    """Say in a topic what a feed has brought; `digest_only` keeps it for digests and the topic's list."""
    html = "\n\n".join(escape(part, quote=False) for part in (title, summary) if part)
    post = _row(topic, PostDraft(topic.id, label, html, url=url), Source.FEED, now)
    if digest_only:
        post.state = PostState.PUBLISHED
        tx.add(post)
        await tx.flush()
    else:
        await _publish(tx, post, topic, now)
    return post


def _row(topic: Topic, draft: PostDraft, source: Source, now: datetime) -> Post:
    return Post(
        topic_id=topic.id, source=source, state=PostState.QUEUED, label=draft.label, html=draft.html, kind=draft.kind,
        file_id=draft.file_id, url=draft.url, replies=0, reactions=0, at=now,
    )  # fmt: skip


async def _publish(tx: Transaction, post: Post, topic: Topic, now: datetime) -> None:
    """Put a post into its topic's group; marked AMBER or more it goes to its readers alone, in private."""
    place = None if post.label.named_audience else await place_of(tx, topic)
    tx.add(post)
    if place is None:
        post.state = PostState.PUBLISHED
        await tx.flush()
        await tell_live(tx, post, topic, now)
        return
    post.group_id, post.thread_id = place.group.id, place.thread_id
    await put_up(tx, post, place.group, now)


async def put_up(tx: Transaction, post: Post, group: BoundGroup, now: datetime) -> None:
    """Promise a post to its group."""
    post.state = PostState.QUEUED
    await tx.flush()
    said = Promise(
        None, "post:said", {"post": post.id}, Lane.LIVE, silent=True, chat_id=group.chat_id, thread_id=post.thread_id
    )
    await promise(tx, [said], now)


async def again(tx: Transaction, viewer: Viewer, post_id: int, now: datetime) -> Post:
    """Try once more to put a held post where it belongs. Refusal: `post:unknown`."""
    post, topic = await held(tx, post_id)
    if not access.moderates(viewer, topic.id) and viewer.id != post.member_id:
        raise Refusal("post:unknown")
    if post.state is PostState.HELD:
        # It is said now: digests that have passed the day on which it was written would leave it out.
        post.state, post.reason, post.at = PostState.QUEUED, None, now
        await _publish(tx, post, topic, now)
    return post


async def landed(tx: Transaction, row: Leased, settlement: Settlement, now: datetime) -> None:
    """Note how the sending of a post into its group ended: it stands there, or is held and staff are told."""
    post = await tx.get(Post, row.facts["post"], with_for_update=True)
    if post is not None and post.state in (PostState.HIDDEN, PostState.REMOVED) and settlement.message_id is not None:
        await _take_back(tx, post, settlement.message_id, now)  # hidden while it was on its way
    if post is None or post.state is not PostState.QUEUED:
        return
    topic = await tx.get(Topic, post.topic_id)
    assert topic is not None  # the row refers to it
    if settlement.state is OutboxState.SENT:
        post.state, post.message_id = PostState.PUBLISHED, settlement.message_id
        await tell_live(tx, post, topic, now)
        await _tell_author(tx, post, now)
        return
    post.state, post.reason = PostState.HELD, settlement.reason
    if settlement.message_id is not None and settlement.reason == ELSEWHERE:
        await _take_back(tx, post, settlement.message_id, now)
    await _tell_held(tx, post, topic, now)


async def tell_author(tx: Transaction, post: Post, now: datetime, replaces: int | None = None) -> None:
    """Tell the author what has become of a post, in place of the form they wrote it in."""
    if post.member_id is not None:
        subject = f"{post.subject}:author"
        told = Promise(post.member_id, "post:made", {"post": post.id}, subject=subject, replaces=replaces)
        await promise(tx, [told], now)


async def _tell_author(tx: Transaction, post: Post, now: datetime) -> None:
    seen = await shown(tx, f"{post.subject}:author")
    if post.member_id in seen:
        await tell_author(tx, post, now, seen[post.member_id])


async def _take_back(tx: Transaction, post: Post, message_id: int, now: datetime) -> None:
    group = await tx.get(BoundGroup, post.group_id)
    if group is not None:
        await errands.send(tx, ErrandKind.DELETE, group.chat_id, {"message_id": message_id}, now)


async def _tell_held(tx: Transaction, post: Post, topic: Topic, now: datetime) -> None:
    """Tell the author and the topic's moderators that a post is held; a thread that is gone is noted as broken."""
    group = await tx.get(BoundGroup, post.group_id)
    lost = post.reason == ELSEWHERE or any(words in (post.reason or "").lower() for words in _BROKEN)
    if group is not None and lost and post.thread_id is not None:
        thread = await groups.threads.in_chat(tx, group, post.thread_id)
        if thread is not None:
            thread.problem = post.reason
    told = dict.fromkeys([*([post.member_id] if post.member_id else []), *await moderators(tx, topic.id)])
    key = f"{post.subject}:held:{now.isoformat()}"
    await promise(tx, [Promise(m, "post:held", {"post": post.id}, key=f"{key}:{m}") for m in told], now)


async def held(tx: Transaction, post_id: int) -> tuple[Post, Topic]:
    """Return a post with its topic, held until the end of the transaction. Refusal: `post:unknown`."""
    post = await tx.get(Post, post_id, with_for_update=True)
    topic = await tx.get(Topic, post.topic_id) if post else None
    if post is None or topic is None:
        raise Refusal("post:unknown")
    return post, topic


async def told(tx: Transaction, post_id: int, viewers: list[Viewer]) -> dict[int, tuple[Post, Topic]]:
    """Return a post and its topic for each of `viewers` who may read it now, by their id."""
    joined = select(Post, Topic).join(Topic, Topic.id == Post.topic_id)
    row = (await tx.execute(joined.where(Post.id == post_id))).first()
    if row is None:
        return {}
    post, topic = row[0], row[1]
    found = {}
    for viewer in viewers:
        level = (await levels(tx, viewer.id)).get(topic.id)
        if may_read(viewer, post, topic, level) or viewer.id == post.member_id:
            found[viewer.id] = (post, topic)
    return found
