"""What people do in their Telegram apps; here, writing and pressing."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from bot.sandbox.belonging import Belonging
from bot.sandbox.failure import NotPossible
from bot.sandbox.methods.messages import CONTENT
from bot.sandbox.world import Chat, Json, Sent

PRESS_SECONDS, INLINE_SECONDS = 150, 30
ANONYMOUS: Json = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
CHANNEL: Json = {"id": 136817688, "is_bot": True, "first_name": "Channel", "username": "Channel_Bot"}
"""In whose name Telegram tells bots of those who write as their group or as a channel."""
_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}")


class People(Belonging):
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
        chat = self._writable(user_id, facts)
        content = self._content(facts)
        if facts.get("media_group_id"):
            content["media_group_id"] = str(facts["media_group_id"])
        if facts.get("reply_to"):
            answered = chat.messages[facts["reply_to"]].body
            content["reply_to_message"] = {k: v for k, v in answered.items() if k != "reply_to_message"}
        if facts.get("message_thread_id"):
            content |= self._thread(chat, user_id, facts["message_thread_id"])
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
            if chat.member(user_id).status not in {"creator", "administrator"}:
                raise NotPossible("only administrators can hide behind their group")
            content["sender_chat"] = self._world.described(chat)
            return ANONYMOUS
        if facts.get("as_channel"):
            content["sender_chat"] = self._world.described(self._world.chat(facts["as_channel"]))
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
        chat, sent = self._message(user_id, facts)
        sent.deleted = True
        self._world.touch(chat, sent)
        return {}

    def do_forward(self, user_id: int, facts: Json) -> Json:
        _, sent = self._message(user_id, facts)
        if sent.body.get("has_protected_content"):
            raise NotPossible("this message is protected: it cannot be forwarded or saved")
        content = {key: value for key, value in sent.body.items() if key in CONTENT}
        to = self._writable(user_id, {"chat": facts.get("to", user_id)})
        copy = self._world.post(to, self._world.user(user_id), {**content, "forward_origin": self._world.origin(sent)})
        self._tell(to, copy)
        return copy.body

    def do_react(self, user_id: int, facts: Json) -> Json:
        chat, sent = self._message(user_id, facts)
        before = sent.reactions.get(user_id, [])
        reaction = [{"type": "emoji", "emoji": facts["emoji"]}] if facts.get("emoji") else []
        sent.reactions[user_id] = reaction
        if chat.type == "channel":
            return self._counted(chat, sent)
        body: Json = {"chat": self._world.described(chat), "message_id": sent.body["message_id"]}
        body |= {"user": self._world.user(user_id), "date": self._world.clock.stamp()}
        if chat.private or chat.member(self._world.bot_id).status == "administrator":
            self._world.tell("message_reaction", {**body, "old_reaction": before, "new_reaction": reaction})
        return {}

    def _counted(self, chat: Chat, sent: Sent) -> Json:
        """Tell how many reactions a channel's post has; whose they are nobody is told."""
        kinds = Counter(one["emoji"] for given in sent.reactions.values() for one in given)
        told = [{"type": {"type": "emoji", "emoji": emoji}, "total_count": n} for emoji, n in kinds.items()]
        body = {"chat": self._world.described(chat), "message_id": sent.body["message_id"]}
        if chat.member(self._world.bot_id).status == "administrator":
            date = self._world.clock.stamp()
            self._world.tell("message_reaction_count", {**body, "date": date, "reactions": told})
        return {}

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
