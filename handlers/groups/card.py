"""The card of a group: what it is for, which rights are missing and how to give them, who is inside unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from telegram.error import BadRequest, Forbidden

from handlers.buttons import Button, Press, Row
from handlers.context import Context, Policy
from handlers.groups.rights import checklist, how, rights_missing
from handlers.language import Say, isolated, text
from handlers.presses import Home, Open
from handlers.screens import Screen, lines
from storage import errands, groups, topics
from storage.access import Action, require
from storage.database import Transaction
from storage.errands import ErrandKind
from storage.groups import BoundGroup, GroupKind
from storage.topics import Topic

KINDS = {
    GroupKind.GROUP: text("group"),
    GroupKind.SUPERGROUP: text("group"),
    GroupKind.CHANNEL: text("channel"),
}
NETWORK = 0
"""In place of a topic: the whole network."""


@dataclass(frozen=True)
class Show(Press, prefix="grp"):
    """Show a group's card, with what Telegram says of it now."""

    group: int


@dataclass(frozen=True)
class Choose(Press, prefix="grp.for"):
    """Ask which topic a group is for."""

    group: int


@dataclass(frozen=True)
class Give(Press, prefix="grp.give"):
    """Give a group to a topic, or to the whole network (0)."""

    group: int
    topic: int


@dataclass(frozen=True)
class OnlyMe(Press, prefix="grp.door"):
    """Take from members the permission to add others: the bot alone lets people in."""

    group: int


@dataclass(frozen=True)
class Unbind(Press, prefix="grp.off"):
    """Let a group go; `sure` is 1 at the second press."""

    group: int
    sure: int


def card(
    group: BoundGroup, topic: Topic | None, say: Say, policy: Policy, *, note: str | None = None, adding: bool = False
) -> Screen:
    """Return a group's card; `note` says what has just been done, `adding` that its members can add others."""
    title = say("The {kind} “{title}” is bound to the network.", kind=say(KINDS[group.kind]), title=group.title)
    place = topic.title(say.language) if topic else say("the whole network")
    lacking = list(group.missing)
    text_ = [
        f"<b>{title}</b>",
        say("It is for: {place}.", place=place),
        note,
        _strangers(group, say),
        checklist(group.kind, lacking, say, forum=group.forum),
        how(lacking, policy.bot_username, say) if lacking else say("I have every right that I need there."),
        say("Its members can add people. Whoever may not be there is removed, but better let only me invite.")
        if adding else None,
    ]  # fmt: skip
    rows: tuple[Row, ...] = (
        (Button(say("The whole network"), Give(group.id, NETWORK)), Button(say("One topic"), Choose(group.id))),
        *([(Button(say("Let only the bot invite"), OnlyMe(group.id)),)] if adding else []),
        (Button(say("Check again"), Show(group.id)), Button(say("Unbind"), Unbind(group.id, 0), style="danger")),
        (Button(say("All groups"), Open("groups")), Button(say("Menu"), Home())),
    )
    return Screen(lines(text_), rows)


def _strangers(group: BoundGroup, say: Say) -> str | None:
    if not group.strangers:
        return None
    met = say.many(
        "{n} person is there whom I have not met.", "{n} people are there whom I have not met.", group.strangers
    )
    return f"{met} {say('Telegram does not list them to me: I look at each as soon as they write, join or react.')}"


async def everywhere(context: Context) -> None:
    """List the groups of the network."""
    async with context.reading() as tx:
        found = await groups.everyone(tx)
        known = {topic.id: topic for topic in await topics.everything(tx)}
    say = context.say
    rows: list[Row] = [(Button(_label(group, known.get(group.topic_id or 0), say), Show(group.id)),) for group in found]
    words = say("Groups and channels of the network.") if found else say("No group is bound to the network yet.")
    hint = say(
        "To bind one, make me an administrator of it, or write /setup there. You must be an administrator of the "
        "group as well."
    )
    await context.show(Screen(lines([words, hint]), (*rows, (Button(say("Menu"), Home()),))))


def _label(group: BoundGroup, topic: Topic | None, say: Say) -> str:
    mark = "⚠️ " if group.missing else ""
    return f"{mark}{group.title} · {topic.title(say.language) if topic else say('the whole network')}"[:64]


async def show(context: Context, press: Show) -> None:
    """Look again which rights the bot has, and show the card."""
    async with context.reading() as tx:
        group = await groups.by_id(tx, press.group)
    adding = False
    try:
        me = await context.bot.get_chat_member(group.chat_id, context.bot.id)
        missing: Sequence[str] = rights_missing(me.to_dict(), kind=group.kind, forum=group.forum)
        adding = await members_add(context, group.chat_id)
    except (BadRequest, Forbidden):
        missing = group.missing
    async with context.transaction() as tx:
        require(await context.myself(tx), Action.BIND_GROUP)
        group = await groups.by_id(tx, press.group)
        group.missing = sorted(missing)
        topic = await _topic(tx, group)
    await context.show(card(group, topic, context.say, context.policy, adding=adding))


async def _topic(tx: Transaction, group: BoundGroup) -> Topic | None:
    return await topics.known_to_bot(tx, group.topic_id) if group.topic_id is not None else None


async def members_add(context: Context, chat_id: int) -> bool:
    """Tell whether a group lets its members add others."""
    permissions = (await context.bot.get_chat(chat_id)).permissions
    return permissions is not None and bool(permissions.can_invite_users)


async def only_me(context: Context, press: OnlyMe) -> None:
    """Take from a group's members the permission to add others, and leave them all else."""
    async with context.reading() as tx:
        group = await groups.by_id(tx, press.group)
    held = (await context.bot.get_chat(group.chat_id)).permissions
    async with context.transaction() as tx:
        require(await context.myself(tx), Action.BIND_GROUP)
        group = await groups.by_id(tx, press.group)
        topic = await _topic(tx, group)
        if held is not None:
            left = {**held.to_dict(), "can_invite_users": False}
            facts = {"permissions": left, "use_independent_chat_permissions": True}
            await errands.send(tx, ErrandKind.PERMIT, group.chat_id, facts, context.now)
    say = context.say
    await context.show(card(group, topic, say, context.policy, note=say("From now on I alone let people in.")))


async def choose(context: Context, press: Choose) -> None:
    """Ask which topic a group is for."""
    async with context.reading() as tx:
        group = await groups.by_id(tx, press.group)
        found = await topics.catalogue(tx, context.viewer)
    say = context.say
    rows: list[Row] = [(Button(f"{t.emoji} {t.title(say.language)}", Give(group.id, t.id)),) for t in found]
    back = (Button(say("Back"), Show(group.id)), Button(say("Menu"), Home()))
    await context.show(Screen(say("Which topic is “{title}” for?", title=isolated(group.title)), (*rows, back)))


async def give(context: Context, press: Give) -> None:
    """Give a group to a topic or to the whole network."""
    async with context.transaction() as tx:
        me = await context.myself(tx)
        group = await topics.settle_in(tx, me, press.group, press.topic or None, context.now)
        topic = await _topic(tx, group)
    say = context.say
    note = say("Every member of the network may come in.")
    if topic is not None:
        note = say("Only members who may read the topic may be in it; I remove others when I see them.")
    elif group.forum:
        note = say("Every member may come in. A thread for each open topic is being made.")
    await context.show(card(group, topic, say, context.policy, note=note))


async def unbind(context: Context, press: Unbind) -> None:
    """Let a group go, at the second press."""
    say = context.say
    async with context.reading() as tx:
        group = await groups.by_id(tx, press.group)
    if not press.sure:
        words = say("Unbind “{title}”? I leave it, and nobody watches its door any more.", title=isolated(group.title))
        yes = Button(say("Unbind"), Unbind(group.id, 1), style="danger")
        await context.show(Screen(words, ((yes, Button(say("Back"), Show(group.id))),)))
        return
    async with context.transaction() as tx:
        await groups.unbind(tx, await context.myself(tx), press.group, context.now)
    words = say("“{title}” is no longer bound. I am leaving it.", title=isolated(group.title))
    await context.show(Screen(words, ((Button(say("All groups"), Open("groups")), Button(say("Menu"), Home())),)))
