"""Corrections and retractions: every copy that can still be changed is, and whoever cannot be reached so is told."""

from __future__ import annotations

from typing import Any

import pytest
from announcers import addresses, drafts, passes, sends_album, sends_off, translates
from cast import administrators, alters, forges, goes
from story import Person, Stage, buttons, written

from handlers.announcements.revising import Reword
from handlers.announcements.second import ReleaseCorrection

SQLITE = pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
LATER = "2036-01-01 00:00:00+00:00"
FIXES = "subject LIKE 'announcement-fix:%'"
TWO_DAYS = 2 * 86_400 + 60


async def corrects(
    author: Person, text: str, *, number: int = 1, language: str = "English", title: str | None = None, **said: Any
) -> dict[str, Any]:
    """Write the right words up to the summary, and return that."""
    await opens(author, number)
    await goes(author, "Correct", "Which words of announcement")
    await goes(author, f"Correct: {language}", "The right title?")
    if title is None:
        await goes(author, "Skip", "The right text, all of it?")
    else:
        await author.says(title)
        await author.sees("The right text, all of it?")
    await author.sends(text=text, **said)
    return await author.sees("Correction of N-")


async def opens(author: Person, number: int = 1) -> dict[str, Any]:
    """Open the report of an announcement from the list."""
    await author.says("/broadcasts")
    await author.sees("Announcements, the newest first")
    return await goes(author, f"N-{number} ·", f"Announcement N-{number}: ")


async def fixed(stage: Stage, author: Person, *seen: str, number: int = 1) -> dict[str, Any]:
    """Let what a correction or a retraction promises leave, and return the report."""
    await stage.settled(FIXES)
    told = await opens(author, number)
    assert all(fragment in written(told) for fragment in seen), written(told)
    return told


def of_announcement(person: Person, *fragments: str) -> list[dict[str, Any]]:
    """Return the messages of the bot that contain all fragments, the oldest first."""
    found = [m for m in person.seen.values() if m["from"]["is_bot"] and all(f in written(m) for f in fragments)]
    return sorted(found, key=lambda m: m["message_id"])


async def test_a_correction_changes_copies_in_place_and_reaches_who_has_none_any_more(stage: Stage) -> None:  # noqa: PLR0915 - a long story
    author, _ = await administrators(stage)
    reader = await stage.joined(50, "Reader")
    russian = await stage.joined(51, "Читатель", language="ru")
    deleter = await stage.joined(52, "Deleter")
    blocker = await stage.joined(53, "Blocker")
    waiting = await stage.joined(54, "Waiting")
    async with stage.bot():
        await drafts(author, "The seminar", "It begins on Monday.")
        await translates(author, "Семинар", "Начало в понедельник.")
        await addresses(author)
        await author.taps("Send")
        await author.sees("N-1: being sent")
        await alters(stage, "UPDATE outbox SET due_at = :at WHERE member_id = 7", at=LATER)
        await passes(stage, 11)
        had = await reader.sees("The seminar", "It begins on Monday.")
        theirs = await russian.sees("Семинар", "Начало в понедельник.")
        gone = await deleter.sees("The seminar")
        await blocker.sees("The seminar")
        await stage.settled("notice = 'announcement:text' AND member_id <> 7")
        await deleter.does("delete", message_id=gone["message_id"])
        await blocker.does("block")
        await passes(stage, 4)
        for person in (reader, russian, deleter, waiting):
            await person.looks()

        shown = await corrects(author, "It begins on Tuesday.", entities=[{"type": "bold", "offset": 13, "length": 7}])
        assert "It begins on Tuesday." in written(shown)
        assert "6 readers have it" in written(shown)
        assert "1 copy still waits" in written(shown)
        assert "Changed: text" in written(shown)
        await goes(author, "Correct it", "Corrected.")
        now_has = await reader.sees("The seminar", "It begins on Tuesday.", "Corrected, version 2")
        now_theirs = await russian.sees("Семинар", "Начало в понедельник.", "Исправлено, версия 2")
        anew = await deleter.sees("The seminar", "It begins on Tuesday.", "Corrected, version 2")
        await stage.settled(FIXES)
        await alters(stage, "UPDATE outbox SET due_at = :at WHERE member_id = 7", at="2020-01-01 00:00:00+00:00")
        await passes(stage, 1)
        await waiting.sees("The seminar", "It begins on Tuesday.")
        await passes(stage, 4)
        await author.sees("N-1: sent", "7 of 7")
        told = await fixed(stage, author, "version 2")
        assert "changed in place: 4, told anew: 1, not reached: 1" in written(told)

        await corrects(author, "It begins on Wednesday.", title="The course")
        await goes(author, "Correct it", "Corrected.")
        last = await deleter.sees("The course", "It begins on Wednesday.", "Corrected, version 3")
        told = await fixed(stage, author, "version 3")
        assert "changed in place: 6, not reached: 1" in written(told)
    assert now_has["message_id"] == had["message_id"]
    assert now_has["has_protected_content"]
    assert written(now_has).startswith("TLP:GREEN")
    assert buttons(now_has) == ["Reply", "Settings"]
    assert "bold" in {e["type"] for e in now_has["entities"] if e["length"] == len("Tuesday")}
    assert now_theirs["message_id"] == theirs["message_id"]
    assert anew["message_id"] > gone["message_id"]
    assert last["message_id"] == anew["message_id"]
    assert not of_announcement(waiting, "Monday")
    assert len(of_announcement(reader, "N-1")) == 1
    acts = await stage.rows("SELECT event FROM audit WHERE event LIKE 'announcement:%' ORDER BY id")
    assert [row[0] for row in acts] == ["announcement:submitted", "announcement:corrected", "announcement:corrected"]
    assert (await stage.rows("SELECT version, corrected_at IS NOT NULL FROM announcement")) == [(3, True)]


async def test_words_below_a_picture_are_corrected_where_they_stand_if_they_fit(stage: Stage) -> None:
    author, _ = await administrators(stage)
    reader = await stage.joined(50, "Reader")
    async with stage.bot():
        await drafts(author, "With a picture", label="TLP:CLEAR")
        await goes(author, "Attach", "Send pictures")
        await author.sends(photo={})
        await author.sees("1 file is attached")
        await goes(author, "Done", "Draft N-1")
        await addresses(author)
        await sends_off(stage, author)
        had = await reader.sees("With a picture", "by Friday")
        await author.sees("N-1: sent")
        await corrects(author, "x" * 1100)
        await author.taps("Correct it")
        await author.sees("too long to stand below")
        await goes(author, "Cancel", "N-1: sent")
        await corrects(author, "Please reply by Sunday.")
        await goes(author, "Correct it", "Corrected.")
        has = await reader.sees("With a picture", "by Sunday", "Corrected, version 2")
        await fixed(stage, author, "version 2: changed in place: 3")
    assert (has["message_id"], bool(has["photo"])) == (had["message_id"], True)
    assert buttons(has) == buttons(had) == ["Reply", "Settings"]


@SQLITE
async def test_nothing_is_corrected_that_is_the_same_or_is_not_out(stage: Stage) -> None:
    author, _ = await administrators(stage)
    async with stage.bot():
        await drafts(author, "A draft", label="TLP:CLEAR")
        await forges(author, Reword(1, "en"))
        await author.sees("The right title?")
        await goes(author, "Skip", "The right text")
        await author.says("Never mind")
        await author.sees("Correction of N-1")
        await author.taps("Correct it")
        await author.sees("already been decided")
        await goes(author, "Cancel", "N-1: draft")
        await goes(author, "Edit", "Draft N-1")
        await addresses(author)
        await sends_off(stage, author)
        await author.sees("N-1: sent")
        await corrects(author, "Please reply by Friday.")
        await author.taps("Correct it")
        await author.sees("Nothing has changed")
    assert await stage.rows("SELECT version FROM announcement") == [(1,)]
    assert await stage.rows("SELECT count(*) FROM announcement_revision") == [(0,)]


async def test_what_two_administrators_released_is_corrected_by_two(stage: Stage) -> None:
    stage.settings["announcements"] = {"two_person_above": 1}
    author, second = await administrators(stage)
    reader = await stage.joined(50, "Reader")
    async with stage.bot():
        await drafts(author, "The seminar", "On Monday.")
        await addresses(author)
        await author.taps("Send")
        await second.sees("asks you to release")
        await second.taps("Release")
        await second.sees("Released by")
        await passes(stage, 11)
        had = await reader.sees("The seminar", "On Monday.")
        await stage.settled("notice = 'announcement:text'")
        await passes(stage, 4)

        shown = await corrects(author, "On Tuesday.")
        assert "A second administrator must release it" in written(shown)
        await goes(author, "Correct it", "On Tuesday.", "A second administrator must release it")
        card = await second.sees(
            "Maral Demo", "asks you to release a correction", "On Tuesday.", "Before: ", "On Monday."
        )
        assert buttons(card) == ["Release", "Return"]
        (digest,) = (await stage.rows("SELECT digest FROM announcement_revision"))[0]
        await forges(author, ReleaseCorrection(1, digest[:16]))
        await author.sees("not its author")
        await forges(second, ReleaseCorrection(1, "0" * 16))
        await second.sees("not the text that was put before you")
        await passes(stage, 31 * 60)
        await second.sees("It was not made: nobody released it")
        await author.sees("It was not made: nobody released it")
        await forges(second, ReleaseCorrection(1, digest[:16]))
        await second.sees("already been decided")

        await corrects(author, "On Wednesday.")
        await goes(author, "Correct it", "On Wednesday.", "A second administrator must release it")
        await second.sees("asks you to release a correction", "On Wednesday.")
        await second.taps("Return", on="On Wednesday.")
        await author.sees("On Wednesday.", "Returned by", "Timur Demo")

        await corrects(author, "On Thursday.")
        await goes(author, "Correct it", "On Thursday.", "A second administrator must release it")
        await second.sees("asks you to release a correction", "On Thursday.")
        await reader.looks()
        await second.taps("Release", on="On Thursday.")
        await author.sees("On Thursday.", "Released by", "Timur Demo")
        has = await reader.sees("The seminar", "On Thursday.", "Corrected, version 2")
        await fixed(stage, author, "version 2: changed in place: 3")
    assert has["message_id"] == had["message_id"]
    acts = await stage.rows("SELECT event FROM audit WHERE event LIKE 'announcement:%' ORDER BY id")
    assert [row[0].removeprefix("announcement:") for row in acts] == [
        "submitted", "released", "returned", "released", "corrected",
    ]  # fmt: skip


@SQLITE
async def test_whose_copy_is_on_its_way_during_a_correction_has_the_right_words_soon(stage: Stage) -> None:
    author, _ = await administrators(stage)
    reader = await stage.joined(50, "Reader")
    async with stage.bot():
        await drafts(author, "The seminar", "On Monday.")
        await addresses(author)
        await stage.control.post("/faults", method="sendMessage", chat_id=50, kind="accepted_late", seconds=6)
        await author.taps("Send")
        await author.sees("N-1: being sent")
        await passes(stage, 11)
        await reader.sees("On Monday.")
        await stage.settled("member_id <> 3")
        await passes(stage, 4)
        await author.sees("N-1: being sent", "2 of 3")
        assert await stage.rows("SELECT state FROM outbox WHERE member_id = 3") == [("leased",)]
        await corrects(author, "On Tuesday.")
        await goes(author, "Correct it", "Corrected.")
        assert await stage.rows("SELECT pending FROM announcement_revision") == [("[3]",)]
        await reader.looks()
        await stage.settled("member_id = 3")
        await passes(stage, 4)
        await reader.sees("On Tuesday.", "Corrected, version 2")
        await fixed(stage, author, "version 2: changed in place: 3")
    assert len(of_announcement(reader, "The seminar")) == 1
    assert await stage.rows("SELECT pending FROM announcement_revision") == [(None,)]


async def test_a_retraction_empties_every_copy_and_withholds_the_rest(stage: Stage) -> None:
    author, second = await administrators(stage)
    reader = await stage.joined(50, "Reader")
    russian = await stage.joined(51, "Читатель", language="ru")
    deleter = await stage.joined(52, "Deleter")
    waiting = await stage.joined(53, "Waiting")
    async with stage.bot():
        await drafts(author, "The seminar", "In the <yard>.")
        await addresses(author)
        await author.taps("Send")
        await author.sees("N-1: being sent")
        await alters(stage, "UPDATE outbox SET due_at = :at WHERE member_id = 6", at=LATER)
        await passes(stage, 11)
        had = await reader.sees("The seminar")
        await russian.sees("The seminar")
        gone = await deleter.sees("The seminar")
        await stage.settled("notice = 'announcement:text' AND member_id <> 6")
        await deleter.does("delete", message_id=gone["message_id"])
        await passes(stage, 4)
        await opens(second)
        await goes(second, "Retract", "Why is it taken back?")
        await second.says("The <place> was wrong")
        asked = await second.sees("Retract announcement N-1?", "5 readers have it", "1 copy still waits", "<place>")
        assert written(asked).startswith("TLP:GREEN")
        for person in (reader, russian, deleter, waiting):
            await person.looks()
        await goes(second, "Retract it", "Retracted.")
        has = await reader.sees("N-1 of Test network was retracted", "The seminar", "The <place> was wrong")
        await russian.sees("N-1 сети «Test network» отозвано", "Причина: The <place> was wrong")
        await deleter.sees("was retracted")
        told = await fixed(stage, author, "retracted", "withheld: 1", "The <place> was wrong")
        assert "Taken back: changed in place: 4, told anew: 1" in written(told)
        assert {"Correct", "Retract", "Pause"}.isdisjoint(buttons(told))
        await alters(stage, "UPDATE outbox SET due_at = :at WHERE member_id = 6", at="2020-01-01 00:00:00+00:00")
        await passes(stage, 4)
        await forges(author, Reword(1, "en"))
        await goes(author, "Skip", "The right text")
        await author.says("Too late")
        await author.sees("Correction of N-1")
        await author.taps("Correct it")
        await author.sees("already been decided")
    assert has["message_id"] == had["message_id"]
    assert has["has_protected_content"]
    assert buttons(has) == ["Menu"]
    assert not of_announcement(waiting, "seminar")
    assert not of_announcement(reader, "yard")
    assert await stage.rows("SELECT state FROM outbox WHERE member_id = 6 AND notice = 'announcement:text'") == [
        ("withheld",)
    ]
    acts = await stage.rows("SELECT event, actor_id FROM audit WHERE event LIKE 'announcement:%' ORDER BY id")
    assert acts == [("announcement:submitted", 1), ("announcement:retracted", 2)]


@pytest.mark.parametrize("late", [False, True])
async def test_an_album_goes_with_its_words_and_after_two_days_it_says_why_it_is_void(
    stage: Stage,
    late: bool,  # noqa: FBT001 - which of the two
) -> None:
    author, _ = await administrators(stage)
    reader = await stage.joined(50, "Reader")
    async with stage.bot():
        await drafts(author, "From the meeting")
        await goes(author, "Attach", "Send pictures")
        await sends_album(stage, author, 3)
        await author.sees("3 files are attached")
        await goes(author, "Done", "Draft N-1")
        await addresses(author)
        await sends_off(stage, author)
        had = await reader.sees("From the meeting", "by Friday")
        await author.sees("N-1: sent")
        assert sum("photo" in m for m in reader.seen.values()) == 3
        if late:
            await passes(stage, TWO_DAYS)
        await reader.looks()
        await retracts(author)
        told = await fixed(stage, author, "retracted")
        assert "Taken back: changed in place: 3" in written(told)
        await reader.looks()
    (has,) = [m for m in of_announcement(reader, "was retracted") if "photo" not in m]
    assert has["message_id"] == had["message_id"]
    left = sorted((m for m in reader.seen.values() if "photo" in m), key=lambda m: m["message_id"])
    assert len(left) == (3 if late else 0)
    assert not late or "was retracted" in written(left[0])


@pytest.mark.parametrize("late", [False, True])
async def test_a_picture_with_its_words_is_deleted_or_says_why_it_is_void_and_its_reader_is_told(
    stage: Stage,
    late: bool,  # noqa: FBT001 - which of the two
) -> None:
    author, _ = await administrators(stage)
    reader = await stage.joined(50, "Reader")
    async with stage.bot():
        await drafts(author, "With a picture")
        await goes(author, "Attach", "Send pictures")
        await author.sends(photo={})
        await author.sees("1 file is attached")
        await goes(author, "Done", "Draft N-1")
        await addresses(author)
        await sends_off(stage, author)
        had = await reader.sees("With a picture")
        await author.sees("N-1: sent")
        if late:
            await passes(stage, TWO_DAYS)
        await reader.looks()
        await retracts(author)
        await stage.settled(FIXES)
        await reader.looks()
        told = await fixed(stage, author, "retracted")
        assert "Taken back: changed in place: 0, told anew: 3" in written(told)
    anew = [m for m in of_announcement(reader, "was retracted") if "photo" not in m]
    assert [m["message_id"] > had["message_id"] for m in anew] == [True]
    kept = [m for m in reader.seen.values() if "photo" in m]
    assert len(kept) == (1 if late else 0)
    assert all("was retracted" in written(m) and "by Friday" not in written(m) and not buttons(m) for m in kept)


async def retracts(author: Person, number: int = 1) -> None:
    """Take an announcement back without a reason."""
    await opens(author, number)
    await goes(author, "Retract", "Why is it taken back?")
    await goes(author, "Skip", "Retract announcement")
    await goes(author, "Retract it", "Retracted.")


@SQLITE
async def test_a_retraction_survives_trouble_and_tells_nobody_twice(stage: Stage) -> None:
    author, _ = await administrators(stage)
    readers = [await stage.joined(50 + n, f"Reader {n}") for n in range(3)]
    async with stage.bot():
        await drafts(author, "With a picture", label="TLP:CLEAR")
        await goes(author, "Attach", "Send pictures")
        await author.sends(photo={})
        await author.sees("1 file is attached")
        await goes(author, "Done", "Draft N-1")
        await addresses(author)
        await sends_off(stage, author)
        await author.sees("N-1: sent", "5 of 5")
        await stage.control.post("/faults", method="deleteMessages", chat_id=50, kind="429", retry_after=1)
        await stage.control.post("/faults", method="deleteMessages", chat_id=51, kind="502")
        await readers[2].does("block")
        await retracts(author)
        while (await stage.rows(f"SELECT count(*) FROM outbox WHERE {FIXES} AND state = 'queued'"))[0][0]:  # noqa: S608
            await passes(stage, 2)
        told = await fixed(stage, author, "retracted")
        assert "changed in place: 0, told anew: 4, not reached: 1" in written(told)
        for reader in readers[:2]:
            await reader.looks()
            assert [("photo" in m) for m in of_announcement(reader, "N-1")] == [False]
