"""What a handler works with: who speaks, the words, the transaction, the answer on the screen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Self

from telegram import Message, Update
from telegram.error import BadRequest, Forbidden, TelegramError
from telegram.ext import Application, CallbackContext, ExtBot

from handlers import showing
from handlers.charts import Charts, Undrawn
from handlers.glances import Blind, Glance
from handlers.language import Say, legible
from handlers.screens import Screen
from storage import access, inbox
from storage.access import Action, Viewer
from storage.applications import Admission
from storage.database import Database, Transaction
from storage.dialogues import Speaker
from storage.digests import Editing
from storage.members import Member
from storage.refusals import Refusal
from storage.tlp import Label


@dataclass(frozen=True)
class Policy:
    """The operator's decisions that texts and rules depend on.

    `mail` tells whether digests can come by mail, `mail_url` is the base of the links in it. Messages leave at `rate` a
    second, and what is paid for in Stars at `paid_rate`; where that is 0, nobody is asked to pay.
    """

    network: str
    zone: str
    languages: tuple[str, ...]
    default_language: str
    max_label: Label
    admission: Admission
    digest_weekday: int
    digest_time: time
    skip_holidays: bool
    editing: Editing
    two_person_above: int
    rate: float = 28
    paid_rate: float = 0
    inline: bool = False
    mail: bool = False
    mail_url: str | None = None
    bot_username: str = ""

    def open_to(self, viewer: Viewer) -> bool:
        """Tell whether `viewer` may begin an application by themselves, without a link that a member sent."""
        return self.admission.self_application and access.allowed(viewer, Action.APPLY)

    def link(self, payload: str) -> str:
        """Return the address that opens the bot with `payload`."""
        return f"https://t.me/{self.bot_username}?start={payload}"


@dataclass(frozen=True)
class Services:
    """What the composition root hands to every handler. `now` returns aware UTC.

    `is_working_day` knows the holidays of a country (ISO 3166 alpha-2); None where the network does not look at them.
    `glance` looks at what is about to be shared, `charts` draws.
    """

    database: Database
    policy: Policy
    now: Callable[[], datetime]
    is_working_day: Callable[[str | None, date], bool] | None = None
    glance: Glance = field(default_factory=Blind)
    charts: Charts = field(default_factory=Undrawn)


@dataclass
class Turn:
    """One update's turn: who speaks, and what has happened to it so far.

    `speaker` is who stands behind the account it comes from, where that was read together with the update.
    """

    inbox_id: int
    update: Update
    member: Member | None = None
    viewer: Viewer | None = None
    in_form: bool = False
    settled: bool = False
    answered: bool = False
    stays: bool = False
    lease: str | None = None
    speaker: Speaker | None = None
    failure: BaseException | None = None
    refused: list[Refusal] = field(default_factory=list)


TURN: ContextVar[Turn] = ContextVar("turn")
"""The turn of the running task; lanes set it before they process an update."""


Deed = Callable[[Transaction], Awaitable[None]]
"""Something to do inside a transaction that is open."""


class Context(CallbackContext[ExtBot[None], dict[Any, Any], dict[Any, Any], dict[Any, Any]]):
    """The context of one update."""

    turn: Turn

    @classmethod
    def from_update(cls, update: object, application: Application[Any, Self, Any, Any, Any, Any]) -> Self:
        context = super().from_update(update, application)
        context.turn = TURN.get()
        return context

    @property
    def services(self) -> Services:
        found = self.application.bot_data["services"]
        assert isinstance(found, Services)
        return found

    @property
    def links(self) -> Mapping[str, Link]:
        """What each kind of deep link opens, by the word before its first underscore."""
        links: Mapping[str, Link] = self.application.bot_data["links"]
        return links

    @property
    def items(self) -> Mapping[str, Shows]:
        """What draws each kind of thing by its number."""
        items: Mapping[str, Shows] = self.application.bot_data["items"]
        return items

    @property
    def doors(self) -> Mapping[str, Door]:
        """What each kind of deep link opens for who may apply."""
        doors: Mapping[str, Door] = self.application.bot_data["doors"]
        return doors

    async def begin(self, dialogue: str, answers: Mapping[str, Any] | None = None, first: Deed | None = None) -> None:
        """Open the form called `dialogue`, or go on with it; see `Dialogues.begin`."""
        await self.application.bot_data["dialogues"].begin(self, dialogue, answers, first=first)

    async def go_over(self, tx: Transaction, dialogue: str, refusal: Refusal | None = None) -> None:
        """Open the form called `dialogue` as another one ends, in its transaction; see `Dialogues.go_over`."""
        await self.application.bot_data["dialogues"].go_over(self, tx, dialogue, refusal)

    async def cancel(self) -> str | None:
        """Close the open form and return its title; None if there is none."""
        title: str | None = await self.application.bot_data["dialogues"].cancel(self)
        return title

    @property
    def policy(self) -> Policy:
        return self.services.policy

    @property
    def now(self) -> datetime:
        return self.services.now()

    @property
    def member(self) -> Member:
        assert self.turn.member is not None
        return self.turn.member

    @property
    def viewer(self) -> Viewer:
        """The speaker as the rules saw them when the update came; ask `myself` in a writing transaction."""
        assert self.turn.viewer is not None
        return self.turn.viewer

    @property
    def say(self) -> Say:
        return Say(self.member.language, self.member.zone)

    @property
    def words(self) -> str:
        """What followed the command, with its white space folded."""
        return " ".join(legible(" ".join(self.args or ())).split())

    @property
    def message(self) -> Message:
        message = self.turn.update.effective_message
        assert message is not None
        return message

    @property
    def chat_id(self) -> int:
        """The chat where it happens; known even of a pressed message that is too old to be read."""
        chat = self.turn.update.effective_chat
        assert chat is not None
        return chat.id

    @property
    def replaces(self) -> int | None:
        """The message whose button was pressed: what follows is shown in its place, unless it stays."""
        query = None if self.turn.stays else self.turn.update.callback_query
        return query.message.message_id if query and query.message else None

    def keep(self) -> None:
        """Let the pressed message stay as it is: what follows is shown as a new one."""
        self.turn.stays = True

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Open the one writing transaction of this update; it also settles the inbox row.

        Only storage calls belong inside. A second one is a mistake: its effects could be lost by a crash.
        """
        if self.turn.settled:
            raise RuntimeError("an update has one writing transaction")
        turn = self.turn
        async with inbox.settling(self.services.database, turn.inbox_id, self.now, turn.lease) as tx:
            yield tx
        self.turn.settled = True

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        """Open a transaction that only reads."""
        async with self.services.database.reading() as tx:
            yield tx

    async def myself(self, tx: Transaction) -> Viewer:
        """Return the speaker as the rules see them now, held for the rest of the transaction."""
        return await access.viewer(tx, self.member.id)

    async def show(self, screen: Screen) -> None:
        """Show a screen now: in place of the pressed message, else as a new one. For what merely shows."""
        pressed = self.replaces
        if pressed is None:
            await self.send(screen)
        elif self._would_expose(screen) or self._lacks_media(screen):
            await self.send(screen)
            await self._remove(pressed)
        elif not await showing.redraw(self.bot, self.chat_id, pressed, screen):
            await self.send(screen)

    async def redraw(self, screen: Screen, message_id: int | None) -> None:
        """Show a screen also in an earlier message, where it can still be edited: it stays as protected as it was."""
        if message_id is not None:
            with suppress(Forbidden):
                await showing.redraw(self.bot, self.chat_id, message_id, screen)

    async def toast(self, words: str, *, alert: bool = False) -> None:
        """Answer the pressed button with a short note (at most 200 characters); other updates have none."""
        query = self.turn.update.callback_query
        if query is None or self.turn.answered:
            return
        self.turn.answered = True
        try:
            await query.answer(words[:200] or None, show_alert=alert)
        except TelegramError:
            return  # pressed long ago: nobody looks at the spinner any more

    async def strip(self, message_id: int | None) -> None:
        """Take the buttons off an earlier message that no longer leads anywhere, if it can still be edited."""
        if message_id != self.replaces:
            await self._without_buttons(message_id)

    async def close(self) -> None:
        """Take the buttons off the pressed message: what they began is done, and the message stays as it is."""
        await self._without_buttons(self.replaces)

    async def _without_buttons(self, message_id: int | None) -> None:
        if message_id is None:
            return
        with suppress(BadRequest, Forbidden):
            await self.bot.edit_message_reply_markup(self.chat_id, message_id)

    async def _remove(self, message_id: int) -> None:
        try:
            await self.bot.delete_message(self.chat_id, message_id)
        except (BadRequest, Forbidden):  # older than two days
            await self._without_buttons(message_id)

    def _would_expose(self, screen: Screen) -> bool:
        # A message cannot become protected by an edit.
        query = self.turn.update.callback_query
        return screen.protected and not getattr(query and query.message, "has_protected_content", False)

    def _lacks_media(self, screen: Screen) -> bool:
        # A text does not become a picture by an edit.
        query = self.turn.update.callback_query
        return bool(screen.media) and not showing.carries_media(query and query.message)

    async def send(self, screen: Screen) -> None:
        with suppress(Forbidden):  # blocked between the question and the answer: nobody is there to read it
            await showing.send(self.bot, self.chat_id, screen)


Link = Callable[[Context, str], Awaitable[None]]
"""Opens what a deep link's token names; an unknown token and a foreign one get the same answer."""

Door = Callable[[Context, str, Deed | None], Awaitable[None]]
"""Opens the form that a deep link's token stands for; the deed is done before, in the same transaction.

Whatever does not open it is refused with a reason that ends with `:unknown`.
"""

Shows = Callable[[Context, int], Awaitable[Screen]]
"""Draws what a number names for who asks; refuses what is not theirs to see."""
