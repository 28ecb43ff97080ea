"""Alarms: what administrators are told when the service itself is in trouble, and what they can do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from handlers.context import Policy
from handlers.feature import Feature, Notice
from handlers.language import Html, Say, text
from handlers.mails import Mail, compose, plain_of
from handlers.screens import Screen, lines
from storage import alarms
from storage.access import Viewer
from storage.alarms import AlarmKind
from storage.database import Transaction
from storage.members import Role
from storage.outbox import Facts

_BEGUN = {
    AlarmKind.SILENCE: text("Nothing has come from Telegram since {since}: nobody who writes to the bot is answered."),
    AlarmKind.RIVAL: text("Another program uses the bot's token, and takes messages meant for the bot ({since})."),
    AlarmKind.WEBHOOK: text("Telegram could not deliver messages to the bot's webhook ({since}): “{told}”."),
    AlarmKind.DEAD_LETTERS: text("Several messages could not be handled within an hour, and were put aside ({since})."),
    AlarmKind.DISK: text("The disk of the database is nearly full ({since}): {free} MB are free."),
    AlarmKind.DATABASE: text("The database has not worked since {since}: nobody who writes to the bot is answered."),
}  # fmt: skip
_DO = {
    AlarmKind.SILENCE: text(
        "What to do: see whether the server reaches api.telegram.org, and whether its proxy works; “network-bot check” "
        "names what is wrong. What people write meanwhile waits at Telegram for 24 hours."
    ),
    AlarmKind.RIVAL: text(
        "What to do: if it is a copy of the bot that you started, stop it. If you know of none, the token has leaked: "
        "revoke it at @BotFather at once, write the new one into the configuration, and start the bot again."
    ),
    AlarmKind.WEBHOOK: text(
        "What to do: look at the reverse proxy, its certificate and the bot's log. What people write meanwhile waits "
        "at Telegram for 24 hours."
    ),
    AlarmKind.DEAD_LETTERS: text(
        "What to do: look for “update failed” in the bot's log. The people were told a number of the incident, which "
        "stands there as well."
    ),
    AlarmKind.DISK: text("What to do: make room. When it is full, the bot can store nothing and answers nobody."),
    AlarmKind.DATABASE: text(
        "What to do: see whether the database runs, whether its disk is full, and what the bot's log says of it. What "
        "people write meanwhile waits at Telegram for 24 hours."
    ),
}
_OVER = {
    AlarmKind.SILENCE: text("Telegram is heard again. Nothing came from {since} to {until}; what waited comes now."),
    AlarmKind.RIVAL: text("No other program was noticed at the bot's token any more ({since} to {until})."),
    AlarmKind.WEBHOOK: text("Telegram delivers to the webhook again ({since} to {until})."),
    AlarmKind.DEAD_LETTERS: text("No message was put aside in the last hour ({since} to {until})."),
    AlarmKind.DISK: text("The disk of the database has room again ({since} to {until})."),
    AlarmKind.DATABASE: text("The database works again. It was in trouble from {since} to {until}."),
}


@dataclass(frozen=True)
class Told:
    """An incident as it is told: of what kind, since when, until when if it is over, and what else is known of it."""

    kind: AlarmKind
    begun_at: datetime
    ended_at: datetime | None = None
    free: int | None = None
    told: str | None = None


def words(incident: Told, say: Say) -> list[Html]:
    """Return the paragraphs of an alarm, or of its end."""
    facts: dict[str, Any] = {"since": say.moment(incident.begun_at)}
    if incident.ended_at is not None:
        return [say(_OVER[incident.kind], **facts, until=say.moment(incident.ended_at))]
    if incident.free is not None:
        facts["free"] = say.number(incident.free)
    if incident.told is not None:
        facts["told"] = incident.told
    return [say(_BEGUN[incident.kind], **facts), say(_DO[incident.kind])]


def letter(incident: Told, say: Say, policy: Policy) -> Mail:
    """Return an alarm, or its end, as a letter."""
    over = incident.ended_at is not None
    subject = say("{network}: works again", network=policy.network) if over else say(
        "{network}: the bot is in trouble", network=policy.network
    )  # fmt: skip
    why = say("You get this because you look after {network}.", network=policy.network)
    return compose(plain_of(subject), None, words(incident, say), say, why=why)


async def _load_raised(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Told]:
    return await _load(tx, facts, viewers, over=False)


async def _load_over(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Told]:
    return await _load(tx, facts, viewers, over=True)


async def _load(tx: Transaction, facts: Facts, viewers: Sequence[Viewer], *, over: bool) -> Mapping[int, Told]:
    """An alarm that is delivered when all is over already says nothing: that it is over says since when it was."""
    row = await alarms.by_id(tx, facts["alarm"])
    if row is None or (row.ended_at is not None) is not over:
        return {}
    told = Told(row.kind, row.begun_at, row.ended_at, row.facts.get("free"), row.facts.get("told"))
    return {viewer.id: told for viewer in viewers if Role.ADMINISTRATOR in viewer.roles or alarms.OUTSIDE in facts}


def _screen(incident: Told, say: Say, _policy: Policy) -> Screen:
    sign = "✅" if incident.ended_at is not None else "🚨"
    first, *others = words(incident, say)
    return Screen(lines([f"{sign} {first}", *others]))


def _letter(incident: Told, say: Say, policy: Policy, _stop_url: str | None) -> Mail:
    return letter(incident, say, policy)


FEATURE = Feature(
    name="alarms",
    notices=(
        Notice(alarms.RAISED, _screen, _load_raised, mail=_letter),
        Notice(alarms.OVER, _screen, _load_over, mail=_letter),
    ),
)
