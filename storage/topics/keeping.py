"""Keeping: staff create topics, rename them, open and close them, and choose who may come in; forums follow."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from storage import access, audit, groups, members
from storage.access import Action, Viewer
from storage.database import Transaction
from storage.groups import BoundGroup
from storage.outbox import Promise, promise
from storage.refusals import Refusal
from storage.tlp import Label
from storage.topics.following import drop, levels, shut_out, subscribe
from storage.topics.requests import leads
from storage.topics.tables import Policy, Topic

LONGEST_TITLE = 60
LONGEST_DESCRIPTION = 300
_CODE = 20


@dataclass(frozen=True)
class TopicDraft:
    """A topic to be: texts by language, an emoji, its pillars, who may come in and how what is said is marked."""

    titles: Mapping[str, str]
    descriptions: Mapping[str, str]
    emoji: str
    pillars: tuple[str, ...]
    policy: Policy
    label: Label


async def create(tx: Transaction, viewer: Viewer, draft: TopicDraft, highest: Label, now: datetime) -> Topic:
    """Add a topic to the catalogue. Refusals: `topic:label`, `topic:label-open`."""
    access.require(viewer, Action.KEEP_TOPICS)
    check_label(draft.policy, draft.label, highest)
    last = await tx.scalar(select(func.max(Topic.position))) or 0
    topic = Topic(
        code=await _code(tx, draft.titles), emoji=draft.emoji, titles=dict(draft.titles),
        descriptions=dict(draft.descriptions), pillar=",".join(draft.pillars), policy=draft.policy, label=draft.label,
        position=last + 1,
    )  # fmt: skip
    tx.add(topic)
    await tx.flush()
    await _note(tx, audit.Event.TOPIC_CREATED, viewer, topic, now, policy=topic.policy.value)
    await _in_forums(tx, topic, now)
    return topic


def check_label(policy: Policy, label: Label, highest: Label) -> None:
    """Refuse a label that a topic cannot carry.

    AMBER needs a named audience (TLP 2.0 §4): here whom the leads have let in. AMBER+STRICT stays in one organisation
    and RED with named persons, so no topic carries them.
    """
    if label.rank > min(highest, Label.AMBER, key=lambda one: one.rank).rank:
        raise Refusal("topic:label", label=label.value)
    if label.named_audience and policy is Policy.OPEN:
        raise Refusal("topic:label-open", label=label.value)


async def _code(tx: Transaction, titles: Mapping[str, str]) -> str:
    plain = unicodedata.normalize("NFKD", titles.get("en", "")).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[: _CODE - 3] or "topic"
    taken = set(await tx.scalars(select(Topic.code).where(Topic.code.like(f"{stem}%"))))
    return next(code for n in range(1, 100) if (code := stem if n == 1 else f"{stem}-{n}") not in taken)


async def kept(tx: Transaction, viewer: Viewer, topic_id: int, *, whole: bool = False) -> Topic:
    """Return a topic that the viewer keeps, held; `whole`: only who keeps all topics. Refusal: `topic:unknown`."""
    access.require(viewer, Action.KEEP_TOPICS if whole else Action.MODERATE)
    topic = await tx.get(Topic, topic_id, with_for_update=True)
    if topic is None or not access.moderates(viewer, topic_id):
        raise Refusal("topic:unknown")
    return topic


async def rename(tx: Transaction, viewer: Viewer, topic_id: int, titles: Mapping[str, str], now: datetime) -> Topic:
    """Give a topic other titles; languages that are not named keep theirs. Its threads follow."""
    topic = await kept(tx, viewer, topic_id)
    topic.titles = {**topic.titles, **titles}
    await groups.threads.rename(tx, topic.id, thread_name(topic), now)
    await _note(tx, audit.Event.TOPIC_RENAMED, viewer, topic, now)
    return topic


async def set_closed(tx: Transaction, viewer: Viewer, topic_id: int, now: datetime, *, closed: bool) -> Topic:
    """Close a topic to everything new, or reopen it; doing it twice changes nothing. Its threads follow."""
    topic = await kept(tx, viewer, topic_id)
    if (topic.closed_at is not None) is closed:
        return topic
    await _close(tx, topic, now, closed=closed)
    event = audit.Event.TOPIC_CLOSED if closed else audit.Event.TOPIC_REOPENED
    await _note(tx, event, viewer, topic, now)
    await groups.threads.set_closed(tx, topic.id, now, closed=closed)
    return topic


async def _close(tx: Transaction, topic: Topic, now: datetime, *, closed: bool) -> None:
    topic.closed_at = now if closed else None
    await tx.flush()


async def was_closed(tx: Transaction, thread: groups.Thread, now: datetime, *, closed: bool) -> None:
    """Follow what somebody has done to a topic's thread in Telegram: the topic is closed or reopened with it."""
    topic = await tx.get(Topic, thread.topic_id, with_for_update=True)
    thread.closed = closed
    if topic is not None and (topic.closed_at is not None) is not closed:
        await _close(tx, topic, now, closed=closed)
        event = audit.Event.TOPIC_CLOSED if closed else audit.Event.TOPIC_REOPENED
        await audit.record(tx, event, now, actor=None, topic=topic.code)
        await groups.threads.set_closed(tx, topic.id, now, closed=closed)


async def was_renamed(tx: Transaction, thread: groups.Thread, now: datetime) -> None:
    """Give a thread its topic's name back: a topic has titles in each language and is renamed with `/topic`."""
    topic = await tx.get(Topic, thread.topic_id)
    if topic is not None:
        thread.name = ""
        await groups.threads.rename(tx, topic.id, thread_name(topic), now)


async def set_policy(
    tx: Transaction, viewer: Viewer, topic_id: int, policy: Policy, label: Label, highest: Label, now: datetime
) -> Topic:
    """Choose who may come into a topic and how what is said there is marked.

    What is not open to all has no place in the forum of all: its thread is closed there.
    """
    topic = await kept(tx, viewer, topic_id, whole=True)
    check_label(policy, label, highest)
    topic.policy, topic.label = policy, label
    await tx.flush()
    await _note(tx, audit.Event.TOPIC_POLICY, viewer, topic, now, policy=policy.value, label=label.value)
    if policy is Policy.OPEN:
        await _in_forums(tx, topic, now)
    else:
        await groups.threads.part(tx, topic.id, now)
    return topic


async def let_in(tx: Transaction, viewer: Viewer, topic_id: int, member_id: int, now: datetime) -> None:
    """Let a member into a topic without their asking; they are told. Refusal: `member:unknown`."""
    topic = await kept(tx, viewer, topic_id)
    member = await members.by_id(tx, member_id, lock=True)
    if member is None or member.state not in members.BELONGING:
        raise Refusal("member:unknown")
    if topic.id in await levels(tx, member_id):
        return
    await subscribe(tx, member_id, [topic.id], now)
    await _note(tx, audit.Event.TOPIC_ADMITTED, viewer, topic, now, subject=member_id)
    await promise(tx, [Promise(member_id, "topic:admitted", {"topic": topic.id})], now)


async def put_out(tx: Transaction, viewer: Viewer, topic_id: int, member_id: int, now: datetime) -> None:
    """Take a member out of a topic, and of the groups that are its own."""
    topic = await kept(tx, viewer, topic_id)
    member = await members.held(tx, member_id)
    held = await levels(tx, member_id)
    if topic.id not in held:
        return
    await drop(tx, member_id, topic.id)
    await _note(tx, audit.Event.TOPIC_PUT_OUT, viewer, topic, now, subject=member_id)
    if topic.policy is not Policy.OPEN:
        await shut_out(tx, member, topic.id, now, by=viewer.id)


async def settle_in(tx: Transaction, viewer: Viewer, group_id: int, topic_id: int | None, now: datetime) -> BoundGroup:
    """Give a group to one topic, or to the whole network (None); a forum of the whole network gets its threads."""
    access.require(viewer, Action.BIND_GROUP)
    group = await groups.by_id(tx, group_id)
    topic = None if topic_id is None else await kept(tx, viewer, topic_id, whole=True)
    group.topic_id = topic.id if topic else None
    await tx.flush()
    await audit.record(tx, audit.Event.GROUP_GIVEN, now, actor=viewer.id, chat=group.chat_id, topic=topic_id)
    if topic is None:
        await furnish(tx, group, now)
    return group


async def furnish(tx: Transaction, group: BoundGroup, now: datetime) -> None:
    """Give each open topic its thread in a forum of the whole network."""
    if group.forum and group.topic_id is None:
        for topic in await tx.scalars(select(Topic).order_by(Topic.position)):
            if topic.policy is Policy.OPEN and topic.closed_at is None:
                await groups.threads.open_in(tx, group, topic.id, thread_name(topic), topic.icon_color, now)


async def _in_forums(tx: Transaction, topic: Topic, now: datetime) -> None:
    if topic.policy is Policy.OPEN and topic.closed_at is None:
        for group in await groups.threads.forums(tx):
            await groups.threads.open_in(tx, group, topic.id, thread_name(topic), topic.icon_color, now)


def thread_name(topic: Topic) -> str:
    """Return what a topic's thread is called: everybody reads it in their own language."""
    return f"{topic.emoji} {' · '.join(dict.fromkeys(topic.title(code) for code in ('en', 'ru')))}"


async def _note(
    tx: Transaction, event: audit.Event, viewer: Viewer, topic: Topic, now: datetime, *,
    subject: int | None = None, **facts: object,
) -> None:  # fmt: skip
    await audit.record(tx, event, now, actor=viewer.id, subject=subject, topic=topic.code, **facts)


async def check_lead(tx: Transaction, topic_id: int, country: str | None) -> None:
    """Refuse a second lead from the country of the first: a working group is led from two (R-12).

    Refusal: `topic:same-country`.
    """
    countries = {lead.country for lead in await leads(tx, topic_id)}
    if countries == {country}:
        raise Refusal("topic:same-country")
