"""Correcting and retracting: a form shows before anything leaves what changes, and for how many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from handlers.announcements.compose import TEXT_STEP, TITLE_STEP
from handlers.announcements.fitting import fits, reworded
from handlers.announcements.presses import Correct, OpenReport, Retract
from handlers.announcements.progress import PROGRESS
from handlers.announcements.reading import Content, content_of, contents, draw
from handlers.buttons import Button, Press, Row
from handlers.context import Context, Policy
from handlers.feature import Notice
from handlers.forms import Answers, Dialogue, Form, Question, Reply, Step, about, line
from handlers.language import Html, Say, capital, text
from handlers.presses import Home
from handlers.screens import Screen, lines
from storage import announcements
from storage.access import Action, Viewer
from storage.announcements import Announcement, Progress, RevisionState
from storage.database import Transaction
from storage.outbox import Facts
from storage.refusals import Refusal
from storage.tlp import Label

REASON = 300


@dataclass(frozen=True)
class Reword(Press, prefix="ann.reword"):
    """Write the words in a language as they should have been."""

    announcement: int
    language: str


@dataclass(frozen=True)
class Held:
    """An announcement that readers have, and how many of them."""

    row: Announcement
    progress: Progress


async def correct(context: Context, press: Correct) -> None:
    """Ask in which language the words are to be corrected."""
    async with context.reading() as tx:
        row = await announcements.looked_at(tx, context.viewer, press.announcement)
    say = context.say
    titles = [say("{language}: “{title}”", language=_named(code, say), title=row.titles[code]) for code in row.titles]
    head = say("Which words of announcement <code>N-{number}</code> are wrong?", number=row.id)
    rows: list[Row] = [
        (Button(say("Correct: {what}", what=_named(code, say)), Reword(row.id, code)),) for code in row.titles
    ]
    back: Row = (Button(say("Back"), OpenReport(row.id)),)
    await context.show(Screen(lines([f"<b>{head}</b>", "\n".join(titles)]), (*rows, back), row.label))


def _named(code: str, say: Say) -> str:
    return capital(say.language_name(code))


async def reword(context: Context, press: Reword) -> None:
    async with context.reading() as tx:
        row = await announcements.looked_at(tx, context.viewer, press.announcement)
    if press.language not in row.titles:
        raise Refusal("button:old")
    await context.begin(CORRECTION.name, {"announcement": row.id, "language": press.language})


async def _held(tx: Transaction, viewer: Viewer, answers: Answers) -> Held:
    row = await announcements.looked_at(tx, viewer, answers["announcement"])
    return Held(row, await announcements.progress_of(tx, row))


def _ask_title(form: Form, say: Say) -> Question:
    title = form.data.row.titles[form.answers["language"]]
    return Question(say("The right title? It is now: {title}\n\nSkip it to leave it as it is.", title=title))


def _ask_text(_form: Form, say: Say) -> Question:
    return Question(say("The right text, all of it? Skip it to leave it as it is."))


def _words(row: Announcement, answers: Answers) -> tuple[str, str]:
    """Return title and text as they will be."""
    language = answers["language"]
    return answers.get("title") or row.titles[language], answers.get("text") or row.texts[language]


def _summary(form: Form, say: Say) -> Screen:
    row, language = form.data.row, form.answers["language"]
    seen = _corrected(row, language, _words(row, form.answers), say, form.policy)
    parts = [say("title") if form.answers.get("title") else None, say("text") if form.answers.get("text") else None]
    changed = ", ".join(part for part in parts if part)
    facts = [
        say("Changed: {parts}. Label, readers and attachments stay.", parts=changed) if changed else None,
        *_counted(form.data.progress, say),
        say("A second administrator must release it.") if row.released_by is not None else None,
    ]
    head = say("Correction of <code>N-{number}</code>", number=row.id)
    said = "\n".join(fact for fact in [f"<b>{head}</b>", *facts] if fact)
    return Screen(lines([seen.text, said]), label=row.label)


def _corrected(row: Announcement, language: str, words: tuple[str, str], say: Say, policy: Policy) -> Screen:
    content = replace(content_of(row, language), version=row.version + 1, media=())
    return draw(reworded(content, {language: words}), Say(language, say.zone), policy)


def _counted(progress: Progress, say: Say) -> list[Html]:
    return [
        say.many("{n} reader has it.", "{n} readers have it.", progress.sent),
        *([say.many("{n} copy still waits.", "{n} copies still wait.", progress.left)] if progress.left else []),
    ]


async def _finish(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> Screen | None:
    number, language, now = answers["announcement"], answers["language"], context.now
    row = await announcements.looked_at(tx, viewer, number)
    words = _words(row, answers)
    if row.media and not row.apart and not fits(row, context.policy, {language: words}):
        raise Refusal("announcement:caption")
    revision = await announcements.correct(tx, viewer, number, language, words, now, context.replaces)
    if revision.state is RevisionState.AWAITING:
        return None
    done = context.say("Corrected. Whoever has it finds the right words in its place; the report counts them.")
    return Screen(done, _onward(number, context.say))


def _onward(number: int, say: Say) -> tuple[Row, ...]:
    return ((Button(say("Report on sending"), OpenReport(number)), Button(say("Menu"), Home())),)


def _left(answers: Answers) -> tuple[str, Facts]:
    """Let the announcement's progress stand where a form about it was cancelled."""
    return PROGRESS.name, {"announcement": answers["announcement"]}


CORRECTION = Dialogue(
    name="announcement-fix",
    title=text("Correction"),
    steps=(
        replace(TITLE_STEP, ask=_ask_title, optional=True),
        replace(TEXT_STEP, ask=_ask_text, optional=True),
    ),
    finish=_finish,
    submit=text("Correct it"),
    needs=Action.ANNOUNCE,
    prepare=_held,
    summary=_summary,
    left=_left,
    check=about("announcement", "language"),
)


async def retract(context: Context, press: Retract) -> None:
    async with context.reading() as tx:
        await announcements.looked_at(tx, context.viewer, press.announcement)
    await context.begin(RETRACTION.name, {"announcement": press.announcement})


def _ask_reason(_form: Form, say: Say) -> Question:
    return Question(say("Why is it taken back? Its readers are told so. Skip it to give no reason."))


def _read_reason(form: Form, reply: Reply) -> str:
    return line(REASON)(form, reply)


def _last_look(form: Form, say: Say) -> Screen:
    row, reason = form.data.row, form.answers.get("reason")
    head = say("Retract announcement <code>N-{number}</code>?", number=row.id)
    parts = [
        f"<b>{head}</b>",
        say("{title}", title=row.title),
        "\n".join(_counted(form.data.progress, say)),
        say("Reason: {reason}", reason=reason) if reason else None,
        say("Its text and what is attached go from every chat as far as Telegram allows. This cannot be undone."),
    ]
    return Screen(lines(parts), label=row.label)


async def _take_back(context: Context, tx: Transaction, viewer: Viewer, answers: Answers) -> Screen:
    number = answers["announcement"]
    await announcements.retract(tx, viewer, number, answers.get("reason"), context.now)
    done = context.say("Retracted. It is being taken back from its readers; the report counts them.")
    return Screen(done, _onward(number, context.say))


RETRACTION = Dialogue(
    name="announcement-retract",
    title=text("Retraction"),
    steps=(Step("reason", text("Reason"), _ask_reason, _read_reason, optional=True),),
    finish=_take_back,
    submit=text("Retract it"),
    needs=Action.ANNOUNCE,
    style="danger",
    prepare=_held,
    summary=_last_look,
    left=_left,
    check=about("announcement"),
)


async def _load_corrected(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Content]:
    return await contents(tx, *await announcements.corrected(tx, facts["announcement"], viewers), viewers)


def _draw_corrected(content: Content, say: Say, policy: Policy) -> Screen:
    return replace(draw(content, say, policy), in_place=True)


@dataclass(frozen=True)
class Gone:
    """An announcement that holds no more; `title` and `reason` are for who may still read it."""

    number: int
    label: Label
    title: str | None = None
    reason: str | None = None


async def _load_gone(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Gone]:
    row, told = await announcements.retracted(tx, facts["announcement"], viewers)
    if row is None:
        return {}
    gone = Gone(row.id, row.label)
    return {
        v.id: replace(gone, title=content_of(row, v.language).title, reason=row.reason)
        if announcements.may_read(v, row)
        else gone
        for v in viewers
        if v.id in told
    }


def _draw_gone(gone: Gone, say: Say, policy: Policy) -> Screen:
    named = say("“{title}”", title=gone.title) if gone.title else None
    over = say(
        "Announcement <code>N-{number}</code> of {network} was retracted. It holds no more: please do not pass it on.",
        number=gone.number, network=policy.network,
    )  # fmt: skip
    why = say("Reason: {reason}", reason=gone.reason) if gone.reason else None
    return Screen(lines([over, named, why]), ((Button(say("Menu"), Home()),),), gone.label, in_place=True)


FIX = Notice("announcement:fix", _draw_corrected, _load_corrected, landed=announcements.moved)
GONE = Notice("announcement:retracted", _draw_gone, _load_gone)
