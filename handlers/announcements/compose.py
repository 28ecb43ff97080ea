"""Composing: a form asks for the words and the label; the draft is then completed on its own screen."""

from __future__ import annotations

from handlers.announcements import draft
from handlers.announcements.presses import ChooseLabel, DropWords, OpenDraft, OpenLanguages, WriteWords
from handlers.buttons import Button, Row
from handlers.context import Context
from handlers.forms import Answers, Dialogue, Form, Option, Question, Reply, Step, about, line
from handlers.language import Say, capital, isolated, text
from handlers.screens import Screen, lines
from handlers.vocabulary import MEANINGS, ask_label
from storage import announcements
from storage.access import Action, Viewer
from storage.announcements import Announcement
from storage.database import Transaction
from storage.lengths import units
from storage.refusals import Refusal
from storage.tlp import Label

LONGEST, FORMATTED, TITLE = 2800, 80, 120
"""Of a message's 4096 units and 100 entities, what is left for the words themselves."""
MEANT = {
    **MEANINGS,
    Label.AMBER: text("only members of organisations that you name"),
    Label.AMBER_STRICT: text("strictly members of one organisation that you name"),
}
LABELS = (Label.CLEAR, Label.GREEN, Label.AMBER, Label.AMBER_STRICT)


async def announce(context: Context) -> None:
    await context.begin("announcement")


def _ask_title(_form: Form, say: Say) -> Question:
    return Question(say("The title of the announcement?"))


def _ask_text(_form: Form, say: Say) -> Question:
    return Question(say("The text? Bold, italic, links and quotes stay as you format them."))


def _read_text(_form: Form, reply: Reply) -> str:
    if reply.text is None or reply.html is None:
        raise Refusal("answer:text")
    if units(reply.text) > LONGEST:
        raise Refusal("answer:long", limit=LONGEST)
    if reply.entities > FORMATTED:
        raise Refusal("announcement:formatted", limit=FORMATTED)
    return reply.html


def _ask_label(form: Form, say: Say) -> Question:
    asked = say("Which Traffic Light Protocol label does it carry? Above TLP:GREEN it is for organisations you name.")
    return ask_label(asked, [label for label in LABELS if label.rank <= form.policy.max_label.rank], say, MEANT)


def _ask_language(form: Form, say: Say) -> Question:
    options = tuple(Option(capital(say.language_name(code)), code) for code in form.policy.languages)
    return Question(say("In which language do you write?"), options)


def _show_words(_form: Form, _say: Say, answer: str) -> str:
    return isolated(answer)


def _show_html(_form: Form, _say: Say, answer: str) -> str:
    return answer


TITLE_STEP = Step("title", text("Title"), _ask_title, line(TITLE), _show_words)
TEXT_STEP = Step("text", text("Text"), _ask_text, _read_text, _show_html)
LABEL_STEP = Step("label", text("Label"), _ask_label)


async def _begin(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> None:
    label, now = Label[answers["label"]], context.now
    row = await announcements.begin(tx, viewer, answers["language"], answers["title"], answers["text"], label, now)
    await draft.promise_draft(context, tx, row)


ANNOUNCEMENT = Dialogue(
    name="announcement",
    title=text("Announcement"),
    steps=(Step("language", text("Language"), _ask_language), TITLE_STEP, TEXT_STEP, LABEL_STEP),
    finish=_begin,
    submit=text("Continue"),
    needs=Action.ANNOUNCE,
    straight=True,
)


async def languages(context: Context, press: OpenLanguages) -> None:
    """Show in which languages a draft is written, and which its readers would miss."""
    async with context.reading() as tx:
        found = await draft.read(tx, context.viewer, press.announcement, context.now)
    await context.show(_languages(found.row, draft.lacking(found), context))


def _languages(row: Announcement, missing: dict[str, int], context: Context) -> Screen:
    say = context.say
    written = [
        say("{language}: “{title}”", language=_named(code, say), title=title) for code, title in row.titles.items()
    ]
    lacking = [
        say.many(
            "{language}: {n} reader gets the closest version, labelled",
            "{language}: {n} readers get the closest version, labelled",
            number,
            language=_named(code, say),
        )
        for code, number in missing.items()
    ]
    codes = list(dict.fromkeys([*row.titles, *context.policy.languages, *missing]))
    rows: list[Row] = []
    for code in codes:
        name = _named(code, say)
        label = say("Edit: {what}", what=name) if code in row.titles else say("Add: {what}", what=name)
        dropped = code in row.titles and code != row.language
        drop = (Button(say("Remove"), DropWords(row.id, code), style="danger"),) if dropped else ()
        rows.append((Button(label, WriteWords(row.id, code)), *drop))
    rows.append((Button(say("Back"), OpenDraft(row.id)),))
    head = say("Languages of announcement <code>N-{number}</code>", number=row.id)
    return Screen(lines([f"<b>{head}</b>", "\n".join([*written, *lacking])]), tuple(rows), row.label)


def _named(code: str, say: Say) -> str:
    return capital(say.language_name(code))


async def write_words(context: Context, press: WriteWords) -> None:
    async with context.reading() as tx:
        row = (await draft.read(tx, context.viewer, press.announcement, context.now)).row
    if press.language not in {*row.titles, *context.policy.languages}:
        raise Refusal("button:old")
    await draft.ask(context, "announcement-words", row.id, language=press.language)


async def drop_words(context: Context, press: DropWords) -> None:
    async with context.transaction() as tx:
        me = await context.myself(tx)
        row = await announcements.edit(tx, me, press.announcement, context.now)
        if press.language == row.language:
            raise Refusal("button:old")
        row.titles = {code: said for code, said in row.titles.items() if code != press.language}
        row.texts = {code: said for code, said in row.texts.items() if code != press.language}
    await languages(context, OpenLanguages(press.announcement))


async def _write(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> None:
    row = await announcements.edit(tx, viewer, answers["announcement"], context.now)
    row.titles = {**row.titles, answers["language"]: answers["title"]}
    row.texts = {**row.texts, answers["language"]: answers["text"]}
    await draft.promise_draft(context, tx, row)


WORDS = Dialogue(
    name="announcement-words",
    title=text("Words"),
    steps=(TITLE_STEP, TEXT_STEP),
    finish=_write,
    submit=text("Continue"),
    needs=Action.ANNOUNCE,
    left=draft.left,
    check=about("announcement", "at", "language"),
    straight=True,
)


async def choose_label(context: Context, press: ChooseLabel) -> None:
    await draft.ask(context, "announcement-label", press.announcement)


async def _mark(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> None:
    row = await announcements.edit(tx, viewer, answers["announcement"], context.now)
    row.label = Label[answers["label"]]
    await draft.promise_draft(context, tx, row)


LABEL = Dialogue(
    name="announcement-label",
    title=text("Label"),
    steps=(LABEL_STEP,),
    finish=_mark,
    submit=text("Continue"),
    needs=Action.ANNOUNCE,
    left=draft.left,
    check=about("announcement", "at"),
    straight=True,
)
