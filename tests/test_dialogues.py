"""Forms: one question at a time, a way out of each, and no answer that is lost, doubled or misread."""

from __future__ import annotations

from typing import Any

import pytest
from cast import goes
from record import Json, replies, written_in
from story import Person, Stage, buttons, written

pytestmark = pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
PLEASE = "Please send text here"


async def begins(member: Person) -> None:
    """Bring the form of a document to the step where text is asked."""
    await member.says("/share https://example.org/paper")
    await goes(member, "TLP:GREEN", "Which topic")
    await goes(member, "Media and communication", "What is its title?")


async def stands(stage: Stage) -> list[Any]:
    return [row[0] for row in await stage.rows("SELECT step FROM dialogue")]


async def prompts(stage: Stage) -> int:
    """Return how many questions were put, the same one again included."""
    ((count,),) = await stage.rows("SELECT count(*) FROM outbox WHERE notice = 'dialogue:prompt'")
    return int(count)


async def with_buttons_of_a_form(person: Person) -> list[Json]:
    return [m for m in await written_in(person, person.id) if "|go|" in str(m.get("reply_markup"))]


async def test_a_form_survives_a_restart_between_any_two_steps_with_a_way_out_of_each(stage: Stage) -> None:
    member = await stage.joined(50)
    steps = (
        ("1 of 4", "https://example.org/paper", "2 of 4"),
        ("2 of 4", "TLP:GREEN", "3 of 4"),
        ("3 of 4", None, "4 of 4"),
        ("4 of 4", "Reporting with care", "read it once more"),
    )
    async with stage.bot():
        await member.says("/share")
        await member.sees("1 of 4")
    for place, answer, following in steps:
        async with stage.bot():
            shown = next(m for m in await with_buttons_of_a_form(member) if place in written(m))
            ways = [label for label in buttons(shown) if label in ("Back", "Cancel")]
            assert ways == (["Cancel"] if place == "1 of 4" else ["Back", "Cancel"])
            if answer is None:
                await member.taps("Media and communication", on=place)
            else:
                await member.says(answer)
            await member.sees(following)
            await replies(member)
            assert len(await with_buttons_of_a_form(member)) == 1, "an earlier question still has its buttons"


async def test_the_same_form_asked_for_again_goes_on_where_it_was(stage: Stage) -> None:
    member = await stage.joined(50)
    async with stage.bot():
        await begins(member)
        await member.says("/share")
        await member.sees("What is its title?")
        await replies(member)
        assert len(await with_buttons_of_a_form(member)) == 1
        await member.says("/cancel")
        await member.sees("Cancelled: Share a document. Nothing of it was kept.")
        assert await with_buttons_of_a_form(member) == []
        assert await stands(stage) == []


async def test_another_form_waits_until_the_first_is_done_or_cancelled(stage: Stage) -> None:
    administrator = await stage.person(1, "Maral")
    async with stage.bot():
        await administrator.starts()
        await administrator.taps("English")
        await administrator.sees("Test network")
        await begins(administrator)
        await administrator.says("/announce")
        await administrator.sees("You have an unfinished form")
        await administrator.taps("Continue")
        await administrator.sees("What is its title?")
        await administrator.says("/announce")
        await administrator.sees("You have an unfinished form")
        await administrator.taps("Cancel it")
        await administrator.sees("Cancelled: Share a document.")
        await administrator.says("/announce")
        await administrator.sees("In which language do you write?")


@pytest.mark.parametrize("content", ["voice", "sticker", "location", "poll", "contact", "photo"])
async def test_what_is_no_text_is_refused_and_the_question_stands(stage: Stage, content: str) -> None:
    member = await stage.joined(50)
    async with stage.bot():
        await begins(member)
        await member.sends(**{content: {}})
        await member.sees(PLEASE, "What is its title?", "4 of 4")
        assert await stands(stage) == ["title"]
        assert await prompts(stage) == 4


async def test_an_album_is_one_answer_whether_it_is_taken_or_refused(stage: Stage) -> None:
    member = await stage.joined(50)
    async with stage.bot():
        await member.says("/share")
        await member.sees("Send the link, or the file itself")
        for number in range(3):
            file = {"file_name": f"paper-{number}.pdf", "content_b64": "JVBERi0xLjQ="}
            await member.sends(document=file, media_group_id="papers")
        await member.sees("paper-0.pdf", "Traffic Light Protocol")
        await replies(member)
        assert (await stands(stage), await prompts(stage)) == (["label"], 2)

        for _ in range(3):
            await member.sends(photo={}, media_group_id="photos")
        await member.sees("Please press one of the buttons")
        await replies(member)
        assert (await stands(stage), await prompts(stage)) == (["label"], 3)
        await member.says("tlp green")
        await member.sees("Which topic")


async def test_an_edited_message_changes_only_an_answer_that_was_refused(stage: Stage) -> None:
    member = await stage.joined(50)
    async with stage.bot():
        await begins(member)
        refused = await member.says("x" * 201)
        await member.sees("That is too long: at most 200 characters")
        await member.does("edit", message_id=refused["message_id"], text="Reporting with care")
        await member.sees("read it once more", "Reporting with care")
        before = await prompts(stage)
        await member.does("edit", message_id=refused["message_id"], text="Another title")
        assert await replies(member) == []
        assert (await stands(stage), await prompts(stage)) == (["summary"], before)
        await member.says("/cancel")
        await member.sees("Cancelled")
        assert await replies(member, member.does("edit", message_id=refused["message_id"], text="Too late")) == []
    assert await stage.rows("SELECT problem FROM inbox WHERE attempts > 0") == []
