"""Search: what people mean is found, however they write it, and both engines answer alike."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from databases import Files, Server
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from handlers.documents.narrowing import ROOM, packed, squeezed, stretched, unpacked
from storage import documents, members, membership, topics
from storage.access import Viewer
from storage.database import Database
from storage.documents import Document, DocumentWords, Draft, Filters, Kind, spelling
from storage.members import MemberState
from storage.membership import Step
from storage.refusals import Refusal
from storage.tlp import Label

GOLD = tomllib.loads((Path(__file__).parent / "gold.toml").read_text(encoding="utf-8"))
QUERIES = [(language, *query) for language, queries in GOLD["queries"].items() for query in queries]
ENOUGH, AMONG = 0.9, 3
NOW = datetime(2026, 12, 7, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Shelf:
    """A library on one engine, and somebody who reads in it."""

    database: Database
    viewer: Viewer
    topics: tuple[int, ...]

    async def share(self, *drafts: Draft) -> list[int]:
        async with self.database.transaction() as tx:
            rows = [await documents.share(tx, self.viewer, draft, Label.AMBER, NOW) for draft in drafts]
        return [row.id for row in rows]

    async def search(self, words: str, filters: Filters = Filters()) -> documents.Hits:  # noqa: B008 - frozen
        async with self.database.reading() as tx:
            return await documents.search(tx, self.viewer, words, filters)

    async def titles(self, words: str, filters: Filters = Filters()) -> list[str]:  # noqa: B008 - frozen
        async with self.database.reading() as tx:
            hits = await documents.search(tx, self.viewer, words, filters)
            return [row.title for row in await documents.shown(tx, self.viewer, hits.ids)]


@pytest.fixture
async def shelves(tmp_path: Path, files: Files, server: Server) -> AsyncIterator[list[Shelf]]:
    """The same empty library on both engines; without PostgreSQL there is nothing to compare."""
    await files.copy(tmp_path / "network.db")
    taken = await server.take()
    both = [Database(f"sqlite+aiosqlite:///{tmp_path / 'network.db'}"), Database(taken.url)]
    yield [await _opened(database) for database in both]
    for database in both:
        await database.close()
    server.give_back(taken)


async def _opened(database: Database) -> Shelf:
    async with database.transaction() as tx:
        member = await members.welcome(tx, 50, "en", "UTC", NOW)
        house = (await members.organisation(tx, "House")).id
        known = tuple(topic.id for topic in await topics.everything(tx))
    return Shelf(database, Viewer(member.id, MemberState.ACTIVE, frozenset(), house, "en", "UTC"), known)


def paper(title: str, topic: int, **facts: Any) -> Draft:
    return Draft(title, topic, facts.pop("label", Label.GREEN), f"https://example.org/{hash(title)}", **facts)


async def test_what_is_meant_is_among_the_first_three_and_both_engines_agree(shelves: list[Shelf]) -> None:
    names: dict[int, str] = {}
    for shelf in shelves:
        for name, facts in GOLD["documents"].items():
            titles = {"ru": facts["ru"]} if "ru" in facts else {}
            told = {"publisher": facts["publisher"], "year": facts["year"], "description": facts.get("text")}
            [number] = await shelf.share(paper(facts["title"], shelf.topics[0], titles=titles, **told))
            names[number] = name
    missed = []
    for language, words, wanted in QUERIES:
        first, second = [[names[found] for found in (await shelf.search(words)).ids] for shelf in shelves]
        assert first == second, words
        if wanted not in first[:AMONG]:
            missed.append((language, words, wanted, first[:AMONG]))
    assert len(QUERIES) >= 60
    for language, queries in GOLD["queries"].items():
        assert sum(miss[0] == language for miss in missed) <= (1 - ENOUGH) * len(queries), missed


async def test_a_list_is_narrowed_and_a_slip_of_the_pen_is_understood(shelves: list[Shelf]) -> None:
    for shelf in shelves:
        first, second = shelf.topics[:2]
        facts: dict[str, Any] = {"year": 2014, "languages": "en ru", "pillars": "P1 P4", "country": "KZ"}
        await shelf.share(
            paper("Media handbook", first, kind=Kind.HANDBOOK, also=(second,), **facts),
            paper("Media report", first, kind=Kind.REPORT, year=2015, languages="fr", pillars="P2", country="UZ"),
            paper("Rehabilitation of returnees", second),
        )
        for narrowed in (
            Filters(kind=Kind.HANDBOOK), Filters(topic_id=second), Filters(year=2014), Filters(language="ru"),
            Filters(pillar="P4"), Filters(country="KZ"),
        ):  # fmt: skip
            assert await shelf.titles("media", narrowed) == ["Media handbook"], narrowed
        assert await shelf.titles("", Filters(topic_id=first)) == ["Media report", "Media handbook"]
        assert await shelf.titles("", Filters(saved=True)) == []
        slip = await shelf.search("rehabiltation")
        assert (len(slip.ids), slip.meant) == (1, "rehabilitation")
        some = await shelf.search("media weather")
        assert (some.partly, len(some.ids)) == (True, 2)
        for nothing in ("zzzz", "ъ", "ьъ"):
            assert (await shelf.search(nothing)).ids == ()
        assert (await shelf.search("ъ rehabilitation")).meant is None
        assert await shelf.titles("казахстан") == ["Media handbook"]


async def test_titles_and_topics_of_others_are_not_told_by_what_is_proposed_or_filtered(shelves: list[Shelf]) -> None:
    for shelf in shelves:
        first, second = shelf.topics[:2]
        await shelf.share(
            paper("Lyrafix notes", first),
            paper("Media plan", first, also=(second,)),
            paper("Zyrafix assessment", first, label=Label.AMBER),
        )
        async with shelf.database.transaction() as tx:
            stranger = await members.welcome(tx, 51, "en", "UTC", NOW)
            (await tx.get_one(topics.Topic, second)).policy = topics.Policy.CLOSED
        other = replace(shelf, viewer=replace(shelf.viewer, id=stranger.id, organisation_id=None))
        assert (await shelf.search("zyrafix")).meant is None
        assert (await other.search("zyrafix")).meant == "lyrafix"
        assert await other.titles("media") == ["Media plan"]
        assert await other.titles("", Filters(topic_id=second)) == []


async def test_only_what_stands_last_is_listed_whatever_is_withdrawn_between(shelves: list[Shelf]) -> None:
    for shelf in shelves[:1]:
        plan = replace(paper("The plan", shelf.topics[0]), url="https://example.org/plan")

        async def renewed(number: int, shelf: Shelf = shelf, plan: Draft = plan) -> int:
            [anew] = await shelf.share(replace(plan, replaces=number))
            async with shelf.database.transaction() as tx:
                row = await documents.by_id(tx, shelf.viewer, anew)
                await documents.supersede(tx, shelf.viewer, number, row, NOW)
            return anew

        async def withdraws(number: int, shelf: Shelf = shelf) -> None:
            async with shelf.database.transaction() as tx:
                await documents.withdraw(tx, shelf.viewer, number, NOW)

        [first] = await shelf.share(plan)
        async with shelf.database.transaction() as tx:
            await documents.words.index(tx, await documents.by_id(tx, shelf.viewer, first), "harmonisation")
        assert (await shelf.search("harmonisation")).ids == (first,)
        async with shelf.database.transaction() as tx:
            await documents.readdress(tx, shelf.viewer, first, "https://example.org/plan", NOW)
        assert (await shelf.search("harmonisation")).ids == ()
        second = await renewed(first)
        third = await renewed(second)
        await withdraws(second)
        assert (await shelf.search("plan")).ids == (third,)
        await withdraws(third)
        assert (await shelf.search("plan")).ids == (first,)
        fourth = await renewed(first)
        assert (await shelf.search("plan")).ids == (fourth,)


@pytest.mark.parametrize("act", ["replaces", "leaves"])
async def test_who_replaces_a_document_or_leaves_it_waits_for_who_changes_it(shelves: list[Shelf], act: str) -> None:
    shelf, begins = shelves[1], asyncio.Event()
    [number] = await shelf.share(paper("The plan", shelf.topics[0]))
    async with shelf.database.transaction() as tx:
        (await members.held(tx, shelf.viewer.id)).state = MemberState.ACTIVE

    async def acts() -> None:
        await begins.wait()
        async with shelf.database.transaction() as tx:
            if act == "replaces":
                anew = replace(paper("The new plan", shelf.topics[0]), replaces=number)
                row = await documents.share(tx, shelf.viewer, anew, Label.AMBER, NOW)
                await documents.supersede(tx, shelf.viewer, number, row, NOW)
            else:
                await membership.move(tx, await members.held(tx, shelf.viewer.id), Step.LEFT, NOW, by=shelf.viewer.id)

    waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    async with asyncio.TaskGroup() as both, asyncio.timeout(20):
        both.create_task(acts())
        async with shelf.database.transaction() as tx:
            await documents.to_change(tx, shelf.viewer, number)
            begins.set()
            while not await tx.scalar(text(waits)):
                continue
            await documents.confirm(tx, shelf.viewer, number, NOW)  # writes to the log


async def test_a_new_recipe_folds_every_document_anew(shelves: list[Shelf]) -> None:
    for shelf in shelves:
        await shelf.share(paper("Ёлкин", shelf.topics[0]), paper("Намунаев", shelf.topics[0]))
        async with shelf.database.transaction() as tx:
            for row in await tx.scalars(select(DocumentWords)):
                row.title, row.version = "", 0
        assert (await shelf.search("елкин")).ids == ()
        async with shelf.database.transaction() as tx:
            assert [await documents.reindex(tx, 1), await documents.reindex(tx, 5), await documents.reindex(tx, 5)] == [
                1, 1, 0,
            ]  # fmt: skip
        assert await shelf.titles("Namunayev") == ["Намунаев"]


SAME = (
    "Жахонгир Jahongir Jaxongir Джахонгир Zhakhongir Dzhakhongir", "Ғалымжан Galymzhan Ghalymjan Галымжан",
    "Ҷамшед Jamshed Джамшед", "Гүлшат Gülşat Gulshat", "Язмухаммедова Ýazmuhammedowa Yazmukhammedova",
    "Қасымжомарт Касымжомарт Kassymjomart Qasymjomart", "Хуршед Xurshed Khurshed", "Ёлкин Елкин ЁЛКИН",
)  # fmt: skip


@pytest.mark.parametrize("group", SAME)
def test_spellings_of_a_name_have_one_key(group: str) -> None:
    assert len({spelling.forms(word).key for word in spelling.words(group)}) == 1


@pytest.mark.parametrize(
    "group",
    ["Ўзбекистон Oʻzbekiston O'zbekiston O‘zbekiston Uzbekistan Узбекистане Oʻzbekistonda Өзбекстанда ازبکستان"],
)
def test_names_of_a_country_mean_one_place(group: str) -> None:
    assert {spelling.forms(word).place for word in spelling.words(group)} == {"πuz"}


@pytest.mark.parametrize("group", ["Ўктам Уктам Oʻktam Uktam", "terrorism терроризм terrorizm", "конфликт conflict"])
def test_vowels_and_borrowed_letters_meet_in_the_loose_key(group: str) -> None:
    assert len({spelling.forms(word).loose for word in spelling.words(group)}) == 1


@given(st.text(max_size=60))
def test_whatever_is_written_folds_to_words_that_fold_to_themselves(written: str) -> None:
    folded = spelling.fold(written)
    assert spelling.fold(folded) == folded
    assert all(token.isalnum() for token in spelling.indexed(written).split())


filters = st.builds(
    Filters,
    topic_id=st.none() | st.integers(1, 9_999_999),
    pillar=st.none() | st.sampled_from(["P1", "P4"]),
    language=st.none() | st.sampled_from(["en", "uz", "prs"]),
    year=st.none() | st.integers(1945, 2030),
    country=st.none() | st.sampled_from(["KZ", "AF"]),
    kind=st.none() | st.sampled_from(Kind),
    saved=st.booleans(),
)


@given(st.text(st.sampled_from("abcжқшяé Ёў'سح1"), max_size=90), filters)
def test_a_button_carries_words_and_filters(words: str, narrowed: Filters) -> None:
    carried = packed(narrowed)
    assert unpacked(carried) == narrowed
    kept = squeezed(words, ROOM - len(carried))
    assert len(kept.encode()) + len(carried) <= ROOM
    folded = documents.fold(words)
    back = stretched(kept)
    if len(folded.encode()) <= ROOM - len(carried):
        assert back == folded
    assert all(any(whole.startswith(part) for whole in folded.split()) for part in back.split())


def test_documents_say_their_title_in_the_reader_s_language() -> None:
    row = Document(title="Border security", titles={"ru": "Безопасность границ"})
    assert [row.title_in(language) for language in ("ru", "en", "kk")] == [
        "Безопасность границ", "Border security", "Border security",
    ]  # fmt: skip


async def test_what_two_share_at_the_same_moment_is_there_once(shelves: list[Shelf]) -> None:
    for shelf in shelves:
        same = paper("The same paper", shelf.topics[0])
        ended = await asyncio.gather(*(shelf.share(same) for _ in range(5)), return_exceptions=True)
        refused = [one.reason for one in ended if isinstance(one, Refusal)]
        assert refused == ["document:duplicate"] * 4, ended
        assert await shelf.titles("same paper") == ["The same paper"]
