"""One call of the Bot API: its parameters, and the checks that many methods share, in Telegram's order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox import entities
from bot.sandbox.failure import ApiError, bad, forbidden
from bot.sandbox.formatted import ParseError
from bot.sandbox.methods import buttons
from bot.sandbox.updates import Updates
from bot.sandbox.world import Chat, Json, Sent, World

RAW_LIMIT, TEXT_LIMIT, CAPTION_LIMIT = 32_768, 4096, 1024
LINKS_LIMIT = 9500
TWO_DAYS = 2 * 86_400
DOOR_SECONDS = 300
GENERAL = 1
_KIND = {"supergroup": "supergroup chat", "group": "group chat", "channel": "channel chat"}


@dataclass(frozen=True)
class Words:
    """A text or caption after parsing, not yet measured."""

    text: str
    entities: list[Json]

    def fields(self, name: str) -> Json:
        """Return the fields of a message that carry it."""
        listed = "entities" if name == "text" else "caption_entities"
        return ({name: self.text} if self.text else {}) | ({listed: self.entities} if self.entities else {})


@dataclass(frozen=True)
class Place:
    """Where a message goes: the chat, its topic and what it answers to, and the keyboard under it."""

    chat: Chat
    fields: Json
    markup: Json | None


@dataclass
class Call:
    """A method's name and parameters; `files` are the parts of a multipart request."""

    world: World
    updates: Updates
    method: str
    parameters: Json
    files: dict[str, tuple[str, bytes, str]] = field(default_factory=dict)

    def get(self, name: str, default: Any = None) -> Any:
        value = self.parameters.get(name)
        return default if value is None else value

    # -- chats

    def readable(self, name: str = "chat_id") -> Chat:
        """Return the chat if the bot may look into it."""
        chat = self.world.reached(self.parameters.get(name))
        status = chat.member(self.world.bot_id).status
        if chat.private or chat.type == "group":
            return chat
        if status == "kicked":
            raise forbidden(f"bot was kicked from the {_KIND[chat.type]}")
        if not chat.username and not chat.belongs(self.world.bot_id):
            raise forbidden(f"bot is not a member of the {_KIND[chat.type]}")
        return chat

    def writable(self) -> Chat:
        """Return the chat if the bot belongs to it.

        Raises:
            ApiError: with the reason that Telegram gives.
        """
        chat = self.readable()
        if chat.private:
            if chat.id in self.world.gone:
                raise forbidden("user is deactivated")
            return chat
        if chat.migrated_to is not None:
            words = "Bad Request: group chat was upgraded to a supergroup chat"
            raise ApiError(400, words, {"migrate_to_chat_id": chat.migrated_to})
        if chat.deleted:
            raise forbidden("the group chat was deleted")
        if chat.member(self.world.bot_id).status == "kicked":
            raise forbidden(f"bot was kicked from the {_KIND[chat.type]}")
        if not chat.belongs(self.world.bot_id):
            raise forbidden(f"bot is not a member of the {_KIND[chat.type]}")
        return chat

    def may_post(self, chat: Chat) -> None:
        """Refuse where the bot may only read."""
        if chat.type == "channel" and not chat.may(self.world.bot_id, "can_post_messages"):
            raise bad("need administrator rights in the channel chat")

    def may_send(self, chat: Chat, kind: str) -> None:
        """Refuse what a restriction of the bot takes away: `messages`, `documents`, `photos`, `polls`."""
        if chat.type in {"group", "supergroup"} and not chat.permits(self.world.bot_id, f"can_send_{kind}"):
            raise bad(f"not enough rights to send {'text messages' if kind == 'messages' else kind} to the chat")

    def delivered(self, chat: Chat, messages: int = 1) -> None:
        """Refuse what only the server knows: blocks, people who never wrote, bots, and too much at once."""
        if chat.private:
            if self.world.user(chat.id)["is_bot"]:
                raise forbidden("the bot can't send messages to the bot")
            if chat.blocked:
                raise forbidden("bot was blocked by the user")
            if not chat.started and not self._door_open(chat.id):
                raise forbidden("bot can't initiate conversation with a user")
        if messages:
            self.world.limits.check(chat.id, messages, paid=bool(self.get("allow_paid_broadcast")))

    def _door_open(self, user_id: int) -> bool:
        # A join request lets the bot write first, for five minutes and until it is decided.
        now = self.world.clock.now().timestamp()
        requests = (c.requests.get(user_id) for c in self.world.chats.values())
        return any(r is not None and now - r["date"] <= DOOR_SECONDS for r in requests)

    def need(self, chat: Chat, right: str, words: str) -> None:
        """Refuse unless the bot has a right in the chat."""
        if not chat.may(self.world.bot_id, right):
            raise bad(f"not enough rights to {words}")

    # -- what a message is made of

    def place(self) -> Place:
        """Return where a message of this call goes."""
        markup = buttons.read(self.get("reply_markup"))
        chat = self.writable()
        return Place(chat, {**self.thread(chat), **self.reply(chat)}, markup)

    def thread(self, chat: Chat) -> Json:
        """Return the fields that put a message into a forum topic; General is addressed by leaving it out."""
        thread_id, bot = self.get("message_thread_id", 0), self.world.bot_id
        if not thread_id or not chat.is_forum:
            if chat.general_hidden and not chat.may(bot, "can_manage_topics"):
                raise bad("TOPIC_CLOSED")
            return {}
        topic = chat.topics.get(thread_id)
        if topic is None:
            raise bad("message thread not found")
        if topic.closed and topic.creator != bot and not chat.may(bot, "can_manage_topics"):
            raise bad("TOPIC_CLOSED")
        return chat.thread(topic)

    def reply(self, chat: Chat) -> Json:
        """Return the field of the message replied to."""
        wanted = self.get("reply_parameters") or {}
        if not wanted:
            return {}
        found = chat.messages.get(wanted["message_id"])
        if found is None or found.deleted:
            if wanted.get("allow_sending_without_reply"):
                return {}
            raise bad("message to be replied not found")
        return {"reply_to_message": found.answered()}

    def words(self, name: str = "text") -> Words:
        """Return a text or caption as Telegram's parser leaves it.

        Raises:
            ApiError: absent, too long to parse, or not well formed.
        """
        raw = self.get(name, "")
        if not raw and name == "text":
            raise bad("message text is empty")
        if len(raw.encode()) > RAW_LIMIT:
            raise bad("text is too long")
        listed = self.get("entities" if name == "text" else "caption_entities")
        try:
            text, found = entities.parse(raw, self.get("parse_mode"), listed)
        except ParseError as error:
            raise bad(error.description) from None
        return Words(text, [e for e in map(self._mention, found) if e is not None])

    def _mention(self, entity: Json) -> Json | None:
        """Name the person of a mention by id; Telegram drops a mention of somebody whom the bot never met."""
        if "user_id" not in entity:
            return entity
        user = self.world.users.get(entity["user_id"])
        rest = {k: v for k, v in entity.items() if k != "user_id"}
        return None if user is None else {**rest, "user": user}

    def text(self, words: Words, too_long: str = "message is too long") -> Json:
        """Return the fields of a text that is neither empty nor too long."""
        if not words.text:
            raise bad("text must be non-empty")
        return self._measured(words, "text", TEXT_LIMIT, too_long)

    def caption(self, words: Words, too_long: str = "message caption is too long") -> Json:
        """Return the fields of a caption that is not too long."""
        return self._measured(words, "caption", CAPTION_LIMIT, too_long)

    def _measured(self, words: Words, name: str, limit: int, too_long: str) -> Json:
        if len(words.text) > limit:
            raise bad(too_long)
        if sum(len(e.get("url", "").encode()) for e in words.entities) > LINKS_LIMIT:
            raise bad("ENTITIES_TOO_LONG")
        return words.fields(name)

    # -- what a call points at

    def message(self, chat: Chat, missing: str, name: str = "message_id") -> Sent:
        """Return a message of the chat, or refuse with `missing`."""
        if not self.get(name):
            raise bad("message identifier is not specified")
        found = chat.messages.get(self.get(name))
        if found is None or found.deleted:
            raise bad(missing)
        return found

    def user_id(self) -> int:
        user_id = self.get("user_id", 0)
        if user_id <= 0:
            raise bad("invalid user_id specified")
        return int(user_id)


Method = Callable[[Call], Any]
