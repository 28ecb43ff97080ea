"""Rights: what the bot must be allowed to do in a group, what each is for, and how to give it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handlers.language import Html, Say, text
from storage.groups import GroupKind

_LEADING = "administrator"


@dataclass(frozen=True)
class Right:
    """One right: what it lets the bot do, what does not work without it, and Telegram's own name of the switch."""

    name: str
    missing: str
    switch: str


RIGHTS = {
    "can_invite_users": Right(
        text("invite users"), text("requests to join are not answered"), text("Add Users (Invite Users via Link)")
    ),
    "can_restrict_members": Right(
        text("remove members"),
        text("people who may not be there are not removed, and nobody can be muted"),
        text("Ban Users"),
    ),
    "can_delete_messages": Right(
        text("delete messages"), text("reported messages stay visible there"), text("Delete Messages")
    ),
    "can_manage_topics": Right(
        text("manage topics"), text("threads are not created or updated"), text("Manage Topics")
    ),
    "can_pin_messages": Right(text("pin messages"), text("nothing is pinned"), text("Pin Messages")),
    "can_post_messages": Right(text("post messages"), text("posts do not reach the channel"), text("Post Messages")),
}
_OF = {
    GroupKind.GROUP: ("can_invite_users", "can_restrict_members", "can_delete_messages", "can_pin_messages"),
    GroupKind.SUPERGROUP: ("can_invite_users", "can_restrict_members", "can_delete_messages", "can_pin_messages"),
    GroupKind.CHANNEL: ("can_invite_users", "can_restrict_members", "can_post_messages", "can_delete_messages"),
}


def wanted(kind: GroupKind, *, forum: bool) -> list[str]:
    """Return the rights that the bot needs in a chat of this kind, the most important first."""
    return [*_OF[kind], *(["can_manage_topics"] if forum else [])]


def rights_missing(standing: Mapping[str, Any], *, kind: GroupKind, forum: bool) -> list[str]:
    """Return the rights that the bot lacks in a chat; `standing` is its own ChatMember there."""
    leads = standing.get("status") == _LEADING
    return [right for right in wanted(kind, forum=forum) if not (leads and standing.get(right))]


def checklist(kind: GroupKind, missing: Sequence[str], say: Say, *, forum: bool) -> Html:
    """Return the rights one by one: there, or missing with what does not work by that."""
    rows = []
    for right in wanted(kind, forum=forum):
        known = RIGHTS[right]
        if right in missing:
            rows.append(say("✗ {right}: without it {missing}", right=say(known.name), missing=say(known.missing)))
        else:
            rows.append(say("✓ {right}", right=say(known.name)))
    return Html("\n".join(rows))


def how(missing: Sequence[str], bot: str, say: Say) -> Html:
    """Return how to give the rights that are missing."""
    switches = ", ".join(say("“{switch}”", switch=say(RIGHTS[right].switch)) for right in missing)
    return say(
        "To give them: open the chat’s profile → Edit → Administrators → @{bot} (add it there if it is not listed), "
        "switch on {switches}, save.",
        bot=bot, switches=switches,
    )  # fmt: skip


def consequences(missing: Sequence[str], say: Say) -> Html:
    """Return what does not work without some rights."""
    return Html("\n".join(say("– {right}: {missing}", right=say(RIGHTS[r].name), missing=say(RIGHTS[r].missing))
                          for r in missing if r in RIGHTS))  # fmt: skip
