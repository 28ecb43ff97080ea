"""Messages in the sandbox: texts, files and albums as they are sent, edited, deleted, copied and forwarded."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from local_telegram import ANN, BORIS, OWNER, PNG, LocalTelegram, playing

KEYS = {"inline_keyboard": [[{"text": "b", "callback_data": "x"}]]}


@pytest.fixture
async def telegram() -> AsyncIterator[LocalTelegram]:
    async with playing() as telegram:
        await telegram.does(ANN, "start")
        yield telegram


async def visible(telegram: LocalTelegram, user: int = ANN, chat: int = ANN) -> list[dict[str, Any]]:
    found = await telegram.control.get(f"/users/{user}/chats/{chat}/messages")
    return list(found["messages"])


# -- texts


TEXTS = [
    ("<b>bold</b> and x", "bold and x", [{"type": "bold", "offset": 0, "length": 4}]),
    (" \n<i>😀</i>\r\n ", "😀", [{"type": "italic", "offset": 0, "length": 2}]),
    ('<a href="http://localhost:80/">x</a>', "x", []),
    ("a & b &nbsp;", "a & b &nbsp;", []),
    (
        '<a href="https://e.com">x</a>',
        "x",
        [{"type": "text_link", "offset": 0, "length": 1, "url": "https://e.com/"}],
    ),
    ("/help @somebody", "/help @somebody", None),
]


@pytest.mark.parametrize(("given", "text", "entities"), TEXTS)
async def test_a_text_is_parsed_trimmed_and_searched(
    telegram: LocalTelegram, given: str, text: str, entities: list[dict[str, Any]] | None
) -> None:
    sent = await telegram.ok("sendMessage", chat_id=ANN, text=given, parse_mode="HTML")
    assert sent["text"] == text
    found = [{"type": "bot_command", "offset": 0, "length": 5}, {"type": "mention", "offset": 6, "length": 9}]
    assert sent.get("entities", []) == (found if entities is None else entities)


async def test_the_longest_text_counts_code_points(telegram: LocalTelegram) -> None:
    assert len((await telegram.ok("sendMessage", chat_id=ANN, text="😀" * 4096))["text"]) == 4096


async def test_somebody_unknown_is_not_mentioned(telegram: LocalTelegram) -> None:
    text = f'<a href="tg://user?id={ANN}">Ann</a> <a href="tg://user?id=999">Nobody</a>'
    sent = await telegram.ok("sendMessage", chat_id=ANN, text=text, parse_mode="HTML")
    assert [(e["type"], e["user"]["id"]) for e in sent["entities"]] == [("text_mention", ANN)]


async def test_entities_are_ignored_beside_a_parse_mode(telegram: LocalTelegram) -> None:
    entities = [{"type": "bold", "offset": 0, "length": 1}]
    plain = await telegram.ok("sendMessage", chat_id=ANN, text="abc", entities=entities)
    assert plain["entities"] == entities
    parsed = await telegram.ok("sendMessage", chat_id=ANN, text="abc", entities=entities, parse_mode="HTML")
    assert "entities" not in parsed


async def test_a_reply_shows_what_it_answers(telegram: LocalTelegram) -> None:
    first = await telegram.ok("sendMessage", chat_id=ANN, text="one")
    reply = {"message_id": first["message_id"]}
    second = await telegram.ok("sendMessage", chat_id=ANN, text="two", reply_parameters=reply)
    assert second["reply_to_message"]["text"] == "one"
    reply = {"message_id": 999, "allow_sending_without_reply": True}
    assert "reply_to_message" not in await telegram.ok("sendMessage", chat_id=ANN, text="x", reply_parameters=reply)


# -- edits


async def test_an_edit_without_a_keyboard_removes_it(telegram: LocalTelegram) -> None:
    sent = await telegram.ok("sendMessage", chat_id=ANN, text="x", reply_markup=KEYS)
    there = {"chat_id": ANN, "message_id": sent["message_id"]}
    kept = await telegram.ok("editMessageText", **there, text="y", reply_markup=KEYS)
    assert (kept["text"], kept["reply_markup"]) == ("y", KEYS)
    bare = await telegram.ok("editMessageText", **there, text="y")
    assert "reply_markup" not in bare
    assert bare["edit_date"] >= bare["date"]
    assert (await telegram.ok("editMessageReplyMarkup", **there, reply_markup=KEYS))["reply_markup"] == KEYS


async def test_an_edit_compares_text_entities_and_keyboard(telegram: LocalTelegram) -> None:
    sent = await telegram.ok("sendMessage", chat_id=ANN, text="x", reply_markup=KEYS)
    there = {"chat_id": ANN, "message_id": sent["message_id"]}
    same = await telegram.call("editMessageText", **there, text="x", reply_markup=KEYS)
    assert "message is not modified" in same.refusal[1]
    assert await telegram.ok("editMessageText", **there, text="<b>x</b>", parse_mode="HTML", reply_markup=KEYS)
    assert await telegram.ok("editMessageText", **there, text="x", reply_markup=KEYS)
    assert await telegram.ok("editMessageText", **there, text="x")


@pytest.mark.parametrize("markup", [{"remove_keyboard": True}, {"force_reply": True}, {"keyboard": [[{"text": "k"}]]}])
async def test_a_message_with_a_reply_keyboard_stays_as_it_is(telegram: LocalTelegram, markup: dict[str, Any]) -> None:
    sent = await telegram.ok("sendMessage", chat_id=ANN, text="x", reply_markup=markup)
    answer = await telegram.call("editMessageText", chat_id=ANN, message_id=sent["message_id"], text="y")
    assert answer.refusal == (400, "Bad Request: message can't be edited")


async def test_own_messages_are_edited_after_years(telegram: LocalTelegram) -> None:
    sent = await telegram.ok("sendMessage", chat_id=ANN, text="x")
    await telegram.steps(3 * 365 * 86_400)
    assert await telegram.ok("editMessageText", chat_id=ANN, message_id=sent["message_id"], text="y")


async def test_a_caption_is_changed_and_taken_away(telegram: LocalTelegram) -> None:
    sent = await telegram.ok("sendDocument", {"document": ("a.txt", b"x")}, chat_id=str(ANN), caption="one")
    there = {"chat_id": ANN, "message_id": sent["message_id"]}
    assert (await telegram.ok("editMessageCaption", **there, caption="two"))["caption"] == "two"
    assert "caption" not in await telegram.ok("editMessageCaption", **there)


# -- deletions


async def test_many_are_deleted_at_once_and_the_missing_skipped(telegram: LocalTelegram) -> None:
    ids = [(await telegram.ok("sendMessage", chat_id=ANN, text=t))["message_id"] for t in "abc"]
    assert await telegram.ok("deleteMessages", chat_id=ANN, message_ids=[ids[0], 999, ids[2]])
    assert [m["text"] for m in await visible(telegram)] == ["/start", "b"]


async def test_a_person_is_deleted_by_right_only(telegram: LocalTelegram) -> None:
    theirs = await telegram.says(ANN, "private")
    assert await telegram.ok("deleteMessage", chat_id=ANN, message_id=theirs["message_id"])
    for bot, status in (("administrator", 200), ("member", 400)):
        group = await telegram.group(bot=bot)
        said = await telegram.says(ANN, "x", chat=group)
        assert (await telegram.call("deleteMessage", chat_id=group, message_id=said["message_id"])).status == status


# -- copies and forwards


async def test_a_copy_is_new_and_a_forward_remembers(telegram: LocalTelegram) -> None:
    said = await telegram.says(ANN, "original")
    group = await telegram.group()
    source = {"from_chat_id": ANN, "message_id": said["message_id"]}
    copied = await telegram.ok("copyMessage", chat_id=group, **source)
    assert copied.keys() == {"message_id"}
    forwarded = await telegram.ok("forwardMessage", chat_id=group, **source)
    assert (forwarded["text"], forwarded["forward_origin"]["sender_user"]["id"]) == ("original", ANN)
    again = await telegram.ok("forwardMessage", chat_id=ANN, from_chat_id=group, message_id=forwarded["message_id"])
    assert again["forward_origin"] == forwarded["forward_origin"]
    shown = {m["message_id"]: m for m in await visible(telegram, OWNER, group)}
    assert "forward_origin" not in shown[copied["message_id"]]


async def test_a_channel_post_is_forwarded_from_its_channel(telegram: LocalTelegram) -> None:
    channel = await telegram.group("channel")
    post = await telegram.ok("sendMessage", chat_id=channel, text="x")
    sent = await telegram.ok("forwardMessage", chat_id=ANN, from_chat_id=channel, message_id=post["message_id"])
    origin = sent["forward_origin"]
    assert (origin["type"], origin["chat"]["id"], origin["message_id"]) == ("channel", channel, post["message_id"])


async def test_a_protected_message_says_so_and_stays(telegram: LocalTelegram) -> None:
    sent = await telegram.ok("sendMessage", chat_id=ANN, text="x", protect_content=True)
    assert sent["has_protected_content"]
    body = {"message_id": sent["message_id"]}
    async with telegram.session.post(f"{telegram.sandbox.url}/sandbox/users/{ANN}/forward", json=body) as answer:
        assert answer.status == 400
    ids = [sent["message_id"], (await telegram.ok("sendMessage", chat_id=ANN, text="y"))["message_id"]]
    assert len(await telegram.ok("copyMessages", chat_id=ANN, from_chat_id=ANN, message_ids=ids)) == 1
    assert len(await telegram.ok("forwardMessages", chat_id=ANN, from_chat_id=ANN, message_ids=ids)) == 1


async def test_a_copy_may_have_another_caption(telegram: LocalTelegram) -> None:
    sent = await telegram.ok(
        "sendDocument", {"document": ("a.txt", b"x")}, chat_id=str(ANN), caption="<b>", parse_mode=""
    )
    source = {"chat_id": ANN, "from_chat_id": ANN, "message_id": sent["message_id"]}
    await telegram.ok("copyMessage", **source)
    await telegram.ok("copyMessage", **source, caption="new")
    assert [m["caption"] for m in (await visible(telegram))[-2:]] == ["<b>", "new"]


# -- files


async def test_a_document_comes_back_as_it_went(telegram: LocalTelegram) -> None:
    content = bytes(range(256)) * 100
    sent = await telegram.ok("sendDocument", {"document": ("Отчёт.pdf", content)}, chat_id=str(ANN), caption="c")
    document = sent["document"]
    assert (document["file_name"], document["file_size"]) == ("Отчёт.pdf", len(content))
    file = await telegram.ok("getFile", file_id=document["file_id"])
    assert not file["file_path"].startswith("/")
    token = telegram.world.token
    async with telegram.session.get(f"{telegram.sandbox.url}/file/bot{token}/{file['file_path']}") as answer:
        assert await answer.read() == content


async def test_a_known_file_is_sent_again_by_its_id(telegram: LocalTelegram) -> None:
    first = await telegram.ok("sendDocument", {"document": ("a.txt", b"x")}, chat_id=str(ANN))
    again = await telegram.ok("sendDocument", chat_id=ANN, document=first["document"]["file_id"])
    assert again["document"] == first["document"]
    twin = await telegram.ok(
        "sendDocument", {"attached": ("b.txt", b"x")}, chat_id=str(ANN), document="attach://attached"
    )
    assert twin["document"]["file_unique_id"] == first["document"]["file_unique_id"]
    assert twin["document"]["file_id"] != first["document"]["file_id"]
    wrong = await telegram.call("sendPhoto", chat_id=ANN, photo=first["document"]["file_id"])
    assert wrong.refusal == (400, "Bad Request: can't use file of type Document as Photo")


async def test_an_album_is_several_messages_of_one_group(telegram: LocalTelegram) -> None:
    media = [{"type": "photo", "media": "attach://one", "caption": "c"}, {"type": "photo", "media": "attach://two"}]
    files = {"one": ("1.png", PNG), "two": ("2.png", PNG + b"2")}
    sent = await telegram.ok("sendMediaGroup", files, chat_id=str(ANN), media=json.dumps(media))
    assert len({m["media_group_id"] for m in sent}) == 1
    assert [m.get("caption") for m in sent] == ["c", None]
    assert all(m["photo"][-1]["file_id"] for m in sent)


async def test_people_send_files_too(telegram: LocalTelegram) -> None:
    await telegram.kinds()
    await telegram.does(ANN, "send", document={"file_name": "a.txt", "content_b64": "aGk="}, text="ignored")
    [update] = await telegram.updates()
    file = await telegram.ok("getFile", file_id=update["message"]["document"]["file_id"])
    assert file["file_size"] == 2


# -- pins and queries


async def test_the_last_pin_is_shown_and_taken_off(telegram: LocalTelegram) -> None:
    ids = [(await telegram.ok("sendMessage", chat_id=ANN, text=t))["message_id"] for t in "ab"]
    for message in ids:
        await telegram.ok("pinChatMessage", chat_id=ANN, message_id=message)
    assert (await telegram.ok("getChat", chat_id=ANN))["pinned_message"]["text"] == "b"
    await telegram.ok("unpinChatMessage", chat_id=ANN)
    assert (await telegram.ok("getChat", chat_id=ANN))["pinned_message"]["text"] == "a"
    await telegram.ok("unpinAllChatMessages", chat_id=ANN)
    assert "pinned_message" not in await telegram.ok("getChat", chat_id=ANN)


async def test_a_press_is_answered_once(telegram: LocalTelegram) -> None:
    sent = await telegram.ok("sendMessage", chat_id=ANN, text="x", reply_markup=KEYS)
    pressed = await telegram.does(ANN, "press", message_id=sent["message_id"], label="b")
    query = {"callback_query_id": pressed["callback_query_id"]}
    assert await telegram.ok("answerCallbackQuery", **query, text="noted")
    assert "query is too old" in (await telegram.call("answerCallbackQuery", **query)).refusal[1]
    found = await telegram.control.get(f"/users/{ANN}/chats/{ANN}/messages")
    assert [a["text"] for a in found["callback_answers"]] == ["noted"]


async def test_a_press_is_answered_in_time(telegram: LocalTelegram) -> None:
    sent = await telegram.ok("sendMessage", chat_id=ANN, text="x", reply_markup=KEYS)
    pressed = await telegram.does(ANN, "press", message_id=sent["message_id"], label="b")
    await telegram.steps(151)
    assert (await telegram.call("answerCallbackQuery", **pressed)).status == 400


async def test_nobody_else_sees_a_private_chat(telegram: LocalTelegram) -> None:
    path = f"{telegram.sandbox.url}/sandbox/users/{BORIS}/chats/{ANN}/messages"
    async with telegram.session.get(path) as answer:
        assert answer.status == 400
