"""Changing what was sent: edits, deletions, pins, reactions."""

from __future__ import annotations

from bot.sandbox.failure import bad
from bot.sandbox.methods import buttons
from bot.sandbox.methods.call import TWO_DAYS, Call
from bot.sandbox.world import Chat, Json, Sent

NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current "
    "content and reply markup of the message"
)
MANY = 100
PINS = "manage pinned messages in the chat"


def edit_text(call: Call) -> Json:
    words = call.words()
    chat, sent, markup = _editable(call)
    if "text" not in sent.body:
        raise bad("there is no text in the message to edit")
    return _apply(call, chat, sent, {**call.text(words, "MESSAGE_TOO_LONG"), "reply_markup": markup})


def edit_caption(call: Call) -> Json:
    words = call.words("caption")
    chat, sent, markup = _editable(call)
    if "document" not in sent.body and "photo" not in sent.body:
        raise bad("there is no caption in the message to edit")
    return _apply(call, chat, sent, {**call.caption(words, "MEDIA_CAPTION_TOO_LONG"), "reply_markup": markup})


def edit_markup(call: Call) -> Json:
    chat, sent, markup = _editable(call)
    kept = {key: sent.body[key] for key in _CHANGED if key in sent.body}
    return _apply(call, chat, sent, {**kept, "reply_markup": markup})


_CHANGED = ("text", "entities", "caption", "caption_entities", "reply_markup")


def _editable(call: Call) -> tuple[Chat, Sent, Json | None]:
    if call.get("inline_message_id"):
        raise bad("MESSAGE_ID_INVALID")  # nobody sends inline messages in the sandbox
    if call.get("chat_id") is None and not call.get("message_id"):
        raise bad("message identifier is not specified")
    markup = buttons.read(call.get("reply_markup"))
    chat = call.writable()
    sent = call.message(chat, "message to edit not found")
    own = sent.by_bot or (chat.type == "channel" and chat.may(call.world.bot_id, "can_edit_messages"))
    if not own or sent.keyboard or "forward_origin" in sent.body:
        raise bad("message can't be edited")
    return chat, sent, markup


def _apply(call: Call, chat: Chat, sent: Sent, wanted: Json) -> Json:
    """Let the message be what is wanted, and nothing of what is left out: no keyboard given removes it."""
    buttons.check(wanted["reply_markup"], chat)
    call.delivered(chat, messages=0)
    buttons.check_size(wanted["reply_markup"])
    new = {key: value for key, value in wanted.items() if value}
    if new == {key: sent.body[key] for key in _CHANGED if key in sent.body}:
        raise bad(NOT_MODIFIED)
    for key in _CHANGED:
        sent.body.pop(key, None)
    sent.body.update(new, edit_date=call.world.clock.stamp())
    call.world.touch(chat, sent)
    return sent.body


def delete_message(call: Call) -> bool:
    chat = call.writable()
    _delete(call, chat, [call.message(chat, "message to delete not found")])
    return True


def delete_messages(call: Call) -> bool:
    ids = call.get("message_ids", [])
    if len(ids) > MANY:
        raise bad("too many message identifiers specified")
    chat = call.writable()
    found = [chat.messages[i] for i in ids if i in chat.messages]
    _delete(call, chat, [sent for sent in found if not sent.deleted])
    return True


def _delete(call: Call, chat: Chat, messages: list[Sent]) -> None:
    if not all(_deletable(call, chat, sent) for sent in messages):
        strict = chat.type in {"supergroup", "channel"}
        raise bad("message can't be deleted" if strict else "message can't be deleted for everyone")
    for sent in messages:
        sent.deleted = True
        call.world.touch(chat, sent)


def _deletable(call: Call, chat: Chat, sent: Sent) -> bool:
    old = call.world.clock.stamp() - sent.body["date"] > TWO_DAYS
    allowed = sent.by_bot or chat.private or chat.may(call.world.bot_id, "can_delete_messages")
    return allowed and not old and "forum_topic_created" not in sent.body


def pin(call: Call) -> bool:
    chat = call.writable()
    sent = call.message(chat, "message to pin not found")
    _may_pin(call, chat)
    chat.pinned.append(sent.body["message_id"])
    pinned = {k: v for k, v in sent.body.items() if k not in {"reply_to_message", "pinned_message"}}
    call.world.service(chat, call.world.bot, {"pinned_message": pinned}, own=True)
    return True


def unpin(call: Call) -> bool:
    chat = call.writable()
    wanted = call.get("message_id") or (chat.pinned[-1] if chat.pinned else None)
    if wanted not in chat.pinned:
        raise bad("message to unpin not found")
    _may_pin(call, chat)
    chat.pinned.remove(wanted)
    call.world.touch(chat)
    return True


def unpin_all(call: Call) -> bool:
    chat = call.writable()
    _may_pin(call, chat)
    chat.pinned.clear()
    call.world.touch(chat)
    return True


def _may_pin(call: Call, chat: Chat) -> None:
    if not chat.private:
        call.need(chat, "can_edit_messages" if chat.type == "channel" else "can_pin_messages", PINS)


def react(call: Call) -> bool:
    chat = call.writable()
    sent = call.message(chat, "message to react not found")
    sent.reactions[call.world.bot_id] = call.get("reaction", [])
    call.world.touch(chat, sent)
    return True
