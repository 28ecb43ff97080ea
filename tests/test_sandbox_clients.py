"""Two client libraries that know nothing of each other read every answer of the sandbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, ClassVar, Protocol

import pytest
import telegram as ptb
from local_telegram import ANN, BORIS, OWNER, PNG, LocalTelegram, playing
from story import TOKEN
from telegram.error import ChatMigrated, Conflict, Forbidden, RetryAfter


class Library(Protocol):
    """One client library: its bot, what it raises, and how it makes what it sends."""

    bot: Any
    errors: Mapping[str, type[Exception]]

    def file(self, content: bytes, name: str) -> Any: ...
    def keyboard(self) -> Any: ...
    def article(self, identifier: str) -> Any: ...
    def command(self, command: str) -> Any: ...
    def photo(self, content: bytes) -> Any: ...
    def all_private(self) -> Any: ...
    async def download(self, file_id: str) -> bytes: ...


class PythonTelegramBot:
    """python-telegram-bot, on its own httpx session."""

    errors: ClassVar[dict[str, type[Exception]]] = {
        "429": RetryAfter,
        "403": Forbidden,
        "migrate": ChatMigrated,
        "conflict": Conflict,
    }

    def __init__(self, bot: ptb.Bot) -> None:
        self.bot = bot

    def file(self, content: bytes, name: str) -> Any:
        return ptb.InputFile(content, name)

    def keyboard(self) -> Any:
        return ptb.InlineKeyboardMarkup([[ptb.InlineKeyboardButton("b", callback_data="x")]])

    def article(self, identifier: str) -> Any:
        return ptb.InlineQueryResultArticle(identifier, "T", ptb.InputTextMessageContent("x"))

    def command(self, command: str) -> Any:
        return ptb.BotCommand(command, "d")

    def photo(self, content: bytes) -> Any:
        return ptb.InputMediaPhoto(content)

    def all_private(self) -> Any:
        return ptb.BotCommandScopeAllPrivateChats()

    async def download(self, file_id: str) -> bytes:
        return bytes(await (await self.bot.get_file(file_id)).download_as_bytearray())


@pytest.fixture
async def telegram() -> AsyncIterator[LocalTelegram]:
    async with playing() as telegram:
        await telegram.does(ANN, "start")
        yield telegram


AIOGRAM = pytest.param("aiogram", marks=pytest.mark.xdist_group("aiogram"))
"""aiogram takes seconds to import: one worker does it for all."""


@pytest.fixture(params=[AIOGRAM, "python-telegram-bot"])
async def library(
    telegram: LocalTelegram, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Library]:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")  # it warns of its coming change otherwise
    url = telegram.sandbox.url
    if request.param == "aiogram":
        from aiogram_client import opened

        async with opened(url) as library:
            yield library
    else:
        async with ptb.Bot(TOKEN, base_url=f"{url}/bot", base_file_url=f"{url}/file/bot") as bot:
            yield PythonTelegramBot(bot)


async def test_the_bot_knows_itself(library: Library) -> None:
    me = await library.bot.get_me()
    assert (me.username, me.first_name, me.is_bot) == ("network_test_bot", "Test network", True)
    await library.bot.set_my_description(description="About")
    assert (await library.bot.get_my_description()).description == "About"
    await library.bot.set_my_name(name="Name")
    assert (await library.bot.get_my_name()).name == "Name"
    assert (await library.bot.get_chat_menu_button()).type == "commands"
    assert not (await library.bot.get_my_default_administrator_rights()).can_manage_chat


async def test_messages_are_sent_and_changed(library: Library, telegram: LocalTelegram) -> None:
    bot, group = library.bot, await telegram.group()
    sent = await bot.send_message(ANN, "<b>x</b>", parse_mode="HTML", reply_markup=library.keyboard())
    assert (sent.text, sent.entities[0].type, sent.chat.id) == ("x", "bold", ANN)
    assert sent.reply_markup.inline_keyboard[0][0].callback_data == "x"
    edited = await bot.edit_message_text("y", chat_id=ANN, message_id=sent.message_id)
    assert (edited.text, edited.reply_markup) == ("y", None)
    copied = await bot.copy_message(group, ANN, sent.message_id)
    forwarded = await bot.forward_message(group, ANN, sent.message_id)
    assert forwarded.forward_origin.sender_user.id == (await bot.get_me()).id
    assert await bot.pin_chat_message(group, copied.message_id)
    assert (await bot.get_chat(group)).pinned_message.text == "y"
    assert await bot.unpin_chat_message(group)
    assert await bot.delete_message(group, copied.message_id)
    assert await bot.delete_messages(ANN, [sent.message_id])
    assert await bot.send_chat_action(ANN, "typing")


async def test_files_go_and_come_back(library: Library) -> None:
    bot = library.bot
    sent = await bot.send_document(ANN, library.file(b"content", "Отчёт.txt"), caption="c")
    assert (sent.document.file_size, sent.caption) == (7, "c")
    assert await library.download(sent.document.file_id) == b"content"
    again = await bot.send_document(ANN, sent.document.file_id)
    assert again.document.file_id == sent.document.file_id
    photo = await bot.send_photo(ANN, library.file(PNG, "a.png"))
    assert await library.download(photo.photo[-1].file_id) == PNG
    album = await bot.send_media_group(ANN, [library.photo(PNG), library.photo(PNG + b"2")])
    assert len({m.media_group_id for m in album}) == 1
    changed = await bot.edit_message_caption(chat_id=ANN, message_id=sent.message_id, caption="d")
    assert changed.caption == "d"


async def test_topics(library: Library, telegram: LocalTelegram) -> None:
    bot, forum = library.bot, await telegram.group(is_forum=True)
    topic = await bot.create_forum_topic(forum, "Topic")
    sent = await bot.send_message(forum, "x", message_thread_id=topic.message_thread_id)
    assert (sent.message_thread_id, sent.is_topic_message) == (topic.message_thread_id, True)
    assert await bot.edit_forum_topic(forum, topic.message_thread_id, name="New")
    assert await bot.close_forum_topic(forum, topic.message_thread_id)
    assert await bot.reopen_forum_topic(forum, topic.message_thread_id)
    assert await bot.delete_forum_topic(forum, topic.message_thread_id)


async def test_invitations_and_members(library: Library, telegram: LocalTelegram) -> None:
    bot, group = library.bot, await telegram.group(members=[ANN])
    await telegram.does(OWNER, "promote", chat=group, user="bot")
    link = await bot.create_chat_invite_link(group, name="n", creates_join_request=True)
    changed = await bot.edit_chat_invite_link(group, link.invite_link, name="m", creates_join_request=True)
    assert (changed.name, changed.creator.is_bot) == ("m", True)
    await telegram.does(BORIS, "join", invite_link=link.invite_link)
    assert await bot.approve_chat_join_request(group, BORIS)
    assert (await bot.get_chat_member(group, BORIS)).status == "member"
    assert await bot.promote_chat_member(group, BORIS, can_pin_messages=True)
    assert {m.status for m in await bot.get_chat_administrators(group)} == {"creator", "administrator"}
    assert await bot.promote_chat_member(group, BORIS)
    assert await bot.ban_chat_member(group, BORIS)
    assert (await bot.get_chat_member(group, BORIS)).status == "kicked"
    assert await bot.unban_chat_member(group, BORIS)
    assert await bot.get_chat_member_count(group) == 3
    assert (await bot.revoke_chat_invite_link(group, link.invite_link)).is_revoked
    assert (await bot.export_chat_invite_link(group)).startswith("https://t.me/+")
    assert await bot.leave_chat(group)


async def test_commands(library: Library) -> None:
    scope = library.all_private()
    assert await library.bot.set_my_commands([library.command("help")], scope=scope, language_code="en")
    [command] = await library.bot.get_my_commands(scope=scope, language_code="en")
    assert (command.command, command.description) == ("help", "d")
    assert await library.bot.delete_my_commands(scope=scope, language_code="en")


async def next_update(library: Library, kind: str) -> Any:
    """Return the next update of a kind, as the library reads it, and confirm what came before."""
    offset = None
    async with asyncio.timeout(5):
        while True:
            for update in await library.bot.get_updates(offset=offset, timeout=1):
                offset = update.update_id + 1
                if getattr(update, kind) is not None:
                    await library.bot.get_updates(offset=offset)
                    return getattr(update, kind)


async def test_updates_of_each_kind_are_read(library: Library, telegram: LocalTelegram) -> None:
    group = await telegram.group(members=[ANN])
    sent = await library.bot.send_message(ANN, "x", reply_markup=library.keyboard())
    await telegram.does(ANN, "press", message_id=sent.message_id, label="b")
    query = await next_update(library, "callback_query")
    assert (query.data, query.from_user.id, query.message.text) == ("x", ANN, "x")
    assert await library.bot.answer_callback_query(query.id, text="noted")
    asking = asyncio.create_task(telegram.does(ANN, "inline", query="q"))
    inline = await next_update(library, "inline_query")
    assert await library.bot.answer_inline_query(inline.id, [library.article("1")])
    assert (await asking)["results"][0]["id"] == "1"
    link = await library.bot.create_chat_invite_link(group, creates_join_request=True)
    await telegram.does(BORIS, "join", invite_link=link.invite_link)
    assert (await next_update(library, "chat_join_request")).invite_link.invite_link == link.invite_link
    await telegram.does(ANN, "send", document={"file_name": "a.txt", "content_b64": "aGk="})
    assert (await next_update(library, "message")).document.file_name == "a.txt"
    await telegram.does(ANN, "block")
    assert (await next_update(library, "my_chat_member")).new_chat_member.status == "kicked"


@pytest.mark.parametrize(("kind", "facts"), [("429", {"retry_after": 2}), ("403", {}), ("migrate", {"to_chat": -1005})])
async def test_refusals_are_understood(
    library: Library, telegram: LocalTelegram, kind: str, facts: dict[str, Any]
) -> None:
    await telegram.control.post("/faults", kind=kind, **facts)
    with pytest.raises(library.errors[kind]):
        await library.bot.send_message(ANN, "x")


async def test_a_second_poller_is_understood(library: Library, telegram: LocalTelegram) -> None:
    await telegram.kinds()
    poll: Callable[[], Awaitable[Any]] = lambda: library.bot.get_updates(timeout=20)  # noqa: E731 - it is called once
    older = asyncio.create_task(poll())
    async with asyncio.timeout(5), telegram.sandbox.api.called:
        await telegram.sandbox.api.called.wait_for(lambda: telegram.sandbox.updates.polling)
    await telegram.updates()
    with pytest.raises(library.errors["conflict"]):
        await older
