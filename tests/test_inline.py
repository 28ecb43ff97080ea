"""Inline mode: what is TLP:CLEAR can be posted from any chat by members, and off means not even asked for."""

from __future__ import annotations

from typing import Any

from cast import SOAKED, alters, paper, shelves
from people import Person
from record import calls
from story import Stage, written

from storage.documents import Attachment, Draft
from storage.members import MemberState, Role
from storage.tlp import Label


async def asks(person: Person, words: str) -> list[dict[str, Any]]:
    """Type the bot's name and some words in another chat, and return what is offered."""
    answer = await person.does("inline", query=words)
    assert answer["is_personal"]
    return list(answer["results"])


async def test_members_are_offered_what_is_clear_and_others_nothing(stage: Stage) -> None:
    stage.settings["library"] = {"inline": True}
    member = await stage.joined(50, roles=[Role.ADMINISTRATOR])
    idle = await stage.joined(52, "Left", state=MemberState.LEFT)
    stranger = await stage.person(53)
    file = Draft("Border file", 3, Label.CLEAR, file=Attachment("f", "u", "a.pdf", 10))
    labels = (Label.GREEN, Label.AMBER, Label.AMBER_STRICT)
    shared = [paper(f"Border {label.value}", label) for label in labels]
    more = [paper(f"Border plan {number}") for number in range(25)]
    await shelves(stage, 50, paper("Border & control", publisher="UNODC"), file, paper("Border frozen"), *shared, *more)
    await alters(stage, "UPDATE document SET year = 2024 WHERE id = 1")
    await alters(stage, "UPDATE document SET frozen_at = shared_at WHERE id = 3")
    async with stage.bot():
        (offered,) = await asks(member, "border control")
        assert (offered["title"], offered["description"]) == ("Border & control", "TLP:CLEAR · UNODC, 2024")
        said = offered["input_message_content"]["message_text"]
        assert said.startswith("<b>TLP:CLEAR</b>")
        assert "Border &amp; control" in said
        assert "UNODC, 2024" in said
        assert said.endswith("https://border.example.org/Border%20%26%20control")
        (linked,) = await asks(member, "border file")
        assert "start=doc_" in linked["input_message_content"]["message_text"]

        many = [*await asks(member, "border"), *await asks(member, ""), *await asks(member, "green amber")]
        assert len(many) == 40
        assert {"Border frozen", *(f"Border {label.value}" for label in labels)}.isdisjoint(r["title"] for r in many)
        for number in (3, 4, 5, 6):
            assert await asks(member, f"D-{number}") == []
        assert await asks(idle, "border") == await asks(stranger, "border") == []
        await member.says("/start")
        await member.sees("Test network")
    assert (await calls(stage.control, "getUpdates"))[0]["parameters"]["allowed_updates"].count("inline_query") == 1
    assert await stage.rows("SELECT count(*) FROM member WHERE telegram_id = 53") == [(0,)]


@SOAKED
async def test_where_it_is_off_the_bot_does_not_ask_for_what_is_typed_elsewhere(stage: Stage) -> None:
    member = await stage.joined(50)
    await shelves(stage, 50, paper("Border control"))
    typed = {"id": "7", "from": {"id": 50, "is_bot": False, "first_name": "S"}, "query": "border", "offset": ""}
    await stage.receives({"update_id": 1, "inline_query": typed})
    async with stage.bot():
        await member.says("border")
        assert "Border control" in written(await member.sees("Found for"))
    asked = await calls(stage.control, "getUpdates")
    assert all("inline_query" not in call["parameters"]["allowed_updates"] for call in asked)
    answered = await calls(stage.control, "answerInlineQuery")
    assert [call["parameters"]["results"] for call in answered] == [[]]
