"""Attaching: pictures or documents that come with the words, and a poll of Telegram's own that is read."""

from __future__ import annotations

from dataclasses import dataclass

from telegram import Poll as Native

from handlers.announcements import draft
from handlers.announcements.describing import attached, polled
from handlers.announcements.fitting import fit
from handlers.announcements.presses import OpenDraft, OpenMedia, OpenPoll, ShowMedia
from handlers.buttons import Button, Press, Row
from handlers.context import Context
from handlers.forms import Answers, Dialogue, Form, Question, Reply, Step, about
from handlers.language import Html, Say, legible, text
from handlers.screens import Screen, lines
from storage import announcements
from storage.access import Action, Viewer
from storage.announcements import Announcement
from storage.announcements.media import Medium, check_album
from storage.announcements.poll import Poll
from storage.database import Transaction
from storage.refusals import Refusal


@dataclass(frozen=True)
class AddMedia(Press, prefix="ann.attach"):
    """Attach pictures or documents, beside what is attached already."""

    announcement: int


@dataclass(frozen=True)
class DropMedia(Press, prefix="ann.detach"):
    """Take away whatever is attached."""

    announcement: int


@dataclass(frozen=True)
class AddPoll(Press, prefix="ann.ask"):
    """Ask readers something, or something else."""

    announcement: int


@dataclass(frozen=True)
class DropPoll(Press, prefix="ann.unask"):
    """Ask them nothing."""

    announcement: int


async def media(context: Context, press: OpenMedia) -> None:
    """Show what is attached, and ask for it where nothing is."""
    async with context.reading() as tx:
        row = (await draft.read(tx, context.viewer, press.announcement, context.now)).row
    if not row.media:
        await draft.ask(context, MEDIA.name, row.id)
        return
    n, say = row.id, context.say
    what = say("Attached: {what}", what=attached(row, say))
    below = say("It goes before the words, in a message of its own.") if row.apart else say("The words stand below it.")
    more = (Button(say("Add more"), AddMedia(n)), Button(say("Remove all"), DropMedia(n), style="danger"))
    rows: tuple[Row, ...] = ((Button(say("Show attached"), ShowMedia(n)),), more, (Button(say("Back"), OpenDraft(n)),))
    await context.show(Screen(lines([what, below]), rows))


async def add_media(context: Context, press: AddMedia) -> None:
    await draft.ask(context, MEDIA.name, press.announcement)


async def drop_media(context: Context, press: DropMedia) -> None:
    async with context.transaction() as tx:
        row = await announcements.edit(tx, await context.myself(tx), press.announcement, context.now)
        row.media = []
        fit(row, context.policy)
    await draft.show_again(context, press.announcement)


async def show_media(context: Context, press: ShowMedia) -> None:
    """Send what is attached to somebody who looks at the announcement before others get it."""
    async with context.reading() as tx:
        row = await announcements.looked_at(tx, context.viewer, press.announcement)
    if row.media:
        files = tuple((medium["kind"], medium["file_id"]) for medium in row.media)
        await context.send(Screen("", label=row.label, media=files))


async def _attached(tx: Transaction, viewer: Viewer, answers: Answers) -> list[Medium]:
    return (await announcements.looked_at(tx, viewer, answers["announcement"])).media


def _ask_media(form: Form, say: Say) -> Question:
    asked = say(
        "Send pictures, or documents, up to 10 of one kind: alone or as an album. "
        "Words below them are not kept. Press Done then."
    )
    number = len(form.data) + len(form.answers.get("media") or ())
    so_far = say.many("{n} file is attached.", "{n} files are attached.", number) if number else None
    return Question(Html(lines([asked, so_far])))


def _read_media(form: Form, reply: Reply) -> Medium:
    if reply.photo is not None:
        found = {"kind": "photo", "file_id": reply.photo}
    elif reply.document is not None:
        found = {"kind": "document", "file_id": reply.document.file_id}
    else:
        raise Refusal("announcement:medium")
    check_album([*form.data, *(form.answers.get("media") or ()), found])
    return found


async def _attach(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> None:
    row = await announcements.edit(tx, viewer, answers["announcement"], context.now)
    files = [*row.media, *answers["media"]]
    check_album(files)
    row.media = files
    await draft.promise_draft(context, tx, row)


MEDIA = Dialogue(
    name="announcement-media",
    title=text("Attachments"),
    steps=(Step("media", text("Attachments"), _ask_media, _read_media, gathers=True),),
    finish=_attach,
    submit=text("Continue"),
    needs=Action.ANNOUNCE,
    prepare=_attached,
    left=draft.left,
    check=about("announcement", "at"),
    straight=True,
)


async def poll(context: Context, press: OpenPoll) -> None:
    """Show the poll, and ask for one where there is none."""
    async with context.reading() as tx:
        row = (await draft.read(tx, context.viewer, press.announcement, context.now)).row
    if row.poll is None:
        await draft.ask(context, POLL.name, row.id)
        return
    n, say = row.id, context.say
    change = (Button(say("Replace"), AddPoll(n)), Button(say("Remove"), DropPoll(n), style="danger"))
    await context.show(Screen(polled(Poll.of(row.poll), say), (change, (Button(say("Back"), OpenDraft(n)),))))


async def add_poll(context: Context, press: AddPoll) -> None:
    await draft.ask(context, POLL.name, press.announcement)


async def drop_poll(context: Context, press: DropPoll) -> None:
    async with context.transaction() as tx:
        row = await announcements.edit(tx, await context.myself(tx), press.announcement, context.now)
        _poll(row, None, context)
    await draft.show_again(context, press.announcement)


def _poll(row: Announcement, asked: Poll | None, context: Context) -> None:
    row.poll = None if asked is None else asked.facts()
    fit(row, context.policy)


def _ask_poll(_form: Form, say: Say) -> Question:
    return Question(
        say("Make a poll as you would anywhere in Telegram, with the paper clip, and send it here. No quiz, please.")
    )


def _read_poll(_form: Form, reply: Reply) -> dict[str, object]:
    if reply.poll is None:
        raise Refusal("announcement:poll")
    if reply.poll.type == Native.QUIZ:
        raise Refusal("announcement:quiz")
    options = tuple(legible(option.text) for option in reply.poll.options)
    question, several = legible(reply.poll.question), reply.poll.allows_multiple_answers
    return Poll(question, options, several=several, anonymous=reply.poll.is_anonymous).facts()


async def _keep_poll(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> None:
    row = await announcements.edit(tx, viewer, answers["announcement"], context.now)
    _poll(row, Poll.of(answers["poll"]), context)
    await draft.promise_draft(context, tx, row)


POLL = Dialogue(
    name="announcement-poll",
    title=text("Poll"),
    steps=(Step("poll", text("Poll"), _ask_poll, _read_poll),),
    finish=_keep_poll,
    submit=text("Continue"),
    needs=Action.ANNOUNCE,
    left=draft.left,
    check=about("announcement", "at"),
    straight=True,
)
