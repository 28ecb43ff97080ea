"""Documents and photos: uploads, files sent again by their id, albums, and their download."""

from __future__ import annotations

import re
from typing import Any

from bot.sandbox.failure import ApiError, bad
from bot.sandbox.methods.call import Call
from bot.sandbox.world import Json

PHOTO_LIMIT, DOWNLOAD_LIMIT = 10 * 1024 * 1024, 20 * 1024 * 1024
ALBUM_LIMIT = 10
_IMAGES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"BM", b"RIFF")
_BASE64 = re.compile(r"[A-Za-z0-9_-]*={0,2}")
_QUARTET = 4
_PLURAL = {"document": "Document", "photo": "Photo"}


def document(call: Call, name: str = "document") -> Json:
    """Return the Document of an upload or of a `file_id` that the bot has seen."""
    known = _known(call, name, "document")
    kept = ("file_id", "file_unique_id", "file_size", "file_name", "mime_type")
    return {key: known[key] for key in kept if known.get(key) is not None}


def photo(call: Call, name: str = "photo") -> list[Json]:
    """Return the sizes of a photo."""
    known = _known(call, name, "photo")
    return [{**{k: known[k] for k in ("file_id", "file_unique_id", "file_size")}, "width": 640, "height": 480}]


def album(call: Call) -> list[Json]:
    """Return the content of each message of an album."""
    media = call.get("media", [])
    if not media:
        raise bad("there are no messages to send")
    if len(media) > ALBUM_LIMIT:
        raise bad("too many messages to send as an album")
    kinds = {item["type"] for item in media}
    for kind in ("document", "audio"):
        if len(kinds) > 1 and kind in kinds:
            raise bad(f"{kind} can't be mixed with other media types")
    return [_item(call, number, item) for number, item in enumerate(media, start=1)]


def _item(call: Call, number: int, item: Json) -> Json:
    inner = Call(call.world, call.updates, call.method, item, call.files)
    words = inner.words("caption")
    try:
        kept = document(inner, "media") if item["type"] == "document" else photo(inner, "media")
    except ApiError as error:
        problem = error.description.removeprefix("Bad Request: ")
        if problem.isupper():  # an identifier: the server's own refusal, of one message among several
            raise bad(f'failed to send message #{number} with the error message "{problem}"') from None
        raise
    return {item["type"]: kept, **inner.caption(words)}


def get_file(call: Call) -> Json:
    """Answer `getFile`."""
    file_id = call.get("file_id")
    if not file_id:
        raise bad("file_id not specified")
    known = call.world.files.get(file_id)
    if known is None:
        raise bad("invalid file_id")
    if known["file_size"] > DOWNLOAD_LIMIT:
        raise bad("file is too big")
    facts = {k: known[k] for k in ("file_id", "file_unique_id", "file_size")}
    folder = "photos" if known["kind"] == "photo" else "documents"
    return {**facts, "file_path": f"{folder}/{file_id}"}


def _known(call: Call, name: str, kind: str) -> Json:
    part = _part(call, name)
    if part is not None:
        return _uploaded(call, part, kind)
    given = call.get(name)
    if not given:
        raise bad(f"there is no {kind} in the request")
    known = call.world.files.get(given)
    if known is None:
        raise bad(_problem(given))
    if known["kind"] != kind:
        raise bad(f"can't use file of type {_PLURAL[known['kind']]} as {_PLURAL[kind]}")
    return known


def _uploaded(call: Call, part: tuple[str, bytes, str], kind: str) -> Json:
    file_name, content, mime = part
    if not content:
        raise bad("file must be non-empty")
    if kind == "photo" and len(content) > PHOTO_LIMIT:
        words = f"file of size {len(content)} bytes is too big for a photo; the maximum size is {PHOTO_LIMIT} bytes"
        raise bad(words)
    if kind == "photo" and not content.startswith(_IMAGES):
        raise bad("IMAGE_PROCESS_FAILED")
    return call.world.files[call.world.keep_file(content, file_name, mime, kind)["file_id"]]


def _part(call: Call, name: str) -> tuple[str, bytes, str] | None:
    if name in call.files and name != "media":
        return call.files[name]
    value: Any = call.get(name)
    if isinstance(value, str) and value.startswith("attach://"):
        return call.files.get(value.removeprefix("attach://"))
    return None


def _problem(given: str) -> str:
    """Return what Telegram says of a string that is no file it knows."""
    if "." in given or ":" in given:
        web = re.fullmatch(r"https?://[^/.]+\.[^/]+.*", given)
        return "failed to get HTTP URL content" if web else "wrong HTTP URL specified"
    wrong = "wrong remote file identifier specified: "
    if not _BASE64.fullmatch(given):
        return f"{wrong}Wrong character in the string"
    if len(given.rstrip("=")) % _QUARTET == 1:
        return f"{wrong}Wrong string length"
    if "=" in given and len(given) % _QUARTET:
        return f"{wrong}Wrong padding in the string"
    return f"{wrong}can't unserialize it. Wrong last symbol"
