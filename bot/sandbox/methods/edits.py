"""Changing what was sent: edits, deletions, pins, reactions."""

from __future__ import annotations

from bot.sandbox.failure import bad
from bot.sandbox.methods.call import CAPTION_LIMIT, TWO_DAYS, Call
from bot.sandbox.world import Chat, Json, Sent

NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current "
    "content and reply markup of the message"
)
MANY = 100


def edit_text(call: Call) -> Json:
    chat, sent = _editable(call)
    text, entities = call.formatted(edit=True)
    if "text" not in sent.body:
        raise bad("there is no text in the message to edit")
    return _apply(call, chat, sent, {"text": text, "entities": entities})


def edit_caption(call: Call) -> Json:
    chat, sent = _editable(call)
    if "text" in sent.body:
        raise bad("there is no caption in the message to edit")
    text, entities = call.formatted("caption", CAPTION_LIMIT, edit=True)
    return _apply(call, chat, sent, {"caption": text, "caption_entities": entities})


def edit_markup(call: Call) -> Json:
    chat, sent = _editable(call)
    return _apply(call, chat, sent, {})


def _editable(call: Call) -> tuple[Chat, Sent]:
    if call.get("inline_message_id") is None and (call.get("chat_id") is None or not call.get("message_id")):
        raise bad("message identifier is not specified")
    chat = call.writable()
    sent = call.message(chat, "message to edit not found")
    if not sent.by_bot or sent.keyboard or "forward_origin" in sent.body:
        raise bad("message can't be edited")
    return chat, sent


def _apply(call: Call, chat: Chat, sent: Sent, content: Json) -> Json:
    markup = call.markup()  # left out, it removes the keyboard
    wanted = {**content, "reply_markup": markup}
    now = {key: sent.body.get(key, [] if key.endswith("entities") else None) for key in wanted}
    if wanted == now:
        raise bad(NOT_MODIFIED)
    for key, value in wanted.items():
        if value or key in {"text", "caption"}:
            sent.body[key] = value
        else:
            sent.body.pop(key, None)
    sent.body["edit_date"] = call.world.clock.stamp()
    call.world.touch(chat, sent)
    return sent.body


def delete_message(call: Call) -> bool:
    chat = call.chat()
    if not chat.private:
        call.inside(chat)
    sent = call.message(chat, "message to delete not found")
    old = call.world.clock.stamp() - sent.body["date"] > TWO_DAYS
    allowed = sent.by_bot or chat.private or chat.may(call.world.bot_id, "can_delete_messages")
    if old or not allowed or "forum_topic_created" in sent.body:
        strict = chat.type in {"supergroup", "channel"}
        raise bad("message can't be deleted" if strict else "message can't be deleted for everyone")
    sent.deleted = True
    call.world.touch(chat, sent)
    return True


def delete_messages(call: Call) -> bool:
    chat = call.chat()
    ids = call.get("message_ids", [])
    if len(ids) > MANY:
        raise bad("too many message identifiers specified")
    for message_id in ids:
        sent = chat.messages.get(message_id)
        if sent is not None and not sent.deleted:
            sent.deleted = True
            call.world.touch(chat, sent)
    return True


def pin(call: Call) -> bool:
    chat = call.writable()
    if not chat.private:
        call.need(chat, "can_pin_messages", "manage pinned messages in the chat")
    sent = call.message(chat, "message to pin not found")
    chat.pinned.append(sent.body["message_id"])
    call.world.service(chat, call.world.bot, {"pinned_message": sent.body}, own=True)
    return True


def unpin(call: Call) -> bool:
    chat = call.writable()
    if not chat.private:
        call.need(chat, "can_pin_messages", "manage pinned messages in the chat")
    if not chat.pinned:
        raise bad("message to unpin not found")
    chat.pinned.pop()
    call.world.touch(chat)
    return True


def unpin_all(call: Call) -> bool:
    chat = call.writable()
    chat.pinned.clear()
    call.world.touch(chat)
    return True


def react(call: Call) -> bool:
    chat = call.writable()
    sent = call.message(chat, "message to react not found")
    sent.body["reactions"] = call.get("reaction", [])
    call.world.touch(chat, sent)
    return True
