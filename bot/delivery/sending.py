"""Sending: one letter to Telegram, as a new message or in place of an old one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.delivery.outcome import Kind, Outcome, of_answer, of_failure
from bot.delivery.rendering import Letter
from bot.transport import NO_ANSWER, Answer, Wire
from storage import posts


async def send(wire: Wire, letter: Letter) -> Outcome:
    """Send one letter and return how it ended; never raises for what the network does."""
    if letter.replaces is not None:
        outcome = await _replaced(wire, letter, letter.replaces)
        if outcome is not None:
            return outcome
    try:
        answer = await wire.call(*_message(letter))
    except NO_ANSWER as error:
        return of_failure(error)
    outcome = of_answer(answer)
    if outcome.kind is Kind.SENT and letter.row.thread_id is not None and _strayed(answer, letter.row.thread_id):
        return replace(outcome, kind=Kind.REJECTED, reason=posts.ELSEWHERE)
    return outcome


def _strayed(answer: Answer, thread_id: int) -> bool:
    """Tell whether Telegram put a message into another thread than was asked: it has been seen to do so."""
    return bool(answer.body["result"].get("message_thread_id") != thread_id)


async def _replaced(wire: Wire, letter: Letter, message_id: int) -> Outcome | None:
    # Whatever became of an edit or a deletion, the next one finds the same message.
    try:
        outcome = await _replace(wire, letter, message_id)
    except NO_ANSWER as error:
        outcome = of_failure(error)
    return None if outcome is None else replace(outcome, harmless=True)


async def _replace(wire: Wire, letter: Letter, message_id: int) -> Outcome | None:
    # A message cannot become protected by an edit: what is protected comes as a new message in its place.
    where: dict[str, Any] = {"chat_id": letter.chat_id, "message_id": message_id}
    if letter.screen.protected or letter.screen.file_id:
        await wire.call("deleteMessage", where)
        return None
    outcome = of_answer(await wire.call("editMessageText", {**where, **letter.parameters}))
    if outcome.kind is Kind.REJECTED:
        if "message is not modified" in (outcome.reason or ""):
            return Outcome(Kind.SENT, message_id=message_id)
        return None  # deleted, or too old to be edited: a fresh one says the same
    return outcome


def _message(letter: Letter) -> tuple[str, dict[str, Any]]:
    parameters = {**letter.parameters, "chat_id": letter.chat_id}
    if letter.screen.protected:
        parameters["protect_content"] = True
    if letter.row.silent:
        parameters["disable_notification"] = True
    if letter.row.thread_id is not None:
        parameters["message_thread_id"] = letter.row.thread_id
    if letter.screen.file_id is None:
        return "sendMessage", parameters
    del parameters["link_preview_options"]
    parameters["caption"] = parameters.pop("text")
    parameters["document"] = letter.screen.file_id
    return "sendDocument", parameters
