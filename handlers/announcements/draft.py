"""The draft: one screen that shows an announcement as it will be read, for whom and when, with a way to change each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from handlers.announcements.describing import ROOM, Names, advice, besides, described, names_in, times_of
from handlers.announcements.fitting import fit, headed
from handlers.announcements.paying import price, way
from handlers.announcements.presses import (
    ChooseLabel,
    Discard,
    OpenAudience,
    OpenDraft,
    OpenLanguages,
    OpenMedia,
    OpenPoll,
    OpenTimes,
    Preview,
    Send,
    ShowMedia,
    Try,
    Urgent,
)
from handlers.announcements.reading import Album, Content, album_of, content_of, draw, draw_album
from handlers.buttons import Button, Row, columns
from handlers.context import Context, Policy
from handlers.feature import Notice
from handlers.forms import Answers
from handlers.language import Html, Say, capital, text
from handlers.presses import Home
from handlers.screens import LIMIT, Screen, length, lines
from storage import announcements
from storage.access import Action, Viewer, allowed
from storage.announcements import UNSENT, Announcement, LeftOut, Reach
from storage.database import Transaction
from storage.outbox import Facts, Lane, Promise, promise
from storage.refusals import Refusal

_REST = 900
"""What is left in a message for everything below the words but the audience."""
_LONGEST = 3340
"""Of a message's units, what words and a poll may take together."""


@dataclass(frozen=True)
class Drafted:
    """A draft, whom it reaches now, and what its audience is called."""

    row: Announcement
    reach: Reach
    names: Names
    digest: str


async def read(tx: Transaction, viewer: Viewer, announcement_id: int, now: datetime) -> Drafted:
    """Return a draft as it stands. Refusals: those of `own`."""
    return await drafted(tx, viewer, await own(tx, viewer, announcement_id), now)


async def own(tx: Transaction, viewer: Viewer, announcement_id: int) -> Announcement:
    """Return one's own draft. Refusals: `announcement:unknown`, `announcement:not-yours`, `announcement:sent`."""
    row = await announcements.by_id(tx, viewer, announcement_id)
    if row.author_id != viewer.id:
        raise Refusal("announcement:not-yours")
    if row.state not in UNSENT:
        raise Refusal("announcement:sent")
    return row


async def drafted(tx: Transaction, viewer: Viewer, row: Announcement, now: datetime) -> Drafted:
    """Return an announcement with what is found out about its audience."""
    reach = await announcements.reach(tx, row.meant, row.label, now, urgent=row.urgent)
    names = await names_in(tx, row.meant, viewer.language)
    return Drafted(row, reach, names, announcements.digest_of(row, reach.recipients)[: announcements.BOUND])


async def show(context: Context, press: OpenDraft) -> None:
    await show_again(context, press.announcement)


async def show_again(context: Context, announcement_id: int) -> None:
    """Show a draft in place of what was pressed."""
    async with context.reading() as tx:
        found = await read(tx, context.viewer, announcement_id, context.now)
    await context.show(drawn(found, context.say, context.policy))


def drawn(found: Drafted, say: Say, policy: Policy) -> Screen:
    """Return a draft: as it is read in its own language, and below what else there is to it."""
    row = found.row
    preview = draw(content_of(row, row.language), Say(row.language, say.zone), policy)
    room = min(ROOM, LIMIT - length(preview.html) - _REST)
    said = lines([preview.text, "\n".join(_facts(found, say, policy, room))])
    return Screen(said, _ways(found, say, policy), row.label)


def _facts(found: Drafted, say: Say, policy: Policy, room: int) -> list[str]:
    row, count = found.row, len(found.reach.recipients)
    whom = described(row.meant, found.names, say, room)
    facts = [f"<b>{say('Draft')} N-{row.id}</b>", say("For: {whom}", whom=whom)]
    facts += [*counted(found.reach, say), *advice(row, found.names, say)]
    if count and announcements.needs_release(row, count, policy.two_person_above):
        facts.append(say("A second administrator must release it."))
    facts += [*besides(row, say), *times_of(row, say)]
    facts += [_missing(found, say)] if lacking(found) else []
    return [fact for fact in [*facts, price(row, count, say, policy)] if fact]


def counted(reach: Reach, say: Say) -> list[str]:
    """Return how many would get it now, and how many are left out for which reasons."""
    count = len(reach.recipients)
    reached = say.many("It will be sent to {n} member.", "It will be sent to {n} members.", count)
    nobody = say("This audience is empty: nobody would get it. Choose another one.")
    return [reached if count else nobody, *_left_out(reach, say)]


LEFT_OUT = {
    LeftOut.PAUSED: text("on a break"),
    LeftOut.UNREACHABLE: text("cannot be reached"),
    LeftOut.LABEL: text("may not see this label"),
}


def _left_out(reach: Reach, say: Say) -> list[str]:
    if not reach.left_out:
        return []
    by_reason = Counter(reach.left_out.values())
    said = [f"{say(LEFT_OUT[why])}: {say.number(by_reason[why])}" for why in LeftOut if by_reason[why]]
    return [say("Left out: {reasons}", reasons=Html(", ".join(said)))]


def lacking(found: Drafted) -> dict[str, int]:
    """Return how many readers there are of each language in which there are no words."""
    return {code: n for code, n in sorted(found.reach.languages.items()) if code not in found.row.titles}


def _missing(found: Drafted, say: Say) -> Html:
    named = ", ".join(f"{say.language_name(code)} ({say.number(n)})" for code, n in lacking(found).items())
    return say("Not written for readers of: {languages}. They get another language, labelled.", languages=named)


def _ways(found: Drafted, say: Say, policy: Policy) -> tuple[Row, ...]:
    n = found.row.id
    parts = [
        Button(say("Words"), OpenLanguages(n)),
        Button(say("Audience"), OpenAudience(n)),
        Button(say("Label"), ChooseLabel(n)),
        Button(say("Attach"), OpenMedia(n)),
        Button(say("Poll"), OpenPoll(n)),
        Button(say("Schedule"), OpenTimes(n)),
    ]
    urgent = Button(say("Not urgent") if found.row.urgent else say("Urgent"), Urgent(n))
    trying = (Button(say("Preview"), Preview(n, found.row.language)), Button(say("Test to me"), Try(n)), urgent)
    send = (Button(say("Send"), Send(n, found.digest), style="success"),) if found.reach.recipients else ()
    last = (*send, Button(say("Discard"), Discard(n), style="danger"), Button(say("Menu"), Home()))
    return (*columns(parts, 3), trying, *way(found.row, say, policy), last)


async def load(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Drafted]:
    """Return a draft to its author."""
    found: dict[int, Drafted] = {}
    for viewer in viewers:
        if allowed(viewer, Action.ANNOUNCE):
            row = await announcements.by_id(tx, viewer, facts["announcement"])
            if row.author_id == viewer.id:
                found[viewer.id] = await drafted(tx, viewer, row, datetime.fromisoformat(facts["at"]))
    return found


DRAFT = Notice("announcement:draft", drawn, load)


def left(answers: Answers) -> tuple[str, Facts]:
    """Let the draft stand where a form about it was cancelled."""
    return DRAFT.name, {"announcement": answers["announcement"], "at": answers["at"]}


async def ask(context: Context, form: str, announcement_id: int, **answers: Any) -> None:
    """Open a form about one's own draft. Refusals: those of `own`."""
    async with context.reading() as tx:
        await own(tx, context.viewer, announcement_id)
    at = context.now.isoformat()
    await context.begin(form, {"announcement": announcement_id, "at": at, **answers})


async def promise_draft(context: Context, tx: Transaction, row: Announcement) -> None:
    """Let the draft be shown in place of the form that changed it.

    Refusal: `announcement:crowded` where its words and its poll do not fit into one message.
    """
    for language in row.titles if row.poll is not None else ():
        seen = draw(content_of(row, language), Say(language, context.say.zone), context.policy)
        if length(seen.html) > _LONGEST:
            raise Refusal("announcement:crowded")
    fit(row, context.policy)
    facts = {"announcement": row.id, "at": context.now.isoformat()}
    place = context.replaces
    await promise(tx, [Promise(context.member.id, DRAFT.name, facts, replaces=place)], context.now)


async def preview(context: Context, press: Preview) -> None:
    """Show how readers in a language see it, one after the other."""
    async with context.reading() as tx:
        found = await read(tx, context.viewer, press.announcement, context.now)
    row, say = found.row, context.say
    theirs = Say(press.language, say.zone) if press.language in context.policy.languages else say
    seen = draw(content_of(row, theirs.language), theirs, context.policy)
    others = [
        Button(capital(say.language_name(code)), Preview(row.id, code))
        for code in context.policy.languages
        if code != theirs.language
    ]
    head = say("As readers see it whose language is {language}:", language=say.language_name(theirs.language))
    back: Row = (Button(say("Back"), OpenDraft(row.id)),)
    before = ((Button(say("Show attached"), ShowMedia(row.id)),),) if row.apart else ()
    ways = (*columns(others, 3), *before, back)
    cost = price(row, len(found.reach.recipients), say, context.policy)
    await context.show(replace(headed(seen, f"<i>{head}</i>", *([cost] if cost else [])), buttons=ways))


async def try_it(context: Context, press: Try) -> None:
    """Send the draft to its author alone, as it would arrive."""
    async with context.transaction() as tx:
        me = await context.myself(tx)
        row = (await read(tx, me, press.announcement, context.now)).row
        facts = {"announcement": row.id}
        names = [TEST_ALBUM.name] * row.apart + [TEST.name]
        await promise(tx, [Promise(me.id, name, facts, Lane.LIVE) for name in names], context.now)
    await context.toast(context.say("It comes as a new message, to you alone."))


async def _load_test(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Content]:
    found: dict[int, Content] = {}
    for viewer in viewers:
        if allowed(viewer, Action.ANNOUNCE):
            row = await announcements.by_id(tx, viewer, facts["announcement"])
            found[viewer.id] = content_of(row, viewer.language)
    return found


def _draw_test(content: Content, say: Say, policy: Policy) -> Screen:
    seen = draw(content, say, policy)
    return replace(headed(seen, f"<i>{say('Test: only you get this.')}</i>"), buttons=())


async def _load_test_album(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Album]:
    announcing = [viewer for viewer in viewers if allowed(viewer, Action.ANNOUNCE)]
    return {v.id: album_of(await announcements.by_id(tx, v, facts["announcement"])) for v in announcing}


TEST = Notice("announcement:test", _draw_test, _load_test)
TEST_ALBUM = Notice("announcement:test-album", draw_album, _load_test_album)


async def send(context: Context, press: Send) -> None:
    """Send what was shown to those who were counted, or put it before a second administrator."""
    above = context.policy.two_person_above
    try:
        async with context.transaction() as tx:
            me = await context.myself(tx)
            fit(await announcements.edit(tx, me, press.announcement, context.now), context.policy)
            await announcements.submit(tx, me, press.announcement, press.digest, above, context.now, context.replaces)
    except Refusal as refusal:
        if refusal.reason == "announcement:moved":
            await show_again(context, press.announcement)
        raise


async def discard(context: Context, press: Discard) -> None:
    async with context.transaction() as tx:
        me = await context.myself(tx)
        await announcements.discard(tx, me, press.announcement, context.now)
    say = context.say
    await context.show(Screen(say("The draft was discarded."), ((Button(say("Menu"), Home()),),)))
