"""Verifying: whether a code, or a copy, is genuine; whoever asks, nobody learns more than they may read."""

from __future__ import annotations

from telegram import Message, Update
from telegram.ext import filters

from handlers.announcements.comparing import code_of_copy, digests
from handlers.buttons import Button
from handlers.context import Context
from handlers.language import Html, Say
from handlers.presses import Home
from handlers.screens import Screen, lines
from storage import announcements
from storage.announcements import Standing, Verdict
from storage.database import Transaction
from storage.translations import closest


class ForwardedCopy(filters.MessageFilter):
    """Lets through what was forwarded and bears a code."""

    def filter(self, message: Message) -> bool:
        return message.forward_origin is not None and code_of_copy(message) is not None


async def take(_update: Update, context: Context) -> None:
    """Check a copy that was forwarded to the bot."""
    await _check(context, code_of_copy(context.message) or "", context.message)


async def verify(context: Context) -> None:
    """Check the code after the command, or the copy that the command answers."""
    copy = context.message.reply_to_message
    if context.words:
        await _check(context, context.words, None)
    elif copy is not None:
        await _check(context, code_of_copy(copy) or "", copy)
    else:
        words = context.say(
            "Write the code of an announcement after the command, for example /verify ABCD-EFGH. Or forward a copy to "
            "me: then I compare the words, too."
        )
        await context.show(_screen(context.say, words))


async def _check(context: Context, typed: str, copy: Message | None) -> None:
    say, code = context.say, announcements.code_in(typed)
    if code is None:
        words = say("There is no code in this: eight letters and digits, like ABCD-EFGH.")
        await context.show(_screen(say, words))
        return
    async with context.transaction() as tx:
        me = await context.myself(tx)
        verdict = await announcements.verify(tx, me, code, context.now)
        compared = None if copy is None else await _compare(tx, verdict, copy, context)
        title = closest(verdict.told.titles, me.language)[1] if verdict.told is not None else ""
    told = verdict.told
    which = None if told is None else say("“{title}” (<code>N-{number}</code>)", title=title, number=told.id)
    screen = _screen(say, compared or _stands(verdict, context), which)
    await context.show(Screen(screen.text, screen.buttons, told.label if told is not None else None))


def _screen(say: Say, *parts: Html | None) -> Screen:
    return Screen(lines(parts), ((Button(say("Menu"), Home()),),))


def _stands(verdict: Verdict, context: Context) -> Html:
    say, network = context.say, context.policy.network
    at = say.moment(verdict.at) if verdict.at is not None else "–"
    match verdict.standing:
        case Standing.GENUINE:
            return say("✓ Genuine: this code is of an announcement that {network} sent {at}.", network=network, at=at)
        case Standing.CORRECTED:
            return say(
                "✓ Genuine, but corrected {at}: there is a newer version, and only that one holds.",
                network=network,
                at=at,
            )
        case Standing.REVOKED:
            return say(
                "✗ Revoked: {network} took this announcement back {at}. Do not go by it.", network=network, at=at
            )
    return say(
        "✗ Unknown: no announcement of {network} has this code. Do not trust it, and tell an administrator.",
        network=network,
    )


async def _compare(tx: Transaction, verdict: Verdict, copy: Message, context: Context) -> Html | None:
    """Return how a copy compares with what was sent; None where only the code can be told of."""
    row, say = verdict.compared, context.say
    if row is None:
        return None
    known = await announcements.known_words(tx, row)
    versions = [version for version, digest in digests(copy, row, context.policy) if (version, digest) in known]
    if row.version in versions:
        return say("✓ Genuine, word for word: this copy reads as {network} sent it.", network=context.policy.network)
    if versions:
        return say("✓ Genuine, word for word, but corrected since: there is a newer version, and only that one holds.")
    return say("✗ The code is genuine, but the words differ from what was sent: do not trust this copy.")
