"""Regrets: while the database can be read and not written, people are told once that what they sent has to wait."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from telegram import Chat, Update
from telegram.ext import ApplicationHandlerStop, TypeHandler

from bot.logs import log
from bot.transport import NO_ANSWER, Wire
from handlers import errors
from handlers.context import Context, Policy
from handlers.feature import Handler
from handlers.language import Say, negotiate
from storage import inbox, members
from storage.database import Database
from storage.trouble import is_damaged, is_gone, is_refusing, is_trouble

_PATIENCE = 3.0
_LONGEST = 10.0
"""Seconds for which a poll is held up to tell people; who is left over is told after the next one that fails."""
_QUIET = 60.0
"""Seconds for which nobody is told again, even where something could be stored meanwhile."""
_REMEMBERED = 1000

_log = log("bot.regrets")


class Regrets:
    """Knows who was told since an update could last be stored, and which updates were tried already."""

    def __init__(self, database: Database, wire: Wire, policy: Policy) -> None:
        self._database = database
        self._wire = wire
        self._policy = policy
        self._told: dict[int, float] = {}
        self._tried: OrderedDict[int, None] = OrderedDict()
        database.on_commit("inbox", self._forget)

    async def unstored(self, updates: Sequence[Any], failure: Exception) -> None:
        """Tell who sent updates in private that could not be stored, where the database still can be read."""
        if not is_refusing(failure):
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(_LONGEST):
                for person in map(_speaker, updates):
                    if person is not None:
                        await self._tell(person)

    def ahead(self) -> Handler:
        """Return the handler that comes before all others: what is tried again is first held to what can be written.

        Otherwise a screen that only shows would come again with each try, since that it was shown cannot be noted.
        """
        return TypeHandler(Update, self._see_ahead)

    async def _see_ahead(self, _update: Update, context: Context) -> None:
        row = context.turn.inbox_id
        if row in self._tried:
            async with self._database.transaction() as tx:
                await inbox.touch(tx, row)
        self._tried[row] = None
        if len(self._tried) > _REMEMBERED:
            self._tried.popitem(last=False)

    async def failed(self, update: object, context: Context) -> None:
        """Tell, as an error handler, who waits for the database; nobody else handles the update then.

        Raises:
            ApplicationHandlerStop: the database is to blame.
        """
        failure = context.error
        if failure is None or not is_gone(failure):
            return
        person = _speaker(update.to_dict()) if isinstance(update, Update) else None
        if person is not None and is_refusing(failure):
            await self._tell(person)
        if not is_damaged(failure):
            _log.info("put off until the database can be written", inbox=context.turn.inbox_id)
        raise ApplicationHandlerStop

    def _forget(self) -> None:
        recent = time.monotonic() - _QUIET
        self._told = {person: at for person, at in self._told.items() if at > recent}

    async def _tell(self, person: dict[str, Any]) -> None:
        if person["id"] in self._told:
            return
        say = await self._words(person)
        if say is not None:
            self._told[person["id"]] = time.monotonic()
            with suppress(*NO_ANSWER):
                await self._wire.call("sendMessage", {"chat_id": person["id"], "text": errors.unwritable(say).html})

    async def _words(self, person: dict[str, Any]) -> Say | None:
        """Return the language of somebody, or None where nothing can be read either."""
        try:
            async with asyncio.timeout(_PATIENCE), self._database.reading() as tx:
                member = await members.by_telegram(tx, person["id"])
        except TimeoutError:  # whoever waits to write is in the way: it can be read, only not now
            member = None
        except Exception as error:
            if not is_trouble(error):
                raise
            return None
        if member is not None:
            return Say(member.language, member.zone)
        policy = self._policy
        return Say(negotiate(person.get("language_code"), policy.languages, policy.default_language), policy.zone)


def _speaker(update: Any) -> dict[str, Any] | None:
    """Return who wrote or pressed something in their private chat."""
    for kind in ("message", "callback_query") if isinstance(update, dict) else ():
        event = update.get(kind)
        if isinstance(event, dict):
            message = event if kind == "message" else event.get("message")
            chat, person = (message or {}).get("chat"), event.get("from")
            if isinstance(chat, dict) and isinstance(person, dict) and chat.get("type") == Chat.PRIVATE:
                return person if isinstance(person.get("id"), int) and not person.get("is_bot") else None
    return None
