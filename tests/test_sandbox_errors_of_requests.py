"""Requests that Telegram cannot read, inline answers that it refuses, and methods that the sandbox does not play."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from local_telegram import ANN, LocalTelegram, playing
from story import TOKEN


@pytest.fixture
async def telegram() -> AsyncIterator[LocalTelegram]:
    async with playing() as telegram:
        await telegram.does(ANN, "start")
        yield telegram


PATHS = [
    ("/bot123/getMe", 401, "Unauthorized: invalid token specified"),
    (f"/bot1:{'x' * 80}/getMe", 401, "Unauthorized: invalid token specified"),
    ("/bot0:abc/getMe", 401, "Unauthorized: invalid token specified"),
    ("/bot1000001:wrong/getMe", 401, "Unauthorized"),
    (f"/bot{TOKEN}/getMeNot", 404, "Not Found: method not found"),
    (f"/bot{TOKEN}/getMe/now", 404, "Not Found"),
    (f"/bot{TOKEN}", 404, "Not Found"),
    (f"/file/bot{TOKEN}/documents/none", 404, "Not Found"),
]


@pytest.mark.parametrize(("path", "code", "words"), PATHS)
async def test_an_address_that_leads_nowhere(telegram: LocalTelegram, path: str, code: int, words: str) -> None:
    async with telegram.session.get(f"{telegram.sandbox.url}{path}") as answer:
        assert answer.status == code
        assert await answer.json() == {"ok": False, "error_code": code, "description": words}


async def test_an_upload_over_fifty_megabytes_is_too_large(telegram: LocalTelegram) -> None:
    answer = await telegram.call("sendDocument", {"document": ("a", bytes(52 * 1024 * 1024))}, chat_id=str(ANN))
    assert answer.refusal == (413, "Request Entity Too Large")


FORMS: list[tuple[str, dict[str, Any]]] = [
    ("GET", {"params": {"chat_id": str(ANN), "text": "x", "disable_notification": "true"}}),
    ("POST", {"params": {"chat_id": str(ANN), "text": "x"}}),
    ("POST", {"data": {"chat_id": str(ANN), "text": "x", "reply_markup": '{"remove_keyboard":true}'}}),
    ("POST", {"json": {"chat_id": ANN, "text": "x"}}),
    ("POST", {"json": {"chat_id": str(ANN), "text": "x", "reply_markup": '{"remove_keyboard":true}'}}),
]


@pytest.mark.parametrize(("verb", "given"), FORMS)
async def test_a_call_comes_in_each_form_that_telegram_takes(
    telegram: LocalTelegram, verb: str, given: dict[str, Any]
) -> None:
    async with telegram.session.request(verb, telegram.address("SENDmessage"), **given) as answer:
        assert (await answer.json())["result"]["text"] == "x"


async def test_a_call_comes_as_a_multipart_form(telegram: LocalTelegram) -> None:
    form = aiohttp.FormData({"chat_id": str(ANN), "text": "x"}, default_to_multipart=True)
    async with telegram.session.post(telegram.address("sendMessage"), data=form) as answer:
        assert (await answer.json())["result"]["text"] == "x"


async def test_a_parameter_that_should_be_json_and_is_not(telegram: LocalTelegram) -> None:
    data = {"chat_id": str(ANN), "text": "x", "reply_markup": "{"}
    async with telegram.session.post(telegram.address("sendMessage"), data=data) as answer:
        body = await answer.json()
    words = "Bad Request: can't parse reply keyboard markup JSON object"
    assert body == {"ok": False, "error_code": 400, "description": words}


STRAYED: list[tuple[str, dict[str, Any], str]] = [
    ("sendMessage", {"chat_id": ANN, "text": "x", "colour": "red"}, "colour: unknown parameter"),
    ("sendMessage", {"chat_id": ANN, "text": 5}, "text: String expected, not int"),
    (
        "sendMessage",
        {"chat_id": ANN, "text": "x", "disable_notification": 1},
        "disable_notification: Boolean expected, not int",
    ),
    ("getUpdates", {"allowed_updates": [1]}, "allowed_updates[0]: String expected, not int"),
]


@pytest.mark.parametrize(("method", "parameters", "problem"), STRAYED)
async def test_a_call_that_departs_from_the_bot_api_is_a_violation(
    telegram: LocalTelegram, method: str, parameters: dict[str, Any], problem: str
) -> None:
    answer = await telegram.call(method, **parameters)
    assert answer.refusal == (400, f"[sandbox] spec violation: {problem}")
    assert [(v["method"], v["problem"]) for v in telegram.forgiven()] == [(method, problem)]


async def test_a_method_that_is_not_played_answers_501_and_is_a_violation(telegram: LocalTelegram) -> None:
    answer = await telegram.call("sendDice", chat_id=ANN)
    assert answer.refusal == (501, "[sandbox] method not modelled: sendDice")
    assert [v["problem"] for v in telegram.forgiven()] == ["method not modelled: sendDice"]


def article(name: str, **more: Any) -> dict[str, Any]:
    return {"type": "article", "id": name, "title": "T", "input_message_content": {"message_text": "x"}} | more


INLINE: list[tuple[dict[str, Any], str]] = [
    ({"results": [article(str(n)) for n in range(51)]}, "too many inline query results specified"),
    ({"results": [article("1"), article("1")]}, "RESULT_ID_DUPLICATE"),
    ({"results": [article("")]}, "RESULT_ID_INVALID"),
    ({"results": [article("x" * 65)]}, "RESULT_ID_INVALID"),
    ({"results": [], "button": {"text": "b", "start_parameter": ""}}, "can't use empty start_parameter"),
    ({"results": [], "button": {"text": "b", "start_parameter": "x" * 65}}, "too long start_parameter specified"),
    (
        {"results": [], "button": {"text": "b", "start_parameter": "a b"}},
        "unallowed characters in start_parameter are used",
    ),
    ({"results": [], "next_offset": "x" * 65}, "NEXT_OFFSET_INVALID"),
]


async def asked(telegram: LocalTelegram) -> tuple[asyncio.Task[Any], str]:
    """Let Ann ask inline; return what she waits for and the query's id."""
    asking = asyncio.create_task(telegram.does(ANN, "inline", query="q"))
    [update] = await telegram.updates(timeout=5, allowed_updates=["inline_query"], offset=-1)
    while "inline_query" not in update:
        [update] = await telegram.updates(timeout=5, offset=update["update_id"] + 1)
    return asking, update["inline_query"]["id"]


@pytest.mark.parametrize(("parameters", "words"), INLINE)
async def test_an_inline_answer_that_telegram_refuses(
    telegram: LocalTelegram, parameters: dict[str, Any], words: str
) -> None:
    asking, query = await asked(telegram)
    answer = await telegram.call("answerInlineQuery", inline_query_id=query, **parameters)
    assert answer.refusal == (400, f"Bad Request: {words}")
    assert await telegram.ok("answerInlineQuery", inline_query_id=query, results=[article("1")], is_personal=True)
    assert (await asking)["results"] == [article("1")]


MISSHAPEN = [
    ({"type": "article", "title": "T"}, "id"),
    ({"type": "article", "id": "1", "title": "T"}, "message_text"),
]


@pytest.mark.parametrize(("result", "field"), MISSHAPEN)
async def test_an_incomplete_inline_result(telegram: LocalTelegram, result: dict[str, Any], field: str) -> None:
    answer = await telegram.call("answerInlineQuery", inline_query_id="1", results=[result])
    assert answer.refusal == (400, f"Bad Request: can't parse inline query result: Can't find field \"{field}\"")
    assert telegram.forgiven()


async def test_an_inline_result_may_be_a_place(telegram: LocalTelegram) -> None:
    asking, query = await asked(telegram)
    place = article("1", input_message_content={"latitude": 38.5, "longitude": 68.8})
    assert await telegram.ok("answerInlineQuery", inline_query_id=query, results=[place])
    assert (await asking)["results"] == [place]


async def test_without_inline_mode_there_is_nothing_to_answer(telegram: LocalTelegram) -> None:
    telegram.world.inline_mode = False
    assert not (await telegram.ok("getMe"))["supports_inline_queries"]
    answer = await telegram.call("answerInlineQuery", inline_query_id="1", results=[])
    assert answer.refusal == (400, "Bad Request: USER_BOT_INVALID")


async def test_an_answer_to_a_press_is_short(telegram: LocalTelegram) -> None:
    keyboard = {"inline_keyboard": [[{"text": "b", "callback_data": "x"}]]}
    sent = await telegram.ok("sendMessage", chat_id=ANN, text="x", reply_markup=keyboard)
    pressed = await telegram.does(ANN, "press", message_id=sent["message_id"], data="x")
    answer = await telegram.call("answerCallbackQuery", callback_query_id=pressed["callback_query_id"], text="x" * 201)
    assert answer.refusal == (400, "Bad Request: MESSAGE_TOO_LONG")
    assert await telegram.ok("answerCallbackQuery", callback_query_id=pressed["callback_query_id"], text="x" * 200)


WEBHOOKS = [
    ({"url": "http://example.org/"}, "bad webhook: An HTTPS URL must be provided for webhook"),
    ({"url": "https://example.org:81/"}, "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443"),
    ({"url": "nowhere at all"}, "invalid webhook URL specified"),
    ({"url": "https://example.org/", "secret_token": "x" * 257}, "secret token is too long"),
    ({"url": "https://example.org/", "secret_token": "a b"}, "secret token contains unallowed characters"),
]


@pytest.mark.parametrize(("parameters", "words"), WEBHOOKS)
async def test_a_webhook_that_cannot_be(telegram: LocalTelegram, parameters: dict[str, str], words: str) -> None:
    answer = await telegram.call("setWebhook", **parameters)
    assert answer.refusal == (400, f"Bad Request: {words}")
    assert (await telegram.ok("getWebhookInfo"))["url"] == ""
