"""Verifying: a code or a copy is genuine, corrected, revoked or unknown, and nobody learns more than they may read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from announced import TEXT, announces, arrives, code_of
from cast import administrators, alters, goes
from hypothesis import assume, given
from hypothesis import strategies as st
from story import Person, Stage, written
from telegram import Chat, Message, MessageEntity

from bot.sandbox import entities
from handlers.announcements.comparing import code_of_copy, digests
from handlers.announcements.reading import Content, draw
from handlers.context import Policy
from handlers.language import Say
from storage import announcements
from storage.announcements import Announcement, Tally, code_in
from storage.announcements.poll import Poll
from storage.applications import Admission
from storage.digests import Editing
from storage.members import MemberState
from storage.tlp import Label

SOME_DAY = datetime(2026, 12, 1, tzinfo=UTC)
SQLITE = pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
GENUINE, UNKNOWN, DIFFERS = "✓ Genuine: this code is of", "✗ Unknown", "the words differ"


async def forwards(person: Person, copy: dict[str, Any], *seen: str) -> dict[str, Any]:
    """Forward a message to the bot, and wait for what it says."""
    await person.does("forward", message_id=copy["message_id"], chat=person.chat)
    return await person.sees(*seen)


async def pretends(person: Person, copy: dict[str, Any], old: str, new: str, *seen: str) -> None:
    """Forward what somebody has made of a copy."""
    content = {"text": written(copy).replace(old, new)}
    if old == new:
        content["entities"] = [e | ({"url": "https://evil.example/f"} if "url" in e else {}) for e in copy["entities"]]
    await person.sends(**content, forward_from="Somebody")
    await person.sees(*seen)


async def test_a_code_and_a_forwarded_copy_are_told_from_what_was_never_sent_so(stage: Stage) -> None:
    author, _ = await administrators(stage)
    reader = await stage.joined(50, "Reader Demo")
    stranger = await stage.joined(60, "Stranger Demo", state=MemberState.VISITOR)
    stage.settings["delivery"] = {"per_chat_per_second": 30}
    async with stage.bot():
        n = await announces(stage, author, "The meeting", "TLP:CLEAR")
        copy, code = await reader.sees("The meeting", "/verify"), await code_of(stage, n)
        for typed in (code, code.lower(), code.replace("-", ""), f" {code.replace('0', 'o').replace('1', 'l')} "):
            await reader.says(f"/verify {typed}")
            shown = await reader.sees(GENUINE, "“The meeting” (N-1)")
            assert written(shown).startswith("TLP:CLEAR")
        await reader.says(f"/verify {'2' if code[0] == '3' else '3'}{code[1:]}")
        await reader.sees(UNKNOWN)
        await reader.says("/verify hello")
        await reader.sees("There is no code in this")
        await reader.says("/verify")
        await reader.sees("Write the code of an announcement")
        await stranger.says(f"/verify {code}")
        shown = await stranger.sees(GENUINE)
        assert "meeting" not in written(shown)
        assert "N-1" not in written(shown)

        await forwards(reader, copy, "✓ Genuine, word for word", "“The meeting” (N-1)")
        await reader.sends(text="/verify", reply_to=copy["message_id"])
        await reader.sees("✓ Genuine, word for word")
        for old, new in (("Friday", "Monday"), ("TLP:CLEAR", "TLP:GREEN"), ("genuine.", "genuine. Pay now."), ("", "")):
            await pretends(reader, copy, old, new, DIFFERS)
        await pretends(reader, copy, code, "ZZZZ-ZZZZ", UNKNOWN)
        await pretends(stranger, copy, "nothing", "else", DIFFERS)  # its link is gone
        await reader.sends(text="See https://example.org/paper 2024-2025", forward_from="Somebody")
        await reader.sees("Traffic Light Protocol")
        await goes(reader, "Cancel", "Cancelled")

        async with stage.beside() as database, database.transaction() as tx:
            row = await tx.get(Announcement, n)
            assert row is not None
            row.version, row.titles, row.corrected_at = 2, {"en": "The other meeting"}, row.sent_at
            await announcements.remember_words(tx, row)
        await reader.says(f"/verify {code}")
        await reader.sees("✓ Genuine, but corrected", "there is a newer version", "“The other meeting”")
        await forwards(reader, copy, "word for word, but corrected since")
        await pretends(reader, copy, "The meeting", "The other meeting", DIFFERS)
        await alters(stage, "UPDATE announcement SET state = 'retracted', retracted_at = sent_at")
        await forwards(reader, copy, "✗ Revoked", "Test network took this announcement back")
        await stranger.says(f"/verify {code}")
        shown = await stranger.sees("✗ Revoked")
        assert "meeting" not in written(shown)

    assert await stage.rows("SELECT count(*) FROM document") == [(0,)]


@SQLITE
async def test_of_a_marked_announcement_only_its_readers_learn_which_and_nobody_tries_all_codes(stage: Stage) -> None:
    author, _ = await administrators(stage)
    reader = await stage.joined(50, "Reader Demo", organisation="Amber House", language="ru")
    other = await stage.joined(51, "Other Demo")
    async with stage.bot():
        ((house,),) = await stage.rows("SELECT organisation_id FROM member WHERE telegram_id = 50")
        meant = [[["organisation", [str(house)], False]]]
        n = await announces(stage, author, "Inside", "TLP:AMBER", audience=meant)
        code = await code_of(stage, n)
        await reader.says(f"/verify {code}")
        shown = await reader.sees("✓ Подлинное: это код объявления", "«Inside» (N-1)")
        assert written(shown).startswith("TLP:AMBER")
        assert shown["has_protected_content"]
        await other.says(f"/verify {code}")
        shown = await other.sees(GENUINE)
        assert not any(told in written(shown) for told in ("Inside", "AMBER", "N-1"))
        for number in range(19):
            await other.says(f"/verify 0000-00{number:02}")
            await other.sees(UNKNOWN)
        await other.says(f"/verify {code}")
        await other.sees("You have asked for 20 codes within an hour. Please try again in 60 minutes.")
        await stage.control.post("/clock", advance=3700)
        await other.says(f"/verify {code}")
        await other.sees(GENUINE)


@SQLITE
async def test_what_has_not_left_is_unknown_and_a_russian_copy_is_read_with_all_that_stands_around_it(
    stage: Stage,
) -> None:
    author, _ = await administrators(stage)
    reader = await stage.joined(50, "Reader Demo", language="ru")
    asked = {"question": "Когда?", "options": ["Завтра", "Never"], "several": False, "anonymous": True}
    async with stage.bot():
        n = await announces(stage, author, "Встреча", "TLP:CLEAR", by=datetime.now(UTC) + timedelta(days=3), poll=asked)
        await arrives(stage)
        await goes(reader, "1. Завтра", "✓ 1. Завтра – 1")
        copy = await goes(reader, "Подтвердить", "✓ Вы подтвердили прочтение.", TEXT, "✓ 1. Завтра – 1")
        await forwards(reader, copy, "✓ Подлинное, слово в слово")
        await pretends(reader, copy, "Завтра – 1", "Завтра – позвоните", "слова отличаются")
        await alters(stage, "UPDATE announcement SET state = 'draft'")
        await reader.says(f"/verify {await code_of(stage, n)}")
        await reader.sees("✗ Неизвестно")


POLICY = Policy(
    network="Test network", zone="UTC", languages=("en", "ru"), default_language="en", max_label=Label.AMBER,
    admission=Admission(), digest_weekday=0, digest_time=time(), skip_holidays=True, editing=Editing("UTC", 0, time()),
    two_person_above=20,
)  # fmt: skip
WORDS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), min_size=1, max_size=60).filter(
    lambda words: any(c.isalnum() for c in words)
)


def copy_of(content: Content, say: Say, before: str = "", after: str = "") -> Message:
    """Return a message as it reads in a reader's chat."""
    text, found = entities.parse(before + draw(content, say, POLICY).html + after, "HTML")
    marks = [MessageEntity.de_json(dict(one), None) for one in found]
    return Message(1, datetime.now(UTC), Chat(1, "private"), text=text, entities=marks)


@given(data=st.data())
def test_whatever_stands_around_them_the_words_of_a_copy_are_found_and_no_word_more(data: st.DataObject) -> None:
    title, body, extra = (data.draw(WORDS) for _ in range(3))
    language, spoken = data.draw(st.sampled_from(["en", "ru"])), data.draw(st.sampled_from(["en", "ru"]))
    by = data.draw(st.none() | st.integers(0, 40_000).map(lambda hours: SOME_DAY + timedelta(hours=hours)))
    until = data.draw(st.none() | st.integers(0, 40_000).map(lambda hours: SOME_DAY + timedelta(hours=hours)))
    version, urgent = data.draw(st.integers(1, 3)), data.draw(st.booleans())
    poll = data.draw(st.none() | st.builds(Poll, WORDS, st.tuples(WORDS, WORDS), st.booleans(), st.booleans()))
    vote = data.draw(st.sampled_from([(), (0,), (1,)])) if poll else ()
    row = Announcement(
        id=12, code="ABCD2345", version=3, language=spoken, titles={spoken: title}, label=Label.GREEN, urgent=urgent,
        texts={spoken: f'<b>{title}</b>\n\n<a href="https://example.org/a?b=1&amp;c">{body}</a>'}, acknowledge_by=by,
        poll=None if poll is None else poll.facts(), expires_at=until,
    )  # fmt: skip
    content = Content(
        12, row.code, version, spoken, title, row.texts[spoken], row.label, urgent, by, data.draw(st.booleans()),
        poll=poll, vote=vote, late=data.draw(st.booleans()), tally=Tally((1234, 1), 1235) if vote else None,
        expires_at=until,
    )  # fmt: skip
    assume(not any(mark in f"{title}{body}" for mark in "<>&"))
    say = Say(language, data.draw(st.sampled_from(["UTC", "Pacific/Kiritimati", "Asia/Kathmandu"])))
    known = (version, announcements.words_in(row, spoken))

    copy = copy_of(content, say)
    assert code_of_copy(copy) == "ABCD-2345"
    assert known in digests(copy, row, POLICY)
    assert known not in digests(copy_of(replace(content, label=Label.CLEAR), say), row, POLICY)
    for before, after in ((f"{extra} ", ""), ("", f" {extra}")):
        changed = copy_of(content, say, before.replace("&", ""), after.replace("&", ""))
        assert known not in digests(changed, row, POLICY)


@given(st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=8, max_size=8), st.data())
def test_a_code_is_read_however_it_is_written(code: str, data: st.DataObject) -> None:
    mistaken = {"0": "0Oo", "1": "1IilL"}
    typed = "".join(data.draw(st.sampled_from(mistaken.get(c, c + c.lower()))) for c in code)
    gap = data.draw(st.sampled_from(["", "-", " ", " - ", "–"]))
    assert code_in(f" {typed[:4]}{gap}{typed[4:]} ") == code
    assert code_in(typed[:7]) is None
    assert code_in(f"{typed}A") is None


@SQLITE
async def test_a_real_correction_asks_again_and_only_the_new_copy_is_the_one_that_holds(stage: Stage) -> None:
    author, _ = await administrators(stage)
    reader = await stage.joined(50, "Reader Demo")
    stage.settings["delivery"] = {"per_chat_per_second": 30}
    async with stage.bot():
        await announces(stage, author, "The meeting", "TLP:CLEAR", by=datetime.now(UTC) + timedelta(days=3))
        copy = await goes(reader, "Acknowledge", "✓ You have acknowledged this.")
        await author.says("/broadcasts")
        await author.sees("Announcements, the newest first")
        await goes(author, "N-1 ·", "Announcement N-1: sent", "1 of 3 readers acknowledged")
        await goes(author, "Correct", "Which words of announcement")
        await goes(author, "Correct: English", "The right title?")
        await goes(author, "Skip", "The right text, all of it?")
        await author.says("It is on Tuesday.")
        await author.sees("Correction of N-1")
        await author.taps("Correct it")
        await reader.sees("An announcement that you acknowledged was corrected", "“The meeting” (N-1)")
        corrected = await reader.sees("It is on Tuesday.", "Corrected, version 2.", "Please acknowledge this by")
        assert corrected["message_id"] == copy["message_id"]
        await forwards(reader, corrected, "✓ Genuine, word for word: this copy reads")
        await pretends(reader, copy, "Wednesday", "Thursday", DIFFERS)
        await reader.sends(text=written(copy), entities=copy["entities"], forward_from="Somebody")
        await reader.sees("word for word, but corrected since")
        await goes(reader, "Acknowledge", "It is on Tuesday.", "✓ You have acknowledged this.")
