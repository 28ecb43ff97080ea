"""The library as members see it: lists of five, the best first, narrowed by buttons, and never a blank."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cast import SOAKED, forges, goes, paper, shelves
from story import Person, Stage, buttons, written

from handlers.documents.library import Found, Narrow
from storage.documents import Kind


async def finds(person: Person, words: str, *titles: str) -> dict[str, Any]:
    """Search, and see exactly these titles."""
    await person.says(words)
    answer = await person.sees(f"“\u2068{words}\u2069”")
    for title in titles:
        assert title in written(answer), (words, written(answer))
    assert sum(label in "①②③④⑤" for label in buttons(answer)) == len(titles), written(answer)
    return answer


@SOAKED
async def test_words_are_found_however_they_are_written(stage: Stage) -> None:
    member = await stage.joined(50)
    titles = (
        "Ёлкин: отчёт", "Oʻzbekiston va chegara_nazorati", "Border security", "Security of borders 100%",
        "Türkmenistan", "Реабилитация и реинтеграция возвратившихся лиц",
    )  # fmt: skip
    await shelves(stage, 50, *map(paper, titles))
    async with stage.bot():
        for words, found in (
            ("елкин", ["Ёлкин"]), ("o'zbek", ["Oʻzbekiston"]), ("chegara nazorat", ["Oʻzbekiston"]),
            ("туркмен", ["Türkmenistan"]), ("100%", ["100%"]), ("узбекистане", ["Oʻzbekiston"]),
            ("secur bord", ["Border security", "Security of borders"]), ("zzzz", []),
            ("D-3", ["Border security"]), ("д-99", []),
            ("реабилитация и реинтеграция возвратившихся лиц", ["Реабилитация"]),
        ):  # fmt: skip
            await finds(member, words, *found)
        slip = await finds(member, "broder", "Border security", "Security of borders")
        assert "Did you mean “\u2068border\u2069”?" in written(slip)
        some = await finds(member, "border weather", "Border security", "Security of borders")
        assert "this holds some of them" in written(some)
        for odd in ("%", "'", "…"):
            await member.says(odd)
            await member.sees("at least one letter or number")
        for long in (f"/search {'x' * 101}", "y" * 101):
            await member.says(long)
            await member.sees("That is a long text")


@SOAKED
async def test_pages_turn_in_place_and_titles_come_first(stage: Stage) -> None:
    member = await stage.joined(50)
    papers = (paper(f"Paper {number}") for number in range(1, 7))
    await shelves(stage, 50, *papers, paper("A text by others", publisher="Paper press"))
    async with stage.bot():
        await member.says("paper")
        first = await member.sees("Found for")
        assert written(first).index("Paper 6") < written(first).index("Paper 2")
        assert "A text by others" not in written(first)
        second = await goes(member, "›", "Paper 1", "A text by others")
        assert second["message_id"] == first["message_id"]
        assert buttons(second) == ["①", "②", "‹", "2/2", "Filter", "Menu"]
        await forges(member, Found(-5, "", "paper"))
        await member.sees("Paper 6")
        for forged in (Found(0, "t1;drop", "x"), Found(0, "y20", ""), Narrow("t", "kx", "")):
            await forges(member, forged)
            await member.sees("out of date")
        await member.says("/library")
        shelf = await member.sees("Library", "A text by others")
        last = await goes(member, "›", "Paper 1")
        assert last["message_id"] == shelf["message_id"]


@SOAKED
async def test_a_list_is_narrowed_in_three_taps_and_every_filter_can_be_lifted(stage: Stage) -> None:
    member = await stage.joined(50)
    facts: dict[str, Any] = {"year": 2014, "languages": "en ru", "pillars": "P1 P4", "country": "KZ"}
    await shelves(
        stage, 50,
        replace(paper("Media handbook"), kind=Kind.HANDBOOK, titles={"ru": "Пособие для прессы"}, **facts),
        replace(paper("Media research"), kind=Kind.RESEARCH, year=2015),
        replace(paper("Rehabilitation", topic=7), year=2015),
    )  # fmt: skip
    async with stage.bot():
        await member.says("/library")
        await member.sees("Library", "Media research", "Rehabilitation")
        facets = await goes(member, "Filter", "Narrow the list by what?")
        assert buttons(facets) == ["Topic", "Pillar", "Language", "Year", "Type", "Back"]
        years = await goes(member, "Year", "Show only: Year")
        assert buttons(years) == ["2015 (2)", "2014 (1)", "Back"]
        only = await goes(member, "2015 (2)", "Only: 2015", "Media research", "Rehabilitation")
        assert "handbook" not in written(only)
        await goes(member, "Filter", "Narrow the list by what?")
        await goes(member, "Topic", "Show only: Topic")
        narrow = await goes(member, "Media and communication (1)", "Only: Media and communication · 2015")
        assert "Rehabilitation" not in written(narrow)
        await goes(member, "Remove the filters", "Library", "Media handbook")
        empty = await goes(member, "See saved", "Saved", "You have saved nothing yet")
        assert buttons(empty) == ["Browse all", "Share", "Menu"]
        await finds(member, "прессы", "Media handbook")
        await member.says("/language")
        await goes(member, "Русский", "Пришлите ссылку")
        await member.says("пресса")
        await member.sees("Пособие для прессы", "TLP:CLEAR")
