"""Announcements: composed with care, sent to a frozen list, watched in one message, stopped, and released by two."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from announced import LINK, TEXT
from announcers import announces, chooses, composes, drafts, leaves, leaves_at, reported
from cast import administrators, alters, data_of, goes, stands_at
from story import Person, Stage, buttons, written

from storage.members import Role

NOBODY = "This audience is empty: nobody would get it"
MONDAY = datetime(2026, 12, 7, 5, tzinfo=UTC)
REPORT = (
    "SELECT m.telegram_id, r.state FROM announcement_recipient r JOIN member m ON m.id = r.member_id"
    " JOIN outbox o ON o.member_id = m.id AND o.subject = 'announcement:' || r.announcement_id"
    " WHERE o.state = r.state ORDER BY 1"
)


def formatting(message: dict[str, Any]) -> list[tuple[str, str]]:
    units = message["text"].encode("utf-16-le")
    found = [(e["type"], units[2 * e["offset"] :][: 2 * e["length"]].decode("utf-16-le")) for e in message["entities"]]
    return [one for one in found if "Please" in one[1] or one[0] == "text_link"]


async def writes(author: Person, title: str) -> dict[str, Any]:
    """Write an announcement with formatting, and return the draft, which is for nobody."""
    await drafts(author, title, TEXT, entities=LINK)
    return await author.sees("nobody yet", NOBODY)


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_what_was_previewed_reaches_exactly_those_who_were_counted(stage: Stage) -> None:
    author, _ = await administrators(stage)
    reader = await stage.joined(50, "Reader", country="KG", topics=["media"])
    other = await stage.joined(51, "Other", country="KG", state="suspended")
    async with stage.bot():
        empty = await writes(author, "Re-validation & more")
        assert "Send" not in buttons(empty)
        draft = await chooses(author, "Country", "Kyrgyzstan")
        await author.sees("It will be sent to 2 members.")
        preview = await goes(author, "Preview", "As readers see it", "Re-validation & more")
        await goes(author, "Back", "It will be sent to 2 members.")
        await author.taps("Test to me")
        test = await author.sees("Test: only you get this.", "Re-validation & more")
        await author.taps("Send", on="Draft N-1")
        await author.sees("N-1: being sent", "The first copies leave")
        await leaves(stage)
        message = await reader.sees("Re-validation & more", "Please <read> & reply by Friday: form", "Test network")
        done = await reported(stage, author, "N-1: sent", "2 of 2 recipients sent")
        await reader.says("/digest now")
        await reader.sees("Re-validation & more")
        await other.says("/start")
        await other.sees("suspended")

    assert written(message).startswith("TLP:GREEN")
    assert message["has_protected_content"]
    assert formatting(message) == [("bold", "Please"), ("text_link", "form")]
    assert formatting(draft) == formatting(preview) == formatting(test) == formatting(message)
    assert buttons(message) == ["Reply", "Settings"]
    assert buttons(done) == ["Report on sending", "Menu"]
    assert not any("Re-validation" in written(m) for m in other.seen.values())
    assert await stage.rows(REPORT) == [(2, "sent"), (50, "sent")]
    assert await stage.rows("SELECT audience_count FROM announcement") == [(2,)]


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_each_reads_it_in_their_language_and_is_told_where_there_is_none(stage: Stage) -> None:
    author, _ = await administrators(stage)
    reader = await stage.joined(50, "Алия", language="ru")
    async with stage.bot():
        await composes(author, "Courses")
        await author.sees("Not written for readers of: Russian (1).")
        await announces(stage, author, "3 of 3 recipients sent")
        labelled = await reader.sees("Courses", "Язык текста: английский. На вашем языке его нет.")
        await composes(author, "Meeting")
        await goes(author, "Words", "Russian: 1 reader gets the closest version, labelled")
        await goes(author, "Add: Russian", "The title of the announcement?")
        await author.says("Встреча")
        await author.sees("The text?")
        await author.says("Приходите в пятницу.")
        draft = await author.sees("Draft N-2", "It will be sent to 3 members.")
        await goes(author, "Preview", "As readers see it whose language is English", "Meeting")
        await goes(author, "Russian", "As readers see it whose language is Russian", "Встреча", "Приходите в пятницу.")
        await goes(author, "Back", "Draft N-2")
        await announces(stage, author, "N-2: sent")
        own = await reader.sees("Встреча", "Приходите в пятницу.", "Объявление N-2")

    assert written(labelled).startswith("TLP:GREEN")
    assert "Not written for" not in written(draft)
    assert buttons(own) == ["Ответить", "Настройки"]
    assert "Язык текста" not in written(own)


async def test_it_can_be_taken_back_for_ten_seconds_and_then_no_more(stage: Stage) -> None:
    author, second = await administrators(stage)
    async with stage.bot():
        draft = await composes(author, "Too soon")
        await goes(author, "Send", "N-1: being sent")
        undone = await goes(author, "Undo", "N-1: draft")
        await leaves(stage)
        await goes(author, "Edit", "Draft N-1", "It will be sent to 2 members.")
        await announces(stage, author, "N-1: sent", "2 of 2 recipients sent")
        await second.sees("Too soon")
        await author.does("press", chat=1, message_id=max(author.seen), data=data_of(draft, "Send"), forge=True)
        await author.sees("This announcement has left and cannot be changed")

    assert buttons(undone) == ["Edit", "Menu"]
    assert len([m for m in second.seen.values() if "Too soon" in written(m)]) == 1
    assert await stage.rows("SELECT count(*) FROM audit WHERE event = 'announcement:undone'") == [(1,)]


async def test_whoever_blocked_the_bot_is_reported_and_is_back_after_unblocking(stage: Stage) -> None:
    stage.settings["delivery"] = {"per_chat_per_second": 30}
    author, _ = await administrators(stage)
    away = await stage.joined(50, "Away Demo")
    async with stage.bot():
        await away.does("block")
        await composes(author, "First", label="TLP:CLEAR")
        await announces(stage, author, "N-1: sent", "2 of 3 recipients sent", "unreachable: 1")
        await goes(author, "Report", "N-1: sent")
        await goes(author, "See who was missed", "Not reached", "Away Demo", "unreachable")
        await goes(author, "Back", "N-1: sent")
        await goes(author, "Back", "Announcements, the newest first", "N-1: sent")
        await away.does("unblock")
        await composes(author, "Second", label="TLP:CLEAR")
        await announces(stage, author, "N-2: sent", "3 of 3 recipients sent")
        await away.sees("Second")
        await author.says("/broadcasts")
        listed = await author.sees("Announcements, the newest first")
        assert buttons(listed)[:2] == ["N-2 · Second", "N-1 · First"]

    assert await stage.rows("SELECT state, reason FROM announcement_recipient WHERE member_id = 3 ORDER BY 1") == [
        ("sent", None), ("unreachable", "Forbidden: bot was blocked by the user"),
    ]  # fmt: skip


async def test_sending_is_paused_resumed_and_stopped_and_who_lost_access_meanwhile_is_not_told(stage: Stage) -> None:
    stage.settings["delivery"] = {"messages_per_second": 4, "per_chat_per_second": 30, "in_flight": 1}
    author, second = await administrators(stage)
    readers = [await stage.joined(50 + n, f"Reader {n}") for n in range(18)]
    async with stage.bot():
        await composes(author, "Stop me", label="TLP:CLEAR")
        await goes(author, "Send", "being sent")
        await leaves(stage)
        await second.sees("Stop me")
        await goes(author, "Pause", "N-1: paused")
        [(before,)] = await stage.rows("SELECT count(*) FROM outbox WHERE state = 'held' AND reason = 'paused'")
        await stage.joined(80, "Newcomer Demo")
        await alters(stage, "UPDATE member SET state = 'left' WHERE telegram_id = 59")
        await goes(author, "Resume", "N-1: being sent")
        await readers[10].sees("Stop me")
        await goes(author, "Cancel", "N-1:", "withheld")
        shown = await reported(stage, author, "N-1: cancelled", "withheld")

    states = dict(
        await stage.rows(
            "SELECT m.telegram_id, r.reason FROM announcement_recipient r JOIN member m ON m.id = r.member_id"
        )
    )
    gone, told = "no longer concerns or no longer permitted", [n for n, why in states.items() if why is None]
    assert before > 5
    assert set(states) == {1, 2, *range(50, 68)}, "a newcomer gets nothing of what was counted before"
    assert (states[59], states[67]) == (gone, "cancelled")
    assert {1, 2, *range(50, 59), 60} <= set(told)
    assert f"{len(told)} of 20 recipients sent" in written(shown)


async def test_many_readers_need_a_second_administrator_who_releases_exactly_what_was_shown(stage: Stage) -> None:
    stage.settings |= {"announcements": {"two_person_above": 1}, "delivery": {"per_chat_per_second": 30}}
    author, second = await administrators(stage)
    async with stage.bot():
        await writes(author, "For all")
        await chooses(author, "Everybody")
        await author.sees("A second administrator must release it")
        waits = await goes(author, "Send", "N-1: waits for a second administrator")
        card = await second.sees("For all", "Please <read>", "Maral Demo", "asks you to release", "2 recipients")
        assert written(card).startswith("TLP:GREEN")
        data, message_id = data_of(card, "Release"), card["message_id"]
        press = {"message_id": waits["message_id"], "chat": 1, "forge": True}
        await author.does("press", data=data, **press)
        await author.sees("A second administrator must release it, not its author")

        await alters(stage, 'UPDATE announcement SET texts = \'{"en": "Other words"}\'')
        for forged in (data, data[: data.rindex("|") + 1], data[:-1]):
            await second.does("press", chat=2, message_id=message_id, data=forged, forge=True)
            await second.sees("not the text that was put before you")
        await alters(stage, 'UPDATE announcement SET texts = \'{"en": "Please &lt;read&gt;"}\'')
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
        again = await second.sees("asks you to release")
        await goes(author, "Edit", "Draft N-1")
        await goes(author, "Urgent", "❗ Urgent", "Draft N-1")
        await second.sees("Its author has taken it back to change it.")
        stale = {"chat": 2, "message_id": max(second.seen), "data": data_of(again, "Release"), "forge": True}
        await second.does("press", **stale)
        await second.sees("already been decided")
        await goes(author, "Not urgent", "Draft N-1")
        await author.taps("Send")
        await second.sees("asks you to release")
        await second.taps("Release")
        await second.sees("Released by", "Timur Demo")
        await leaves(stage)
        await second.sees("N-1", "From the administrators")
        await reported(stage, author, "N-1: sent", "2 of 2 recipients sent")

    assert await stage.rows("SELECT state, released_by FROM announcement") == [("done", 2)]


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_what_somebody_wrote_who_may_no_longer_announce_is_not_released(stage: Stage) -> None:
    stage.settings["announcements"] = {"two_person_above": 1}
    author, second = await administrators(stage)
    async with stage.bot():
        await composes(author, "Last")
        await author.taps("Send")
        await second.sees("Last", "asks you to release")
        await alters(stage, "DELETE FROM member_role WHERE member_id = 1")
        await goes(second, "Release", "may no longer announce")

    assert await stage.rows("SELECT state, released_by FROM announcement") == [("awaiting", None)]


async def test_rights_are_asked_again_when_it_leaves(stage: Stage) -> None:
    stage.settings["announcements"] = {"two_person_above": 1}
    author, second = await administrators(stage)
    third = await stage.joined(3, "Third Demo", roles=[Role.ADMINISTRATOR])
    async with stage.bot():
        await composes(author, "Vouched for")
        await author.taps("Send")
        await second.sees("asks you to release")
        await goes(second, "Release", "Released by", "Timur Demo")
        await alters(stage, "DELETE FROM member_role WHERE member_id = 2")
        await leaves(stage)
        await reported(stage, author, "N-1: cancelled", "withheld: 3")

    assert not any("From the administrators" in written(m) and "asks you" not in written(m) and "Released" not in
                   written(m) and "Cancelled" not in written(m) for m in third.seen.values())  # fmt: skip
    assert await stage.rows("SELECT DISTINCT state FROM announcement_recipient") == [("withheld",)]


async def test_what_is_urgent_needs_two_and_rings_at_night_and_nothing_else_does(stage: Stage) -> None:
    author, second = await administrators(stage)
    far = await stage.joined(50, "Far Demo", zone="America/New_York")
    light = await stage.joined(51, "Light Sleeper", zone="America/New_York", night="silent")
    await stands_at(stage, MONDAY)  # 05:00 UTC is midnight in New York
    async with stage.bot():
        await composes(author, "For the day")
        await goes(author, "Send", "being sent")
        await leaves(stage)
        silent = await light.sees("For the day")
        await author.sees("3 of 4 recipients sent", "1 copy waits for its reader’s hour: 7 Dec 2026, 18:00")
        await composes(author, "At once")
        await goes(author, "Urgent", "❗ Urgent: At once", "A second administrator must release it.")
        await author.taps("Send")
        await second.sees("asks you to release", "At once")
        await goes(second, "Release", "Released by")
        await leaves(stage)
        loud = await far.sees("❗ Urgent: At once")
        await stage.control.post("/clock", advance=8 * 3600)
        await far.sees("For the day")

    assert (silent["silent"], loud["silent"]) == (True, False)
    assert await stage.rows("SELECT silent FROM outbox WHERE subject = 'announcement:2'") == [(False,)] * 4


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_it_leaves_at_an_hour_of_ones_own_clock_or_of_each_reader_s(stage: Stage) -> None:
    author, _ = await administrators(stage)
    far = await stage.joined(50, "Far Demo", zone="America/New_York")
    await stands_at(stage, MONDAY)
    async with stage.bot():
        await composes(author, "Where they live")
        await goes(author, "Schedule", "It leaves at once.")
        await goes(author, "Choose day and hour", "On which day, and at which hour?")
        await author.says("tomorrow")
        await author.sees("That is no day with an hour")
        await author.says("08.12.2026 10:00")
        await author.sees("By which clock?")
        await goes(author, "By each reader's own clock", "It leaves where each reader lives at 8 December 2026, 10:00.")
        await goes(author, "Send", "N-1: being sent", "The first copies leave")
        await composes(author, "By my clock")
        await goes(author, "Schedule", "It leaves at once.")
        await leaves_at(author, "06.12.2026 09:00", "in the past")
        await author.says("/cancel")
        await author.sees("Cancelled")

    due = dict(await stage.rows("SELECT member_id, due_at FROM outbox WHERE subject = 'announcement:1'"))
    assert {n: str(at)[:16] for n, at in due.items()} == {
        1: "2026-12-08 05:00", 2: "2026-12-08 04:00", 3: "2026-12-08 15:00",
    }  # fmt: skip
    assert not any("Where they live" in written(m) for m in far.seen.values())


async def test_what_recurs_is_for_whoever_is_meant_each_time(stage: Stage) -> None:
    author, second = await administrators(stage)
    await stands_at(stage, MONDAY)
    async with stage.bot():
        await composes(author, "Every Tuesday")
        await goes(author, "Schedule", "It leaves at once.")
        await goes(author, "every week", "It can come again only by one clock")
        await leaves_at(author, "08.12.2026 10:00", "It leaves 8 Dec 2026, 10:00.")
        await goes(author, "Schedule", "It leaves 8 Dec 2026")
        await goes(author, "every week", "Again every week, until 8 December 2027.")
        await goes(author, "Back", "Draft N-1", "Again every week")
        await goes(author, "Send", "N-1: recurring", "It comes next 8 Dec 2026, 10:00.")
        await stage.control.post("/clock", advance=24 * 3600 + 60)
        await second.sees("Every Tuesday", "Announcement N-2")
        await stage.settled("notice = 'announcement:text'")
        await stage.joined(50, "Newcomer Demo")
        await stage.control.post("/clock", advance=7 * 24 * 3600)
        await second.sees("Every Tuesday", "Announcement N-3")
        await stage.settled("notice = 'announcement:text'")
        await author.says("/broadcasts")
        await author.sees("N-1: recurring", "Announcements, the newest first")
        await goes(author, "N-1 · Every Tuesday", "N-1: recurring", "It comes next 22 Dec 2026, 10:00.")
        await goes(author, "Cancel", "N-1: cancelled")
        await stage.control.post("/clock", advance=7 * 24 * 3600)
        await second.says("/broadcasts")
        await second.sees("N-3: sent")

    assert await stage.rows("SELECT id, series_id, state, audience_count FROM announcement ORDER BY id") == [
        (1, None, "cancelled", 2), (2, 1, "done", 2), (3, 1, "done", 3),
    ]  # fmt: skip


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_refusals_of_the_form_and_an_administrator_alone(stage: Stage) -> None:
    stage.administrators = (1,)
    stage.settings["announcements"] = {"two_person_above": 0}
    alone = await stage.joined(1, "Марал", roles=[Role.ADMINISTRATOR], language="ru")
    async with stage.bot():
        await alone.says("/announce")
        await goes(alone, "Русский", "Какой будет заголовок")
        await alone.says("Заголовок")
        await alone.sees("Пришлите текст")
        await alone.says("Слово" + "😀" * 1400)
        await alone.sees("не больше 2800")
        await alone.sends(document={"file_name": "a.pdf"})
        await alone.sees("Здесь нужен текст")
        await alone.says("😀" * 1390 + " слова")
        await alone.sees("Traffic Light Protocol")
        await goes(alone, "TLP:CLEAR", "Черновик N-1", "пока никому", "😀 слова")
        await goes(alone, "Аудитория", "Кому:")
        await goes(alone, "Все участники", "Его получит 1 участник.")
        shown = await goes(alone, "Назад", "Черновик N-1", "Его получит 1 участник.")
        assert buttons(shown)[-3:] == ["Отправить", "Удалить", "Меню"]
        await goes(alone, "Отправить", "второй администратор, а его в сети нет")
        await goes(alone, "Удалить", "Черновик удалён.")

    assert await stage.rows("SELECT state FROM announcement") == [("cancelled",)]
