"""The door and the way home: what everybody can ask at any time, and that nobody is left without an answer."""

from __future__ import annotations

import asyncio

import pytest
from record import comes, last, replies
from story import Person, Stage, buttons, written

from bot.features import FEATURES
from storage.lengths import units
from storage.members import MemberState, Role

pytestmark = pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
ALWAYS = {
    "/start": "Test network",
    "/help": "What you can do here",
    "/settings": "What would you like to change?",
    "/privacy": "What is stored",
    "/language": "choose your language",
    "/cancel": "nothing to cancel",
}


async def asks_everything(person: Person, last_answer: str = ALWAYS["/cancel"]) -> None:
    for command, answer in {**ALWAYS, "/cancel": last_answer}.items():
        await person.says(command)
        await person.sees(answer)


async def test_who_is_who_may_ask_the_common_questions_in_every_state(stage: Stage) -> None:
    people = [await stage.joined(100 + n, state=state) for n, state in enumerate(MemberState)]
    administrator = await stage.joined(1, "Maral", roles=[Role.ADMINISTRATOR])
    stranger = await stage.person(90)
    async with stage.bot():
        await asyncio.gather(*(asks_everything(person) for person in [*people, administrator]))
        await stranger.says("/privacy")  # before anything is known of them
        privacy = await stranger.sees("What is stored")
        await stranger.says("/help")
        await stranger.sees("What you can do here")
    for words in ("Why:", "Who sees it", "How long", "/mydata", "/erase", "any administrator"):
        assert words in written(privacy)


@pytest.mark.parametrize("days", [0, 7])
async def test_the_first_screen_says_in_a_few_lines_what_this_is_and_how_one_joins(stage: Stage, days: int) -> None:
    stage.settings["admission"] = {"vouches": 2 if days else 0, "objection_days": days}
    english = await stage.joined(60, state=MemberState.VISITOR)
    russian = await stage.joined(61, state=MemberState.VISITOR, language="ru")
    expected = (
        (english, ("administrators run it", "can apply", f"{days} days" if days else "Reviewers read", "is stored")),
        (russian, ("управляют её администраторы", "Заявку могут подать", "за два рабочих дня", "Хранится")),
    )
    async with stage.bot():
        for person, words in expected:
            await person.starts()
            door = await person.sees("Test network", *words)
            assert units(written(door)) <= 600
            assert len(buttons(door)) == 3


async def test_the_common_questions_do_not_disturb_an_open_form(stage: Stage) -> None:
    member = await stage.joined(50)
    async with stage.bot():
        await member.says("/share")
        await member.sees("Send the link")
        await asks_everything(member, "Cancelled: Share a document. Nothing of it was kept.")
        await member.says("/cancel")
        await member.sees("nothing to cancel")


async def test_help_shows_what_the_asker_may_use(stage: Stage) -> None:
    member = await stage.joined(50)
    administrator = await stage.joined(1, "Maral", roles=[Role.ADMINISTRATOR])
    stranger = await stage.joined(60, state=MemberState.VISITOR)
    async with stage.bot():
        said = {}
        for person in (stranger, member, administrator):
            await person.says("/help")
            said[person.id] = written(await person.sees("What you can do here"))
    assert "/privacy" in said[60]
    assert "/topics" not in said[60]
    assert "/topics" in said[50]
    assert "/announce" not in said[50]
    assert "/announce" in said[1]
    assert all(f"/{command.name} " in said[1] for f in FEATURES for command in f.commands if not command.hidden)


async def test_a_command_is_understood_however_it_is_written(stage: Stage) -> None:
    member = await stage.joined(50)
    async with stage.bot():
        for written_so in ("/start@network_test_bot", "/START", "/start some more words", "/Help@Network_Test_Bot now"):
            (answer,) = await replies(member, member.says(written_so))
            assert "Test network" in written(answer) or "What you can do here" in written(answer)
        assert await replies(member, member.says("/start@another_bot"), member.says("/topics@another_bot x")) == []


async def test_a_staff_command_answers_others_as_an_unknown_one_does(stage: Stage) -> None:
    member = await stage.joined(50)
    stranger = await stage.joined(60, state=MemberState.VISITOR)
    async with stage.bot():
        for person in (member, stranger):
            unknown, review, announce, broadcasts = await replies(
                person, *(person.says(f"/{name}") for name in ("nonsense", "review", "announce", "broadcasts"))
            )
            assert written(unknown) == written(review) == written(announce) == written(broadcasts)
            assert buttons(unknown) == buttons(review) == buttons(announce) == buttons(broadcasts)


UNEXPECTED = (
    {"text": "/nonsense"},
    {"sticker": {}},
    {"voice": {}},
    {"location": {}},
    {"poll": {}},
    {"contact": {}},
    {"photo": {}, "caption": "look"},
)


async def test_whatever_comes_in_private_gets_one_reply_with_a_way_forward(stage: Stage) -> None:
    member = await stage.joined(50)
    stranger = await stage.person(60)
    waiting = await stage.joined(70, state=MemberState.NOMINATED)
    async with stage.bot():
        for person in (member, stranger, waiting):
            found = await replies(person, *(person.sends(**content) for content in UNEXPECTED))
            assert len(found) == len(UNEXPECTED)
            assert all(buttons(answer) for answer in found)
        (searched,) = await replies(member, member.says("quite unheard of"))
        assert "Nothing was found" in written(searched)
        (door,) = await replies(stranger, stranger.says("hello there"))
        assert buttons(door) == ["Apply"]
        (standing,) = await replies(waiting, waiting.says("hello there"))
        assert "being looked at" in written(standing)
        await waiting.taps("See my application", on="being looked at")
        await waiting.sees("being looked at")


async def test_an_album_that_nobody_asked_for_gets_one_reply(stage: Stage) -> None:
    member = await stage.joined(50)
    async with stage.bot():
        photos = (member.sends(photo={}, media_group_id="holiday") for _ in range(4))
        assert len(await replies(member, *photos)) == 1
        again = (member.sends(photo={}, media_group_id="garden") for _ in range(3))
        assert len(await replies(member, *again)) == 1


async def test_in_a_group_the_bot_speaks_only_when_it_is_spoken_to(stage: Stage) -> None:
    administrator = await stage.joined(1, "Maral", roles=[Role.ADMINISTRATOR])
    member = await stage.joined(50)
    async with stage.bot():
        group = await stage.control.post("/chats", type="supergroup", title="Tables", owner=1, members=[50])
        await administrator.does("add", chat=group["id"], user="bot")
        await administrator.sees("is bound")
        await administrator.does("promote", chat=group["id"], user="bot")  # now it reads everything there
        member.chat = group["id"]
        unasked = [*UNEXPECTED, {"text": "hello"}, {"text": "/review"}, {"text": "https://example.org/paper"}]
        assert await replies(member, *(member.sends(**content) for content in unasked), chat=group["id"]) == []
        (answer,) = await replies(member, member.says("/help@network_test_bot"), chat=group["id"])
        assert buttons(answer) == ["Open in private"]


async def test_every_command_alone_is_enough_to_go_on(stage: Stage) -> None:
    administrator = await stage.joined(1, "Maral", roles=[Role.ADMINISTRATOR])
    names = [command.name for feature in FEATURES for command in feature.commands]
    async with stage.bot():
        for name in names:
            before = await last(stage.control)
            await administrator.says(f"/{name}")
            method = "sendDocument" if name == "mydata" else "sendMessage"
            shown = await comes(stage.control, method, after=before)
            assert shown["status"] == 200
            offered = shown["parameters"].get("reply_markup", {}).get("inline_keyboard")
            assert offered or name == "mydata", f"/{name} leads nowhere"
            await replies(administrator, administrator.says("/cancel"))


async def test_a_farewell_is_asked_twice_and_names_what_goes(stage: Stage) -> None:
    member = await stage.joined(50)
    async with stage.bot():
        for command, question in (("/leave", "Leave Test network?"), ("/erase", "Erase everything about you?")):
            await member.says(command)
            await member.sees(question)
            await member.taps("Back")
            await member.sees("Test network")
        assert await stage.rows("SELECT state FROM member WHERE telegram_id = 50") == [("active",)]
        await member.says("/erase")
        await member.sees("Your name, account, topics, digests and applications go at once")
        await member.taps("Erase my data")
        await member.sees("Everything about you was erased")
    assert await stage.rows("SELECT state FROM member WHERE telegram_id = 50") == []


async def test_a_newcomer_is_answered_in_the_language_of_their_client_or_the_general_one(stage: Stage) -> None:
    async with stage.bot():
        for number, (tag, answer) in enumerate(
            (("ru", "Что здесь можно делать"), ("ru-KZ", "Что здесь можно делать"), ("kk", ALWAYS["/help"]))
        ):
            newcomer = await stage.person(80 + number, language=tag)
            await newcomer.says("/help")
            await newcomer.sees(answer)
