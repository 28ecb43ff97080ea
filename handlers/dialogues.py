"""Routes an answer to the step that asked; where a person stands lives in a table, so nothing is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from telegram import Message, Update
from telegram.ext import MessageHandler, filters

from handlers import ahead
from handlers.ahead import Ahead
from handlers.buttons import Button, Press
from handlers.context import TURN, Context, Deed, Policy
from handlers.errors import words
from handlers.feature import Handler, Notice, guard, notice, tap
from handlers.forms import ALBUM, SUMMARY, Answers, Dialogue, Form, Reply, Step
from handlers.language import Say
from handlers.presses import Begin, Home
from handlers.prompts import Choose, Go, prompt
from handlers.screens import Screen
from storage import dialogues as rows
from storage.access import Viewer
from storage.database import Transaction
from storage.dialogues import DialogueRow
from storage.outbox import Facts, Promise, last_copy, promise, will_replace
from storage.refusals import Refusal

PROMPT = "dialogue:prompt"
CANCELLED = "dialogue:cancelled"
_ALBUM_SETTLES = timedelta(seconds=1)
"""How long after a picture of an album the next one may come, so that one question follows all of them."""


class Dialogues:
    """All forms of the program, and the handlers and the notice that drive them."""

    def __init__(self, dialogues: Sequence[Dialogue], refusals: Mapping[str, str]) -> None:
        self._by_name = {dialogue.name: dialogue for dialogue in dialogues}
        if len(self._by_name) < len(dialogues):
            raise ValueError("two forms share a name")
        self._refusals = refusals

    def handlers(self) -> list[Handler]:
        """Return the handlers of buttons, of typed or sent answers, and of edited ones."""
        private = filters.ChatType.PRIVATE & ~filters.COMMAND & ~filters.StatusUpdate.ALL
        return [
            tap(Begin, self._begin),
            tap(Choose, self._choose),
            tap(Go, self._go),
            MessageHandler(private & filters.UpdateType.MESSAGES & _Answering(), self._answer),
        ]

    def notices(self) -> list[Notice]:
        """Return the notices that ask the next question and that say a form is closed."""
        return [Notice(PROMPT, self._render, self._load), notice(CANCELLED, _cancelled)]

    async def begin(
        self, context: Context, name: str, answers: Answers | None = None, *, first: Deed | None = None
    ) -> None:
        """Open the form `name`, or go on with it; given `answers` are not asked for.

        `first` is done before, in the same transaction. A form that has the given answers already stays where it is.

        Raises:
            Refusal: `form:open` while another form is unfinished, and whatever the form's `check` says.
        """
        dialogue = self._by_name[name]
        guard(context, dialogue.needs)
        async with context.transaction() as tx:
            if first is not None:
                await first(tx)
            row = await rows.current(tx, context.member.id, lock=True)
            if row is not None and row.name != name:
                raise Refusal("form:open", dialogue=row.name)
            asked = await last_copy(tx, _subject(context)) if row is not None else None
            given = dict(answers or {})
            if dialogue.check is not None:
                dialogue.check({**(row.answers if row else {}), **given}, context.policy)
            if row is None or {**row.answers, **given} != row.answers:
                row = await rows.begin(tx, context.member.id, name, dialogue.next_open(given), given, context.now)
            await _ask(tx, context, row)
        await context.strip(asked)

    async def go_over(self, context: Context, tx: Transaction, name: str, refusal: Refusal | None = None) -> None:
        """Open the form `name` in the transaction in which another one ends, or the same again with what was wrong."""
        row = await rows.begin(tx, context.member.id, name, self._by_name[name].next_open({}), {}, context.now)
        await _ask(tx, context, row, refusal)

    async def cancel(self, context: Context) -> str | None:
        """Close the open form and return its title, or None if there is none."""
        async with context.transaction() as tx:
            row = await rows.current(tx, context.member.id, lock=True)
            await rows.end(tx, context.member.id)
            asked = await last_copy(tx, _subject(context))
        if row is None:
            return None
        await context.strip(asked)
        return self._by_name[row.name].title

    async def _begin(self, context: Context, press: Begin) -> None:
        if press.dialogue not in self._by_name:
            raise Refusal("button:old")
        await self.begin(context, press.dialogue)

    async def _choose(self, context: Context, press: Choose) -> None:
        found = await ahead.look(context, self._by_name, press)
        last = None
        async with context.transaction() as tx:
            row, dialogue, form = await self._here(tx, context, press)
            step = dialogue.step(row.step)
            question = step.ask(form, Say("en")) if step else None
            if step is None or question is None or press.value not in {o.value for o in question.options}:
                raise Refusal("button:old")
            if question.several:
                ticked = list(row.answers.get(step.name) or ())
                ticked = [v for v in ticked if v != press.value] if press.value in ticked else [*ticked, press.value]
                rows.move(row, row.step, {**row.answers, step.name: ticked}, context.now)
            else:
                answers = ahead.taken(row, found) or {**row.answers, step.name: press.value}
                self._advance(row, dialogue, answers, context)
            last = await self._go_on(tx, context, row, form.viewer)
        if last is not None:
            await context.show(last)

    async def _go(self, context: Context, press: Go) -> None:
        over, last = False, None
        async with context.transaction() as tx:
            row, dialogue, form = await self._here(tx, context, press)
            if press.to == "cancel":
                await rows.end(tx, context.member.id)
                name, facts = dialogue.left(row.answers) if dialogue.left else (CANCELLED, {"title": dialogue.title})
                await promise(tx, [Promise(context.member.id, name, facts, replaces=context.replaces)], context.now)
            elif press.to == "submit" and row.step == SUMMARY:
                await rows.end(tx, context.member.id)
                last = await dialogue.finish(context, tx, form.viewer, row.answers)
                over = last is None and not await will_replace(tx, context.member.id, context.replaces)
            else:
                self._move(row, dialogue, form, press.to, context)
                last = await self._go_on(tx, context, row, form.viewer)
        if last is not None:
            await context.show(last)
        elif over:
            await context.close()

    def _move(self, row: DialogueRow, dialogue: Dialogue, form: Form, to: str, context: Context) -> None:
        names = [step.name for step in dialogue.in_turn(row.answers)]
        here = names.index(row.step) if row.step in names else len(names)
        step = dialogue.step(row.step)
        edited = row.reviewing and row.step not in (SUMMARY, dialogue.next_open(row.answers))
        if to == "back" and edited:
            rows.move(row, dialogue.next_open(row.answers), row.answers, context.now)
        elif to == "back" and here > 0:
            rows.move(row, names[here - 1], row.answers, context.now)
        elif to == "skip" and step is not None and step.optional:
            self._advance(row, dialogue, {**row.answers, row.step: None}, context)
        elif to == "done" and step is not None and (step.gathers or step.ask(form, Say("en")).several):
            self._advance(row, dialogue, {**row.answers, row.step: row.answers.get(row.step) or []}, context)
        elif row.step == SUMMARY and to in (edits := {f"edit.{n}": s.name for n, s in enumerate(dialogue.steps)}):
            row.reviewing = True
            rows.move(row, edits[to], row.answers, context.now)
        else:
            raise Refusal("button:old")

    async def _answer(self, _update: Update, context: Context) -> None:
        reply = Reply.of(context.message)
        found = await ahead.look(context, self._by_name, reply)
        async with context.transaction() as tx:
            row = await rows.current(tx, context.member.id, lock=True)
            if row is None or not ahead.answers(self._step(row), row, reply, context):
                return
            if reply.album:
                row.answers = {**row.answers, ALBUM: reply.album}
            asked = await last_copy(tx, _subject(context))
            last = await self._read(tx, context, row, reply, found)
        await context.strip(asked)
        if last is not None:
            await context.show(last)

    async def _read(
        self, tx: Transaction, context: Context, row: DialogueRow, reply: Reply, found: Ahead | None
    ) -> Screen | None:
        dialogue, form = await self._form(tx, context, row)
        step = dialogue.step(row.step)
        gathers = step is not None and step.gathers
        wait = _ALBUM_SETTLES if gathers and reply.album else timedelta()
        try:
            if step is None:
                raise Refusal("answer:choose")  # noqa: TRY301 - the summary reads nothing
            answers = ahead.taken(row, found) or {**row.answers, step.name: step.read(form, reply)}
        except Refusal as refusal:
            row.refused_message_id = context.message.message_id
            row.revision += 1
            await _ask(tx, context, row, refusal, wait)
            return None
        if gathers:
            answers[row.step] = [*(row.answers.get(row.step) or ()), answers[row.step]]
            rows.move(row, row.step, answers, context.now)
            await _ask(tx, context, row, wait=wait)
            return None
        self._advance(row, dialogue, answers, context)
        return await self._go_on(tx, context, row, form.viewer)

    async def _go_on(self, tx: Transaction, context: Context, row: DialogueRow, viewer: Viewer) -> Screen | None:
        """Ask what is next; a straight form ends with its last answer instead, and what it returns is shown."""
        dialogue = self._by_name[row.name]
        if not dialogue.straight or row.step != SUMMARY:
            await _ask(tx, context, row)
            return None
        await rows.end(tx, context.member.id)
        return await dialogue.finish(context, tx, viewer, row.answers)

    def _advance(self, row: DialogueRow, dialogue: Dialogue, answers: dict[str, Any], context: Context) -> None:
        names = [step.name for step in dialogue.in_turn(answers)]
        following = names[names.index(row.step) + 1 :] if row.step in names else []
        # After an edit from the summary only what the new answer opened is asked.
        to = dialogue.next_open(answers) if row.reviewing or not following else following[0]
        rows.move(row, to, answers, context.now)

    def _step(self, row: DialogueRow) -> Step | None:
        return self._by_name[row.name].step(row.step)

    async def _here(self, tx: Transaction, context: Context, press: Press) -> tuple[DialogueRow, Dialogue, Form]:
        row = await rows.current(tx, context.member.id, lock=True)
        if row is None or row.revision != getattr(press, "revision", None):
            asked = await last_copy(tx, _subject(context))
            raise Refusal("button:again" if asked == context.replaces else "button:old")
        dialogue, form = await self._form(tx, context, row)
        return row, dialogue, form

    async def _form(self, tx: Transaction, context: Context, row: DialogueRow) -> tuple[Dialogue, Form]:
        dialogue = self._by_name[row.name]
        guard(context, dialogue.needs)
        await dialogue.hold(tx, context.member.id, row.answers)
        viewer = await context.myself(tx)
        data = await dialogue.prepare(tx, viewer, row.answers)
        return dialogue, Form(row.answers, data, viewer, context.policy, context.now, row.reviewing)

    async def _load(self, tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Any]:
        found: dict[int, Any] = {}
        for viewer in viewers:
            row = await rows.current(tx, viewer.id)
            if row is not None and row.revision == facts["revision"]:
                data = await self._by_name[row.name].prepare(tx, viewer, row.answers)
                found[viewer.id] = (facts, row, viewer, data)
        return found

    def _render(self, content: tuple[Facts, DialogueRow, Viewer, Any], say: Say, policy: Policy) -> Screen:
        facts, row, viewer, data = content
        refusal = Refusal(facts["refusal"], **facts["refusal_facts"]) if facts.get("refusal") else None
        problem = words(self._refusals, refusal, say) if refusal else None
        form = Form(row.answers, data, viewer, policy, row.expires_at - rows.LIFETIME, row.reviewing)
        return prompt(self._by_name[row.name], row.step, form, row.revision, problem, say)


class _Answering(filters.MessageFilter):
    """Lets a message through while its sender has a form open, as the gate found."""

    def filter(self, message: Message) -> bool:  # noqa: ARG002 - the turn knows the message
        return TURN.get().in_form


async def _ask(
    tx: Transaction, context: Context, row: DialogueRow, refusal: Refusal | None = None, wait: timedelta = timedelta()
) -> None:
    """Ask what is next after a while; once the form has gone on, what still waits to be asked is not."""
    await tx.flush()
    facts: Facts = {"revision": row.revision}
    if refusal is not None:
        facts |= {"refusal": refusal.reason, "refusal_facts": refusal.facts}
    now = context.now
    asked = Promise(
        context.member.id, PROMPT, facts, subject=_subject(context), replaces=context.replaces, due_at=now + wait
    )
    await promise(tx, [asked], now)


def _subject(context: Context) -> str:
    """Name the questions of one person, so that the last one can be found again."""
    return f"dialogue:{context.member.id}"


def _cancelled(facts: Facts, say: Say, _policy: Policy) -> Screen:
    return cancelled(facts["title"], say)


def cancelled(title: str, say: Say) -> Screen:
    """Return what a person reads after closing the form called `title`."""
    return Screen(
        say("Cancelled: {title}. Nothing of it was kept.", title=say(title)), ((Button(say("Menu"), Home()),),)
    )
