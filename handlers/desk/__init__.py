"""The editorial desk of the digest: contributions, the queue, the note, the pins, and the approval of an issue."""

from __future__ import annotations

from handlers.desk.approval import WAITS, approve, check, reopen
from handlers.desk.contribute import (
    CONTRIBUTION,
    FATE,
    Contribute,
    ShowOwn,
    TurnOwn,
    Withdraw,
    contribute,
    show,
    submit,
    turn,
    withdraw,
)
from handlers.desk.issue import Approve, Check, Notes, OpenIssue, Pins, Reopen, TurnQueue, desk
from handlers.desk.issue import show as show_issue
from handlers.desk.items import DECLINE, WORDS, Accept, Decline, OpenItem, Word, accept, decline, word
from handlers.desk.items import show as show_item
from handlers.desk.items import turn as turn_queue
from handlers.desk.notes import NOTE, DropNote, WriteNote, drop_note, notes, write_note
from handlers.desk.pins import PIN, AddPin, DropPin, add, drop, pins
from handlers.feature import Command, Feature, place, tap
from handlers.language import text
from storage.access import Action

FEATURE = Feature(
    name="desk",
    commands=(
        Command("submit", text("Contribute to the digest"), submit, Action.CONTRIBUTE),
        Command("desk", text("Edit the digest"), desk, Action.EDIT),
    ),
    handlers=(
        tap(Contribute, contribute, Action.CONTRIBUTE),
        tap(TurnOwn, turn, Action.CONTRIBUTE),
        tap(ShowOwn, show, Action.CONTRIBUTE),
        tap(Withdraw, withdraw, Action.CONTRIBUTE),
        tap(OpenIssue, show_issue, Action.EDIT),
        tap(Check, check, Action.EDIT),
        tap(Approve, approve, Action.EDIT),
        tap(Reopen, reopen, Action.EDIT),
        tap(Notes, notes, Action.EDIT),
        tap(WriteNote, write_note, Action.EDIT),
        tap(DropNote, drop_note, Action.EDIT),
        tap(Pins, pins, Action.EDIT),
        tap(AddPin, add, Action.EDIT),
        tap(DropPin, drop, Action.EDIT),
        tap(TurnQueue, turn_queue, Action.EDIT),
        tap(OpenItem, show_item, Action.EDIT),
        tap(Accept, accept, Action.EDIT),
        tap(Decline, decline, Action.EDIT),
        tap(Word, word, Action.EDIT),
        place("submit", submit, Action.CONTRIBUTE),
        place("desk", desk, Action.EDIT),
    ),
    dialogues=(CONTRIBUTION, NOTE, PIN, DECLINE, WORDS),
    notices=(FATE, WAITS),
    refusals={
        "desk:none": text("There is no issue of the digest yet. Please try again in a minute."),
        "desk:unknown": text("There is no such issue. /desk shows the one in the making."),
        "desk:over": text("No. {number} takes nothing more. /desk shows the issue in the making."),
        "desk:begun": text(
            "The week of No. {number} has begun, so it may be in somebody’s digest: use the next issue."
        ),
        "desk:open": text("No. {number} is not approved."),
        "desk:approved": text("No. {number} has been approved already: by {by}, {at}."),
        "desk:changed": text("Something has changed meanwhile. Please look at it again."),
        "desk:no-item": text("There is no such contribution any more."),
        "desk:decided": text("Somebody has decided on it already: {by}."),
        "desk:kind": text("Only editors write housekeeping."),
        "desk:label": text("A digest carries TLP:CLEAR and TLP:GREEN only."),
        "desk:link": text("That is no link that a digest can carry. It begins with https://"),
        "desk:day": text("That is no day. Write it like 24.12.2026."),
        "desk:past": text("The last day must be in the future."),
        "desk:pins": text("At most {most} pins stand on top of a digest. Remove one first."),
        "desk:formatted": text("That is too much formatting: at most {limit} formatted places, please."),
    },
)
