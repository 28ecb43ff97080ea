"""Lists turn page by page: no dead arrow, and nothing skipped or shown twice when something goes meanwhile."""

from __future__ import annotations

import re

import pytest
from cast import alters
from record import Json
from sqlalchemy import select
from story import Stage, buttons, written
from tour import planted

from handlers.buttons import Here, pages
from handlers.presses import Open
from storage.database import Database
from storage.members import Organisation, Role
from storage.pages import page

ITEM = re.compile(r"^[①-⑨] (.+)$", re.MULTILINE)


def test_the_first_and_the_last_page_have_no_dead_arrow() -> None:
    there, back = Open("topics"), Open("library")
    assert pages(None, None, 1, 1) == []
    for before, after, arrows in ((None, there, "1/3›"), (back, there, "‹1/3›"), (back, None, "‹1/3")):
        (row,) = pages(before, after, 1, 3)
        assert "".join(button.label for button in row) == arrows
        assert [button.press for button in row if button.label == "1/3"] == [Here()]


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_what_is_removed_meanwhile_makes_nothing_skipped_or_shown_twice(stage: Stage) -> None:
    await stage.joined(1, "Maral", roles=[Role.ADMINISTRATOR])
    member = await stage.joined(50)
    await planted(stage)
    async with stage.bot():
        await member.says("/library")
        first = shown(await member.sees("Library"))
        newest = await stage.rows("SELECT id FROM document ORDER BY id DESC LIMIT 2")
        await alters(stage, "DELETE FROM document WHERE id IN (:a, :b)", a=newest[0][0], b=newest[1][0])
        await member.taps("›")
        page = await member.sees("Library")
        second = shown(page)
        await member.taps("‹")
        again = shown(await member.sees("Library"))
    assert len(first) == len(second) == 5
    assert not set(first) & set(second)
    titles = [title for (title,) in await stage.rows("SELECT title FROM document ORDER BY id DESC")]
    assert first[2:] + second == titles[: len(first[2:] + second)]
    assert again[:3] == first[2:]
    assert {"‹", "›"} <= set(buttons(page))


async def test_a_list_of_everything_knows_how_many_pages_it_has(database: Database) -> None:
    async with database.transaction() as tx:
        tx.add_all([Organisation(name=f"O{n}", key=f"o{n}") for n in range(23)])
        await tx.flush()
        seen: list[int] = []
        first, numbers = None, []
        while True:
            found = await page(tx, select(Organisation), (Organisation.id,), first, 10, newest_first=True)
            seen += [one.id for one in found.items]
            numbers.append((found.number, found.count))
            if found.following is None:
                break
            first = found.following

    assert numbers == [(1, 3), (2, 3), (3, 3)]
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 23


def shown(found: Json) -> list[str]:
    """Return the titles on a page of the library."""
    return [title.strip("\u2068\u2069") for title in ITEM.findall(written(found))]
