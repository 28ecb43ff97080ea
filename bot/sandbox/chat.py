"""A chat as the bot meets it: its messages, topics and members."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

Json = dict[str, Any]

RIGHTS = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_pin_messages",
    "can_manage_topics",
)
CHANNEL_RIGHTS = ("can_post_messages", "can_edit_messages")
_KINDS = (
    "messages", "audios", "documents", "photos", "videos", "video_notes", "voice_notes", "polls", "other_messages",
)  # fmt: skip
SENDING = tuple(f"can_send_{kind}" for kind in _KINDS)
PERMISSIONS = (
    *SENDING, "can_add_web_page_previews", "can_react_to_messages", "can_edit_tag", "can_change_info",
    "can_invite_users", "can_pin_messages", "can_manage_topics",
)  # fmt: skip
_WITHHELD = ("can_change_info", "can_pin_messages", "can_manage_topics")
"""What a new group leaves to its administrators."""


@dataclass(slots=True)
class Sent:
    """One message: `body` is the Bot API's Message; `change` is when it last changed."""

    body: Json
    change: int
    by_bot: bool
    deleted: bool = False
    silent: bool = False
    keyboard: bool = False
    author: int = 0
    reactions: dict[int, list[Json]] = field(default_factory=dict)

    @property
    def topic(self) -> int:
        """The forum topic that it stands in; 0 outside topics, whatever its thread."""
        return int(self.body["message_thread_id"]) if self.body.get("is_topic_message") else 0

    def answered(self) -> Json:
        """Return the message as an answer to it carries it: without what it answers itself."""
        return {key: value for key, value in self.body.items() if key != "reply_to_message"}


@dataclass(slots=True)
class Topic:
    """A forum topic; its id is the id of the message that created it."""

    id: int
    name: str
    color: int
    creator: int
    closed: bool = False


@dataclass(slots=True)
class Membership:
    """How an account belongs to a chat, in the Bot API's word; a restriction is kept for those not `inside`."""

    status: str
    rights: set[str] = field(default_factory=set)
    title: str | None = None
    until: int = 0
    permissions: Json = field(default_factory=dict)
    inside: bool = True

    def denies(self, permission: str) -> bool:
        """Tell whether a restriction takes this permission away."""
        return self.status == "restricted" and not self.permissions.get(permission)


@dataclass
class Chat:
    """A chat as the bot meets it; a private chat's id is the person's."""

    id: int
    type: str
    title: str | None = None
    username: str | None = None
    is_forum: bool = False
    permissions: dict[str, bool] = field(default_factory=lambda: {p: p not in _WITHHELD for p in PERMISSIONS})
    members: dict[int, Membership] = field(default_factory=dict)
    messages: dict[int, Sent] = field(default_factory=dict)
    topics: dict[int, Topic] = field(default_factory=dict)
    links: dict[str, Json] = field(default_factory=dict)
    requests: dict[int, Json] = field(default_factory=dict)
    answered: set[int] = field(default_factory=set)
    uses: dict[str, int] = field(default_factory=dict)
    pinned: list[int] = field(default_factory=list)
    last_id: int = 0
    change: int = 0
    started: bool = False
    blocked: bool = False
    migrated_to: int | None = None
    deleted: bool = False
    general_hidden: bool = False
    reply_keyboard: Json | None = None
    notes: list[Json] = field(default_factory=list)
    actions: list[Json] = field(default_factory=list)

    @property
    def private(self) -> bool:
        return self.type == "private"

    def thread(self, topic: Topic) -> Json:
        """Return the fields of a message in a topic."""
        return {"message_thread_id": topic.id, "is_topic_message": True}

    def member(self, account: int) -> Membership:
        return self.members.get(account) or Membership("left")

    def belongs(self, account: int) -> bool:
        member = self.member(account)
        return member.inside and member.status in {"creator", "administrator", "member", "restricted"}

    def entered(self, account: int) -> Membership:
        """Return how somebody belongs who comes in: a restriction has waited for them outside."""
        member = self.member(account)
        return replace(member, inside=True) if member.status == "restricted" else Membership("member")

    def left(self, account: int) -> Membership:
        """Return how somebody belongs who goes: a restriction stays theirs."""
        member = self.member(account)
        return replace(member, inside=False) if member.status == "restricted" else Membership("left")

    def permits(self, account: int, permission: str) -> bool:
        """Tell whether the group lets somebody do what members do; it binds no administrator."""
        member = self.member(account)
        if member.status in {"creator", "administrator"}:
            return True
        return self.belongs(account) and self.permissions[permission] and not member.denies(permission)

    def allows(self, account: int, name: str) -> bool:
        """Tell whether somebody may do what names a right and a permission: inviting, pinning, making topics."""
        if self.member(account).status in {"creator", "administrator"}:
            return self.may(account, name)
        return self.permits(account, name)

    def may(self, account: int, right: str) -> bool:
        """Tell whether an administrator has a right; the creator has all."""
        member = self.member(account)
        return member.status == "creator" or (member.status == "administrator" and right in member.rights)
