"""Every refusal of text, keyboards, edits, deletions and files has Telegram's code and words."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from local_telegram import ANN, PNG, Scene, playing, scene

Params = dict[str, Any]
Row = tuple[str, Callable[[Scene], Params], str]
UNMODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current "
    "content and reply markup of the message"
)
MANY_LINKS = "".join(f'<a href="https://example.org/{"x" * 500}{n}">l</a>' for n in range(20))
UNUSABLE = (
    "can't use switch_inline_query button in a channel chat, because users will not be able to use the button without "
    "knowing bot's username"
)


@pytest.fixture
async def stage() -> AsyncIterator[Scene]:
    async with playing() as telegram:
        yield await scene(telegram)


def to_ann(**parameters: Any) -> Callable[[Scene], Params]:
    return lambda _: {"chat_id": ANN, **parameters}


def html(text: str) -> Callable[[Scene], Params]:
    return to_ann(text=text, parse_mode="HTML")


def marked(text: str) -> Callable[[Scene], Params]:
    return to_ann(text=text, parse_mode="MarkdownV2")


def keys(button: Params, **parameters: Any) -> Callable[[Scene], Params]:
    return to_ann(text="x", reply_markup={"inline_keyboard": [[button]]}, **parameters)


def edit(message: str, **parameters: Any) -> Callable[[Scene], Params]:
    return lambda s: {"chat_id": ANN, "message_id": getattr(s, message), **parameters}


TEXTS: list[Row] = [
    ("sendMessage", to_ann(), "message text is empty"),
    ("sendMessage", to_ann(text=""), "message text is empty"),
    ("editMessageText", edit("said", text=""), "message text is empty"),
    ("sendMessage", to_ann(text=" \n "), "text must be non-empty"),
    ("sendMessage", html("<b></b>"), "text must be non-empty"),
    ("editMessageText", edit("said", text="  "), "text must be non-empty"),
    ("sendMessage", to_ann(text="я" * 16_385), "text is too long"),
    ("sendMessage", to_ann(text="😀" * 4097), "message is too long"),
    ("editMessageText", edit("said", text="x" * 4097), "MESSAGE_TOO_LONG"),
    ("copyMessage", edit("document", from_chat_id=ANN, caption="x" * 1025), "message caption is too long"),
    ("editMessageCaption", edit("document", caption="x" * 1025), "MEDIA_CAPTION_TOO_LONG"),
    ("sendMessage", html(MANY_LINKS), "ENTITIES_TOO_LONG"),
    ("sendMessage", to_ann(text="x", parse_mode="Wiki"), "unsupported parse_mode"),
    ("sendMessage", html("<foo>x"), 'can\'t parse entities: Unsupported start tag "foo" at byte offset 0'),
    ("sendMessage", html("a < b"), 'can\'t parse entities: Unsupported start tag "" at byte offset 2'),
    ("sendMessage", html("<b>x"), "can't parse entities: Can't find end tag corresponding to start tag \"b\""),
    (
        "sendMessage",
        html("<b>x</i>"),
        'can\'t parse entities: Unmatched end tag at byte offset 4, expected "</b>", found "</i>"',
    ),
    ("sendMessage", html("x</b>"), "can't parse entities: Unexpected end tag at byte offset 1"),
    ("sendMessage", html("<b"), "can't parse entities: Unclosed start tag at byte offset 0"),
    ("sendMessage", html("5 <6"), "can't parse entities: Unclosed start tag at byte offset 2"),
    (
        "sendMessage",
        html("<span>x</span>"),
        'can\'t parse entities: Tag "span" must have class "tg-spoiler" at byte offset 0',
    ),
    ("sendMessage", html("<b x=y!>"), "can't parse entities: Unexpected end of name token at byte offset 5"),
    (
        "sendMessage",
        html("<tg-emoji>😀</tg-emoji>"),
        "can't parse entities: Invalid custom emoji identifier specified",
    ),
    (
        "sendMessage",
        marked("a.b"),
        "can't parse entities: Character '.' is reserved and must be escaped with the preceding '\\'",
    ),
    ("sendMessage", marked("a_b"), "can't parse entities: Can't find end of Italic entity at byte offset 1"),
]
KEYBOARDS: list[Row] = [
    ("sendMessage", keys({"text": "b", "callback_data": "я" * 33}), "BUTTON_DATA_INVALID"),
    (
        "editMessageText",
        edit("said", text="x", reply_markup={"inline_keyboard": [[{"text": "b", "callback_data": "x" * 65}]]}),
        "BUTTON_DATA_INVALID",
    ),
    ("sendMessage", keys({"text": " ", "callback_data": "x"}), "inline keyboard button text must be non-empty"),
    ("sendMessage", keys({"text": "b", "url": "foo"}), "inline keyboard button URL 'foo' is invalid: Wrong HTTP URL"),
    (
        "sendMessage",
        keys({"text": "b", "url": "http://localhost:80/x"}),
        "inline keyboard button URL 'http://localhost:80/x' is invalid: Wrong HTTP URL",
    ),
    (
        "sendMessage",
        keys({"text": "b", "web_app": {"url": "http://x.y"}}),
        "inline keyboard button Web App URL 'http://x.y' is invalid: Only HTTPS links are allowed",
    ),
    (
        "sendMessage",
        lambda s: {
            "chat_id": s.group,
            "text": "x",
            "reply_markup": {"keyboard": [[{"text": "b", "request_contact": True}]]},
        },
        "phone number can be requested in private chats only",
    ),
    (
        "sendMessage",
        lambda s: {
            "chat_id": s.channel,
            "text": "x",
            "reply_markup": {"inline_keyboard": [[{"text": "b", "switch_inline_query": ""}]]},
        },
        UNUSABLE,
    ),
    (
        "sendMessage",
        to_ann(text="x", reply_markup={"inline_keyboard": [[{"text": "b" * 99, "callback_data": "x" * 64}]] * 80}),
        "reply markup is too long",
    ),
]
CHANGES: list[Row] = [
    ("editMessageText", to_ann(message_id=999, text="x"), "message to edit not found"),
    ("editMessageText", lambda _: {"text": "x"}, "message identifier is not specified"),
    ("editMessageText", edit("said", text="said"), UNMODIFIED),
    ("editMessageText", edit("said", text="<b></b>said ", parse_mode="HTML"), UNMODIFIED),
    ("editMessageCaption", edit("document", caption="a"), UNMODIFIED),
    ("editMessageReplyMarkup", edit("said"), UNMODIFIED),
    ("editMessageText", edit("heard", text="x"), "message can't be edited"),
    ("editMessageText", edit("keyed", text="x"), "message can't be edited"),
    ("editMessageText", edit("document", text="x"), "there is no text in the message to edit"),
    ("editMessageCaption", edit("said", caption="x"), "there is no caption in the message to edit"),
    ("deleteMessage", to_ann(message_id=999), "message to delete not found"),
    ("deleteMessage", to_ann(), "message identifier is not specified"),
    ("deleteMessage", lambda s: {"chat_id": s.forum, "message_id": s.topic}, "message can't be deleted"),
    ("deleteMessages", to_ann(message_ids=list(range(1, 102))), "too many message identifiers specified"),
    ("sendMessage", to_ann(text="x", reply_parameters={"message_id": 999}), "message to be replied not found"),
    ("copyMessage", to_ann(from_chat_id=ANN, message_id=999), "message to copy not found"),
    (
        "copyMessage",
        lambda s: {"chat_id": ANN, "from_chat_id": s.forum, "message_id": s.topic},
        "the message can't be copied",
    ),
    ("forwardMessage", to_ann(from_chat_id=ANN, message_id=999), "message to forward not found"),
    ("copyMessages", to_ann(from_chat_id=ANN, message_ids=[998, 999]), "messages can't be forwarded"),
    ("forwardMessages", to_ann(from_chat_id=ANN, message_ids=[998, 999]), "messages can't be forwarded"),
    ("pinChatMessage", to_ann(message_id=999), "message to pin not found"),
    ("unpinChatMessage", to_ann(), "message to unpin not found"),
]
ALBUM = {"type": "document", "media": "attach://one"}
FILES: list[Row] = [
    ("getFile", lambda _: {"file_id": ""}, "file_id not specified"),
    ("getFile", lambda _: {"file_id": "nonsense"}, "invalid file_id"),
    ("sendDocument", to_ann(), "there is no document in the request"),
    ("sendPhoto", to_ann(), "there is no photo in the request"),
    ("sendDocument", to_ann(document="a b"), "wrong remote file identifier specified: Wrong character in the string"),
    ("sendDocument", to_ann(document="abc=="), "wrong remote file identifier specified: Wrong padding in the string"),
    ("sendDocument", to_ann(document="abcde"), "wrong remote file identifier specified: Wrong string length"),
    (
        "sendDocument",
        to_ann(document="abcd"),
        "wrong remote file identifier specified: can't unserialize it. Wrong last symbol",
    ),
    ("sendDocument", to_ann(document="https://example.org/a.pdf"), "failed to get HTTP URL content"),
    ("sendDocument", to_ann(document="https://"), "wrong HTTP URL specified"),
    ("sendMediaGroup", to_ann(media=[]), "there are no messages to send"),
    (
        "sendMediaGroup",
        to_ann(media=[{"type": "photo", "media": "abcd"}] * 11),
        "too many messages to send as an album",
    ),
    (
        "sendMediaGroup",
        to_ann(media=[{"type": "photo", "media": "abcd"}, {"type": "document", "media": "abcd"}]),
        "document can't be mixed with other media types",
    ),
]


@pytest.mark.parametrize(("method", "parameters", "words"), [*TEXTS, *KEYBOARDS, *CHANGES, *FILES])
async def test_a_call_is_refused_in_telegrams_words(
    stage: Scene, method: str, parameters: Callable[[Scene], Params], words: str
) -> None:
    answer = await stage.telegram.call(method, **parameters(stage))
    assert answer.refusal == (400, f"Bad Request: {words}")
    assert answer.body.keys() == {"ok", "error_code", "description"}


UPLOADS: list[tuple[str, dict[str, tuple[str, bytes]], Params, str]] = [
    ("sendDocument", {"document": ("a.txt", b"")}, {}, "file must be non-empty"),
    ("sendPhoto", {"photo": ("a.png", b"no image")}, {}, "IMAGE_PROCESS_FAILED"),
    (
        "sendPhoto",
        {"photo": ("a.png", PNG + bytes(10 * 1024 * 1024))},
        {},
        f"file of size {10 * 1024 * 1024 + len(PNG)} bytes is too big for a photo; the maximum size is 10485760 bytes",
    ),
    ("sendDocument", {"document": ("a.txt", b"x")}, {"caption": "x" * 1025}, "message caption is too long"),
    (
        "sendMediaGroup",
        {"one": ("a.png", PNG), "two": ("b.png", b"no image")},
        {"media": [{"type": "photo", "media": "attach://one"}, {"type": "photo", "media": "attach://two"}]},
        'failed to send message #2 with the error message "IMAGE_PROCESS_FAILED"',
    ),
]


@pytest.mark.parametrize(("method", "files", "parameters", "words"), UPLOADS, ids=[row[3] for row in UPLOADS])
async def test_an_upload_is_refused_in_telegrams_words(
    stage: Scene, method: str, files: dict[str, tuple[str, bytes]], parameters: Params, words: str
) -> None:
    before = stage.telegram.world.chats[ANN].last_id
    answer = await stage.telegram.call(method, files, chat_id=ANN, **parameters)
    assert answer.refusal == (400, f"Bad Request: {words}")
    assert stage.telegram.world.chats[ANN].last_id == before, "part of it was sent"


async def test_a_file_over_twenty_megabytes_cannot_be_downloaded(stage: Scene) -> None:
    big = {"document": ("big.bin", bytes(20 * 1024 * 1024 + 1))}
    sent = await stage.telegram.ok("sendDocument", big, chat_id=ANN)
    answer = await stage.telegram.call("getFile", file_id=sent["document"]["file_id"])
    assert answer.refusal == (400, "Bad Request: file is too big")


MISSHAPEN: list[tuple[str, Params, str]] = [
    ("sendMessage", {"reply_markup": {"inline_keyboard": {}}}, 'field "inline_keyboard" must be of type Array'),
    (
        "sendMessage",
        {"reply_markup": {"inline_keyboard": [{}]}},
        'field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays',
    ),
    (
        "sendMessage",
        {"reply_markup": {"inline_keyboard": [[{"callback_data": "x"}]]}},
        "can't parse inline keyboard button: Can't find field \"text\"",
    ),
]


@pytest.mark.parametrize(("method", "parameters", "words"), MISSHAPEN)
async def test_a_misshapen_call_has_telegrams_words_and_is_a_violation(
    stage: Scene, method: str, parameters: Params, words: str
) -> None:
    answer = await stage.telegram.call(method, chat_id=ANN, text="x", **parameters)
    assert answer.refusal == (400, f"Bad Request: {words}")
    assert [v["method"] for v in stage.telegram.forgiven()] == [method]


async def test_an_inline_button_needs_an_action(stage: Scene) -> None:
    answer = await stage.telegram.call("sendMessage", **keys({"text": "b"})(stage))
    words = "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
    assert answer.refusal == (400, f"Bad Request: {words}")


Before = Callable[[Scene], Awaitable[Any]]
OLD: list[tuple[str, str, str]] = [
    ("group", "supergroup", "message can't be deleted"),
    ("basic", "group", "message can't be deleted for everyone"),
    ("private", "private", "message can't be deleted for everyone"),
]


@pytest.mark.parametrize(("where", "kind", "words"), OLD)
async def test_after_two_days_a_message_stays(stage: Scene, where: str, kind: str, words: str) -> None:
    chat = ANN if kind == "private" else getattr(stage, where)
    sent = await stage.ok("sendMessage", chat_id=chat, text="x")
    kept = await stage.ok("sendMessage", chat_id=chat, text="y")
    await stage.telegram.steps(2 * 86_400 - 5)
    assert await stage.ok("deleteMessage", chat_id=chat, message_id=sent["message_id"])
    await stage.telegram.steps(10)
    answer = await stage.telegram.call("deleteMessage", chat_id=chat, message_id=kept["message_id"])
    assert answer.refusal == (400, f"Bad Request: {words}")
