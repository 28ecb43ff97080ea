"""The world of one sandbox: accounts, chats, messages, and who is told of what."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from bot.sandbox.chat import CHANNEL_RIGHTS, RIGHTS, Chat, Json, Membership, Sent, Topic
from bot.sandbox.failure import NotPossible, bad
from bot.sandbox.limits import Limits
from bot.sandbox.time import SandboxClock

__all__ = ["CHANNEL_RIGHTS", "RIGHTS", "Chat", "Json", "Membership", "Sent", "Topic", "World"]


class World:
    """Everything that exists, and the counter that orders all changes."""

    def __init__(self, token: str, username: str, name: str) -> None:
        self.token = token
        self.bot: Json = {"id": int(token.partition(":")[0]), "is_bot": True, "first_name": name, "username": username}
        self.clock = SandboxClock()
        self.users: dict[int, Json] = {}
        self.gone: set[int] = set()
        self.chats: dict[int, Chat] = {}
        self.files: dict[str, Json] = {}
        self.callbacks: dict[str, Json] = {}
        self.inline: dict[str, Json] = {}
        self.settings: Json = {"commands": {}, "names": {}, "descriptions": {}, "shorts": {}, "menus": {}, "rights": {}}
        self.change = 0
        self.changed = asyncio.Condition()
        self.watchers: list[Callable[[str, Json], None]] = []
        self.tell: Callable[[str, Json], None] = lambda _kind, _body: None
        self.webhook_routes: dict[str, str] = {}
        self.limits = Limits(self.clock)
        self.violations: list[Json] = []
        self.inline_mode = True
        self.sentences: list[tuple[float, int, int]] = []
        self._waking: set[asyncio.Task[None]] = set()

    @property
    def bot_id(self) -> int:
        return int(self.bot["id"])

    @contextmanager
    def unheard(self) -> Iterator[None]:
        """Let the bot never hear of what happens meanwhile, as when it was away until Telegram forgot the update."""
        tell, self.tell = self.tell, lambda _kind, _body: None
        try:
            yield
        finally:
            self.tell = tell

    # -- accounts and chats

    def add_user(self, facts: Json) -> Json:
        user_id = int(facts.get("id") or 1000 + len(self.users))
        allowed = ("first_name", "last_name", "username", "language_code")
        user: Json = {"id": user_id, "is_bot": bool(facts.get("is_bot"))}
        user |= {key: facts[key] for key in allowed if facts.get(key)}
        if "first_name" not in user:
            raise NotPossible("a person needs a first_name")
        self.users[user_id] = user
        chat = self.chats.setdefault(user_id, Chat(user_id, "private"))
        chat.started = chat.started or bool(facts.get("started"))
        return user

    def add_chat(self, facts: Json) -> Chat:
        kind = facts.get("type")
        if kind not in {"group", "supergroup", "channel"}:
            raise NotPossible("type is group, supergroup or channel")
        number = 1_000_000 + len(self.chats)
        chat_id = -number if kind == "group" else -1_000_000_000_000 - number
        chat = Chat(chat_id, kind, facts["title"], facts.get("username"), bool(facts.get("is_forum")))
        chat.members[int(facts["owner"])] = Membership("creator", set(RIGHTS + CHANNEL_RIGHTS))
        for user_id in facts.get("members", ()):
            chat.members[int(user_id)] = Membership("member")
        chat.permissions |= facts.get("permissions", {})
        if facts.get("bot"):
            rights = set(RIGHTS + CHANNEL_RIGHTS) if facts["bot"] == "administrator" else set()
            chat.members[self.bot_id] = Membership(facts["bot"], rights - {"can_promote_members"})
        if kind == "supergroup":
            chat.last_id = 1  # the message that created it
        self.chats[chat_id] = chat
        return chat

    def pardon(self) -> None:
        """End the bans and restrictions whose time is over; Telegram does so without a word."""
        now = self.clock.now().timestamp()
        over = [sentence for sentence in self.sentences if sentence[0] <= now]
        self.sentences = [sentence for sentence in self.sentences if sentence[0] > now]
        for until, chat_id, account in over:
            member = self.chats[chat_id].member(account)
            if member.until == until:
                inside = member.status == "restricted" and member.inside
                self.chats[chat_id].members[account] = Membership("member" if inside else "left")

    def user(self, user_id: int) -> Json:
        if user_id == self.bot_id:
            return self.bot
        if user_id not in self.users:
            raise NotPossible(f"there is no person {user_id}")
        return self.users[user_id]

    def chat(self, chat_id: Any) -> Chat:
        """Return a chat by id or @username, for a person's deed."""
        if chat_id not in self.chats:
            raise NotPossible(f"there is no chat {chat_id}")
        return self.chats[int(chat_id)]

    def reached(self, chat_id: Any) -> Chat:
        """Return the chat that a call of the bot names.

        Raises:
            ApiError: Telegram knows no such chat, or the bot has never met it.
        """
        if chat_id in (None, ""):
            raise bad("chat_id is empty")
        if isinstance(chat_id, str) and chat_id.startswith("@"):
            found = [c for c in self.chats.values() if c.username and c.username.lower() == chat_id[1:].lower()]
            if not found:
                raise bad("chat not found")
            return found[0]
        chat = self.chats.get(int(chat_id)) if isinstance(chat_id, int) or chat_id.lstrip("-").isdigit() else None
        if chat is None or (chat.private and not chat.started and not self._seen(chat.id)):
            raise bad("chat not found")
        return chat

    def _seen(self, user_id: int) -> bool:
        return any(
            not c.private and c.belongs(self.bot_id) and user_id in c.members for c in self.chats.values()
        ) or any(user_id in c.requests or user_id in c.answered for c in self.chats.values())

    def described(self, chat: Chat) -> Json:
        """Return the Bot API's Chat."""
        if chat.private:
            user = self.users[chat.id]
            names: Json = {key: user[key] for key in ("first_name", "last_name", "username") if key in user}
            return {"id": chat.id, "type": "private", **names}
        body: Json = {"id": chat.id, "type": chat.type, "title": chat.title}
        if chat.username:
            body["username"] = chat.username
        if chat.is_forum:
            body["is_forum"] = True
        return body

    # -- messages

    def post(self, chat: Chat, author: Json | None, content: Json, *, silent: bool = False) -> Sent:
        """Append a message; `content` is what makes it this message. Tells those who watch."""
        chat.last_id += 1
        body: Json = {"message_id": chat.last_id, "date": self.clock.stamp(), "chat": self.described(chat)}
        if author is not None and chat.type != "channel":
            body["from"] = author
        if chat.type == "channel":
            body["sender_chat"] = self.described(chat)
        body.update(content)
        writer = author["id"] if author is not None else 0
        sent = Sent(body, 0, by_bot=writer == self.bot_id, silent=silent, author=writer)
        chat.messages[chat.last_id] = sent
        self.touch(chat, sent)
        return sent

    def touch(self, chat: Chat, sent: Sent | None = None) -> int:
        """Note a change of a chat (and of a message), and wake whoever waits for it."""
        self.change += 1
        chat.change = self.change
        if sent is not None:
            sent.change = self.change
        for watcher in self.watchers:
            watcher("change", {"chat": chat.id, "change": self.change})
        self._wake()
        return self.change

    def _wake(self) -> None:
        async def wake() -> None:
            async with self.changed:
                self.changed.notify_all()

        task = asyncio.get_running_loop().create_task(wake())
        self._waking.add(task)
        task.add_done_callback(self._waking.discard)

    def service(self, chat: Chat, author: Json, content: Json, *, own: bool = False) -> Sent:
        """Post a service message; the bot is told of it unless it is its own and not one of those it hears of."""
        sent = self.post(chat, author, content)
        if chat.belongs(self.bot_id) and (author["id"] != self.bot_id or own):
            self.tell("channel_post" if chat.type == "channel" else "message", sent.body)
        return sent

    def announce(self, chat: Chat, author: Json, content: Json, *, own: bool = False) -> None:
        """Post who came or went; a channel keeps silent about that."""
        if chat.type != "channel":
            self.service(chat, author, content, own=own)

    def origin(self, sent: Sent) -> Json:
        """Return where a message comes from, as its forward tells it."""
        known: Json | None = sent.body.get("forward_origin")
        if known is not None:
            return known
        date, chat = sent.body["date"], sent.body["chat"]
        if chat["type"] == "channel":
            return {"type": "channel", "date": date, "chat": chat, "message_id": sent.body["message_id"]}
        return {"type": "user", "date": date, "sender_user": sent.body["from"]}

    def keep_file(self, content: bytes, name: str | None, mime: str | None, kind: str = "document") -> Json:
        """Store a file and return its facts; the same content has the same `file_unique_id`."""
        import hashlib

        unique = hashlib.sha256(content).hexdigest()[:16]
        file_id = "BQACAgIAAxk" + secrets.token_urlsafe(24).replace("-", "A").replace("_", "B")
        facts: Json = {"file_id": file_id, "file_unique_id": unique, "file_size": len(content)}
        self.files[file_id] = {**facts, "content": content, "file_name": name, "mime_type": mime, "kind": kind}
        return facts
