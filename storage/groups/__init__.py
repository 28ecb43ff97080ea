"""Groups and channels of the network: bound by staff, with a thread for each topic, and known insiders."""

from storage.groups import presence, threads
from storage.groups.binding import (
    Chat,
    bind,
    bound,
    by_chat,
    by_id,
    everyone,
    is_bound,
    lose,
    migrate,
    note_rights,
    tell_staff,
    unbind,
)
from storage.groups.tables import BoundGroup, GroupKind, GroupMember, Thread

__all__ = [
    "BoundGroup", "Chat", "GroupKind", "GroupMember", "Thread", "bind", "bound", "by_chat", "by_id", "everyone",
    "is_bound", "lose", "migrate", "note_rights", "presence", "tell_staff", "threads", "unbind",
]  # fmt: skip
