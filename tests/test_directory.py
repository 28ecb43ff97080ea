"""The directory: nobody is in it by accident, and nobody finds or reads what a member does not show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from cast import alters, data_of, forges, goes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update
from story import Person, Stage, buttons, written

from handlers.directory.entry import Language, Published, Tick
from handlers.directory.search import Card, Narrow, Search, See, Turn
from storage import access, directory, members, names
from storage.access import Viewer
from storage.database import Base, Database, Transaction
from storage.directory import FIELDS, DirectoryLookup, Filters, Shown
from storage.directory.tables import blank
from storage.members import BELONGING, Category, Member, MemberState, Role
from storage.refusals import Refusal
from storage.topics import Level, Policy, Subscription, Topic

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
NAMES = ("Жахонгир Каримов", "Jahongir Karimov", "Aidana Demo", "Айдана Демо", "Øyvind Å", "Ли", "نرگس")
HIDDEN_TOPIC, OPEN_TOPIC = 2, 3


@dataclass(frozen=True)
class Profile:
    """A member and their entry, as the model knows them."""

    name: str
    country: str
    category: Category
    state: MemberState
    email: str | None
    topics: frozenset[int]
    fields: frozenset[str]
    languages: frozenset[str]
    published: bool


def somebody(chance: Random) -> Profile:
    """Return a member as chance has it."""

    def some(*of: Any) -> frozenset[Any]:
        return frozenset(one for one in of if chance.random() < 0.5)

    return Profile(
        name=chance.choice(NAMES),
        country=chance.choice(["KZ", "KG"]),
        category=chance.choice([Category.JUSTICE, Category.CSO]),
        state=chance.choice([*sorted(BELONGING), MemberState.SUSPENDED, MemberState.LEFT]),
        email=chance.choice([None, "me@example.org"]),
        topics=some(1, HIDDEN_TOPIC, OPEN_TOPIC),
        fields=some(*FIELDS),
        languages=some("en", "ru", "tk"),
        published=chance.random() < 0.8,
    )


def searches(chance: Random) -> list[Filters]:
    """Return the search for everybody, one by each filter alone, and some by several."""
    name = names.key(chance.choice(["Джахонгир", "kar", "demo aid", "Lee", "ng"]))
    values = {"country": "KZ", "category": "CSO", "topic": OPEN_TOPIC, "language": "ru", "name": name}
    several = [set(chance.sample(sorted(values), 2)) for _ in range(3)]
    chosen = [set[str](), *({one} for one in values), *several]
    found = [Filters(**{key: value for key, value in values.items() if key in one}) for one in chosen]  # type: ignore[arg-type]
    return [*found, Filters(topic=HIDDEN_TOPIC)]


def fits(one: Profile, looked: Filters) -> bool:
    """Tell whether a search finds somebody: the model of the rule, in plain Python."""
    shown = one.fields
    words = [f" {names.key(one.name)}"] if "name" in shown else []
    return (
        one.published
        and one.state in BELONGING
        and (not looked.country or ("country" in shown and one.country == looked.country))
        and (not looked.category or ("category" in shown and one.category == looked.category))
        and (not looked.topic or ("topics" in shown and looked.topic in one.topics - {HIDDEN_TOPIC}))
        and (not looked.language or looked.language in one.languages)
        and all(any(f" {word}" in name for name in words) for word in looked.name.split())
    )


def facts(shown: Shown) -> tuple[Any, ...]:
    return (
        shown.name, shown.organisation, shown.category, shown.country, len(shown.topics), shown.email,
        shown.contactable, sorted(shown.languages),
    )  # fmt: skip


def expected(one: Profile) -> tuple[Any, ...]:
    shown = one.fields
    return (
        one.name if "name" in shown else None,
        "Institute" if "organisation" in shown else None,
        one.category if "category" in shown else None,
        one.country if "country" in shown else None,
        len(one.topics - {HIDDEN_TOPIC}) if "topics" in shown else 0,
        one.email if "email" in shown else None,
        "contact" in shown,
        sorted(one.languages),
    )


def person(number: int, one: Profile) -> Member:
    at = {"id": number, "organisation_id": 1, "language": "en", "zone": "UTC", "created_at": NOW}
    return Member(**at, name=one.name, country=one.country, category=one.category, email=one.email, state=one.state)


def kept(number: int, one: Profile) -> list[Base]:
    """Return a member's entry, and what they follow or have muted."""
    entry = blank(number)
    for field in one.fields:
        entry.show(field, on=True)
    entry.languages = f",{','.join(sorted(one.languages))}," if one.languages else ""
    entry.published_at = NOW if one.published else None
    return [entry, *(Subscription(member_id=number, topic_id=n, level=Level.MUTE, since=NOW) for n in one.topics)]


async def everything(tx: Transaction, viewer: Viewer, looked: Filters) -> tuple[list[Shown], list[int]]:
    """Turn all pages of a search; return the entries, and how many each page said there are."""
    found, totals, first = [], [], None
    while True:
        await tx.execute(delete(DirectoryLookup))
        page = await directory.search(tx, viewer, looked, first, NOW)
        found += page.entries
        totals.append(page.total)
        first = page.page.following
        if first is None:
            return found, totals


@pytest.fixture
async def model(database: Database) -> tuple[Database, Viewer]:
    """A database with an organisation, a reader, and a topic that nobody may know of."""
    async with database.transaction() as tx:
        await tx.execute(update(Topic).where(Topic.id == HIDDEN_TOPIC).values(policy=Policy.CLOSED))
        await members.organisation(tx, "Institute")
        reader = await members.welcome(tx, 1, "en", "UTC", NOW)
        reader.state = MemberState.ACTIVE
        return database, await access.viewer(tx, reader.id)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chance=st.randoms(use_true_random=True), size=st.integers(0, 24))
async def test_a_search_finds_by_what_is_shown_shows_only_that_and_counts_nobody_else(
    model: tuple[Database, Viewer], chance: Random, size: int
) -> None:
    database, reader = model
    people = [somebody(chance) for _ in range(size)]
    async with database.transaction() as tx:
        await tx.execute(delete(Member).where(Member.id != reader.id))
        tx.add_all([person(number, one) for number, one in enumerate(people, 100)])
        await tx.flush()
        tx.add_all([row for number, one in enumerate(people, 100) for row in kept(number, one)])
        await tx.flush()
        found = {looked: await everything(tx, reader, looked) for looked in searches(chance)}

    for looked, (entries, totals) in found.items():
        fitting = [one for one in people if fits(one, looked)]
        assert sorted(map(repr, map(facts, entries))) == sorted(map(repr, map(expected, fitting))), looked
        assert set(totals) == {len(fitting)}
        shown = [names.key(one.name) for one in entries if one.name is not None]
        assert shown == sorted(shown)
        assert [one.name is None for one in entries] == sorted(one.name is None for one in entries)


async def looks(tx: Transaction, viewer: Viewer, count: int, at: datetime) -> None:
    for _ in range(count):
        await directory.search(tx, viewer, Filters(), None, at)


async def test_looks_are_counted_by_the_hour_and_the_day_and_forgotten_after_a_month(
    model: tuple[Database, Viewer],
) -> None:
    database, reader = model
    async with database.transaction() as tx:
        await looks(tx, reader, 30, NOW)
        for again in (lambda: looks(tx, reader, 1, NOW + timedelta(minutes=50)), lambda: card(tx, reader)):
            with pytest.raises(Refusal, match="directory:hour"):
                await again()
        with pytest.raises(Refusal) as refused:
            await looks(tx, reader, 1, NOW + timedelta(minutes=50, seconds=1))
        await looks(tx, reader, 30, NOW + timedelta(hours=2))
        await looks(tx, reader, 30, NOW + timedelta(hours=4))
        await looks(tx, reader, 10, NOW + timedelta(hours=6))
        with pytest.raises(Refusal) as over:
            await looks(tx, reader, 1, NOW + timedelta(hours=8))
        await looks(tx, reader, 1, NOW + timedelta(days=1, minutes=1))
        await directory.forget(tx, NOW + timedelta(days=30, hours=5))
        left = list(await tx.scalars(select(DirectoryLookup.at).order_by(DirectoryLookup.at)))

    assert (refused.value.facts["most"], refused.value.facts["minutes"]) == (30, 10)
    assert (over.value.reason, over.value.facts["most"], over.value.facts["hours"]) == ("directory:day", 100, 16)
    assert (len(left), left[0]) == (11, NOW + timedelta(hours=6))


async def card(tx: Transaction, viewer: Viewer) -> None:
    await directory.card(tx, viewer, 1, NOW + timedelta(minutes=1))


SUGGESTED = {
    Category.GOV_POLICY: ["Name", "Organisation", "Category", "Country"],
    Category.GOV_PRACT: ["Name", "Organisation", "Requests for contact"],
    Category.MEDIA: [],
    Category.CSO: [],
}


def ticked(screen: dict[str, Any]) -> list[str]:
    return [label.removeprefix("✓ ") for label in buttons(screen) if label.startswith("✓ ")]


async def test_what_is_ticked_at_first_depends_on_how_safe_it_is_to_be_found(stage: Stage) -> None:
    people = {c: await stage.joined(50 + n, f"Member {n}", category=c) for n, c in enumerate(SUGGESTED)}
    focal = await stage.joined(
        70, "Focal Demo", category=Category.JUSTICE, roles=[members.Office(Role.FOCAL_POINT, country="KZ")]
    )
    async with stage.bot():
        for category, person in people.items():
            await person.says("/directory")
            await person.sees("Directory")
            screen = await goes(person, "My entry", "Not published", "would read")
            assert ticked(screen) == SUGGESTED[category], category
            assert ("being found can be a risk" in written(screen)) is (category is Category.CSO)
        await focal.says("/directory")
        await focal.sees("Directory")
        assert "Requests for contact" in ticked(await goes(focal, "My entry", "Not published"))
    assert await stage.rows("SELECT count(*) FROM directory_entry") == [(0,)]


async def publishes(person: Person, *lines: str) -> dict[str, Any]:
    await person.says("/directory")
    await person.sees("Directory")
    await goes(person, "My entry", "Not published")
    return await goes(person, "Publish", "Published since", *lines)


async def test_an_entry_is_published_read_changed_and_taken_down_at_once(stage: Stage) -> None:
    owner = await stage.joined(
        50, "Жахонгир <Каримов>", category=Category.JUSTICE, email="me@example.org", topics=["media"],
        organisation="Court & Co",
    )  # fmt: skip
    reader = await stage.joined(51, "Reader Demo", category=Category.CSO)
    async with stage.bot():
        await reader.says("/directory jahongir")
        await reader.sees("0 entries fit", "Nobody is found")
        await publishes(owner, "Жахонгир <Каримов>", "Court & Co", "Justice", "Kazakhstan")
        await reader.says("/directory jahongir")
        await reader.sees("1 entry fits", "Жахонгир <Каримов>", "Court & Co")
        opened = await goes(reader, "①", "Organisation: \u2068Court & Co")
        assert "me@example.org" not in written(opened)
        assert "Ask for contact" not in buttons(opened)
        seen = await goes(reader, "Back", "1 entry fits")
        assert seen["message_id"] == opened["message_id"]

        for label in ("E-mail", "Topics", "Requests for contact"):
            await goes(owner, label, "Published since")
        await goes(owner, "Languages", "Which languages")
        await goes(owner, "Türkmen dili", "Which languages")
        await goes(owner, "Back", "Languages: \u2068Türkmen dili")
        await goes(owner, "About my work", "in one line")
        await owner.says("x" * 301)
        await owner.sees("300")
        await owner.says("Juvenile <justice>")
        await owner.sees("read it once more")
        await goes(owner, "Save", "About my work: \u2068Juvenile <justice>", "me@example.org")
        entry = await goes(reader, "①", "me@example.org", "Media and communication", "Juvenile <justice>")
        assert "Ask for contact" in buttons(entry)
        await goes(owner, "Name", "A member")
        await reader.taps("Ask for contact")
        await reader.sees("no such entry in the directory any more")
        await goes(owner, "Take down", "Not published", "Court & Co")
        await goes(reader, "Back", "0 entries fit")

    changes = await stage.rows("SELECT facts FROM audit WHERE event = 'directory:changed' ORDER BY id")
    assert len(changes) == 8
    assert "Жахонгир" not in str(changes)
    assert "Court" not in str(changes)


async def test_filters_add_up_are_buttons_and_find_nothing_that_is_hidden(stage: Stage) -> None:
    owner = await stage.joined(
        50, "Hidden Demo", category=Category.JUSTICE, topics=["media"], organisation="Court & Co"
    )
    reader = await stage.joined(51, "Reader Demo", category=Category.CSO)
    async with stage.bot():
        await publishes(owner, "Hidden Demo")
        for label in ("Topics", "Name"):
            await goes(owner, label, "Published since")
        await goes(owner, "Languages", "Which languages")
        await goes(owner, "Türkmen dili", "Which languages")
        await goes(owner, "Back", "A member", "Languages: \u2068Türkmen dili")
        await reader.says("/directory hidden")
        await reader.sees("0 entries fit")
        await reader.says("/directory")
        await reader.sees("Members who chose to be found")
        await goes(reader, "Country", "Which country")
        await goes(reader, "Kazakhstan", "Members who chose")
        await goes(reader, "Topic", "Which topic")
        await goes(reader, "Media and communication", "Members who chose")
        await goes(reader, "Language", "Which language")
        await goes(reader, "Türkmen dili", "Members who chose")
        await goes(reader, "Show members", "1 entry fits", "Kazakhstan", "Justice")
        found = await goes(reader, "Change filters", "Members who chose")
        assert ticked(found) == ["Kazakhstan", "Media and communication", "Türkmen dili"]
        await goes(reader, "✓ Kazakhstan", "Members who chose")
        await goes(reader, "Show members", "1 entry fits", "A member", "Court & Co")
        await goes(owner, "Country", "Published since")
        await goes(reader, "Change filters", "Members who chose")
        await goes(reader, "Country", "Which country")
        await goes(reader, "Kazakhstan", "Members who chose")
        await goes(reader, "Show members", "0 entries fit")
        await goes(reader, "Change filters", "Members who chose")
        await goes(reader, "Clear filters", "Members who chose")
        await goes(reader, "Show members", "1 entry fits", "A member", "Court & Co")


async def test_ten_a_page_by_name_in_any_script_and_thirty_looks_an_hour(stage: Stage) -> None:
    spelled = ["Азамат", "Beken", "Чолпон", "Damir", "Елена", "Farida", "Гульнара", "Hasan", "Ilona", "Жанар", "Kanat"]
    await published(stage, spelled)
    reader = await stage.joined(49, "Reader Demo", category=Category.MEDIA)
    administrator = await stage.joined(1, "Maral", roles=[Role.ADMINISTRATOR], category=Category.MEDIA)
    async with stage.bot():
        await reader.says("/directory")
        await reader.sees("Directory")
        first = await goes(reader, "Show members", "11 entries fit", "Азамат")
        order = sorted(spelled, key=names.key)
        assert [name for name in order if name in written(first)] == order[:10]
        assert sorted(order[:10], key=written(first).index) == order[:10]
        second = await goes(reader, "›", order[10])
        assert order[9] not in written(second)
        await goes(reader, "‹", order[0])
        own = data_of(second, "›" if "›" in buttons(second) else "‹")
        await looked(stage, 49, 27)
        await looked(stage, 1, 30)
        await reader.taps("①")
        await reader.sees("30 pages and cards within an hour", "come back in 60 min.")
        await reader.says("/directory x")
        await reader.sees("at least two letters")
        await administrator.says("/directory jan")
        await administrator.sees("30 pages and cards within an hour")
        await administrator.does("press", chat=1, message_id=max(administrator.seen), data=own, forge=True)
        await administrator.sees("This page is too old")
        await stage.control.post("/clock", advance=3601)
        await reader.says("/directory")
        await reader.sees("Directory")
        await goes(reader, "Find by name", "Whose name")
        await reader.says("джанар")
        await reader.sees("read it once more")
        await goes(reader, "Show members", "1 entry fits", "Жанар")
    filters_kept = str(await stage.rows("SELECT filters FROM directory_lookup"))
    assert "janar" in filters_kept


async def looked(stage: Stage, telegram_id: int, times: int) -> None:
    """Let somebody have looked into the directory so many times just now."""
    at = await stage.now()
    async with stage.beside() as database, database.transaction() as tx:
        member = await members.by_telegram(tx, telegram_id)
        assert member is not None
        tx.add_all([DirectoryLookup(member_id=member.id, filters={"card": True}, at=at) for _ in range(times)])


async def published(stage: Stage, people: list[str]) -> None:
    """Let people have entries that show their name; call it before the bot comes."""
    for n, name in enumerate(people):
        await stage.joined(50 + n, name, category=Category.JUSTICE)
    now = await stage.now()
    async with stage.beside() as database, database.transaction() as tx:
        for member_id in await tx.scalars(select(Member.id).order_by(Member.id)):
            await directory.publish(tx, await access.viewer(tx, member_id), now)


async def test_forged_presses_and_who_does_not_belong_any_more_show_nothing(stage: Stage) -> None:
    await published(stage, ["Shown Demo", "Suspended Demo"])
    reader = await stage.joined(49, "Reader Demo", category=Category.MEDIA)
    async with stage.bot():
        await alters(stage, "UPDATE member SET state = 'suspended' WHERE name = 'Suspended Demo'")
        await reader.says("/directory demo")
        await reader.sees("1 entry fits", "Shown Demo")
        pressed = (
            Narrow("XX", "", 0, ""), Search("KZ", "?", 0, ""), Search("", "", -1, ""), Search("", "", 0, "de"),
            Tick("state", 1), Language("de", 1),
        )  # fmt: skip
        for press in pressed:
            await forges(reader, press)
            await reader.sees("out of date")
        await forges(reader, Tick("email", 1))
        await reader.sees("none to show")
        for gone in (Card(1, 1), Turn(999, 0), See(999)):
            await forges(reader, gone)
            await reader.sees("no such entry" if isinstance(gone, Card) else "too old")
        await forges(reader, Published(0))
        await reader.sees("Not published")
    assert await stage.rows("SELECT problem FROM inbox WHERE attempts > 0") == []
