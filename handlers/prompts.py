"""How a form reads: the question with its options, the summary with Edit, Back and Cancel everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

from handlers.buttons import Button, Press, Row, columns
from handlers.forms import Dialogue, Form, Question, Step
from handlers.language import Html, Say
from handlers.screens import Screen, lines


@dataclass(frozen=True)
class Choose(Press, prefix="q"):
    """An option of the question that revision `revision` of the form asked."""

    revision: int
    value: str


@dataclass(frozen=True)
class Go(Press, prefix="go"):
    """A move in the form: `back`, `skip`, `done`, `cancel`, `submit`, or `edit.<number of the step>`."""

    revision: int
    to: str


def prompt(dialogue: Dialogue, step_name: str, form: Form, revision: int, problem: str | None, say: Say) -> Screen:
    """Return the screen of the step where the form stands; `problem` says why the last answer was refused."""
    step = dialogue.step(step_name)
    if step is None:
        return _summary(dialogue, form, revision, say)
    question = step.ask(form, say)
    text = lines([f"<i>{_place(dialogue, step, form, say)}</i>", problem and f"⚠️ {problem}", question.text])
    first = not form.reviewing and dialogue.visible(form.answers)[0] is step
    options = _options(question, form.answers.get(step.name), revision)
    if question.several or step.gathers:
        options.append((Button(say("Done"), Go(revision, "done"), style="primary"),))
    return Screen(text, (*options, *_moves(step, form, revision, say, first)))


def _place(dialogue: Dialogue, step: Step, form: Form, say: Say) -> Html:
    steps = dialogue.in_turn(form.answers)
    if step not in steps:
        return say("{title} · {what}", title=say(dialogue.title), what=say(step.title))
    return say("{title} · {k} of {n}", title=say(dialogue.title), k=steps.index(step) + 1, n=len(steps))


def _options(question: Question, answer: Any, revision: int) -> list[Row]:
    ticked = set(answer or ()) if question.several else set()
    buttons = [
        Button(f"✓ {o.label}" if o.value in ticked else o.label, Choose(revision, o.value), style=o.style)
        for o in question.options
    ]
    return columns(buttons, question.columns)


def _moves(step: Step, form: Form, revision: int, say: Say, first: bool) -> list[Row]:  # noqa: FBT001
    row = [] if first else [Button(say("Back"), Go(revision, "back"))]
    if step.optional:
        row.append(Button(say("Skip") if step.asked(form.answers) else say("Leave empty"), Go(revision, "skip")))
    row.append(Button(say("Cancel"), Go(revision, "cancel")))
    return [tuple(row)]


def _summary(dialogue: Dialogue, form: Form, revision: int, say: Say) -> Screen:
    steps = dialogue.visible(form.answers)
    buttons = [
        Button(say("Edit: {what}", what=say(step.title)), Go(revision, f"edit.{dialogue.steps.index(step)}"))
        for step in steps
    ]
    last: Row = (
        Button(say(dialogue.submit), Go(revision, "submit"), style=dialogue.style),
        Button(say("Cancel"), Go(revision, "cancel")),
    )
    shown = dialogue.summary(form, say) if dialogue.summary else Screen(_answers(dialogue, steps, form, say))
    return Screen(shown.text, (*columns(buttons, 2), last), shown.label)


def _answers(dialogue: Dialogue, steps: list[Step], form: Form, say: Say) -> Html:
    rows = [f"<b>{say(dialogue.title)}</b>", say("Please read it once more. Nothing is sent before you submit.")]
    rows += [f"{say(step.title)}: {shown(step, form, say)}" for step in steps]
    return Html("\n".join([rows[0], rows[1], "", *rows[2:]]))


def shown(step: Step, form: Form, say: Say) -> str:
    """Return an answer as the summary says it; a skipped one is a dash."""
    answer = form.answers.get(step.name)
    if answer in (None, "", []):
        return "–"
    return step.show(form, say, answer) if step.show else escape(str(answer), quote=False)
