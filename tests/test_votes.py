"""Votes: all readers are asked one question together, and see how it stands once they have chosen."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from announced import announces
from cast import administrators, forges, goes, stands_at
from hypothesis import given
from hypothesis import strategies as st
from story import Stage, buttons, written

from handlers.announcements.ballot import BUTTON, ballot, options, pattern
from handlers.announcements.presses import OpenReport, Vote
from handlers.announcements.voting import OpenVoters
from handlers.language import Say, legible
from handlers.screens import plain
from storage.announcements import Tally, folded
from storage.announcements.poll import Poll
from storage.lengths import units

MONDAY = datetime(2026, 12, 7, 6, tzinfo=UTC)
SQLITE = pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)


def poll(*options: str, several: bool = False, anonymous: bool = True) -> dict[str, Any]:
    return {"question": "Which <week>?", "options": list(options), "several": several, "anonymous": anonymous}


async def test_readers_choose_and_move_their_choice_and_administrators_see_bars_and_names(stage: Stage) -> None:
    author, second = await administrators(stage)
    reader = await stage.joined(50, "Reader Demo")
    stage.settings["delivery"] = {"per_chat_per_second": 30}
    asked = poll("First & foremost", "The second week of the coming month of May", "None", anonymous=False)
    async with stage.bot():
        n = await announces(stage, author, "When?", poll=asked)
        shown = await reader.sees(
            "Which <week>?", "1. First & foremost", "2. The second week of the coming month of May"
        )
        assert "Choose one. Not anonymous: the administrators see who chose what." in written(shown)
        assert "voted" not in written(shown)
        assert buttons(shown) == ["1. First & foremost", "2. The second week of…", "3. None", "Reply", "Settings"]
        await second.taps("1. First")
        await second.sees("✓ 1. First & foremost – 1", "1 reader has voted.")
        chosen = await goes(reader, "1. First", "✓ 1. First & foremost – 2", "2 readers have voted.")
        assert chosen["message_id"] == shown["message_id"]
        moved = await goes(
            reader, "2. The", "1. First & foremost – 1", "✓ 2. The second week of the coming month of May – 1"
        )
        assert buttons(moved)[1] == "✓ 2. The second week of…"
        await forges(reader, Vote(n, 3))
        await reader.sees("This menu is out of date")

        await forges(author, OpenReport(n))
        await author.sees("N-1: sent")
        votes = await goes(author, "Votes", "Which <week>?", "▰▰▰▰▰▱▱▱▱▱ 1 (50 %)", "2 readers have voted.")
        assert buttons(votes) == ["Names: 1", "Names: 2", "Back"]
        named = await goes(author, "Names: 2", "2. The second week", "Reader Demo")
        assert "Timur" not in written(named)

    assert await stage.rows(
        "SELECT member_id FROM announcement_recipient WHERE vote IS NOT NULL ORDER BY member_id"
    ) == [(2,), (3,)]


@SQLITE
async def test_several_are_ticked_and_unticked_until_it_is_over_and_an_anonymous_poll_names_nobody(
    stage: Stage,
) -> None:
    await stands_at(stage, MONDAY)
    author, _ = await administrators(stage)
    reader = await stage.joined(50, "Reader Demo", language="ru")
    other = await stage.joined(51, "Other Demo", state="idle")
    async with stage.bot():
        ends = (MONDAY + timedelta(days=1)).isoformat(" ", "microseconds")[:26]
        n = await announces(stage, author, "Topics", poll=poll("A", "B", several=True), expires_at=ends)
        await reader.sees("Выберите один или несколько вариантов. Анонимно: администраторы видят только числа.")
        await goes(reader, "1. A", "✓ 1. A – 1", "2. B – 0", "Проголосовал 1 читатель.")
        await goes(reader, "2. B", "✓ 1. A – 1", "✓ 2. B – 1", "Проголосовал 1 читатель.")
        await goes(reader, "1. A", "1. A – 0", "✓ 2. B – 1")
        empty = await goes(reader, "2. B", "1. A\n2. B")
        assert "читател" not in written(empty)
        await goes(reader, "2. B", "✓ 2. B – 1")
        await other.says("/help")
        await other.sees("What you can do here")
        await forges(other, Vote(n, 0))
        await other.sees("This menu is out of date")
        await forges(author, OpenVoters(n, 1, 0))
        await author.sees("This poll is anonymous")
        await forges(author, OpenReport(n))
        await author.sees("N-1: sent")
        votes = await goes(author, "Votes", "1 reader has voted.", "▱▱▱▱▱▱▱▱▱▱ 0 (0 %)", "▰▰▰▰▰▰▰▰▰▰ 1 (100 %)")
        assert buttons(votes) == ["Back"]
        await stands_at(stage, MONDAY + timedelta(days=1))
        await reader.taps("1. A")
        await reader.sees("Опрос закончен")


TEXTS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=100)


@given(
    question=TEXTS.filter(str.strip),
    given_options=st.lists(TEXTS.filter(str.strip), min_size=2, max_size=12),
    chosen=st.sets(st.integers(0, 11)),
    counts=st.lists(st.integers(0, 5000), min_size=12, max_size=12),
    several=st.booleans(),
    language=st.sampled_from(["en", "ru"]),
)
def test_a_poll_fits_its_buttons_and_is_known_again_in_a_copy_whatever_was_chosen(
    question: str,
    given_options: list[str],
    chosen: set[int],
    counts: list[int],
    several: bool,  # noqa: FBT001 - whatever it is
    language: str,
) -> None:
    found = Poll(question, tuple(given_options), several)
    mine = tuple(n for n in chosen if n < len(given_options))
    tally = Tally(tuple(counts[: len(given_options)]), sum(counts)) if mine else None
    said = ballot(found, mine, tally, Say(language))
    assert re.fullmatch(pattern(found, Say(language)), folded(legible(plain(said, 10_000))))
    rows = options(1, found, mine)
    assert len(rows) == len(given_options)
    assert all(units(row[0].label.removeprefix("✓ ")) <= BUTTON + 1 for row in rows)
