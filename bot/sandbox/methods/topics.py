"""Forum topics: creating, renaming, closing, reopening, deleting. General is addressed by leaving the thread out."""

from __future__ import annotations

from bot.sandbox.failure import bad
from bot.sandbox.methods.call import Call
from bot.sandbox.world import Chat, Json, Topic, World

COLORS = (7322096, 16766590, 13338331, 9367192, 16749490, 16478047)
NAME_LIMIT = 128


def create(call: Call) -> Json:
    chat = _forum(call)
    call.need(chat, "can_manage_topics", "create a topic")
    name = _name(call.get("name", ""))
    color = call.get("icon_color", COLORS[0])
    if color not in COLORS:
        raise bad("TOPIC_ICON_COLOR_INVALID")
    topic = made(call.world, chat, call.world.bot, name, color)
    return {"message_thread_id": topic.id, "name": name, "icon_color": color}


def made(world: World, chat: Chat, by: Json, name: str, color: int) -> Topic:
    """Create a topic: the service message that says so gives it its id."""
    facts = {"name": name, "icon_color": color}
    thread = {"message_thread_id": chat.last_id + 1, "is_topic_message": True}
    sent = world.service(chat, by, {**thread, "forum_topic_created": facts}, own=True)
    topic = Topic(sent.body["message_id"], name, color, by["id"])
    chat.topics[topic.id] = topic
    return topic


def edit(call: Call) -> bool:
    chat, topic = _topic(call)
    _own(call, chat, topic, "edit the topic")
    name = topic.name if call.get("name") is None else _name(call.get("name"))
    if name != topic.name:
        topic.name = name
        _say(call, chat, topic, {"forum_topic_edited": {"name": name}})
    return True


def close(call: Call) -> bool:
    return _set(call, closed=True)


def reopen(call: Call) -> bool:
    return _set(call, closed=False)


def delete(call: Call) -> bool:
    chat, topic = _topic(call)
    call.need(chat, "can_delete_messages", "delete the topic")
    unmade(call.world, chat, topic.id)
    return True


def unmade(world: World, chat: Chat, thread_id: int) -> None:
    """Delete a topic and every message in it."""
    del chat.topics[thread_id]
    for sent in chat.messages.values():
        if sent.topic == thread_id:
            sent.deleted = True
            world.touch(chat, sent)
    world.touch(chat)


def _set(call: Call, *, closed: bool) -> bool:
    chat, topic = _topic(call)
    _own(call, chat, topic, "close or open the topic")
    if topic.closed is closed:
        raise bad("TOPIC_NOT_MODIFIED")
    topic.closed = closed
    _say(call, chat, topic, {"forum_topic_closed" if closed else "forum_topic_reopened": {}})
    return True


def _own(call: Call, chat: Chat, topic: Topic, words: str) -> None:
    if topic.creator != call.world.bot_id:
        call.need(chat, "can_manage_topics", words)


def _name(given: str) -> str:
    name = " ".join(given.split())[:NAME_LIMIT]
    if not name:
        raise bad("name must be non-empty")
    return name


def _say(call: Call, chat: Chat, topic: Topic, content: Json) -> None:
    call.world.service(chat, call.world.bot, {**chat.thread(topic), **content}, own=True)


def _forum(call: Call) -> Chat:
    chat = call.writable()
    if not chat.is_forum:
        raise bad("the chat is not a forum")
    return chat


def _topic(call: Call) -> tuple[Chat, Topic]:
    chat = _forum(call)
    if not call.get("message_thread_id"):
        raise bad("invalid forum topic identifier specified")
    topic = chat.topics.get(call.get("message_thread_id"))
    if topic is None:
        raise bad("TOPIC_ID_INVALID")
    return chat, topic
