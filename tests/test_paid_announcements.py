"""Announcements that are paid for: what they cost is said before, and nothing but their copies is paid for."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from announced import arrives
from announcers import announces, composes, leaves, passes, reported
from cast import administrators, alters, forges, goes, stands_at
from story import Person, Stage, buttons, written

from handlers.announcements.presses import OpenDraft, Pay
from storage.members import Role

NOON = datetime(2026, 12, 7, 7, tzinfo=UTC)
OFFER = "Send faster, for Stars"
COST = "Sent faster, for Stars: {stars} at most (0.1 a message above 30 a second), about {fast} instead of {slow}."


def pays(stage: Stage, rate: float = 500) -> None:
    """Let the operator offer it, and nobody be slowed down for the sake of one chat."""
    stage.settings["delivery"] = {"paid_messages_per_second": rate, "per_chat_per_second": 100}


async def called(stage: Stage) -> list[dict[str, Any]]:
    """Return every call that puts something into a chat."""
    calls = await stage.control.get("/calls", limit=20_000)
    return [call for call in calls if call["method"].startswith(("send", "edit")) and "Action" not in call["method"]]


def paid(calls: list[dict[str, Any]]) -> list[int]:
    """Return to whom something went that may cost Stars."""
    return sorted(call["parameters"]["chat_id"] for call in calls if "allow_paid_broadcast" in call["parameters"])


async def presses(person: Person, shown: dict[str, Any], label: str) -> None:
    """Press a button that is called exactly so, on what was shown, even if that is not there any more."""
    rows = shown["reply_markup"]["inline_keyboard"]
    data = next(button["callback_data"] for row in rows for button in row if button["text"] == label)
    await person.looks()
    await person.does("press", chat=person.chat, message_id=max(person.seen), data=data, forge=True)


async def test_what_it_costs_is_said_before_released_and_spent_on_nothing_else(stage: Stage) -> None:
    pays(stage)
    author, second = await administrators(stage)
    for n in range(38):
        await stage.joined(50 + n, f"Reader {n}")
    await stands_at(stage, NOON)
    cost = COST.format(stars=4, fast="0 min 1 s", slow="0 min 1 s")
    async with stage.bot():
        draft = await composes(author, "In a hurry")
        dearer = await goes(author, OFFER, "Draft N-1", cost)
        await goes(author, "Preview", "As readers see it", cost)
        await goes(author, "Back", "Draft N-1", cost)
        await goes(author, "Pay nothing", "Draft N-1")
        await goes(author, OFFER, "Draft N-1", cost)
        await author.taps("Test to me")
        await author.sees("Test: only you get this.")
        await author.taps("Send", on="A second administrator must release it.")
        await author.sees("N-1: waits for a second administrator")
        card = await second.sees("asks you to release", "40 recipients", cost)

        await forges(author, Pay(1))
        cheap = await author.sees("Draft N-1")
        await second.sees("Its author has taken it back to change it.")
        await presses(second, card, "Release")
        await second.sees("already been decided")
        await presses(author, cheap, "Send")
        free = await second.sees("asks you to release", "40 recipients")
        await presses(second, card, "Release")
        await second.sees("not the text that was put before you")
        await forges(author, Pay(1))
        await author.sees("Draft N-1", cost)
        await author.taps("Send", on="A second administrator must release it.")
        await second.sees("asks you to release", "40 recipients", cost)
        await goes(second, "Release", "Released by", cost)
        await author.sees("N-1: being sent")
        await stage.control.put("/limits", per_chat_per_second=100, stars=5)
        await leaves(stage)
        await reported(stage, author, "N-1: sent", "40 of 40 recipients sent")

    assert OFFER in buttons(draft)
    assert "Pay nothing" in buttons(dearer)
    assert not any("Stars" in written(shown) for shown in (draft, cheap, free))
    limits = await stage.control.get("/limits")
    assert (limits["stars_spent"], limits["refused"]) == (1, 0), "30 in one second are free"
    assert paid(await called(stage)) == [1, 2, *range(50, 88)]
    assert await stage.rows("SELECT DISTINCT notice FROM outbox WHERE paid") == [("announcement:text",)]
    [(facts,)] = await stage.rows("SELECT facts FROM audit WHERE event = 'announcement:submitted' ORDER BY id LIMIT 1")
    assert (facts if isinstance(facts, dict) else json.loads(facts))["paid"] is True


async def test_corrections_reminders_and_retractions_are_never_paid_for(stage: Stage) -> None:
    pays(stage)
    author, _ = await administrators(stage)
    reader, other = await stage.joined(50, "Reader Demo"), await stage.joined(51, "Other Demo")
    await stands_at(stage, NOON)
    async with stage.bot():
        await composes(author, "Acknowledge me", label="TLP:CLEAR")
        by = (NOON + timedelta(days=3)).isoformat(" ", "microseconds")[:26]
        await alters(stage, f"UPDATE announcement SET acknowledge_by = '{by}'")  # noqa: S608 - our own
        await forges(author, OpenDraft(1))
        await author.sees("To be acknowledged by")
        await goes(author, OFFER, "for Stars: 0.4 at most")
        await author.taps("Send", on="for Stars")
        await author.sees("being sent")
        await arrives(stage)
        copy = await reader.sees("Acknowledge me")
        await other.sees("Acknowledge me")
        copies = paid(await called(stage))
        await reader.does("delete", chat=50, message_id=copy["message_id"])
        await goes(author, "Report", "N-1: sent")
        await goes(author, "Correct", "Which words")
        await goes(author, "Correct: English", "The right title?")
        await author.says("Acknowledge this")
        await author.sees("The right text")
        await goes(author, "Skip", "Correction of N-1")
        await goes(author, "Correct it", "Corrected.")
        await other.sees("Acknowledge this", "Corrected, version 2")
        await passes(stage, 2 * 86_400)
        await other.sees("Please acknowledge")
        await goes(author, "Report", "N-1: sent")
        await goes(author, "Retract", "Why is it taken back?")
        await goes(author, "Skip", "Retract announcement N-1?")
        await goes(author, "Retract it", "Retracted.")
        await other.sees("was retracted")
        await stage.settled()

    assert copies == [1, 2, 50, 51]
    assert paid(await called(stage)) == copies, "nothing after its copies was paid for"


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_without_stars_everybody_is_reached_all_the_same(stage: Stage) -> None:
    pays(stage)
    author, _ = await administrators(stage)
    stage.settings["announcements"] = {"two_person_above": 100}
    readers = [await stage.joined(50 + n, f"Reader {n}") for n in range(43)]
    async with stage.bot():
        await composes(author, "No Stars")
        await goes(author, OFFER, "for Stars: 4.5 at most")
        await author.taps("Send", on="for Stars")
        await author.sees("N-1: being sent")
        await stage.control.put("/limits", per_chat_per_second=100, stars=0)
        await leaves(stage)
        await reported(stage, author, "N-1: sent", "45 of 45 recipients sent")

    for reader in readers:
        await reader.looks()
        assert [written(message).count("No Stars") for message in reader.seen.values()] == [1]
    assert (await stage.control.get("/limits"))["stars_spent"] == 0


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_where_the_operator_offers_none_it_is_neither_shown_nor_done(stage: Stage) -> None:
    author, _ = await administrators(stage)
    async with stage.bot():
        draft = await composes(author, "As ever")
        await forges(author, Pay(1))
        await author.sees("This menu is out of date")
        await alters(stage, "UPDATE announcement SET paid = TRUE")
        await forges(author, OpenDraft(1))
        shown = await author.sees("Draft N-1")
        await announces(stage, author, "N-1: sent", "2 of 2 recipients sent")

    assert not any("Stars" in label or "Pay" in label for label in (*buttons(draft), *buttons(shown)))
    assert "Stars" not in written(shown)
    assert paid(await called(stage)) == [], "an offer that was withdrawn costs nothing"


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_what_recurs_cannot_be_paid_for_and_albums_count_one_by_one(stage: Stage) -> None:
    pays(stage, 40)
    stage.administrators = (1,)
    author = await stage.joined(1, "Марал", roles=[Role.ADMINISTRATOR], language="ru")
    await stage.joined(50, "Алия", language="ru")
    media = json.dumps([{"kind": "photo", "file_id": "a"}, {"kind": "photo", "file_id": "b"}])
    async with stage.bot():
        await author.says("/announce")
        await goes(author, "Русский", "Какой будет заголовок")
        await author.says("Срочно")
        await author.sees("Пришлите текст")
        await author.says("Слова")
        await author.sees("Traffic Light Protocol")
        await goes(author, "TLP:CLEAR", "Черновик N-1")
        await goes(author, "Аудитория", "Кому:")
        await goes(author, "Все участники", "Его получат 2 участника.")
        await goes(author, "Назад", "Черновик N-1")
        await goes(author, "Отправить быстрее, за звёзды", "за звёзды Telegram: не больше 0,2 (0,1 за сообщение")
        await alters(stage, f"UPDATE announcement SET media = '{media}', apart = TRUE")  # noqa: S608 - our own
        await forges(author, OpenDraft(1))
        await author.sees("не больше 0,6 (", "около 0 мин 1 с вместо 0 мин 1 с.")
        await alters(stage, "UPDATE announcement SET repeats = 'weekly'")
        await forges(author, OpenDraft(1))
        again = await author.sees("Черновик N-1", "Повторяется раз в неделю.")

    assert not any("звёзд" in label or "платить" in label for label in buttons(again))
    assert "звёзд" not in written(again)
