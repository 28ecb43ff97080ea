"""Replies to announcements: a reader writes, everybody who may announce can answer, and nobody else reads it."""

from __future__ import annotations

import pytest
from announced import announces
from cast import administrators, forges, goes
from story import Person, Stage, buttons, written

from handlers.announcements.presses import Answer, OpenThreads
from handlers.announcements.threads import AnswerReader, OpenThread
from storage import members, privacy

SQLITE = pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)


async def writes(reader: Person, words: str) -> None:
    """Reply with the button under what the reader has, and send it."""
    await goes(reader, "Reply", "What do you want to say")
    await reader.says(words)
    await reader.sees("Your words on", words.splitlines()[0])
    await goes(reader, "Send", "Sent: the administrators have it.", words.splitlines()[0])


async def test_a_reader_writes_any_administrator_answers_and_the_others_see_who_did(stage: Stage) -> None:
    author, second = await administrators(stage)
    reader = await stage.joined(50, "Reader Demo")
    other = await stage.joined(51, "Other Demo")
    stage.settings["delivery"] = {"per_chat_per_second": 30}
    async with stage.bot():
        n = await announces(stage, author, "Tell us <all>")
        await writes(reader, "Is the form <b>open</b>?\nIt says no.")
        for person in (author, second):
            card = await person.sees("Reader Demo\u2069 on N-1:", "Is the form <b>open</b>?\nIt says no.")
            assert written(card).startswith("TLP:GREEN")
            assert card["has_protected_content"]
            assert buttons(card) == ["Answer", "Open thread", "Menu"]
        await second.sends(text="It opens on Friday.", reply_to=card["message_id"])
        await second.sees("Your words on N-1", "It opens on Friday.")
        await goes(second, "Send", "Your answer is on its way.", "Reader Demo", "Timur Demo", "It opens on Friday.")
        told = await reader.sees("The administrators answer you on N-1:", "It opens on Friday.")
        assert "Timur" not in written(told)
        await author.sees("Reader Demo\u2069 on N-1:", "Answered by \u2068Timur Demo\u2069:", "It opens on Friday.")

        await reader.sends(text="Thank you!", reply_to=told["message_id"])
        await reader.sees("Your words on N-1", "Thank you!")
        thread = await goes(reader, "Send", "Your replies on N-1", "Is the form", "The administrators", "Thank you!")
        assert written(thread).index("Is the form") < written(thread).index("Friday") < written(thread).index("Thank")
        await author.sees("Reader Demo\u2069 on N-1:", "Thank you!")
        await writes(other, "And for me?")
        await author.sees("Other Demo\u2069 on N-1:", "And for me?")
        await forges(author, AnswerReader(n, 3))
        await author.sees("Your answer on N-1?")
        await author.says("You are welcome.")
        await author.sees("Your words on N-1")
        await author.taps("Send")
        await author.sees("Your answer is on its way.")
        await forges(author, OpenThreads(n, 0))
        listed = await author.sees(
            "Replies on N-1", "Other Demo\u2069: waits for an answer", "Reader Demo\u2069: answered"
        )
        assert buttons(listed) == ["● Other Demo", "Reader Demo", "Back"]
        await goes(author, "Reader Demo", "Replies on N-1, with \u2068Reader Demo", "You are welcome.")
        await goes(author, "›", "Is the form <b>open</b>?")

        await forges(other, OpenThread(n, 3, 0))
        await other.sees("There is no such announcement")
        await forges(other, OpenThread(n, 4, 0))
        await other.sees("Your replies on N-1", "And for me?")

    assert not any("Is the form" in written(m) for m in other.seen.values())
    answered = "SELECT actor_id, subject_id FROM audit WHERE event = 'announcement:answered' ORDER BY id"
    assert await stage.rows(answered) == [(2, 3), (1, 3)]
    async with stage.beside() as database, database.transaction() as tx:
        person = await members.by_telegram(tx, 50)
        assert person is not None
        await privacy.erase(tx, person.id, person.created_at)
    assert await stage.rows("SELECT member_id, text FROM announcement_remark") == [(4, "And for me?")]


@SQLITE
async def test_who_writes_too_often_too_much_or_out_of_turn_is_refused_in_their_language(stage: Stage) -> None:
    author, _ = await administrators(stage)
    reader = await stage.joined(50, "Reader Demo", language="ru")
    outside = await stage.joined(51, "Outside Demo", state="idle")
    async with stage.bot():
        n = await announces(stage, author, "Questions?")
        got = await reader.sees("Questions?", "Язык текста: английский")
        assert buttons(got) == ["Ответить", "Настройки"]
        await goes(reader, "Ответить", "Что вы хотите сказать о N-1?")
        await reader.says("о" * 1001)
        await reader.sees("не больше 1000")
        await reader.says("…")
        await reader.sees("хотя бы одну букву")
        await reader.says("Вопрос 1")
        await reader.sees("Ваше сообщение о N-1:", "Вопрос 1")
        await goes(reader, "Отправить", "Отправлено: администраторы это получили.", "Вы")
        for number in range(2, 6):
            await reader.sends(text=f"Вопрос {number}", reply_to=got["message_id"])
            await reader.sees("Ваше сообщение о N-1:", f"Вопрос {number}")
            await goes(reader, "Отправить", "Ваша переписка о N-1", f"Вопрос {number}")
        await reader.sends(text="Вопрос 6", reply_to=got["message_id"])
        await reader.sees("Сегодня вы написали 5 раз")
        await reader.sends(photo={}, reply_to=got["message_id"])
        await reader.sees("Здесь нужен текст")
        await author.looks()
        await forges(author, AnswerReader(n, 3))
        await author.sees("Your answer on N-1?")
        await author.says("One answer.")
        await author.sees("Your words on N-1")
        await author.taps("Send")
        await reader.sees("Администраторы отвечают вам о N-1:", "One answer.")
        await goes(reader, "Ответить", "Что вы хотите сказать")

        await outside.says("/help")
        await outside.sees("What you can do here")
        for forged in (Answer(n), OpenThread(n, outside_id := 4, 0)):
            await forges(outside, forged)
            await outside.sees("This menu is out of date")
        await forges(outside, AnswerReader(n, outside_id))
        await outside.sees("I do not know that")

    assert await stage.rows("SELECT count(*) FROM announcement_remark") == [(6,)]


@SQLITE
async def test_what_answers_an_amber_announcement_is_marked_and_protected_as_it_is(stage: Stage) -> None:
    author, _ = await administrators(stage)
    reader = await stage.joined(50, "Reader Demo", organisation="Amber House")
    async with stage.bot():
        ((house,),) = await stage.rows("SELECT organisation_id FROM member WHERE telegram_id = 50")
        await announces(stage, author, "Inside", "TLP:AMBER", audience=[[["organisation", [str(house)], False]]])
        await writes(reader, "Understood")
        for shown in (await reader.sees("Understood"), await author.sees("Reader Demo\u2069 on N-1:", "Understood")):
            assert written(shown).startswith("TLP:AMBER")
            assert shown["has_protected_content"]
