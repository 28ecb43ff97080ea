"""The one shape of a feature: its commands, handlers, dialogues, notices and refusals."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from telegram import Update
from telegram.ext import BaseHandler, CallbackQueryHandler, CommandHandler, filters

from handlers.buttons import VERSION, Press
from handlers.context import Context, Door, Link, Policy, Shows
from handlers.language import Say
from handlers.mails import Mail
from handlers.presses import Open, OpenBeside
from handlers.screens import Screen
from storage.access import Action, Viewer, allowed, require
from storage.database import Transaction
from storage.outbox import Facts, Leased, Settlement
from storage.refusals import Refusal

if TYPE_CHECKING:
    from handlers.forms import Dialogue

Handler = BaseHandler[Update, Context, None]
Callback = Callable[[Context], Awaitable[None]]
P = TypeVar("P", bound=Press)
Load = Callable[[Transaction, Facts, Sequence[Viewer]], Awaitable[Mapping[int, Any]]]
Render = Callable[[Any, Say, Policy], Screen]
Letter = Callable[[Any, Say, Policy, str | None], Mail]
Landed = Callable[[Transaction, Leased, Settlement, datetime], Awaitable[None]]


@dataclass(frozen=True)
class Command:
    """A command of the private chat. `needs` is what the asker must be allowed to do; None is for everyone."""

    name: str
    description: str
    callback: Callback
    needs: Action | None = None
    hidden: bool = False


@dataclass(frozen=True)
class Notice:
    """A message of the outbox, rendered at delivery in the reader's language.

    `load` asks storage again: it returns, by member id, what each viewer may be told now; whoever is missing
    is not told. Equal contents are rendered once per language, so a shared content should be a frozen dataclass.
    `landed` notes, in the transaction that settles it, how the sending of one message ended. `mail` writes it as a
    letter: content, words, the operator's decisions, and the address that stops such mails, if they can be stopped.
    What `proves` an address goes there before it is proved, and to who does not belong yet.
    """

    name: str
    render: Render
    load: Load
    landed: Landed | None = None
    mail: Letter | None = None
    proves: bool = False


@dataclass(frozen=True)
class Feature:
    """One noun of the product on the middle floor.

    `refusals` are the words of the refusals its storage raises; `links` open deep links (`doc_<token>`: `doc`) for
    members, `doors` open them for who may apply. `items` draw what a number names, for another feature that shows it
    with its own way back.
    """

    name: str
    commands: tuple[Command, ...] = ()
    handlers: tuple[Handler, ...] = ()
    dialogues: tuple[Dialogue, ...] = ()
    notices: tuple[Notice, ...] = ()
    refusals: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, Link] = field(default_factory=dict)
    doors: Mapping[str, Door] = field(default_factory=dict)
    items: Mapping[str, Shows] = field(default_factory=dict)


class Gated(CallbackQueryHandler[Context, None]):
    """The handler of a button: `opens` names it, `needs` is what the presser must be allowed to do (None: nothing)."""

    def __init__(self, opens: str, needs: Action | None, callback: Any, matches: Callable[[object], bool]) -> None:
        super().__init__(callback, pattern=matches)
        self.opens = opens
        self.needs = needs


def tap(press: type[P], callback: Callable[[Context, P], Awaitable[None]], needs: Action | None = None) -> Handler:
    """Return the handler of one kind of button; data that does not unpack falls through to the out-of-date notice."""

    async def handle(update: Update, context: Context) -> None:
        assert update.callback_query is not None
        pressed = press.unpack(update.callback_query.data or "")
        if pressed is None:
            raise Refusal("button:old")
        guard(context, needs)
        await callback(context, pressed)

    prefix = f"{VERSION}|{press.prefix}"
    return Gated(press.prefix, needs, handle, lambda data: str(data) == prefix or str(data).startswith(f"{prefix}|"))


def place(name: str, callback: Callback, needs: Action | None = None) -> Handler:
    """Return the handler of the buttons `Open(name)` and `OpenBeside(name)`, which open a place of the menu."""

    async def handle(update: Update, context: Context) -> None:
        guard(context, needs)
        if update.callback_query is not None and update.callback_query.data == beside:
            context.keep()
        await callback(context)

    packed, beside = Open(name).pack(), OpenBeside(name).pack()
    return Gated(f"open {name}", needs, handle, lambda data: data in (packed, beside))


def command_handler(command: Command) -> Handler:
    """Return the handler of one command in private chats."""

    async def handle(_update: Update, context: Context) -> None:
        guard(context, command.needs)
        await command.callback(context)

    return CommandHandler(command.name, handle, filters.UpdateType.MESSAGE & filters.ChatType.PRIVATE)


def guard(context: Context, needs: Action | None) -> None:
    """Refuse what the speaker may not do; a member learns no more than from an unknown command."""
    if needs is None or allowed(context.viewer, needs):
        return
    if not context.viewer.active:
        raise Refusal("access:members")
    require(context.viewer, needs)


def notice(name: str, render: Callable[[Facts, Say, Policy], Screen]) -> Notice:
    """Return a notice whose facts are all it says; it concerns its recipient whatever their state."""

    async def load(_tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Facts]:
        return {viewer.id: facts for viewer in viewers}

    return Notice(name, render, load)
