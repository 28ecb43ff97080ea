"""What people do in their Telegram apps; here, writing and pressing."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from bot.sandbox.belonging import Belonging
from bot.sandbox.failure import NotPossible
from bot.sandbox.methods.messages import CONTENT
from bot.sandbox.reactions import Reactions
from bot.sandbox.world import Chat, Json, Sent

PRESS_SECONDS, INLINE_SECONDS = 150, 30
ANONYMOUS: Json = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
CHANNEL: Json = {"id": 136817688, "is_bot": True, "first_name": "Channel", "username": "Channel_Bot"}
"""In whose name Telegram tells bots of those who write as their group or as a channel."""
_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}")


class People(Belonging, Reactions):
    """The deeds of people, each by its name in the control API."""

    async def do(self, user_id: int, deed: str, facts: Json) -> Any:
        """Let a person do something; of what is `unseen` the bot is never told, as when it was away for a day.

        Raises:
            NotPossible: a Telegram client would not let them, or there is no such deed.
        """
        self._world.user(user_id)
        self._world.pardon()
        method: Callable[[int, Json], Any] | None = getattr(self, f"do_{deed}", None)
        if method is None:
            raise NotPossible(f"there is no deed {deed!r}")
        with self._world.unheard() if facts.get("unseen") else nullcontext():
            result = method(user_id, facts)
        return await result if asyncio.iscoroutine(result) else result

    # -- writing

    def do_start(self, user_id: int, facts: Json) -> Json:
        """Press Start, maybe by a deep link; by one to a group, add the bot there first."""
        payload = facts.get("payload")
        if payload and not _PAYLOAD.fullmatch(payload):
            raise NotPossible("a deep link carries 1 to 64 of the characters A-Z, a-z, 0-9, _ and -")
        chat = self._world.chat(facts.get("chat") or user_id)
        if not chat.private and not chat.belongs(self._world.bot_id):
            self.do_add(user_id, {"chat": chat.id, "user": "bot"})
        command = "/start" if chat.private else f"/start@{self._world.bot['username']}"
        return self.do_send(user_id, {"chat": chat.id, "text": f"{command} {payload}" if payload else command})

    def do_send(self, user_id: int, facts: Json) -> Json:
        """Write `text`, or send a `document`, `photo`, `sticker`, …, maybe into a topic (`message_thread_id`).

        `reply_to` answers a message; `forward_from` names a hidden author; `anonymous` writes as the group, which
        its administrators may; `as_channel` writes as a channel of one's own.
        """
        chat = self._writable(user_id, facts)
        content = self._content(facts)
        self._may_say(chat, user_id, content)
        if facts.get("media_group_id"):
            content["media_group_id"] = str(facts["media_group_id"])
        content |= self._placed(chat, user_id, facts)
        if facts.get("forward_from"):
            origin = {"type": "hidden_user", "sender_user_name": str(facts["forward_from"])}
            content["forward_origin"] = {**origin, "date": self._world.clock.stamp()}
        sent = self._world.post(chat, self._speaker(chat, user_id, facts, content), content)
        sent.author = user_id
        self._tell(chat, sent)
        return sent.body

    def _speaker(self, chat: Chat, user_id: int, facts: Json, content: Json) -> Json:
        """Return as whom somebody writes: themselves, the group as its hidden administrator, or a channel of theirs."""
        if facts.get("anonymous"):
            self._staff(chat, user_id)
            content["sender_chat"] = self._world.described(chat)
            return ANONYMOUS
        if facts.get("as_channel"):
            channel = self._world.chat(facts["as_channel"])
            if channel.type != "channel" or channel.member(user_id).status != "creator" or chat.type != "supergroup":
                raise NotPossible("one writes in supergroups only, and only as a channel of one's own")
            content["sender_chat"] = self._world.described(channel)
            return CHANNEL
        return self._world.user(user_id)

    def do_edit(self, user_id: int, facts: Json) -> Json:
        chat, sent = self._message(user_id, facts)
        if sent.by_bot or sent.author != user_id:
            raise NotPossible("only one's own messages can be edited")
        content = self._content(facts)
        for formatting in {"entities", "caption_entities"} & sent.body.keys():
            del sent.body[formatting]
        sent.body |= content
        sent.body["edit_date"] = self._world.clock.stamp()
        self._world.touch(chat, sent)
        self._tell(chat, sent, edited=True)
        return sent.body

    def do_delete(self, user_id: int, facts: Json) -> Json:
        """Delete a message of one's own, or as an administrator; the bot is not told."""
        chat, sent = self._message(user_id, facts)
        if not chat.private and sent.author != user_id:
            self._need(chat, user_id, "can_delete_messages")
        sent.deleted = True
        self._world.touch(chat, sent)
        return {}

    def do_forward(self, user_id: int, facts: Json) -> Json:
        _, sent = self._message(user_id, facts)
        if sent.body.get("has_protected_content"):
            raise NotPossible("this message is protected: it cannot be forwarded or saved")
        content = {key: value for key, value in sent.body.items() if key in CONTENT}
        to = self._writable(user_id, {"chat": facts.get("to", user_id)})
        self._may_say(to, user_id, content)
        copy = self._world.post(to, self._world.user(user_id), {**content, "forward_origin": self._world.origin(sent)})
        self._tell(to, copy)
        return copy.body

    # -- pressing

    def do_press(self, user_id: int, facts: Json) -> Json:
        chat, sent = self._message(user_id, facts)
        button = {"callback_data": facts["data"]} if facts.get("forge") else _button(sent, facts)
        if "callback_data" not in button:
            return {key: button[key] for key in ("url", "copy_text") if key in button}
        query_id = str(secrets.randbelow(10**18))
        dies = self._world.clock.now().timestamp() + PRESS_SECONDS
        query = {"id": query_id, "chat": chat.id, "user": user_id, "answered": False, "dies": dies}
        self._world.callbacks[query_id] = query
        body: Json = {"id": query_id, "from": self._world.user(user_id), "message": sent.body}
        body |= {"chat_instance": str(chat.id), "data": button["callback_data"]}
        self._world.tell("callback_query", body)
        return {"callback_query_id": query_id}

    async def do_inline(self, user_id: int, facts: Json) -> Json:
        query_id = str(secrets.randbelow(10**18))
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        dies = self._world.clock.now().timestamp() + INLINE_SECONDS
        self._world.inline[query_id] = {"answer": answer, "dies": dies}
        body = {"id": query_id, "from": self._world.user(user_id), "query": facts.get("query", "")}
        self._world.tell("inline_query", {**body, "offset": facts.get("offset", "")})
        try:
            async with asyncio.timeout(float(facts.get("timeout", 10))):
                return {"inline_query_id": query_id, **(await answer)}
        except TimeoutError:
            raise NotPossible("the bot did not answer the inline query") from None


def _button(sent: Sent, facts: Json) -> Json:
    rows: list[list[Json]] = sent.body.get("reply_markup", {}).get("inline_keyboard", [])
    if "row" in facts:
        return rows[facts["row"]][facts.get("col", 0)]
    for button in (button for row in rows for button in row):
        if facts.get("data") is not None and button.get("callback_data") == facts["data"]:
            return button
        if facts.get("label") is not None and facts["label"] in button["text"]:
            return button
    raise NotPossible("there is no such button on that message")
