"""Reporting: a button under a post, or a reply in a group, tells the moderators; nobody learns who it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from telegram import Message, Update

from handlers.buttons import Button, Press, Row, columns
from handlers.context import Context, Policy
from handlers.feature import notice
from handlers.language import Say, text
from handlers.moderation.words import REASONS, as_button, menu
from handlers.presses import Home, OpenPosts, ReportBreach
from handlers.presses import Report as ReportPost
from handlers.screens import Screen, lines
from storage import errands, groups, moderation, posts
from storage.access import Action, allowed
from storage.database import Transaction
from storage.errands import ErrandKind
from storage.groups import BoundGroup
from storage.moderation import Item, Reason
from storage.outbox import Facts, Promise, promise
from storage.posts import Post, PostState
from storage.refusals import Refusal

THANKS = text("Thank you, the moderators see it. Nobody is told that it was you.")
NOTED = {
    "reported": THANKS,
    "breach": text("Thank you. All administrators read it now; what you replied to is frozen until they decide."),
    "told": text("Thank you. All administrators read it now."),
    "report:own": text("This is your own post. You can delete it in the group yourself."),
    "post:unknown": text("I do not know this message: only what is said in a topic can be reported."),
    "how": text(
        "To report a message, reply to it with /report; if something was let out that must not be, with /breach."
    ),
}


@dataclass(frozen=True)
class Because(Press, prefix="report.why"):
    """Report a post for a reason."""

    post: int
    reason: Reason


async def ask(context: Context, press: ReportPost) -> None:
    """Ask why a post is reported."""
    async with context.reading() as tx:
        post = await posts.by_id(tx, context.viewer, press.post)
    say = context.say
    asked = say("Why do you report this post? Its moderators read the reason; nobody is told that it was you.")
    breach = say("If something was let out that must not be, report a breach: all administrators are told at once.")
    rows = columns([Button(as_button(reason, say), Because(post.id, reason)) for reason in REASONS], 1)
    rows.append((Button(say("Report a breach"), ReportBreach("post", post.id), style="danger"),))
    rows.append(_back(post, say))
    await context.show(Screen(lines([asked, breach]), tuple(rows)))


def _back(post: Post, say: Say) -> Row:
    return (Button(say("Back"), OpenPosts(post.topic_id)), Button(say("Menu"), Home()))


async def report(context: Context, press: Because) -> None:
    """Report a post."""
    async with context.transaction() as tx:
        me = await context.myself(tx)
        post = await posts.by_id(tx, me, press.post)
        await moderation.report(tx, me, post.id, press.reason, context.now)
    await context.show(Screen(context.say(THANKS), (_back(post, context.say),)))


async def report_here(_update: Update, context: Context) -> None:
    """Somebody has replied with `/report` in a group."""
    await _here(context, breach=False)


async def breach_here(_update: Update, context: Context) -> None:
    """Somebody has replied with `/breach` in a group."""
    await _here(context, breach=True)


async def _here(context: Context, *, breach: bool) -> None:
    """Take the command away again and answer in private: the group sees nothing of it."""
    if not allowed(context.viewer, Action.BELONG):
        return
    message = context.message
    async with context.transaction() as tx:
        group = await groups.by_chat(tx, message.chat_id)
        if group is None:
            return
        if "can_delete_messages" not in group.missing:
            await errands.send(tx, ErrandKind.DELETE, group.chat_id, {"message_id": message.message_id}, context.now)
        noted = await _take(tx, context, group, _answered(message), breach=breach)
        key = f"noted:{group.id}:{message.message_id}"
        await promise(tx, [Promise(context.member.id, "report:noted", {"noted": noted}, key=key)], context.now)


def _answered(message: Message) -> Message | None:
    # In a thread every message answers the one that opened the thread, unless it answers another.
    answered = message.reply_to_message
    return None if answered is None or answered.forum_topic_created is not None else answered


async def _take(tx: Transaction, context: Context, group: BoundGroup, answered: Message | None, *, breach: bool) -> str:
    """Report what was answered; return which sentence the member reads."""
    if answered is None:
        return "how"
    me = await context.myself(tx)
    post = await posts.at(tx, group, answered.message_id)
    try:
        if breach:
            named = Item(post) if post is not None and post.state is PostState.PUBLISHED else moderation.NOTHING
            thread = answered.message_thread_id if answered.is_topic_message else None
            link = group.link(thread, answered.message_id)
            await moderation.breaches.report(tx, me, named, context.now, words=None, link=link)
            return "told" if named == moderation.NOTHING else "breach"
        if post is None:
            return "post:unknown"
        await moderation.report(tx, me, post.id, Reason.OTHER, context.now)
    except Refusal as refusal:  # in the group nobody is answered
        if refusal.reason not in NOTED:
            raise
        return refusal.reason
    return "reported"


def _noted(facts: Facts, say: Say, _policy: Policy) -> Screen:
    return Screen(say(NOTED[facts["noted"]]), menu(say))


def _thanks(facts: Mapping[str, str], say: Say, _policy: Policy) -> Screen:
    outcome = {
        "kept": say("Thank you for your report: the moderators have looked at the post and kept it."),
        "removed": say("Thank you for your report: the post was removed."),
    }[facts["state"]]
    return Screen(outcome, menu(say))


NOTICES = (notice("report:noted", _noted), notice("report:thanks", _thanks))
