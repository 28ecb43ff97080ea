"""The door of groups: who knocks is let in or told why not, and who came in another way is shown out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from telegram import ChatMember, ChatMemberRestricted, ChatMemberUpdated, Update
from telegram.ext import ChatJoinRequestHandler, ChatMemberHandler, MessageHandler, filters

from handlers.buttons import Button
from handlers.context import Context, Policy
from handlers.feature import Feature, Notice
from handlers.language import Say, isolated, text
from handlers.presses import Home, OpenTopic
from handlers.screens import Screen, lines
from handlers.vocabulary import MEMBERS_ONLY, STANDING
from storage import access, door, errands, groups, members, topics
from storage.access import PENDING, Action, Viewer
from storage.database import Transaction
from storage.door import Knock, Way
from storage.errands import ErrandKind
from storage.groups import BoundGroup
from storage.members import MemberState
from storage.outbox import Facts

WAYS = {
    Way.REQUEST: text("the request was approved"),
    Way.ADDED: text("added by somebody"),
    Way.LINK: text("came by another link"),
    Way.FOLDER: text("came by the link of a chat folder"),
    Way.APPROVED: text("the request was approved by hand"),
    Way.SEEN: text("seen there"),
    Way.SWEPT: text("found by the hourly look through the group"),
}
_COMING = filters.StatusUpdate.NEW_CHAT_MEMBERS | filters.StatusUpdate.LEFT_CHAT_MEMBER
_POWERS = {"can_invite_users", "can_restrict_members"}
_INSIDE = {ChatMember.MEMBER, ChatMember.ADMINISTRATOR, ChatMember.OWNER}


async def knocks(update: Update, context: Context) -> None:
    """Answer a request to join a group of the network."""
    asked = update.chat_join_request
    assert asked is not None
    link = asked.invite_link
    own = link.invite_link if link is not None and link.creator.id == context.bot.id else None
    async with context.transaction() as tx:
        group = await groups.by_chat(tx, asked.chat.id)
        if group is not None:
            knocked = Knock(asked.from_user.id, asked.user_chat_id, own)
            await door.knock(tx, group, await context.myself(tx), knocked, context.now)


async def comes_or_goes(update: Update, context: Context) -> None:
    """Somebody's standing in a group has changed, whoever changed it."""
    changed = update.chat_member
    assert changed is not None
    account, now = changed.new_chat_member.user.id, context.now
    async with context.transaction() as tx:
        group = await groups.by_chat(tx, changed.chat.id)
        if group is None:
            return
        if is_inside(changed.new_chat_member):
            by = changed.from_user.id if changed.from_user.id != account else None
            await door.arrived(tx, group, account, _way(changed), now, by=by)
        else:
            await door.gone(tx, group, account)


async def announced(_update: Update, context: Context) -> None:
    """A message of Telegram's own says who came or went; it is cleared away where the bot may.

    Only where the bot is no administrator is it followed: elsewhere it comes after the news that count.
    """
    message, now = context.message, context.now
    async with context.transaction() as tx:
        group = await groups.by_chat(tx, message.chat_id)
        if group is None:
            return
        powerless = set(group.missing) >= _POWERS
        for user in message.new_chat_members:
            if user.id != context.bot.id and powerless:
                by = context.member.telegram_id if context.member.telegram_id != user.id else None
                await door.arrived(tx, group, user.id, Way.LINK if by is None else Way.ADDED, now, by=by)
        if "can_delete_messages" not in group.missing:
            await errands.send(tx, ErrandKind.DELETE, group.chat_id, {"message_id": message.message_id}, now)


def is_inside(standing: ChatMember) -> bool:
    """Tell whether somebody of this standing is in the chat."""
    return standing.status in _INSIDE or (isinstance(standing, ChatMemberRestricted) and standing.is_member)


def _way(changed: ChatMemberUpdated) -> Way:
    if changed.via_chat_folder_invite_link:
        return Way.FOLDER
    if changed.via_join_request:
        return Way.APPROVED
    if changed.invite_link is not None or changed.from_user.id == changed.new_chat_member.user.id:
        return Way.LINK
    return Way.ADDED


@dataclass(frozen=True)
class Declined:
    """Why somebody is not let in: where they stand, and the topic that they could ask to join."""

    state: MemberState
    may_apply: bool
    topic: int | None
    title: str | None


async def _load_declined(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Declined]:
    found: dict[int, Declined] = {}
    for viewer in viewers:
        group = await tx.get(BoundGroup, facts["group"])
        topic_id = group.topic_id if group and viewer.active else None
        titles = await topics.titles(tx, viewer, [topic_id]) if topic_id is not None else {}
        offered = topic_id if topic_id in titles else None
        found[viewer.id] = Declined(
            viewer.state, access.allowed(viewer, Action.APPLY), offered, titles.get(offered or 0)
        )
    return found


def _declined(found: Declined, say: Say, policy: Policy) -> Screen:
    if found.topic is not None:
        words = say("This group belongs to the topic “{topic}”. Ask to join the topic first.", topic=found.title)
        return Screen(words, ((Button(say("Open the topic"), OpenTopic(found.topic)),),))
    if found.may_apply and policy.admission.self_application:
        words = say(
            "This group is for members of {network}. You can apply here: it takes a few minutes, and once you are a "
            "member the group lets you in by itself.",
            network=policy.network,
        )
        return Screen(words, ((Button(say("Apply"), url=policy.link("apply"), style="success"),),))
    if found.state in PENDING:
        waits = say("Once you are a member the group lets you in by itself.")
        return Screen(lines([say(STANDING[found.state]), waits]), ((Button(say("Menu"), Home()),),))
    return Screen(say(MEMBERS_ONLY))


@dataclass(frozen=True)
class Intruder:
    """Who came in, where, how, and by whom."""

    name: str
    group: str
    way: Way
    by: str | None


async def _load_intruder(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Intruder]:
    group = await tx.get(BoundGroup, facts["group"])
    ids = [number for number in (facts.get("member"), facts.get("by")) if number is not None]
    people = await members.by_ids(tx, ids)
    person, host = people.get(facts.get("member") or 0), people.get(facts.get("by") or 0)
    told = Intruder(
        members.called(person) if person and person.name else "",
        group.title if group else "–",
        Way(facts["way"]),
        members.called(host) if host else None,
    )
    return {viewer.id: told for viewer in viewers if access.allowed(viewer, Action.BIND_GROUP)}


def _intruder(found: Intruder, say: Say, _policy: Policy) -> Screen:
    name = isolated(found.name) if found.name else say("Somebody who is no member")
    words = say("{name} was in the group {group} without a right to be ({way}) and is being removed.",
                name=name, group=isolated(found.group), way=say(WAYS[found.way]))  # fmt: skip
    by = say("Added or approved by: {name}", name=isolated(found.by)) if found.by else None
    return Screen(lines([words, by]), ((Button(say("Menu"), Home()),),))


FEATURE = Feature(
    name="door",
    handlers=(
        ChatJoinRequestHandler(knocks),
        ChatMemberHandler(comes_or_goes, ChatMemberHandler.CHAT_MEMBER),
        MessageHandler(filters.ChatType.GROUPS & _COMING, announced),
    ),
    notices=(
        Notice("door:declined", _declined, _load_declined),
        Notice("door:intruder", _intruder, _load_intruder),
    ),
)
