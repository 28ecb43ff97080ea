"""Sending: texts, documents, photos, albums, polls, copies and forwards."""

from __future__ import annotations

from typing import Any

from bot.sandbox.failure import bad
from bot.sandbox.methods.call import CAPTION_LIMIT, Call
from bot.sandbox.world import Chat, Json, Sent

PHOTO_LIMIT = 10 * 1024 * 1024
ALBUM_LIMIT = 10
_ACTIONS = frozenset(
    {"typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document"}
    | {"choose_sticker", "find_location", "record_video_note", "upload_video_note"}
)
_CONTENT = (
    "text",
    "entities",
    "caption",
    "caption_entities",
    "document",
    "photo",
    "poll",
    "sticker",
    "voice",
    "location",
)


def send_message(call: Call) -> Json:
    chat = call.writable()
    text, entities = call.formatted()
    return _post(call, chat, {"text": text, **({"entities": entities} if entities else {})})


def send_document(call: Call) -> Json:
    chat = call.writable()
    return _post(call, chat, {"document": _file(call, "document"), **_caption(call)})


def send_photo(call: Call) -> Json:
    chat = call.writable()
    return _post(call, chat, {"photo": [_photo(call, "photo")], **_caption(call)})


def send_media_group(call: Call) -> list[Json]:
    chat = call.writable()
    media = call.get("media", [])
    if not media:
        raise bad("there are no messages to send")
    if len(media) > ALBUM_LIMIT:
        raise bad("too many messages to send as an album")
    kinds = {item["type"] for item in media}
    if len(kinds) > 1 and kinds & {"document", "audio"}:
        raise bad("document can't be mixed with other media types")
    album = str(call.world.change + 1)
    return [_post(call, chat, {**_medium(call, item), "media_group_id": album}) for item in media]


def send_poll(call: Call) -> Json:
    chat = call.writable()
    options = [{"text": o["text"], "voter_count": 0} for o in call.get("options", [])]
    poll: Json = {"id": str(call.world.change + 1), "question": call.get("question"), "options": options}
    poll |= {"total_voter_count": 0, "is_closed": False, "is_anonymous": call.get("is_anonymous", True)}
    poll |= {"type": call.get("type", "regular"), "allows_multiple_answers": call.get("allows_multiple_answers", False)}
    return _post(call, chat, {"poll": poll})


def stop_poll(call: Call) -> Json:
    chat = call.chat()
    sent = call.message(chat, "message with poll to stop not found")
    sent.body["poll"]["is_closed"] = True
    call.world.touch(chat, sent)
    poll: Json = sent.body["poll"]
    return poll


def send_chat_action(call: Call) -> bool:
    chat = call.writable()
    if call.get("action") not in _ACTIONS:
        raise bad("wrong parameter action in request")
    chat.actions.append({"action": call.get("action"), "change": call.world.touch(chat)})
    del chat.actions[:-5]
    return True


def copy_message(call: Call) -> Json:
    chat = call.writable()
    source = _source(call, "message to copy not found")
    if not any(key in source.body for key in _CONTENT):
        raise bad("the message can't be copied")
    content = {key: source.body[key] for key in _CONTENT if key in source.body}
    if call.get("caption") is not None:
        content |= _caption(call)
    return {"message_id": _post(call, chat, content)["message_id"]}


def forward_message(call: Call) -> Json:
    chat = call.writable()
    return _forward(call, chat, _source(call, "message to forward not found"))


def copy_messages(call: Call) -> list[Json]:
    return _many(call, lambda chat, sent: _post(call, chat, {k: v for k, v in sent.body.items() if k in _CONTENT}))


def forward_messages(call: Call) -> list[Json]:
    return _many(call, lambda chat, sent: _forward(call, chat, sent))


def _many(call: Call, send: Any) -> list[Json]:
    chat = call.writable()
    source = call.world.reached(call.get("from_chat_id"))
    found = [source.messages[i] for i in call.get("message_ids", []) if i in source.messages]
    usable = [s for s in found if not s.deleted and not s.body.get("has_protected_content")]
    if not usable:
        raise bad("messages can't be forwarded")
    return [{"message_id": send(chat, sent)["message_id"]} for sent in usable]


def _source(call: Call, missing: str) -> Sent:
    sent = call.message(call.world.reached(call.get("from_chat_id")), missing)
    if sent.body.get("has_protected_content"):
        forwards = call.method.startswith("forward")
        raise bad("message has protected content and can't be forwarded" if forwards else "the message can't be copied")
    return sent


def _forward(call: Call, chat: Chat, sent: Sent) -> Json:
    content = {key: sent.body[key] for key in _CONTENT if key in sent.body}
    origin = {"type": "user", "date": sent.body["date"], "sender_user": sent.body.get("from", call.world.bot)}
    return _post(call, chat, {**content, "forward_origin": origin})


def _post(call: Call, chat: Chat, content: Json) -> Json:
    markup = call.markup()
    extra: Json = {**call.thread(chat), **call.reply(chat)}
    if call.get("protect_content"):
        extra["has_protected_content"] = True
    if markup and "inline_keyboard" in markup:
        extra["reply_markup"] = markup
    sent = call.world.post(chat, call.world.bot, {**content, **extra}, silent=bool(call.get("disable_notification")))
    if markup and "inline_keyboard" not in markup:
        sent.keyboard = True
        chat.reply_keyboard = None if markup.get("remove_keyboard") else markup
    return sent.body


def _caption(call: Call) -> Json:
    text, entities = call.formatted("caption", CAPTION_LIMIT)
    found: Json = {"caption": text} if text else {}
    return found | ({"caption_entities": entities} if entities else {})


def _medium(call: Call, item: Json) -> Json:
    inner = Call(call.world, call.updates, call.method, item, call.files)
    media = item["media"]
    kind = item["type"]
    if media.startswith("attach://"):
        inner.files = {"media": call.files[media.removeprefix("attach://")]}
    body = _file(inner, "media") if kind == "document" else [_photo(inner, "media")]
    return {kind: body, **_caption(inner)}


def _file(call: Call, name: str) -> Json:
    """Return the Document of an upload or of a `file_id` the bot has seen."""
    part = _part(call, name)
    if part is not None:
        file_name, content, mime = part
        if not content:
            raise bad("file must be non-empty")
        facts = call.world.keep_file(content, file_name, mime)
        return {**facts, "file_name": file_name, "mime_type": mime}
    file_id = call.get(name)
    if not file_id:
        raise bad(f"there is no {name} in the request")
    known = call.world.files.get(file_id)
    if known is None:
        raise bad("wrong file identifier/HTTP URL specified")
    return {k: known[k] for k in ("file_id", "file_unique_id", "file_size", "file_name", "mime_type") if known.get(k)}


def _photo(call: Call, name: str) -> Json:
    document = _file(call, name)
    size = document["file_size"]
    if size > PHOTO_LIMIT:
        raise bad(f"file of size {size} bytes is too big for a photo; the maximum size is {PHOTO_LIMIT} bytes")
    kept = {k: document[k] for k in ("file_id", "file_unique_id", "file_size")}
    return {**kept, "width": 640, "height": 480}


def _part(call: Call, name: str) -> tuple[str, bytes, str] | None:
    if name in call.files:
        return call.files[name]
    value = call.get(name)
    if isinstance(value, str) and value.startswith("attach://"):
        return call.files.get(value.removeprefix("attach://"))
    return None
