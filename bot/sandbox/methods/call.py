"""One call of the Bot API: its parameters, and the checks that many methods share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot.sandbox import entities
from bot.sandbox.failure import ApiError, bad, forbidden
from bot.sandbox.markup import ParseError
from bot.sandbox.updates import Updates
from bot.sandbox.world import Chat, Json, Sent, World

RAW_LIMIT, TEXT_LIMIT, CAPTION_LIMIT = 32_768, 4096, 1024
DATA_LIMIT = 64
TWO_DAYS = 2 * 86_400
_SUPER = {"supergroup": "supergroup chat", "group": "group chat", "channel": "channel chat"}


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

    def chat(self) -> Chat:
        return self.world.reached(self.parameters.get("chat_id"))

    def writable(self) -> Chat:
        """Return the chat if the bot may write there now.

        Raises:
            ApiError: with the reason that Telegram gives.
        """
        chat = self.chat()
        if chat.private:
            self._private(chat)
        else:
            self.inside(chat)
            self._may_post(chat)
        return chat

    def _private(self, chat: Chat) -> None:
        if chat.id in self.world.gone:
            raise forbidden("user is deactivated")
        if chat.blocked:
            raise forbidden("bot was blocked by the user")
        if not chat.started and not self._door_open(chat.id):
            raise forbidden("bot can't initiate conversation with a user")

    def _door_open(self, user_id: int) -> bool:
        # A join request lets the bot write first, for five minutes and until it is decided.
        now = self.world.clock.now().timestamp()
        requests = (c.requests.get(user_id) for c in self.world.chats.values())
        return any(r is not None and now - r["date"] <= 300 for r in requests)  # noqa: PLR2004 - five minutes

    def inside(self, chat: Chat) -> None:
        """Refuse unless the bot is in this group or channel."""
        if chat.migrated_to is not None:
            raise ApiError(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                {"migrate_to_chat_id": chat.migrated_to},
            )
        if chat.deleted:
            raise forbidden("the group chat was deleted")
        if chat.member(self.world.bot_id).status == "kicked":
            raise forbidden(f"bot was kicked from the {_SUPER[chat.type]}")
        if not chat.belongs(self.world.bot_id):
            raise forbidden(f"bot is not a member of the {_SUPER[chat.type]}")

    def _may_post(self, chat: Chat) -> None:
        if chat.type == "channel" and not chat.may(self.world.bot_id, "can_post_messages"):
            raise bad("need administrator rights in the channel chat")
        if not chat.member(self.world.bot_id).can_send:
            kind = {"sendDocument": "documents", "sendPhoto": "photos"}.get(self.method, "text messages")
            raise bad(f"not enough rights to send {kind} to the chat")

    def thread(self, chat: Chat) -> Json:
        """Return the fields that put a message into a forum topic; General is addressed by leaving it out."""
        thread_id = self.get("message_thread_id", 0)
        if not thread_id or not chat.is_forum:
            return {}
        topic = chat.topics.get(thread_id)
        if topic is None:
            raise bad("message thread not found")
        bot = self.world.bot_id
        if topic.closed and topic.creator != bot and not chat.may(bot, "can_manage_topics"):
            raise bad("TOPIC_CLOSED")
        return {"message_thread_id": thread_id, "is_topic_message": True}

    def formatted(self, name: str = "text", limit: int = TEXT_LIMIT, *, edit: bool = False) -> tuple[str, list[Json]]:
        """Return a text or caption as Telegram keeps it, with its entities.

        Raises:
            ApiError: unparsable, empty or too long, in Telegram's order.
        """
        raw = self.get(name, "")
        caption = name == "caption"
        if not raw:
            if caption:
                return "", []
            raise bad("message text is empty")
        if len(raw.encode()) > RAW_LIMIT:
            raise bad("text is too long")
        try:
            listed = self.get("entities" if name == "text" else "caption_entities")
            text, found = entities.parse(raw, self.get("parse_mode"), listed)
        except ParseError as error:
            raise bad(error.description) from None
        if not text and not caption:
            raise bad("text must be non-empty")
        if len(text) > limit:
            edited = "MEDIA_CAPTION_TOO_LONG" if caption else "MESSAGE_TOO_LONG"
            raise bad(edited if edit else "message caption is too long" if caption else "message is too long")
        return text, found

    def markup(self) -> Json | None:
        """Return the reply markup after Telegram's checks of its buttons."""
        markup: Json | None = self.get("reply_markup")
        for row in (markup or {}).get("inline_keyboard", ()):
            for button in row:
                _check_button(button)
        return markup

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
        return {"reply_to_message": {k: v for k, v in found.body.items() if k != "reply_to_message"}}

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

    def need(self, chat: Chat, right: str, words: str) -> None:
        """Refuse unless the bot has a right in the chat."""
        if not chat.may(self.world.bot_id, right):
            raise bad(f"not enough rights to {words}")


def _check_button(button: Json) -> None:
    if not button.get("text"):
        raise bad("inline keyboard button text must be non-empty")
    if not any(key in button for key in button if key not in {"text", "style", "icon_custom_emoji_id"}):
        raise bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if len(button.get("callback_data", "x").encode()) > DATA_LIMIT or button.get("callback_data") == "":
        raise bad("BUTTON_DATA_INVALID")
    url = button.get("url")
    if url is not None and not _web(url):
        raise bad(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")


def _web(url: str) -> bool:
    from urllib.parse import urlsplit

    parts = urlsplit(url if "://" in url else f"http://{url}")
    return parts.scheme in {"http", "https", "tg"} and (parts.scheme == "tg" or "." in (parts.hostname or ""))
