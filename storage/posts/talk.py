"""Talk: the posts of a period, read once, of which each of many readers is told what moved people most."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, func, select

from storage import topics
from storage.database import Transaction
from storage.pages import in_portions
from storage.posts.tables import Post, PostState, is_named, is_open_to
from storage.tlp import Label
from storage.topics import HEARING, Policy, Reader, Topic

_FACTS = (Post.id, Post.topic_id, Post.label, Post.at, Post.replies, Post.reactions, func.length(Post.html))


@dataclass(frozen=True, slots=True)
class Moving:
    """A post without its words, and how many it moved; `length` is that of its HTML."""

    id: int
    topic_id: int
    label: Label
    at: datetime
    replies: int
    reactions: int
    length: int = 0

    @property
    def rank(self) -> tuple[float, ...]:
        """What sorts posts: most answered first, then those with most reactions, then the newest."""
        return -self.replies, -self.reactions, -self.at.timestamp(), -self.id


@dataclass(frozen=True, slots=True)
class Quoted:
    """A post that moved people, with its words as Telegram HTML; `topic` is its topic's titles. Nobody is named."""

    id: int
    topic_id: int
    topic: tuple[tuple[str, str], ...]
    html: str
    replies: int
    reactions: int
    label: Label


class _Slice(NamedTuple):
    """Of one topic's posts in a period: the places of those that moved most, how many there are, and the others."""

    most: list[int]
    number: int
    named: list[Moving]


class Talk:
    """The posts of a period, those that moved most first; who may read one is the same rule as `visible` in SQL."""

    def __init__(self, moving: Iterable[Moving], most: int) -> None:
        self.posts = sorted(moving, key=lambda post: post.rank)
        self._most = most
        self._topics: dict[int, list[int]] = {}
        for place, post in enumerate(self.posts):
            self._topics.setdefault(post.topic_id, []).append(place)
        self._periods: dict[tuple[datetime, datetime], dict[int, _Slice]] = {}

    def moved(self, reader: Reader, since: datetime, until: datetime) -> tuple[list[int], dict[int, int], list[int]]:
        """Return of a period the places of what moved most, how much each topic had, and what had a named audience.

        Only topics that the reader hears of count – their doors stand open to who belongs to them –, and only what is
        for all members is told or counted by topic. What has a named audience is told by its ids.
        """
        most: list[int] = []
        counts: dict[int, int] = {}
        named: list[int] = []
        by_topic = self._within(since, until)
        for topic_id, level in reader.levels.items():
            if level not in HEARING or topic_id not in by_topic:
                continue
            part = by_topic[topic_id]
            if part.number:
                most += part.most
                counts[topic_id] = part.number
            if part.named:
                named += [post.id for post in part.named if is_named(reader, topic_id, post.label)]
        return sorted(most)[: self._most], counts, named

    def _within(self, since: datetime, until: datetime) -> dict[int, _Slice]:
        found = self._periods.get((since, until))
        if found is None:
            found = self._periods[since, until] = {}
            for topic_id, places in self._topics.items():
                there = [n for n in places if since <= self.posts[n].at < until]
                told = [n for n in there if not self.posts[n].label.named_audience]
                named = [self.posts[n] for n in there if self.posts[n].label.named_audience]
                if there:
                    found[topic_id] = _Slice(told[: self._most], len(told), named)
        return found


async def said_between(
    tx: Transaction, since: datetime, until: datetime, most: int, topic_ids: Collection[int] | None = None
) -> Talk:
    """Return the talk of a period, in some topics or in all; of each topic `most` posts are told at most."""
    where = and_(Post.at >= since, Post.at < until, Post.state == PostState.PUBLISHED, Post.html.is_not(None))
    if topic_ids is not None:
        where = and_(where, Post.topic_id.in_(topic_ids))
    read: list[Moving] = []
    async for rows in in_portions(tx, select(Post.id).where(where), select(*_FACTS), Post.id):
        read += [Moving(*row) for row in rows]
    return Talk(read, most)


class Quotes:
    """Some posts with their words; each reader gets those that they may read now."""

    def __init__(self, quoted: dict[int, Quoted], policies: dict[int, Policy]) -> None:
        self._quoted, self._policies = quoted, policies

    def some(self, reader: Reader, ids: Collection[int]) -> list[Quoted]:
        """Return those of some posts that the reader may read, in the order of `ids`."""
        there = [self._quoted[n] for n in ids if n in self._quoted]
        return [post for post in there if is_open_to(reader, post.topic_id, self._policies[post.topic_id], post.label)]


async def quotes(tx: Transaction, ids: Collection[int]) -> Quotes:
    """Return some posts that still stand, by number."""
    found = select(Post, Topic).join(Topic, Topic.id == Post.topic_id)
    rows = await tx.execute(found.where(Post.id.in_(ids), Post.state == PostState.PUBLISHED, Post.html.is_not(None)))
    quoted = {
        post.id: Quoted(
            post.id, topic.id, tuple(topic.titles.items()), post.html or "", post.replies, post.reactions, post.label
        )
        for post, topic in rows
    }
    return Quotes(quoted, await topics.policies(tx))
