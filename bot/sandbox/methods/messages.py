"""Sending: texts, documents, photos, albums, polls, copies and forwards."""

from __future__ import annotations

from collections.abc import Callable

from bot.sandbox.failure import bad
from bot.sandbox.methods import buttons, files
from bot.sandbox.methods.call import GENERAL, Call, Place
from bot.sandbox.world import Json, Sent

_ACTIONS = frozenset(
    {"typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document"}
    | {"choose_sticker", "find_location", "record_video_note", "upload_video_note"}
)
_SAID = ("text", "entities", "caption", "caption_entities")
CONTENT = frozenset({*_SAID, "document", "photo", "poll", "sticker", "voice", "location", "contact"})
"""The fields that make a message what it is, and that a copy or a forward carries on."""


def send_message(call: Call) -> Json:
    words = call.words()
    place = call.place()
    call.may_post(place.chat)
    return _post(call, place, call.text(words), "messages")


def send_document(call: Call) -> Json:
    content, words = {"document": files.document(call)}, call.words("caption")
    place = call.place()
    call.may_post(place.chat)
    return _post(call, place, {**content, **call.caption(words)}, "documents")


def send_photo(call: Call) -> Json:
    content, words = {"photo": files.photo(call)}, call.words("caption")
    place = call.place()
    call.may_post(place.chat)
    return _post(call, place, {**content, **call.caption(words)}, "photos")


def send_media_group(call: Call) -> list[Json]:
    contents = files.album(call)
    place = call.place()
    call.may_post(place.chat)
    album = str(call.world.change + 1)
    kind = "documents" if "document" in contents[0] else "photos"
    return _posted(call, place, [{**content, "media_group_id": album} for content in contents], kind)


def send_poll(call: Call) -> Json:
    place = call.place()
    call.may_post(place.chat)
    number = str(call.world.change + 1)
    options = [
        {"persistent_id": f"{number}{place_in_list}", "text": option["text"], "voter_count": 0}
        for place_in_list, option in enumerate(call.get("options", []))
    ]
    poll: Json = {"id": number, "question": call.get("question"), "options": options, "total_voter_count": 0}
    poll |= {"is_closed": False, "is_anonymous": call.get("is_anonymous", True), "type": call.get("type", "regular")}
    for name in ("allows_multiple_answers", "allows_revoting", "members_only"):
        poll[name] = call.get(name, False)
    return _post(call, place, {"poll": poll}, "polls")


def stop_poll(call: Call) -> Json:
    chat = call.writable()
    sent = call.message(chat, "message with poll to stop not found")
    if "poll" not in sent.body:
        raise bad("message is not a poll")
    poll: Json = sent.body["poll"]
    poll["is_closed"] = True
    call.world.touch(chat, sent)
    return poll


def send_chat_action(call: Call) -> bool:
    if call.get("action") not in _ACTIONS:
        raise bad("wrong parameter action in request")
    chat = call.writable()
    if call.get("message_thread_id") != GENERAL:  # here, and only here, General may be named
        call.thread(chat)
    call.delivered(chat, messages=0)
    chat.actions.append({"action": call.get("action"), "change": call.world.touch(chat)})
    del chat.actions[:-5]
    return True


def copy_message(call: Call) -> Json:
    words = call.words("caption")
    place = call.place()
    call.may_post(place.chat)
    source = call.message(call.readable("from_chat_id"), "message to copy not found")
    content = _copied(source)
    if not content or source.body.get("has_protected_content"):
        raise bad("the message can't be copied")
    if call.get("caption") is not None:
        content = {k: v for k, v in content.items() if not k.startswith("caption")} | call.caption(words)
    return {"message_id": _post(call, place, content)["message_id"]}


def forward_message(call: Call) -> Json:
    place = call.place()
    call.may_post(place.chat)
    source = call.message(call.readable("from_chat_id"), "message to forward not found")
    if source.body.get("has_protected_content"):
        raise bad("message has protected content and can't be forwarded")
    if not _copied(source):
        raise bad("the message can't be forwarded")
    return _post(call, place, _forwarded(call, source))


def copy_messages(call: Call) -> list[Json]:
    return _many(call, _copied)


def forward_messages(call: Call) -> list[Json]:
    return _many(call, lambda sent: _forwarded(call, sent))


def _many(call: Call, content: Callable[[Sent], Json]) -> list[Json]:
    place = call.place()
    call.may_post(place.chat)
    source = call.readable("from_chat_id")
    found = [source.messages[i] for i in call.get("message_ids", []) if i in source.messages]
    usable = [s for s in found if not s.deleted and not s.body.get("has_protected_content") and _copied(s)]
    if not usable:
        raise bad("messages can't be forwarded")
    return [{"message_id": body["message_id"]} for body in _posted(call, place, [content(sent) for sent in usable])]


def _copied(sent: Sent) -> Json:
    return {key: value for key, value in sent.body.items() if key in CONTENT}


def _forwarded(call: Call, sent: Sent) -> Json:
    return {**_copied(sent), "forward_origin": call.world.origin(sent)}


def _post(call: Call, place: Place, content: Json, kind: str = "messages") -> Json:
    return _posted(call, place, [content], kind)[0]


def _posted(call: Call, place: Place, contents: list[Json], kind: str = "messages") -> list[Json]:
    """Post messages together: all of them or, if Telegram refuses, none."""
    chat, markup = place.chat, place.markup
    call.may_send(chat, kind)
    buttons.check(markup, chat)
    call.delivered(chat, len(contents))
    buttons.check_size(markup)
    extra = {**place.fields, **({"has_protected_content": True} if call.get("protect_content") else {})}
    if markup and "inline_keyboard" in markup:
        extra["reply_markup"] = markup
    silent = bool(call.get("disable_notification"))
    sent = [call.world.post(chat, call.world.bot, {**content, **extra}, silent=silent) for content in contents]
    if markup and "inline_keyboard" not in markup:
        sent[-1].keyboard = True
        chat.reply_keyboard = None if markup.get("remove_keyboard") else markup
    return [one.body for one in sent]
