"""What people do in their Telegram apps: write, press, join, block, invite."""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import Callable
from typing import Any

from bot.sandbox import entities
from bot.sandbox.failure import NotPossible
from bot.sandbox.methods import invites, topics
from bot.sandbox.methods.call import Call
from bot.sandbox.methods.chats import change
from bot.sandbox.updates import Updates
from bot.sandbox.world import CHANNEL_RIGHTS, RIGHTS, Chat, Json, Membership, Sent, World

PRESS_SECONDS, INLINE_SECONDS = 150, 30
_PLAIN = ("sticker", "voice", "location", "poll", "contact")


class People:
    """The deeds of people, each by its name in the control API."""

    def __init__(self, world: World, updates: Updates) -> None:
        self._world = world
        self._updates = updates

    async def do(self, user_id: int, deed: str, facts: Json) -> Any:
        """Let a person do something.

        Raises:
            NotPossible: a Telegram client would not let them, or there is no such deed.
        """
        self._world.user(user_id)
        method: Callable[[int, Json], Any] | None = getattr(self, f"do_{deed}", None)
        if method is None:
            raise NotPossible(f"there is no deed {deed!r}")
        result = method(user_id, facts)
        return await result if asyncio.iscoroutine(result) else result

    # -- writing

    def do_start(self, user_id: int, facts: Json) -> Json:
        payload = facts.get("payload")
        return self.do_send(user_id, {"text": f"/start {payload}" if payload else "/start"})

    def do_send(self, user_id: int, facts: Json) -> Json:
        chat = self._writable(user_id, facts)
        content = self._content(facts)
        if facts.get("media_group_id"):
            content["media_group_id"] = str(facts["media_group_id"])
        if facts.get("reply_to"):
            content["reply_to_message"] = chat.messages[facts["reply_to"]].body
        if facts.get("message_thread_id"):
            content |= {"message_thread_id": facts["message_thread_id"], "is_topic_message": True}
        if facts.get("forward_from"):
            origin = {"type": "hidden_user", "sender_user_name": str(facts["forward_from"])}
            content["forward_origin"] = {**origin, "date": self._world.clock.stamp()}
        sent = self._world.post(chat, self._world.user(user_id), content)
        if chat.private or chat.belongs(self._world.bot_id):
            self._world.tell("channel_post" if chat.type == "channel" else "message", sent.body)
        return sent.body

    def do_edit(self, user_id: int, facts: Json) -> Json:
        chat, sent = self._message(user_id, facts)
        if sent.by_bot or sent.body.get("from", {}).get("id") != user_id:
            raise NotPossible("only one's own messages can be edited")
        sent.body |= self._content(facts)
        sent.body["edit_date"] = self._world.clock.stamp()
        self._world.touch(chat, sent)
        self._world.tell("edited_message", sent.body)
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
        content: Json = {
            k: sent.body[k] for k in ("text", "entities", "caption", "document", "photo") if k in sent.body
        }
        origin = {"type": "user", "date": sent.body["date"], "sender_user": sent.body.get("from", self._world.bot)}
        to = self._writable(user_id, {"chat": facts.get("to", user_id)})
        copy = self._world.post(to, self._world.user(user_id), {**content, "forward_origin": origin})
        if to.private or to.belongs(self._world.bot_id):
            self._world.tell("message", copy.body)
        return copy.body

    def do_react(self, user_id: int, facts: Json) -> Json:
        chat, sent = self._message(user_id, facts)
        reaction = [{"type": "emoji", "emoji": facts["emoji"]}]
        body: Json = {"chat": self._world.described(chat), "message_id": sent.body["message_id"]}
        body |= {"user": self._world.user(user_id), "date": self._world.clock.stamp()}
        self._world.tell("message_reaction", {**body, "old_reaction": [], "new_reaction": reaction})
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

    # -- belonging

    def do_block(self, user_id: int, _facts: Json) -> Json:
        return self._blocked(user_id, blocked=True)

    def do_unblock(self, user_id: int, _facts: Json) -> Json:
        return self._blocked(user_id, blocked=False)

    def do_deactivate(self, user_id: int, _facts: Json) -> Json:
        self._world.gone.add(user_id)
        return {}

    def do_join(self, user_id: int, facts: Json) -> Json:
        user = self._world.user(user_id)
        chat, link = self._door(facts)
        if chat.member(user_id).status == "kicked":
            raise NotPossible("this person is banned there")
        if link is not None and link["creates_join_request"]:
            date = self._world.clock.stamp()
            chat.requests[user_id] = {"date": date, "link": link}
            body = {"chat": self._world.described(chat), "from": user, "user_chat_id": user_id, "date": date}
            if chat.may(self._world.bot_id, "can_invite_users"):
                self._world.tell("chat_join_request", {**body, "invite_link": link})
            self._world.touch(chat)
            return {"requested": True}
        via = {"invite_link": link} if link else {}
        change(self._world, chat, user_id, Membership("member"), user, **via)
        self._world.service(chat, user, {"new_chat_members": [user]})
        return {"joined": True}

    def do_leave(self, user_id: int, facts: Json) -> Json:
        chat, user = self._world.chat(facts["chat"]), self._world.user(user_id)
        change(self._world, chat, user_id, Membership("left"), user)
        self._world.service(chat, user, {"left_chat_member": user})
        return {}

    def do_add(self, user_id: int, facts: Json) -> Json:
        chat, by = self._world.chat(facts["chat"]), self._world.user(user_id)
        account = self._account(facts)
        change(self._world, chat, account, Membership("member"), by)
        self._world.service(chat, by, {"new_chat_members": [self._world.user(account)]})
        return {}

    def do_remove(self, user_id: int, facts: Json) -> Json:
        chat, by = self._world.chat(facts["chat"]), self._world.user(user_id)
        account = self._account(facts)
        change(self._world, chat, account, Membership("kicked"), by)
        self._world.service(chat, by, {"left_chat_member": self._world.user(account)})
        return {}

    def do_promote(self, user_id: int, facts: Json) -> Json:
        chat = self._world.chat(facts["chat"])
        given = facts.get("rights")
        known = set(RIGHTS + (CHANNEL_RIGHTS if chat.type == "channel" else ()))
        rights = known if given is None else {right for right, on in given.items() if on}
        change(self._world, chat, self._account(facts), Membership("administrator", rights), self._world.user(user_id))
        return {}

    def do_demote(self, user_id: int, facts: Json) -> Json:
        chat = self._world.chat(facts["chat"])
        change(self._world, chat, self._account(facts), Membership("member"), self._world.user(user_id))
        return {}

    def do_approve(self, user_id: int, facts: Json) -> Json:
        chat = self._world.chat(facts["chat"])
        request = chat.requests.pop(int(facts["user"]), None)
        if request is None:
            raise NotPossible("there is no such join request")
        call = Call(self._world, self._updates, "", {})
        invites.admit(call, chat, int(facts["user"]), request, self._world.user(user_id))
        return {}

    def do_decline(self, _user_id: int, facts: Json) -> Json:
        self._world.chat(facts["chat"]).requests.pop(int(facts["user"]), None)
        return {}

    # -- groups

    def do_topic(self, user_id: int, facts: Json) -> Json:
        chat = self._world.chat(facts["chat"])
        topic = topics.made(self._world, chat, self._world.user(user_id), facts["name"], topics.COLORS[0])
        return {"message_thread_id": topic.id}

    def do_close_topic(self, user_id: int, facts: Json) -> Json:
        return self._closed(user_id, facts, closed=True)

    def do_reopen_topic(self, user_id: int, facts: Json) -> Json:
        return self._closed(user_id, facts, closed=False)

    def do_delete_topic(self, _user_id: int, facts: Json) -> Json:
        chat = self._world.chat(facts["chat"])
        del chat.topics[facts["message_thread_id"]]
        self._world.touch(chat)
        return {}

    def do_upgrade(self, user_id: int, facts: Json) -> Json:
        old, user = self._world.chat(facts["chat"]), self._world.user(user_id)
        new = self._world.add_chat({"type": "supergroup", "title": old.title, "owner": user_id})
        new.members = dict(old.members)
        self._world.service(old, user, {"migrate_to_chat_id": new.id})
        old.migrated_to = new.id
        self._world.service(new, user, {"migrate_from_chat_id": old.id})
        return self._world.described(new)

    # -- what the deeds share

    def _account(self, facts: Json) -> int:
        return self._world.bot_id if facts["user"] == "bot" else int(facts["user"])

    def _closed(self, user_id: int, facts: Json, *, closed: bool) -> Json:
        chat = self._world.chat(facts["chat"])
        topic = chat.topics[facts["message_thread_id"]]
        topic.closed = closed
        said: Json = {"message_thread_id": topic.id, "is_topic_message": True}
        said["forum_topic_closed" if closed else "forum_topic_reopened"] = {}
        self._world.service(chat, self._world.user(user_id), said)
        return {}

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

    def _door(self, facts: Json) -> tuple[Chat, Json | None]:
        if "invite_link" not in facts:
            return self._world.chat(facts["chat"]), None
        for chat in self._world.chats.values():
            link = chat.links.get(facts["invite_link"])
            if link is not None and not link["is_revoked"]:
                return chat, link
        raise NotPossible("this invite link does not work any more")

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
        return chat

    def _message(self, user_id: int, facts: Json) -> tuple[Chat, Sent]:
        chat = self._world.chat(facts.get("chat") or user_id)
        sent = chat.messages.get(facts.get("message_id", 0))
        if sent is None or sent.deleted:
            raise NotPossible("there is no such message")
        if (chat.private and chat.id != user_id) or (not chat.private and not chat.belongs(user_id)):
            raise NotPossible("this person cannot see that chat")
        return chat, sent

    def _content(self, facts: Json) -> Json:
        for kind in _PLAIN:
            if kind in facts:
                return {kind: _filled(kind, facts[kind])}
        if "document" in facts:
            file = facts["document"]
            kept = self._world.keep_file(_bytes(file), file.get("file_name"), file.get("mime_type"))
            named = {k: file[k] for k in ("file_name", "mime_type") if file.get(k)}
            return {"document": {**kept, **named}, **_said(facts, "caption")}
        if "photo" in facts:
            kept = self._world.keep_file(_bytes(facts["photo"]), None, "image/jpeg")
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
