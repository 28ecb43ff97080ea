"""What is merged for many at once is what the one rule in SQL gives each: in small networks of all kinds."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import or_, select

from storage import access, announcements, documents, members, posts, topics
from storage.access import Viewer
from storage.announcements import Announcement, AnnouncementState, Recipient
from storage.database import Database, Transaction
from storage.documents import Document, DocumentAudience, Stage
from storage.documents.tables import DocumentTopic, current
from storage.members import BELONGING, MemberState, Office, Role
from storage.outbox import OutboxState
from storage.posts import Post, PostState, Source
from storage.posts.tables import visible
from storage.tlp import Label
from storage.topics import HEARING, Level, Policy, Reader, Topic
from storage.topics.tables import Subscription

NOW = datetime(2026, 12, 7, 9, tzinfo=UTC)
SINCE = NOW - timedelta(days=7)
MOST = 3
MIDDLE = SINCE + timedelta(days=3)
SMALL, LARGE = 10, 24
SEEDS = st.integers(0, 10**6)


@dataclass(frozen=True)
class Network:
    """A small network: its readers, and the numbers of everything that is in it."""

    readers: list[Reader]
    papers: list[int]
    said: list[int]
    announced: list[int]

    def belonging(self) -> list[Reader]:
        return [reader for reader in self.readers if reader.viewer.active]


class UndoneError(Exception):
    """Leaves nothing of an example in the database."""


class Maker:
    """Makes a network by lot."""

    def __init__(self, tx: Transaction, seed: int) -> None:
        self.tx, self.dice = tx, random.Random(seed)  # noqa: S311 - the same network on every engine

    def at(self) -> datetime:
        """Return a moment before the period, at its edges, at the middle of it, or anywhere in it."""
        within = SINCE + timedelta(hours=self.dice.randrange(168))
        return self.dice.choice([within, within, within, SINCE, MIDDLE, NOW, SINCE - timedelta(hours=1)])

    async def network(self) -> Network:
        houses = [(await members.organisation(self.tx, f"House {n}")).id for n in range(3)]
        rooms = (await topics.everything(self.tx))[:5]
        for room in rooms:
            room.policy = self.dice.choice([*Policy, Policy.CLOSED])
        people = [await self.member(n, houses, rooms) for n in range(SMALL)]
        found = await access.viewers(self.tx, people)
        readers = await topics.readers(self.tx, [found[n] for n in people])
        papers = [await self.paper(n, houses, rooms, people) for n in range(LARGE)]
        self.replace(papers)
        said = [await self.post(rooms, people) for _ in range(LARGE)]
        announced = [await self.announcement(people) for _ in range(5)]
        await self.tx.flush()
        return Network(list(readers.values()), [p.id for p in papers], said, announced)

    async def member(self, number: int, houses: list[int], rooms: list[Topic]) -> int:
        dice = self.dice
        member = await members.welcome(self.tx, 100 + number, "en", "UTC", NOW)
        member.state = dice.choice([*BELONGING, MemberState.ACTIVE, MemberState.ACTIVE, *MemberState])
        member.organisation_id, member.read_only = dice.choice([*houses, None]), dice.random() < 0.15
        moderates = Office(Role.MODERATOR, topic_id=dice.choice(rooms).id)
        office = dice.choice([None, None, None, moderates, Office(Role.MODERATOR), Office(Role.ADMINISTRATOR)])
        if office is not None:
            await members.give_role(self.tx, member.id, office, NOW)
        for room in rooms:
            if dice.random() < 0.5:
                level = dice.choice([*Level])
                self.tx.add(Subscription(member_id=member.id, topic_id=room.id, level=level, since=NOW))
        await self.tx.flush()
        return member.id

    async def paper(self, number: int, houses: list[int], rooms: list[Topic], people: list[int]) -> Document:
        dice = self.dice
        stage = dice.choice([Stage.PUBLISHED, Stage.PUBLISHED, Stage.PUBLISHED, Stage.COMMENT, Stage.WITHDRAWN])
        frozen, hidden = (NOW if dice.random() < 0.15 else None for _ in range(2))
        label = dice.choice([Label.GREEN, *Label])
        own, *others = dice.sample(rooms, dice.choice([1, 2, 4]))
        row = Document(
            token=f"t{number}", title=f"Paper {number}", topic_id=own.id, label=label, stage=stage,
            owner_id=dice.choice(people), shared_at=self.at(), frozen_at=frozen, hidden_at=hidden,
        )  # fmt: skip
        self.tx.add(row)
        await self.tx.flush()
        self.tx.add_all(DocumentTopic(document_id=row.id, topic_id=room.id) for room in others)
        named = [
            DocumentAudience(document_id=row.id, organisation_id=h) for h in dice.sample(houses, dice.randint(0, 2))
        ]
        named += [DocumentAudience(document_id=row.id, member_id=n) for n in dice.sample(people, dice.randint(0, 3))]
        self.tx.add_all(named if row.label.named_audience or dice.random() < 0.3 else [])
        return row

    def replace(self, papers: list[Document]) -> None:
        for row in papers:
            if self.dice.random() < 0.3:
                row.successor_id = self.dice.choice(papers).id

    async def post(self, rooms: list[Topic], people: list[int]) -> int:
        dice = self.dice
        state = dice.choice([PostState.PUBLISHED, PostState.PUBLISHED, PostState.PUBLISHED, *PostState])
        row = Post(
            topic_id=dice.choice(rooms).id, source=Source.PRIVATE, state=state, label=dice.choice([*Label]),
            member_id=dice.choice(people), html=dice.choice(["Words", "Words", None]), at=self.at(),
            replies=dice.randrange(3), reactions=dice.randrange(3),
        )  # fmt: skip
        self.tx.add(row)
        await self.tx.flush()
        return row.id

    async def announcement(self, people: list[int]) -> int:
        dice = self.dice
        state = dice.choice([AnnouncementState.SENDING, AnnouncementState.DONE, *AnnouncementState])
        sent_at = None if state is AnnouncementState.AWAITING else self.at()
        row = Announcement(
            author_id=people[0], state=state, language="en", titles={"en": "Words"}, texts={"en": "Words"},
            label=dice.choice([*Label]), audience=[], created_at=SINCE, sent_at=sent_at,
            expires_at=dice.choice([None, None, NOW, NOW + timedelta(days=1)]),
        )  # fmt: skip
        self.tx.add(row)
        await self.tx.flush()
        states = [OutboxState.SENT, *OutboxState]
        meant = [n for n in people if dice.random() < 0.6]
        told = [Recipient(announcement_id=row.id, member_id=n, state=dice.choice(states)) for n in meant]
        self.tx.add_all(told)
        await self.tx.flush()
        return row.id


Agreement = Callable[[Transaction, Network], Awaitable[None]]


async def everybody_s_new_papers(tx: Transaction, network: Network) -> None:
    shelf = await documents.shared_between(tx, SINCE, NOW)
    for reader in network.belonging():
        rule = await _new_to(tx, reader)
        assert [shelf.documents[n].id for n in shelf.fresh(reader, SINCE, NOW)] == rule, reader
        own = await documents.shared_between(tx, SINCE, NOW, list(reader.levels))
        assert [own.documents[n].id for n in own.fresh(reader, SINCE, NOW)] == rule, reader
        halves = [shelf.fresh(reader, *period) for period in ((SINCE, MIDDLE), (MIDDLE, NOW))]
        assert sorted(n for half in halves for n in half) == shelf.fresh(reader, SINCE, NOW)


async def _new_to(tx: Transaction, reader: Reader) -> list[int]:
    followed = [topic_id for topic_id, level in reader.levels.items() if level in HEARING]
    others = select(DocumentTopic.document_id).where(DocumentTopic.topic_id.in_(followed))
    found = current(reader.viewer).where(
        Document.frozen_at.is_(None), Document.shared_at >= SINCE, Document.shared_at < NOW,
        or_(Document.topic_id.in_(followed), Document.id.in_(others)),
    )  # fmt: skip
    return [row.id for row in sorted(await tx.scalars(found), key=lambda row: (row.label.rank, -row.id))]


async def papers_by_number(tx: Transaction, network: Network) -> None:
    shelf = await documents.holding(tx, network.papers)
    for reader in network.readers:
        rule = set(
            await tx.scalars(current(reader.viewer).where(Document.frozen_at.is_(None)).with_only_columns(Document.id))
        )
        there = network.papers[::-1]
        assert [one.id for one in shelf.some(reader, there)] == [n for n in there if n in rule], reader


async def what_was_said(tx: Transaction, network: Network) -> None:
    talk = await posts.said_between(tx, SINCE, NOW, MOST)
    quotes = await posts.quotes(tx, network.said)
    for reader in network.readers:
        readable = await _readable(tx, reader.viewer)
        some = [one.id for one in quotes.some(reader, network.said)]
        assert some == [n for n in network.said if n in readable], reader
        if reader.viewer.active:
            own = await posts.said_between(tx, SINCE, NOW, MOST, list(reader.levels))
            for said in (talk, own):
                _agrees(said, reader, list(readable.values()))


async def _readable(tx: Transaction, viewer: Viewer) -> dict[int, Post]:
    return {row.id: row for row in await tx.scalars(visible(viewer).where(Post.html.is_not(None)))}


def _agrees(talk: posts.Talk, reader: Reader, readable: list[Post]) -> None:
    heard = {topic_id for topic_id, level in reader.levels.items() if level in HEARING}
    mine = [row for row in readable if row.topic_id in heard and SINCE <= row.at < NOW]
    told = [row for row in mine if not row.label.named_audience]
    ranked = sorted(told, key=lambda row: (-row.replies, -row.reactions, -row.at.timestamp(), -row.id))
    most, counts, named = talk.moved(reader, SINCE, NOW)
    assert [talk.posts[n].id for n in most] == [row.id for row in ranked[:MOST]], reader
    assert counts == {t: n for t in heard if (n := sum(row.topic_id == t for row in told))}, reader
    assert sorted(named) == sorted(row.id for row in mine if row.label.named_audience), reader


async def what_was_announced(tx: Transaction, network: Network) -> None:
    people = [reader.viewer.id for reader in network.readers]
    viewers = [reader.viewer for reader in network.readers]
    whole = await announcements.some(tx, network.announced, people)
    of_period = await announcements.mailbag(tx, await announcements.sent_between(tx, SINCE, NOW), people)
    may: dict[int, list[Announcement]] = {n: [] for n in people}
    for number in network.announced:
        row, readers = await announcements.for_readers(tx, number, viewers)
        told = row is not None and row.state in announcements.SENT and row.sent_at is not None
        for viewer in readers if told and row is not None else ():
            copy = await tx.get(Recipient, (row.id, viewer.id))
            if copy is not None and copy.state is not OutboxState.WITHHELD:
                may[viewer.id].append(row)
    for viewer in viewers:
        mine = [row.id for row in may[viewer.id]]
        assert [one.id for one in whole.of(viewer)] == mine[::-1], viewer
        assert [one.id for one in whole.of(viewer, network.announced)] == mine, viewer
        within = [
            row.id
            for row in may[viewer.id]
            if row.sent_at and SINCE <= row.sent_at < NOW and (row.expires_at is None or row.expires_at > NOW)
        ]
        assert [one.id for one in of_period.between(viewer, SINCE, NOW)] == within[::-1], viewer


RULES: tuple[Agreement, ...] = (everybody_s_new_papers, papers_by_number, what_was_said, what_was_announced)


async def _try(database: Database, seed: int) -> None:
    with suppress(UndoneError):
        async with database.transaction() as tx:
            network = await Maker(tx, seed).network()
            for rule in RULES:
                await rule(tx, network)
            raise UndoneError


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=SEEDS)
async def test_what_is_merged_for_many_is_what_the_rule_gives_each(database: Database, seed: int) -> None:
    await _try(database, seed)


@pytest.mark.soak
@pytest.mark.timeout(600)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=SEEDS)
async def test_no_network_of_hundreds_is_merged_by_another_rule(database: Database, seed: int) -> None:
    await _try(database, seed)
