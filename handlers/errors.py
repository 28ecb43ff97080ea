"""Refusals become words; anything else becomes an incident number, and never a traceback in a chat."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from telegram.error import TelegramError

from handlers.buttons import Button
from handlers.context import Context, Policy
from handlers.language import Say, text
from handlers.presses import Begin, CancelForm, Home, Open, OpenDocument
from handlers.screens import Screen, lines
from handlers.vocabulary import MEMBERS_ONLY, STANDING
from storage.access import Viewer
from storage.inbox import AlreadyHandledError
from storage.members import MemberState
from storage.refusals import Refusal

ALBUMS = 200
"""How many albums are remembered: each of its pictures is a message, and one refusal answers them all."""
REFUSALS = {
    "access:denied": text("I do not know that. /menu shows what you can do here, /help explains it."),
    "access:members": MEMBERS_ONLY,
    "button:again": text("This was pressed already."),
    "button:old": text("This menu is out of date. Open a new one:"),
    "answer:text": text("Please send text here: no sticker, picture, voice message or file."),
    "answer:choose": text("Please press one of the buttons."),
    "answer:empty": text("Please write at least one letter or number."),
    "answer:email": text("That is no e-mail address. It looks like name@example.org."),
    "answer:long": text("That is too long: at most {limit} characters, please."),
    "form:open": text("You have an unfinished form. Go on with it, or cancel it first."),
}


def words(refusals: Mapping[str, str], refusal: Refusal, say: Say) -> str:
    """Return the sentence of a refusal in the reader's language."""
    facts = {k: say.moment(v) if isinstance(v, datetime) else v for k, v in refusal.facts.items()}
    return say(refusals[refusal.reason], **facts)


def refused(refusals: Mapping[str, str], refusal: Refusal, viewer: Viewer, say: Say, policy: Policy) -> Screen:
    """Return the answer to a refusal, with the way forward as buttons."""
    sentence = words(refusals, refusal, say)
    if refusal.reason == "access:members":
        return _outside(sentence, viewer, say, policy)
    if refusal.reason == "form:open":
        go_on = Button(say("Continue"), Begin(refusal.facts["dialogue"]), style="primary")
        return Screen(sentence, ((go_on, Button(say("Cancel it"), CancelForm())),))
    found = [Button(say("Open it"), OpenDocument(refusal.facts["document"]))] if "document" in refusal.facts else []
    return Screen(sentence, ((*found, Button(say("Menu"), Home())),), refusal.facts.get("marked"))


def _outside(sentence: str, viewer: Viewer, say: Say, policy: Policy) -> Screen:
    waits = viewer.state in (MemberState.NOMINATED, MemberState.VETTED, MemberState.APPROVED)
    way = Button(say("See my application"), Open("status")) if waits else Button(say("Menu"), Home())
    if viewer.state is MemberState.SUSPENDED:
        way = Button(say("See my membership"), Open("status"))
    if policy.open_to(viewer):
        way = Button(say("Apply"), Begin("application"), style="primary")
    return Screen(lines([sentence, say(STANDING[viewer.state])]), ((way,),))


def error_handler(refusals: Mapping[str, str]) -> Any:
    """Return the error handler of the application; `refusals` are the words of all features."""
    albums: deque[str] = deque(maxlen=ALBUMS)

    async def handle(update: object, context: Context) -> None:  # noqa: ARG001
        error = context.error
        if isinstance(error, AlreadyHandledError):
            context.turn.settled = True
        elif not isinstance(error, Refusal):
            # The first one counts: what goes wrong after the gate could not open goes wrong because of that.
            context.turn.failure = context.turn.failure or error
        elif error.reason == "button:again":
            await context.toast(words(refusals, error, context.say))
        elif not _answered(context, albums):
            await _answer(context, refused(refusals, error, context.viewer, context.say, context.policy))

    return handle


def _answered(context: Context, albums: deque[str]) -> bool:
    message = context.turn.update.message
    if message is None or message.media_group_id is None:
        return False
    if message.media_group_id in albums:
        return True
    albums.append(message.media_group_id)
    return False


async def _answer(context: Context, screen: Screen) -> None:
    chat = context.turn.update.effective_chat
    if chat is None or chat.type != "private":
        return
    try:
        await context.send(screen)  # a refusal never replaces the screen it was asked from
    except TelegramError as error:
        context.turn.failure = error


def incident() -> str:
    """Return a short reference that a person can quote and the log can find: `E-7F3A9C`."""
    return f"E-{secrets.token_hex(3).upper()}"


def apology(reference: str, say: Say) -> Screen:
    """Return what a person reads when we failed three times."""
    return Screen(
        say(
            "Something went wrong on our side, and your message was kept. Please quote {reference}.",
            reference=reference,
        )
    )


def unwritable(say: Say) -> Screen:
    """Return what a person reads whose message cannot be handled as long as nothing can be stored."""
    return Screen(
        say(
            "I am temporarily read-only: nothing can be saved at the moment. You need not send it again; "
            "it is handled as soon as this is over."
        )
    )
