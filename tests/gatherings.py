"""Groups of a story: founded by people, bound by an administrator, with threads that the bot makes."""

from __future__ import annotations

from typing import Any

from cast import goes
from record import goes_on
from story import Person, Stage

RIGHTS = (
    "can_invite_users", "can_manage_topics", "can_pin_messages", "can_delete_messages", "can_restrict_members",
)  # fmt: skip
OPEN_TOPICS = 8
"""How many of the twelve are open to every member and so have a thread."""


async def founds(stage: Stage, owner: Person, kind: str = "supergroup", *members: Person, **facts: Any) -> int:
    """Found a group of its owner and some members; return its number."""
    chat = {"type": kind, "title": "Network & <friends>", "owner": owner.id, "members": [p.id for p in members]}
    return int((await stage.control.post("/chats", **{**chat, **facts}))["id"])


def inside(person: Person, chat: int) -> Person:
    """Return the same person, looking at a group."""
    return Person(person.control, person.id, chat=chat)


async def binds(owner: Person, group: int) -> None:
    """Make the bot an administrator of a group with every right, which binds it."""
    rights = dict.fromkeys((*RIGHTS, "can_post_messages"), True)
    await owner.does("promote", chat=group, user="bot", rights=rights)
    await owner.sees("is bound to the network", "I have every right")


async def forum(stage: Stage, owner: Person, *members: Person, **facts: Any) -> int:
    """Found a forum of the whole network, with a thread for each open topic."""
    group = await founds(stage, owner, "supergroup", *members, is_forum=True, **facts)
    await binds(owner, group)
    await goes(owner, "The whole network", "A thread for each open topic is being made")
    while len(await threads(stage)) < OPEN_TOPICS:
        await goes_on(stage.control)
    return group


async def threads(stage: Stage) -> dict[str, int]:
    """Return the threads that Telegram has made, by the code of their topic."""
    rows = await stage.rows(
        "SELECT t.code, h.thread_id FROM thread h JOIN topic t ON t.id = h.topic_id WHERE h.thread_id IS NOT NULL"
    )
    return {code: int(thread_id) for code, thread_id in rows}


async def own_group(stage: Stage, owner: Person, topic: str, *members: Person, kind: str = "supergroup") -> int:
    """Found a group that is one topic's own."""
    group = await founds(stage, owner, kind, *members, title=f"{topic} circle")
    await binds(owner, group)
    await goes(owner, "One topic", "Which topic is")
    await goes(owner, topic, f"It is for: {topic}")
    return group


async def belongs(stage: Stage, group: int, telegram_id: int) -> bool:
    """Tell whether somebody is in a group."""
    return group in {one["chat"]["id"] for one in await stage.control.get(f"/users/{telegram_id}/chats")}


async def is_out(stage: Stage, group: int, telegram_id: int) -> None:
    """Wait until somebody is out of a group."""
    seen = 0
    while await belongs(stage, group, telegram_id):
        seen = max([seen, *(c["n"] for c in await stage.control.get("/calls", after=seen, timeout=1))])
