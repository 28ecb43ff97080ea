"""What all deeds of people share: where they may write, what they may see, and what the bot is told of it."""

from __future__ import annotations

import base64
import secrets
from typing import Any

from bot.sandbox import entities, polls
from bot.sandbox.failure import NotPossible
from bot.sandbox.updates import Updates
from bot.sandbox.world import Chat, Json, Sent, World

_SENDS = {
    "document": "documents",
    "photo": "photos",
    "voice": "voice_notes",
    "poll": "polls",
    "sticker": "other_messages",
}
"""What the permission to send a message with this field is called."""
_PLAIN = ("sticker", "voice", "location", "contact")


class Deeds:
    """The world as people act in it."""

    def __init__(self, world: World, updates: Updates) -> None:
        self._world = world
        self._updates = updates

    def _account(self, facts: Json) -> int:
        return self._world.bot_id if facts["user"] == "bot" else int(facts["user"])

    def _writable(self, user_id: int, facts: Json) -> Chat:
        chat = self._world.chat(facts.get("chat") or user_id)
        if chat.private:
            if chat.id != user_id:
                raise NotPossible("this is somebody else's private chat")
            if chat.blocked:
                self._blocked(user_id, blocked=False)
            chat.started = True
        elif not chat.belongs(user_id):
            raise NotPossible("this person is not in that chat")
        elif chat.type == "channel" and not chat.may(user_id, "can_post_messages"):
            raise NotPossible("only administrators write in a channel")
        return chat

    def _may_say(self, chat: Chat, user_id: int, content: Json) -> None:
        """Refuse what the group, or a restriction of this person, does not let them send."""
        kind = next((sends for field, sends in _SENDS.items() if field in content), "messages")
        if chat.type in {"group", "supergroup"} and not chat.permits(user_id, f"can_send_{kind}"):
            raise NotPossible("this person may not write in that chat")

    def _need(self, chat: Chat, user_id: int, right: str) -> None:
        """Refuse unless somebody is an administrator with a right."""
        if not chat.may(user_id, right):
            raise NotPossible(f"this person is no administrator of that chat with {right}")

    def _staff(self, chat: Chat, user_id: int) -> None:
        """Refuse unless somebody is an administrator, with whatever rights."""
        if chat.private or chat.member(user_id).status not in {"creator", "administrator"}:
            raise NotPossible("only administrators can hide behind their group")

    def _placed(self, chat: Chat, user_id: int, facts: Json) -> Json:
        """Return the fields of what a message answers and of its thread; in a forum an answer stays in its topic.

        As Telegram has it, what answers nothing in a topic answers the message that made the topic; and an answer
        outside topics carries the thread of what it answers, which is no topic and nothing can be sent to.
        """
        answered = chat.messages.get(facts["reply_to"]) if facts.get("reply_to") else None
        if facts.get("reply_to") and (answered is None or answered.deleted):
            raise NotPossible("there is no such message to answer")
        inherited = answered.topic if answered is not None else 0
        placed = self._thread(chat, user_id, facts.get("message_thread_id") or inherited)
        if answered is None:
            answered = chat.messages.get(placed.get("message_thread_id", 0))
        elif not placed and chat.type == "supergroup":
            placed = {"message_thread_id": answered.body.get("message_thread_id", answered.body["message_id"])}
        return {**placed, **({"reply_to_message": answered.answered()} if answered is not None else {})}

    def _thread(self, chat: Chat, user_id: int, thread_id: int) -> Json:
        if not thread_id:
            if chat.general_hidden and not chat.may(user_id, "can_manage_topics"):
                raise NotPossible("General is hidden")
            return {}
        topic = chat.topics.get(thread_id)
        if topic is None:
            raise NotPossible("there is no such topic")
        if topic.closed and topic.creator != user_id and not chat.may(user_id, "can_manage_topics"):
            raise NotPossible("this topic is closed")
        return chat.thread(topic)

    def _message(self, user_id: int, facts: Json) -> tuple[Chat, Sent]:
        chat = self._world.chat(facts.get("chat") or user_id)
        sent = chat.messages.get(facts.get("message_id", 0))
        if sent is None or sent.deleted:
            raise NotPossible("there is no such message")
        if (chat.private and chat.id != user_id) or (not chat.private and not chat.belongs(user_id)):
            raise NotPossible("this person cannot see that chat")
        return chat, sent

    def _blocked(self, user_id: int, *, blocked: bool) -> Json:
        chat, user = self._world.chat(user_id), self._world.user(user_id)
        if chat.blocked is blocked:
            return {}
        chat.blocked = blocked
        self._world.touch(chat)
        bot = self._world.bot
        states: list[Json] = [{"user": bot, "status": "member"}, {"user": bot, "status": "kicked", "until_date": 0}]
        old, new = states if blocked else states[::-1]
        body = {"chat": self._world.described(chat), "from": user, "date": self._world.clock.stamp()}
        self._world.tell("my_chat_member", {**body, "old_chat_member": old, "new_chat_member": new})
        return {}

    def _tell(self, chat: Chat, sent: Sent, *, edited: bool = False) -> None:
        """Tell the bot of a person's message, if it may know of it."""
        if not (chat.private or (chat.belongs(self._world.bot_id) and self._may_read(chat, sent))):
            return
        kind = "channel_post" if chat.type == "channel" else "message"
        self._world.tell(f"edited_{kind}" if edited else kind, sent.body)

    def _may_read(self, chat: Chat, sent: Sent) -> bool:
        """Tell whether Telegram's privacy mode lets the bot read a message in a group where it is no administrator."""
        if chat.type == "channel" or chat.member(self._world.bot_id).status == "administrator":
            return True
        reply = sent.body.get("reply_to_message", {})
        answered = 0 if "forum_topic_created" in reply else reply.get("from", {}).get("id")
        command = any(e["type"] == "bot_command" and e["offset"] == 0 for e in sent.body.get("entities", ()))
        return command or answered == self._world.bot_id

    def _content(self, facts: Json) -> Json:
        if "poll" in facts:
            return {"poll": polls.asked(facts["poll"])}
        for kind in _PLAIN:
            if kind in facts:
                return {kind: _filled(kind, facts[kind])}
        if "document" in facts:
            file = facts["document"]
            kept = self._world.keep_file(_bytes(file), file.get("file_name"), file.get("mime_type"))
            named = {k: file[k] for k in ("file_name", "mime_type") if file.get(k)}
            return {"document": {**kept, **named}, **_said(facts, "caption")}
        if "photo" in facts:
            kept = self._world.keep_file(_bytes(facts["photo"]), None, "image/jpeg", "photo")
            return {"photo": [{**kept, "width": 640, "height": 480}], **_said(facts, "caption")}
        if not str(facts.get("text", "")).strip():
            raise NotPossible("a message needs some text")
        return _said(facts, "text")


def _said(facts: Json, field: str) -> Json:
    if not facts.get(field):
        return {}
    text, found = entities.parse(str(facts[field]), None, facts.get("entities"))
    return {field: text, **({"entities" if field == "text" else "caption_entities": found} if found else {})}


def _bytes(file: Json) -> bytes:
    return base64.b64decode(file.get("content_b64", "")) or b"\n"


def _filled(kind: str, given: Any) -> Json:
    known: dict[str, Json] = {
        "sticker": {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False},
        "voice": {"duration": 3},
        "location": {"latitude": 37.95, "longitude": 58.38},
        "contact": {"phone_number": "000", "first_name": "Contact"},
    }
    file = {"file_id": secrets.token_hex(12), "file_unique_id": secrets.token_hex(6)}
    base = {**known.get(kind, {}), **(file if kind in {"sticker", "voice"} else {})}
    return {**base, **(given if isinstance(given, dict) else {})}
