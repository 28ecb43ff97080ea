"""An announcement that pauses itself because most copies fail: its author is told why, decides, and nobody is lost."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from announcers import composes, leaves, leaves_at, passes, reported
from cast import administrators, goes, stands_at
from hypothesis import given
from hypothesis import strategies as st
from story import Person, Stage, buttons, written

from handlers.announcements.reasons import commonest, in_words
from handlers.language import Say
from storage.members import Role

NOON = datetime(2026, 12, 7, 7, tzinfo=UTC)
MORNING = 8 * 3600
ASLEEP = "America/New_York"
GONE, DEAD, STRANGE = (
    "Forbidden: bot was blocked by the user",
    "Forbidden: user is deactivated",
    "Bad Request: no <way>",
)


async def readers(stage: Stage, awake: str, asleep: int) -> tuple[list[Person], list[Person]]:
    """Bring readers on stage in the order of their copies: `x` for whom sending fails, `o` for whom it does not.

    Others are asleep until their morning. Returned are those for whom it fails, and all others.
    """
    stage.settings["announcements"] = {"two_person_above": 1000}
    stage.settings["delivery"] = {"per_chat_per_second": 100, "messages_per_second": 400}
    await stands_at(stage, NOON)
    people: dict[str, list[Person]] = {"x": [], "o": []}
    for n, kind in enumerate(awake):
        people[kind].append(await stage.joined(100 + n, f"Reader {n:02}"))
    resting = [await stage.joined(300 + n, f"Asleep {n}", zone=ASLEEP) for n in range(asleep)]
    return people["x"], people["o"] + resting


async def sends(stage: Stage, author: Person, title: str) -> None:
    """Announce something to everybody, and let all that is due now come to its end."""
    await composes(author, title, label="TLP:CLEAR")
    await goes(author, "Send", "N-1: being sent")
    await leaves(stage)
    await tried(stage)
    await author.looks()
    await passes(stage, 3)


async def tried(stage: Stage) -> None:
    """Wait until only those wait who sleep."""
    asleep = f"SELECT id FROM member WHERE zone = '{ASLEEP}'"  # noqa: S608 - our own
    await stage.settled(f"notice = 'announcement:text' AND member_id NOT IN ({asleep})")


async def fails(stage: Stage, person: Person, description: str) -> None:
    """Let Telegram refuse everything that is sent to somebody."""
    kind = description.partition(":")[0]
    fault = {"kind": "403" if kind == "Forbidden" else "400", "description": description, "times": None}
    await stage.control.post("/faults", method="sendMessage", chat_id=person.id, **fault)


async def copies(person: Person, title: str) -> int:
    await person.looks()
    return sum(title in written(message) and "/verify" in written(message) for message in person.seen.values())


async def states(stage: Stage) -> Counter[str]:
    return Counter(dict(await stage.rows("SELECT state, count(*) FROM announcement_recipient GROUP BY state")))


async def test_it_pauses_itself_tells_why_goes_on_when_resumed_and_nobody_is_lost(stage: Stage) -> None:
    author, second = await administrators(stage)
    lost, fine = await readers(stage, "x" * 25 + "oo", asleep=10)
    async with stage.bot():
        for one in lost:
            await one.does("block")
        await composes(author, "Most fail", label="TLP:CLEAR")
        watched = await goes(author, "Send", "N-1: being sent")
        await leaves(stage)
        await tried(stage)
        await second.sees("Most fail")
        copy = await author.sees("Most fail", "/verify")
        await passes(stage, 3)
        told = await author.sees("N-1: paused", "4 of 39 recipients sent", "unreachable: 25")
        held = await stage.rows("SELECT count(*) FROM outbox WHERE state = 'held' AND reason = 'paused'")
        await author.says("/broadcasts")
        await goes(author, "N-1 · Most fail", "N-1: paused", "the bot is blocked: 25")
        asleep = [await copies(one, "Most fail") for one in fine[2:]]
        await author.taps("Resume", on="paused itself")
        await author.sees("N-1: being sent", "4 of 39 recipients sent")
        await passes(stage, MORNING)
        done = await reported(stage, author, "N-1: sent", "14 of 39 recipients sent", "unreachable: 25")
        await goes(author, "Report", "N-1: sent")
        await goes(author, "See who was missed", "Reader 00\u2069: unreachable (the bot is blocked)")

    assert written(told).endswith(
        "Most copies failed, so it paused itself:\n• the bot is blocked: 25\n\n"
        "Resume sends the rest, and does not try again what failed; cancelling lets nothing more leave."
    )
    assert buttons(told) == ["Resume", "Cancel sending"]
    assert told["message_id"] > copy["message_id"] > watched["message_id"], "it comes as a message of its own"
    assert watched["message_id"] not in author.seen, "and not beside the old one"
    assert (held, asleep) == ([(10,)], [0] * 10)
    assert "paused itself" not in written(done)
    assert [await copies(one, "Most fail") for one in fine] == [1] * 12
    assert await states(stage) == {"sent": 14, "unreachable": 25}
    assert await stage.rows("SELECT state, audience_count FROM announcement") == [("done", 39)]


async def test_it_stops_on_its_way_while_copies_are_in_flight_and_each_gets_it_once(stage: Stage) -> None:
    author, _ = await administrators(stage)
    lost, fine = await readers(stage, "x" * 30 + "o" * 40, asleep=0)
    stage.settings["delivery"] = {"per_chat_per_second": 100, "messages_per_second": 20, "in_flight": 4}
    for one in lost:
        await fails(stage, one, GONE)
    async with stage.bot():
        await composes(author, "On its way", label="TLP:CLEAR")
        await goes(author, "Send", "N-1: being sent")
        await leaves(stage)
        while await stage.rows("SELECT 1 FROM announcement WHERE state = 'sending'"):
            await passes(stage, 3)
        await author.sees("N-1: paused", "the bot is blocked:")
        await stage.settled("notice = 'announcement:text'")
        early = await states(stage)
        await reported(stage, author, "N-1: paused", f"unreachable: {early['unreachable']}")
        await goes(author, "Resume", "N-1: being sent")
        await reported(stage, author, "N-1: sent", "42 of 72 recipients sent", "unreachable: 30")

    assert early["queued"] > 20, "it came too late"
    assert await states(stage) == {"sent": 42, "unreachable": 30}
    assert [await copies(one, "On its way") for one in fine] == [1] * 40
    assert [await copies(one, "On its way") for one in lost] == [0] * 30


async def test_reasons_read_as_people_speak_and_a_cancelled_rest_is_reported(stage: Stage) -> None:
    stage.administrators = (1,)
    author = await stage.joined(1, "Марал", roles=[Role.ADMINISTRATOR], language="ru")
    lost, fine = await readers(stage, "x" * 25 + "o", asleep=5)
    for n, one in enumerate(lost):
        await fails(stage, one, GONE if n < 12 else DEAD if n < 20 else STRANGE if n < 23 else f"Bad Request: odd {n}")
    async with stage.bot():
        await author.says("/announce")
        await goes(author, "Русский", "Какой будет заголовок")
        await author.says("Встреча")
        await author.sees("Пришлите текст")
        await author.says("Слова")
        await author.sees("Traffic Light Protocol")
        await goes(author, "TLP:CLEAR", "Черновик N-1")
        await goes(author, "Аудитория", "Кому:")
        await goes(author, "Все участники", "Его получат 32 участника.")
        await goes(author, "Назад", "Черновик N-1")
        await goes(author, "Отправить", "N-1: отправляется")
        await leaves(stage)
        await tried(stage)
        await passes(stage, 3)
        told = await author.sees("N-1:", "Большинство сообщений не дошло, поэтому отправка остановилась сама:")
        await author.taps("Прекратить отправку", on="остановилась сама")
        await reported(stage, author, "2 ", "32")
        await goes(author, "Отчёт", "N-1:")
        await goes(author, "Файлы", "N-1")
        await author.taps("CSV")
        file = (await author.sees("Отчёт"))["document"]
        table = await stage.control.file(file["file_id"])

    assert (
        "• бот заблокирован: 12\n• аккаунт Telegram удалён: 8\n"
        "• Telegram отвечает: \u2068Bad Request: no <way>\u2069: 3\n• остальные: 2\n\nЕсли возобновить,"
        in written(told)
    )
    assert buttons(told) == ["Возобновить", "Прекратить отправку"]
    assert await states(stage) == {"sent": 2, "unreachable": 20, "rejected": 5, "withheld": 5}
    assert await stage.rows("SELECT state FROM announcement") == [("cancelled",)]
    rows = list(csv.DictReader(StringIO(table.decode("utf-8-sig"), newline="")))
    assert Counter((row["Причина"], row["Причина, как записана"]) for row in rows) == {
        ("", ""): 2, ("бот заблокирован", GONE): 12, ("аккаунт Telegram удалён", DEAD): 8,
        ("другая причина", STRANGE): 3, ("отправка отменена", "cancelled"): 5,
        ("другая причина", "Bad Request: odd 23"): 1, ("другая причина", "Bad Request: odd 24"): 1,
    }  # fmt: skip
    assert list(rows[0])[-1] == "Причина, как записана"
    assert not any("Встреча" in written(message) for one in fine[1:] for message in one.seen.values())


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("awake", ["x" * 19, "o" * 10 + "xo" * 22], ids=["nineteen", "among more that arrive"])
async def test_it_goes_on_while_few_fail_or_more_arrive(stage: Stage, awake: str) -> None:
    author, _ = await administrators(stage)
    lost, _ = await readers(stage, awake, asleep=3)
    for one in lost:
        await fails(stage, one, GONE)
    async with stage.bot():
        await sends(stage, author, "Some fail")
        shown = await author.sees("N-1: being sent", f"unreachable: {len(lost)}")
        await passes(stage, MORNING)
        total = 5 + len(awake)
        await reported(stage, author, "N-1: sent", f"{total - len(lost)} of {total} recipients sent")

    assert "paused" not in written(shown)
    assert await stage.rows("SELECT count(*) FROM audit WHERE event = 'announcement:resumed'") == [(0,)]


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_whoever_resumed_it_knows_and_may_pause_and_resume_it_as_they_like(stage: Stage) -> None:
    author, _ = await administrators(stage)
    lost, fine = await readers(stage, "x" * 21, asleep=3)
    for one in lost:
        await fails(stage, one, DEAD)
    async with stage.bot():
        await sends(stage, author, "Known")
        await author.sees("N-1: paused", "the Telegram account is gone: 21")
        await goes(author, "Resume", "N-1: being sent")
        await passes(stage, 3)
        by_hand = await goes(author, "Pause", "N-1: paused")
        await goes(author, "Resume", "N-1: being sent")
        await passes(stage, MORNING)
        await reported(stage, author, "N-1: sent", "5 of 26 recipients sent")

    assert "paused itself" not in written(by_hand)
    assert [await copies(one, "Known") for one in fine] == [1] * 3


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_its_author_is_told_anew_where_the_old_message_can_no_longer_be_deleted(stage: Stage) -> None:
    author, _ = await administrators(stage)
    lost, _ = await readers(stage, "x" * 21, asleep=3)
    for one in lost:
        await fails(stage, one, GONE)
    async with stage.bot():
        await composes(author, "In three days", label="TLP:CLEAR")
        await goes(author, "Schedule", "It leaves at once.")
        await leaves_at(author, "10.12.2026 12:00", "It leaves 10 Dec 2026, 12:00.")
        old = await goes(author, "Send", "N-1: being sent")
        await passes(stage, 3 * 86_400 + 60)
        await tried(stage)
        await author.looks()
        await passes(stage, 3)
        told = await author.sees("N-1: paused", "the bot is blocked: 21")
        await author.taps("Cancel sending", on="paused itself")
        await author.sees("N-1: cancelled", "withheld: 3")

    assert told["message_id"] > old["message_id"]


KNOWN = {
    "Forbidden: bot was blocked by the user": "the bot is blocked",
    "blocked the bot": "the bot is blocked",
    "Forbidden: user is deactivated": "the Telegram account is gone",
    "Forbidden: bot can't initiate conversation with a user": "the bot was never started",
    "Forbidden: the bot can't send messages to the bot": "the account is a bot",
    "Bad Request: chat not found": "Telegram does not find the chat",
    "Too Many Requests: retry after 7": "Telegram asked to send slower",
    "Bad Request: message is too long": "too long for Telegram",
    "Bad Request: MEDIA_CAPTION_TOO_LONG": "too long for Telegram",
    "Bad Request: can't parse entities: Unclosed start tag at byte offset 0": "Telegram cannot read the formatting",
    "Bad Request: wrong remote file identifier specified: can't unserialize it. Wrong last symbol":
        "Telegram does not have what is attached any more",
    "Internal Server Error: restart": "trouble at Telegram",
    "HTTP 502": "trouble at Telegram",
    "ServerDisconnectedError": "Telegram did not answer",
    "TimeoutError": "Telegram did not answer",
    "no answer before the bot stopped": "Telegram did not answer",
    "could not be rendered": "a mistake of the bot, see its log",
    "no longer concerns or no longer permitted": "they may not read it any more",
    "no Telegram account": "no Telegram account",
    "too late": "it had expired",
    "cancelled": "sending was cancelled",
}  # fmt: skip


@pytest.mark.parametrize(("reason", "words"), KNOWN.items())
def test_known_reasons_have_words_in_each_language(reason: str, words: str) -> None:
    assert in_words(reason, Say("en")) == words
    assert in_words(reason, Say("ru")) not in (None, words)


@given(st.lists(st.tuples(st.none() | st.sampled_from([*KNOWN, STRANGE, "", "odd"]), st.integers(1, 9)), max_size=30))
def test_told_reasons_add_up(reasons: list[tuple[Any, int]]) -> None:
    told = commonest(reasons, Say("en"))

    numbers = [int(line.rpartition(": ")[2]) for line in told.splitlines()]
    assert sum(numbers) == sum(number for _, number in reasons)
    assert len(numbers) <= 4
    assert "<way>" not in told
