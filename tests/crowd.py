"""A crowd that is told a lot at once: who is to have what, and whether each has it, once and in order."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

from cast import MEDIA, paper, shelves
from sqlalchemy import insert
from story import Stage, written

from storage.dialogues import DialogueRow
from storage.digests import DigestSchedule
from storage.members import Member, MemberState
from storage.tlp import Label
from storage.topics import Level
from storage.topics.tables import Subscription

DUE = datetime(2026, 12, 7, 4, tzinfo=UTC)
"""Monday, 09:00 in Almaty."""
TITLE, PARTS = "Annual re-validation", 2
READERS = range(1000, 2000)
"""Whoever gets the broadcast."""
AT_ONCE, BY_AND_BY = range(1000, 1250), range(1250, 1750)
"""Whose digest is due when everything begins, and one after the other later."""
APPLICANTS = range(5000, 5200)
ANSWERS = ("Applicant {}", "Demo Institute", "no button", "again no button", "still no button")
"""Each moves the form by exactly one revision: two answers, and three that are refused."""
ASKED = 2
"""The revision at which a form asks for the name."""
Piece = tuple[int, str]
"""What somebody is to have once: their chat, and which message it is."""
_PROMISED = """
    SELECT m.telegram_id, o.notice, o.facts, o.due_at FROM outbox o JOIN member m ON m.id = o.member_id
    ORDER BY o.id
"""


async def peopled(stage: Stage) -> None:
    """Let a thousand be members, most of them with a digest of two parts, and let two hundred fill in a form."""
    await stage.joined(50, "Source", topics=["media"])
    await shelves(stage, 50, *(paper(f"{n} {'x' * 150}", Label.GREEN) for n in range(28)))
    common = {"language": "en", "language_chosen": True, "zone": "Asia/Almaty", "created_at": DUE}
    awake = {"quiet_from": "08:00", "quiet_until": "08:00", "validated_at": DUE, "last_seen_at": DUE}
    states = dict.fromkeys(READERS, MemberState.ACTIVE) | dict.fromkeys(APPLICANTS, MemberState.VISITOR)
    form = {"name": "application", "step": "name", "answers": {"terms": "yes"}, "revision": ASKED}
    form["expires_at"] = DUE + timedelta(days=30)
    week = {"weekday": 0, "at": "09:00", "covered_until": DUE - timedelta(days=7)}
    follows = {"topic_id": MEDIA, "level": Level.DIGEST, "since": DUE}
    async with stage.beside() as database, database.transaction() as tx:
        people = [{"id": n, "telegram_id": n, "state": state, **common, **awake} for n, state in states.items()]
        await tx.execute(insert(Member), people)
        await tx.execute(insert(DialogueRow), [{"member_id": n, **form} for n in APPLICANTS])
        await tx.execute(insert(DigestSchedule), [{"member_id": n, "next_due_at": due(n), **week} for n in READERS])
        await tx.execute(insert(Subscription), [{"member_id": n, **follows} for n in READERS])
    for n in states:
        await stage.control.post("/users", id=n, first_name=f"Member {n}", started=True)


def due(reader: int) -> datetime:
    """Return when somebody's digest is due; that of some only a week later."""
    if reader in AT_ONCE:
        return DUE
    return DUE + (timedelta(seconds=(reader - 1225) * 0.4) if reader in BY_AND_BY else timedelta(days=7))


def pieces(person: int) -> list[str]:
    """Return what a reader is to have, each once."""
    parts = [f"part {n}" for n in range(1, PARTS + 1)] if person in (*AT_ONCE, *BY_AND_BY) else []
    return ["announcement", *parts]


def of_row(chat: int, notice: str, facts: Any) -> Piece | None:
    """Return which message a row of the outbox promises; None for one that is not counted."""
    known = json.loads(facts) if isinstance(facts, str) else facts
    match notice:
        case "announcement:text":
            return chat, "announcement"
        case "digest:issue":
            return chat, f"part {known['part']}"
        case "dialogue:prompt":
            return chat, f"question {known['revision']}"
    return None


def of_call(call: Mapping[str, Any]) -> Piece | None:
    """Return which message a call sends; None for one that is not counted."""
    told = call["parameters"]
    piece = of_words(told.get("text", "")) if call["method"] == "sendMessage" else None
    asked = re.search(r"\|go\|(\d+)\|cancel", json.dumps(told.get("reply_markup")))
    if call["method"] == "sendMessage" and asked:
        piece = f"question {asked[1]}"
    return (told["chat_id"], piece) if piece else None


def kind(call: Mapping[str, Any]) -> str | None:
    """Tell whether a call sends a newsletter or an answer; None if neither."""
    piece = of_call(call)
    return piece and ("an answer" if piece[1].startswith("question") else "a newsletter")


def of_words(text: str) -> str | None:
    """Return what a text in a chat is, of what is sent to many."""
    part = next((f"part {n}" for n in range(1, PARTS + 1) if f"part {n} of {PARTS}" in text), None)
    return part or ("announcement" if TITLE in text else None)  # a digest names the announcement as well


async def received(stage: Stage) -> dict[int, list[str]]:
    """Return what stands in each chat, in order; see that nobody lacks anything, and that all came as promised."""
    promised = await _promised(stage)
    told = {reader: await _told(stage, reader) for reader in READERS}
    for reader, had in told.items():
        assert set(had) == set(pieces(reader)), f"{reader} has {had}, and was promised {promised[reader]}"
    told |= await _asked(stage)
    for applicant in APPLICANTS:
        assert told[applicant][-1] == f"question {ASKED + len(ANSWERS)}", f"{applicant} sees {told[applicant]}"
    for chat, had in told.items():
        turned = [(one, two) for one, two in in_turn(promised[chat]) if two in had and one in had[had.index(two) :]]
        assert not turned, f"{chat} has {had}: {turned} out of order"
    return told


def in_turn(promised: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return which message must not come after which: it was promised before, and due no later."""
    pairs = combinations(promised, 2)
    return [(one, two) for one, two in pairs if promised[one] <= promised[two]]


async def _promised(stage: Stage) -> dict[int, dict[str, Any]]:
    """Return when each message to somebody was due, as they were promised."""
    promised: dict[int, dict[str, Any]] = {n: {} for n in (*READERS, *APPLICANTS)}
    for chat, notice, facts, due_at in await stage.rows(_PROMISED):
        if chat in promised and (piece := of_row(chat, notice, facts)):
            promised[chat][piece[1]] = due_at
    return promised


async def _told(stage: Stage, reader: int) -> list[str]:
    found = await stage.control.get(f"/users/{reader}/chats/{reader}/messages")
    return [piece for message in found["messages"] if (piece := of_words(written(message)))]


async def _asked(stage: Stage) -> dict[int, list[str]]:
    """Return which questions each applicant was asked, in the order in which Telegram accepted them."""
    calls = await stage.control.get("/calls", reached="accepted", limit=100_000)
    asked: dict[int, list[str]] = {n: [] for n in APPLICANTS}
    for call in sorted(calls, key=lambda call: call["accepted"]):
        if (piece := of_call(call)) and piece[0] in asked:
            asked[piece[0]].append(piece[1])
    return asked
