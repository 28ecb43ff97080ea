"""Privacy: what is kept and why, a copy of it, leaving, and erasure."""

from __future__ import annotations

import json
from dataclasses import dataclass

from handlers.buttons import Button, Press, Row
from handlers.context import Context
from handlers.feature import Command, Feature, place, tap
from handlers.language import text
from handlers.presses import Home
from handlers.screens import Screen, lines, split
from storage import privacy

PART = 3000


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
            "consent, and what you share. No phone number, picture, birth date or location."
        ),
        say("Why: to decide on applications and to send you what you chose. Nothing is sold or analysed elsewhere."),
        say("Who sees it: administrators; members see only the organisation of who shared a document."),
        say(
            "How long: while you are a member and 90 days more; declined applications 30 days; messages waiting to be "
            "sent at most 30 days; the log of administrators' acts 24 months, without names after erasure."
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
    parts = split(written, PART)
    for number, part in enumerate(parts, 1):
        head = say("Everything stored about you, part {k} of {n}:", k=number, n=len(parts))
        await context.send(Screen(say("{head}\n<pre>{part}</pre>", head=head, part=part)))


async def erase(context: Context) -> None:
    await ask_erase(context, Erase(0))


async def ask_erase(context: Context, press: Erase) -> None:
    say = context.say
    if not press.sure:
        words = say(
            "Erase everything about you? Your name, account, topics, digests and applications go at once. Public "
            "documents stay under your organisation; the log of acts keeps a number without a name, for 24 months."
        )
        sure: Row = (Button(say("Erase my data"), Erase(1), style="danger"), Button(say("Back"), Home()))
        await context.show(Screen(words, (sure,)))
        return
    async with context.transaction() as tx:
        await privacy.erase(tx, context.member.id, context.now)
    await context.show(Screen(say("Everything about you was erased. /start begins anew, as a stranger.")))


async def leave(context: Context) -> None:
    await ask_leave(context, Leave(0))


async def ask_leave(context: Context, press: Leave) -> None:
    say = context.say
    if not press.sure:
        words = say("Leave {network}? Your digests and topics end at once.", network=context.policy.network)
        sure: Row = (Button(say("Leave"), Leave(1), style="danger"), Button(say("Back"), Home()))
        await context.show(Screen(words, (sure,)))
        return
    async with context.transaction() as tx:
        await privacy.leave(tx, context.member.id)
    await context.show(Screen(say("You have left. Thank you for your part in it. /start opens the door again.")))


FEATURE = Feature(
    name="privacy",
    commands=(
        Command("privacy", text("See what is stored about you"), notice),
        Command("mydata", text("Get a copy of your data"), mydata),
        Command("erase", text("Erase your data"), erase),
        Command("leave", text("Leave the network"), leave),
    ),
    handlers=(tap(Erase, ask_erase), tap(Leave, ask_leave), place("privacy", notice)),
    refusals={
        "privacy:last-administrator": text("You are the last administrator: make somebody else one first."),
    },
)
