"""Who may read what is said in a topic: one rule in Python and in SQL, for every viewer, label and policy."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import product

import pytest
from sqlalchemy import select

from storage import migrations, posts, topics
from storage.access import Viewer
from storage.database import Database
from storage.members import Member, MemberState, Office, Organisation, Role
from storage.posts import Post, PostState, Source
from storage.tlp import Label
from storage.topics import Level, Policy, Subscription, Topic

NOW = datetime(2026, 11, 24, tzinfo=UTC)
OFFICES = (
    (),
    (Office(Role.ADMINISTRATOR),),
    (Office(Role.MODERATOR, topic_id=1),),
    (Office(Role.FOCAL_POINT, country="KZ"),),
)
LEVELS = (None, *Level)


@pytest.fixture
async def talk(storage_url: str) -> AsyncIterator[Database]:
    """A database with a topic of each policy, a post of each label in each, and a member at each level."""
    database = Database(storage_url)
    await migrations.upgrade(database)
    async with database.transaction() as tx:
        tx.add(Organisation(id=1, name="O", key="o"))
        for number, topic in enumerate(await topics.everything(tx)):
            topic.policy = list(Policy)[number % len(Policy)]
        for number, level in enumerate(LEVELS, 1):
            tx.add(Member(id=number, telegram_id=number, language="en", zone="UTC", created_at=NOW))
            await tx.flush()
            if level is not None:
                tx.add_all([Subscription(member_id=number, topic_id=t, level=level, since=NOW) for t in (1, 2, 3)])
        for topic_id, label, state in product((1, 2, 3), Label, (PostState.PUBLISHED, PostState.HIDDEN)):
            tx.add(Post(topic_id=topic_id, label=label, state=state, source=Source.GROUP, at=NOW, html="x"))
    yield database
    await database.close()


async def test_the_rule_in_python_and_in_sql_is_one_rule(talk: Database) -> None:
    asked = 0
    async with talk.reading() as tx:
        known = {topic.id: topic for topic in await tx.scalars(select(Topic))}
        everything = list(await tx.scalars(select(Post)))
        for (number, level), state, held, of in product(enumerate(LEVELS, 1), MemberState, OFFICES, (None, 1)):
            viewer = Viewer(number, state, frozenset(held), of, "en", "UTC")
            found = set(await tx.scalars(posts.visible(viewer).with_only_columns(Post.id)))
            may = {
                p.id for p in everything
                if p.state is PostState.PUBLISHED and posts.may_read(viewer, p, known[p.topic_id], level)
            }  # fmt: skip
            assert found == may, (viewer, level)
            asked += len(everything)
            red = {p.id for p in everything if p.label in (Label.RED, Label.AMBER_STRICT)}
            assert not found & red
            if not viewer.active:
                assert not found
    assert asked > 5_000


async def test_a_topic_exists_for_whom_it_is_open_to(talk: Database) -> None:
    async with talk.reading() as tx:
        for (number, level), held in product(enumerate(LEVELS, 1), OFFICES):
            viewer = Viewer(number, MemberState.ACTIVE, frozenset(held), 1, "en", "UTC")
            known = {topic.id for topic in await topics.catalogue(tx, viewer)}
            closed = {t.id for t in await topics.everything(tx) if t.policy is Policy.CLOSED}
            inside = {3} if level is not None else set()
            all_of_them = closed if any(o.role is Role.ADMINISTRATOR for o in held) else set()
            assert known & closed == inside | all_of_them
