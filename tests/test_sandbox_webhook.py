"""A webhook gets each update until it takes it: with its secret, in order within a chat, again after a failure."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web
from local_telegram import ANN, BORIS, LocalTelegram, playing

URL = "https://bot.example.org/hook"


class Receiver:
    """A bot's own server, which notes what it is offered and answers what it is told to."""

    def __init__(self) -> None:
        self.offered: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.arrived = asyncio.Condition()
        self.answer: Callable[[dict[str, Any]], web.Response] = lambda _: web.Response()

    async def take(self, request: web.Request) -> web.Response:
        update = await request.json()
        self.offered.append(update)
        self.headers.append(dict(request.headers))
        async with self.arrived:
            self.arrived.notify_all()
        return self.answer(update)

    async def has(self, count: int) -> list[dict[str, Any]]:
        """Wait until so many offers were made."""
        async with asyncio.timeout(5), self.arrived:
            await self.arrived.wait_for(lambda: len(self.offered) >= count)
        return self.offered


@pytest.fixture
async def receiver() -> AsyncIterator[tuple[Receiver, str]]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/", receiver.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield receiver, f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


@pytest.fixture
async def telegram(receiver: tuple[Receiver, str]) -> AsyncIterator[LocalTelegram]:
    async with playing() as telegram:
        await telegram.control.put("/webhook_route", **{URL: receiver[1]})
        await telegram.control.post("/clock", freeze=True)
        yield telegram


def texts(offers: list[dict[str, Any]]) -> list[str]:
    return [offer["message"]["text"] for offer in offers]


async def waiting(telegram: LocalTelegram) -> int:
    return int((await telegram.ok("getWebhookInfo"))["pending_update_count"])


async def a_while(telegram: LocalTelegram) -> None:
    """Give an offer that should not be made the time that one takes, and more."""
    for _ in range(8):
        await telegram.ok("getMe")


async def test_updates_come_in_order_with_the_secret(telegram: LocalTelegram, receiver: tuple[Receiver, str]) -> None:
    await telegram.says(ANN, "a")
    await telegram.ok("setWebhook", url=URL, secret_token="S-e_c1")
    await telegram.says(ANN, "b")
    await telegram.says(ANN, "c")
    assert texts(await receiver[0].has(3)) == ["a", "b", "c"]
    assert {h["X-Telegram-Bot-Api-Secret-Token"] for h in receiver[0].headers} == {"S-e_c1"}


async def test_a_refused_update_comes_again_after_longer_and_longer(
    telegram: LocalTelegram, receiver: tuple[Receiver, str]
) -> None:
    receiver[0].answer = lambda _: web.Response(status=500)
    await telegram.ok("setWebhook", url=URL)
    await telegram.says(ANN, "a")
    await receiver[0].has(2)  # the first repetition is at once
    for offers, seconds in ((3, 2), (4, 4), (5, 8)):
        await telegram.steps(seconds - 0.5)
        await a_while(telegram)
        assert len(receiver[0].offered) == offers - 1
        await telegram.steps(1)
        assert texts(await receiver[0].has(offers)) == ["a"] * offers
    info = await telegram.ok("getWebhookInfo")
    assert info["pending_update_count"] == 1
    assert info["last_error_message"] == "Wrong response from the webhook: 500 Internal Server Error"


async def test_the_receivers_own_wish_to_wait_is_heard(telegram: LocalTelegram, receiver: tuple[Receiver, str]) -> None:
    receiver[0].answer = lambda _: web.Response(status=429, headers={"Retry-After": "100"})
    await telegram.ok("setWebhook", url=URL)
    await telegram.says(ANN, "a")
    await receiver[0].has(1)
    await telegram.steps(99)
    await a_while(telegram)
    assert len(receiver[0].offered) == 1
    await telegram.steps(2)
    await receiver[0].has(2)


async def test_a_webhook_that_is_gone_for_a_day_is_given_up(
    telegram: LocalTelegram, receiver: tuple[Receiver, str]
) -> None:
    receiver[0].answer = lambda _: web.Response(status=410, headers={"Retry-After": "3600"})
    await telegram.ok("setWebhook", url=URL)
    await telegram.says(ANN, "a")
    for hour in range(24):
        await receiver[0].has(hour + 1)
        await telegram.steps(3600)
    async with asyncio.timeout(5):
        while (await telegram.ok("getWebhookInfo"))["url"]:
            pass


async def test_a_chat_keeps_its_order_and_others_do_not_wait(
    telegram: LocalTelegram, receiver: tuple[Receiver, str]
) -> None:
    receiver[0].answer = lambda u: web.Response(status=500 if u["message"]["from"]["id"] == ANN else 200)
    await telegram.ok("setWebhook", url=URL)
    await telegram.says(ANN, "a")
    await telegram.says(ANN, "b")
    await telegram.says(BORIS, "c")
    offers = texts(await receiver[0].has(3))
    assert sorted(offers) == ["a", "a", "c"]
    receiver[0].answer = lambda _: web.Response()
    await telegram.steps(3)
    assert texts(await receiver[0].has(5))[3:] == ["a", "b"]


async def test_an_answer_may_be_a_call(telegram: LocalTelegram, receiver: tuple[Receiver, str]) -> None:
    call = {"method": "sendMessage", "chat_id": ANN, "text": "answered"}
    receiver[0].answer = lambda _: web.json_response(call)
    await telegram.ok("setWebhook", url=URL)
    await telegram.says(ANN, "a")
    found = await telegram.control.get(f"/users/{ANN}/chats/{ANN}/messages", after=1, timeout=5)
    while not found["messages"] or "answered" not in {m["text"] for m in found["messages"]}:
        found = await telegram.control.get(f"/users/{ANN}/chats/{ANN}/messages", after=found["change"], timeout=5)
    assert await waiting(telegram) == 0


@pytest.mark.parametrize("method", ["getMe", "setWebhook", "deleteWebhook", "close", "logOut"])
async def test_some_methods_are_not_for_answers(
    telegram: LocalTelegram, receiver: tuple[Receiver, str], method: str
) -> None:
    receiver[0].answer = lambda _: web.json_response({"method": method})
    await telegram.ok("setWebhook", url=URL)
    await telegram.says(ANN, "a")
    await telegram.says(ANN, "b")
    await receiver[0].has(2)
    assert [c["method"] for c in telegram.sandbox.api.calls] == ["setWebhook"]


async def test_a_webhook_is_set_once_a_second(telegram: LocalTelegram) -> None:
    first = await telegram.call("setWebhook", url=URL)
    assert first.body == {"ok": True, "result": True, "description": "Webhook was set"}
    second = await telegram.call("setWebhook", url=URL)
    assert second.refusal == (429, "Too Many Requests: retry after 1")
    assert (second.body["parameters"], second.headers["Retry-After"]) == ({"retry_after": 1}, "1")
    await telegram.steps(1)
    again = await telegram.call("setWebhook", url=URL)
    assert again.body["description"] == "Webhook is already set"


async def test_a_webhook_ends_and_its_updates_may_go_with_it(telegram: LocalTelegram) -> None:
    await telegram.says(ANN, "a")
    nothing = await telegram.call("deleteWebhook")
    assert nothing.body == {"ok": True, "result": True, "description": "Webhook is already deleted"}
    await telegram.ok("setWebhook", url="https://nobody.example.org/", allowed_updates=["message"], max_connections=5)
    info = await telegram.ok("getWebhookInfo")
    assert (info["url"], info["max_connections"], info["allowed_updates"]) == (
        "https://nobody.example.org/",
        5,
        ["message"],
    )
    ended = await telegram.call("deleteWebhook", drop_pending_updates=True)
    assert ended.body["description"] == "Webhook was deleted"
    assert await telegram.updates() == []


async def test_the_sandbox_posts_to_this_machine_only(telegram: LocalTelegram) -> None:
    await telegram.ok("setWebhook", url="https://elsewhere.example.org/")
    await telegram.says(ANN, "a")
    info = await telegram.ok("getWebhookInfo")
    assert info["pending_update_count"] == 1
    assert "knows no way to this address" in info["last_error_message"]
