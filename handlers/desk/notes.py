"""Notes: what an editor says on top of an issue, in each language."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.buttons import Button, Press, Row
from handlers.context import Context
from handlers.desk import answers as asked
from handlers.desk.issue import Notes, OpenIssue, fell_away, heading, label_of, read
from handlers.desk.words import tongue
from handlers.forms import Answers, Dialogue, Form, Question, Reply, Step, about
from handlers.language import Html, Say, text
from handlers.presses import Home
from handlers.screens import Screen, lines
from storage.access import Action, Viewer
from storage.database import Transaction
from storage.digests import board, signing
from storage.digests.board import Board
from storage.lengths import units
from storage.refusals import Refusal

LONGEST, FORMATTED = 800, 30
"""Of a note, in Telegram's units, and its formatted places: it stands in a message with much else."""


@dataclass(frozen=True)
class WriteNote(Press, prefix="desk.note"):
    """Write the note of an issue in a language."""

    number: int
    language: str


@dataclass(frozen=True)
class DropNote(Press, prefix="desk.note.no"):
    """Remove the note of an issue in a language."""

    number: int
    language: str


async def notes(context: Context, press: Notes) -> None:
    found = await read(context, press.number)
    await context.show(_notes(found, context.policy.languages, None, context.say))


def _notes(found: Board, languages: tuple[str, ...], done: Html | None, say: Say) -> Screen:
    written = dict(found.note)
    shown = [f"<i>{tongue(code, say)}</i>\n{html}" for code, html in found.note]
    rows: list[Row] = []
    for code in dict.fromkeys((*languages, *written)):
        label = say("Write: {language}", language=say.language_name(code))
        write = [Button(label, WriteNote(found.number, code))] if code in languages else []
        remove = Button(say("Remove: {language}", language=say.language_name(code)), DropNote(found.number, code))
        rows.append((*write, *([remove] if code in written else [])))
    rows.append((Button(say("Back"), OpenIssue(found.number)), Button(say("Menu"), Home())))
    about_it = say("The editor’s note stands on top of every member’s digest, in the language they read.")
    body = lines([heading(found, say), done, about_it, *(shown or [say("There is no note yet.")])])
    return Screen(body, tuple(rows), label_of(found))


async def write_note(context: Context, press: WriteNote) -> None:
    if press.language not in context.policy.languages:
        raise Refusal("button:old")
    await read(context, press.number)
    await context.begin("desk-note", {"number": press.number, "language": press.language})


def _ask_note(form: Form, say: Say) -> Question:
    language = say.language_name(form.answers["language"])
    words = say(
        "Write the note for No. {number}. Language: {language}. At most {most} characters; bold, italic, links and "
        "quotes stay as you format them.",
        number=form.answers["number"],
        language=language,
        most=LONGEST,
    )
    return Question(Html(lines([words, say(asked.MIND)])))


def _read_note(_form: Form, reply: Reply) -> str:
    if reply.text is None or reply.html is None:
        raise Refusal("answer:text")
    if units(reply.text) > LONGEST:
        raise Refusal("answer:long", limit=LONGEST)
    if reply.entities > FORMATTED:
        raise Refusal("desk:formatted", limit=FORMATTED)
    return reply.html


async def _finish_note(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> Screen:
    return await _noted(context, tx, viewer, int(answers["number"]), answers["language"], answers["note"])


async def _noted(
    context: Context, tx: Transaction, viewer: Viewer, number: int, language: str, html: str | None
) -> Screen:
    editing, say = context.policy.editing, context.say
    fell = await signing.write_note(tx, viewer, number, language, html, editing, context.now)
    found = await board.board(tx, viewer, number, editing, context.now)
    return _notes(found, context.policy.languages, fell_away(fell, say), say)


async def drop_note(context: Context, press: DropNote) -> None:
    async with context.transaction() as tx:
        me = await context.myself(tx)
        shown = await _noted(context, tx, me, press.number, press.language, None)
    await context.show(shown)


NOTE = Dialogue(
    name="desk-note",
    title=text("Note of the digest"),
    steps=(Step("note", text("Editor’s note"), _ask_note, _read_note),),
    finish=_finish_note,
    submit=text("Save"),
    needs=Action.EDIT,
    check=about("number", "language"),
    straight=True,
)
