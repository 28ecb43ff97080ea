"""Deep links: they land where they say, tell strangers nothing, and change nothing when they are pressed again."""

from __future__ import annotations

import re

import pytest
from cast import alters
from record import calls, comes, last, replies
from story import Person, Stage, buttons, written
from tour import planted

from storage.members import MemberState, Role

pytestmark = pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
NOWHERE = "This link does not lead anywhere now."
GARBAGE = ("doc_unknown", "doc_", "ev_unknown", "inv_used", "zzz", "1", "doc_1", "../../etc", "дверь" * 8, "x" * 300)


async def furnished(stage: Stage) -> None:
    """Put documents and events in place, with an administrator who shared them."""
    await stage.joined(1, "Maral", roles=[Role.ADMINISTRATOR])
    await planted(stage)


async def payloads(stage: Stage) -> dict[str, str]:
    """Return a payload of each kind that leads somewhere."""
    ((document,),) = await stage.rows("SELECT token FROM document WHERE label = 'TLP:GREEN' LIMIT 1")
    ((event,),) = await stage.rows("SELECT token FROM event ORDER BY id LIMIT 1")
    return {"doc": f"doc_{document}", "ev": f"ev_{event}"}


async def test_a_link_to_apply_opens_the_form_after_the_choice_of_a_language(stage: Stage) -> None:
    newcomer = await stage.person(60)
    async with stage.bot():
        await newcomer.starts("apply")
        await newcomer.sees("choose your language")
        await newcomer.taps("Русский")
        await newcomer.sees("1 из 7")
        await newcomer.starts("apply")
        await newcomer.sees("1 из 7")
    assert await stage.rows("SELECT name, step FROM dialogue") == [("application", "terms")]


async def test_links_open_their_screens_for_members_at_once_and_after_the_choice(stage: Stage) -> None:
    await furnished(stage)
    member = await stage.joined(50)
    fresh = await stage.joined(51, language_chosen=False)
    async with stage.bot():
        for kind, payload in (await payloads(stage)).items():
            words = {"doc": "Publisher:", "ev": "When:"}[kind]
            await member.starts(payload)
            await member.sees(words)
        await fresh.starts(payload)
        await fresh.sees("choose your language")
        await fresh.taps("English")
        await fresh.sees(words)


async def test_a_stranger_learns_nothing_from_a_link(stage: Stage) -> None:
    await furnished(stage)
    newcomer = await stage.person(60)
    async with stage.bot():
        await newcomer.starts((await payloads(stage))["doc"])
        await newcomer.sees("choose your language")
        await newcomer.taps("English")
        door = await newcomer.sees("This is for members of the network.")
        assert "Apply" in buttons(door)
        for payload in [*(await payloads(stage)).values(), *GARBAGE]:
            (answer,) = await replies(newcomer, newcomer.says(f"/start {payload}"))
            assert (written(answer), buttons(answer)) == (written(door), buttons(door))


async def test_who_may_not_apply_is_told_where_they_stand_and_not_to_apply(stage: Stage) -> None:
    people = [
        await stage.joined(100 + n, state=s) for n, s in enumerate((MemberState.NOMINATED, MemberState.SUSPENDED))
    ]
    async with stage.bot():
        for person, standing in zip(people, ("being looked at", "is suspended"), strict=True):
            for payload in ("apply", "doc_unknown"):
                (answer,) = await replies(person, person.starts(payload))
                assert standing in written(answer)
                assert "You can apply" not in written(answer)
                assert "Apply" not in buttons(answer)


async def test_an_unknown_a_spent_and_a_foreign_link_answer_alike_with_the_start_screen(stage: Stage) -> None:
    await furnished(stage)
    member = await stage.joined(50, organisation="Another Institute")
    await alters(stage, "UPDATE document SET label = 'TLP:AMBER' WHERE id = 1")
    ((foreign,),) = await stage.rows("SELECT token FROM document WHERE id = 1")
    async with stage.bot():
        answers = await replies(member, *(member.says(f"/start {payload}") for payload in (f"doc_{foreign}", *GARBAGE)))
        (start,) = await replies(member, member.starts())
        (again,) = await replies(member, member.starts("apply"))
    assert len(answers) == len(GARBAGE) + 1
    assert {written(answer) for answer in answers} == {f"{NOWHERE}\n\n{written(start)}"}
    assert all(buttons(answer) == buttons(start) for answer in answers)
    assert "You are a member." in written(again)


async def test_a_newcomer_with_garbage_in_the_link_meets_the_door(stage: Stage) -> None:
    async with stage.bot():
        for number, payload in enumerate(("ж" * 36, "x" * 300, "doc_<b>", "a|b|c")):
            newcomer = await stage.person(70 + number)
            await newcomer.says(f"/start {payload}")
            await newcomer.sees("choose your language")
            await newcomer.taps("English")
            await newcomer.sees("A community of practitioners")


async def test_the_links_that_are_given_out_are_short_random_and_name_no_row(stage: Stage) -> None:
    await furnished(stage)
    member = await stage.joined(50, topics=["jpoa", "media", "justice"])
    async with stage.bot():
        await member.says("/library")
        await member.sees("Library")
        await member.taps("①")
        await member.sees("Publisher:")
        await member.says("/events")
        await member.sees("Events and deadlines")
        await member.taps("Open 1")
        await member.sees("When:")
        await member.says("/digest now")
        await member.sees("digest No.")
        said = str([call["parameters"] for call in await calls(stage.control, "sendMessage", "editMessageText")])
    given = set(re.findall(r"\?start=([^\"'&\s]+)", said))
    assert {payload.partition("_")[0] for payload in given} == {"doc", "ev"}
    for payload in given:
        assert re.fullmatch(r"[a-z]+_[A-Za-z0-9_-]{16,60}", payload)
        assert len(payload) <= 48  # what the choice of a language carries on


async def test_only_an_administrator_can_add_the_bot_to_a_group(stage: Stage) -> None:
    administrator = await stage.joined(1, "Maral", roles=[Role.ADMINISTRATOR])
    member = await stage.joined(50)
    async with stage.bot():
        group = await stage.control.post("/chats", type="supergroup", title="Tables", owner=50, members=[1])
        before = await last(stage.control)
        await member.does("add", chat=group["id"], user="bot")
        explained = await comes(stage.control, "sendMessage", after=before, chat_id=group["id"])
        await comes(stage.control, "leaveChat", after=before, chat_id=group["id"])
        assert "Only an administrator of Test network can add me" in explained["parameters"]["text"]
        assert await stage.rows("SELECT * FROM bound_group") == []
        await administrator.does("add", chat=group["id"], user="bot")
        there = Person(administrator.control, 1, chat=group["id"])
        await there.sees("Only an administrator of this group can bind it")
        await member.does("promote", chat=group["id"], user=1)
        await administrator.does("send", chat=group["id"], text="/setup@network_test_bot")
        await administrator.sees("Tables", "is bound")
    assert len(await stage.rows("SELECT * FROM bound_group")) == 1
