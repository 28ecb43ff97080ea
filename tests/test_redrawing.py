"""Redrawing: taps change one message, and where it cannot be changed a fresh one goes on."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from cast import alters
from record import Json, answers, comes, last, replies, written_in
from story import Person, Stage, written
from tour import planted

from storage import inbox
from storage.members import Role

pytestmark = pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
UNEDITABLE = ("message to edit not found", "message can't be edited", "MESSAGE_ID_INVALID")


async def everything_is_green(stage: Stage) -> None:
    """Mark all documents, so that their screens are protected and cannot be made by an edit."""
    await alters(stage, "UPDATE document SET label = 'TLP:GREEN'")


async def from_the_bot(person: Person) -> list[Json]:
    return [m for m in await written_in(person, person.id) if m["from"]["is_bot"]]


async def test_a_walk_of_many_taps_leaves_one_message(stage: Stage) -> None:
    await stage.joined(1, "Maral", roles=[Role.ADMINISTRATOR])
    member = await stage.joined(50)
    await planted(stage)
    await everything_is_green(stage)
    async with stage.bot():
        await member.says("/menu")
        for label, screen in (
            ("Topics", "Topics."),
            ("Joint Plan", "You do not follow"),
            ("Subscribe", "You follow"),
            ("Back", "Topics."),
            ("›", "Topics."),
            ("Menu", "Test network"),
            ("Library", "Library"),
            ("›", "Library"),
            ("①", "Publisher"),
            ("Back", "Library"),
            ("Menu", "Test network"),
            ("Events", "Events and deadlines"),
            ("Open 1", "When:"),
            ("Back", "Events and deadlines"),
            ("Menu", "Test network"),
            ("Settings", "What would you like to change?"),
            ("Language", "choose your language"),
        ):
            await member.taps(label)
            await member.sees(screen)
        await answers_are_all_in(stage)
        assert len(await from_the_bot(member)) == 1


async def answers_are_all_in(stage: Stage) -> None:
    """Wait until the last press is answered: what was shown instead of something is there, and that is gone."""
    while True:
        before = await last(stage.control)
        pressed, answered = await answers(stage.control)
        if all(answered[query] for query in pressed):
            return
        await comes(stage.control, "answerCallbackQuery", after=before)


async def test_a_form_answered_with_taps_stays_in_one_message(stage: Stage) -> None:
    newcomer = await stage.person(60)
    async with stage.bot():
        await newcomer.starts()
        for label, screen in (
            ("English", "A community"),
            ("Apply", "1 of 7"),
            ("Accept", "2 of 7"),
            ("Back", "1 of 7"),
            ("Cancel", "Cancelled: Application"),
            ("Menu", "A community"),
        ):
            await newcomer.taps(label)
            await newcomer.sees(screen)
        assert len(await from_the_bot(newcomer)) == 1


async def test_a_screen_that_is_there_already_is_neither_an_error_nor_a_message(
    stage: Stage, capfd: pytest.CaptureFixture[str]
) -> None:
    member = await stage.joined(50)
    async with stage.bot():
        await member.says("/topics")
        shown = await member.sees("Topics.")
        before = await last(stage.control)
        for _ in range(2):
            await member.does("press", message_id=shown["message_id"], data="1|open|topics", forge=True)
        refused = await comes(stage.control, "editMessageText", after=before)
        assert await replies(member) == []
        assert refused["status"] == 400
    assert "not modified" not in "".join(capfd.readouterr())
    assert await stage.rows("SELECT problem FROM inbox WHERE attempts > 0") == []


@pytest.mark.parametrize("problem", UNEDITABLE)
async def test_a_fresh_message_goes_on_where_the_old_one_cannot_be_edited(stage: Stage, problem: str) -> None:
    member = await stage.joined(50)
    async with stage.bot():
        await member.says("/menu")
        menu = await member.sees("Test network")
        await breaks(stage, problem)
        await member.taps("Topics")
        fresh = await member.sees("Topics.")
        assert fresh["message_id"] > menu["message_id"]

        await member.says("/menu")
        menu = await member.sees("Test network")
        await breaks(stage, problem)
        await member.taps("Share a document", on="Test network")
        asked = await member.sees("Send the link, or the file itself")
        assert asked["message_id"] > menu["message_id"]
        await member.says("https://example.org/paper")
        await member.sees("Traffic Light Protocol")
    assert await stage.rows("SELECT problem FROM inbox WHERE attempts > 0") == []


async def breaks(stage: Stage, problem: str) -> None:
    facts = {"method": "editMessageText", "kind": "400", "times": 1, "description": f"Bad Request: {problem}"}
    await stage.control.post("/faults", **facts)


async def test_a_message_deleted_after_the_press_comes_back(stage: Stage) -> None:
    member = await stage.joined(50)
    async with stage.bot():
        await member.says("/menu")
        menu = await member.sees("Test network")
    await member.does("press", message_id=menu["message_id"], data="1|open|topics")
    await member.does("delete", message_id=menu["message_id"])
    async with stage.bot():
        await member.sees("Topics.")


@pytest.mark.parametrize("data", ["1|open|topics", "1|open|library", "0|open|topics"])
async def test_a_button_of_a_message_too_old_to_be_read_still_leads_on(stage: Stage, data: str) -> None:
    await stage.joined(1, "Maral", roles=[Role.ADMINISTRATOR])
    member = await stage.joined(50)
    await planted(stage)
    await everything_is_green(stage)
    await keeps(stage, pressed_long_ago(50, data))
    async with stage.bot():
        shown = await member.sees({"1|open|topics": "Topics.", "1|open|library": "Library"}.get(data, "out of date"))
        assert written(shown).startswith("TLP:GREEN") is (data == "1|open|library")
    assert await stage.rows("SELECT problem FROM inbox WHERE attempts > 0") == []


def pressed_long_ago(person: int, data: str) -> Json:
    """Return what Telegram says of a button whose message it no longer shows to the bot."""
    speaker = {"id": person, "is_bot": False, "first_name": "Guest"}
    message = {"chat": {"id": person, "type": "private"}, "message_id": 4711, "date": 0}
    query = {"id": "1", "from": speaker, "chat_instance": "1", "data": data, "message": message}
    return {"update_id": 1, "callback_query": query}


async def keeps(stage: Stage, update: Json) -> None:
    """Put an update into the inbox, as if it had come before the bot went down."""
    async with stage.beside() as database, database.transaction() as tx:
        row = inbox.RawUpdate(update["update_id"], "u50", json.dumps(update))
        await inbox.receive(tx, [row], datetime.now(UTC))
