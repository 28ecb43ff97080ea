"""Announcements: composed with care, sent to a frozen list, watched in one message, and reported to the last reader."""

from __future__ import annotations

from typing import Any

import pytest
from cast import administrators, alters, goes
from story import Person, Stage, buttons, written

from storage.members import Role

NOBODY = "This audience is empty: nobody would get it"


async def composes(author: Person, title: str, audience: str = "Everybody", label: str = "TLP:GREEN") -> dict[str, Any]:
    """Fill the form up to the preview, and return the preview."""
    await author.says("/announce")
    await author.sees("title of the announcement")
    await author.says(title)
    await author.sees("The text?")
    await author.sends(
        text="Please <read> & reply by Friday: form",
        entities=[
            {"type": "bold", "offset": 0, "length": 6},
            {"type": "text_link", "offset": 33, "length": 4, "url": "https://example.org/f?a=1&b=2"},
        ],
    )
    await author.sees("Traffic Light Protocol", "above TLP:GREEN is not announced")
    await goes(author, label, "Who is it for?")
    return await goes(author, audience, "" if audience != "Everybody" else "It will be sent to")


async def reported(stage: Stage, author: Person, *seen: str) -> dict[str, Any]:
    """Let time pass once everything has landed, and wait for the report."""
    await stage.settled("notice = 'announcement:text'")
    await stage.control.post("/clock", advance=1)
    return await author.sees(*seen)


def formatting(message: dict[str, Any]) -> list[tuple[str, str]]:
    units = message["text"].encode("utf-16-le")
    found = [(e["type"], units[2 * e["offset"] :][: 2 * e["length"]].decode("utf-16-le")) for e in message["entities"]]
    return [one for one in found if "Please" in one[1] or one[0] == "text_link"]


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_what_was_previewed_reaches_exactly_the_chosen_readers(stage: Stage) -> None:
    author, _ = await administrators(stage)
    reader = await stage.joined(50, "Reader", country="KG", topics=["media"])
    other = await stage.joined(51, "Other", country="KG", state="suspended")
    async with stage.bot():
        await composes(author, "Re-validation & more", "A country")
        await author.sees("Members in which country?")
        await goes(author, "Norway", "Re-validation & more", NOBODY)
        await goes(author, "Send", NOBODY)
        await goes(author, "Edit: Audience", "Who is it for?")
        await goes(author, "A topic's followers", "Followers of which topic?")
        await goes(author, "Media and communication", "It will be sent to 1 member.")
        await goes(author, "Edit: Audience", "Who is it for?")
        preview = await goes(author, "A country", NOBODY)
        await goes(author, "Edit: Which", "Members in which country?")
        preview = await goes(author, "Kyrgyzstan", "It will be sent to 2 members.")
        await author.taps("Send")
        message = await reader.sees("Re-validation & more", "Please <read> & reply by Friday: form", "Test network")
        done = await reported(stage, author, "N-1: sent", "2 of 2 recipients sent")
        await reader.says("/digest now")
        await reader.sees("Re-validation & more")
        await other.says("/start")
        await other.sees("suspended")
        await author.says("/announce")
        await author.sees("title of the announcement")

    assert written(message).startswith("TLP:GREEN")
    assert message["has_protected_content"]
    assert formatting(message) == formatting(preview) == [("bold", "Please"), ("text_link", "form")]
    assert buttons(message) == ["Settings"]
    assert buttons(done) == ["Menu"]
    shown = [m for m in author.seen.values() if m["from"]["is_bot"] and "Re-validation" in written(m)]
    assert [m["message_id"] for m in shown] == [done["message_id"]]  # the preview became the report
    assert not any("Re-validation" in written(m) for m in other.seen.values())
    report = await stage.rows(
        "SELECT m.telegram_id, o.state FROM outbox o JOIN member m ON m.id = o.member_id"
        " WHERE o.notice = 'announcement:text' ORDER BY 1"
    )
    assert report == [(2, "sent"), (50, "sent")]
    assert await stage.rows("SELECT audience_count FROM announcement") == [(2,)]


async def test_whoever_blocked_the_bot_is_reported_and_is_back_after_unblocking(stage: Stage) -> None:
    stage.settings["delivery"] = {"per_chat_per_second": 30}
    author, _ = await administrators(stage)
    away = await stage.joined(50, "Away Demo")
    async with stage.bot():
        await away.does("block")
        await composes(author, "First", label="TLP:CLEAR")
        await author.taps("Send")
        done = await reported(stage, author, "N-1: sent", "2 of 3 recipients sent", "unreachable: 1")
        assert buttons(done) == ["See who was missed", "Menu"]
        await goes(author, "See who was missed", "Not reached", "Away Demo", "unreachable")
        await goes(author, "Back", "N-1: sent")
        await goes(author, "Back", "Announcements, the newest first")
        await away.does("unblock")
        await composes(author, "Second", label="TLP:CLEAR")
        await author.taps("Send")
        await away.sees("Second")
        await reported(stage, author, "N-2: sent", "3 of 3 recipients sent")
        await author.says("/broadcasts")
        listed = await author.sees("Announcements, the newest first")
        assert buttons(listed)[:2] == ["N-2 · Second", "N-1 · First"]

    assert await stage.rows("SELECT reason FROM outbox WHERE member_id = 3 AND state = 'unreachable'") == [
        ("Forbidden: bot was blocked by the user",)
    ]


async def test_sending_can_be_stopped_and_who_lost_access_meanwhile_is_not_told(stage: Stage) -> None:
    stage.settings["delivery"] = {"messages_per_second": 4, "per_chat_per_second": 30, "in_flight": 1}
    author, second = await administrators(stage)
    readers = [await stage.joined(50 + n, f"Reader {n}") for n in range(10)]
    async with stage.bot():
        await composes(author, "Stop me", label="TLP:CLEAR")
        await author.taps("Send")
        await second.sees("Stop me")
        await alters(stage, "UPDATE member SET state = 'suspended' WHERE telegram_id = 54")
        await readers[5].sees("Stop me")
        shown = await goes(author, "Cancel", "N-1: being sent", "withheld")
        await reported(stage, author, "N-1: cancelled", "withheld")
        for person in (author, second):
            await person.says("/digest now")
            await person.sees("Nothing new")

    states = await stage.rows("SELECT state, reason FROM outbox WHERE notice = 'announcement:text' ORDER BY member_id")
    assert states[:6] == [("sent", None)] * 6
    assert states[6:8] == [("withheld", "no longer concerns or no longer permitted"), ("sent", None)]
    assert states[-1] == ("withheld", "cancelled")
    assert len(states) == 12
    said = [m["message_id"] for m in author.seen.values() if "N-1:" in written(m)]
    assert said == [shown["message_id"]]
    assert not any("Stop me" in written(m) for m in readers[4].seen.values())
    assert await stage.rows("SELECT count(*) FROM audit WHERE event = 'announcement:cancelled'") == [(1,)]


async def test_many_readers_need_a_second_administrator_who_releases_exactly_what_was_shown(stage: Stage) -> None:
    stage.settings |= {"announcements": {"two_person_above": 1}, "delivery": {"per_chat_per_second": 30}}
    author, second = await administrators(stage)
    async with stage.bot():
        await composes(author, "For all")
        await author.sees("A second administrator must release it")
        waits = await goes(author, "Send", "N-1: waits for a second administrator")
        card = await second.sees("For all", "Please <read>", "Maral Demo", "asks you to release", "2 recipients")
        assert written(card).startswith("TLP:GREEN")
        go = next(b for row in card["reply_markup"]["inline_keyboard"] for b in row if b["text"] == "Release")
        data, message_id = go["callback_data"], card["message_id"]
        press = {"message_id": waits["message_id"], "chat": 1, "forge": True}
        await author.does("press", data=data, **press)
        await author.sees("A second administrator must release it, not its author")

        await alters(stage, "UPDATE announcement SET text = 'Other words'")
        for forged in (data, data[: data.rindex("|") + 1], data[:-1]):
            await second.does("press", chat=2, message_id=message_id, data=forged, forge=True)
            await second.sees("not the text that was put before you")
        await alters(stage, "UPDATE announcement SET text = 'Please &lt;read&gt;'")
        await stage.control.post("/clock", advance=31 * 60)
        await author.sees("Nobody released your announcement", "For all")
        await second.sees("For all", "Nobody released it within 30 minutes")
        await second.does("press", chat=2, message_id=max(second.seen), data=data, forge=True)
        await second.sees("already been decided")

        await goes(author, "Edit and send again", "For all", "A second administrator must release it")
        await author.taps("Send")
        await second.sees("asks you to release")
        await second.taps("Return")
        await second.sees("Returned by", "Timur Demo")
        await author.sees("“For all” was returned by", "Timur Demo")
        await goes(author, "Edit and send again", "For all", "must release it")
        await author.taps("Send")
        await second.sees("asks you to release")
        await second.taps("Release")
        await second.sees("N-3", "From the administrators")
        await reported(stage, author, "N-3: sent", "2 of 2 recipients sent")
        await second.sees("Released by", "Timur Demo")

        await composes(author, "Last")
        await author.taps("Send")
        await second.sees("Last", "asks you to release")
        await alters(stage, "DELETE FROM member_role WHERE member_id = 1")
        await goes(second, "Release", "may no longer announce")

    assert await stage.rows("SELECT state, released_by FROM announcement ORDER BY id") == [
        ("returned", None), ("returned", 2), ("done", 2), ("awaiting", None),
    ]  # fmt: skip


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_refusals_of_the_form_and_an_administrator_alone(stage: Stage) -> None:
    stage.administrators = (1,)
    stage.settings["announcements"] = {"two_person_above": 0}
    alone = await stage.joined(1, "Марал", roles=[Role.ADMINISTRATOR], language="ru")
    async with stage.bot():
        await alone.says("/announce")
        await alone.sees("Какой будет заголовок")
        await alone.says("Заголовок")
        await alone.sees("Пришлите текст")
        await alone.says("Слово" + "😀" * 1500)
        await alone.sees("не больше 3000")
        await alone.sends(document={"file_name": "a.pdf"})
        await alone.sees("Здесь нужен текст")
        await alone.says("😀" * 1490 + " слова")
        await alone.sees("Traffic Light Protocol")
        await goes(alone, "TLP:CLEAR", "Кому его отправить?")
        preview = await goes(alone, "Все участники", "Его получит 1 участник.", "😀 слова")
        assert buttons(preview)[-2:] == ["Отправить", "Отмена"]
        await goes(alone, "Отправить", "второй администратор, а его в сети нет")

    assert await stage.rows("SELECT count(*) FROM announcement") == [(0,)]
