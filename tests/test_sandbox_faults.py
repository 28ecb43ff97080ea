"""Trouble on order: arranged faults of every kind, and the rate limits by the sandbox's clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from local_telegram import ANN, BORIS, LocalTelegram, playing

QUICK = aiohttp.ClientTimeout(total=0.3)


@pytest.fixture
async def telegram() -> AsyncIterator[LocalTelegram]:
    async with playing() as telegram:
        await telegram.does(ANN, "start")
        await telegram.control.post("/clock", freeze=True)
        yield telegram


async def arrange(telegram: LocalTelegram, kind: str, **facts: Any) -> None:
    await telegram.control.post("/faults", kind=kind, **facts)


async def texts(telegram: LocalTelegram) -> list[str]:
    found = await telegram.control.get(f"/users/{ANN}/chats/{ANN}/messages")
    return [m["text"] for m in found["messages"]]


async def send(telegram: LocalTelegram, text: str = "x", chat: int = ANN, **facts: Any) -> int:
    return (await telegram.call("sendMessage", chat_id=chat, text=text, **facts)).status


REFUSALS: list[tuple[str, dict[str, Any], int, str]] = [
    ("429", {"retry_after": 7}, 429, "Too Many Requests: retry after 7"),
    ("403", {}, 403, "Forbidden: bot was blocked by the user"),
    ("403", {"description": "Forbidden: user is deactivated"}, 403, "Forbidden: user is deactivated"),
    ("400", {}, 400, "Bad Request: message is too long"),
    ("401", {}, 401, "Unauthorized"),
    ("404", {}, 404, "Not Found"),
    ("500", {}, 500, "Internal Server Error: restart"),
    ("502", {}, 502, "Bad Gateway"),
    ("migrate", {"to_chat": -1005}, 400, "Bad Request: group chat was upgraded to a supergroup chat"),
]


@pytest.mark.parametrize(("kind", "facts", "code", "words"), REFUSALS)
async def test_a_fault_refuses_once(
    telegram: LocalTelegram, kind: str, facts: dict[str, Any], code: int, words: str
) -> None:
    await arrange(telegram, kind, **facts)
    answer = await telegram.call("sendMessage", chat_id=ANN, text="refused")
    assert answer.refusal == (code, words)
    parameters = {"429": {"retry_after": 7}, "migrate": {"migrate_to_chat_id": -1005}}.get(kind)
    assert answer.body.get("parameters") == parameters
    assert answer.headers.get("Retry-After") == ("7" if kind == "429" else None)
    assert await send(telegram, "sent") == 200
    assert await texts(telegram) == ["/start", "sent"]


SILENCES = [
    ("hang", TimeoutError, ["/start"]),
    ("reset", aiohttp.ClientConnectionError, ["/start"]),
    ("accepted_no_answer", TimeoutError, ["/start", "x"]),
    ("accepted_reset", aiohttp.ClientConnectionError, ["/start", "x"]),
]


@pytest.mark.parametrize(("kind", "error", "after"), SILENCES)
async def test_a_fault_takes_the_answer_away(
    telegram: LocalTelegram, kind: str, error: type[Exception], after: list[str]
) -> None:
    await arrange(telegram, kind, method="sendMessage")
    with pytest.raises(error):
        await telegram.session.post(telegram.address("sendMessage"), json={"chat_id": ANN, "text": "x"}, timeout=QUICK)
    assert await texts(telegram) == after


async def test_a_late_call_is_accepted_only_if_the_caller_still_waits(telegram: LocalTelegram) -> None:
    await arrange(telegram, "late", method="sendMessage", times=2, seconds=0.5)
    with pytest.raises(TimeoutError):
        await telegram.session.post(telegram.address("sendMessage"), json={"chat_id": ANN, "text": "x"}, timeout=QUICK)
    assert await send(telegram, "sent") == 200
    assert await texts(telegram) == ["/start", "sent"]


async def test_the_journal_tells_when_a_call_is_accepted_and_when_it_is_answered(telegram: LocalTelegram) -> None:
    await arrange(telegram, "accepted_late", method="sendMessage", seconds=0.2)
    sending = asyncio.create_task(send(telegram, "sent"))
    for reached, statuses in (("begun", [None]), ("accepted", [None]), ("answered", [200])):
        calls = await telegram.control.get("/calls", reached=reached, timeout=5)
        assert [call["status"] for call in calls] == statuses
    assert await sending == 200


async def test_a_fault_answers_nonsense(telegram: LocalTelegram) -> None:
    await arrange(telegram, "garbage")
    async with telegram.session.post(telegram.address("getMe")) as answer:
        assert answer.status == 502
        assert await answer.text() == "<html>upstream error</html>"


async def test_a_fault_meets_what_it_is_meant_for(telegram: LocalTelegram) -> None:
    await telegram.does(BORIS, "start")
    await arrange(telegram, "500", method="sendMessage", chat_id=BORIS, times=2)
    assert (await telegram.call("getMe")).status == 200
    assert [await send(telegram), await send(telegram)] == [200, 200]
    assert [await send(telegram, chat=BORIS) for _ in range(3)] == [500, 500, 200]


async def test_faults_come_by_chance_and_by_the_same_chance_again(telegram: LocalTelegram) -> None:
    rounds = []
    for _ in range(2):
        await arrange(telegram, "500", times=None, probability=0.5, seed=7)
        rounds.append([await send(telegram) for _ in range(20)])
        await telegram.control.delete("/faults")
    assert rounds[0] == rounds[1]
    assert set(rounds[0]) == {200, 500}
    assert await send(telegram) == 200


async def test_an_unknown_fault_is_not_arranged(telegram: LocalTelegram) -> None:
    async with telegram.session.post(f"{telegram.sandbox.url}/sandbox/faults", json={"kind": "earthquake"}) as answer:
        assert answer.status == 400


# -- limits


async def limited(telegram: LocalTelegram, **facts: Any) -> None:
    await telegram.control.put("/limits", enabled=True, **facts)


async def test_without_limits_nothing_is_refused(telegram: LocalTelegram) -> None:
    assert {await send(telegram) for _ in range(40)} == {200}


async def test_thirty_a_second_overall(telegram: LocalTelegram) -> None:
    people = range(100, 131)
    for person in people:
        await telegram.control.post("/users", id=person, first_name="P", started=True)
    await limited(telegram)
    assert [await send(telegram, chat=person) for person in people] == [200] * 30 + [429]
    await telegram.steps(1)
    assert await send(telegram, chat=people[-1]) == 200


async def test_what_is_paid_for_passes_beyond_thirty_a_second_while_there_are_stars(telegram: LocalTelegram) -> None:
    people = range(100, 136)
    for person in people:
        await telegram.control.post("/users", id=person, first_name="P", started=True)
    await limited(telegram, stars=0.3)
    assert [await send(telegram, chat=person) for person in people[:29]] == [200] * 29
    paid = [await send(telegram, chat=person, allow_paid_broadcast=True) for person in people[29:34]]
    facts = await telegram.control.get("/limits")
    assert paid == [200, 200, 200, 200, 429]
    assert (facts["stars"], facts["stars_spent"]) == (0, 0.3)
    await telegram.steps(1)
    assert await send(telegram, chat=people[34]) == 200
    assert await send(telegram, chat=people[35], allow_paid_broadcast=True) == 200
    assert (await telegram.control.get("/limits"))["stars_spent"] == 0.3


async def test_what_is_paid_for_has_a_ceiling_of_its_own_and_takes_no_room_of_what_is_free(
    telegram: LocalTelegram,
) -> None:
    people = range(100, 110)
    for person in people:
        await telegram.control.post("/users", id=person, first_name="P", started=True)
    await limited(telegram, per_second=2, paid_per_second=5, stars=10)
    paid = [await send(telegram, chat=person, allow_paid_broadcast=True) for person in people[:6]]
    assert paid == [200] * 5 + [429]
    assert await send(telegram, chat=people[6]) == 429
    assert (await telegram.control.get("/limits"))["stars_spent"] == 0.3


async def test_one_a_second_to_one_chat_after_a_short_burst(telegram: LocalTelegram) -> None:
    await limited(telegram)
    assert [await send(telegram) for _ in range(4)] == [200, 200, 200, 429]
    answer = await telegram.call("sendMessage", chat_id=ANN, text="x")
    assert answer.body["parameters"] == {"retry_after": 3}
    assert answer.headers["Retry-After"] == "3"
    await telegram.steps(3)
    for _ in range(20):
        assert await send(telegram) == 200
        await telegram.steps(1)


async def test_twenty_a_minute_to_a_group(telegram: LocalTelegram) -> None:
    group = await telegram.group()
    await limited(telegram, per_second=1000)
    assert [await send(telegram, chat=group) for _ in range(21)] == [200] * 20 + [429]
    answer = await telegram.call("sendMessage", chat_id=group, text="x")
    assert answer.body["parameters"] == {"retry_after": 60}
    await telegram.steps(60)
    assert await send(telegram, chat=group) == 200


async def test_a_group_at_its_pace_is_never_refused(telegram: LocalTelegram) -> None:
    group = await telegram.group()
    await limited(telegram)
    for _ in range(60):
        assert await send(telegram, chat=group) == 200
        await telegram.steps(3)


async def test_messages_that_go_together_go_or_stay_together(telegram: LocalTelegram) -> None:
    ids = [(await telegram.ok("sendMessage", chat_id=ANN, text=t))["message_id"] for t in "ab"]
    await limited(telegram)
    await send(telegram)
    answers = [await telegram.call("copyMessages", chat_id=ANN, from_chat_id=ANN, message_ids=ids) for _ in range(2)]
    assert [answer.status for answer in answers] == [200, 429]
    assert await texts(telegram) == ["/start", "a", "b", "x", "a", "b"]


async def test_only_messages_are_counted(telegram: LocalTelegram) -> None:
    await limited(telegram, per_second=2)
    sent = await telegram.ok("sendMessage", chat_id=ANN, text="x")
    for n in range(5):
        await telegram.ok("sendChatAction", chat_id=ANN, action="typing")
        await telegram.ok("editMessageText", chat_id=ANN, message_id=sent["message_id"], text=f"x{n}")
    assert [await send(telegram), await send(telegram)] == [200, 429]


async def test_what_is_refused_for_another_reason_is_not_counted(telegram: LocalTelegram) -> None:
    await limited(telegram)
    for _ in range(10):
        assert await send(telegram, text="") == 400
    assert await send(telegram) == 200


# -- the clock


async def test_time_stands_jumps_and_is_waited_for(telegram: LocalTelegram) -> None:
    before = await telegram.control.get("/clock")
    assert before["frozen"]
    waiting = asyncio.create_task(telegram.control.get("/clock", after=before["version"], timeout=30))
    await telegram.steps(3600)
    after = await waiting
    assert after["version"] == before["version"] + 1
    sent = await telegram.ok("sendMessage", chat_id=ANN, text="x")
    assert sent["date"] == telegram.world.clock.stamp()
    await telegram.control.post("/clock", to="2030-01-01T00:00:00+00:00")
    assert (await telegram.control.get("/clock"))["now"] == "2030-01-01T00:00:00+00:00"
    await telegram.control.post("/clock", reset=True)
    assert not (await telegram.control.get("/clock"))["frozen"]
