"""Lists for moderators: the reports that wait, and who is muted."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.buttons import Button, Press, Row, turns
from handlers.context import Context
from handlers.language import Html, Say, isolated
from handlers.moderation.card import LiftMute, OpenReview
from handlers.moderation.words import REASONS
from handlers.presses import Home, Open
from handlers.screens import Screen, lines
from storage import members, moderation, mutes
from storage.moderation import Case, Reason

PAGE = 5


@dataclass(frozen=True)
class Reports(Press, prefix="mod.all"):
    """List the reports that wait, from review `first` on."""

    first: int


@dataclass(frozen=True)
class Muted(Press, prefix="mod.muted"):
    """List who is muted, from mute `first` on."""

    first: int


async def reports(context: Context) -> None:
    """List the reports that wait."""
    await turn(context, Reports(0))


async def turn(context: Context, press: Reports) -> None:
    """Turn the list's pages."""
    async with context.reading() as tx:
        page = await moderation.waiting(tx, context.viewer, press.first or None, PAGE)
        cases = [await moderation.one(tx, context.viewer, review.id) for review in page.items]
        muted = await mutes.standing(tx, context.viewer, None, PAGE, context.now)
    say = context.say
    entries = [_line(case, number, say) for number, case in enumerate(cases, 1)]
    opens: Row = tuple(Button(str(n), OpenReview(case.review.id)) for n, case in enumerate(cases, 1))
    rows: list[Row] = [opens] if opens else []
    rows += turns(page, Reports)
    rows += [(Button(say("Who is muted"), Muted(0)),)] if muted.items else []
    rows.append((Button(say("Back"), Open("keeping")), Button(say("Menu"), Home())))
    title = f"<b>{say('Reports that wait for a decision')}</b>"
    await context.show(Screen(lines([title, *(entries or [say("Nothing waits.")])]), tuple(rows)))


def _line(case: Case, number: int, say: Say) -> Html:
    head = say("{n}. {topic}", n=number, topic=case.topic.title(say.language))
    state = say("hidden") if case.review.hidden else say("still stands")
    due = say("to be decided by {moment}", moment=say.moment(case.review.due_at))
    count = say.many("{n} report", "{n} reports", case.reports)
    return Html(f"<b>{head}</b>\n{count} · {state} · {due}")


async def muted(context: Context, press: Muted) -> None:
    """List who is muted."""
    async with context.reading() as tx:
        page = await mutes.standing(tx, context.viewer, press.first or None, PAGE, context.now)
        people = await members.by_ids(tx, [mute.member_id for mute in page.items])
    say = context.say
    entries = [
        say("{name} · until {moment} · {reason}", name=isolated(members.called(people.get(mute.member_id))),
            moment=say.moment(mute.until), reason=say(REASONS[Reason(mute.reason)]))
        for mute in page.items
    ]  # fmt: skip
    rows: list[Row] = [
        (Button(say("Lift: {name}", name=members.called(people.get(mute.member_id))), LiftMute(mute.id)),)
        for mute in page.items
    ]
    rows += turns(page, Muted)
    rows.append((Button(say("Back"), Open("reports")), Button(say("Menu"), Home())))
    title = f"<b>{say('Who is muted')}</b>"
    await context.show(Screen(lines([title, *(entries or [say("Nobody is muted.")])]), tuple(rows)))


async def lift(context: Context, press: LiftMute) -> None:
    """Let a muted member speak again."""
    async with context.transaction() as tx:
        await mutes.lift(tx, await context.myself(tx), press.mute, context.now)
    say = context.say
    await context.show(Screen(say("They can post again, and are told so."), (
        (Button(say("Who is muted"), Muted(0)), Button(say("Menu"), Home())),
    )))  # fmt: skip
