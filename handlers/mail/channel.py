"""Where digests reach a member: Telegram, e-mail or both, chosen with one press once an address is proved."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.buttons import Button, Press, Row
from handlers.context import Context, Policy
from handlers.language import Html, Say, isolated
from handlers.mail.words import CHANNELS, about, told
from handlers.presses import Begin, Open
from handlers.screens import Screen, lines
from storage import mail
from storage.database import Transaction
from storage.mail import MailAddress
from storage.members import Channel
from storage.refusals import Refusal

ADDRESS, CODE = "mail-address", "mail-code"
"""The forms that ask for an address and for the code that was sent there."""


@dataclass(frozen=True)
class Reach(Press, prefix="mail.to"):
    """Let digests come this way."""

    channel: Channel


@dataclass(frozen=True)
class Again(Press, prefix="mail.again"):
    """Send a new code to the address that waits to be proved."""


@dataclass(frozen=True)
class Forget(Press, prefix="mail.forget"):
    """Delete the address; `sure` is 1 at the second press."""

    sure: int


@dataclass(frozen=True)
class Standing:
    """Where a member's digests come, and the address that is known, with whether it is proved."""

    channel: Channel
    address: str | None
    proved: bool

    @classmethod
    def of(cls, channel: Channel, row: MailAddress | None) -> Standing:
        return cls(channel, row.address if row else None, row is not None and row.verified_at is not None)


async def show(context: Context) -> None:
    """Show where digests come, and what can be changed."""
    async with context.reading() as tx:
        row = await mail.of(tx, context.viewer)
    await context.show(screen(Standing.of(context.member.channel, row), context.say, context.policy))


async def reach(context: Context, press: Reach) -> None:
    """Change where digests come."""
    async with context.transaction() as tx:
        me = await context.myself(tx)
        _need(press.channel, context.policy)
        await mail.choose(tx, me, press.channel, told(context.say), context.now)
        row = await mail.of(tx, me)
    await context.toast(context.say("Saved."))
    await context.show(screen(Standing.of(press.channel, row), context.say, context.policy))


def _need(channel: Channel, policy: Policy) -> None:
    if channel is not Channel.TELEGRAM and not policy.mail:
        raise Refusal("mail:none")


async def again(context: Context, _press: Again) -> None:
    """Send a new code, and ask for it."""

    async def send(tx: Transaction) -> None:
        me = await context.myself(tx)
        row = await mail.of(tx, me)
        if row is None or row.verified_at is not None or not context.policy.mail:
            raise Refusal("button:old")
        await mail.propose(tx, me, row.address, context.now)

    await context.begin(CODE, first=send)


async def forget(context: Context, press: Forget) -> None:
    """Delete the address, after a second press."""
    say = context.say
    if not press.sure:
        words = say("Delete your mail address? Digests come in Telegram then.")
        sure: Row = (Button(say("Delete"), Forget(1), style="danger"), Button(say("Back"), Open("channel")))
        await context.show(Screen(words, (sure,)))
        return
    async with context.transaction() as tx:
        await mail.forget(tx, await context.myself(tx))
    await context.toast(say("Deleted."))
    await context.show(screen(Standing(Channel.TELEGRAM, None, proved=False), say, context.policy))


def screen(found: Standing, say: Say, policy: Policy) -> Screen:
    """Return the place `channel`."""
    title = f"<b>{say('Where should digests reach you?')}</b>"
    back: Row = (Button(say("Back"), Open("settings")),)
    if not policy.mail:
        return Screen(lines([title, say("This network sends no mail: digests come in Telegram.")]), (back,))
    return Screen(lines([title, _now(found, say), about(say)]), (*_choices(found, say), *_address(found, say), back))


def _now(found: Standing, say: Say) -> Html:
    if found.address is None:
        return say("They come in Telegram. For mail, give your address first.")
    address = isolated(found.address)
    if not found.proved:
        return say("They come in Telegram. {address} waits for the code that was sent there.", address=address)
    return say("Your address is {address}.", address=address)


def _choices(found: Standing, say: Say) -> list[Row]:
    if not found.proved:
        return []
    ticks = {one: "✓ " if one is found.channel else "" for one in Channel}
    return [tuple(Button(f"{ticks[one]}{say(words)}", Reach(one)) for one, words in CHANNELS.items())]


def _address(found: Standing, say: Say) -> list[Row]:
    if found.address is None:
        return [(Button(say("Give a mail address"), Begin(ADDRESS), style="primary"),)]
    ways: Row = (Button(say("Change the address"), Begin(ADDRESS)), Button(say("Delete the address"), Forget(0)))
    return [ways] if found.proved else [*_codes(say), ways]


def _codes(say: Say) -> list[Row]:
    return [(Button(say("Enter the code"), Begin(CODE), style="primary"), Button(say("Send a new code"), Again()))]
