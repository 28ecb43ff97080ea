"""What one person sees of the world: their chats, what is unread there, open doors, and who waits at their own."""

from __future__ import annotations

from bot.sandbox.world import RIGHTS, Chat, Json, Sent, World

GENERAL = 0
"""The thread of what stands outside every topic."""
STAFF = frozenset({"creator", "administrator"})


class Sight:
    """Reads the world for a person; of its own it keeps only how far each of them has read."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._marks: dict[tuple[int, int, int], int] = {}

    def chats(self, user_id: int) -> list[Json]:
        """Return the person's private chat with the bot, then their groups and channels."""
        chats = self._world.chats.values()
        return [self._summary(c, user_id) for c in chats if c.id == user_id or (not c.private and c.belongs(user_id))]

    def doors(self, user_id: int) -> list[Json]:
        """Return the chats that the person could join: by a live link, or by a public name."""
        closed = [c for c in self._world.chats.values() if not c.private and not c.belongs(user_id)]
        found = [(chat, self._way(chat)) for chat in closed if chat.member(user_id).status != "kicked"]
        return [
            {"chat": self._world.described(chat), "waiting": user_id in chat.requests, **way}
            for chat, way in found
            if way is not None
        ]

    def read(self, user_id: int, facts: Json) -> Json:
        """Note that the person has seen everything up to a message of a chat and topic."""
        place = (user_id, int(facts["chat"]), int(facts.get("thread") or GENERAL))
        self._marks[place] = max(self._marks.get(place, 0), int(facts["message_id"]))
        return {}

    def _way(self, chat: Chat) -> Json | None:
        for link in chat.links.values():
            if not link["is_revoked"]:
                return {"invite_link": link["invite_link"], "asks": bool(link["creates_join_request"])}
        return {"asks": False} if chat.username else None

    def _summary(self, chat: Chat, user_id: int) -> Json:
        alive = [sent for sent in chat.messages.values() if not sent.deleted]
        role = "member" if chat.private else chat.member(user_id).status
        return {
            "chat": self._world.described(chat),
            "last_message": alive[-1].body if alive else None,
            "topics": self._topics(chat, user_id, alive) if chat.is_forum else [],
            "unread": self._unread(chat, user_id, alive),
            "role": role,
            "members": sum(chat.belongs(account) for account in chat.members),
            "requests": len(chat.requests),
            "waiting": self._waiting(chat) if role in STAFF else [],
            "links": [link for link in chat.links.values() if not link["is_revoked"]] if role in STAFF else [],
            "bot": not chat.private and self._standing(chat),
            "blocked": chat.blocked,
            "migrated_to": chat.migrated_to,
            "change": chat.change,
        }

    def _topics(self, chat: Chat, user_id: int, alive: list[Sent]) -> list[Json]:
        general: Json = {"message_thread_id": GENERAL, "name": None, "icon_color": 0, "closed": False}
        topics = [
            {"message_thread_id": t.id, "name": t.name, "icon_color": t.color, "closed": t.closed}
            for t in chat.topics.values()
        ]
        return [{**topic, **self._threaded(chat, user_id, alive, topic)} for topic in [general, *topics]]

    def _threaded(self, chat: Chat, user_id: int, alive: list[Sent], topic: Json) -> Json:
        thread = topic["message_thread_id"]
        inside = [sent for sent in alive if thread_of(sent) == thread]
        return {
            "last_message": inside[-1].body if inside else None,
            "unread": self._unread(chat, user_id, inside),
        }

    def _unread(self, chat: Chat, user_id: int, alive: list[Sent]) -> int:
        marks: dict[int, int] = {}
        for thread in {thread_of(sent) if chat.is_forum else GENERAL for sent in alive}:
            marks[thread] = self._marks.get((user_id, chat.id, thread), 0)
        return sum(
            sent.body["message_id"] > marks[thread_of(sent) if chat.is_forum else GENERAL]
            and sent.body.get("from", {}).get("id") != user_id
            for sent in alive
        )

    def _waiting(self, chat: Chat) -> list[Json]:
        return [{"user": self._world.user(account), "date": r["date"]} for account, r in chat.requests.items()]

    def _standing(self, chat: Chat) -> Json:
        member = chat.member(self._world.bot_id)
        return {"status": member.status, "missing": [right for right in RIGHTS if right not in member.rights]}


def thread_of(sent: Sent) -> int:
    """Return the topic of a message; General is 0."""
    return sent.topic or GENERAL
