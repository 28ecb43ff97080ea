"""My links: what one has sent, what became of it, revoking it, and a new link in place of a lost one."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.buttons import Button, Press, Row, columns, turns
from handlers.context import Context
from handlers.language import Say, isolated, text
from handlers.presses import Begin, Home, Open
from handlers.screens import Screen, lines
from storage import nominations
from storage.access import Action, allowed
from storage.nominations import LIFETIME, Nomination, NominationKind, NominationState

PAGE = 5
WORD = "in"
"""How the payload of such a link begins."""
KINDS = {
    NominationKind.NOMINATION: text("nomination"),
    NominationKind.INVITATION: text("invitation"),
}
STATES = {
    NominationState.OPEN: text("open until {moment}"),
    NominationState.USED: text("used on {day}"),
    NominationState.REVOKED: text("revoked"),
    NominationState.EXPIRED: text("expired on {day}"),
}


@dataclass(frozen=True)
class Links(Press, prefix="link.list"):
    """List what one has sent, from number `first` on."""

    first: int


@dataclass(frozen=True)
class ShowLink(Press, prefix="link"):
    """Show one link that one has sent."""

    nomination: int


@dataclass(frozen=True)
class Revoke(Press, prefix="link.stop"):
    """Make a link void; `sure` is 1 at the second press."""

    nomination: int
    sure: int


@dataclass(frozen=True)
class Renew(Press, prefix="link.new"):
    """Make a new link in place of this one."""

    nomination: int


def told_once(name: str, secret: str, context: Context) -> Screen:
    """Return the screen that tells a link; it is shown after the commit and kept nowhere."""
    say, link = context.say, context.policy.link(f"{WORD}_{secret}")
    until = say.moment(context.now + LIFETIME)
    parts = [
        say("The link for {name}:", name=isolated(name)),
        f"<code>{link}</code>",
        say("It is shown only now. It works once, until {moment}.", moment=until),
        say("Send it to this person only, in a way you trust. It opens the application form and grants nothing."),
    ]
    rows: tuple[Row, ...] = (
        (Button(say("Copy link"), copy=link),),
        (Button(say("My links"), Open("links")), Button(say("Menu"), Home())),
    )
    return Screen(lines(parts), rows)


async def links(context: Context) -> None:
    await _list(context, 0)


async def turn(context: Context, press: Links) -> None:
    await _list(context, press.first)


async def _list(context: Context, first: int) -> None:
    say, viewer = context.say, context.viewer
    async with context.reading() as tx:
        page = await nominations.sent(tx, viewer, first or None, PAGE)
    shown = [f"{n}. {_line(row, context)}" for n, row in enumerate(page.items, 1)]
    openers = [Button(say("Open {n}", n=n), ShowLink(row.id)) for n, row in enumerate(page.items, 1)]
    ways = [Button(say("Invite somebody"), Open("invite"))] if allowed(viewer, Action.INVITE) else []
    ways += [Button(say("Nominate somebody"), Begin("nomination"))] if allowed(viewer, Action.NOMINATE) else []
    about = say("Whoever you send a link can apply with it; reviewers decide. What you write they do not see.")
    body = "\n".join(shown) if shown else say("You have sent no link yet.")
    rows = (*columns(openers, 3), *turns(page, Links), tuple(ways), (Button(say("Menu"), Home()),))
    await context.show(Screen(lines([f"<b>{say('My links')}</b>", about, body]), tuple(row for row in rows if row)))


def _line(row: Nomination, context: Context) -> str:
    say = context.say
    return f"{isolated(row.name)} · {say(KINDS[row.kind])} · {_state(row, context)}"


def _state(row: Nomination, context: Context) -> str:
    say, state = context.say, row.state_at(context.now)
    ended = row.used_at if row.used_at is not None and state is NominationState.USED else row.expires_at
    return say(STATES[state], moment=say.moment(row.expires_at), day=say.day(ended))


async def show_link(context: Context, press: ShowLink) -> None:
    async with context.reading() as tx:
        row = await nominations.own(tx, context.viewer, press.nomination)
    await context.show(_card(row, context))


def _card(row: Nomination, context: Context) -> Screen:
    say, state = context.say, row.state_at(context.now)
    again = Button(say("Make a new link"), Renew(row.id))
    stop = Button(say("Revoke the link"), Revoke(row.id, 0), style="danger")
    moves: dict[NominationState, Row] = {NominationState.OPEN: (again, stop), NominationState.EXPIRED: (again,)}
    parts = [_line(row, context)]
    if state in moves:
        parts.append(say("A new link makes the old one void."))
    rows = (moves.get(state, ()), _back(say))
    return Screen(lines(parts), tuple(row for row in rows if row))


def _back(say: Say) -> Row:
    return (Button(say("Back"), Open("links")), Button(say("Menu"), Home()))


async def revoke(context: Context, press: Revoke) -> None:
    say = context.say
    if not press.sure:
        async with context.reading() as tx:
            row = await nominations.own(tx, context.viewer, press.nomination)
        words = say("Revoke the link for {name}? It will open nothing any more.", name=isolated(row.name))
        stop = Button(say("Revoke the link"), Revoke(row.id, 1), style="danger")
        await context.show(Screen(words, ((stop, Button(say("Back"), ShowLink(row.id))),)))
        return
    async with context.transaction() as tx:
        await nominations.revoke(tx, await context.myself(tx), press.nomination, context.now)
    await context.show(Screen(say("The link is revoked: it opens nothing any more."), (_back(say),)))


async def renew(context: Context, press: Renew) -> None:
    async with context.transaction() as tx:
        me = await context.myself(tx)
        row, secret = await nominations.renew(tx, me, press.nomination, context.now)
    await context.show(told_once(row.name, secret, context))
