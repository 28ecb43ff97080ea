"""Naming: what a member points at – an address, a number, a forwarded message – becomes a post or a document."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import func, select

from storage import documents, posts
from storage.access import Viewer
from storage.database import Transaction
from storage.documents import Document
from storage.groups import BoundGroup
from storage.moderation.breaches import NOTHING, Item
from storage.posts import Post
from storage.refusals import Refusal

_MESSAGE = re.compile(
    r"^(?:https?://)?t(?:elegram)?\.me/(?:c/(?P<chat>\d{1,15})|(?P<name>[a-z]\w{3,39}))/(?:\d+/)?(?P<message>\d{1,10})"
    r"(?:\?.*)?$",
    re.IGNORECASE | re.ASCII,
)
_DOCUMENT = re.compile(r"(?:[?&]start=|^)doc_(?P<token>[\w-]{1,48})$", re.ASCII)
_NUMBER = re.compile(r"^[DdДд]-?(?P<number>\d{1,9})$", re.ASCII)


@dataclass(frozen=True)
class Pointer:
    """How a member points at something: exactly one way is set.

    `chat` (a channel's or supergroup's full number, or its public name) goes with `message`; `said` is the HTML of a
    forwarded message, `file` the unique id of a forwarded file.
    """

    post: int | None = None
    document: int | None = None
    chat: int | str | None = None
    message: int | None = None
    token: str | None = None
    said: str | None = None
    file: str | None = None

    @classmethod
    def read(cls, written: str) -> Pointer | None:
        """Read an address or a document's number; None if it is none."""
        words = written.strip()
        if (found := _MESSAGE.match(words)) is not None:
            chat = int(f"-100{found['chat']}") if found["chat"] else found["name"].lower()
            return cls(chat=chat, message=int(found["message"]))
        if (found := _DOCUMENT.search(words)) is not None:
            return cls(token=found["token"])
        if (found := _NUMBER.match(words)) is not None:
            return cls(document=int(found["number"]))
        return None


async def named(tx: Transaction, viewer: Viewer, pointer: Pointer) -> Item:
    """Return what is pointed at, as far as it is there and `viewer` may see it; else nothing."""
    if pointer.document is not None:
        return await _by_number(tx, viewer, pointer.document)
    if pointer.token is not None:
        return Item(document=await documents.by_token(tx, viewer, pointer.token))
    if pointer.file is not None:
        return Item(document=await documents.by_file(tx, viewer, pointer.file))
    return Item(post=await _post(tx, viewer, pointer))


async def _by_number(tx: Transaction, viewer: Viewer, number: int) -> Item:
    try:
        found: Document = await documents.by_id(tx, viewer, number)
    except Refusal:
        return NOTHING
    return Item(document=found)


async def _post(tx: Transaction, viewer: Viewer, pointer: Pointer) -> Post | None:
    mine = posts.visible(viewer)
    if pointer.post is not None:
        return await tx.scalar(mine.where(Post.id == pointer.post))
    if pointer.said is not None:
        return await tx.scalar(mine.where(Post.html == pointer.said).order_by(Post.id.desc()).limit(1))
    if pointer.chat is None:
        return None
    where = BoundGroup.chat_id == pointer.chat
    if isinstance(pointer.chat, str):
        where = func.lower(BoundGroup.username) == pointer.chat
    there = select(BoundGroup.id).where(where, BoundGroup.lost_at.is_(None))
    return await tx.scalar(mine.where(Post.message_id == pointer.message, Post.group_id.in_(there)))
