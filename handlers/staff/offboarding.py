"""The report on a removal: from how many groups, and from which not and why; it follows in place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from handlers.buttons import Button, Press, Row
from handlers.context import Context, Policy
from handlers.feature import Notice
from handlers.language import Html, Say, isolated, text
from handlers.presses import Home, Open
from handlers.screens import Screen, lines
from storage import staff
from storage.access import Viewer
from storage.database import Transaction
from storage.members import MemberState
from storage.outbox import Facts
from storage.refusals import Refusal
from storage.staff import Report

TITLES = {
    MemberState.LEFT: text("{name} was off-boarded."),
    MemberState.SUSPENDED: text("{name} was suspended."),
    MemberState.BLOCKED: text("{name} was blocked."),
}
PROBLEMS = {
    "rights": text("the bot may not remove members there"),
    "administrator": text("they are an administrator of the group: take that from them in Telegram first"),
    "owner": text("they own the group"),
    "gone": text("the bot is no longer in the group"),
    "wait": text("Telegram asked to wait too long"),
    "silence": text("Telegram did not answer in time"),
    "trouble": text("Telegram had trouble"),
}


SHOWN = 10
"""How many groups a report names; the others it counts."""


@dataclass(frozen=True)
class TryAgain(Press, prefix="off.again"):
    """Try once more to remove this member where it failed."""

    member: int


def _title(title: str) -> Html:
    return isolated(title[:60])


def _problem(said: str, say: Say) -> Html:
    if said in PROBLEMS:
        return say(PROBLEMS[said])
    return say("Telegram says: {words}", words=isolated(said))


def _draw(found: Report, say: Say, _policy: Policy) -> Screen:
    title = say(TITLES.get(found.state, text("{name}: removal from groups.")), name=isolated(found.name))
    groups = say.many("Removed from {n} group.", "Removed from {n} groups.", found.done)
    waiting = [say("Still removing from: {title}", title=_title(title)) for title in found.waiting]
    failed = [
        say("Could not: {title}, {reason}", title=_title(title), reason=_problem(reason, say))
        for title, reason in found.failed
    ]
    told = [*failed, *waiting]
    more = [say("And {n} more.", n=say.number(len(told) - SHOWN))] if len(told) > SHOWN else []
    rows: list[Row] = [(Button(say("Try again"), TryAgain(found.member_id)),)] if found.failed else []
    rows.append((Button(say("Back"), Open("members")), Button(say("Menu"), Home())))
    return Screen(lines([f"<b>{title}</b>", "\n".join([groups, *told[:SHOWN], *more])]), tuple(rows))


async def _load(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Report]:
    found: dict[int, Report] = {}
    for viewer in viewers:
        try:
            found[viewer.id] = await staff.removed(tx, viewer, facts["member"])
        except Refusal:
            continue  # out of reach now
    return found


async def _load_failed(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, tuple[str, str, str]]:
    told = {viewer.id: await staff.failed(tx, viewer, facts["removal"]) for viewer in viewers}
    return {member_id: one for member_id, one in told.items() if one is not None}


def _draw_failed(found: tuple[str, str, str], say: Say, _policy: Policy) -> Screen:
    name, title, reason = found
    words = say(
        "{name} must not be in the group {title} and could not be removed from it: {reason}. Please remove them there "
        "yourself.",
        name=isolated(name) if name else say("Somebody who is not known"),
        title=isolated(title),
        reason=_problem(reason, say),
    )
    return Screen(words, ((Button(say("Menu"), Home()),),))


async def try_again(context: Context, press: TryAgain) -> None:
    async with context.transaction() as tx:
        me = await context.myself(tx)
        await staff.try_again(tx, me, press.member, context.now)
        await staff.report(tx, me.id, press.member, context.now, context.replaces)


NOTICES = (Notice("offboarding:report", _draw, _load), Notice("offboarding:failed", _draw_failed, _load_failed))
