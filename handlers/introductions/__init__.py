"""Introductions: asking a member for contact through the bot, and answering; a refusal is never told."""

from __future__ import annotations

from handlers.feature import Feature, place, tap
from handlers.introductions.answering import (
    CONTACT,
    READ,
    Refuse,
    Share,
    Wish,
    Wishes,
    open_wish,
    refuse,
    share,
    turn_wishes,
    wishes,
)
from handlers.introductions.asking import NOTICES, WISH, Asked, ask, asked, turn
from handlers.language import text
from handlers.presses import AskContact
from storage.access import Action

FEATURE = Feature(
    name="introductions",
    handlers=(
        tap(AskContact, ask, Action.INTRODUCE),
        tap(Asked, turn, Action.BELONG),
        tap(Wishes, turn_wishes, Action.BELONG),
        tap(Wish, open_wish, Action.BELONG),
        tap(Share, share, Action.BELONG),
        tap(Refuse, refuse, Action.BELONG),
        place("asked", asked, Action.BELONG),
        place("wishes", wishes, Action.BELONG),
    ),
    dialogues=(WISH, CONTACT),
    notices=(*READ, *NOTICES),
    refusals={
        "introduction:self": text("This entry is your own."),
        "introduction:not-wished": text("This member does not take requests for contact now."),
        "introduction:waits": text("You have asked this member already. Open “My requests” in /directory to see it."),
        "introduction:limit": text("You can ask {most} members a day. Please ask again in {hours} h."),
        "introduction:closed": text("This request is closed."),
        "introduction:unknown": text("There is no such request."),
    },
)
