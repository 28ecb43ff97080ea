"""The look about between an answer and the next question: what it finds is kept together with the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from handlers.context import Context
from handlers.feature import guard
from handlers.forms import ALBUM, Answers, Dialogue, Form, Reply, Step
from handlers.language import Say
from handlers.prompts import Choose
from storage import dialogues as rows
from storage.dialogues import DialogueRow
from storage.refusals import Refusal

Ahead = tuple[int, Answers]
"""The answers as a look completed them, and at which revision of the form."""


async def look(context: Context, dialogues: Mapping[str, Dialogue], given: Choose | Reply) -> Ahead | None:
    """Let the step that is answered look about, outside any transaction, before one keeps the answer.

    Nothing has happened until then: after a crash the update comes again, and with it the look.
    """
    async with context.reading() as tx:
        row = await rows.current(tx, context.member.id)
        dialogue = dialogues.get(row.name) if row is not None else None
        step = dialogue.step(row.step) if row is not None and dialogue is not None else None
        if row is None or dialogue is None or step is None or step.enrich is None:
            return None
        guard(context, dialogue.needs)
        data = await dialogue.prepare(tx, context.viewer, row.answers)
    form = Form(row.answers, data, context.viewer, context.policy, context.now)
    try:
        answer = _answer(step, form, row, given, context)
    except Refusal:
        return None  # told where the answer is read again, to be kept
    album = {ALBUM: given.album} if isinstance(given, Reply) and given.album else {}
    return row.revision, await step.enrich(context, {**row.answers, **album, step.name: answer})


def taken(row: DialogueRow, ahead: Ahead | None) -> dict[str, Any] | None:
    """Return the answers as a look completed them, if the form still stands where it was looked from."""
    return dict(ahead[1]) if ahead is not None and ahead[0] == row.revision else None


def answers(step: Step | None, row: DialogueRow, reply: Reply, context: Context) -> bool:
    """Tell whether a message answers: edits of what was accepted do not, nor do other pictures of an album.

    A step that gathers takes those.
    """
    gathers = step is not None and step.gathers
    if reply.album and reply.album == row.answers.get(ALBUM) and not gathers:
        return False
    return not context.turn.update.edited_message or row.refused_message_id == context.message.message_id


def _answer(step: Step, form: Form, row: DialogueRow, given: Choose | Reply, context: Context) -> Any:
    if isinstance(given, Reply):
        if not answers(step, row, given, context):
            raise Refusal("button:old")
        return step.read(form, given)
    question = step.ask(form, Say("en"))
    offered = {option.value for option in question.options}
    if given.revision != row.revision or question.several or given.value not in offered:
        raise Refusal("button:old")
    return given.value
