"""Privacy: what is kept and why, a copy of it, leaving, and erasure."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass

from telegram.error import Forbidden

from handlers.buttons import Button, Press, Row
from handlers.context import Context
from handlers.feature import Command, Feature, place, tap
from handlers.language import text
from handlers.presses import Home
from handlers.screens import Screen, lines
from storage import applications, introductions, moderation, privacy, topics
from storage.access import Action
from storage.members import BELONGING, MemberState
from storage.refusals import Refusal


@dataclass(frozen=True)
class Erase(Press, prefix="erase"):
    """Erase everything about the one who presses; `sure` is 1 at the second press."""

    sure: int


@dataclass(frozen=True)
class Leave(Press, prefix="leave"):
    """Leave the network; `sure` is 1 at the second press."""

    sure: int


async def notice(context: Context) -> None:
    say = context.say
    parts = [
        f"<b>{say('Privacy')}</b>",
        say(
            "What is stored: your Telegram number, language, name, organisation, category, country, time zone, topics, "
            "when and where digests come and what was in them, consent, your e-mail addresses and entry in the "
            "directory if you give them, for whom you vouched, on which day you were last here, what you share and "
            "bring to the digest, what you write and report in topics and what was decided on it, in which groups of "
            "the network you are. No phone number, picture, birth date or location, and not what you read."
        ),
        say("Why: to decide on applications and to send you what you chose. Nothing is sold or analysed elsewhere."),
        say(
            "Who sees it: administrators, and the focal point of your country or organisation. Members see what you "
            "put into the directory, and the organisation of who shared a document; while you apply, members are asked "
            "about you by name, organisation and country. Who nominates somebody writes their name, organisation and a "
            "reason: reviewers read it."
        ),
        say(
            "How long: while you are a member and 90 days more; posts in topics 90 days; applications that were not "
            "accepted and links to apply 30 days; the record of what was sent to you 30 days, of announcements and "
            "what you answered to them one year; the log of acts stays, without your name after erasure."
        ),
        say("Telegram, and whoever holds this bot's key, can read what is written here. Write accordingly."),
        say("/mydata gives you a copy of everything. /erase deletes it. Questions: any administrator of {network}.",
            network=context.policy.network),
    ]  # fmt: skip
    rows: tuple[Row, ...] = ((Button(say("Erase my data"), Erase(0), style="danger"), Button(say("Menu"), Home())),)
    await context.show(Screen(lines(parts), rows))


async def mydata(context: Context) -> None:
    async with context.reading() as tx:
        found = await privacy.copy_of(tx, context.member.id)
    written = json.dumps(found, ensure_ascii=False, indent=1, default=str)
    say = context.say
    caption = say("Everything stored about you, as a text file. /privacy explains it, /erase deletes it.")
    with suppress(Forbidden):  # blocked between the question and the answer: nobody is there to read it
        await context.bot.send_document(context.message.chat_id, written.encode(), caption, filename="my-data.json")


async def erase(context: Context) -> None:
    await ask_erase(context, Erase(0))


async def ask_erase(context: Context, press: Erase) -> None:
    say = context.say
    if not press.sure:
        words = say(
            "Erase everything about you? Your name, account, topics, digests and applications go at once. What you "
            "shared stays in the library, and what editors accepted in digests, under your organisation; the log of "
            "acts keeps a number without a name."
        )
        sure: Row = (Button(say("Erase my data"), Erase(1), style="danger"), Button(say("Back"), Home()))
        await context.show(Screen(words, (sure,)))
        return
    async with context.transaction() as tx:
        await applications.forget(tx, context.member.id, context.now)
        await topics.forget(tx, context.member.id, context.now)
        await introductions.forget(tx, context.member.id, context.now)
        await moderation.forget(tx, context.member.id, context.now)
        await privacy.erase(tx, context.member.id, context.now)
    await context.show(Screen(say("Everything about you was erased. /start begins anew, as a stranger.")))


async def leave(context: Context) -> None:
    await ask_leave(context, Leave(0))


async def ask_leave(context: Context, press: Leave) -> None:
    say = context.say
    if context.viewer.state not in (*BELONGING, MemberState.SUSPENDED):
        raise Refusal("privacy:no-member")
    if not press.sure:
        words = say("Leave {network}? Your digests and topics end at once.", network=context.policy.network)
        sure: Row = (Button(say("Leave"), Leave(1), style="danger"), Button(say("Back"), Home()))
        await context.show(Screen(words, (sure,)))
        return
    async with context.transaction() as tx:
        await privacy.leave(tx, context.member.id, context.now)
    await context.show(Screen(say("You have left. Thank you for your part in it. /start opens the door again.")))


FEATURE = Feature(
    name="privacy",
    commands=(
        Command("privacy", text("See what is stored about you"), notice),
        Command("mydata", text("Get a copy of your data"), mydata),
        Command("erase", text("Erase your data"), erase),
        Command("leave", text("Leave the network"), leave),
    ),
    handlers=(
        tap(Erase, ask_erase),
        tap(Leave, ask_leave),
        place("privacy", notice),
        place("leave", leave, Action.VALIDATE),
    ),
    refusals={
        "privacy:no-member": text("You are not a member. /status shows where you stand, /erase deletes your data."),
    },
)
