"""What people do with a forum's topics: make, rename, close, reopen and delete them, and hide General."""

from __future__ import annotations

from bot.sandbox.deeds import Deeds
from bot.sandbox.failure import NotPossible
from bot.sandbox.methods import topics
from bot.sandbox.world import Chat, Json, Topic


class Forums(Deeds):
    """Deeds in forums; a topic is named by `chat` and `message_thread_id`. The bot hears of each but a deletion."""

    def do_topic(self, user_id: int, facts: Json) -> Json:
        """Make a topic `name`: administrators by their right, members where the group permits it."""
        chat = self._forum(facts)
        if not chat.allows(user_id, "can_manage_topics"):
            raise NotPossible("this person may not make topics in that chat")
        topic = topics.made(self._world, chat, self._world.user(user_id), facts["name"], topics.COLORS[0])
        return {"message_thread_id": topic.id}

    def do_rename_topic(self, user_id: int, facts: Json) -> Json:
        """Give a topic another `name`."""
        chat, topic = self._managed(user_id, facts)
        name = " ".join(facts["name"].split())[: topics.NAME_LIMIT]
        if not name or name == topic.name:
            raise NotPossible("a topic needs another name")
        topic.name = name
        self._service(chat, user_id, topic, {"forum_topic_edited": {"name": name}})
        return {}

    def do_close_topic(self, user_id: int, facts: Json) -> Json:
        return self._closed(user_id, facts, closed=True)

    def do_reopen_topic(self, user_id: int, facts: Json) -> Json:
        return self._closed(user_id, facts, closed=False)

    def do_delete_topic(self, user_id: int, facts: Json) -> Json:
        """Delete a topic with all its messages; nobody is told."""
        chat, topic = self._topic(facts)
        if topic.creator != user_id:
            self._need(chat, user_id, "can_delete_messages")
        topics.unmade(self._world, chat, topic.id)
        return {}

    def do_hide_general(self, user_id: int, facts: Json) -> Json:
        return self._hidden(user_id, facts, hidden=True)

    def do_unhide_general(self, user_id: int, facts: Json) -> Json:
        return self._hidden(user_id, facts, hidden=False)

    def _hidden(self, user_id: int, facts: Json, *, hidden: bool) -> Json:
        chat = self._forum(facts)
        self._need(chat, user_id, "can_manage_topics")
        if chat.general_hidden is hidden:
            raise NotPossible("General is so already")
        chat.general_hidden = hidden
        word = "general_forum_topic_hidden" if hidden else "general_forum_topic_unhidden"
        self._world.service(chat, self._world.user(user_id), {word: {}})
        return {}

    def _closed(self, user_id: int, facts: Json, *, closed: bool) -> Json:
        chat, topic = self._managed(user_id, facts)
        if topic.closed is closed:
            raise NotPossible("this topic is so already")
        topic.closed = closed
        self._service(chat, user_id, topic, {"forum_topic_closed" if closed else "forum_topic_reopened": {}})
        return {}

    def _service(self, chat: Chat, user_id: int, topic: Topic, content: Json) -> None:
        self._world.service(chat, self._world.user(user_id), {**chat.thread(topic), **content})

    def _managed(self, user_id: int, facts: Json) -> tuple[Chat, Topic]:
        chat, topic = self._topic(facts)
        if topic.creator != user_id:
            self._need(chat, user_id, "can_manage_topics")
        return chat, topic

    def _topic(self, facts: Json) -> tuple[Chat, Topic]:
        chat = self._forum(facts)
        topic = chat.topics.get(facts["message_thread_id"])
        if topic is None:
            raise NotPossible("there is no such topic")
        return chat, topic

    def _forum(self, facts: Json) -> Chat:
        chat = self._world.chat(facts["chat"])
        if not chat.is_forum:
            raise NotPossible("that chat has no topics")
        return chat
