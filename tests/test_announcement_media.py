"""What comes with an announcement: pictures, documents, albums and a poll, each as Telegram shows it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import time
from typing import Any

import pytest
from announcers import addresses, drafts, passes, sends_album, sends_off, translates
from cast import administrators, alters, goes
from hypothesis import given
from hypothesis import strategies as st
from story import Person, Stage, buttons, written

from bot.sandbox import entities
from handlers.announcements.fitting import fit
from handlers.announcements.reading import content_of, draw
from handlers.context import Policy
from handlers.language import Say
from storage.announcements import Announcement
from storage.applications import Admission
from storage.digests import Editing
from storage.lengths import units
from storage.tlp import Label

POLICY = Policy(
    "Network", "Asia/Almaty", ("en", "ru"), "en", Label.AMBER, Admission(), 0, time(9),
    skip_holidays=True, editing=Editing("UTC", 4, time(15)), two_person_above=20,
)  # fmt: skip
SQLITE = pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
FORMATTED = "Bold and italic, said aside, hidden, code, on Friday. See the form."
ENTITIES: list[dict[str, Any]] = [
    {"type": "bold", "offset": 0, "length": 15},
    {"type": "italic", "offset": 9, "length": 6},
    {"type": "blockquote", "offset": 17, "length": 10},
    {"type": "spoiler", "offset": 29, "length": 6},
    {"type": "code", "offset": 37, "length": 4},
    {"type": "date_time", "offset": 46, "length": 6, "unix_time": 1796288400, "date_time_format": "wDT"},
    {"type": "text_link", "offset": 62, "length": 4, "url": "https://example.org/f?a=1&b=2"},
]


def marks(message: dict[str, Any], said: str) -> list[tuple[str, str, Any]]:
    """Return how the words `said` are formatted in a message: kind, words and what belongs to it."""
    key = "entities" if "text" in message else "caption_entities"
    raw, begin = written(message).encode("utf-16-le"), units(written(message).split(said)[0])
    end = begin + units(said)
    return [
        (e["type"], raw[2 * e["offset"] :][: 2 * e["length"]].decode("utf-16-le"), e.get("url") or e.get("unix_time"))
        for e in message.get(key, [])
        if begin <= e["offset"] < end
    ]


def pictures(person: Person) -> list[dict[str, Any]]:
    """Return the pictures and documents that the bot has sent somebody, the oldest first."""
    found = [m for m in person.seen.values() if m["from"]["is_bot"] and ("photo" in m or "document" in m)]
    return sorted(found, key=lambda m: m["message_id"])


async def attaches(author: Person, *files: dict[str, Any]) -> None:
    await goes(author, "Attach", "Send pictures, or documents")
    for number, file in enumerate(files, 1):
        await author.sends(**file)
        await author.sees("1 file is attached" if number == 1 else f"{number} files are attached")
    await goes(author, "Done", "Draft N-")


async def test_a_picture_carries_all_words_and_buttons_as_they_were_formatted(stage: Stage) -> None:
    author, _ = await administrators(stage)
    reader = await stage.joined(50, "Reader")
    russian = await stage.joined(51, "Читатель", language="ru")
    async with stage.bot():
        await drafts(author, "With a picture", FORMATTED, entities=ENTITIES)
        await translates(author, "С фотографией", "Жирно и скрыто", entities=[ENTITIES[0] | {"length": 5}])
        await attaches(author, {"photo": {}})
        await goes(author, "Attach", "Attached: 1 picture", "The words stand below it")
        await goes(author, "Back", "Draft N-1", "Attached: 1 picture")
        shown = await goes(author, "Preview", "As readers see it", "With a picture")
        assert shown["photo"]
        other = await goes(author, "Russian", "С фотографией")
        assert (other["message_id"], bool(other["photo"])) == (shown["message_id"], True)
        await goes(author, "Back", "Draft N-1")
        await author.taps("Test to me")
        tried = await author.sees("Test: only you get this", "With a picture")
        await addresses(author)
        await sends_off(stage, author)
        message = await reader.sees("With a picture", "Test network")
        theirs = await russian.sees("С фотографией", "Жирно и скрыто")
        await author.sees("N-1: sent", "4 of 4")
    for seen in (message, theirs, tried):
        assert seen["photo"]
        assert seen["has_protected_content"]
        assert written(seen).startswith("TLP:GREEN")
    assert message["photo"][0]["file_unique_id"] == tried["photo"][0]["file_unique_id"]
    assert buttons(message) == ["Reply", "Settings"]
    assert buttons(theirs) == ["Ответить", "Настройки"]
    assert marks(theirs, "Жирно и скрыто") == [("bold", "Жирно", None)]
    (own,) = [m for m in author.seen.values() if not m["from"]["is_bot"] and written(m) == FORMATTED]
    assert marks(message, FORMATTED) == marks(tried, FORMATTED) == marks(own, FORMATTED)
    assert {kind for kind, _, _ in marks(own, FORMATTED)} == {e["type"] for e in ENTITIES}
    assert await stage.rows("SELECT member_id FROM announcement_recipient WHERE also IS NOT NULL") == []


@pytest.mark.parametrize(("size", "apart"), [(400, False), (2800, True)])
async def test_long_words_follow_what_is_attached_and_short_ones_stand_below_it(
    stage: Stage,
    size: int,
    apart: bool,  # noqa: FBT001 - what is expected
) -> None:
    author, _ = await administrators(stage)
    reader = await stage.joined(50, "Reader")
    async with stage.bot():
        await drafts(author, "The paper", "x" * size)
        await attaches(author, {"document": {"content_b64": "cGFwZXI=", "file_name": "paper.pdf"}})
        await addresses(author)
        await author.taps("Test to me")
        await author.sees("Test: only you get this")
        await sends_off(stage, author)
        message = await reader.sees("The paper", "x" * size)
        await author.sees("N-1: sent", "3 of 3")
    assert [bool(p.get("document")) for p in pictures(author)] == [True, True]
    (file,) = pictures(reader)
    assert file["document"]["file_name"] == "paper.pdf"
    assert (file["message_id"] < message["message_id"]) is apart
    assert (written(file) == "TLP:GREEN 🟢") is apart
    assert file["has_protected_content"]
    assert "Settings" in buttons(message)
    kept = await stage.rows("SELECT message_id, also FROM announcement_recipient WHERE member_id = 3")
    assert kept[0][0] == message["message_id"]
    assert str(kept[0][1]) == (f"[{file['message_id']}]" if apart else "None")


async def test_an_album_is_asked_about_once_and_goes_before_the_words(stage: Stage) -> None:
    author, second = await administrators(stage)
    reader = await stage.joined(50, "Reader")
    stage.settings["announcements"] = {"two_person_above": 1}
    async with stage.bot():
        await drafts(author, "From the meeting")
        await goes(author, "Attach", "Send pictures, or documents")
        await sends_album(stage, author, 3)
        await author.sees("3 files are attached")
        assert sum("attached" in written(m) for m in author.seen.values()) == 1
        await goes(author, "Done", "Draft N-1", "Attached: 3 pictures")
        await goes(author, "Attach", "It goes before the words")
        await author.taps("Show attached")
        await author.sees("TLP:GREEN")
        assert len(pictures(author)) == 3
        await goes(author, "Back", "Draft N-1")
        await addresses(author)
        await goes(author, "Preview", "As readers see it")
        await goes(author, "Back", "Draft N-1")
        await author.taps("Send")
        await second.sees("asks you to release", "Attached: 3 pictures")
        await second.taps("Show attached")
        await second.sees("TLP:GREEN")
        assert len(pictures(second)) == 3
        await second.taps("Release")
        await second.sees("Released by")
        await passes(stage, 11)
        message = await reader.sees("From the meeting", "Please reply by Friday.")
        await passes(stage, 4)
        await author.sees("N-1: sent", "3 of 3")
    album = pictures(reader)
    assert len({m["media_group_id"] for m in album}) == 1
    assert [written(m) for m in album] == ["TLP:GREEN 🟢", "", ""]
    assert all(m["message_id"] < message["message_id"] and m["has_protected_content"] for m in album)
    assert buttons(message) == ["Reply", "Settings"]
    kept = await stage.rows("SELECT also FROM announcement_recipient WHERE member_id = 3")
    assert str(kept[0][0]) == str([m["message_id"] for m in album])


@SQLITE
async def test_kinds_are_not_mixed_and_more_than_an_album_is_not_taken(stage: Stage) -> None:
    author, _ = await administrators(stage)
    async with stage.bot():
        await drafts(author, "Much", label="TLP:CLEAR")
        await goes(author, "Attach", "Send pictures, or documents")
        await author.says("a picture")
        await author.sees("Please send a picture or a document")
        await author.sends(photo={})
        await author.sees("1 file is attached")
        await author.sends(document={"file_name": "a.pdf"})
        await author.sees("cannot be sent together", "1 file is attached")
        for album in ("one", "two"):
            await sends_album(stage, author, 5, album)
            await author.sees("attached")
        await author.sees("at most 10 can be attached", "10 files are attached")
        await goes(author, "Done", "Draft N-1", "Attached: 10 pictures")
        await goes(author, "Attach", "Attached: 10 pictures")
        await goes(author, "Add more", "10 files are attached")
        await author.sends(photo={})
        await author.sees("at most 10 can be attached")
        await goes(author, "Cancel", "Draft N-1", "Attached: 10 pictures")
        await goes(author, "Attach", "Attached: 10 pictures")
        shown = await goes(author, "Remove all", "Draft N-1")
        assert "Attached" not in written(shown)
        await goes(author, "Attach", "Send pictures, or documents")
        await goes(author, "Done", "Draft N-1")
    assert await stage.rows("SELECT apart FROM announcement") == [(0,)]


@SQLITE
async def test_a_file_that_telegram_no_longer_knows_is_reported(stage: Stage) -> None:
    author, _ = await administrators(stage)
    await stage.joined(50, "Reader")
    async with stage.bot():
        await drafts(author, "Broken", label="TLP:CLEAR")
        await attaches(author, {"photo": {}})
        await alters(stage, """UPDATE announcement SET media = '[{"kind": "photo", "file_id": "AAAA"}]'""")
        await addresses(author)
        await sends_off(stage, author)
        await author.sees("N-1: sent", "0 of 3", "rejected by Telegram: 3")
        await goes(author, "Report", "N-1: sent")
        await goes(author, "See who was missed", "Reader", "rejected by Telegram")

        await drafts(author, "Broken album", label="TLP:CLEAR")
        broken = '[{"kind": "photo", "file_id": "AAAA"}, {"kind": "photo", "file_id": "AAAA"}]'
        await alters(stage, "UPDATE announcement SET media = :broken WHERE id = 2", broken=broken)
        await addresses(author)
        await sends_off(stage, author)
        await author.sees("N-2: sent", "3 of 3")
        await goes(author, "Report", "N-2: sent", "What is attached did not reach 3 readers")
    reasons = await stage.rows("SELECT DISTINCT reason FROM outbox WHERE state = 'rejected'")
    assert reasons == [
        ("Bad Request: wrong remote file identifier specified: can't unserialize it. Wrong last symbol",)
    ]


@SQLITE
async def test_a_poll_of_telegrams_own_becomes_the_drafts_and_a_quiz_does_not(stage: Stage) -> None:
    author, _ = await administrators(stage)
    asked = {"question": "Who <comes>?", "options": ["I do", "I do not"], "allows_multiple_answers": True}
    async with stage.bot():
        await drafts(author, "The seminar", label="TLP:CLEAR")
        await goes(author, "Poll", "Make a poll as you would anywhere")
        await author.says("Who comes?")
        await author.sees("That is no poll")
        await author.sends(poll={**asked, "type": "quiz"})
        await author.sees("A quiz has right answers")
        await author.sends(poll=asked)
        await author.sees("Draft N-1", "Who <comes>?", "Choose one or several. Anonymous", "2. I do not")
        await goes(author, "Poll", "Poll: Who <comes>?", "several options", "nobody sees", "I do not")
        await goes(author, "Replace", "Make a poll")
        await author.sends(poll={"question": "When?", "options": ["Now", "Later"], "is_anonymous": False})
        await author.sees("Draft N-1", "When?", "Choose one. Not anonymous")
        found = await stage.rows("SELECT poll FROM announcement")
        await goes(author, "Poll", "Poll: When?", "one option", "the report names")
        shown = await goes(author, "Remove", "Draft N-1")
        assert "When?" not in written(shown)
    assert json.loads(found[0][0]) == {
        "question": "When?", "options": ["Now", "Later"], "several": False, "anonymous": False,
    }  # fmt: skip


words = st.text(alphabet=st.sampled_from("ab я😀\n"), max_size=1100)


@given(words, words, st.sampled_from(["photo", "document"]), st.booleans())
def test_what_stays_below_a_picture_fits_there_in_every_language(
    english: str,
    russian: str,
    kind: str,
    urgent: bool,  # noqa: FBT001 - drawn
) -> None:
    row = Announcement(
        id=12345, code="ABCDEFGH", version=1, language="en", titles={"en": "Title", "ru": "Заглавие"},
        texts={"en": f"<b>{english}</b>", "ru": f"<i>{russian}</i>"}, media=[{"kind": kind, "file_id": "A"}],
        label=Label.AMBER_STRICT, urgent=urgent, apart=False,
    )  # fmt: skip
    fit(row, POLICY)
    longest = 0
    for language in POLICY.languages:
        content = replace(content_of(row, language), version=2)
        longest = max(longest, units(entities.parse(draw(content, Say(language), POLICY).html, "HTML")[0]))
    assert row.apart or longest <= 1024
    assert not row.apart or longest > 1000


@SQLITE
async def test_albums_for_many_leave_no_faster_than_telegram_takes_them(stage: Stage) -> None:
    author, _ = await administrators(stage)
    readers = [await stage.joined(50 + n, f"Reader {n}") for n in range(8)]
    async with stage.bot():
        await drafts(author, "From the meeting", label="TLP:CLEAR")
        await goes(author, "Attach", "Send pictures")
        await sends_album(stage, author, 5)
        await author.sees("5 files are attached")
        await goes(author, "Done", "Draft N-1")
        await addresses(author)
        await stage.control.put("/limits", enabled=True)
        await sends_off(stage, author)
        for reader in readers:
            await reader.sees("From the meeting")
            assert len(pictures(reader)) == 5
    tries = await stage.rows("SELECT notice, max(attempts) FROM outbox WHERE lane = 2 GROUP BY notice ORDER BY notice")
    assert tries == [("announcement:album", 1), ("announcement:text", 1)]
