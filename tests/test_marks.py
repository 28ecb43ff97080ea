"""Marks: on every way out, a document that is not the viewer's does not exist (TLP 2.0 §4, threat: leaks)."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from sqlalchemy import select

from handlers.documents.card import load
from storage import documents, members, topics
from storage.access import Viewer
from storage.database import Database, Transaction
from storage.documents import Document, DocumentAudience, DocumentMark, Filters, Stage, words
from storage.members import MemberState, Office, Role
from storage.refusals import Refusal
from storage.tlp import Label
from storage.topics import Policy, Topic
from storage.topics.tables import Level, Subscription

NOW = datetime(2026, 12, 7, 9, tzinfo=UTC)
SINCE = NOW - timedelta(days=1)
HOUSES = 3
ITEMS = READERS = 72
"""Together 5,184 cases for each way out."""


@dataclass(frozen=True)
class Item:
    """What a document is, as the rule needs it."""

    id: int
    label: Label
    houses: frozenset[int]
    people: frozenset[int]
    topic: int
    policy: Policy
    owner: int
    frozen: bool
    hidden: bool
    withdrawn: bool
    replaced: bool


@dataclass(frozen=True)
class Reader:
    """A viewer, with the topics that they are in."""

    viewer: Viewer
    inside: frozenset[int]


@dataclass(frozen=True)
class Library:
    database: Database
    items: tuple[Item, ...]
    readers: tuple[Reader, ...]


def governs(viewer: Viewer, topic: int) -> bool:
    if not viewer.active or viewer.read_only:
        return False
    offices = viewer.offices
    return any(
        o.role is Role.ADMINISTRATOR or (o.role is Role.MODERATOR and o.topic_id in (None, topic)) for o in offices
    )


def marked(item: Item, viewer: Viewer) -> bool:
    """Say in words of its own what TLP 2.0 asks."""
    if item.label is Label.CLEAR:
        return True
    if item.label is Label.RED or not viewer.active:
        return False
    if item.label is Label.GREEN:
        return True
    if viewer.state is MemberState.IDLE:
        return False
    by_name = item.label is Label.AMBER and viewer.id in item.people
    return by_name or viewer.organisation_id in item.houses


def opens(item: Item, reader: Reader) -> bool:
    """Tell whether a card of the item is the reader's to open."""
    viewer = reader.viewer
    known = item.policy is not Policy.CLOSED or item.topic in reader.inside or governs(viewer, item.topic)
    judges = viewer.active and not viewer.read_only and Role.ADMINISTRATOR in viewer.roles
    kept = item.owner == viewer.id or governs(viewer, item.topic)
    standing = kept or not (item.hidden or item.withdrawn)
    return marked(item, viewer) and known and standing and (judges or not item.frozen)


def lists(item: Item, reader: Reader) -> bool:
    """Tell whether lists, searches and counts may show the item to the reader."""
    return opens(item, reader) and not (item.hidden or item.withdrawn or item.replaced)


def sends(item: Item, reader: Reader) -> bool:
    """Tell whether a digest may bring the item to the reader."""
    return lists(item, reader) and not item.frozen


@pytest.fixture
async def library(database: Database) -> Library:
    """A library of all labels, audiences, topics and fates, and readers of all standings."""
    dice = random.Random(2026)  # noqa: S311 - the same library on every engine
    async with database.transaction() as tx:
        houses = [(await members.organisation(tx, f"House {n}")).id for n in range(HOUSES)]
        rooms = (await topics.everything(tx))[:4]
        for room, policy in zip(rooms, (Policy.OPEN, Policy.REQUEST, Policy.CLOSED, Policy.CLOSED), strict=True):
            room.policy = policy
        readers = [await _reader(tx, n, dice, houses, rooms) for n in range(READERS)]
        people = [reader.viewer.id for reader in readers]
        items = [await _item(tx, n, dice, houses, rooms, people) for n in range(ITEMS)]
    return Library(database, tuple(items), tuple(readers))


async def _reader(tx: Transaction, number: int, dice: random.Random, houses: list[int], rooms: list[Topic]) -> Reader:
    member = await members.welcome(tx, 100 + number, "en", "UTC", NOW)
    states = [*MemberState][number % len(MemberState)], MemberState.ACTIVE
    roles = [
        None,
        None,
        Office(Role.ADMINISTRATOR),
        Office(Role.MODERATOR, topic_id=rooms[2].id),
        Office(Role.APPROVER),
    ]
    office = dice.choice(roles)
    house = dice.choice([*houses, None])
    held = frozenset({office} if office else ())
    inside = frozenset(room.id for room in rooms if dice.random() < 0.4)
    tx.add_all(Subscription(member_id=member.id, topic_id=t, level=Level.DIGEST, since=NOW) for t in inside)
    return Reader(
        Viewer(member.id, dice.choice(states), held, house, "en", "UTC", read_only=dice.random() < 0.1), inside
    )


async def _item(
    tx: Transaction, number: int, dice: random.Random, houses: list[int], rooms: list[Topic], people: list[int]
) -> Item:
    room, label = dice.choice(rooms), [*Label][number % len(Label)]
    named = frozenset(dice.sample(houses, dice.choice([0, 1, 1, 2]))) if label.named_audience else frozenset[int]()
    persons = frozenset(dice.sample(people, 4)) if label.named_audience else frozenset[int]()
    fate = dice.choice(["", "", "", "frozen", "hidden", "withdrawn", "replaced"])
    row = Document(
        token=f"token{number}", title=f"Paper wordofitem{_letters(number)}", url_key=f"example.org/{number}",
        url=f"https://example.org/{number}", file_id=f"f{number}", file_unique_id=f"u{number}", topic_id=room.id,
        label=label, owner_id=dice.choice(people), organisation_id=houses[0], shared_at=NOW - timedelta(hours=1),
        stage=Stage.WITHDRAWN if fate == "withdrawn" else Stage.PUBLISHED, frozen_at=NOW if fate == "frozen" else None,
        hidden_at=NOW if fate == "hidden" else None,
    )  # fmt: skip
    tx.add(row)
    await tx.flush()
    if fate == "replaced":
        row.successor_id = row.id
    tx.add_all(DocumentAudience(document_id=row.id, organisation_id=house) for house in named)
    tx.add_all(DocumentAudience(document_id=row.id, member_id=person) for person in persons)
    tx.add_all(DocumentMark(document_id=row.id, member_id=one, saved_at=NOW, follow=True) for one in people)
    await words.index(tx, row)
    assert row.owner_id is not None
    return Item(
        row.id, label, named, persons, room.id, room.policy, row.owner_id, fate == "frozen", fate == "hidden",
        fate == "withdrawn", fate == "replaced",
    )  # fmt: skip


def _letters(number: int) -> str:
    """Return words that no slip of the pen leads from one to another."""
    return "".join("abdeklmnrt"[int(digit)] * 2 for digit in f"{number:02}")


Way = Callable[[Transaction, Reader], Awaitable[Iterable[int]]]


async def by_search(tx: Transaction, reader: Reader) -> Iterable[int]:
    return (await documents.search(tx, reader.viewer, "paper")).ids


async def on_the_shelf(tx: Transaction, reader: Reader) -> Iterable[int]:
    return (await documents.search(tx, reader.viewer, "")).ids


async def among_the_saved(tx: Transaction, reader: Reader) -> Iterable[int]:
    return (await documents.search(tx, reader.viewer, "", Filters(saved=True))).ids


async def in_a_topic(tx: Transaction, reader: Reader) -> Iterable[int]:
    rooms = [topic.id for topic in await topics.everything(tx)][:4]
    return [i for t in rooms for i in (await documents.search(tx, reader.viewer, "paper", Filters(topic_id=t))).ids]


async def among_the_facets(tx: Transaction, reader: Reader) -> Iterable[int]:
    everything = [number for (number,) in await tx.execute(select(Document.id).order_by(Document.id))]
    told = await documents.facets(tx, reader.viewer, everything)
    shown = await documents.shown(tx, reader.viewer, everything)
    assert sorted(row.topic_id for row in told) == sorted(row.topic_id for row in shown)
    return [row.id for row in shown]


async def in_any_chat(tx: Transaction, reader: Reader) -> Iterable[int]:
    return (await documents.search(tx, reader.viewer, "paper", Filters(clear_only=True))).ids


async def in_a_digest(tx: Transaction, reader: Reader) -> Iterable[int]:
    shelf = await documents.shared_between(tx, SINCE, NOW + timedelta(days=365))
    who = (await topics.readers(tx, [reader.viewer]))[reader.viewer.id]
    return [row.id for row in shelf.documents if shelf.sees(who, row)]


def posts(item: Item, reader: Reader) -> bool:
    """Tell whether the reader may post the item into any chat."""
    return sends(item, reader) and item.label is Label.CLEAR


RULES = {among_the_facets: opens, in_any_chat: posts, in_a_digest: sends}
WAYS = [by_search, on_the_shelf, among_the_saved, in_a_topic, *RULES]


@pytest.mark.timeout(240)
async def test_what_is_not_the_reader_s_is_in_no_list(library: Library) -> None:
    async with library.database.reading() as tx:
        for way, reader in product(WAYS, library.readers):
            rule = RULES.get(way, lists)
            found = sorted(await way(tx, reader))
            assert found == [item.id for item in library.items if rule(item, reader)], (way.__name__, reader)


Open = Callable[[Transaction, Reader, int, Item], Awaitable[bool]]


async def by_number(tx: Transaction, reader: Reader, _at: int, item: Item) -> bool:
    return await _unless_refused(documents.by_id(tx, reader.viewer, item.id))


async def by_link(tx: Transaction, reader: Reader, at: int, _item: Item) -> bool:
    return await documents.by_token(tx, reader.viewer, f"token{at}") is not None


async def by_its_file(tx: Transaction, reader: Reader, at: int, _item: Item) -> bool:
    return await documents.by_file(tx, reader.viewer, f"u{at}") is not None


async def by_writing_its_number(tx: Transaction, reader: Reader, _at: int, item: Item) -> bool:
    return (await documents.search(tx, reader.viewer, f"D-{item.id}")).ids == (item.id,)


async def by_a_notice(tx: Transaction, reader: Reader, _at: int, item: Item) -> bool:
    return bool(await load(tx, {"document": item.id}, [reader.viewer]))


OPENING = (by_number, by_link, by_its_file, by_writing_its_number)


async def by_its_word(tx: Transaction, reader: Reader, at: int, item: Item) -> bool:
    return item.id in (await documents.search(tx, reader.viewer, f"wordofitem{_letters(at)}")).ids


async def by_a_slip(tx: Transaction, reader: Reader, at: int, item: Item) -> bool:
    hits = await documents.search(tx, reader.viewer, f"hordofitem{_letters(at)}")
    return item.id in hits.ids and (hits.meant or "").endswith(_letters(at))


LISTING = (by_its_word, by_a_slip)


async def _unless_refused(asked: Awaitable[object]) -> bool:
    try:
        await asked
    except Refusal:
        return False
    return True


async def _ask_each(library: Library, way: Open, rule: Callable[[Item, Reader], bool], every: int) -> int:
    """Ask one way out for each `every`th case; return how many were asked."""
    asked = 0
    async with library.database.reading() as tx:
        for number, reader in enumerate(library.readers):
            for at in range(number % every, ITEMS, every):
                item = library.items[at]
                assert await way(tx, reader, at, item) == rule(item, reader), (way.__name__, item, reader)
                asked += 1
    return asked


def _tells(item: Item, reader: Reader) -> bool:
    return reader.viewer.active and opens(item, reader)


def _rule_of(way: Open) -> Callable[[Item, Reader], bool]:
    if way is by_a_notice:
        return _tells
    return opens if way in OPENING else lists


SINGLE = (*OPENING, *LISTING, by_a_notice)


@pytest.mark.timeout(240)
async def test_what_is_not_the_reader_s_does_not_open(library: Library) -> None:
    for way in SINGLE:
        assert await _ask_each(library, way, _rule_of(way), every=36) == READERS * ITEMS / 36


@pytest.mark.soak
@pytest.mark.parametrize("way", SINGLE)
async def test_no_case_of_all_opens_what_is_not_the_reader_s(library: Library, way: Open) -> None:
    assert await _ask_each(library, way, _rule_of(way), every=1) >= 5000


async def test_only_what_the_sharer_could_see_is_a_duplicate(library: Library) -> None:
    async with library.database.reading() as tx:
        for number, reader in enumerate(library.readers):
            for at in range(number % 24, ITEMS, 24):
                item = library.items[at]
                told = not await _unless_refused(
                    documents.check_new(tx, reader.viewer, f"https://example.org/{at}", None)
                )
                known = item.policy is not Policy.CLOSED or item.topic in reader.inside
                known = known or governs(reader.viewer, item.topic)
                assert told == (marked(item, reader.viewer) and known and not item.withdrawn), (item, reader)
